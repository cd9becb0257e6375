"""Sends requests and checks what must hold for every answer, whatever it says."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from chassis.ids import new_id
from tests.e2e.walk.document import PREFIX, PROBLEM_JSON, Operation

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code"}
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
JSON = "application/json"
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """What a case asks for. ``ids``: the path's parameters; ``body`` None: no body; ``token``: a session that
    was made for this request, instead of the caller's."""

    ids: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def path(self, operation: Operation) -> str:
        """The path with its parameters filled in."""
        return PREFIX + operation.path.format(**self.ids)


@dataclass(frozen=True, slots=True)
class Walker:
    """One gateway, seen from outside."""

    base_url: str
    http: httpx.AsyncClient

    async def call(self, operation: Operation, sent: Sent, token: str = "") -> httpx.Response:
        """The checked answer. As any client does, it repeats what was not answered in time: same key."""
        headers = dict(sent.headers)
        content = sent.body
        if operation.method != "GET" and operation.takes_key:
            headers.setdefault("Idempotency-Key", str(new_id()))
        if content is not None and not isinstance(content, bytes):
            content = orjson.dumps(content)
            headers.setdefault("Content-Type", JSON)
        path = sent.path(operation)
        for _ in range(ATTEMPTS):
            answer = await self.send(operation.method, path, token, content, headers, sent.query)
            if answer.status_code not in (503, 504):
                break
        check(operation, answer)
        return answer

    async def send(
        self,
        method: str,
        path: str,
        token: str = "",
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Any request; the answer has what every answer has."""
        request_id = str(new_id())
        asked = {"X-Request-Id": request_id, **(headers or {})}
        if token:
            asked["Authorization"] = f"Bearer {token}"
        answer = await self.http.request(
            method, self.base_url + path, content=content, headers=asked, params=query or None
        )
        assert answer.headers["x-request-id"] == request_id
        assert "server" not in answer.headers
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        if answer.status_code >= 400 and method != "HEAD":
            check_problem(answer)
        return answer


def check_problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer.headers["content-type"] == PROBLEM_JSON, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem.keys() >= PROBLEM_MEMBERS
    assert problem["status"] == answer.status_code
    assert problem["type"].endswith("/" + problem["code"])
    assert answer.status_code < 500 or answer.status_code in (503, 504), problem
    return problem


def check(operation: Operation, answer: httpx.Response) -> None:
    """The answer is one that the document lists."""
    if answer.status_code < 400:
        assert answer.status_code == operation.success, answer.text
        kind = answer.headers["content-type"].partition(";")[0]
        if operation.files and not (kind == JSON and operation.may_be_json):
            assert kind in operation.files
            assert answer.headers["content-disposition"].startswith("attachment; filename=")
        else:
            assert answer.headers["content-type"] == JSON
            operation.check_answer(answer.json())
        if "/health" not in operation.path:
            assert answer.headers["ratelimit"]
            assert answer.headers["ratelimit-policy"]
            assert answer.headers["cache-control"] == "no-store"
    else:
        refusal = (answer.status_code, answer.json()["code"])
        assert refusal in operation.codes, f"{operation.name} does not document {refusal}: {answer.text}"
