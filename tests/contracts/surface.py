"""The REST surface as text: one line for each thing that a client may rely on.

Made of an OpenAPI document, so that two documents can be compared whatever their schemas are called and
however they refer to one another.
"""

from collections.abc import Iterator
from typing import Any

PROBLEM_JSON = "application/problem+json"
_LIMITS = ("format", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum")
_LIMITS_OF_LISTS = ("minItems", "maxItems")


def surface_of(document: dict[str, Any]) -> set[str]:
    """Permissions, parameters, fields with their types and limits, statuses and codes of every operation."""
    return {
        f"{method.upper()} {path} {line}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for line in _operation(operation, document["components"]["schemas"])
    }


def _operation(operation: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    yield f"permission {operation['x-permission']}"
    if "x-approver" in operation:
        yield f"approver {operation['x-approver']}"
    for parameter in operation.get("parameters", []):
        need = "required" if parameter["required"] else "optional"
        yield f"{parameter['in']} {parameter['name']} {need} {_described(parameter['schema'], schemas)}"
    body = operation.get("requestBody")
    if body is not None:
        for media_type, content in body["content"].items():
            yield f"body {media_type}"
            if "schema" in content:
                yield from _fields("body ", content["schema"], schemas, limits=True)
    for status, response in operation["responses"].items():
        yield from _response(status, response, schemas)


def _response(status: str, response: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    yield f"{status}"
    for name, header in response.get("headers", {}).items():
        yield f"{status} header {name} {_described(header['schema'], schemas)}"
    content = response.get("content", {})
    for code in content.get(PROBLEM_JSON, {}).get("examples", {}):
        yield f"{status} {code}"
    if "schema" in content.get("application/json", {}):
        yield from _fields(f"{status} ", content["application/json"]["schema"], schemas, limits=False)


def _fields(prefix: str, schema: dict[str, Any], schemas: dict[str, Any], *, limits: bool) -> Iterator[str]:
    """One line for each member at any depth: ``.lines[].seat``; ``(2)`` begins the second of alternatives."""
    alternatives = _alternatives(schema, schemas)
    for number, one in enumerate(alternatives, 1):
        start = f"{prefix}({number})" if len(alternatives) > 1 and number > 1 else prefix
        for name, member in one.get("properties", {}).items():
            at = f"{start}.{name}"
            need = ("required " if name in one.get("required", ()) else "optional ") if limits else ""
            yield f"{at} {need}{_described(member, schemas, limits=limits)}"
            yield from _fields(at, member, schemas, limits=limits)
        if "items" in one:
            yield f"{start}[] {_described(one['items'], schemas, limits=limits)}"
            yield from _fields(f"{start}[]", one["items"], schemas, limits=limits)


def _alternatives(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """What the schema may be, null aside, with references followed."""
    if "$ref" in schema:
        return _alternatives(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return [one for part in schema["anyOf"] for one in _alternatives(part, schemas)]
    return [] if schema.get("type") == "null" else [schema]


def _described(schema: dict[str, Any], schemas: dict[str, Any], *, limits: bool = True) -> str:
    """The types with their limits: ``integer|null minimum=1 maximum=200``."""
    found = _alternatives(schema, schemas)
    types = [one.get("type", "any") for one in found]
    if "null" in str(schema.get("anyOf", "")):
        types.append("null")
    words = ["|".join(dict.fromkeys(types))]
    if limits:
        words += [
            f"{name}={one[name]!r}" for one in found for name in _LIMITS + _LIMITS_OF_LISTS if name in one
        ]
        # Null and what is empty mean the same as leaving the member out.
        if schema.get("default") not in (None, False, "", 0, []):
            words.append(f"default={schema['default']!r}")
    return " ".join(words)
