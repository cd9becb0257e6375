"""Payments and the ledger. Rows here are only ever added."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from chassis.db.errors import ConcurrentUpdate
from chassis.ids import new_id
from services.payments.domain.bill import Bill, Share
from services.payments.domain.fees import Bearer, Fee, Method
from services.payments.domain.ledger import Entry
from services.payments.domain.payment import Payment, PaymentStatus, Restaurant
from services.payments.domain.till import Actor, TillSession
from services.payments.store.bills import BILL, RESTAURANT, bill_in, booked_json, restaurant_in
from services.payments.store.tills import NEWEST, SESSION, approver_in, session_in

_T = TypeVar("_T")
_JOINED = {"the_bill": BILL, "the_till": SESSION, "the_restaurant": RESTAURANT}

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
SELECT (SELECT count(*) FROM open_till) AS open_tills, {columns}
FROM (SELECT 1) AS one
LEFT JOIN the_bill ON true LEFT JOIN the_till ON true
LEFT JOIN restaurant AS the_restaurant ON the_restaurant.restaurant_id = $1
""".format(  # noqa: S608 - names of our own columns, put in once, at import
    columns=", ".join(
        f"{alias}.{column} AS {alias}_{column}" for alias, columns in _JOINED.items() for column in columns
    )
)
RECORD_PAYMENT = """
WITH paid AS (
    INSERT INTO payment (restaurant_id, id, order_id, order_number, sequence, method, status, currency_code,
        amount_minor, tip_minor, tendered_minor, change_minor, provider_fee_minor, platform_fee_minor,
        fee_bearer, till_session_id, check_id, business_date, created_at, user_id, user_name, device_id,
        gross_minor, discount_minor, void_minor, service_minor, covers, approver_id, approver_name, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $36, $37, $38)
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
RECORD_POSTING = """
WITH booked AS (
    INSERT INTO ledger_transaction (restaurant_id, id, kind, business_date, created_at, payment_id,
        till_session_id, actor_id)
    VALUES ($1, $2, $3, $4, $5, NULL, $6, $7)
)
INSERT INTO ledger_entry (restaurant_id, transaction_id, position, account, rate_bp, currency_code,
    debit_minor, credit_minor, business_date, till_session_id)
SELECT $1, $2, entry.position, entry.account, entry.rate, $8, entry.debit, entry.credit, $4, $6
FROM unnest($9::text[], $10::integer[], $11::bigint[], $12::bigint[]) WITH ORDINALITY
    AS entry (account, rate, debit, credit, position)
"""
TIPS = "SELECT coalesce(sum(tip_minor), 0)::bigint FROM payment WHERE restaurant_id = $1 AND order_id = $2"
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
TRIAL_BALANCE = """
SELECT account, currency_code, sum(debit_minor)::bigint AS debit_minor,
    sum(credit_minor)::bigint AS credit_minor
FROM ledger_entry WHERE restaurant_id = $1
GROUP BY account, currency_code ORDER BY account, currency_code
"""
TRIAL_BALANCE_OF_DAY = """
SELECT account, currency_code, sum(debit_minor)::bigint AS debit_minor,
    sum(credit_minor)::bigint AS credit_minor
FROM ledger_entry WHERE restaurant_id = $1 AND business_date = $2
GROUP BY account, currency_code ORDER BY account, currency_code
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a payment meets: each None where it is not there. ``open_tills`` counts to two at most."""

    bill: Bill | None
    session: TillSession | None
    restaurant: Restaurant | None
    open_tills: int


@dataclass(frozen=True, slots=True)
class Posting:
    """Entries of one money event that is no payment."""

    kind: str
    session: TillSession
    business_date: date
    at: datetime
    actor: Actor
    entries: tuple[Entry, ...]


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


async def record_payment(
    tx: Transaction, payment: Payment, bill: Bill, share: Share, entries: Sequence[Entry]
) -> None:
    """Payment, bill, drawer, session and ledger in one statement.

    Raises ConcurrentUpdate where the payment's id was taken a moment ago: the same request finds it next
    time.
    """
    first = payment.sequence == 1
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
            bill.charges.void_minor if first else 0,
            share.service_minor,
            bill.covers if first else 0,
            booked_json(share.booked),
            new_id(),
            new_id(),
            new_id(),
            *_columns(entries),
            None if payment.approved_by is None else payment.approved_by.user_id,
            None if payment.approved_by is None else payment.approved_by.name,
            payment.reason,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "payment_pkey":
            raise
        raise ConcurrentUpdate(
            "This payment is being taken.", metadata={"retry_after_seconds": "1"}
        ) from error
    if done is None or (done["billed"], done["moved"]) != (1, 1):
        raise RuntimeError("a locked bill or till session has changed under its lock")


async def record_posting(tx: Transaction, posting: Posting) -> None:
    """Books entries; nothing for none."""
    if not posting.entries:
        return
    await tx.execute(
        RECORD_POSTING,
        tx.tenant,
        new_id(),
        posting.kind,
        posting.business_date,
        posting.at,
        posting.session.id,
        posting.actor.user_id,
        posting.session.currency_code,
        *_columns(posting.entries),
    )


async def tips_on(tx: Transaction, order_id: UUID) -> int:
    """The tips of a bill so far, which must be locked."""
    tips: int = await tx.fetchval(TIPS, tx.tenant, order_id)
    return tips


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


async def trial_balance(tx: Transaction, day: date | None) -> list[tuple[str, str, int, int]]:
    """(account, currency, debits, credits) of one business date, or of all time."""
    if day is None:
        rows = await tx.fetch(TRIAL_BALANCE, tx.tenant)
    else:
        rows = await tx.fetch(TRIAL_BALANCE_OF_DAY, tx.tenant, day)
    return [(row["account"], row["currency_code"], row["debit_minor"], row["credit_minor"]) for row in rows]


def _joined(row: Record, alias: str, read: Callable[[Mapping[str, Any]], _T]) -> _T | None:
    """The part of a joined row that belongs to one table; None where the join found nothing."""
    if row[f"{alias}_restaurant_id"] is None:
        return None
    return read({column: row[f"{alias}_{column}"] for column in _JOINED[alias]})


def _columns(entries: Sequence[Entry]) -> tuple[list[str], list[int | None], list[int], list[int]]:
    return (
        [entry.account for entry in entries],
        [entry.rate_bp for entry in entries],
        [entry.debit_minor for entry in entries],
        [entry.credit_minor for entry in entries],
    )


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
