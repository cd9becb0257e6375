"""Orders: one row each, its message beside the columns by which it is found. Every write of one is one
statement, with its tickets, history and what its day gains.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
from fynlo.orders.v1 import orders_pb2

from chassis.db import Record, Transaction
from chassis.db.errors import ConcurrentUpdate
from services.orders.domain.errors import OrderNotFound, TicketNotFound
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.order import Order
from services.orders.domain.restaurant import CopyVersions
from services.orders.domain.timing import kitchen_at
from services.orders.store.history import history_values
from services.orders.store.ticket import find_tickets_of, ticket_columns
from services.orders.wire.order import order_message, order_of

# $1 restaurant, $2 order, $3 version before (0: it is new), $4 business day, $5..$7 versions of the copies.
# The row of the day is locked until the commit and gives the next number, which is written with the figures,
# by the statement that stores the order. The first order of a day makes the row, without any.
TAKE_NUMBER = """
WITH taken AS (
    SELECT 1 FROM orders WHERE restaurant_id = $1 AND id = $2 AND version <> $3
), fresh AS (
    SELECT 1 FROM restaurant
    WHERE restaurant_id = $1 AND settings_version = $5 AND menu_version = $6 AND menu_wanted <= menu_version
        AND stations_version = $7 AND NOT EXISTS (SELECT 1 FROM taken)
), day AS (
    SELECT last_number FROM order_day
    WHERE restaurant_id = $1 AND business_date = $4 AND EXISTS (SELECT 1 FROM fresh)
    FOR UPDATE
), first AS (
    INSERT INTO order_day AS d (restaurant_id, business_date, last_number, placed, done, cancelled,
        gross_minor, paid_minor, tickets_open)
    SELECT $1, $4, 0, 0, 0, 0, 0, 0, 0 FROM fresh WHERE NOT EXISTS (SELECT 1 FROM day)
    ON CONFLICT (restaurant_id, business_date) DO UPDATE SET last_number = d.last_number
    RETURNING last_number
)
SELECT EXISTS (SELECT 1 FROM taken) AS taken, (
    SELECT last_number + 1 FROM (SELECT last_number FROM day UNION ALL SELECT last_number FROM first) AS found
) AS number
"""
# As TAKE_NUMBER, for a draft: it has the number 0.
PROVE_DRAFT = """
SELECT EXISTS (SELECT 1 FROM orders WHERE restaurant_id = $1 AND id = $2) AS taken, (
    SELECT 0 FROM restaurant
    WHERE restaurant_id = $1 AND settings_version = $3 AND menu_version = $4 AND menu_wanted <= menu_version
        AND stations_version = $5
) AS number
"""
# What an order consists of beside its own row: $19..$29 tickets, each column an array; $30..$38 history,
# whose sequence is 0 where no axis moved; $39..$44 what its day gains. $45 is its table, $46 when the
# kitchen gets more of it by itself, $47 for when it was promised.
_PARTS = """
tickets AS (
    INSERT INTO ticket (restaurant_id, order_id, undelivered_revision, id, station_id, revision, state,
        business_date, created_at, ready_at, acknowledged_at, alarm_cause, alarm_at, body)
    SELECT $1, $2, 0, t.id, t.station_id, t.revision, t.state, t.business_date, t.created_at, t.ready_at,
        t.acknowledged_at, t.alarm_cause, t.alarm_at, t.body
    FROM saved, unnest($19::uuid[], $20::uuid[], $21::int[], $22::text[], $23::date[], $24::timestamptz[],
        $25::timestamptz[], $26::timestamptz[], $27::text[], $28::timestamptz[], $29::bytea[])
        AS t (id, station_id, revision, state, business_date, created_at, ready_at, acknowledged_at,
        alarm_cause, alarm_at, body)
    ON CONFLICT (restaurant_id, id) DO UPDATE SET order_id = excluded.order_id,
        station_id = excluded.station_id, revision = excluded.revision, state = excluded.state, business_date
        = excluded.business_date, created_at = excluded.created_at, ready_at = excluded.ready_at,
        acknowledged_at = excluded.acknowledged_at, alarm_cause = excluded.alarm_cause, alarm_at =
        excluded.alarm_at, body = excluded.body
), history AS (
    INSERT INTO order_history (restaurant_id, order_id, sequence, moved, command_id, actor_id, actor_name,
        device_id, occurred_at, recorded_at, reason)
    SELECT $1, $2, $30::int, $31::jsonb, $32::text, $33::text, $34::text, $35::text, $36::timestamptz,
        $37::timestamptz, $38::text
    FROM saved WHERE $30::int > 0
), day AS (
    INSERT INTO order_day AS d (restaurant_id, business_date, last_number, placed, done, cancelled,
        gross_minor, paid_minor, tickets_open, unpublished)
    SELECT $1, $9, $3, $39::bigint, $40::bigint, $41::bigint, $42::bigint, $43::bigint, $44::bigint, true
    FROM saved WHERE ($39::bigint, $40::bigint, $41::bigint, $42::bigint, $43::bigint, $44::bigint)
        <> (0, 0, 0, 0, 0, 0)
    ON CONFLICT (restaurant_id, business_date) DO UPDATE
    SET last_number = greatest(d.last_number, excluded.last_number), placed = d.placed + excluded.placed,
        done = d.done + excluded.done, cancelled = d.cancelled + excluded.cancelled,
        gross_minor = d.gross_minor + excluded.gross_minor, paid_minor = d.paid_minor + excluded.paid_minor,
        tickets_open = d.tickets_open + excluded.tickets_open, unpublished = true
)
"""
INSERT_ORDER = f"""
WITH saved AS (
    INSERT INTO orders (restaurant_id, id, number, state, lifecycle, payment_state, kitchen_state,
        service_flow, business_date, created_at, updated_at, placed_at, version, content_hash, history_rows,
        cancel_reason, item_names, body, table_id, kitchen_at, promised_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, lower($17::text), $18, $45,
        $46, $47)
    RETURNING 1
), {_PARTS}
SELECT count(*) FROM saved
"""  # noqa: S608
# $48 is the version before.
UPDATE_ORDER = f"""
WITH saved AS (
    UPDATE orders SET number = $3, state = $4, lifecycle = $5, payment_state = $6, kitchen_state = $7,
        service_flow = $8, business_date = $9, created_at = $10, updated_at = $11, placed_at = $12,
        version = $13, content_hash = $14, history_rows = $15, cancel_reason = $16,
        item_names = lower($17::text), body = $18, table_id = $45, kitchen_at = $46,
        promised_at = $47
    WHERE restaurant_id = $1 AND id = $2 AND version = $48
    RETURNING 1
), {_PARTS}
SELECT count(*) FROM saved
"""  # noqa: S608
FIND_ORDER = "SELECT * FROM orders WHERE restaurant_id = $1 AND id = $2"
LOCK_ORDER = "SELECT * FROM orders WHERE restaurant_id = $1 AND id = $2 FOR UPDATE"
# In one order, whoever locks: what one merges the other takes apart.
LOCK_ORDERS = """
SELECT * FROM orders WHERE restaurant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE
"""
# The row of the day is there: an order of it is locked.
NEXT_NUMBER = """
SELECT last_number + 1 FROM order_day WHERE restaurant_id = $1 AND business_date = $2 FOR UPDATE
"""
FIND_ORDERS = """
SELECT o.* FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (id, place)
JOIN orders AS o ON o.restaurant_id = $1 AND o.id = wanted.id ORDER BY wanted.place
"""
FIND_ORDER_OF_TICKET = "SELECT order_id FROM ticket WHERE restaurant_id = $1 AND id = $2"


class InsertedMeanwhile(Exception):
    """Two inserts of one id met; the other one won, and this transaction is lost."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether an order may be placed with what it was priced with, and its number (a draft has 0): None where
    its id is taken or a copy is not the newest."""

    number: int | None
    taken: bool


async def take_number(
    tx: Transaction, order_id: UUID, version: int, business_date: date, priced_with: CopyVersions
) -> Proof:
    """The next number of the day, for an order that is new (version 0) or a draft that this transaction has
    locked."""
    row = await tx.fetchrow(
        TAKE_NUMBER,
        tx.tenant,
        order_id,
        version,
        business_date,
        priced_with.settings,
        priced_with.menu,
        priced_with.stations,
    )
    assert row is not None
    return Proof(row["number"], row["taken"])


async def prove_draft(tx: Transaction, order_id: UUID, priced_with: CopyVersions) -> Proof:
    """As take_number, for an order that is kept as a draft."""
    row = await tx.fetchrow(
        PROVE_DRAFT, tx.tenant, order_id, priced_with.settings, priced_with.menu, priced_with.stations
    )
    assert row is not None
    return Proof(row["number"], row["taken"])


async def insert_order(tx: Transaction, change: Change) -> None:
    """Stores a new order and its parts.

    Raises InsertedMeanwhile when somebody else inserts the same id at this moment: try again.
    """
    try:
        await tx.execute(INSERT_ORDER, *_values(tx, change))
    except asyncpg.UniqueViolationError as error:
        raise InsertedMeanwhile from error


async def update_order(tx: Transaction, change: Change) -> None:
    """Stores a change of an order that this transaction has locked."""
    assert change.before is not None
    if await tx.fetchval(UPDATE_ORDER, *_values(tx, change), change.before.version) != 1:
        raise RuntimeError(f"order {change.order.id} changed although it was locked")


async def find_order(tx: Transaction, order_id: UUID) -> Order | None:
    """One row."""
    row = await tx.fetchrow(FIND_ORDER, tx.tenant, order_id)
    return None if row is None else order_in(row)


async def find_orders(tx: Transaction, order_ids: Sequence[UUID]) -> list[Order]:
    """Those of these orders that there are, in this order."""
    return [order_in(row) for row in await tx.fetch(FIND_ORDERS, tx.tenant, list(order_ids))]


async def lock_order(tx: Transaction, order_id: UUID) -> Locked:
    """The order with its tickets, locked until the transaction ends. Raises OrderNotFound.

    Tickets are read by a statement of their own, after the lock: a subquery of the locking statement would
    see them as they were before a concurrent change that it waited for.
    """
    row = await tx.fetchrow(LOCK_ORDER, tx.tenant, order_id)
    if row is None:
        raise OrderNotFound("There is no such order.")
    return Locked(order_in(row), await find_tickets_of(tx, order_id))


async def lock_orders(tx: Transaction, order_ids: Iterable[UUID]) -> dict[UUID, Locked]:
    """As lock_order, several of them. Raises OrderNotFound where one is missing."""
    wanted = list(order_ids)
    found = {row["id"]: order_in(row) for row in await tx.fetch(LOCK_ORDERS, tx.tenant, wanted)}
    missing = next((order_id for order_id in wanted if order_id not in found), None)
    if missing is not None:
        raise OrderNotFound(f"There is no order {missing}.")
    return {key: Locked(order, await find_tickets_of(tx, key)) for key, order in found.items()}


async def next_number(tx: Transaction, business_date: date) -> int:
    """Of a day that has orders; its row is locked until the order is stored."""
    number: int = await tx.fetchval(NEXT_NUMBER, tx.tenant, business_date)
    return number


async def lock_order_of_ticket(tx: Transaction, ticket_id: UUID) -> Locked:
    """As lock_order. Raises TicketNotFound, ConcurrentUpdate (it has just gone to another order)."""
    order_id = await tx.fetchval(FIND_ORDER_OF_TICKET, tx.tenant, ticket_id)
    if order_id is None:
        raise TicketNotFound("There is no such ticket.")
    locked = await lock_order(tx, order_id)
    if all(ticket.id != ticket_id for ticket in locked.tickets):
        raise ConcurrentUpdate("The ticket has just gone to another order.")
    return locked


def order_in(row: Record) -> Order:
    """The order of a row with the columns of its table."""
    return order_of(orders_pb2.Order.FromString(row["body"]), row)


def _values(tx: Transaction, change: Change) -> list[object]:
    """$1 to $47."""
    order = change.order
    return [
        tx.tenant,
        order.id,
        order.number,
        order.state.value,
        order.lifecycle.value,
        order.payment.value,
        order.kitchen.value,
        order.service_flow.value,
        order.business_date,
        order.created_at,
        order.updated_at,
        order.placed_at,
        order.version,
        order.content_hash,
        order.history_rows,
        order.cancel_reason,
        "\n".join(line.name for line in order.lines),
        order_message(order).SerializeToString(),
        *ticket_columns(change.tickets),
        *history_values(change.history),
        *change.gained.values,
        order.table_id,
        kitchen_at(order),
        order.promised_at,
    ]
