"""Orders that go from table to table, and what tables and orders then say of each other."""

import asyncio
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import floor_pb2, orders_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Problem
from harness.fixtures import EventRecorder
from services.orders.domain.errors import IllegalTransition, OrderNotFound, TableFull, UnknownTable
from services.orders.domain.order.listing import OPEN_STATES, Filter
from services.orders.domain.table import ORDERS_AT_TABLE_MAX, TableState
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import draft, draft_line
from services.orders.tests.floor import a_section, a_table, clear, now, transfer
from services.orders.tests.world import World
from services.orders.usecases.order.order import list_orders
from services.orders.usecases.section import list_sections

FREE, OCCUPIED, PAYING, DIRTY = (
    TableState.FREE,
    TableState.OCCUPIED,
    TableState.PAYING,
    TableState.DIRTY,
)


async def states(world: World, *tables: floor_pb2.Table) -> list[TableState]:
    return [(await now(world, table)).state for table in tables]


async def test_the_whole_order_is_at_the_other_table_and_the_one_it_left_is_to_be_cleared(
    world: World,
) -> None:
    first, second = await a_table(world, "4"), await a_table(world, "7")
    order = await world.place(table_id=first.id)
    moved = await transfer(world, order, second)
    assert (moved.table_id, moved.table_name, moved.version) == (second.id, "7", order.version + 1)
    assert (await world.order(order.id)).table_name == "7"
    assert await states(world, first, second) == [DIRTY, OCCUPIED]
    assert [str(one.order_id) for one in (await now(world, second)).seated] == [order.id]


async def test_its_tickets_come_again_with_the_new_table_as_revisions_that_no_display_has_shown(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place(table_id=(await a_table(world, "4")).id)
    [before] = await world.tickets(order.id)
    await world.step(before.id, TicketStep.ACK)
    await transfer(world, order, await a_table(world, "7"))
    [ticket] = await world.tickets(order.id)
    assert (ticket.table_name, ticket.revision) == ("7", before.revision + 2)
    assert ticket.acknowledged_at is None
    db = world.deps.db
    [updated] = await event_recorder.of_type(db, orders_events.OrderUpdated, world.tenant)
    assert (updated.cause, updated.order.table_name) == ("transferred", "7")
    assert [(one.table_name, one.revision) for one in updated.tickets] == [("7", ticket.revision)]


async def test_what_is_served_stays_on_the_ticket_that_it_was(world: World) -> None:
    order = await world.place(table_id=(await a_table(world, "4")).id)
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    [served] = await world.tickets(order.id)
    await transfer(world, order, await a_table(world, "7"))
    assert await world.tickets(order.id) == [served]


async def test_what_is_fired_after_it_names_the_new_table(world: World) -> None:
    held = draft_line(world.burger, hold=True)
    order = await world.place(draft(held, table_id=(await a_table(world, "4")).id))
    await transfer(world, order, await a_table(world, "7"))
    await world.fire(order.id)
    assert [ticket.table_name for ticket in await world.tickets(order.id)] == ["7"]


async def test_its_history_tells_from_where_to_where_and_who(world: World) -> None:
    order = await world.place(table_id=(await a_table(world, "4")).id)
    await transfer(world, order, await a_table(world, "7"))
    change = (await world.history(order.id))[-1]
    assert (change.axis, change.from_value, change.to_value) == ("table", "4", "7")
    assert change.actor.name == "Mia"


async def test_an_order_without_a_table_sits_down_at_one(world: World) -> None:
    table = await a_table(world, "7")
    order = await world.place()
    moved = await transfer(world, order, table)
    assert moved.table_name == "7"
    assert await states(world, table) == [OCCUPIED]
    change = (await world.history(order.id))[-1]
    assert (change.axis, change.from_value, change.to_value) == ("table", "", "7")


async def test_orders_are_listed_by_the_table_where_they_are(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    stays, goes = [await world.place(table_id=first.id) for _ in range(2)]
    await transfer(world, goes, second)
    for table, order in ((first, stays), (second, goes)):
        page = await list_orders(world.deps, world.tenant, Filter(table_id=UUID(table.id)), None, 10)
        assert [str(one.id) for one in page.orders] == [order.id]


async def test_a_draft_goes_to_another_table_and_leaves_the_first_as_it_was(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    kept = await world.place(table_id=first.id, draft=True)
    await transfer(world, kept, second)
    assert await states(world, first, second) == [FREE, OCCUPIED]


async def test_money_that_is_on_it_goes_with_it(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    order = await world.place(table_id=first.id)
    await world.pay(order, 100)
    await transfer(world, order, second)
    assert await states(world, first, second) == [DIRTY, PAYING]


async def test_to_the_table_where_it_is_nothing_changes(world: World) -> None:
    table = await a_table(world)
    order = await world.place(table_id=table.id)
    assert await transfer(world, order, table) == order
    assert (await now(world, table)).version == 2
    assert len([one for one in await world.history(order.id) if one.axis == "table"]) == 1


async def test_a_closed_order_goes_nowhere(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    cancelled, done = [await world.place(table_id=first.id) for _ in range(2)]
    await world.cancel(cancelled.id)
    await world.cook(done.id, TicketStep.BUMP)
    await world.pay(done)
    await world.complete(done.id)
    for closed, was in ((cancelled, "cancelled"), (done, "done")):
        with pytest.raises(IllegalTransition) as refused:
            await transfer(world, closed, second)
        assert (refused.value.metadata["from"], refused.value.metadata["command"]) == (was, "transfer")
    assert await states(world, second) == [FREE]


async def test_it_goes_to_a_table_of_its_restaurant_that_has_room(world: World) -> None:
    first, full = await a_table(world), await a_table(world)
    order = await world.place(table_id=first.id)
    with pytest.raises(UnknownTable) as refused:
        await transfer(world, order, await a_table(world.another()))
    assert [error.field for error in refused.value.fields] == ["table_id"]
    with pytest.raises(OrderNotFound):
        await transfer(world.another(), order, first)
    for _ in range(ORDERS_AT_TABLE_MAX):
        await world.place(table_id=full.id, draft=True)
    with pytest.raises(TableFull):
        await transfer(world, order, full)
    assert (await world.order(order.id)).table_name == first.name  # nothing half done
    assert await states(world, first) == [OCCUPIED]


async def test_a_retry_is_answered_as_the_first_try_was(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    order = await world.place(table_id=first.id)
    moved = await transfer(world, order, second, key="one")
    await transfer(world, order, first)
    assert await transfer(world, order, second, key="one") == moved
    assert (await world.order(order.id)).table_name == first.name


async def test_orders_that_change_places_at_once_take_turns(world: World) -> None:
    first, second = await a_table(world), await a_table(world)
    for _ in range(4):
        here, there = [await world.place(table_id=table.id) for table in (first, second)]
        await asyncio.gather(transfer(world, here, second), transfer(world, there, first))
        assert [(await world.order(order.id)).table_name for order in (here, there)] == [
            second.name,
            first.name,
        ]
    await assert_consistent(world, [first, second])


# --- any interleaving --------------------------------------------------------------------------------------


async def assert_consistent(world: World, tables: list[floor_pb2.Table]) -> None:
    """What tables know of orders is what the orders say; and where money is due no table is free."""
    orders = list((await world.snapshot("orders")).orders.orders)
    open_states = {f"ORDER_STATE_{state.name}" for state in OPEN_STATES}
    for table in tables:
        found = await now(world, table)
        here = [one for one in orders if one.table_id == table.id]
        is_open = [one for one in here if orders_pb2.OrderState.Name(one.state) in open_states]
        assert {str(one.order_id) for one in found.seated} == {one.id for one in is_open}
        assert len(found.seated) == len(is_open)
        assert found.covers == sum(one.covers for one in is_open)
        due = sum(one.totals.due_minor for one in is_open)
        assert not (due and found.state in {FREE, TableState.RESERVED, DIRTY}), f"{due} due at a free table"
        assert (found.state in {OCCUPIED, PAYING}) == bool(is_open)


async def two_tables(world: World) -> list[floor_pb2.Table]:
    """In the one section of the restaurant."""
    sections = await list_sections(world.deps, world.tenant)
    section_id = str(sections[0].id) if sections else (await a_section(world)).id
    return [await a_table(world, section_id=section_id) for _ in range(2)]


class Play:
    """Two tables and the orders of this play; each step is one that people make, possible or not."""

    def __init__(self, world: World, tables: list[floor_pb2.Table]) -> None:
        self.world, self.tables = world, tables
        self.orders: list[orders_pb2.Order] = []
        self.refused: list[str] = []

    async def step(self, verb: str, at: int, which: int) -> None:
        """What is refused has no effect: that is looked at as well. Nobody is ever in another's way."""
        if verb not in {"place", "keep", "clear"} and not self.orders:
            return
        try:
            await getattr(self, f"_{verb}")(self.tables[at], which)
        except ConcurrentUpdate:
            raise  # a deadlock is no refusal
        except Problem as refusal:
            self.refused.append(refusal.reason)

    def _order(self, which: int) -> orders_pb2.Order:
        return self.orders[which % len(self.orders)]

    async def _place(self, table: floor_pb2.Table, which: int) -> None:
        flow = [orders_pb2.SERVICE_FLOW_PAY_LATER, orders_pb2.SERVICE_FLOW_PAY_FIRST][which % 2]
        wanted: Any = draft(draft_line(self.world.burger), table_id=table.id, covers=which + 1)
        wanted.service_flow = flow
        self.orders.append(await self.world.place(wanted))

    async def _keep(self, table: floor_pb2.Table, which: int) -> None:
        wanted = draft(draft_line(self.world.burger), table_id=table.id, covers=which + 1, draft=True)
        self.orders.append(await self.world.place(wanted))

    async def _validate(self, table: floor_pb2.Table, which: int) -> None:
        await self.world.validate(self._order(which).id)

    async def _transfer(self, table: floor_pb2.Table, which: int) -> None:
        await transfer(self.world, self._order(which), table)

    async def _pay_some(self, table: floor_pb2.Table, which: int) -> None:
        await self._take(which, 100)

    async def _pay_all(self, table: floor_pb2.Table, which: int) -> None:
        await self._take(which, (await self.world.order(self._order(which).id)).totals.due_minor)

    async def _take(self, which: int, amount_minor: int) -> None:
        order = await self.world.order(self._order(which).id)
        # As payments does it: only for a bill that there is, and that is open.
        if order.placed_at is not None and order.state in OPEN_STATES and order.totals.due_minor:
            await self.world.pay(self._order(which), min(amount_minor, order.totals.due_minor))

    async def _cook(self, table: floor_pb2.Table, which: int) -> None:
        await self.world.cook(self._order(which).id, TicketStep.BUMP, TicketStep.SERVE)

    async def _complete(self, table: floor_pb2.Table, which: int) -> None:
        await self.world.complete(self._order(which).id)

    async def _cancel(self, table: floor_pb2.Table, which: int) -> None:
        await self.world.cancel(self._order(which).id)

    async def _clear(self, table: floor_pb2.Table, which: int) -> None:
        await clear(self.world, table)


VERBS = (
    *("place", "place", "keep", "validate", "transfer", "transfer", "pay_some", "pay_all"),
    *("cook", "complete", "cancel", "clear"),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 1), st.integers(0, 3)), min_size=4, max_size=14
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
async def test_whatever_people_do_tables_know_their_open_orders_and_none_is_free_while_money_is_due(
    world: World, steps: list[tuple[str, int, int]]
) -> None:
    tables = await two_tables(world)
    play = Play(world, tables)
    for verb, at, which in steps:
        await play.step(verb, at, which)
        await assert_consistent(world, tables)


async def test_whatever_people_do_at_once_tables_know_their_open_orders(world: World) -> None:
    """Real concurrency: every pair of verbs on one order and on its table, in two transactions at once."""
    verbs = ("transfer", "pay_all", "complete", "cancel", "clear", "place")
    for one, other in product(verbs, repeat=2):
        tables = await two_tables(world)
        play = Play(world, tables)
        await play.step("place", 0, 0)
        await play.step("cook", 0, 0)
        await asyncio.gather(play.step(one, 1, 0), play.step(other, 0, 0))
        await assert_consistent(world, tables)
