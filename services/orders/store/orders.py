"""Orders with their lines, history and payments. Every write of an order is one statement."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from services.orders.domain.change import Change, Locked, PaymentRecorded
from services.orders.domain.errors import OrderNotFound, TicketNotFound
from services.orders.domain.figures import difference
from services.orders.domain.order import Order, StateChange
from services.orders.store import rows
from services.orders.store.copies import CopyVersions
from services.orders.store.rows import HISTORY_COLUMNS, LINE_COLUMNS, ORDER_COLUMNS, TICKET_COLUMNS

HISTORY_LIMIT = 1_000


class InsertedMeanwhile(Exception):
    """Two inserts of one id met; the other one won, and this transaction is lost."""


Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Inserted:
    """What became of an insert: the number given, or None because the id is taken or the copies are stale."""

    number: int | None
    taken: bool


def _names(columns: Columns) -> str:
    return ", ".join(name for name, _ in columns)


def _scalars(columns: Columns, first: int) -> str:
    return ", ".join(f"${first + index}::{kind}" for index, (_, kind) in enumerate(columns))


def _arrays(columns: Columns, first: int) -> str:
    """unnest of one array per column; JSON travels as text, which needs no second encoding."""
    kinds = ("text" if kind == "jsonb" else kind for _, kind in columns)
    return ", ".join(f"${first + index}::{kind}[]" for index, kind in enumerate(kinds))


def _casts(columns: Columns, alias: str) -> str:
    return ", ".join(f"{alias}.{name}{'::jsonb' if kind == 'jsonb' else ''}" for name, kind in columns)


def _updates(columns: Columns, skip: frozenset[str] = frozenset()) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name, _ in columns if name not in skip)


_DAY_COLUMNS = "placed, done, cancelled, gross_minor, paid_minor, tickets_open"
_ORDER_AT = 13
_LINE_AT = _ORDER_AT + len(ORDER_COLUMNS)
_TICKET_AT = _LINE_AT + len(LINE_COLUMNS)
_HISTORY_AT = _TICKET_AT + len(TICKET_COLUMNS)
_BUSINESS_DATE = f"${_ORDER_AT + [name for name, _ in ORDER_COLUMNS].index('business_date')}"

# $1 restaurant, $2 order, $3 number to keep, $4 take a number (0 or 1), $5..$10 figures, $11 version before
# (0: new), $12 settings version (0: not compared); then order, lines, tickets, history. The row of the day
# gives the number and stays locked until the commit; only the channels are locked later.
_DAY = f"""
day AS (
    INSERT INTO order_day AS d (restaurant_id, business_date, last_number, {_DAY_COLUMNS}, unpublished)
    SELECT $1::uuid, {_BUSINESS_DATE}::date, $4::int, $5::bigint, $6::bigint, $7::bigint, $8::bigint,
        $9::bigint, $10::bigint, true
    FROM wanted WHERE $4::int > 0 OR ($5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bigint)
        <> (0, 0, 0, 0, 0, 0)
    ON CONFLICT (restaurant_id, business_date) DO UPDATE SET
        last_number = d.last_number + excluded.last_number, placed = d.placed + excluded.placed,
        done = d.done + excluded.done, cancelled = d.cancelled + excluded.cancelled,
        gross_minor = d.gross_minor + excluded.gross_minor,
        paid_minor = d.paid_minor + excluded.paid_minor,
        tickets_open = d.tickets_open + excluded.tickets_open, unpublished = true
    RETURNING last_number
)"""  # noqa: S608 (built from the column lists of this package only)
_NUMBER = "CASE WHEN $4::int > 0 THEN (SELECT last_number FROM day) ELSE $3::int END"
_PARTS = f"""
lines AS (
    INSERT INTO order_line (restaurant_id, order_id, {_names(LINE_COLUMNS)})
    SELECT $1, $2, {_casts(LINE_COLUMNS, "l")}
    FROM saved, unnest({_arrays(LINE_COLUMNS, _LINE_AT)}) AS l ({_names(LINE_COLUMNS)})
    ON CONFLICT (restaurant_id, order_id, id) DO UPDATE SET {_updates(LINE_COLUMNS, frozenset({"id"}))}
),
tickets AS (
    INSERT INTO ticket (restaurant_id, order_id, order_number, undelivered_revision, {_names(TICKET_COLUMNS)})
    SELECT $1, $2, saved.number, 0, {_casts(TICKET_COLUMNS, "t")}
    FROM saved, unnest({_arrays(TICKET_COLUMNS, _TICKET_AT)}) AS t ({_names(TICKET_COLUMNS)})
    ON CONFLICT (restaurant_id, id) DO UPDATE SET {_updates(TICKET_COLUMNS, frozenset({"id"}))}
),
history AS (
    INSERT INTO order_history (restaurant_id, order_id, {_names(HISTORY_COLUMNS)})
    SELECT $1, $2, {_casts(HISTORY_COLUMNS, "h")}
    FROM saved, unnest({_arrays(HISTORY_COLUMNS, _HISTORY_AT)}) AS h ({_names(HISTORY_COLUMNS)})
)"""  # noqa: S608

_LAST = _HISTORY_AT + len(HISTORY_COLUMNS)
INSERT = f"""
WITH taken AS (SELECT 1 FROM orders WHERE restaurant_id = $1 AND id = $2),
wanted AS (
    SELECT 1 FROM restaurant
    WHERE restaurant_id = $1 AND settings_version = $12::bigint AND menu_version = ${_LAST}::bigint
      AND menu_wanted <= menu_version AND stations_version = ${_LAST + 1}::bigint
      AND $11::bigint = 0 AND NOT EXISTS (SELECT 1 FROM taken)
),{_DAY},
saved AS (
    INSERT INTO orders (restaurant_id, id, number, {_names(ORDER_COLUMNS)})
    SELECT $1, $2, {_NUMBER}, {_scalars(ORDER_COLUMNS, _ORDER_AT)} FROM wanted
    RETURNING number
),{_PARTS}
SELECT (SELECT number FROM saved) AS number, EXISTS (SELECT 1 FROM taken) AS taken
"""  # noqa: S608
UPDATE = f"""
WITH wanted AS (SELECT 1 WHERE $12::bigint = 0),{_DAY},
saved AS (
    UPDATE orders SET (number, {_names(ORDER_COLUMNS)})
        = (SELECT {_NUMBER}, {_scalars(ORDER_COLUMNS, _ORDER_AT)} FROM wanted)
    WHERE restaurant_id = $1 AND id = $2 AND version = $11::bigint
    RETURNING number
),{_PARTS}
SELECT number FROM saved
"""  # noqa: S608

SELECT = "SELECT * FROM orders WHERE restaurant_id = $1 AND id = $2"
SELECT_FOR_UPDATE = f"{SELECT} FOR UPDATE"
SELECT_LINES = """
SELECT * FROM order_line WHERE restaurant_id = $1 AND order_id = $2 ORDER BY position
"""
SELECT_LINES_OF = """
SELECT * FROM order_line WHERE restaurant_id = $1 AND order_id = ANY ($2::uuid[]) ORDER BY order_id, position
"""
SELECT_TICKETS = """
SELECT * FROM ticket WHERE restaurant_id = $1 AND order_id = $2 ORDER BY created_at, id
"""
SELECT_ORDER_OF_TICKET = "SELECT order_id FROM ticket WHERE restaurant_id = $1 AND id = $2"
SELECT_HISTORY = f"""
SELECT * FROM order_history WHERE restaurant_id = $1 AND order_id = $2 ORDER BY sequence LIMIT {HISTORY_LIMIT}
"""  # noqa: S608
INSERT_PAYMENT = """
INSERT INTO order_payment (restaurant_id, payment_id, order_id, sequence, method, amount_minor, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING true
"""
SELECT_CANCELLING = "SELECT updated_at, restaurant_id, order_id FROM orders_cancelling_since($1, $2, $3, $4)"
SELECT_UNPAID = "SELECT updated_at, restaurant_id, order_id FROM orders_unpaid_since($1, $2, $3, $4)"
SELECT_TO_COMPLETE = "SELECT restaurant_id, ready_at, order_id FROM orders_to_complete($1, $2, $3, $4, $5)"


async def insert_order(tx: Transaction, change: Change, versions: CopyVersions) -> Inserted:
    """Stores a new order and its parts, unless its id is taken or a copy that priced it is not the newest.

    Raises InsertedMeanwhile when somebody else inserts the same id at this moment: try again.
    """
    arguments = _arguments(tx, change, versions.settings)
    try:
        row = await tx.fetchrow(INSERT, *arguments, versions.menu, versions.stations)
    except asyncpg.UniqueViolationError as error:
        raise InsertedMeanwhile from error
    assert row is not None
    return Inserted(row["number"], row["taken"])


async def save(tx: Transaction, change: Change) -> int:
    """Stores a change of an order that this transaction has locked; answers the order's number."""
    number = await tx.fetchval(UPDATE, *_arguments(tx, change, 0))
    if number is None:
        raise RuntimeError(f"order {change.order.id} changed although it was locked")
    return int(number)


async def find_order(tx: Transaction, order_id: UUID) -> Order | None:
    """Two queries at most."""
    row = await tx.fetchrow(SELECT, tx.tenant, order_id)
    if row is None:
        return None
    return rows.rehydrate_order(row, await tx.fetch(SELECT_LINES, tx.tenant, order_id))


async def lock_order(tx: Transaction, order_id: UUID) -> Locked:
    """The order with its tickets, locked until the transaction ends. Raises OrderNotFound.

    Lines and tickets are read by statements of their own, after the lock: a subquery of the locking statement
    would see them as they were before a concurrent change that it waited for.
    """
    row = await tx.fetchrow(SELECT_FOR_UPDATE, tx.tenant, order_id)
    if row is None:
        raise OrderNotFound("There is no such order.")
    order = rows.rehydrate_order(row, await tx.fetch(SELECT_LINES, tx.tenant, order_id))
    tickets = await tx.fetch(SELECT_TICKETS, tx.tenant, order_id)
    return Locked(order, tuple(rows.rehydrate_ticket(ticket) for ticket in tickets))


async def lock_order_of_ticket(tx: Transaction, ticket_id: UUID) -> Locked:
    """As lock_order. Raises TicketNotFound."""
    order_id = await tx.fetchval(SELECT_ORDER_OF_TICKET, tx.tenant, ticket_id)
    if order_id is None:
        raise TicketNotFound("There is no such ticket.")
    return await lock_order(tx, order_id)


async def with_lines(tx: Transaction, order_rows: list[Any]) -> list[Order]:
    """The orders of these rows, in their order; one query for all lines."""
    if not order_rows:
        return []
    lines: dict[UUID, list[Any]] = {row["id"]: [] for row in order_rows}
    for line in await tx.fetch(SELECT_LINES_OF, tx.tenant, list(lines)):
        lines[line["order_id"]].append(line)
    return [rows.rehydrate_order(row, lines[row["id"]]) for row in order_rows]


async def find_history(tx: Transaction, order_id: UUID) -> list[StateChange]:
    """Oldest first, at most HISTORY_LIMIT."""
    found = await tx.fetch(SELECT_HISTORY, tx.tenant, order_id)
    return [rows.rehydrate_history(row) for row in found]


async def insert_payment(
    tx: Transaction, order_id: UUID, payment: PaymentRecorded, sequence: int, at: datetime
) -> bool:
    """False when this payment was recorded before."""
    inserted = await tx.fetchval(
        INSERT_PAYMENT,
        tx.tenant,
        payment.payment_id,
        order_id,
        sequence,
        payment.method,
        payment.amount_minor,
        at,
    )
    return inserted is not None


Due = tuple[datetime, UUID, UUID]
"""(last change, restaurant, order), oldest first."""
DUE_START: Due = (datetime.min.replace(tzinfo=UTC), UUID(int=0), UUID(int=0))
ToComplete = tuple[UUID, datetime, UUID]
"""(restaurant, when its last ticket became ready, order), in the order in which a round goes through them."""
TO_COMPLETE_START: ToComplete = (UUID(int=0), datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def find_cancelling(tx: Transaction, before: datetime, after: Due, limit: int) -> list[Due]:
    """Cancellations that hang since ``before``; needs no tenant."""
    return await _due(tx, SELECT_CANCELLING, before, after, limit)


async def find_unpaid(tx: Transaction, before: datetime, after: Due, limit: int) -> list[Due]:
    """pay_first orders without any money since ``before``; needs no tenant."""
    return await _due(tx, SELECT_UNPAID, before, after, limit)


async def _due(tx: Transaction, sql: str, before: datetime, after: Due, limit: int) -> list[Due]:
    at, _, order_id = after
    found = await tx.fetch(sql, before, at, order_id, limit)
    return [(row["updated_at"], row["restaurant_id"], row["order_id"]) for row in found]


async def find_to_complete(
    tx: Transaction, ready_before: datetime, after: ToComplete, limit: int
) -> list[ToComplete]:
    """Paid orders whose last ticket became ready before that; needs no tenant. One with several tickets is
    named several times.
    """
    found = await tx.fetch(SELECT_TO_COMPLETE, ready_before, *after, limit)
    return [(row["restaurant_id"], row["ready_at"], row["order_id"]) for row in found]


def _arguments(tx: Transaction, change: Change, settings_version: int) -> list[object]:
    order, before = change.order, change.before
    known = {line.id: line for line in before.lines} if before is not None else {}
    lines = [(position, line) for position, line in enumerate(order.lines) if known.get(line.id) is not line]
    takes_number = order.placed_at is not None and (before is None or before.placed_at is None)
    return [
        tx.tenant,
        order.id,
        order.number,
        int(takes_number),
        *difference(change).values,
        before.version if before is not None else 0,
        settings_version,
        *rows.order_values(order),
        *rows.line_values(lines),
        *rows.ticket_values(change.tickets),
        *rows.history_values(change.history),
    ]
