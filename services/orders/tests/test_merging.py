"""Lines that go to another order, and orders that become one: what tables, kitchen and money say then."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import floor_pb2, orders_pb2

from chassis.errors import Problem
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.approval import Authority, Rank
from services.orders.domain.discount import DiscountKind
from services.orders.domain.moved import MergedInto, TicketMovedFrom
from services.orders.domain.order.axes import Kitchen, Lifecycle, State
from services.orders.domain.order.discount import WantedDiscount
from services.orders.domain.order.listing import Filter
from services.orders.domain.order.order import GuestAllergy
from services.orders.domain.table import TableState
from services.orders.domain.ticket import Ticket, TicketStep
from services.orders.rpc.discount import ADDED as DISCOUNTED
from services.orders.rpc.order import ALLERGY_SET, NOTE_SET, TRANSFERRED
from services.orders.rpc.transfer import MERGED, UNMERGED
from services.orders.tests.builders import draft, draft_line, item_message
from services.orders.tests.floor import a_table, now, transfer
from services.orders.tests.lines import add
from services.orders.tests.world import World
from services.orders.usecases.order.discount import add_discount
from services.orders.usecases.order.merging import merge_orders, unmerge_order
from services.orders.usecases.order.order import list_orders
from services.orders.usecases.order.remark import set_guest_allergy, set_note
from services.orders.usecases.order.transfer import transfer_order

OWNER = Authority("discounts.manage", alone=True, rank=Rank.OWNER)


async def move(
    world: World,
    order: orders_pb2.Order,
    table: floor_pb2.Table,
    *lines: str,
    seats: Sequence[int] = (),
    key: str = "",
) -> orders_pb2.Order:
    """These lines of the order go to the table."""
    ids = [UUID(line_id) for line_id in lines]
    reply = await transfer_order(
        world.deps, world.ask(key), UUID(order.id), UUID(table.id), TRANSFERRED, ids, seats
    )
    return reply.order


async def merge(
    world: World, order: orders_pb2.Order, *others: orders_pb2.Order, key: str = ""
) -> orders_pb2.Order:
    """The others become part of the order."""
    ids = [UUID(other.id) for other in others]
    return (await merge_orders(world.deps, world.ask(key), UUID(order.id), ids, MERGED)).order


async def unmerge(world: World, order: orders_pb2.Order, key: str = "") -> orders_pb2.Order:
    """What was merged into it is taken out again."""
    return (await unmerge_order(world.deps, world.ask(key), UUID(order.id), UNMERGED)).order


async def at(world: World, table: floor_pb2.Table, *seats: int) -> orders_pb2.Order:
    """An order at the table with a burger at each of these seats."""
    lines = [draft_line(world.burger, seat=seat) for seat in seats or (1,)]
    return await world.place(draft(*lines, table_id=table.id, covers=len(lines)))


async def refusal(verb: object) -> Problem:
    with pytest.raises(Problem) as refused:
        await verb  # type: ignore[misc]
    return refused.value


async def test_guests_of_a_seat_go_to_a_free_table_and_get_an_order_of_their_own(world: World) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order = await at(world, first, 1, 2, 2)
    moved = await move(world, order, second, seats=[2])
    left = await world.order(order.id)
    assert moved.number == order.number + 1
    assert (moved.table_name, moved.covers, moved.service_flow) == ("7", 1, order.service_flow)
    assert [line.id for line in moved.lines] == [line.id for line in order.lines[1:]]
    assert {line.moved_from.order_number for line in moved.lines} == {order.number}
    assert [line.quantity for line in left.lines] == [1, 0, 0]
    assert (left.lines[1].moved_to and left.lines[1].moved_to.number, left.covers) == (moved.number, 2)
    assert left.totals.total_minor + moved.totals.total_minor == order.totals.total_minor
    assert [(await now(world, table)).state for table in (first, second)] == [TableState.OCCUPIED] * 2
    assert (await now(world, second)).covers == 1


async def test_a_line_goes_onto_the_order_that_is_open_at_the_table(
    world: World, event_recorder: EventRecorder
) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order, there = await at(world, first, 1, 2), await at(world, second)
    moved = await move(world, order, second, order.lines[0].id)
    assert (moved.id, len(moved.lines)) == (there.id, 2)
    db = world.deps.db
    told = await event_recorder.of_type(db, orders_events.OrderUpdated, world.tenant)
    assert [(one.order.id, one.cause) for one in told] == [
        (there.id, "lines_moved"),
        (order.id, "lines_moved"),
    ]
    for one in (order, there):
        change = (await world.history(one.id))[-1]
        assert change.axis == "moves"
    assert (await world.history(order.id))[-1].to_value == f"1 Burger to order {there.number}"
    async with db.transaction(world.tenant, readonly=True) as tx:
        [row] = await tx.fetch("SELECT facts FROM audit_record WHERE event = 'orders.lines_moved'")
    facts = json.loads(row["facts"])
    assert (facts["to_number"], facts["amount_minor"]) == (there.number, 1_000)


async def test_what_is_cooked_goes_on_being_cooked_under_the_new_number_and_table(world: World) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order = await at(world, first, 1, 2)
    [ticket] = await world.tickets(order.id)
    await world.step(ticket.id, TicketStep.START)
    moved = await move(world, order, second, order.lines[0].id)
    [left] = await world.tickets(order.id)
    [come] = await world.tickets(moved.id)
    assert [str(one.id) for one in left.lines] == [order.lines[1].id]
    assert (left.id, left.acknowledged_at) == (ticket.id, None)
    [on_it] = come.lines
    assert (str(on_it.id), on_it.state) == (order.lines[0].id, Kitchen.PREPARING)
    assert (come.order_number, come.table_name, come.created_at) == (moved.number, "7", ticket.created_at)
    assert come.moved_from == TicketMovedFrom(order.number, "4")
    await world.step(come.id, TicketStep.BUMP)
    assert (await world.order(moved.id)).state is State.READY
    assert (await world.order(order.id)).state is State.PREPARING


async def test_a_guests_allergy_goes_with_the_food_and_stays_where_it_was(world: World) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order, there = await at(world, first, 1, 2), await at(world, second)
    for one, allergy in ((order, GuestAllergy((4,), "nuts")), (there, GuestAllergy((7,)))):
        await set_guest_allergy(world.deps, world.ask(), UUID(one.id), allergy, ALLERGY_SET)
    moved = await move(world, order, second, order.lines[0].id)
    assert (list(moved.guest_allergy.allergens), moved.guest_allergy.text) == ([4, 7], "nuts")
    assert (await world.order(order.id)).remarks.guest_allergy == GuestAllergy((4,), "nuts")
    for ticket in await world.tickets(moved.id):
        assert ticket.remarks.guest_allergy == GuestAllergy((4, 7), "nuts")
        assert ticket.allergy_waits


async def test_what_cannot_go_alone_is_refused_with_what_to_do(world: World) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order = await at(world, first, 1, 2)
    all_of_it = [line.id for line in order.lines]
    assert (await refusal(move(world, order, second, *all_of_it))).reason == "NOTHING_STAYS"
    assert (await refusal(move(world, order, second, str(new_id())))).reason == "UNKNOWN_LINE"
    assert (await refusal(move(world, order, second, seats=[9]))).reason == "UNKNOWN_SEAT"
    await world.pay(order)
    paid = await refusal(move(world, order, second, order.lines[0].id))
    assert paid.reason == "REFUND_REQUIRED"


async def test_orders_become_one_bill_at_all_of_their_tables(world: World) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order, other = await at(world, first, 1, 2), await at(world, second, 1)
    whole = await merge(world, order, other)
    assert whole.totals.total_minor == order.totals.total_minor + other.totals.total_minor
    assert [(one.number, one.table_name, one.covers) for one in whole.merged] == [(other.number, "7", 1)]
    assert (whole.covers, len(whole.lines)) == (3, 3)
    part = await world.order(other.id)
    assert (part.lifecycle, part.state, part.totals.total_minor) == (Lifecycle.MERGED, State.MERGED, 0)
    assert part.merged_into == MergedInto(UUID(order.id), order.number)
    for table, covers, joined in ((first, 2, second), (second, 1, first)):
        stands = await now(world, table)
        assert ([str(one.order_id) for one in stands.seated], stands.covers) == ([order.id], covers)
        assert stands.joined == (UUID(joined.id),)
    found = await list_orders(world.deps, world.tenant, Filter(number=other.number), None, 10)
    assert [str(one.id) for one in found.orders] == [other.id]
    assert {str(ticket.order_id) for ticket in await all_tickets(world, order, other)} == {order.id}
    await world.pay(whole)
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    await world.complete(order.id)
    assert [(await now(world, table)).state for table in (first, second)] == [TableState.DIRTY] * 2


async def test_a_merged_order_is_taken_apart_as_it_was_and_keeps_what_came_since(world: World) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order, other = await at(world, first, 1), await at(world, second, 1, 2)
    wanted = WantedDiscount(new_id(), DiscountKind.PERCENT, 1_000, None, "friends")
    await add_discount(world.deps, world.ask(), UUID(other.id), wanted, OWNER, DISCOUNTED)
    before = await world.order(other.id)
    await merge(world, order, other)
    await add(world, order.id, draft_line(world.burger))
    alone = await unmerge(world, order)
    assert len([line for line in alone.lines if not line.voided]) == 2
    assert not alone.merged
    back = await world.order(other.id)
    assert (back.lifecycle, back.totals, back.table) == (before.lifecycle, before.totals, before.table)
    assert [(one.id, one.quantity, one.discount_minor) for one in back.lines] == [
        (one.id, one.quantity, one.discount_minor) for one in before.lines
    ]
    assert [(one.id, one.of_order) for one in back.discounts] == [(wanted.id, None)]
    assert {line.id for ticket in await world.tickets(other.id) for line in ticket.lines} == {
        line.id for line in before.lines
    }
    assert (await now(world, second)).joined == ()
    assert [str(one.order_id) for one in (await now(world, first)).seated] == [order.id]


@pytest.mark.parametrize(
    ("of_order", "of_other"), [("no nuts", "no nuts"), ("no nuts", ""), ("", "birthday"), ("a; b", "b")]
)
async def test_each_order_comes_apart_with_its_own_note(world: World, of_order: str, of_other: str) -> None:
    order, other = await world.place(), await world.place()
    for one, note in ((order, of_order), (other, of_other)):
        await set_note(world.deps, world.ask(), UUID(one.id), note, NOTE_SET)
    whole = await merge(world, order, other)
    assert all(note in whole.note for note in (of_order, of_other))
    await unmerge(world, order)
    notes = [(await world.order(one.id)).remarks.note for one in (order, other)]
    assert notes == [of_order, of_other]


async def test_what_cannot_become_part_of_another_order_is_refused_with_what_to_do(world: World) -> None:
    order, other, third = [await world.place() for _ in range(3)]
    assert (await refusal(merge(world, order, order))).reason == "SAME_ORDER"
    kept = await world.place(draft(draft_line(world.burger), draft=True))
    assert (await refusal(merge(world, order, kept))).reason == "ILLEGAL_TRANSITION"
    assert (await refusal(unmerge(world, order))).reason == "ILLEGAL_TRANSITION"
    await merge(world, other, third)
    assert (await refusal(merge(world, order, other))).reason == "ORDER_MERGED"
    assert (await refusal(merge(world, order, third))).reason == "ILLEGAL_TRANSITION"
    paid = await world.place()
    await world.pay(paid, 5)
    assert (await refusal(merge(world, order, paid))).reason == "REFUND_REQUIRED"
    whole = await merge(world, paid, order)
    assert whole.totals.paid_minor == 5
    assert (await refusal(unmerge(world, paid))).reason == "REFUND_REQUIRED"
    foreign = await world.another().place()
    assert (await refusal(merge(world, whole, foreign))).reason == "ORDER_NOT_FOUND"


async def test_money_that_came_in_the_moment_of_merging_takes_the_order_out_again(world: World) -> None:
    order, other = await world.place(), await world.place()
    await merge(world, order, other)
    assert await world.record(world.payment(other.id, 400))
    back, rest = await world.order(other.id), await world.order(order.id)
    assert (back.lifecycle, back.totals.paid_minor) == (Lifecycle.VALIDATED, 400)
    assert back.totals.total_minor == other.totals.total_minor
    assert (rest.totals.total_minor, rest.totals.paid_minor) == (order.totals.total_minor, 0)


async def test_money_for_a_part_of_an_order_that_is_done_is_booked_where_it_came(world: World) -> None:
    order, other = await world.place(), await world.place()
    whole = await merge(world, order, other)
    await world.pay(whole)
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    await world.complete(order.id)
    assert await world.record(world.payment(other.id, 400))
    part, done = await world.order(other.id), await world.order(order.id)
    assert (part.lifecycle, part.totals.paid_minor) == (Lifecycle.MERGED, 400)
    assert (done.lifecycle, done.totals) == (Lifecycle.DONE, replace(done.totals, paid_minor=2_250))


async def test_a_repeated_request_moves_and_merges_once(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    order, other = await at(world, first, 1, 2), await at(world, second)
    moved = [await move(world, order, second, order.lines[0].id, key="again") for _ in range(2)]
    assert moved[0] == moved[1]
    whole = [await merge(world, order, other, key="once") for _ in range(2)]
    assert whole[0] == whole[1]
    alone = [await unmerge(world, order, key="apart") for _ in range(2)]
    assert alone[0] == alone[1]


async def test_orders_that_are_merged_crosswise_at_once_become_one(world: World) -> None:
    for _ in range(5):
        order, other = await world.place(), await world.place()
        done = await asyncio.gather(
            merge(world, order, other), merge(world, other, order), return_exceptions=True
        )
        refused = [one for one in done if isinstance(one, BaseException)]
        assert [getattr(one, "reason", one) for one in refused] == ["ILLEGAL_TRANSITION"]
        ends = {(await world.order(one.id)).lifecycle for one in (order, other)}
        assert ends == {Lifecycle.VALIDATED, Lifecycle.MERGED}


async def test_lines_that_are_exchanged_at_once_are_each_at_one_table(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    order, other = await at(world, first, 1, 2), await at(world, second, 1, 2)
    await asyncio.gather(
        move(world, order, second, order.lines[0].id), move(world, other, first, other.lines[0].id)
    )
    units = [
        (line.id, line.quantity)
        for one in (order, other)
        for line in (await world.order(one.id)).lines
        if line.quantity
    ]
    assert len(units) == len(dict(units)) == 4


async def test_stock_is_held_once_wherever_the_line_is(world: World, event_recorder: EventRecorder) -> None:
    counted = item_message(name="Lobster", stock_tracked=True)
    world.extra_items.append(counted)
    world.menu_version += 1
    world.publish_menu()
    table = await a_table(world)
    order = await world.place(draft(draft_line(counted), draft_line(world.burger)))
    moved = await move(world, order, table, order.lines[0].id)
    found = await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant)
    [left] = [one.order for one in found if one.order.id == order.id]
    [placed] = [
        one.order
        for one in await event_recorder.of_type(world.deps.db, orders_events.OrderPlaced, world.tenant)
        if one.order.id == moved.id
    ]
    for told, units in ((left, 0), (placed, 1)):
        assert sum(line.quantity for line in told.lines if line.stock_tracked) == units
        assert any(line.stock_tracked for line in told.lines)


async def test_a_merged_order_that_goes_to_another_table_leaves_all_of_its_tables(world: World) -> None:
    first, second, third = [await a_table(world) for _ in range(3)]
    order, other = await at(world, first), await at(world, second)
    await merge(world, order, other)
    await transfer(world, order, third)
    assert [(await now(world, one)).state for one in (first, second, third)] == [
        TableState.DIRTY,
        TableState.DIRTY,
        TableState.OCCUPIED,
    ]
    await unmerge(world, order)
    assert len((await now(world, third)).seated) == 2


async def all_tickets(world: World, *orders: orders_pb2.Order) -> list[Ticket]:
    return [ticket for order in orders for ticket in await world.tickets(order.id)]
