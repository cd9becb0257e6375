"""The codes that an operation may refuse with: its method's own, and those of every request of its kind."""

from tools.contracts.model import Contracts
from tools.contracts.rest import Limits, Operation

Codes = tuple[tuple[int, str], ...]
"""(status, code) pairs."""

FAILURES: Codes = (
    (429, "rate_limited"),
    (500, "internal"),
    (503, "service_unavailable"),
    (503, "database_unavailable"),
    (503, "database_busy"),
    (503, "database_timeout"),
    (504, "deadline_exceeded"),
)
"""What any request may meet: all of it may be retried, after the time that the answer names."""
TOKEN: Codes = (
    (401, "token_missing"),
    (401, "token_invalid"),
    (401, "token_expired"),
    (401, "token_revoked"),
    (403, "permission_missing"),
    (503, "keys_unavailable"),
)
JSON_BODY: Codes = ((400, "malformed_json"), (422, "invalid_body"))
BODY: Codes = ((413, "body_too_large"), (415, "unsupported_media_type"))
# What a service refuses in values that the gateway lets through.
VALUES: Codes = ((422, "validation_failed"), (422, "invalid_text"))
WRITES: Codes = (
    (400, "invalid_idempotency_key"),
    (409, "idempotency_in_flight"),
    (409, "concurrent_update"),
    (422, "idempotency_key_reuse"),
)
APPROVALS: Codes = ((403, "approval_needed"), (403, "approval_invalid"), (422, "approval_needs_reason"))
MATCHES: Codes = ((412, "stale_version"), (428, "precondition_required"))


def by_status(codes: Codes) -> dict[int, list[str]]:
    """The codes of each status, lowest first."""
    grouped: dict[int, list[str]] = {}
    for status, code in dict.fromkeys(codes):
        grouped.setdefault(status, []).append(code)
    return dict(sorted(grouped.items()))


def codes_of(contracts: Contracts, one: Operation) -> Codes:
    """All of them; a code may come twice."""
    names = {field.json_name for field in one.query_fields()}
    ids = [each for each in one.query_fields() if Limits(each).is_id]
    has_json = one.body_message is not None and not one.rest.media_types
    return (
        *(((404, "not_found"),) if one.variables or ids else ()),
        *_own(contracts, one),
        *(() if one.public else TOKEN),
        *(JSON_BODY if has_json else ()),
        *(BODY if has_json or one.rest.media_types else ()),
        *(VALUES if has_json or names else ()),
        *(((422, "invalid_query"),) if names else ()),
        *(((422, "invalid_cursor"),) if "cursor" in names else ()),
        *(WRITES if one.key != "none" else ()),
        *(((400, "idempotency_key_required"),) if one.key == "required" else ()),
        *(MATCHES if one.rest.if_match else ()),
        *(APPROVALS if one.approver else ()),
        *FAILURES,
    )


def _own(contracts: Contracts, one: Operation) -> Codes:
    """What the method says itself, and what it says as others do."""
    methods = [one.method.full_name, *one.option("fynlo.common.v1.refused_as")]
    return tuple(
        (refusals.status, reason.lower())
        for name in methods
        for refusals in contracts.option(contracts.methods[name].options, "fynlo.common.v1.refused")
        for reason in refusals.reasons
    )
