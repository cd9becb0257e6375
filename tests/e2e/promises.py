"""What schemathesis does not know of our refusals: loaded by its command line."""

from typing import Any

import orjson
import schemathesis

SHAPE = frozenset(
    {
        "malformed_json",
        "body_too_large",
        "unsupported_media_type",
        "invalid_body",
        "validation_failed",
        "invalid_text",
        "invalid_query",
        "invalid_idempotency_key",
    }
)
"""Refusals of what a request looks like, which no valid one meets. All others speak of what
there is (an unknown item, a cursor of another list, an illegal transition): no schema can tell that."""


@schemathesis.check
def valid_data_has_a_valid_shape(ctx: Any, response: Any, case: Any) -> bool | None:
    """Whether the document is as narrow as the services."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return None
    problem = orjson.loads(response.content)
    if problem["code"] in SHAPE:
        raise AssertionError(f"{problem['code']}: {problem['detail']} {problem.get('errors', '')}")
    return None
