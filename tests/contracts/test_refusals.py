"""What a method refuses with is said once, in the contract: its service knows it, no stand-in says more."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf import descriptor_pool

from chassis.rpc import refusals_of
from chassis.rpc.policy import own_refusals
from services.orders.tests import stand_ins as of_orders
from services.payments.tests import world as of_payments
from services.realtime.tests import running as of_realtime
from tests.contracts.test_codes import REASON, reasons_in
from tests.tidy.source import REPOSITORY

SERVICES = {
    "AuthService": "auth",
    "CatalogService": "catalog",
    "CustomersService": "orders",
    "DocumentsService": "orders",
    "PrintingService": "orders",
    "ChannelSourceService": "realtime",
    "ChecksService": "orders",
    "TransfersService": "orders",
    "DiscountsService": "orders",
    "FloorService": "orders",
    "SlotsService": "orders",
    "KitchenBoardService": "orders",
    "KitchenService": "orders",
    "LinesService": "orders",
    "OrdersService": "orders",
    "PaymentsService": "payments",
    "PeopleService": "auth",
    "StaffService": "staff",
    "TillService": "payments",
}
HELD = {
    of_orders.AuthStandIn,
    of_orders.CatalogStandIn,
    of_orders.PaymentsStandIn,
    of_payments.Orders,
    of_payments.Restaurants,
    of_realtime.Owner,
}
NOT_HELD = {
    "services.catalog.tests.test_main.Orders": "knows no order",
    "services.realtime.tests.running.Kitchen": "notes what was reported and answers nothing",
    "gateway.tests.test_outbox.Post": "has one mail, which its test made up",
    "chassis.tests.test_rpc_server.Staff": "stands for no service: its calls are about the transport",
}
"""Stand-ins beside the suite, and why they cannot drift."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A servicer that a test wrote."""

    name: str
    service: str
    methods: tuple[ast.AsyncFunctionDef, ...]


def full_name(service: str) -> str:
    return f"fynlo.{SERVICES[service]}.v1.{service}"


def servicers(path: Path) -> Iterator[StandIn]:
    module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                if name.endswith("Servicer"):
                    methods = tuple(part for part in node.body if isinstance(part, ast.AsyncFunctionDef))
                    yield StandIn(f"{module}.{node.name}", name.removesuffix("Servicer"), methods)


STAND_INS = [
    stand_in
    for folder in ("chassis", "gateway", "services", "tests")
    for path in sorted(Path(REPOSITORY, folder).rglob("*.py"))
    if "tests" in path.parts
    for stand_in in servicers(path)
]


def chassis_reasons() -> set[str]:
    found: set[str] = set()
    for path in Path(REPOSITORY, "chassis").rglob("*.py"):
        if "tests" not in path.parts:
            found |= set(reasons_in(path.read_text()))
    return found


def test_every_stand_in_is_held_against_its_service_or_says_why_it_need_not_be() -> None:
    held = {f"{one.__module__}.{one.__name__}" for one in HELD}
    assert {one.name for one in STAND_INS} == held | NOT_HELD.keys()


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda one: one.name)
def test_a_stand_in_refuses_only_as_the_contract_says(stand_in: StandIn) -> None:
    listed, common = refusals_of(full_name(stand_in.service)), chassis_reasons()
    for method in stand_in.methods:
        said = {
            node.value
            for node in ast.walk(method)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and REASON.fullmatch(node.value)
        }
        if said:
            assert said <= listed[method.name] | common, f"{stand_in.name}.{method.name}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_knows_every_refusal_that_its_contract_lists(service: str) -> None:
    name = full_name(service)
    package = descriptor_pool.Default().FindServiceByName(name).full_name.split(".")[1]
    # The gateway itself says that a channel is not there; its owners serve what is.
    folders = ["services", "gateway"] if service == "ChannelSourceService" else [f"services/{package}"]
    known: set[str] = set()
    for path in (file for folder in folders for file in Path(REPOSITORY, folder).rglob("*.py")):
        if "tests" not in path.parts:
            known |= set(reasons_in(path.read_text()))
    for method in descriptor_pool.Default().FindServiceByName(name).methods:
        assert own_refusals(method) <= known | chassis_reasons(), method.full_name
