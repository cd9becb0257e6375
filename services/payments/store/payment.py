"""Payments, and all that one of them moves. Rows here are only ever added."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from chassis.db.errors import ConcurrentUpdate
from chassis.ids import new_id
from services.payments.domain.actor import Actor
from services.payments.domain.bill import Share
from services.payments.domain.fee import Bearer, Fee, Method
from services.payments.domain.ledger import Entry
from services.payments.domain.payment import Checkout, Payment, PaymentStatus
from services.payments.store.actor import approver_in
from services.payments.store.bill import bill_in, booked_json
from services.payments.store.ledger import entry_columns
from services.payments.store.restaurant import restaurant_in
from services.payments.store.till import NEWEST, session_in

_T = TypeVar("_T")
# Everything that taking cash depends on, in one round trip; bill and session stay locked. Without a session
# named, the only open one is meant; `open_tills` tells none from several.
LOCK_CHECKOUT = """
WITH open_till AS (
    SELECT id FROM till_session WHERE restaurant_id = $1 AND state = 'open' ORDER BY opened_at LIMIT 2
), the_bill AS (
    SELECT * FROM bill WHERE restaurant_id = $1 AND order_id = $2 FOR UPDATE
), the_till AS (
    SELECT * FROM till_session WHERE restaurant_id = $1
        AND id = coalesce($3, (SELECT id FROM open_till WHERE (SELECT count(*) FROM open_till) = 1))
    FOR UPDATE
)
SELECT (SELECT count(*) FROM open_till) AS open_tills,
    the_bill.restaurant_id AS the_bill_restaurant_id, the_bill.order_id AS the_bill_order_id,
    the_bill.order_number AS the_bill_order_number, the_bill.order_version AS the_bill_order_version,
    the_bill.currency_code AS the_bill_currency_code, the_bill.covers AS the_bill_covers,
    the_bill.state AS the_bill_state, the_bill.mode AS the_bill_mode,
    the_bill.total_minor AS the_bill_total_minor, the_bill.service_minor AS the_bill_service_minor,
    the_bill.discount_minor AS the_bill_discount_minor, the_bill.void_minor AS the_bill_void_minor,
    the_bill.comp_minor AS the_bill_comp_minor, the_bill.comp_count AS the_bill_comp_count,
    the_bill.vat AS the_bill_vat, the_bill.paid_minor AS the_bill_paid_minor,
    the_bill.sequence AS the_bill_sequence, the_bill.booked AS the_bill_booked,
    the_till.restaurant_id AS the_till_restaurant_id, the_till.id AS the_till_id,
    the_till.till AS the_till_till, the_till.state AS the_till_state,
    the_till.currency_code AS the_till_currency_code, the_till.business_date AS the_till_business_date,
    the_till.opened_at AS the_till_opened_at, the_till.closed_at AS the_till_closed_at,
    the_till.opening_float_minor AS the_till_opening_float_minor,
    the_till.expected_minor AS the_till_expected_minor, the_till.counted_minor AS the_till_counted_minor,
    the_till.variance_minor AS the_till_variance_minor,
    the_till.variance_reason AS the_till_variance_reason, the_till.opened_by_id AS the_till_opened_by_id,
    the_till.opened_by_name AS the_till_opened_by_name,
    the_till.opened_by_device AS the_till_opened_by_device, the_till.closed_by_id AS the_till_closed_by_id,
    the_till.closed_by_name AS the_till_closed_by_name,
    the_till.closed_by_device AS the_till_closed_by_device, the_till.version AS the_till_version,
    the_till.closing_approver_id AS the_till_closing_approver_id,
    the_till.closing_approver_name AS the_till_closing_approver_name,
    the_restaurant.restaurant_id AS the_restaurant_restaurant_id,
    the_restaurant.version AS the_restaurant_version,
    the_restaurant.currency_code AS the_restaurant_currency_code,
    the_restaurant.time_zone AS the_restaurant_time_zone,
    the_restaurant.day_cutoff_minutes AS the_restaurant_day_cutoff_minutes,
    the_restaurant.fee_preset AS the_restaurant_fee_preset
FROM (SELECT 1) AS one
LEFT JOIN the_bill ON true LEFT JOIN the_till ON true
LEFT JOIN restaurant AS the_restaurant ON the_restaurant.restaurant_id = $1
"""
RECORD_PAYMENT = """
WITH paid AS (
    INSERT INTO payment (restaurant_id, id, order_id, order_number, sequence, method, status, currency_code,
        amount_minor, tip_minor, tendered_minor, change_minor, provider_fee_minor, platform_fee_minor,
        fee_bearer, till_session_id, check_id, business_date, created_at, user_id, user_name, device_id,
        gross_minor, discount_minor, void_minor, service_minor, covers, approver_id, approver_name, reason,
        comp_minor, comp_count)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $36, $37, $38, nullif($39::bigint, 0), nullif($40::integer, 0))
), billed AS (
    UPDATE bill SET paid_minor = paid_minor + $9, sequence = $5, booked = $28, updated_at = $19
    WHERE restaurant_id = $1 AND order_id = $3 AND state = 'open' AND paid_minor + $9 <= total_minor
    RETURNING 1
), moved AS (
    UPDATE till_session SET expected_minor = expected_minor + $11 - $12, version = version + 1
    WHERE restaurant_id = $1 AND id = $16 AND state = 'open' RETURNING 1
), drawer AS (
    INSERT INTO drawer_event (restaurant_id, id, till_session_id, kind, amount_minor, reason, payment_id,
        created_at, user_id, user_name, device_id)
    SELECT $1, part.id, $16, part.kind, part.amount, '', $2, $19, $20, $21, $22
    FROM (VALUES ($29::uuid, 'tendered', $11::bigint), ($30::uuid, 'change', $12::bigint))
        AS part (id, kind, amount)
    WHERE part.amount > 0
), booked AS (
    INSERT INTO ledger_transaction (restaurant_id, id, kind, business_date, created_at, payment_id,
        till_session_id, actor_id)
    VALUES ($1, $31, 'payment', $18, $19, $2, $16, $20)
), entries AS (
    INSERT INTO ledger_entry (restaurant_id, transaction_id, position, account, rate_bp, currency_code,
        debit_minor, credit_minor, business_date, till_session_id)
    SELECT $1, $31, entry.position, entry.account, entry.rate, $8, entry.debit, entry.credit, $18, $16
    FROM unnest($32::text[], $33::integer[], $34::bigint[], $35::bigint[]) WITH ORDINALITY
        AS entry (account, rate, debit, credit, position)
)
SELECT (SELECT count(*) FROM billed) AS billed, (SELECT count(*) FROM moved) AS moved
"""
TIPS = "SELECT coalesce(sum(tip_minor), 0)::bigint FROM payment WHERE restaurant_id = $1 AND order_id = $2"
TAKEN_FOR_CHECK = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM payment
WHERE restaurant_id = $1 AND order_id = $2 AND check_id = $3
"""
FIND_PAYMENT = "SELECT * FROM payment WHERE restaurant_id = $1 AND id = $2"
# One statement per filter: each has an index that gives its rows in order, however many payments there are.
LIST_PAYMENTS = """
SELECT * FROM payment
WHERE restaurant_id = $1 AND (created_at, id) < ($2, $3)
ORDER BY created_at DESC, id DESC LIMIT $4
"""
LIST_PAYMENTS_OF_ORDER = """
SELECT * FROM payment
WHERE restaurant_id = $1 AND order_id = $5 AND (created_at, id) < ($2, $3)
ORDER BY created_at DESC, id DESC LIMIT $4
"""
LIST_PAYMENTS_OF_TILL = """
SELECT * FROM payment
WHERE restaurant_id = $1 AND till_session_id = $5 AND (created_at, id) < ($2, $3)
ORDER BY created_at DESC, id DESC LIMIT $4
"""
LIST_PAYMENTS_OF_BOTH = """
SELECT * FROM payment
WHERE restaurant_id = $1 AND order_id = $5 AND till_session_id = $6 AND (created_at, id) < ($2, $3)
ORDER BY created_at DESC, id DESC LIMIT $4
"""


async def lock_checkout(tx: Transaction, order_id: UUID, session_id: UUID | None) -> Checkout:
    """Bill and till session, locked, and the restaurant's settings."""
    row = await tx.fetchrow(LOCK_CHECKOUT, tx.tenant, order_id, session_id)
    assert row is not None
    return Checkout(
        bill=_joined(row, "the_bill", bill_in),
        session=_joined(row, "the_till", session_in),
        restaurant=_joined(row, "the_restaurant", restaurant_in),
        open_tills=row["open_tills"],
    )


async def record_payment(tx: Transaction, payment: Payment, share: Share, entries: Sequence[Entry]) -> None:
    """Payment, bill, drawer, session and ledger in one statement.

    Raises ConcurrentUpdate where the payment's id was taken a moment ago: the same request finds it next
    time.
    """
    try:
        done = await tx.fetchrow(
            RECORD_PAYMENT,
            tx.tenant,
            payment.id,
            payment.order_id,
            payment.order_number,
            payment.sequence,
            payment.method.value,
            payment.status.value,
            payment.currency_code,
            payment.amount_minor,
            payment.tip_minor,
            payment.tendered_minor,
            payment.change_minor,
            payment.fee.provider_minor,
            payment.fee.platform_minor,
            payment.fee.bearer.value,
            payment.till_session_id,
            payment.check_id,
            payment.business_date,
            payment.created_at,
            payment.taken_by.user_id,
            payment.taken_by.name,
            payment.taken_by.device_id,
            share.gross_minor,
            share.discount_minor,
            share.void_minor,
            share.service_minor,
            share.covers,
            booked_json(share.booked),
            new_id(),
            new_id(),
            new_id(),
            *entry_columns(entries),
            None if payment.approved_by is None else payment.approved_by.user_id,
            None if payment.approved_by is None else payment.approved_by.name,
            payment.reason,
            share.comp_minor,
            share.comp_count,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "payment_pkey":
            raise
        raise ConcurrentUpdate(
            "This payment is being taken.", metadata={"retry_after_seconds": "1"}
        ) from error
    if done is None or (done["billed"], done["moved"]) != (1, 1):
        raise RuntimeError("a locked bill or till session has changed under its lock")


async def tips_on(tx: Transaction, order_id: UUID) -> int:
    """The tips of a bill so far, which must be locked."""
    tips: int = await tx.fetchval(TIPS, tx.tenant, order_id)
    return tips


async def taken_for_check(tx: Transaction, order_id: UUID, check_id: str) -> int:
    """What payments for a check of a bill have taken so far; the bill must be locked."""
    taken: int = await tx.fetchval(TAKEN_FOR_CHECK, tx.tenant, order_id, check_id)
    return taken


async def find_payment(tx: Transaction, payment_id: UUID) -> Payment | None:
    """One payment of the tenant."""
    row = await tx.fetchrow(FIND_PAYMENT, tx.tenant, payment_id)
    return None if row is None else _payment_in(row)


async def list_payments(
    tx: Transaction,
    *,
    order_id: UUID | None,
    session_id: UUID | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Payment]:
    """Payments, the newest first, older than ``before``."""
    page = (tx.tenant, *(before or NEWEST), limit)
    if order_id is None and session_id is None:
        rows = await tx.fetch(LIST_PAYMENTS, *page)
    elif session_id is None:
        rows = await tx.fetch(LIST_PAYMENTS_OF_ORDER, *page, order_id)
    elif order_id is None:
        rows = await tx.fetch(LIST_PAYMENTS_OF_TILL, *page, session_id)
    else:
        rows = await tx.fetch(LIST_PAYMENTS_OF_BOTH, *page, order_id, session_id)
    return [_payment_in(row) for row in rows]


def _joined(row: Record, alias: str, read: Callable[[Mapping[str, Any]], _T]) -> _T | None:
    """The part of a joined row that belongs to one table; None where the join found nothing."""
    if row[f"{alias}_restaurant_id"] is None:
        return None
    own = f"{alias}_"
    return read({name.removeprefix(own): value for name, value in row.items() if name.startswith(own)})


def _payment_in(row: Record) -> Payment:
    return Payment(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        order_id=row["order_id"],
        order_number=row["order_number"],
        sequence=row["sequence"],
        method=Method(row["method"]),
        status=PaymentStatus(row["status"]),
        currency_code=row["currency_code"],
        amount_minor=row["amount_minor"],
        tip_minor=row["tip_minor"],
        tendered_minor=row["tendered_minor"],
        change_minor=row["change_minor"],
        fee=Fee(row["provider_fee_minor"], row["platform_fee_minor"], Bearer(row["fee_bearer"])),
        till_session_id=row["till_session_id"],
        check_id=row["check_id"],
        business_date=row["business_date"],
        created_at=row["created_at"],
        taken_by=Actor(row["user_id"], row["user_name"], row["device_id"]),
        approved_by=approver_in(row),
        reason=row["reason"],
    )
