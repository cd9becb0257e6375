"""What a route says of itself in the OpenAPI document: example, errors, permission. No route without them."""

import re
from collections.abc import Callable, Iterable
from types import UnionType
from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway import problems, texts
from gateway.models.answers import ProblemDocument
from gateway.numbers import INT64_MAX
from gateway.problems import PROBLEM_JSON
from gateway.services import CONSUMERS

_bodies: dict[str, type[BaseModel]] = {}
_DOCUMENTED: Literal["validation"] = "validation"
_NULL = "(null)"
_REF = "#/components/schemas/{model}"
Errors = tuple[tuple[str, str], ...]
"""(status, code) pairs."""
# What any request may meet: all of it may be retried, after the time that the answer names.
FAILURES: Errors = (
    ("429", "rate_limited"),
    ("500", "internal"),
    ("503", "service_unavailable"),
    ("503", "database_unavailable"),
    ("503", "database_busy"),
    ("503", "database_timeout"),
    ("504", "deadline_exceeded"),
)
TOKEN_ERRORS: Errors = (
    ("401", "token_missing"),
    ("401", "token_invalid"),
    ("401", "token_expired"),
    ("401", "token_revoked"),
    ("403", "permission_missing"),
    ("503", "keys_unavailable"),
)
BODY_ERRORS: Errors = (
    ("400", "malformed_json"),
    ("413", "body_too_large"),
    ("415", "unsupported_media_type"),
    ("422", "invalid_body"),
)
# What a service refuses in values that the gateway lets through.
VALUE_ERRORS: Errors = (("422", "validation_failed"), ("422", "invalid_text"))
WRITE_ERRORS: Errors = (
    ("400", "invalid_idempotency_key"),
    ("409", "idempotency_in_flight"),
    ("409", "concurrent_update"),
    ("422", "idempotency_key_reuse"),
)
APPROVAL_ERRORS: Errors = (
    ("403", "approval_needed"),
    ("403", "approval_invalid"),
    ("422", "approval_needs_reason"),
)
MATCH_ERRORS: Errors = (("412", "stale_version"), ("428", "precondition_required"))


Query = tuple[tuple[str, str] | tuple[str, str, dict[str, Any]], ...]
"""Name and description, and the schema where the name does not say it: see ``_SCHEMAS``."""
PAGE_QUERY: Query = (("limit", "1 to 200, default 50"), ("cursor", "next_cursor of the page before"))


def spec(
    summary: str,
    *,
    tag: str,
    answer: type[BaseModel] | UnionType | None,
    example: Any = None,
    permission: str | None,
    status: int = 200,
    body: type[BaseModel] | None = None,
    body_example: Any = None,
    upload: dict[str, Any] | None = None,
    errors: Errors = (),
    missing: str = "",
    query: Query = (),
    key: str | None = None,
    matches: bool = False,
    cached: bool = False,
    approver: str = "",
) -> dict[str, Any]:
    """Arguments for a router's decorator. ``errors`` are those beyond what every route of its kind has.

    ``missing``: the code where an id of the path names nothing. ``permission`` None: no token; ``approver``:
    what lifts the route's limits. ``key``: required or optional, None where no answer is stored. ``cached``:
    whether the route knows If-None-Match.
    """
    if body is not None:
        _bodies[body.__name__] = body
    names = {parameter[0] for parameter in query}
    known: Errors = (
        *((("404", missing), ("404", "not_found")) if missing else ()),
        *errors,
        *(TOKEN_ERRORS if permission is not None else ()),
        *(BODY_ERRORS if body is not None else ()),
        *(VALUE_ERRORS if body is not None or query else ()),
        *((("422", "invalid_query"),) if query else ()),
        *((("422", "invalid_cursor"),) if "cursor" in names else ()),
        *(WRITE_ERRORS if key is not None else ()),
        *((("400", "idempotency_key_required"),) if key == "required" else ()),
        *(MATCH_ERRORS if matches else ()),
        *(APPROVAL_ERRORS if approver else ()),
        *FAILURES,
    )
    responses = _refusals(known)
    responses[status] = {"description": summary, **({"model": answer} if answer else {})}
    if example is not None:
        responses[status]["content"] = {"application/json": {"example": _kept(example)}}
    if cached:
        responses[304] = {"description": "The client's copy is the newest"}
    extra: dict[str, Any] = {
        "x-permission": permission or "public",
        "parameters": [*_parameters(query), *_header_parameters(key, matches, cached)],
        "security": [] if permission is None else [{"bearer": []}],
    }
    if approver:
        extra["x-approver"] = approver
    if body is not None:
        content = {"schema": {"$ref": _REF.format(model=body.__name__)}, "example": _kept(body_example)}
        extra["requestBody"] = {"required": True, "content": {"application/json": content}}
    if upload is not None:
        extra["requestBody"] = upload
    return {
        "summary": summary,
        "tags": [tag],
        "status_code": status,
        "responses": responses,
        "openapi_extra": extra,
        "response_model": None,
    }


def _kept(value: Any) -> Any:
    """The example with a stand-in for null, which FastAPI drops from the document wherever it is."""
    return _mapped(value, lambda leaf: _NULL if leaf is None else leaf)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _mapped(member, change) for name, member in value.items()}
    if isinstance(value, list):
        return [_mapped(entry, change) for entry in value]
    return change(value)


def _refusals(errors: Errors) -> dict[int | str, dict[str, Any]]:
    return {
        code: {
            "description": problems.TITLES[int(code)],
            "headers": _HEADERS.get(code, {}),
            "content": {PROBLEM_JSON: _problem(code, reasons)},
        }
        for code, reasons in _grouped(errors).items()
    }


def _grouped(errors: Errors) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for status, code in dict.fromkeys(errors):
        grouped.setdefault(status, []).append(code)
    return dict(sorted(grouped.items()))


def _problem(status: str, codes: list[str]) -> dict[str, Any]:
    examples = {
        code: {"value": problems.document(int(status), code, problems.TITLES[int(status)])} for code in codes
    }
    return {"schema": {"$ref": _REF.format(model="ProblemDocument")}, "examples": examples}


# What parameters of these names look like, wherever they are.
_FLAG = {"type": "string", "enum": ["true", "false"]}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    "cursor": {"type": "string", "maxLength": texts.CURSOR_CHARS_MAX, "pattern": texts.CURSOR},
    "since_version": {"type": "integer", "minimum": 0, "maximum": INT64_MAX},
    "dry_run": _FLAG,
    "open": _FLAG,
    "include_inactive": _FLAG,
    "business_date": {"type": "string", "format": "date"},
    "updated_since": {"type": "string", "format": "date-time"},
    "table_id": {"type": "string", "format": "uuid"},
    "station_id": {"type": "string", "format": "uuid"},
    "employee_id": {"type": "string", "format": "uuid"},
    "q": {"type": "string", "maxLength": texts.QUERY_CHARS_MAX, "pattern": texts.ONE_LINE},
    "ch": {"type": "string", "pattern": texts.CHANNEL},
    "service": {"type": "string", "enum": list(CONSUMERS)},
    "number": {"type": "integer", "minimum": 1, "maximum": INT64_MAX},
}
_REQUIRED = frozenset({"ch"})
_ID = {"type": "string", "format": "uuid"}

# Header fields that a refusal of a status always has.
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_HEADERS: dict[str, dict[str, Any]] = {
    "401": {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "enum": ["Bearer"]}}},
    "429": _RETRY_AFTER,
    "503": _RETRY_AFTER,
}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    """Those between braces, which FastAPI does not see either: the routes take the bare request."""
    return [
        {"name": name, "in": "path", "required": True, "schema": _SCHEMAS.get(name, _ID)}
        for name in re.findall(r"{(\w+)}", path)
    ]


def some_of(names: Iterable[str], most: int) -> dict[str, Any]:
    """The schema of up to ``most`` of ``names``, separated by commas."""
    return {"type": "string", "pattern": texts.some_of(names, most)}


def _parameters(query: Query) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": name in _REQUIRED,
            "description": text,
            "schema": schema[0] if schema else _SCHEMAS[name],
        }
        for name, text, *schema in query
    ]


def _header_parameters(key: str | None, matches: bool, cached: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if key is not None:
        text = (
            "Made by the client for this action; the same on every retry. A replay answers the first answer."
        )
        schema = {"type": "string", "maxLength": texts.KEY_CHARS_MAX, "pattern": texts.KEY}
        found.append(_header("Idempotency-Key", text, schema, required=key == "required"))
    if matches:
        text = "The version that is being changed, in quotes."
        found.append(
            _header("If-Match", text, {"type": "string", "pattern": texts.VERSION_TAG}, required=True)
        )
    if cached:
        text = "The ETag of the client's copy: 304 where it is the newest."
        found.append(_header("If-None-Match", text, {"type": "string"}, required=False))
    return found


def _header(name: str, text: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": text, "schema": schema}


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The document of all routes, with the request bodies, which FastAPI does not see."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title="Fynlo POS",
        version="2",
        summary="The backend of a restaurant point of sale: REST v2",
        routes=app.routes,
    )
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["parameters"] = [*_path_parameters(path), *operation.get("parameters", [])]
    models: list[type[BaseModel]] = [*_bodies.values(), ProblemDocument]
    _, definitions = models_json_schema([(model, _DOCUMENTED) for model in models], ref_template=_REF)
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(definitions.get("$defs", {}))
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    app.openapi_schema = _mapped(document, lambda leaf: None if leaf == _NULL else leaf)
    return app.openapi_schema


def router() -> APIRouter:
    """A router of REST v2."""
    return APIRouter(prefix="/api/v2")
