"""What the OpenAPI document says of the health routes, which are no methods of the contracts."""

from typing import Any

from tools.contracts.codes import FAILURES, by_status
from tools.contracts.refusals import refusals

PREFIX = "/api/v2"
_SAID = {
    "/health": (
        "Can a sale be made",
        "200 when every part that a sale needs is up, with each part's state.",
    ),
    "/health/live": ("Is the gateway running", "Always 200 from a gateway that can answer at all."),
    "/health/ready": (
        "Is the gateway ready",
        "200 while the gateway can prove who calls and is not stopping.",
    ),
}
"""Path -> summary and description."""
_SCHEMA = {
    "type": "object",
    "properties": {
        "status": {"type": "string"},
        "parts": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["status", "parts"],
}
_PARTS = ("auth", "catalog", "orders", "payments", "realtime", "valkey")
_EXAMPLE = {"status": "up", "parts": dict.fromkeys(_PARTS, "up")}


def paths() -> dict[str, Any]:
    """Their part of the document."""
    return {PREFIX + path: {"get": _operation(path, *said)} for path, said in _SAID.items()}


def _operation(path: str, summary: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _SCHEMA, "example": _EXAMPLE}}
    return {
        "tags": ["health"],
        "summary": summary,
        "description": description,
        "operationId": path.rpartition("/")[2],
        "x-permission": "public",
        "security": [],
        "parameters": [],
        "responses": {
            "200": {"description": summary, "content": content},
            **{str(status): refusals(status, codes) for status, codes in by_status(FAILURES).items()},
        },
    }
