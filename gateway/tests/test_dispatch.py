"""The short way leads where FastAPI's leads."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from starlette.routing import Match

from chassis.ids import new_id
from gateway.admission import Admission
from gateway.app import ROUTES, build_app, dispatch_of
from gateway.calls import Gateway
from gateway.edge import Edge
from gateway.limits import Limit

APP = build_app(cast(Gateway, SimpleNamespace()))
ADMISSION = Admission(address=Limit("address", 1_000, 1_000), requests=10)
DISPATCH = dispatch_of(APP)
ROUTES_DECLARED = [
    route for module in ROUTES for route in module.routes.routes if isinstance(route, APIRoute)
]
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
    found = DISPATCH.find(method, path)
    assert found is not None
    assert found == first


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v2/menu/"),
        ("GET", "/api/v2/orders//history"),
        ("DELETE", "/api/v2/orders"),
        ("GET", "/"),
        ("GET", "/api/v2/orders/a/b/c/d"),
        ("GET", "/openapi.json"),
    ],
)
def test_what_is_no_route_goes_the_long_way(method: str, path: str) -> None:
    assert DISPATCH.find(method, path) is None


async def answers(app: Any, method: str, path: str) -> tuple[int, bytes, dict[str, str]]:
    transport = ASGITransport(app=Edge(app, ADMISSION, tls_terminated=False))
    async with AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.request(method, path, headers={"x-request-id": "same"})
    return answer.status_code, answer.content, dict(answer.headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v2/orders"),
        ("POST", "/api/v2/orders"),
        ("GET", "/api/v2/nowhere"),
        ("DELETE", "/api/v2/menu"),
        ("GET", "/api/v2/orders/0198f0a0-0000-7000-8000-0000000000d1"),
    ],
)
async def test_refusals_are_the_same_either_way(method: str, path: str) -> None:
    long_way: FastAPI = APP
    assert await answers(DISPATCH, method, path) == await answers(long_way, method, path)
