"""The examples that orders publishes, through the catalog's own handlers: each moves the right stock."""

from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderCompleted, OrderPlaced, OrderUpdated
from google.protobuf import json_format
from google.protobuf.message import Message

from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.stream import EventContext
from harness.fixtures import START, OpenDatabase
from services.catalog.consumers import handlers
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, an_item, command, saved

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
ORDER = UUID("0195f3a0-0000-7000-8000-000000000101")
BURGER = UUID("0195f3a0-0000-7000-8000-000000000106")
ON_HAND = 10
M = TypeVar("M", bound=Message)


def example(kind: type[M]) -> M:
    text = (EXAMPLES / f"{kind.DESCRIPTOR.name}.json").read_text(encoding="utf-8")
    return json_format.Parse(text, kind())


async def a_shop(db: Database) -> UUID:
    """A restaurant with ten of the burgers of the examples."""
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    await saved(db, tenant, an_item(category.id, id=BURGER, name="Burger"))
    await doing.count_stock(db, command(tenant), BURGER, ON_HAND, 0)
    return tenant


async def heard(db: Database, tenant: UUID, *kinds: type[Message]) -> tuple[int, int]:
    """(on hand, reserved) after these examples came, as the inbox would bring them."""
    subscriptions = handlers(db.clock)
    for kind in kinds:
        event, name = example(kind), kind.DESCRIPTOR.full_name
        context = EventContext(new_id(), name, "/services/orders", str(ORDER), START, tenant, (), None, None)
        subscription = subscriptions[kind]
        assert subscription.concerns(event)
        async with db.transaction(tenant) as tx:
            await subscription.handle(tx, event, context)
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    return level.on_hand, level.reserved


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        ((OrderPlaced,), (10, 2)),
        ((OrderPlaced, OrderUpdated), (10, 2)),
        ((OrderUpdated, OrderPlaced), (10, 2)),
        ((OrderPlaced, OrderUpdated, OrderCompleted), (8, 0)),
        ((OrderCompleted, OrderPlaced), (8, 0)),
        # The guests left when the kitchen had cooked: the example says that the goods are wasted.
        ((OrderPlaced, OrderCancelled), (8, 0)),
    ],
    ids=lambda value: "-".join(kind.DESCRIPTOR.name for kind in value) if isinstance(value[0], type) else "",
)
async def test_the_published_examples_leave_the_right_stock(
    service_database: OpenDatabase, kinds: tuple[type[Message], ...], left: tuple[int, int]
) -> None:
    db = await service_database("catalog")
    assert await heard(db, await a_shop(db), *kinds) == left
