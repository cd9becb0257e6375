"""Every route says in OpenAPI what it permits, what it answers and how it fails."""

import re
from typing import Any, cast

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fynlo.common.v1 import options_pb2
from google.protobuf import descriptor_pool

from gateway.app import build_app
from gateway.calls import Gateway

SERVICES = (
    "fynlo.auth.v1.AuthService",
    "fynlo.auth.v1.PeopleService",
    "fynlo.catalog.v1.CatalogService",
    "fynlo.catalog.v1.StockService",
    "fynlo.catalog.v1.MenuHoursService",
    "fynlo.catalog.v1.ImageService",
    "fynlo.orders.v1.OrdersService",
    "fynlo.orders.v1.KitchenService",
    "fynlo.orders.v1.KitchenBoardService",
    "fynlo.orders.v1.FloorService",
    "fynlo.orders.v1.LinesService",
    "fynlo.orders.v1.DiscountsService",
    "fynlo.orders.v1.ChecksService",
    "fynlo.orders.v1.TransfersService",
    "fynlo.orders.v1.SlotsService",
    "fynlo.orders.v1.CustomersService",
    "fynlo.orders.v1.DocumentsService",
    "fynlo.orders.v1.PrintingService",
    "fynlo.payments.v1.PaymentsService",
    "fynlo.payments.v1.TillService",
    "fynlo.staff.v1.StaffService",
    "fynlo.realtime.v1.ChannelSourceService",
    "fynlo.operations.v1.ParkedEventsService",
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


def known_permissions(option: Any = options_pb2.permission) -> set[str]:
    pool = descriptor_pool.Default()
    return {
        method.GetOptions().Extensions[option]
        for name in SERVICES
        for method in pool.FindServiceByName(name).methods
    }


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_a_route_has_example_errors_and_permission(path: str, method: str, operation: dict[str, Any]) -> None:
    permission = operation["x-permission"]
    assert permission == "public" or permission in known_permissions()
    approver = operation.get("x-approver")
    assert approver is None or approver in known_permissions(options_pb2.approver)
    assert operation["summary"]
    assert operation["description"]
    success = next(code for code in operation["responses"] if code.startswith("2"))
    assert any("example" in one for one in operation["responses"][success]["content"].values())
    failures = [code for code in operation["responses"] if code[0] in "45"]
    if permission != "public":
        assert {"401", "403", "429", "503"} <= set(failures)
    for code in failures:
        content = operation["responses"][code]["content"]["application/problem+json"]
        assert content["examples"]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_part_of_a_path_is_described(path: str, method: str, operation: dict[str, Any]) -> None:
    described = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
    assert described == re.findall(r"{(\w+)}", path)


def test_every_post_of_a_signed_in_person_takes_a_key_but_those_that_nothing_is_stored_for() -> None:
    unkeyed = {
        path
        for path, methods in DOCUMENT["paths"].items()
        if "post" in methods and methods["post"]["x-permission"] != "public"
        if "Idempotency-Key" not in [parameter["name"] for parameter in methods["post"]["parameters"]]
    }
    # Of a change of password nothing is kept that could be guessed at faster than argon2 lets one.
    harmless = {"/api/v2/orders/quote", "/api/v2/auth/logout", "/api/v2/auth/switch"}
    assert unkeyed == harmless | {"/api/v2/auth/password"}


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_reference_leads_somewhere(path: str, method: str, operation: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [ref for value in node.values() for ref in references(value)]
        if isinstance(node, list):
            return [ref for value in node for ref in references(value)]
        return []

    known = {
        f"#/components/{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named
    }
    assert set(references(operation)) <= known


def _closed(node: Any) -> Any:
    """The same models without room for members that they do not name."""
    if isinstance(node, list):
        return [_closed(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(value) for name, value in node.items()}
    if closed.get("additionalProperties") is True and "properties" in closed:
        closed["additionalProperties"] = False
    return closed


SCHEMAS = {"schemas": _closed(DOCUMENT["components"]["schemas"])}


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_example_is_what_its_model_says(path: str, method: str, operation: dict[str, Any]) -> None:
    contents = [response.get("content", {}) for response in operation["responses"].values()]
    contents.append(operation.get("requestBody", {}).get("content", {}))
    for content in contents:
        for media_type, described in content.items():
            if not media_type.endswith("json") or not described.get("schema"):
                continue
            validator = jsonschema_rs.validator_for({**described["schema"], "components": SCHEMAS})
            named = [one["$ref"].rpartition("/")[2] for one in described.get("examples", {}).values()]
            examples = [DOCUMENT["components"]["examples"][name]["value"] for name in named]
            for example in [*examples, *([described["example"]] if "example" in described else [])]:
                assert not list(validator.iter_errors(example))


def test_no_route_is_missing_from_the_document() -> None:
    documented = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    served = {
        (route.path, method)
        for route in app().routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert served == documented
    assert len(served) >= 60
