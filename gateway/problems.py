"""Errors as RFC 9457 problem documents: one shape for everything that is refused or fails."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from chassis.errors import Kind, Problem

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "https://docs.fynlo.test/problems/"

STATUS_OF_KIND: Mapping[Kind, int] = {
    Kind.INVALID_ARGUMENT: 422,
    Kind.UNPROCESSABLE: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.PERMISSION_DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.ALREADY_EXISTS: 409,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.RESOURCE_EXHAUSTED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.INTERNAL: 500,
}
TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Log in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict with the present state",
    412: "Changed by somebody else in the meantime",
    413: "Too large",
    415: "Unsupported format",
    422: "The request is not valid",
    428: "If-Match is needed",
    429: "Too many requests",
    431: "Header fields too large",
    500: "Internal error",
    503: "Temporarily unavailable",
    504: "No answer in time",
}
RETRY_AFTER_SECONDS = 1
"""What is said where a service does not say it."""
# Metadata that is rendered as a list, because clients act on its members.
LIST_METADATA = frozenset({"allowed"})
HIDDEN_DETAIL = "Something went wrong on our side. The request id helps support to find out what."


def document(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One problem document. ``code`` is stable, ``detail`` is for people."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = errors
    if extra:
        body.update(extra)
    return body


def answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP answer of a problem document."""
    return Response(
        orjson.dumps(body), status_code=body["status"], media_type=PROBLEM_JSON, headers=dict(headers or {})
    )


def of_problem(problem: Problem) -> Response:
    """The answer for a problem that a service or the gateway itself raised."""
    status = STATUS_OF_REASON.get(problem.reason, STATUS_OF_KIND[problem.kind])
    detail = problem.detail if problem.kind is not Kind.INTERNAL else HIDDEN_DETAIL
    errors = [{"field": e.field, "code": e.code, "detail": e.detail} for e in problem.fields]
    extra = _extra(problem.metadata)
    headers = {}
    retry_after = _retry_after(problem)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
        extra["retry_after"] = retry_after
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return answer(document(status, problem.reason.lower(), detail, errors=errors, extra=extra), headers)


# What HTTP has a status of its own for.
STATUS_OF_REASON: Mapping[str, int] = {
    "DEADLINE_EXCEEDED": 504,
    "MALFORMED_JSON": 400,
    "BODY_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "PRECONDITION_REQUIRED": 428,
    "IDEMPOTENCY_KEY_REQUIRED": 400,
    "INVALID_IDEMPOTENCY_KEY": 400,
}


def _retry_after(problem: Problem) -> int | None:
    given = problem.metadata.get("retry_after_seconds")
    if given is not None:
        return max(1, round(float(given)))
    if problem.kind in (Kind.UNAVAILABLE, Kind.RESOURCE_EXHAUSTED):
        return RETRY_AFTER_SECONDS
    return None


def _extra(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What a client may act on; a name with a dot is a member of an object: ``conflict.yours``."""
    extra: dict[str, Any] = {}
    for name, value in metadata.items():
        shown = [part for part in value.split(",") if part] if name in LIST_METADATA else value
        owner, _, member = name.partition(".")
        (extra.setdefault(owner, {}) if member else extra)[member or name] = shown
    extra.pop("retry_after_seconds", None)
    return extra
