"""Refusals in the OpenAPI document: the schema of a problem, and the answer with a status."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway import problems

Json = dict[str, Any]

# Header fields that a refusal of a status always has.
_RETRY_AFTER: Json = {
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_HEADERS: Mapping[int, Json] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "enum": ["Bearer"]}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; act on it, not on the text.",
    "additionalProperties": True,
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "code")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "allowed": {"type": "array", "items": {"type": "string"}},
        "retry_after": {"type": "integer"},
    },
}


def refusals(status: int, codes: Iterable[str]) -> Json:
    """The answer that refuses with a status, with an example for each code."""
    examples = {code: {"$ref": f"#/components/examples/{status}_{code}"} for code in codes}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {
        "description": problems.TITLES[status],
        "headers": _HEADERS.get(status, {}),
        "content": {problems.PROBLEM_JSON: content},
    }
