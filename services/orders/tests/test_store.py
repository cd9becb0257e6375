"""What is stored is what was decided; a restaurant sees its own; a list costs what a page costs."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.db import Transaction
from chassis.errors import Unavailable
from chassis.ids import new_id
from harness.fixtures import EventRecorder, ModuleDatabases
from services.orders.domain.order import cancelling
from services.orders.domain.order.axes import State
from services.orders.domain.order.basket import price_basket
from services.orders.domain.order.listing import Filter, Page
from services.orders.domain.order.order import Order
from services.orders.domain.order.placing import place
from services.orders.domain.ticket import TicketStep
from services.orders.store import listing
from services.orders.store import order as store
from services.orders.tests.builders import draft, draft_line, item_message, stamp
from services.orders.tests.floor import a_table
from services.orders.tests.world import World
from services.orders.usecases.order import order as orders
from services.orders.wire.order import wanted_order

OWN_TABLES = (
    "restaurant",
    "menu_part",
    "station",
    "orders",
    "ticket",
    "order_history",
    "order_payment",
    "order_day",
)


async def page(world: World, limit: int = 50, **wanted: Any) -> Page:
    return await orders.list_orders(world.deps, world.tenant, Filter(**wanted), None, limit)


def ids(orders: list[Order]) -> list[str]:
    return [str(order.id) for order in orders]


async def test_an_order_comes_back_as_it_was_decided(world: World) -> None:
    placed = await world.place(
        draft(draft_line(world.burger, 3, note="rare", seat=2, course="main", hold=True))
    )
    order = await world.order(placed.id)
    [line] = order.lines
    assert (line.note, line.seat, line.course, line.hold) == ("rare", 2, "main", True)
    assert (line.gross_minor, line.vat_minor) == (3000, 500)
    assert sum(one.gross_minor - one.discount_minor for one in order.lines) == order.totals.goods_minor
    assert sum(one.vat_minor for one in order.lines) == order.totals.vat_minor
    assert (order.number, order.version, order.history_rows) == (1, 1, 2)


async def test_what_is_stored_of_an_order_is_what_is_answered_and_published(
    world: World, event_recorder: EventRecorder
) -> None:
    answered = await world.place(draft(draft_line(world.burger, 2, note="rare"), draft_line(world.burger)))
    [told] = await event_recorder.of_type(world.deps.db, orders_events.OrderPlaced, world.tenant)
    [ticket] = told.tickets
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        body = orders_pb2.Order.FromString(await tx.fetchval("SELECT body FROM orders"))
        of_ticket = orders_pb2.Ticket.FromString(await tx.fetchval("SELECT body FROM ticket"))
    assert body == answered == told.order
    assert of_ticket == ticket


@pytest.mark.parametrize("at_a_table", [False, True])
async def test_the_answer_to_a_repeat_is_the_first_one_and_is_not_kept_beside_its_event(
    world: World, at_a_table: bool
) -> None:
    wanted = draft(draft_line(world.burger, 2, note="rare"))
    if at_a_table:
        wanted.table_id = (await a_table(world)).id
    first = await world.place_answer(wanted, key="k")
    await world.pay(first.order)
    await world.cook(first.order.id, TicketStep.START, TicketStep.BUMP)
    assert (await world.order(first.order.id)).version > first.order.version
    again = await world.place_answer(wanted, key="k")
    assert again.replayed
    assert again.order.SerializeToString() == first.order.SerializeToString()
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        kept = await tx.fetch("SELECT length(reply) AS bytes FROM idempotency WHERE key = 'k'")
    assert [row["bytes"] for row in kept] == [0]


async def test_what_one_command_did_is_one_row_of_the_history(world: World) -> None:
    placed = await world.place()
    await world.pay(placed)
    await world.cook(placed.id, TicketStep.START, TicketStep.BUMP)
    history = await world.history(placed.id)
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT sequence, jsonb_array_length(moved) AS axes FROM order_history ORDER BY 1"
        )
    assert [row["sequence"] for row in rows] == [1, 4, 6, 8]
    assert [change.sequence for change in history] == list(range(1, sum(row["axes"] for row in rows) + 1))
    assert (await world.order(placed.id)).history_rows == len(history)


async def test_lines_keep_their_order_through_changes(world: World) -> None:
    lines = [draft_line(world.burger, note=str(index)) for index in range(5)]
    placed = await world.place(draft(*lines))
    await world.cook(placed.id, TicketStep.START)
    assert [line.note for line in (await world.order(placed.id)).lines] == ["0", "1", "2", "3", "4"]


async def test_the_list_is_newest_first_and_filters_by_state_and_day(world: World) -> None:
    first = await world.place()
    world.clock.advance(timedelta(minutes=1))
    second = await world.place()
    await world.cook(second.id, TicketStep.START)
    world.clock.advance(timedelta(days=1))
    third = await world.place(draft=True)
    assert ids((await page(world)).orders) == [third.id, second.id, first.id]
    assert ids((await page(world, states=(State.PREPARING,))).orders) == [second.id]
    both = (State.DRAFT, State.VALIDATED)
    assert ids((await page(world, states=both)).orders) == [third.id, first.id]
    day = (await world.order(first.id)).business_date
    assert ids((await page(world, business_date=day)).orders) == [second.id, first.id]
    assert ids((await page(world, business_date=day, states=(State.VALIDATED,))).orders) == [first.id]
    assert (await page(world, table_id=new_id())).orders == []


async def test_updated_since_lists_what_a_client_missed_oldest_change_first(world: World) -> None:
    first = await world.place()
    world.clock.advance(timedelta(minutes=1))
    second = await world.place()
    world.clock.advance(timedelta(minutes=1))
    since = world.clock.now()
    await world.cook(first.id, TicketStep.START)
    assert ids((await page(world, updated_since=since)).orders) == [first.id]
    everything = (await page(world, updated_since=since - timedelta(hours=1))).orders
    assert ids(everything) == [second.id, first.id]


async def test_a_number_or_the_start_of_a_word_on_a_line_finds_an_order(world: World) -> None:
    soup = item_message(name="Tomato Soup")
    world.extra_items.append(soup)
    world.publish_menu()
    burger = await world.place()
    with_soup = await world.place(draft(draft_line(soup)))
    assert ids((await page(world, number=1)).orders) == [burger.id]
    for prefix in ("tom", "TOMATO", "soup"):
        assert ids((await page(world, name_prefix=prefix)).orders) == [with_soup.id]
    for prefix in ("omato", "to%", "_"):
        assert (await page(world, name_prefix=prefix)).orders == []


async def test_a_search_by_name_keeps_to_what_changed_since(world: World) -> None:
    old, cooked = await world.place(), await world.place()
    world.clock.advance(timedelta(minutes=1))
    since = world.clock.now()
    new = await world.place()
    await world.cook(cooked.id, TicketStep.START)
    found = await page(world, name_prefix="burger", updated_since=since)
    assert sorted(ids(found.orders)) == sorted([cooked.id, new.id])
    assert old.id not in ids(found.orders)


async def test_a_search_by_name_goes_on_where_its_window_ends(world: World) -> None:
    placed = [(await world.place()).id for _ in range(3)]
    first = await page(world, name_prefix="burger", limit=2)
    assert first.next is not None
    rest = await orders.list_orders(world.deps, world.tenant, Filter(name_prefix="burger"), first.next, 2)
    assert sorted(ids(first.orders) + ids(rest.orders)) == sorted(placed)
    assert rest.next is None


async def test_every_table_hides_the_rows_of_other_restaurants(world: World) -> None:
    order = await world.place()
    await world.pay(order, 100)
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        own = [table for table in OWN_TABLES if await _count(tx, table)]
    assert set(own) == set(OWN_TABLES) - {"menu_part"}
    for stranger in (new_id(), None):
        async with world.deps.db.transaction(stranger, readonly=True) as tx:
            assert [table for table in OWN_TABLES if await _count(tx, table)] == []


async def test_a_row_cannot_be_written_for_another_restaurant(world: World) -> None:
    await world.place()
    insert = "INSERT INTO order_day VALUES ($1, '2026-01-01', 1, 0, 0, 0, 0, 0, 0)"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.deps.db.transaction(new_id()) as tx:
            await tx.execute(insert, world.tenant)
    async with world.deps.db.transaction(new_id()) as tx:
        assert await tx.execute("UPDATE orders SET number = 7") == "UPDATE 0"


async def test_row_level_security_is_forced_on_every_table(module_databases: ModuleDatabases) -> None:
    connection = await asyncpg.connect(await module_databases.owner_url("orders"))
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'orders'::regnamespace"
            " AND relkind IN ('r', 'p') AND relrowsecurity AND relforcerowsecurity"
        )
    finally:
        await connection.close()
    assert set(OWN_TABLES) <= {row["relname"] for row in rows}


@pytest.mark.parametrize("table", ["order_history", "order_payment"])
async def test_history_and_money_are_never_rewritten(world: World, table: str) -> None:
    await world.place()
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET order_id = order_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.deps.db.transaction(world.tenant) as tx:
                await tx.execute(statement)


async def test_the_database_refuses_an_order_that_cannot_be(world: World) -> None:
    await world.place()
    for change in ("lifecycle = 'lost'", "number = 0"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with world.deps.db.transaction(world.tenant) as tx:
                await tx.execute(f"UPDATE orders SET {change}")


async def test_a_change_of_an_order_that_was_not_locked_is_noticed(world: World) -> None:
    order = await world.place()
    async with world.deps.db.transaction(world.tenant) as tx:
        locked = await store.lock_order(tx, UUID(order.id))
    await world.cook(order.id, TicketStep.START)
    with pytest.raises(RuntimeError, match="although it was locked"):
        async with world.deps.db.transaction(world.tenant) as tx:
            await store.update_order(tx, cancelling.begin_cancel(locked, stamp(reason="x")))


async def test_a_number_is_spent_by_a_commit_alone(world: World) -> None:
    first = await world.place()
    known = await world.deps.copies.get(world.tenant)
    day = known.terms(world.clock.now()).business_date
    with pytest.raises(Unavailable):
        async with world.deps.db.transaction(world.tenant) as tx:
            proof = await store.take_number(tx, new_id(), 0, day, known.versions)
            assert proof == store.Proof(2, taken=False)
            raise Unavailable("the process dies here")
    async with world.deps.db.transaction(world.tenant) as tx:
        assert await store.take_number(tx, UUID(first.id), 0, day, known.versions) == store.Proof(None, True)
        behind = replace(known.versions, menu=known.versions.menu - 1)
        assert await store.take_number(tx, new_id(), 0, day, behind) == store.Proof(None, False)
    assert (await world.place()).number == 2


async def test_an_order_is_one_row_of_each_of_its_tables_its_day_included(world: World) -> None:
    """The row of the day gives the number and is written with the figures, once."""
    await world.place()  # makes the row of the day
    known = await world.deps.copies.get(world.tenant)
    terms = known.terms(world.clock.now())
    asked = wanted_order(draft(draft_line(world.burger)), new_id())
    basket = price_basket(asked.lines, asked.order_type, 0, known.menu, terms)
    async with world.deps.db.transaction(world.tenant) as tx:
        before = await _written(tx)
        proof = await store.take_number(tx, asked.id, 0, terms.business_date, known.versions)
        assert proof.number == 2
        change = place(asked, basket, world.tenant, proof.number, known.stations, stamp(world.clock.now()))
        await store.insert_order(tx, change)
        assert {table: count - before[table] for table, count in (await _written(tx)).items()} == {
            "orders": 1,
            "ticket": 1,
            "order_history": 1,
            "order_day": 1,
        }
    assert (await world.place()).number == 3


async def test_orders_that_are_placed_at_once_get_numbers_without_a_gap(world: World) -> None:
    """Also the first of a day, whose row nobody has made."""
    for _ in range(2):
        placed = await asyncio.gather(*(world.place() for _ in range(12)))
        assert sorted(order.number for order in placed) == list(range(1, 13))
        world.clock.advance(timedelta(days=1))


class Counting:
    """Counts the statements that pass through a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self.tx, self.tenant, self.statements = tx, tx.tenant, 0

    def __getattr__(self, name: str) -> Any:
        self.statements += name.startswith("fetch") or name == "execute"
        return getattr(self.tx, name)


async def test_reading_an_order_or_a_page_takes_one_statement(world: World) -> None:
    placed = [(await world.place()).id for _ in range(3)]
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        counting = Counting(tx)
        await store.find_order(counting, UUID(placed[0]))  # type: ignore[arg-type]
        assert counting.statements == 1
        counting = Counting(tx)
        found = await listing.find_page(counting, Filter(), None, 50)  # type: ignore[arg-type]
        assert (counting.statements, len(found.orders)) == (1, 3)


async def _count(tx: Transaction, table: str) -> int:
    return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))


async def _written(tx: Transaction) -> dict[str, int]:
    """Table -> rows inserted and updated, which the connection has not reported yet."""
    counted = await tx.fetch(
        "SELECT name, pg_stat_get_xact_tuples_inserted(name::regclass)"
        " + pg_stat_get_xact_tuples_updated(name::regclass) AS rows"
        " FROM unnest(ARRAY['orders', 'ticket', 'order_history', 'order_day']) AS name"
    )
    return {row["name"]: row["rows"] for row in counted}
