"""Bills: what orders say of them, the money on them, and whether they take more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from services.payments.domain.bill import (
    Bill,
    BillMode,
    BillState,
    Booked,
    Charges,
    OrderNews,
    Part,
    VatGroup,
)
from services.payments.domain.till import HalfPaid

SAVE_BILLS = """
SELECT * FROM save_bills($1::uuid[], $2::uuid[], $3::integer[], $4::bigint[], $5::text[], $6::integer[],
    $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
    $14::integer[], $15::jsonb, $16, $17)
"""
LOCK_BILL = "SELECT * FROM bill WHERE restaurant_id = $1 AND order_id = $2 FOR UPDATE"
HAS_BILL = (
    "SELECT EXISTS (SELECT 1 FROM bill WHERE restaurant_id = $1 AND order_id = $2 AND order_version > 0)"
)
# Without a bill a closed one is left behind: news of the order that arrive later find it closed.
CLOSE_BILL = """
INSERT INTO bill AS old (restaurant_id, order_id, order_number, order_version, currency_code, covers, state,
    mode, total_minor, service_minor, discount_minor, void_minor, vat, updated_at)
VALUES ($1, $2, 0, 0, '', 0, 'closed', 'inclusive_optional', 0, 0, 0, 0, '[]', $3)
ON CONFLICT (restaurant_id, order_id) DO UPDATE SET state = 'closed', updated_at = excluded.updated_at
WHERE old.state <> 'closed' AND old.paid_minor = 0
"""
HALF_PAID = """
SELECT order_id, order_number, total_minor - paid_minor AS due_minor FROM bill
WHERE restaurant_id = $1 AND state = 'open' AND paid_minor > 0 AND paid_minor < total_minor
  AND EXISTS (SELECT 1 FROM payment WHERE payment.restaurant_id = $1 AND payment.order_id = bill.order_id
              AND till_session_id = $2 AND method = 'cash')
ORDER BY order_number, order_id
"""


async def save_bills(
    tx: Transaction, news: Sequence[OrderNews], now: datetime, lock_wait_ms: int | None = None
) -> list[Bill]:
    """Keeps what newer versions of orders say: the bills that changed although there is money on them.

    Each is written as its own restaurant's, whatever restaurant the transaction is of.
    """
    found = [one.bill for one in news]
    charges = [bill.charges for bill in found]
    rows = await tx.fetch(
        SAVE_BILLS,
        [one.restaurant_id for one in news],
        [bill.order_id for bill in found],
        [bill.order_number for bill in found],
        [bill.order_version for bill in found],
        [bill.currency_code for bill in found],
        [bill.covers for bill in found],
        [bill.state.value for bill in found],
        [of.mode.value for of in charges],
        [of.total_minor for of in charges],
        [of.service_minor for of in charges],
        [of.discount_minor for of in charges],
        [of.void_minor for of in charges],
        [of.comp_minor for of in charges],
        [of.comp_count for of in charges],
        [[[group.rate_bp, group.gross_minor, group.vat_minor] for group in of.vat] for of in charges],
        now,
        lock_wait_ms,
    )
    return [bill_in(row) for row in rows]


async def lock_bill(tx: Transaction, order_id: UUID) -> Bill | None:
    """The bill, locked until the end of the transaction."""
    row = await tx.fetchrow(LOCK_BILL, tx.tenant, order_id)
    return None if row is None else bill_in(row)


async def has_bill(tx: Transaction, order_id: UUID) -> bool:
    """Whether the order has been heard of."""
    return bool(await tx.fetchval(HAS_BILL, tx.tenant, order_id))


async def close_bill(tx: Transaction, order_id: UUID, now: datetime) -> None:
    """No money can be put on this bill any more, also when it has not been heard of yet.

    A bill with money on it stays as it is; the bill is locked until the end of the transaction.
    """
    await tx.execute(CLOSE_BILL, tx.tenant, order_id, now)


async def half_paid_cash_orders(tx: Transaction, session_id: UUID) -> list[HalfPaid]:
    """Open bills with cash of this session on them and a balance left."""
    return [
        HalfPaid(UUID(int=row["order_id"].int), row["order_number"], row["due_minor"])
        for row in await tx.fetch(HALF_PAID, tx.tenant, session_id)
    ]


def bill_in(row: Mapping[str, Any]) -> Bill:
    """A bill from a row with the columns of its table."""
    return Bill(
        order_id=row["order_id"],
        order_number=row["order_number"],
        order_version=row["order_version"],
        currency_code=row["currency_code"],
        covers=row["covers"],
        state=BillState(row["state"]),
        charges=Charges(
            mode=BillMode(row["mode"]),
            total_minor=row["total_minor"],
            service_minor=row["service_minor"],
            discount_minor=row["discount_minor"],
            void_minor=row["void_minor"],
            comp_minor=row["comp_minor"] or 0,
            comp_count=row["comp_count"] or 0,
            vat=tuple(VatGroup(*group) for group in row["vat"]),
        ),
        paid_minor=row["paid_minor"],
        sequence=row["sequence"],
        booked=_booked_in(row["booked"]),
    )


def booked_json(booked: Booked) -> dict[str, Any]:
    """How ``Booked`` lies in its column; an empty object for a bill without money."""
    parts = [[account, rate, minor] for (account, rate), minor in booked.parts.items() if minor]
    sums = {"service": booked.service_minor, "discount": booked.discount_minor}
    comps = {"comp": booked.comp_minor, "comps": booked.comp_count}
    return {"parts": parts, **sums, **(comps if any(comps.values()) else {})}


def _booked_in(stored: Mapping[str, Any]) -> Booked:
    parts: dict[Part, int] = {(account, rate): minor for account, rate, minor in stored.get("parts", [])}
    sums = (stored.get(name, 0) for name in ("service", "discount", "comp", "comps"))
    return Booked(parts, *sums)
