"""Orders that were rows of many columns and lines are answered as before when they are messages."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from fynlo.orders.v1 import orders_pb2

from chassis.clock import FakeClock
from chassis.db import prepare_connection
from chassis.db.migrations import revert_migrations, run_migrations, schema_differences
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases, OpenDatabase
from services.orders.domain.order.axes import Kitchen, State
from services.orders.domain.order.listing import CLOSED_STATES, OPEN_STATES, Filter
from services.orders.domain.order.order import Order, StateChange
from services.orders.domain.ticket import OPEN_TICKET, Ticket, TicketStep
from services.orders.store.order import lock_order
from services.orders.tests import revision_0012 as before
from services.orders.tests.stand_ins import world_of
from services.orders.tests.world import World
from services.orders.usecases import ticket as tickets
from services.orders.usecases.order import order as orders
from services.orders.wire.order import order_message
from services.orders.wire.ticket import ticket_message

PREFIXES = ("tom", "soup", "żurek", "nr", "fish", "&", "chi", "hips", "omato", "żur%", "nr 4")
FLEET = 1_100
"""Orders of another restaurant: more than are converted at once."""
COPIES = """
INSERT INTO orders.{table} SELECT (made).* FROM (
    SELECT jsonb_populate_record(one, jsonb_build_object(
        'restaurant_id', $2::uuid, '{key}', md5(one.{key}::text || n)::uuid {more})) AS made
    FROM orders.{table} AS one, generate_series(1, {fleet}) AS n
    WHERE one.restaurant_id = $1 AND one.{key} = $3) AS all_of_them
"""


@dataclass
class Known:
    """What was answered before."""

    tenant: UUID
    orders: dict[UUID, Order]
    tickets: list[Ticket]
    histories: dict[UUID, list[StateChange]]
    found: dict[str, list[UUID]]
    states: dict[UUID, str]


@asynccontextmanager
async def administrator(databases: ModuleDatabases) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        databases.infrastructure.admin_url, database=await databases.name("orders")
    )
    try:
        await prepare_connection(connection)
        yield connection
    finally:
        await connection.close()


async def filled(connection: asyncpg.Connection, clock: FakeClock) -> Known:
    """A restaurant with orders of all kinds, and what the code of then said of them."""
    tenant, at = new_id(), clock.now()
    await before.insert(connection, "station", before.stations(tenant))
    for index, kind in enumerate(before.kinds(at)):
        rows = before.rows_of(tenant, kind, at + timedelta(minutes=index // 2))
        for table, these in rows.items():
            await before.insert(connection, table, these)
    known = await before.orders_of(connection, tenant)
    rows = await connection.fetch("SELECT id, state FROM orders.orders WHERE restaurant_id = $1", tenant)
    return Known(
        tenant,
        known,
        await before.tickets_of(connection, tenant),
        {one: await before.history_of(connection, tenant, one) for one in known},
        {
            prefix: [row["id"] for row in await connection.fetch(before.SEARCH, tenant, prefix)]
            for prefix in PREFIXES
        },
        {row["id"]: row["state"] for row in rows},
    )


@pytest.fixture
async def known(module_databases: ModuleDatabases, fake_clock: FakeClock) -> Known:
    """What a restaurant knew before the upgrade, which is done."""
    url = await module_databases.owner_url("orders")
    async with administrator(module_databases) as connection:
        await connection.execute("TRUNCATE orders.orders, orders.ticket, orders.order_history")
        await revert_migrations("orders", url, to=before.REVISION)
        made = await filled(connection, fake_clock)
        fleet, one = new_id(), next(id for id, state in made.states.items() if state == "ready")
        for table, key, more in (
            ("orders", "id", ", 'number', n"),
            ("order_line", "order_id", ""),
            ("ticket", "order_id", ", 'id', gen_random_uuid()"),
        ):
            statement = COPIES.format(table=table, key=key, more=more, fleet=FLEET)
            await connection.execute(statement, made.tenant, fleet, one)
        await run_migrations("orders", url)
        for table in ("orders", "ticket"):
            count = f"SELECT count(*) FROM orders.{table} WHERE restaurant_id = $1 AND body <> ''"
            assert await connection.fetchval(count, fleet) == FLEET
    assert await schema_differences("orders", url) == []
    return made


@pytest.fixture
async def world(known: Known, service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[World]:
    """The restaurant, after the upgrade."""
    async with world_of(await service_database("orders"), fake_clock) as made:
        made.tenant = known.tenant
        made.__post_init__()
        yield made


def newest(known: Known, *states: State) -> Iterator[Order]:
    return (order for order in known.orders.values() if known.states[order.id] in states)


async def test_every_order_ticket_and_history_is_answered_as_before(known: Known, world: World) -> None:
    assert set(known.states.values()) == set(State) - {State.MERGED}, "there is one in every state"
    for order_id, order in known.orders.items():
        assert await world.order(str(order_id)) == order
        assert await world.history(str(order_id)) == known.histories[order_id]
        async with world.deps.db.transaction(world.tenant) as tx:
            locked = await lock_order(tx, order_id)
        assert locked.order == order
        of_order = {ticket.id: ticket for ticket in known.tickets if ticket.order_id == order_id}
        assert {ticket.id: ticket for ticket in locked.tickets} == of_order


async def test_lists_and_searches_are_answered_as_before(known: Known, world: World) -> None:
    async def listed(**wanted: object) -> list[Order]:
        page = await orders.list_orders(
            world.deps,
            world.tenant,
            Filter(**wanted),  # type: ignore[arg-type]
            None,
            100,
        )
        assert page.next is None
        return page.orders

    assert await listed() == list(known.orders.values())
    for state in State:
        assert await listed(states=(state,)) == list(newest(known, state))
    oldest_change = sorted(known.orders.values(), key=lambda order: (order.updated_at, order.id))
    assert await listed(updated_since=oldest_change[3].updated_at) == oldest_change[3:]
    assert {len(found) for found in known.found.values()} >= {0, len(known.orders)}, "they differ"
    for prefix, found in known.found.items():
        assert [order.id for order in await listed(name_prefix=prefix)] == found, prefix
    for states in ([Kitchen.QUEUED], list(Kitchen)):
        shown, _ = await tickets.list_tickets(world.deps, world.tenant, states, None, None, 100)
        assert shown == [ticket for ticket in known.tickets if ticket.state in states]


async def test_snapshots_are_answered_as_before(known: Known, world: World) -> None:
    orders_state = (await world.snapshot("orders")).orders
    shown = [*newest(known, *OPEN_STATES), *newest(known, *CLOSED_STATES)]
    assert list(orders_state.orders) == [order_message(order) for order in shown]
    in_alarm = {str(ticket.id) for ticket in known.tickets if ticket.alarm is not None}
    assert {alarm.ticket.id for alarm in orders_state.alarms} == in_alarm != set()
    waiting = [
        ticket
        for ticket in known.tickets
        if ticket.state in OPEN_TICKET
        or (ticket.state is Kitchen.CANCELLED and ticket.acknowledged_at is None)
    ]
    kitchen = (await world.snapshot("kitchen")).kitchen
    assert list(kitchen.tickets) == [ticket_message(ticket) for ticket in waiting]


async def test_what_the_database_holds_of_an_order_is_the_message_that_is_told(
    known: Known, world: World
) -> None:
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        bodies = {row["id"]: row["body"] for row in await tx.fetch("SELECT id, body FROM orders")}
        of_tickets = {row["id"]: row["body"] for row in await tx.fetch("SELECT id, body FROM ticket")}
    for order_id, order in known.orders.items():
        assert orders_pb2.Order.FromString(bodies[order_id]) == order_message(order)
    for ticket in known.tickets:
        assert orders_pb2.Ticket.FromString(of_tickets[ticket.id]) == ticket_message(ticket)


async def test_orders_of_before_go_on(known: Known, world: World) -> None:
    [ready] = newest(known, State.READY)
    [ticket] = await world.tickets(str(ready.id))
    recalled = await world.step(ticket.id, TicketStep.RECALL)
    assert (recalled.revision, recalled.state) == (4, orders_pb2.KITCHEN_STATE_PREPARING)
    await world.step(ticket.id, TicketStep.BUMP)
    await world.complete(str(ready.id))
    history = await world.history(str(ready.id))
    assert history[:3] == known.histories[ready.id]
    assert [change.sequence for change in history] == list(range(1, len(history) + 1))
    assert (await world.order(str(ready.id))).history_rows == len(history)


async def test_the_code_of_before_writes_nothing_after_it(
    known: Known, module_databases: ModuleDatabases, fake_clock: FakeClock
) -> None:
    """Its statements name what is gone, so nothing is stored in a form that is read no more."""
    rows = before.rows_of(known.tenant, before.kinds(fake_clock.now())[0], fake_clock.now())
    async with administrator(module_databases) as connection:
        with pytest.raises(asyncpg.UndefinedColumnError):
            await before.insert(connection, "orders", rows["orders"])
        with pytest.raises(asyncpg.UndefinedTableError):
            await before.orders_of(connection, known.tenant)


async def test_there_is_no_way_back_once_there_are_orders(
    known: Known, module_databases: ModuleDatabases
) -> None:
    url = await module_databases.owner_url("orders")
    with pytest.raises(RuntimeError, match="restore the database from a backup"):
        await revert_migrations("orders", url, to=before.REVISION)
    await run_migrations("orders", url)  # what came after it and could be taken back
    assert await schema_differences("orders", url) == [], "nothing of it was taken back"
