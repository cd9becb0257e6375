"""What a route says of itself in the OpenAPI document: example, errors, permission. No route without them."""

from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway import problems
from gateway.models.answers import ProblemDocument
from gateway.problems import PROBLEM_JSON

_bodies: dict[str, type[BaseModel]] = {}
_DOCUMENTED: Literal["validation"] = "validation"
_REF = "#/components/schemas/{model}"
ALWAYS = (("401", "token_missing"), ("429", "rate_limited"), ("503", "service_unavailable"))


def spec(
    summary: str,
    *,
    tag: str,
    answer: type[BaseModel] | None,
    example: Any = None,
    permission: str | None,
    status: int = 200,
    body: type[BaseModel] | None = None,
    body_example: Any = None,
    upload: dict[str, Any] | None = None,
    errors: tuple[tuple[str, str], ...] = (),
    query: tuple[tuple[str, str], ...] = (),
    key: str | None = None,
    matches: bool = False,
) -> dict[str, Any]:
    """Arguments for a router's decorator. ``errors`` are (status, code) pairs beyond those of every route.

    ``permission`` None means that no token is needed; ``key`` is "required" or "optional" for a POST.
    """
    known = (*errors, *(() if permission is None else ALWAYS))
    if body is not None:
        _bodies[body.__name__] = body
        known = (*known, ("400", "malformed_json"), ("413", "body_too_large"), ("422", "invalid_body"))
    if permission is not None:
        known = (*known, ("403", "permission_missing"))
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": summary, **({"model": answer} if answer else {})}
    }
    if example is not None:
        responses[status]["content"] = {"application/json": {"example": example}}
    for code, names in _grouped(known).items():
        responses[code] = {
            "description": problems.TITLES[int(code)],
            "content": {PROBLEM_JSON: _problem(code, names)},
        }
    extra: dict[str, Any] = {
        "x-permission": permission or "public",
        "parameters": _parameters(query, key, matches),
        "security": [] if permission is None else [{"bearer": []}],
    }
    if body is not None:
        content = {"schema": {"$ref": _REF.format(model=body.__name__)}, "example": body_example}
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


def _grouped(errors: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for status, code in errors:
        grouped.setdefault(status, []).append(code)
    return dict(sorted(grouped.items()))


def _problem(status: str, codes: list[str]) -> dict[str, Any]:
    examples = {
        code: {"value": problems.document(int(status), code, problems.TITLES[int(status)])} for code in codes
    }
    return {"schema": {"$ref": _REF.format(model="ProblemDocument")}, "examples": examples}


def _parameters(query: tuple[tuple[str, str], ...], key: str | None, matches: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in query
    ]
    if key is not None:
        text = (
            "Made by the client for this action; the same on every retry. A replay answers the first answer."
        )
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": key == "required",
                "description": text,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    if matches:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "description": "The version that is being changed, in quotes.",
                "schema": {"type": "string"},
            }
        )
    return found


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
    models: list[type[BaseModel]] = [*_bodies.values(), ProblemDocument]
    _, definitions = models_json_schema([(model, _DOCUMENTED) for model in models], ref_template=_REF)
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(definitions.get("$defs", {}))
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    app.openapi_schema = document
    return document


def router() -> APIRouter:
    """A router of REST v2."""
    return APIRouter(prefix="/api/v2")
