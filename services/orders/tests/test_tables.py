"""What goes on at a table: it follows its orders, what people say, and the clock."""

import asyncio
from datetime import datetime, timedelta

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import (
    ReservationOver,
    ReservationTooFar,
    TableFull,
    TableNotFound,
    TableOccupied,
    TableReserved,
    UnknownTable,
)
from services.orders.domain.table import (
    ORDERS_AT_TABLE_MAX,
    RESERVED_AHEAD_MAX,
    RESERVED_BEFORE,
    TableState,
)
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import MIA, draft, draft_line
from services.orders.tests.floor import a_table, clear, move, now, remove, reserve, unreserve
from services.orders.tests.world import World
from services.orders.usecases.table import Changing, list_tables

FREE, RESERVED, OCCUPIED = TableState.FREE, TableState.RESERVED, TableState.OCCUPIED
PAYING, DIRTY = TableState.PAYING, TableState.DIRTY


async def eaten(world: World, order: orders_pb2.Order) -> None:
    """The kitchen has cooked and the waiter has served; nobody has paid."""
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)


async def done(world: World, order: orders_pb2.Order) -> None:
    """Eaten, paid and completed."""
    await eaten(world, order)
    await world.pay(order)
    await world.complete(order.id)


async def state(world: World, table: object) -> TableState:
    return (await now(world, table)).state  # type: ignore[arg-type]


async def test_an_order_remembers_its_table_and_tells_the_kitchen(world: World) -> None:
    table = await a_table(world, "12")
    order = await world.place(table_id=table.id)
    assert (order.table_id, order.table_name) == (table.id, "12")
    assert (await world.order(order.id)).table_name == "12"
    assert [ticket.table_name for ticket in await world.tickets(order.id)] == ["12"]
    [placed] = [change for change in await world.history(order.id) if change.axis == "table"]
    assert (placed.from_value, placed.to_value) == ("", "12")


async def test_lines_that_are_fired_later_name_the_table_too(world: World) -> None:
    table = await a_table(world, "12")
    held = draft_line(world.burger, hold=True)
    order = await world.place(draft(held, table_id=table.id))
    await world.fire(order.id)
    assert [ticket.table_name for ticket in await world.tickets(order.id)] == ["12"]


async def test_an_order_keeps_the_name_that_its_table_had(world: World) -> None:
    table = await a_table(world, "12")
    order = await world.place(table_id=table.id)
    seen = await now(world, table)
    table.version = seen.version
    await move(world, table, name="Window")
    assert (await world.order(order.id)).table_name == "12"
    assert (await world.place(table_id=table.id)).table_name == "Window"


@pytest.mark.parametrize("kept", [False, True], ids=["placed", "draft"])
async def test_an_order_names_a_table_that_its_restaurant_has(world: World, kept: bool) -> None:
    gone, theirs = await a_table(world), await a_table(world.another())
    await remove(world, gone)
    for table_id in (gone.id, theirs.id, str(new_id())):
        wanted = draft(draft_line(world.burger), table_id=table_id, draft=kept)
        with pytest.raises(UnknownTable) as refused:
            await world.place(wanted)
        assert [(error.field, error.code) for error in refused.value.fields] == [
            ("table_id", "UNKNOWN_TABLE")
        ]
        assert table_id in refused.value.detail
        with pytest.raises(UnknownTable):
            await world.quote(wanted)
    free = await a_table(world)
    assert (await world.quote(draft(draft_line(world.burger), table_id=free.id))).table_id == free.id
    assert await state(world, free) is FREE  # a quote has no effect
    assert (await world.place()).number == 1  # and what was refused spent no number


async def test_a_table_is_occupied_by_the_orders_that_are_open_at_it(world: World) -> None:
    table = await a_table(world)
    first = await world.place(table_id=table.id, covers=2)
    second = await world.place(draft(draft_line(world.burger), table_id=table.id, covers=3, draft=True))
    found = await now(world, table)
    assert (found.state, found.covers, found.server_id) == (OCCUPIED, first.covers + 3, MIA.user_id)
    assert [str(one.order_id) for one in found.seated] == [first.id, second.id]


async def test_an_order_without_a_table_tells_none_and_reads_none(
    world: World, event_recorder: EventRecorder
) -> None:
    table = await a_table(world)
    await done(world, await world.place())
    assert (await now(world, table)).version == table.version
    told = await event_recorder.of_type(world.deps.db, orders_events.TableUpdated, world.tenant)
    assert len(told) == 1


async def test_a_table_is_told_when_something_else_goes_on_and_not_else(
    world: World, event_recorder: EventRecorder
) -> None:
    table = await a_table(world)
    order = await world.place(table_id=table.id)
    await eaten(world, order)
    await world.pay(order, 100)
    await world.pay(order, order.totals.total_minor - 100)
    await world.complete(order.id)
    await clear(world, table)
    events = await event_recorder.of_type(world.deps.db, orders_events.TableUpdated, world.tenant)
    told = [(event.table.state, event.table.version) for event in events]
    assert told == [(1, 1), (3, 2), (4, 3), (5, 4), (1, 5)]  # free, occupied, paying, dirty, free


async def test_guests_who_pay_after_the_meal_are_paying_until_they_are_done(world: World) -> None:
    table = await a_table(world)
    order = await world.place(table_id=table.id)
    assert await state(world, table) is OCCUPIED
    await world.pay(order, 100)
    assert await state(world, table) is PAYING
    await world.pay(order, order.totals.total_minor - 100)
    assert await state(world, table) is PAYING
    await eaten(world, order)
    await world.complete(order.id)
    assert await state(world, table) is DIRTY


async def test_guests_who_have_paid_first_are_eating(world: World) -> None:
    table = await a_table(world)
    order = await world.place_pay_first(table_id=table.id)
    await world.pay(order, 100)
    assert await state(world, table) is PAYING
    await world.pay(order, order.totals.total_minor - 100)
    assert await state(world, table) is OCCUPIED


async def test_a_table_is_dirty_when_its_last_order_is_done_and_free_when_it_is_cleared(
    world: World,
) -> None:
    table = await a_table(world)
    first, second = [await world.place(table_id=table.id) for _ in range(2)]
    await done(world, first)
    assert await state(world, table) is OCCUPIED
    await done(world, second)
    assert await state(world, table) is DIRTY
    assert (await clear(world, table)).state == 1
    again = await clear(world, table)
    assert (again.state, again.version) == (1, (await now(world, table)).version)


async def test_nobody_clears_a_table_at_which_an_order_is_open(world: World) -> None:
    table = await a_table(world)
    order = await world.place(table_id=table.id)
    with pytest.raises(TableOccupied) as refused:
        await clear(world, table)
    assert refused.value.metadata["order_ids"] == order.id
    await done(world, order)
    await world.place(table_id=table.id)  # the next guests sit down before anybody has cleared
    with pytest.raises(TableOccupied):
        await clear(world, table)


async def test_a_cancelled_order_leaves_a_table_to_be_cleared_and_a_dropped_draft_leaves_it_as_it_was(
    world: World,
) -> None:
    table = await a_table(world)
    kept = await world.place(table_id=table.id, draft=True)
    assert await state(world, table) is OCCUPIED
    await world.cancel(kept.id)
    assert await state(world, table) is FREE
    await world.cancel((await world.place(table_id=table.id)).id)
    assert await state(world, table) is DIRTY
    kept = await world.place(table_id=table.id, draft=True)
    await world.cancel(kept.id)
    assert await state(world, table) is DIRTY


async def test_a_draft_that_is_placed_stays_at_its_table(world: World) -> None:
    table = await a_table(world, "12")
    kept = await world.place(table_id=table.id, draft=True)
    placed = await world.validate(kept.id)
    assert placed.table_name == "12"
    assert [ticket.table_name for ticket in await world.tickets(kept.id)] == ["12"]
    assert [str(one.order_id) for one in (await now(world, table)).seated] == [kept.id]
    await done(world, placed)
    assert await state(world, table) is DIRTY


async def test_as_many_orders_are_open_at_a_table_as_there_may_be(world: World) -> None:
    table = await a_table(world)
    for _ in range(ORDERS_AT_TABLE_MAX - 1):
        await world.place(table_id=table.id, draft=True)
    last = await world.place(table_id=table.id)
    with pytest.raises(TableFull):
        await world.place(table_id=table.id)
    await world.pay(last, 100)  # those who are there are told of as ever
    assert len((await now(world, table)).seated) == ORDERS_AT_TABLE_MAX
    await world.cancel(str((await now(world, table)).seated[0].order_id))
    await world.place(table_id=table.id)


async def test_orders_that_come_to_one_table_at_once_are_all_there(world: World) -> None:
    table = await a_table(world)
    placed = await asyncio.gather(*(world.place(table_id=table.id) for _ in range(6)))
    found = await now(world, table)
    assert {str(one.order_id) for one in found.seated} == {order.id for order in placed}
    assert found.version == 1 + len(placed)


async def test_an_order_and_the_end_of_its_table_at_once_leave_no_order_without_one(world: World) -> None:
    for _ in range(6):
        table = await a_table(world)
        await asyncio.gather(world.place(table_id=table.id), remove(world, table), return_exceptions=True)
        placed = [order for order in await open_orders(world) if order.table_id == table.id]
        tables = {str(one.id): one for one in await list_tables(world.deps, world.tenant)}
        seated = tables[table.id].seated if table.id in tables else ()
        assert [order.id for order in placed] == [str(one.order_id) for one in seated]


async def open_orders(world: World) -> list[orders_pb2.Order]:
    return list((await world.snapshot("orders")).orders.orders)


async def test_a_retry_is_answered_as_the_first_try_was(world: World) -> None:
    table = await a_table(world)
    await done(world, await world.place(table_id=table.id))
    first = await clear(world, table, key="one")
    await world.place(table_id=table.id)
    assert await clear(world, table, key="one") == first
    assert await state(world, table) is OCCUPIED


# --- reservations -------------------------------------------------------------------------------------------


async def tick(world: World, until: datetime) -> int:
    """The clock goes on and the sweep looks; of how many tables it told something."""
    world.clock.advance(until - world.clock.now())
    return await Changing(world.deps).sweep()


async def test_a_reservation_shows_from_half_an_hour_before_and_lapses(
    world: World, event_recorder: EventRecorder
) -> None:
    table = await a_table(world)
    eight = world.clock.now() + timedelta(hours=8)
    answered = await reserve(world, table, eight, 90, "Okonkwo")
    assert (answered.state, answered.reservation.name, answered.reservation.minutes) == (1, "Okonkwo", 90)
    moment = timedelta(milliseconds=1)
    assert await tick(world, eight - RESERVED_BEFORE - moment) == 0
    assert await state(world, table) is FREE
    assert await tick(world, eight - RESERVED_BEFORE) == 1
    assert await state(world, table) is RESERVED
    assert await tick(world, eight + timedelta(minutes=90) - moment) == 0
    assert await state(world, table) is RESERVED
    assert await tick(world, eight + timedelta(minutes=90)) == 1
    lapsed = await now(world, table)
    assert (lapsed.state, lapsed.reservation) == (FREE, None)
    assert await tick(world, eight + timedelta(hours=5)) == 0
    events = await event_recorder.of_type(world.deps.db, orders_events.TableUpdated, world.tenant)
    told = [(event.table.state, event.table.version) for event in events]
    assert told == [(1, 1), (1, 2), (2, 3), (1, 4)]


async def test_a_sweep_looks_after_the_tables_of_all_restaurants(world: World) -> None:
    places = [world, world.another()]
    tables = [await a_table(place) for place in places]
    soon = world.clock.now() + timedelta(hours=1)
    for place, table in zip(places, tables, strict=True):
        await reserve(place, table, soon)
    await asyncio.gather(tick(world, soon), Changing(world.deps).sweep())
    for place, table in zip(places, tables, strict=True):
        assert await state(place, table) is RESERVED
        assert (await now(place, table)).version == table.version + 2  # told once by however many


async def test_guests_at_the_door_find_their_table_reserved_at_once(world: World) -> None:
    table = await a_table(world)
    answered = await reserve(world, table, world.clock.now() + RESERVED_BEFORE)
    assert answered.state == 2
    await unreserve(world, table)
    answered = await reserve(world, table, world.clock.now() + RESERVED_BEFORE + timedelta(seconds=1))
    assert answered.state == 1


async def test_the_first_order_at_a_reserved_table_is_that_of_the_guests_who_were_expected(
    world: World,
) -> None:
    table = await a_table(world)
    await reserve(world, table, world.clock.now())
    order = await world.place(table_id=table.id)
    found = await now(world, table)
    assert (found.state, found.reservation) == (OCCUPIED, None)
    await done(world, order)
    assert await state(world, table) is DIRTY


async def test_guests_who_sit_there_before_do_not_take_the_reservation_of_later(world: World) -> None:
    table = await a_table(world)
    later = world.clock.now() + timedelta(hours=3)
    await reserve(world, table, later)
    order = await world.place(table_id=table.id)
    assert (await now(world, table)).reservation is not None
    await tick(world, later - RESERVED_BEFORE)
    assert await state(world, table) is OCCUPIED
    second = await world.place(table_id=table.id)  # one more for those who still sit there
    await done(world, order)
    await done(world, second)
    assert await state(world, table) is DIRTY
    assert (await clear(world, table)).state == 2
    assert (await clear(world, table)).state == 2  # to clear it twice takes nobody's reservation


async def test_a_table_has_one_reservation_at_a_time(world: World) -> None:
    table, later = await a_table(world), world.clock.now() + timedelta(hours=3)
    await reserve(world, table, later, 60, "Okonkwo")
    with pytest.raises(TableReserved) as refused:
        await reserve(world, table, later + timedelta(hours=3), 60, "Silva")
    assert refused.value.metadata == {"from": later.isoformat(), "minutes": "60"}
    freed = await unreserve(world, table)
    assert not freed.HasField("reservation")
    assert (await unreserve(world, table)).version == freed.version
    await reserve(world, table, later + timedelta(hours=3), 60, "Silva")


async def test_a_reservation_is_neither_over_nor_too_far_away(world: World) -> None:
    table, at = await a_table(world), world.clock.now()
    with pytest.raises(ReservationOver):
        await reserve(world, table, at - timedelta(minutes=60), 60)
    with pytest.raises(ReservationTooFar):
        await reserve(world, table, at + RESERVED_AHEAD_MAX + timedelta(seconds=1), 60)
    await reserve(world, table, at + RESERVED_AHEAD_MAX, 60)
    await unreserve(world, table)
    assert (await reserve(world, table, at - timedelta(minutes=59), 60)).state == 2


async def test_tables_of_others_are_not_reserved_or_cleared(world: World) -> None:
    table, other = await a_table(world), world.another()
    for command in (clear(other, table), unreserve(other, table), reserve(other, table, world.clock.now())):
        with pytest.raises(TableNotFound):
            await command
