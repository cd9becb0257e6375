"""What the catalog makes of events: twice, late, out of order, and poisoned."""

from uuid import UUID

import pytest
from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderCompleted, OrderPlaced, OrderUpdated
from google.protobuf.message import Message

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.errors import InvalidArgument
from chassis.ids import new_id
from chassis.messaging.stream import EventContext
from harness.fixtures import START, OpenDatabase
from services.catalog.consumers import handlers
from services.catalog.domain.item import Item
from services.catalog.store import reservation as reservation_store
from services.catalog.store import restaurant as restaurant_store
from services.catalog.store import stock as stock_store
from services.catalog.tests.builders import a_category, a_restaurant, an_item, counted, saved
from services.catalog.wire.reservation import concerns_stock


async def hear(db: Database, tenant: UUID, *events: Message) -> None:
    """Each in a transaction of its own, as the inbox does."""
    subscriptions = handlers(db.clock)
    for event in events:
        kind = event.DESCRIPTOR.full_name
        context = EventContext(new_id(), kind, "/services/test", "x", START, tenant, (), None, None)
        subscription = subscriptions[type(event)]
        if subscription.concerns(event):
            async with db.transaction(tenant) as tx:
                await subscription.handle(tx, event, context)


def an_order(
    item: Item,
    version: int = 1,
    quantity: int = 2,
    lifecycle: str = "VALIDATED",
    order_id: str = "",
    stock_tracked: bool | None = True,
) -> orders_pb2.Order:
    """An order of one line, the same line for the same order."""
    own = order_id or str(new_id())
    line = orders_pb2.OrderLine(id=own, item_id=str(item.id), quantity=quantity, stock_tracked=stock_tracked)
    return orders_pb2.Order(
        id=own,
        version=version,
        lifecycle=orders_pb2.Lifecycle.Value(f"LIFECYCLE_{lifecycle}"),
        lines=[line],
    )


async def figures(db: Database, tenant: UUID) -> tuple[int, int]:
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    return level.on_hand, level.reserved


async def a_shop(service_database: OpenDatabase) -> tuple[Database, UUID, Item]:
    """A restaurant with ten cakes."""
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    return db, tenant, await counted(db, tenant, await a_category(db, tenant), 10)


async def test_an_order_is_heard_of_from_placing_to_its_end(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shop(service_database)
    order = an_order(cake)
    await hear(db, tenant, OrderPlaced(order=order), OrderPlaced(order=order))
    assert await figures(db, tenant) == (10, 2)
    more = an_order(cake, 2, 5, order_id=order.id)
    await hear(db, tenant, OrderUpdated(order=more), OrderPlaced(order=order))
    assert await figures(db, tenant) == (10, 5)
    done = an_order(cake, 3, 5, "DONE", order.id)
    await hear(db, tenant, OrderCompleted(order=done), OrderCompleted(order=done), OrderUpdated(order=more))
    assert await figures(db, tenant) == (5, 0)


async def test_the_end_may_be_heard_of_before_the_beginning(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shop(service_database)
    for end, expected in (
        (OrderCompleted(order=an_order(cake, 3, 2, "DONE")), (8, 0)),
        (OrderCancelled(order=an_order(cake, 3, 2, "CANCELLED")), (8, 0)),
        (OrderCancelled(order=an_order(cake, 3, 2, "CANCELLED"), wasted=True), (6, 0)),
    ):
        placed = an_order(cake, order_id=end.order.id)
        await hear(db, tenant, end, OrderPlaced(order=placed), end)
        assert await figures(db, tenant) == expected


async def test_a_voided_line_is_free_again(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shop(service_database)
    order = an_order(cake)
    await hear(db, tenant, OrderPlaced(order=order))
    order.version = 2
    order.lines[0].voided = True
    await hear(db, tenant, OrderUpdated(order=order))
    assert await figures(db, tenant) == (10, 0)


@pytest.mark.parametrize("turn", [1, -1])
async def test_a_line_that_goes_to_another_order_is_held_once_and_comes_back(
    service_database: OpenDatabase, turn: int
) -> None:
    db, tenant, cake = await a_shop(service_database)
    order, whole = an_order(cake), an_order(cake, quantity=3)
    await hear(db, tenant, OrderPlaced(order=order), OrderPlaced(order=whole))
    assert await figures(db, tenant) == (10, 5)
    for version, ((here, units), (there, others)) in enumerate(
        [((order, 0), (whole, 2)), ((order, 2), (whole, 0)), ((order, 0), (whole, 2))], 2
    ):
        here.version = there.version = version
        here.lifecycle = orders_pb2.LIFECYCLE_VALIDATED if units else orders_pb2.LIFECYCLE_MERGED
        here.lines[0].quantity, here.lines[0].voided = units, not units
        del there.lines[1:]
        there.lines.add().CopyFrom(here.lines[0])
        there.lines[1].quantity, there.lines[1].voided = others, not others
        await hear(db, tenant, *[OrderUpdated(order=there), OrderUpdated(order=here)][::turn])
        assert await figures(db, tenant) == (10, 5)
    whole.version, whole.lifecycle = 9, orders_pb2.LIFECYCLE_DONE
    await hear(db, tenant, OrderCompleted(order=whole))
    assert await figures(db, tenant) == (5, 0)


@pytest.mark.parametrize(
    ("end", "kinds"),
    [
        ("DONE", {"sale": -3, "waste": -2}),
        ("CANCELLED", {"waste": -2}),
        ("CANCELLED_WASTED", {"waste": -5}),
    ],
)
async def test_what_was_voided_after_the_kitchen_had_it_is_held_until_the_end_and_then_wasted(
    service_database: OpenDatabase, end: str, kinds: dict[str, int]
) -> None:
    db, tenant, cake = await a_shop(service_database)
    order = an_order(cake, quantity=6)
    await hear(db, tenant, OrderPlaced(order=order))
    order.version, order.lines[0].quantity = 2, 3
    order.lines[0].voids.add(quantity=2, wasted=True)
    order.lines[0].voids.add(quantity=1)  # nobody had begun it: it is free again
    await hear(db, tenant, OrderUpdated(order=order), OrderUpdated(order=order))
    assert await figures(db, tenant) == (10, 5)
    order.version = 3
    order.lifecycle = orders_pb2.Lifecycle.Value(f"LIFECYCLE_{end.partition('_')[0]}")
    ended: Message = (
        OrderCompleted(order=order)
        if end == "DONE"
        else OrderCancelled(order=order, wasted=end == "CANCELLED_WASTED")
    )
    await hear(db, tenant, ended, ended)
    async with db.transaction(tenant) as tx:
        rows = await tx.fetch("SELECT kind, sum(quantity)::int AS units FROM stock_movement GROUP BY kind")
    gone = {row["kind"]: row["units"] for row in rows if row["kind"] in {"sale", "waste"}}
    assert gone == kinds
    assert await figures(db, tenant) == (10 + sum(kinds.values()), 0)


async def test_a_line_that_was_voided_to_the_last_unit_after_fire_is_wasted(
    service_database: OpenDatabase,
) -> None:
    db, tenant, cake = await a_shop(service_database)
    order = an_order(cake)
    await hear(db, tenant, OrderPlaced(order=order))
    order.version, order.lines[0].quantity, order.lines[0].voided = 2, 0, True
    order.lines[0].voids.add(quantity=2, wasted=True)
    await hear(db, tenant, OrderUpdated(order=order))
    assert await figures(db, tenant) == (10, 2)
    order.version, order.lifecycle = 3, orders_pb2.LIFECYCLE_DONE
    await hear(db, tenant, OrderCompleted(order=order))
    assert await figures(db, tenant) == (8, 0)


async def test_a_draft_holds_nothing(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shop(service_database)
    await hear(db, tenant, OrderUpdated(order=an_order(cake, lifecycle="DRAFT")))
    assert await figures(db, tenant) == (10, 0)


async def test_an_order_of_uncounted_items_leaves_no_row(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    soup = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    for tracked in (False, True, None):
        order = an_order(soup, stock_tracked=tracked)
        await hear(db, tenant, OrderPlaced(order=order), OrderCompleted(order=order))
        async with db.transaction(tenant) as tx:
            assert await reservation_store.find_reservation(tx, UUID(order.id)) is None


async def test_only_an_order_with_a_counted_line_concerns_stock() -> None:
    soup = an_item()
    plain, counted_line = an_order(soup, stock_tracked=False), an_order(soup)
    assert not concerns_stock(OrderPlaced(order=plain))
    plain.lines.append(counted_line.lines[0])
    assert concerns_stock(OrderPlaced(order=plain))


async def test_an_order_that_does_not_say_whether_its_lines_are_counted_is_looked_at(
    service_database: OpenDatabase,
) -> None:
    db, tenant, cake = await a_shop(service_database)
    await hear(db, tenant, OrderPlaced(order=an_order(cake, stock_tracked=None)))
    assert await figures(db, tenant) == (10, 2)


async def test_an_event_that_makes_no_sense_is_refused(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shop(service_database)
    order = an_order(cake)
    order.lines[0].item_id = "no id"
    with pytest.raises(InvalidArgument):
        await hear(db, tenant, OrderPlaced(order=order))
    assert await figures(db, tenant) == (10, 0)


async def test_the_newest_word_on_a_restaurant_counts(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant = await service_database("catalog"), new_id()
    for version, currency in ((2, "EUR"), (3, "USD"), (1, "GBP")):
        settings = common_pb2.RestaurantSettings(
            restaurant_id=str(tenant),
            version=version,
            currency_code=currency,
            time_zone="Europe/Rome",
            name="R",
        )
        await hear(db, tenant, RestaurantUpdated(settings=settings))
    async with db.transaction(tenant) as tx:
        copy = await restaurant_store.find_restaurant(tx)
    assert copy is not None
    assert (copy.version, copy.currency_code, copy.time_zone) == (3, "USD", "Europe/Rome")
