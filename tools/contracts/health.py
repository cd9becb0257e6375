"""What the OpenAPI document says of the health routes, which are no methods of the contracts."""

from typing import Any

from gateway.routes.health import HANDLERS, NEEDED
from tools.contracts.codes import FAILURES, by_status
from tools.contracts.openapi import refusals

_SUMMARIES = {
    "health": "Can a sale be made",
    "live": "Is the gateway running",
    "ready": "Is the gateway ready",
}
_SCHEMA = {
    "type": "object",
    "properties": {
        "status": {"type": "string"},
        "parts": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["status", "parts"],
}
_EXAMPLE = {"status": "up", "parts": dict.fromkeys((*NEEDED, "valkey"), "up")}


def paths() -> dict[str, Any]:
    """Their part of the document."""
    return {path: {"get": _operation(function)} for path, function in HANDLERS.items()}


def _operation(function: Any) -> dict[str, Any]:
    summary = _SUMMARIES[function.__name__]
    content = {"application/json": {"schema": _SCHEMA, "example": _EXAMPLE}}
    return {
        "tags": ["health"],
        "summary": summary,
        "description": function.__doc__,
        "operationId": function.__name__,
        "x-permission": "public",
        "security": [],
        "parameters": [],
        "responses": {
            "200": {"description": summary, "content": content},
            **{str(status): refusals(status, codes) for status, codes in by_status(FAILURES).items()},
        },
    }
