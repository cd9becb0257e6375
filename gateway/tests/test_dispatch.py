"""The short way leads where FastAPI's leads."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from prometheus_client import REGISTRY
from starlette.responses import Response
from starlette.routing import Match

from chassis.clock import SystemClock
from chassis.ids import new_id
from chassis.rpc import Refusals
from gateway import edge
from gateway.admission import Admission
from gateway.app import build_app, dispatch_of
from gateway.bodies import JSON
from gateway.calls import Answer, Gateway
from gateway.edge import METHODS, Edge
from gateway.limits import Limit
from gateway.problems import PROBLEM_JSON

APP = build_app(cast(Gateway, SimpleNamespace(refusals=Refusals(SystemClock()))))
ADMISSION = Admission(address=Limit("address", 1_000, 1_000), requests=10)
DISPATCH = dispatch_of(APP)
ROUTES_DECLARED = [route for route in APP.routes if isinstance(route, APIRoute)]
CASES = [(method, route) for route in ROUTES_DECLARED for method in sorted(route.methods or ())]


def path_of(route: APIRoute) -> str:
    parts = [str(new_id()) if part.startswith("{") else part for part in route.path.split("/")]
    return "/".join(parts)


@pytest.mark.parametrize(("method", "route"), CASES, ids=lambda value: getattr(value, "path", value))
def test_every_route_is_found_with_the_parameters_that_starlette_finds(method: str, route: APIRoute) -> None:
    path = path_of(route)
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    first = next(
        (each, child["path_params"])
        for each in ROUTES_DECLARED
        for match, child in [each.matches(scope)]
        if match is Match.FULL
    )
    found = DISPATCH.resource(path)
    assert found is not None
    methods, params = found
    assert (methods[method], params) == first


@pytest.mark.parametrize(
    "path", ["/api/v2/menu/", "/api/v2/orders//history", "/", "/api/v2/orders/a/b/c/d", "/openapi.json"]
)
def test_what_is_no_route_goes_the_long_way(path: str) -> None:
    assert DISPATCH.resource(path) is None


async def answers(app: Any, method: str, path: str, accept: str = "*/*") -> tuple[int, bytes, dict[str, str]]:
    transport = ASGITransport(app=Edge(app, ADMISSION, tls_terminated=False))
    async with AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.request(method, path, headers={"x-request-id": "same", "accept": accept})
    return answer.status_code, answer.content, dict(answer.headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v2/orders"),
        ("POST", "/api/v2/orders"),
        ("GET", "/api/v2/nowhere"),
        ("GET", "/api/v2/orders/0198f0a0-0000-7000-8000-0000000000d1"),
    ],
)
async def test_refusals_are_the_same_either_way(method: str, path: str) -> None:
    long_way: FastAPI = APP
    assert await answers(DISPATCH, method, path) == await answers(long_way, method, path)


@pytest.mark.parametrize("headers", [{}, {"ETag": '"7"', "Location": "/api/v2/orders/1"}])
def test_an_answer_has_the_header_fields_that_starlette_would_write(headers: dict[str, str]) -> None:
    ours, theirs = Answer(b"{}", 201, headers), Response(b"{}", 201, headers, JSON)
    assert (ours.status_code, ours.body) == (theirs.status_code, theirs.body)
    assert sorted(ours.raw_headers) == sorted(theirs.raw_headers)


def counted(method: str) -> float:
    labels = {"method": method, "route": "none", "status": "404"}
    return REGISTRY.get_sample_value("gateway_request_seconds_count", labels) or 0


async def test_methods_that_clients_make_up_are_counted_as_one() -> None:
    before, remembered = counted("other"), edge._observe.cache_info().currsize
    for method in ("BREW", "WHEN", "PROPFIND"):
        await answers(DISPATCH, method, "/nowhere")
    assert (counted("other"), counted("BREW")) == (before + 3, 0)
    assert edge._observe.cache_info().currsize <= remembered + 1


async def test_the_metric_of_running_requests_is_what_runs_when_it_is_asked_for() -> None:
    admission, seen = Admission(address=Limit("address", 1_000, 1_000), requests=10), []

    async def serves(scope: Any, receive: Any, send: Any) -> None:
        seen.append(REGISTRY.get_sample_value("gateway_requests_running"))
        await Response()(scope, receive, send)

    transport = ASGITransport(app=Edge(serves, admission, tls_terminated=False))
    async with AsyncClient(transport=transport, base_url="http://gateway") as client:
        await client.get("/")
    assert (seen, REGISTRY.get_sample_value("gateway_requests_running")) == ([1], 0)


RESOURCES: dict[str, set[str]] = {}
for _route in ROUTES_DECLARED:
    RESOURCES.setdefault(_route.path, set()).update(_route.methods or ())


@pytest.mark.parametrize("template", sorted(RESOURCES))
async def test_a_method_that_a_path_has_not_is_refused_with_those_that_it_has(template: str) -> None:
    path = "/".join(str(new_id()) if part.startswith("{") else part for part in template.split("/"))
    others = METHODS - RESOURCES[template]
    assert others
    for method in sorted(others):
        status, _, headers = await answers(DISPATCH, method, path)
        assert (method, status) == (method, 405)
        assert set(headers["allow"].split(", ")) == RESOURCES[template]
        assert headers["content-type"] == PROBLEM_JSON


@pytest.mark.parametrize(
    "path", ["/", "/login", "/till", "/kitchen", "/docs", "/openapi.json", "/web/app.css"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_pages_are_read_and_say_so(method: str, path: str) -> None:
    status, _, headers = await answers(DISPATCH, method, path)
    assert (status, set(headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("path", ["/tills", "/web/nothing.js", "/apis", "/favicon.png", "/till/"])
async def test_a_person_at_an_unknown_address_sees_a_page_that_leads_on(path: str) -> None:
    status, body, headers = await answers(DISPATCH, "GET", path, BROWSER)
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert headers["content-security-policy"]
    for page in ("/till", "/kitchen", "/login"):
        assert f'href="{page}"'.encode() in body
    assert (await answers(DISPATCH, "GET", path))[2]["content-type"] == PROBLEM_JSON


@pytest.mark.parametrize("path", ["/api", "/api/v2/nowhere", "/api/v3/orders"])
async def test_the_interface_answers_in_its_own_form_whoever_asks(path: str) -> None:
    status, _, headers = await answers(DISPATCH, "GET", path, BROWSER)
    assert (status, headers["content-type"]) == (404, PROBLEM_JSON)
