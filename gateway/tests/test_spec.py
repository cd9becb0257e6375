"""Every route says in OpenAPI what it permits, what it answers and how it fails."""

from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fynlo.common.v1 import options_pb2
from google.protobuf import descriptor_pool

from gateway.app import ROUTES, build_app
from gateway.calls import Gateway

SERVICES = (
    "fynlo.auth.v1.AuthService",
    "fynlo.catalog.v1.CatalogService",
    "fynlo.orders.v1.OrdersService",
    "fynlo.orders.v1.KitchenService",
    "fynlo.payments.v1.PaymentsService",
    "fynlo.payments.v1.TillService",
    "fynlo.staff.v1.StaffService",
    "fynlo.realtime.v1.ChannelSourceService",
)


def app() -> FastAPI:
    # The document needs no running service.
    return build_app(cast(Gateway, None))


DOCUMENT: dict[str, Any] = app().openapi()
OPERATIONS = [
    pytest.param(path, method, operation, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def known_permissions() -> set[str]:
    pool = descriptor_pool.Default()
    return {
        method.GetOptions().Extensions[options_pb2.permission]
        for name in SERVICES
        for method in pool.FindServiceByName(name).methods
    }


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_a_route_has_example_errors_and_permission(path: str, method: str, operation: dict[str, Any]) -> None:
    permission = operation["x-permission"]
    assert permission == "public" or permission in known_permissions()
    assert operation["summary"]
    assert operation["description"]
    success = next(code for code in operation["responses"] if code.startswith("2"))
    assert "example" in operation["responses"][success]["content"]["application/json"]
    failures = [code for code in operation["responses"] if not code.startswith("2")]
    if permission != "public":
        assert {"401", "403", "429", "503"} <= set(failures)
    for code in failures:
        content = operation["responses"][code]["content"]["application/problem+json"]
        assert content["examples"]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_a_post_with_a_body_takes_a_key(path: str, method: str, operation: dict[str, Any]) -> None:
    if method != "post" or operation["x-permission"] == "public":
        return
    names = [parameter["name"] for parameter in operation["parameters"]]
    assert "Idempotency-Key" in names


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_reference_leads_somewhere(path: str, method: str, operation: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [ref for value in node.values() for ref in references(value)]
        if isinstance(node, list):
            return [ref for value in node for ref in references(value)]
        return []

    known = DOCUMENT["components"]["schemas"]
    assert all(ref.rpartition("/")[2] in known for ref in references(operation))


def test_no_route_is_missing_from_the_document() -> None:
    documented = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    served = {
        (route.path, method)
        for module in ROUTES
        for route in module.routes.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert served == documented
    assert len(served) >= 60
