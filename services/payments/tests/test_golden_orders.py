"""The examples that orders publishes, through payments' own handlers: each leaves the right bill."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderPlaced, OrderUpdated
from google.protobuf import json_format

from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.stream import EventContext
from harness.fixtures import START, OpenDatabase
from services.payments.consumers import ORDER_EVENTS, handlers
from services.payments.domain.bill import Bill, BillMode, BillState, Charges, VatGroup
from services.payments.store.bill import lock_bill

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
ORDER = UUID("0195f3a0-0000-7000-8000-000000000101")
# Two burgers with cheese for 24.00, 4.00 of VAT inside, and 12.5 % optional service on top.
BILL = Bill(
    order_id=ORDER,
    order_number=17,
    order_version=1,
    currency_code="GBP",
    covers=2,
    state=BillState.OPEN,
    charges=Charges(
        mode=BillMode.INCLUSIVE_OPTIONAL,
        total_minor=2700,
        service_minor=300,
        discount_minor=0,
        void_minor=0,
        vat=(VatGroup(2000, 2400, 400),),
    ),
)
BILLS = {
    OrderPlaced: BILL,
    OrderUpdated: replace(BILL, order_version=2),
    OrderCancelled: replace(BILL, order_version=3, state=BillState.CLOSED),
}
OrderEvent = OrderPlaced | OrderUpdated | OrderCancelled
E = TypeVar("E", bound=OrderEvent)


def example(kind: type[E]) -> E:
    text = (EXAMPLES / f"{kind.DESCRIPTOR.name}.json").read_text(encoding="utf-8")
    return json_format.Parse(text, kind())


async def heard(db: Database, tenant: UUID, kind: type[OrderEvent]) -> Bill | None:
    """The bill of the tenant after the example came, as the inbox would bring it."""
    event, name = example(kind), kind.DESCRIPTOR.full_name
    # The order of the example in a restaurant of the test's own: the database outlives the test.
    event.order.restaurant_id = str(tenant)
    context = EventContext(new_id(), name, "/services/orders", str(ORDER), START, tenant, (), None, None)
    subscription = handlers(db)[kind]
    assert subscription.concerns(event)
    async with db.transaction(tenant) as tx:
        await subscription.handle(tx, event, context)
    async with db.transaction(tenant) as tx:
        return await lock_bill(tx, ORDER)


@pytest.mark.parametrize("kind", BILLS, ids=lambda kind: str(kind.DESCRIPTOR.name))
async def test_the_published_example_leaves_the_right_bill(
    service_database: OpenDatabase, kind: type[OrderEvent]
) -> None:
    assert await heard(await service_database("payments"), new_id(), kind) == BILLS[kind]


def test_every_order_event_that_payments_hear_has_an_example_here() -> None:
    assert set(BILLS) == set(ORDER_EVENTS)


async def test_a_published_order_that_is_cancelled_stays_closed_when_it_is_heard_of_again(
    service_database: OpenDatabase,
) -> None:
    db, tenant = await service_database("payments"), new_id()
    assert await heard(db, tenant, OrderPlaced) == BILL
    assert await heard(db, tenant, OrderCancelled) == BILLS[OrderCancelled]
    assert await heard(db, tenant, OrderPlaced) == BILLS[OrderCancelled]
