"""Lines that come to an order later: priced, held in stock, billed, and sent to the kitchen."""

import asyncio
from uuid import UUID

import pytest
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.errors import Conflict
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import (
    IllegalTransition,
    ItemUnavailable,
    LineRefused,
    MenuOutdated,
    OrderNotFound,
)
from services.orders.domain.order.axes import Kitchen, Payment, State
from services.orders.domain.order.line import LINES_MAX
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import draft, draft_line, item_message, settings_message
from services.orders.tests.lines import add, add_answer
from services.orders.tests.world import World
from services.orders.usecases.restaurant import apply_restaurant
from services.orders.wire.restaurant import restaurant_in


async def test_they_are_priced_and_the_whole_bill_is_computed_anew(world: World) -> None:
    beer = item_message(name="Beer", price_minor=333)
    world.extra_items.append(beer)
    world.publish_menu()
    order = await world.place()
    more = await add(world, order.id, draft_line(beer, 3), draft_line(world.burger, note="no onions"))
    assert [(one.name, one.quantity, one.gross_minor) for one in more.lines] == [
        ("Burger", 1, 1000),
        ("Beer", 3, 999),
        ("Burger", 1, 1000),
    ]
    totals = more.totals
    assert (totals.goods_minor, totals.service_charge_minor, totals.total_minor) == (2999, 375, 3374)
    assert (totals.vat_minor, sum(one.vat_minor for one in more.lines)) == (500, 500)
    assert (more.version, more.lines[1].added.version) == (order.version + 1, order.version + 1)
    assert not more.lines[0].HasField("added")
    assert (await world.order(order.id)).totals.total_minor == 3374


async def test_the_service_charge_is_the_one_that_the_order_was_placed_with(world: World) -> None:
    order = await world.place()
    await charge(world, 2000)
    assert (await add(world, order.id, draft_line(world.burger))).totals.service_charge_minor == 250
    assert (await world.place()).totals.service_charge_minor == 200


async def test_an_order_that_does_not_know_its_service_charge_goes_by_what_it_was_charged(
    world: World,
) -> None:
    order = await world.place()
    older = orders_pb2.Order()
    older.CopyFrom(order)
    older.ClearField("service_charge_bp")
    async with world.deps.db.transaction(world.tenant) as tx:
        await tx.execute(
            "UPDATE orders SET body = $2 WHERE id = $1", UUID(order.id), older.SerializeToString()
        )
    await charge(world, 2000)
    more = await add(world, order.id, draft_line(world.burger))
    assert (more.totals.service_charge_minor, more.service_charge_bp) == (250, 1250)


async def charge(world: World, service_charge_bp: int) -> None:
    """The restaurant's service charge is another one from now on."""
    changed = settings_message(world.tenant, version=2, service_charge_bp=service_charge_bp)
    async with world.deps.db.transaction(world.tenant) as tx:
        await apply_restaurant(tx, restaurant_in(changed))


async def test_they_go_to_the_kitchen_at_once_on_the_ticket_that_is_cooked(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    [before] = await world.tickets(order.id)
    await world.step(before.id, TicketStep.ACK)
    await add(world, order.id, draft_line(world.burger, 2))
    [ticket] = await world.tickets(order.id)
    assert [line.quantity for line in ticket.lines] == [1, 2]
    assert (ticket.revision, ticket.acknowledged_at) == (before.revision + 2, None)
    [updated] = await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant)
    assert (updated.cause, updated.order.totals.total_minor) == ("lines_added", 3375)
    assert [len(one.lines) for one in updated.tickets] == [2]


async def test_what_comes_after_the_first_was_ready_gets_a_ticket_of_its_own(world: World) -> None:
    order = await world.place()
    await world.cook(order.id, TicketStep.BUMP)
    more = await add(world, order.id, draft_line(world.burger))
    assert len(await world.tickets(order.id)) == 2
    assert more.state == orders_pb2.ORDER_STATE_PREPARING


async def test_a_line_with_a_course_or_a_hold_waits_and_is_fired_by_its_course(world: World) -> None:
    order = await world.place()
    waits = draft_line(world.burger, course="dessert")
    held = draft_line(world.burger, hold=True)
    held_too = draft_line(world.burger, hold=True, course="dessert")
    more = await add(world, order.id, waits, held, held_too)
    assert [one.kitchen_state for one in more.lines[1:]] == [orders_pb2.KITCHEN_STATE_HELD] * 3
    assert len(await world.tickets(order.id)) == 1
    fired = await world.fire(order.id, course="dessert")
    by_id = {one.id: one.kitchen_state for one in fired.lines}
    queued, still = orders_pb2.KITCHEN_STATE_QUEUED, orders_pb2.KITCHEN_STATE_HELD
    assert (by_id[waits.id], by_id[held.id], by_id[held_too.id]) == (queued, still, queued)
    courses = {
        ticket.course: {str(line.id) for line in ticket.lines} for ticket in await world.tickets(order.id)
    }
    assert courses["dessert"] == {waits.id, held_too.id}
    await world.fire(order.id)
    assert (await world.order(order.id)).kitchen is Kitchen.QUEUED


async def test_a_paid_order_that_gains_a_line_is_part_paid_and_its_kitchen_waits_for_the_rest(
    world: World,
) -> None:
    order = await world.place_pay_first()
    await world.pay(order)
    more = await add(world, order.id, draft_line(world.burger, 2))
    assert more.payment_state == orders_pb2.PAYMENT_STATE_PART_PAID
    assert (more.totals.paid_minor, more.totals.due_minor) == (1125, 2250)
    assert more.lines[1].kitchen_state == orders_pb2.KITCHEN_STATE_HELD
    await world.record(world.payment(order.id, 2250))
    stored = await world.order(order.id)
    assert (stored.payment, stored.lines[1].kitchen) == (Payment.PAID, Kitchen.QUEUED)
    assert [line.quantity for ticket in await world.tickets(order.id) for line in ticket.lines] == [1, 2]


async def test_tracked_stock_is_reserved_for_them_alone_and_a_draft_reserves_none(world: World) -> None:
    cake = item_message(name="Cake", stock_tracked=True)
    world.extra_items.append(cake)
    world.publish_menu()
    world.catalog.on_hand[cake.id] = 3
    order = await world.place()
    assert order.id not in world.catalog.reserved
    line = draft_line(cake, 2)
    await add(world, order.id, line, draft_line(world.burger))
    assert [(one.line_id, one.quantity) for one in world.catalog.reserved[order.id]] == [(line.id, 2)]
    with pytest.raises(Conflict) as refused:
        await add(world, order.id, draft_line(cake, 2))
    assert refused.value.reason == "INSUFFICIENT_STOCK"
    assert len((await world.order(order.id)).lines) == 3
    kept = await world.place(draft=True)
    await add(world, kept.id, draft_line(cake, 2))
    assert kept.id not in world.catalog.reserved


async def test_a_draft_is_placed_with_what_was_added_to_it(world: World) -> None:
    kept = await world.place(draft=True)
    more = await add(world, kept.id, draft_line(world.burger, 2))
    assert (more.state, more.totals.goods_minor) == (orders_pb2.ORDER_STATE_DRAFT, 3000)
    assert await world.tickets(kept.id) == []
    placed = await world.validate(kept.id)
    assert (len(placed.lines), placed.totals.goods_minor, placed.lines[1].added.version) == (2, 3000, 2)


async def test_a_line_that_the_order_has_is_not_added_again_under_any_key(world: World) -> None:
    order, line = await world.place(), draft_line(world.burger, 2, note="rare")
    first = await add(world, order.id, line, key="one")
    assert await add(world, order.id, line, key="one") == first
    again = await add_answer(world, order.id, line)
    assert (again.order, again.replayed) == (first, True)
    both = await add(world, order.id, line, draft_line(world.burger))
    assert [one.quantity for one in both.lines] == [1, 2, 1]


@pytest.mark.parametrize(
    "other", [{"note": "well done"}, {"seat": 2}, {"course": "dessert"}, {"quantity": 1}]
)
async def test_an_id_is_good_for_one_line(world: World, other: dict[str, object]) -> None:
    order, line = await world.place(), draft_line(world.burger, 2, note="rare")
    await add(world, order.id, line)
    another = draft_line(world.burger, 2, note="rare")
    for name, value in other.items():
        setattr(another, name, value)
    another.id = line.id
    with pytest.raises(LineRefused) as refused:
        await add(world, order.id, another)
    assert (refused.value.reason, refused.value.fields[0].field) == ("DUPLICATE_LINE", "lines[0].id")


async def test_lines_without_an_id_come_once_under_one_key_and_again_under_another(world: World) -> None:
    order, line = await world.place(), draft_line(world.burger)
    line.ClearField("id")
    first = await add(world, order.id, line, key="one")
    assert (await add(world, order.id, line, key="one")).lines == first.lines
    assert len((await add(world, order.id, line, key="two")).lines) == 3


async def test_they_are_refused_as_in_a_new_order_and_nothing_of_them_is_added(world: World) -> None:
    off = item_message(name="Pie", available=False)
    off.available = False
    world.extra_items.append(off)
    world.publish_menu()
    order = await world.place()
    unknown = draft_line(world.burger)
    unknown.item_id = str(new_id())
    with pytest.raises(LineRefused) as refused:
        await add(world, order.id, draft_line(world.burger), unknown)
    assert (refused.value.reason, refused.value.fields[0].field) == ("UNKNOWN_ITEM", "lines[1].item_id")
    with pytest.raises(ItemUnavailable):
        await add(world, order.id, draft_line(off))
    assert (await world.order(order.id)).version == order.version


async def test_what_changed_after_the_menu_that_was_shown_is_refused(world: World) -> None:
    order = await world.place()
    world.menu_version = 2
    world.burger.version = 2
    world.burger.price_minor = 1200
    world.publish_menu()
    world.deps.copies.forget(world.tenant)
    async with world.deps.db.transaction(world.tenant) as tx:
        await tx.execute("UPDATE restaurant SET menu_wanted = 2 WHERE restaurant_id = $1", world.tenant)
    with pytest.raises(MenuOutdated):
        await add_answer(world, order.id, draft_line(world.burger), menu_version=1)
    more = await add(world, order.id, draft_line(world.burger))
    assert [one.unit_price_minor for one in more.lines] == [1000, 1200]


async def test_an_order_has_as_many_lines_as_one_may_and_no_more(world: World) -> None:
    order = await world.place(draft(*(draft_line(world.burger) for _ in range(LINES_MAX - 50)), covers=1))
    full = await add(world, order.id, *(draft_line(world.burger) for _ in range(50)))
    assert len(full.lines) == LINES_MAX
    with pytest.raises(LineRefused) as refused:
        await add(world, order.id, draft_line(world.burger))
    assert refused.value.reason == "TOO_MANY_LINES"


async def test_two_devices_that_add_at_once_both_do(world: World) -> None:
    order = await world.place()
    await asyncio.gather(*(add(world, order.id, draft_line(world.burger, count)) for count in (2, 3, 4)))
    stored = await world.order(order.id)
    assert sorted(line.quantity for line in stored.lines) == [1, 2, 3, 4]
    assert stored.totals.goods_minor == 10_000
    [ticket] = await world.tickets(order.id)
    assert len(ticket.lines) == 4


async def test_a_takeaway_has_no_service_charge_whatever_is_added(world: World) -> None:
    order = await world.place(order_type=common_pb2.ORDER_TYPE_TAKEAWAY)
    assert (await add(world, order.id, draft_line(world.burger))).totals.service_charge_minor == 0


async def test_nothing_is_added_to_what_is_closed_or_another_restaurant_s(world: World) -> None:
    cancelled, done = await world.place(), await world.place()
    await world.cancel(cancelled.id)
    await world.pay(done)
    await world.cook(done.id, TicketStep.BUMP)
    await world.complete(done.id)
    for closed in (cancelled, done):
        with pytest.raises(IllegalTransition) as refused:
            await add(world, closed.id, draft_line(world.burger))
        assert refused.value.metadata["command"] == "add_lines"
    with pytest.raises(OrderNotFound):
        await add(world.another(), (await world.place()).id, draft_line(world.burger))
    assert (await world.order(done.id)).state is State.DONE
