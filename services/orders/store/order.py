"""Orders. Every write of one is one statement, with its lines, tickets, history and what its day gains."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.orders.domain.errors import OrderNotFound, TicketNotFound
from services.orders.domain.menu import OrderType
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.order import Actor, Lifecycle, Line, Order, ServiceFlow, Totals
from services.orders.domain.restaurant import CopyVersions
from services.orders.pricing import BillMode, VatGroup
from services.orders.store.history import history_columns
from services.orders.store.line import find_lines, find_lines_of, line_columns
from services.orders.store.ticket import allergy_in, allergy_json, find_tickets_of, ticket_columns

# $1 restaurant, $2 order, $3 version before (0: it is new), $4 business day, $5..$7 versions of the copies.
# The row of the day gives the number and stays locked until the commit; without one no number is spent.
TAKE_NUMBER = """
WITH taken AS (
    SELECT 1 FROM orders WHERE restaurant_id = $1 AND id = $2 AND version <> $3
), fresh AS (
    SELECT 1 FROM restaurant
    WHERE restaurant_id = $1 AND settings_version = $5 AND menu_version = $6 AND menu_wanted <= menu_version
        AND stations_version = $7
), day AS (
    INSERT INTO order_day AS d (restaurant_id, business_date, last_number, placed, done, cancelled,
        gross_minor, paid_minor, tickets_open)
    SELECT $1, $4, 1, 0, 0, 0, 0, 0, 0 FROM fresh WHERE NOT EXISTS (SELECT 1 FROM taken)
    ON CONFLICT (restaurant_id, business_date) DO UPDATE SET last_number = d.last_number + 1
    RETURNING last_number
)
SELECT EXISTS (SELECT 1 FROM taken) AS taken, (SELECT last_number FROM day) AS number
"""
# As TAKE_NUMBER, for a draft: it has the number 0.
PROVE_DRAFT = """
SELECT EXISTS (SELECT 1 FROM orders WHERE restaurant_id = $1 AND id = $2) AS taken, (
    SELECT 0 FROM restaurant
    WHERE restaurant_id = $1 AND settings_version = $3 AND menu_version = $4 AND menu_wanted <= menu_version
        AND stations_version = $5
) AS number
"""
# What an order consists of beside its own row: $34..$53 lines, $54..$71 tickets, $72..$82 history, each
# column an array (JSON as text, which needs no second encoding), and $83..$88 what its day gains.
_PARTS = """
lines AS (
    INSERT INTO order_line (restaurant_id, order_id, id, position, item_id, category_id, name, quantity,
        unit_price_minor, options, note, seat, course, hold, gross_minor, discount_minor, vat_rate_bp,
        vat_minor, allergens, kitchen_state, voided, stock_tracked)
    SELECT $1, $2, l.id, l.position, l.item_id, l.category_id, l.name, l.quantity, l.unit_price_minor,
        l.options::jsonb, l.note, l.seat, l.course, l.hold, l.gross_minor, l.discount_minor, l.vat_rate_bp,
        l.vat_minor, l.allergens::jsonb, l.kitchen_state, l.voided, l.stock_tracked
    FROM saved, unnest($34::uuid[], $35::int[], $36::uuid[], $37::uuid[], $38::text[], $39::int[],
        $40::bigint[], $41::text[], $42::text[], $43::int[], $44::text[], $45::boolean[], $46::bigint[],
        $47::bigint[], $48::int[], $49::bigint[], $50::text[], $51::text[], $52::boolean[], $53::boolean[])
        AS l (id, position, item_id, category_id, name, quantity, unit_price_minor, options, note, seat,
        course, hold, gross_minor, discount_minor, vat_rate_bp, vat_minor, allergens, kitchen_state, voided,
        stock_tracked)
    ON CONFLICT (restaurant_id, order_id, id) DO UPDATE SET position = excluded.position,
        item_id = excluded.item_id, category_id = excluded.category_id, name = excluded.name,
        quantity = excluded.quantity, unit_price_minor = excluded.unit_price_minor,
        options = excluded.options, note = excluded.note, seat = excluded.seat, course = excluded.course,
        hold = excluded.hold, gross_minor = excluded.gross_minor, discount_minor = excluded.discount_minor,
        vat_rate_bp = excluded.vat_rate_bp, vat_minor = excluded.vat_minor, allergens = excluded.allergens,
        kitchen_state = excluded.kitchen_state, voided = excluded.voided,
        stock_tracked = excluded.stock_tracked
), tickets AS (
    INSERT INTO ticket (restaurant_id, order_id, order_number, undelivered_revision, id, station_id,
        station_name, revision, state, course, order_type, business_date, created_at, target_at, ready_at,
        acknowledged_at, alarm_cause, alarm_at, allergens, lines, guest_allergy, allergy_acknowledged_at)
    SELECT $1, $2, $3, 0, t.id, t.station_id, t.station_name, t.revision, t.state, t.course, t.order_type,
        t.business_date, t.created_at, t.target_at, t.ready_at, t.acknowledged_at, t.alarm_cause,
        t.alarm_at, t.allergens::jsonb, t.lines::jsonb, t.guest_allergy::jsonb, t.allergy_acknowledged_at
    FROM saved, unnest($54::uuid[], $55::uuid[], $56::text[], $57::int[], $58::text[], $59::text[],
        $60::text[], $61::date[], $62::timestamptz[], $63::timestamptz[], $64::timestamptz[],
        $65::timestamptz[], $66::text[], $67::timestamptz[], $68::text[], $69::text[], $70::text[],
        $71::timestamptz[])
        AS t (id, station_id, station_name, revision, state, course, order_type, business_date, created_at,
        target_at, ready_at, acknowledged_at, alarm_cause, alarm_at, allergens, lines, guest_allergy,
        allergy_acknowledged_at)
    ON CONFLICT (restaurant_id, id) DO UPDATE SET station_id = excluded.station_id,
        station_name = excluded.station_name, revision = excluded.revision, state = excluded.state,
        course = excluded.course, order_type = excluded.order_type, business_date = excluded.business_date,
        created_at = excluded.created_at, target_at = excluded.target_at, ready_at = excluded.ready_at,
        acknowledged_at = excluded.acknowledged_at, alarm_cause = excluded.alarm_cause,
        alarm_at = excluded.alarm_at, allergens = excluded.allergens, lines = excluded.lines,
        guest_allergy = excluded.guest_allergy, allergy_acknowledged_at = excluded.allergy_acknowledged_at
), history AS (
    INSERT INTO order_history (restaurant_id, order_id, sequence, axis, from_value, to_value, command_id,
        actor_id, actor_name, device_id, occurred_at, recorded_at, reason)
    SELECT $1, $2, h.sequence, h.axis, h.from_value, h.to_value, h.command_id, h.actor_id, h.actor_name,
        h.device_id, h.occurred_at, h.recorded_at, h.reason
    FROM saved, unnest($72::int[], $73::text[], $74::text[], $75::text[], $76::text[], $77::text[],
        $78::text[], $79::text[], $80::timestamptz[], $81::timestamptz[], $82::text[])
        AS h (sequence, axis, from_value, to_value, command_id, actor_id, actor_name, device_id,
        occurred_at, recorded_at, reason)
), day AS (
    INSERT INTO order_day AS d (restaurant_id, business_date, last_number, placed, done, cancelled,
        gross_minor, paid_minor, tickets_open, unpublished)
    SELECT $1, $12, 0, $83::bigint, $84::bigint, $85::bigint, $86::bigint, $87::bigint, $88::bigint, true
    FROM saved WHERE ($83::bigint, $84::bigint, $85::bigint, $86::bigint, $87::bigint, $88::bigint)
        <> (0, 0, 0, 0, 0, 0)
    ON CONFLICT (restaurant_id, business_date) DO UPDATE SET placed = d.placed + excluded.placed,
        done = d.done + excluded.done, cancelled = d.cancelled + excluded.cancelled,
        gross_minor = d.gross_minor + excluded.gross_minor, paid_minor = d.paid_minor + excluded.paid_minor,
        tickets_open = d.tickets_open + excluded.tickets_open, unpublished = true
)
"""
INSERT_ORDER = f"""
WITH saved AS (
    INSERT INTO orders (restaurant_id, id, number, state, lifecycle, payment_state, kitchen_state,
        service_flow, order_type, covers, currency_code, business_date, created_at, updated_at, placed_at,
        completed_at, version, bill_mode, menu_version, goods_minor, discount_minor, service_charge_minor,
        vat_minor, total_minor, paid_minor, vat, placed_by_id, placed_by_name, placed_by_device,
        content_hash, history_rows, cancel_reason, guest_allergy)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)
    RETURNING 1
), {_PARTS}
SELECT count(*) FROM saved
"""  # noqa: S608
# $89 is the version before.
UPDATE_ORDER = f"""
WITH saved AS (
    UPDATE orders SET number = $3, state = $4, lifecycle = $5, payment_state = $6, kitchen_state = $7,
        service_flow = $8, order_type = $9, covers = $10, currency_code = $11, business_date = $12,
        created_at = $13, updated_at = $14, placed_at = $15, completed_at = $16, version = $17,
        bill_mode = $18, menu_version = $19, goods_minor = $20, discount_minor = $21,
        service_charge_minor = $22, vat_minor = $23, total_minor = $24, paid_minor = $25, vat = $26,
        placed_by_id = $27, placed_by_name = $28, placed_by_device = $29, content_hash = $30,
        history_rows = $31, cancel_reason = $32, guest_allergy = $33
    WHERE restaurant_id = $1 AND id = $2 AND version = $89
    RETURNING 1
), {_PARTS}
SELECT count(*) FROM saved
"""  # noqa: S608
FIND_ORDER = "SELECT * FROM orders WHERE restaurant_id = $1 AND id = $2"
LOCK_ORDER = "SELECT * FROM orders WHERE restaurant_id = $1 AND id = $2 FOR UPDATE"
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
    """Two queries at most."""
    row = await tx.fetchrow(FIND_ORDER, tx.tenant, order_id)
    return None if row is None else _order_in(row, await find_lines(tx, order_id))


async def lock_order(tx: Transaction, order_id: UUID) -> Locked:
    """The order with its tickets, locked until the transaction ends. Raises OrderNotFound.

    Lines and tickets are read by statements of their own, after the lock: a subquery of the locking statement
    would see them as they were before a concurrent change that it waited for.
    """
    row = await tx.fetchrow(LOCK_ORDER, tx.tenant, order_id)
    if row is None:
        raise OrderNotFound("There is no such order.")
    order = _order_in(row, await find_lines(tx, order_id))
    return Locked(order, await find_tickets_of(tx, order_id))


async def lock_order_of_ticket(tx: Transaction, ticket_id: UUID) -> Locked:
    """As lock_order. Raises TicketNotFound."""
    order_id = await tx.fetchval(FIND_ORDER_OF_TICKET, tx.tenant, ticket_id)
    if order_id is None:
        raise TicketNotFound("There is no such ticket.")
    return await lock_order(tx, order_id)


async def orders_in(tx: Transaction, rows: Sequence[Record]) -> list[Order]:
    """The orders of these rows, in their order; one query for all lines."""
    lines = await find_lines_of(tx, [row["id"] for row in rows])
    return [_order_in(row, lines[row["id"]]) for row in rows]


def _order_in(row: Record, lines: tuple[Line, ...]) -> Order:
    """An order from a row with the columns of its table, and its lines."""
    return Order(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        number=row["number"],
        lifecycle=Lifecycle(row["lifecycle"]),
        service_flow=ServiceFlow(row["service_flow"]),
        order_type=OrderType(row["order_type"]),
        covers=row["covers"],
        currency_code=row["currency_code"],
        business_date=row["business_date"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        lines=lines,
        vat=tuple(VatGroup(*group) for group in row["vat"]),
        totals=Totals(
            row["goods_minor"],
            row["discount_minor"],
            row["service_charge_minor"],
            row["vat_minor"],
            row["total_minor"],
            row["paid_minor"],
        ),
        bill_mode=BillMode(row["bill_mode"]),
        menu_version=row["menu_version"],
        placed_by=Actor(row["placed_by_id"], row["placed_by_name"], row["placed_by_device"]),
        content_hash=row["content_hash"],
        history_rows=row["history_rows"],
        placed_at=row["placed_at"],
        completed_at=row["completed_at"],
        cancel_reason=row["cancel_reason"],
        guest_allergy=allergy_in(row["guest_allergy"]),
    )


def _values(tx: Transaction, change: Change) -> list[object]:
    """$1 to $88; of the lines only those that are new or changed."""
    order, totals, actor = change.order, change.order.totals, change.order.placed_by
    known = {line.id: line for line in change.before.lines} if change.before is not None else {}
    lines = [(position, line) for position, line in enumerate(order.lines) if known.get(line.id) is not line]
    return [
        tx.tenant,
        order.id,
        order.number,
        order.state.value,
        order.lifecycle.value,
        order.payment.value,
        order.kitchen.value,
        order.service_flow.value,
        order.order_type.value,
        order.covers,
        order.currency_code,
        order.business_date,
        order.created_at,
        order.updated_at,
        order.placed_at,
        order.completed_at,
        order.version,
        order.bill_mode.value,
        order.menu_version,
        totals.goods_minor,
        totals.discount_minor,
        totals.service_charge_minor,
        totals.vat_minor,
        totals.total_minor,
        totals.paid_minor,
        [[group.rate_bp, group.gross_minor, group.vat_minor] for group in order.vat],
        actor.user_id,
        actor.name,
        actor.device_id,
        order.content_hash,
        order.history_rows,
        order.cancel_reason,
        allergy_json(order.guest_allergy),
        *line_columns(lines),
        *ticket_columns(change.tickets),
        *history_columns(change.history),
        *change.gained.values,
    ]
