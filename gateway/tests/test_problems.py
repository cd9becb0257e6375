"""Every refusal is one RFC 9457 document with the status that HTTP has for it."""

import orjson
import pytest

from chassis import errors
from chassis.errors import FieldError, Kind, Problem
from gateway import problems

KINDS = [kind for kind in Problem.__subclasses__() if kind.__module__ == errors.__name__]


def test_every_kind_of_problem_has_a_status() -> None:
    assert set(problems.STATUS_OF_KIND) == set(Kind)
    assert len(KINDS) >= 9


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_has_the_five_members(kind: type[Problem]) -> None:
    answer = problems.of_problem(kind("because", reason="SOME_REASON"))
    body = orjson.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code >= 400
    assert body["code"] == "some_reason"
    assert {"type", "title", "status", "detail", "code"} <= body.keys()


def test_an_illegal_transition_lists_what_is_allowed() -> None:
    problem = errors.Conflict(
        "no", reason="ILLEGAL_TRANSITION", metadata={"allowed": "ready,done", "from": "paid"}
    )
    answer = problems.of_problem(problem)
    body = orjson.loads(answer.body)
    assert answer.status_code == 409
    assert body["allowed"] == ["ready", "done"]
    assert body["from"] == "paid"


def test_names_with_a_dot_are_members_of_an_object() -> None:
    problem = errors.Conflict(
        "changed", reason="CONFLICT", metadata={"conflict.field": "note", "conflict.yours": "a,b"}
    )
    body = orjson.loads(problems.of_problem(problem).body)
    assert body["conflict"] == {"field": "note", "yours": "a,b"}


def test_fields_travel_with_their_codes() -> None:
    problem = errors.InvalidArgument(
        "no", fields=[FieldError("lines.0.quantity", "greater_than", "too small")]
    )
    body = orjson.loads(problems.of_problem(problem).body)
    assert body["errors"] == [{"field": "lines.0.quantity", "code": "greater_than", "detail": "too small"}]


def test_a_rate_limit_says_when_to_come_back() -> None:
    problem = errors.ResourceExhausted("slow", metadata={"retry_after_seconds": "7"})
    answer = problems.of_problem(problem)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert orjson.loads(answer.body)["retry_after"] == 7


def test_an_internal_error_tells_strangers_nothing() -> None:
    internal = next(kind for kind in KINDS if kind.kind is Kind.INTERNAL) if _has_internal() else Problem
    body = orjson.loads(problems.of_problem(internal("SELECT secret FROM t")).body)
    assert "SELECT" not in orjson.dumps(body).decode()
    assert body["detail"] == problems.HIDDEN_DETAIL


def _has_internal() -> bool:
    return any(kind.kind is Kind.INTERNAL for kind in KINDS)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("MALFORMED_JSON", 400),
        ("BODY_TOO_LARGE", 413),
        ("UNSUPPORTED_MEDIA_TYPE", 415),
        ("PRECONDITION_REQUIRED", 428),
        ("DEADLINE_EXCEEDED", 504),
    ],
)
def test_statuses_that_http_has_a_word_for(reason: str, status: int) -> None:
    assert problems.of_problem(errors.InvalidArgument("x", reason=reason)).status_code == status
