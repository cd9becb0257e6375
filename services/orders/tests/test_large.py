"""Everything that orders does by itself or shows in pages, over 2 * 10^5 orders: within the time-out of a
statement, and reading no more than its own share of the rows.

The tables are filled by SQL, once, with the past of two restaurants and of a fleet beside them.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from fynlo.orders.v1 import orders_pb2

from chassis.clock import FakeClock
from chassis.db import connection_options, prepare_connection
from chassis.messaging.channels import owned_by
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.reads import reading
from services.orders.domain.alarm import Unseen
from services.orders.domain.board import BOARD_TICKETS_MAX
from services.orders.domain.order.axes import Kitchen, State
from services.orders.domain.order.listing import Filter, Position
from services.orders.domain.ticket import TicketStep
from services.orders.store import alarm, ticket
from services.orders.store.listing import NAME_SEARCH_WINDOW
from services.orders.tests.builders import draft, draft_line, settings_message
from services.orders.tests.floor import a_table
from services.orders.tests.promises import place_for, sweep
from services.orders.tests.stand_ins import world_of
from services.orders.tests.world import World
from services.orders.usecases import alarm as alarms
from services.orders.usecases import ticket as tickets
from services.orders.usecases.board import get_all_day, get_expo
from services.orders.usecases.day import DAY_END_BATCH, DayEnd
from services.orders.usecases.order import order as orders
from services.orders.usecases.order import upkeep
from services.orders.usecases.pace import Lateness, Times, get_pace
from services.orders.usecases.slot import list_coming
from services.orders.usecases.snapshot import SNAPSHOT_CLOSED_ORDERS, SNAPSHOT_OPEN_ORDERS, SNAPSHOT_TICKETS
from services.orders.wire.ticket import ticket_message

RESTAURANTS = 2
EACH = 100_000
LINES = 3
DAYS = 1_000
OPEN_EACH = 50_000
"""Orders of each restaurant whose tickets nobody has served."""
BIG = {"orders", "ticket"}
LONG_AGO = datetime(2026, 3, 2, 18, tzinfo=UTC)
PAGE = 50
READY, SERVED = orders_pb2.KITCHEN_STATE_READY, orders_pb2.KITCHEN_STATE_SERVED
REPORTS = 1_000
FILL_SECONDS = 300

# A template's row as often as wanted; $1 of whom, $2 the template, $3 how many, $4 when it began.
ORDER = "md5($1::uuid::text || 'order' || n)::uuid"
AT = "$4::timestamptz - make_interval(mins => n)"
OLD = f"n > {OPEN_EACH}"
PAID = f"({OLD} OR n % 2 = 0)"
COOKED = f"CASE WHEN {OLD} THEN 'served' ELSE 'ready' END"
CHANGED = {
    "orders": {
        "id": ORDER,
        "number": "n",
        "created_at": AT,
        "updated_at": AT,
        "business_date": f"($4::timestamptz - make_interval(days => n * {DAYS} / $3::int))::date",
        "state": f"CASE WHEN {OLD} THEN 'done' ELSE 'ready' END",
        "lifecycle": f"CASE WHEN {OLD} THEN 'done' ELSE 'validated' END",
        "payment_state": f"CASE WHEN {PAID} THEN 'paid' ELSE 'unpaid' END",
        "kitchen_state": COOKED,
        "body": f"($5::bytea[])[CASE WHEN {OLD} THEN 3 WHEN {PAID} THEN 2 ELSE 1 END]",
        "promised_at": f"CASE WHEN {OLD} THEN {AT} END",
        "service_flow": "CASE WHEN n % 2 = 0 THEN 'pay_later' ELSE 'pay_first' END",
    },
    "ticket": {
        "id": "md5($1::uuid::text || 'ticket' || n)::uuid",
        "order_id": ORDER,
        "created_at": AT,
        "ready_at": AT,
        "business_date": f"($4::timestamptz - make_interval(days => n * {DAYS} / $3::int))::date",
        "state": f"CASE WHEN n % 5 = 0 THEN 'cancelled' WHEN {OLD} THEN 'served' ELSE 'ready' END",
        "acknowledged_at": AT,
        "body": f"($5::bytea[])[CASE WHEN {OLD} THEN 2 ELSE 1 END]",
    },
}


COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
"""


@pytest.fixture
async def world(service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[World]:
    """A restaurant on a database of one connection, whose counters say what it has read."""
    async with world_of(await service_database("orders", pool_size=1), fake_clock) as made:
        yield made


_filled: dict[str, World] = {}
"""Database -> the first restaurant whose past is in it, as it was then."""


@pytest.fixture
async def past(module_databases: ModuleDatabases, world: World) -> World:
    """The first of the restaurants with a long past. The last lets its orders complete by themselves."""
    name = await module_databases.name("orders")
    world.clock.advance(LONG_AGO - world.clock.now())
    if name not in _filled:
        owners = [world, *(world.another() for _ in range(RESTAURANTS - 1))]
        assert module_databases.infrastructure.admin_url is not None
        filler = await asyncpg.connect(
            module_databases.infrastructure.admin_url, database=name, **connection_options("orders")
        )
        try:
            await prepare_connection(filler)
            await filler.execute("SET statement_timeout = 0")
            for owner in owners:
                await fill(filler, owner, auto_complete=owner is owners[-1])
            await filler.execute("ANALYZE", timeout=FILL_SECONDS)
        finally:
            await filler.close()
        _filled[name] = world
    world.clock.advance(timedelta(days=1))
    world.tenant, world.burger = _filled[name].tenant, _filled[name].burger
    world.auth.settings[world.tenant] = settings_message(world.tenant, auto_complete=False)
    world.publish_menu()
    return world


async def fill(filler: asyncpg.Connection, owner: World, *, auto_complete: bool) -> None:
    """EACH orders like one that was really placed, each with LINES lines and a ticket."""
    owner.auth.settings[owner.tenant] = settings_message(owner.tenant, auto_complete=auto_complete)
    template = await owner.place(draft(*(draft_line(owner.burger) for _ in range(LINES))))
    [shown] = await owner.tickets(template.id)
    total = template.totals.total_minor
    # In the order in which CHANGED counts them.
    bodies = {
        "orders": [order_body(template, *kind) for kind in ((0, READY), (total, READY), (total, SERVED))],
        "ticket": [ticket_body(ticket_message(shown), cooked) for cooked in (READY, SERVED)],
    }
    for table, changed in CHANGED.items():
        names = [row["attname"] for row in await filler.fetch(COLUMNS, table)]
        which = "t.id = $2" if table == "orders" else "t.order_id = $2"
        values = ", ".join(changed.get(name, f"t.{name}") for name in names)
        await filler.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"
            f" FROM {table} AS t, generate_series(2, $3::int + 1) AS n"
            f" WHERE t.restaurant_id = $1 AND {which}"
            " AND ($4::timestamptz IS NOT NULL)",
            owner.tenant,
            UUID(template.id),
            EACH,
            LONG_AGO,
            bodies[table],
            timeout=FILL_SECONDS,
        )


def order_body(
    template: orders_pb2.Order, paid_minor: int, cooked: "orders_pb2.KitchenState.ValueType"
) -> bytes:
    body = orders_pb2.Order()
    body.CopyFrom(template)
    body.totals.paid_minor = paid_minor
    for line in body.lines:
        line.kitchen_state = cooked
    return body.SerializeToString()


def ticket_body(template: orders_pb2.Ticket, cooked: "orders_pb2.KitchenState.ValueType") -> bytes:
    body = orders_pb2.Ticket()
    body.CopyFrom(template)
    for line in body.lines:
        line.state = cooked
    return body.SerializeToString()


async def assert_cost_of_page(world: World, wanted: Filter, after: Position | None = None) -> Position | None:
    """Where the list goes on after a page, which was read by its index."""
    async with reading(world.deps.db) as read:
        page = await orders.list_orders(world.deps, world.tenant, wanted, after, PAGE)
    looked_at = NAME_SEARCH_WINDOW if wanted.name_prefix else PAGE + 1
    # Of each state one order more is looked at: the next.
    assert read.rows["orders"] <= looked_at + len(State), wanted
    assert BIG.isdisjoint(read.scanned), wanted
    return page.next


LISTS = {
    "all": Filter(),
    "done": Filter(states=(State.DONE,)),
    "any state": Filter(states=tuple(State)),
    "a day": Filter(business_date=date(2025, 6, 1)),
    "a number": Filter(number=77),
    "changed since": Filter(updated_since=LONG_AGO - timedelta(days=50)),
    "a name": Filter(name_prefix="nothing of that name"),
    "a name of some states": Filter(name_prefix="nothing of that name", states=(State.READY, State.DONE)),
    "a table": Filter(table_id=UUID(int=1)),
    "a table's open ones": Filter(table_id=UUID(int=1), states=(State.READY,)),
}


@pytest.mark.parametrize("wanted", LISTS.values(), ids=LISTS)
async def test_a_page_of_orders_costs_a_page_at_either_end_of_a_long_past(
    past: World, wanted: Filter
) -> None:
    following = await assert_cost_of_page(past, wanted)
    if following is not None:
        await assert_cost_of_page(past, wanted, following)
    deep = LONG_AGO - timedelta(minutes=EACH * 0.9)
    await assert_cost_of_page(past, wanted, (deep, UUID(int=0)))


@pytest.mark.parametrize("station", [False, True], ids=["all", "of a station"])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.9], ids=["newest", "older", "oldest"])
async def test_a_page_of_tickets_costs_a_page(past: World, share: float, station: bool) -> None:
    after = (LONG_AGO - timedelta(minutes=EACH * share), UUID(int=0))
    station_id = (await any_ticket(past))["station_id"] if station else None
    for states in ((), (Kitchen.SERVED,), (Kitchen.CANCELLED,), tuple(Kitchen)):
        async with reading(past.deps.db) as read:
            await tickets.list_tickets(past.deps, past.tenant, states, station_id, after, PAGE)
        assert read.rows["ticket"] <= max(3, len(states)) * (PAGE + 1), states
        assert BIG.isdisjoint(read.scanned)


@pytest.mark.parametrize("channel", sorted(owned_by("orders")))
async def test_a_snapshot_costs_what_it_shows(past: World, channel: str) -> None:
    async with reading(past.deps.db) as read:
        await past.snapshot(channel)
    orders = (SNAPSHOT_OPEN_ORDERS + SNAPSHOT_CLOSED_ORDERS) * len(State)
    assert read.rows["orders"] <= orders
    assert read.rows["ticket"] <= (len(Kitchen) + 1) * SNAPSHOT_TICKETS
    assert BIG.isdisjoint(read.scanned)


async def test_a_new_order_is_numbered_and_cooked_at_the_cost_of_one_order(past: World) -> None:
    await past.place()
    async with reading(past.deps.db) as read:
        order = await past.place()
        await past.pay(order)
        for ticket in await tickets_of(past, order.id):
            await past.step(ticket["id"], TicketStep.BUMP)
    assert order.number
    assert sum(read.rows[table] for table in BIG) <= 100
    assert BIG.isdisjoint(read.scanned)


async def test_an_order_without_a_table_looks_at_no_table(past: World) -> None:
    table = await a_table(past)
    await past.place()
    async with reading(past.deps.db) as read:
        await past.pay(await past.place())
    assert read.rows["floor_table"] == read.rows["floor_section"] == 0
    async with reading(past.deps.db) as read:
        await past.pay(await past.place(table_id=table.id))
    assert read.rows["floor_table"] > 0  # so it would have been counted
    assert BIG.isdisjoint(read.scanned)


async def test_the_sweep_of_orders_costs_its_batch_however_many_wait(past: World) -> None:
    """Unpaid ones to cancel, ones that may complete, and as many that their restaurant keeps open."""
    for _ in range(2):
        async with reading(past.deps.db) as read:
            closed = await upkeep.Sweeper(past.deps).sweep()
        assert closed == 2 * upkeep.SWEEP_BATCH, "as many as there may be of either kind"
        assert read.rows["orders"] <= 20 * upkeep.SWEEP_BATCH
        assert read.rows["ticket"] <= 20 * upkeep.SWEEP_BATCH
        assert BIG.isdisjoint(read.scanned)


async def test_the_end_of_a_day_costs_its_batch_however_many_tickets_are_left(past: World) -> None:
    chore = DayEnd(past.deps)
    for _ in range(3):
        async with reading(past.deps.db) as read:
            assert await chore.sweep() == DAY_END_BATCH
        assert read.rows["ticket"] <= 20 * DAY_END_BATCH
        assert read.rows["orders"] <= 20 * DAY_END_BATCH
        assert BIG.isdisjoint(read.scanned)


async def test_alarms_of_many_tickets_are_raised_told_and_ended_by_their_own_rows(past: World) -> None:
    placed = [await past.place() for _ in range(5)]
    waiting = [(row["id"], row["revision"]) for order in placed for row in await tickets_of(past, order.id)]
    old = [(await any_ticket(past))["id"]] * REPORTS
    async with reading(past.deps.db) as read:
        unseen = [Unseen(ticket, revision, "no_display") for ticket, revision in waiting]
        unseen += [Unseen(ticket, 1, "no_display") for ticket in old]
        await alarms.report_undelivered(past.deps, past.tenant, unseen)
        async with past.deps.db.transaction(past.tenant, readonly=True) as tx:
            told = await alarm.find_alarms(tx)
        await alarms.report_delivered(past.deps, past.tenant, waiting)
    assert {ticket.id for ticket in told} >= {ticket for ticket, _ in waiting}
    assert read.rows["ticket"] <= 2 * REPORTS
    assert BIG.isdisjoint(read.scanned)


async def test_what_goes_to_the_kitchen_by_itself_costs_its_own_orders(past: World) -> None:
    at = past.clock.now() + timedelta(hours=2)
    placed = [await place_for(past, at) for _ in range(5)]
    async with reading(past.deps.db) as read:
        assert [str(one.id) for one in await list_coming(past.deps, past.tenant)] == [
            one.id for one in placed
        ]
    assert read.rows["orders"] <= 2 * len(placed)
    past.clock.advance(timedelta(hours=2))
    async with reading(past.deps.db) as read:
        assert (await sweep(past), await sweep(past)) == (len(placed), 0)
    assert read.rows["orders"] <= 20 * len(placed)
    assert BIG.isdisjoint(read.scanned)


async def test_late_tickets_are_found_among_those_that_are_open_and_recent(past: World) -> None:
    """However many are ready for long: they are not late, and of another day."""
    fired = [await past.place() for _ in range(5)]
    past.clock.advance(timedelta(hours=1))
    told = []
    for _ in range(2):
        async with reading(past.deps.db) as read:
            told.append(await Lateness(past.deps).sweep())
        assert read.rows["ticket"] <= 10 * told[0]
        assert BIG.isdisjoint(read.scanned)
    assert told[0] >= len(fired)
    assert told[1] == 0


async def test_times_of_stations_cost_the_tickets_of_their_day(past: World) -> None:
    for order in [await past.place() for _ in range(5)]:
        for row in await tickets_of(past, order.id):
            await past.step(row["id"], TicketStep.BUMP)
    async with reading(past.deps.db) as read:
        assert await Times(past.deps).sweep() >= 1
    # A ticket a minute in each restaurant, of a day and of some hours.
    assert read.rows["ticket"] <= RESTAURANTS * 2 * 2 * 24 * 60
    assert BIG.isdisjoint(read.scanned)
    station_id = (await any_ticket(past))["station_id"]
    async with reading(past.deps.db) as read:
        await get_pace(past.deps, past.tenant, station_id)
    assert read.rows["ticket"] == 0


async def test_the_board_costs_what_it_shows(past: World) -> None:
    for board in (get_all_day(past.deps, past.tenant, None), get_expo(past.deps, past.tenant)):
        async with reading(past.deps.db) as read:
            await board
        assert read.rows["ticket"] <= 3 * (BOARD_TICKETS_MAX + 1)
        assert BIG.isdisjoint(read.scanned)


async def any_ticket(world: World) -> asyncpg.Record:
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        row = await tx.fetchrow("SELECT * FROM ticket WHERE restaurant_id = $1 LIMIT 1", world.tenant)
    assert row is not None
    return row


async def tickets_of(world: World, order_id: str) -> list[asyncpg.Record]:
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        return await tx.fetch(ticket.FIND_TICKETS_OF, world.tenant, UUID(order_id))
