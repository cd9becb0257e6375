"""The sums that a report needs, and the Z reports that were issued."""

from datetime import date
from uuid import UUID

from chassis.db import Record, Transaction
from services.payments.domain.fee import Method
from services.payments.domain.report import IssuedReport, OfNothing, Taken, TillReport, VatTotal
from services.payments.domain.till import TillSession

TAKEN = """
SELECT method, user_id, max(user_name) AS name, count(*)::integer AS count,
    sum(amount_minor)::bigint AS amount_minor, sum(tip_minor)::bigint AS tip_minor,
    sum(provider_fee_minor + platform_fee_minor)::bigint AS fee_minor, sum(gross_minor)::bigint AS
    gross_minor, sum(discount_minor)::bigint AS discount_minor, sum(void_minor)::bigint AS void_minor,
    coalesce(sum(comp_minor), 0)::bigint AS comp_minor, coalesce(sum(comp_count), 0)::integer AS comp_count,
    sum(service_minor)::bigint AS service_minor, sum(covers)::integer AS covers,
    count(*) FILTER (WHERE sequence = 1)::integer AS order_count,
    coalesce(min(nullif(order_number, 0)), 0) AS first_order_number, max(order_number) AS last_order_number
FROM payment WHERE restaurant_id = $1 AND till_session_id = $2
GROUP BY method, user_id ORDER BY method, user_id
"""
VAT = """
SELECT rate_bp, sum(credit_minor - debit_minor)::bigint AS gross_minor,
    coalesce(sum(credit_minor - debit_minor) FILTER (WHERE account = 'vat_payable'), 0)::bigint AS vat_minor
FROM ledger_entry WHERE restaurant_id = $1 AND till_session_id = $2 AND rate_bp IS NOT NULL
GROUP BY rate_bp ORDER BY rate_bp
"""
CASH = """
SELECT kind, sum(amount_minor)::bigint AS amount_minor
FROM drawer_event WHERE restaurant_id = $1 AND till_session_id = $2 GROUP BY kind
"""
_SUMS_OF_NOTHING = """
count(*)::integer AS order_count, coalesce(sum(comp_count), 0)::integer AS comp_count,
coalesce(sum(comp_minor), 0)::bigint AS comp_minor, coalesce(sum(discount_minor), 0)::bigint AS
discount_minor, coalesce(sum(void_minor), 0)::bigint AS void_minor
"""
_OF_NOTHING = "restaurant_id = $1 AND total_minor = 0 AND paid_minor = 0 AND discount_minor + void_minor > 0"
UNTOLD_NOTHING = f"SELECT {_SUMS_OF_NOTHING} FROM bill WHERE {_OF_NOTHING} AND told_in_z IS NULL"  # noqa: S608
TOLD_NOTHING = f"""
SELECT {_SUMS_OF_NOTHING} FROM bill WHERE {_OF_NOTHING} AND told_in_z =
    (SELECT number FROM z_report WHERE restaurant_id = $1 AND till_session_id = $2)
"""  # noqa: S608
# One that somebody has at this moment is the next report's: whoever pays waits for the till after the bill.
TELL_NOTHING = f"""
WITH found AS (
    SELECT order_id FROM bill WHERE {_OF_NOTHING} AND told_in_z IS NULL FOR UPDATE SKIP LOCKED
), told AS (
    UPDATE bill SET told_in_z = $2 FROM found
    WHERE bill.restaurant_id = $1 AND bill.order_id = found.order_id
    RETURNING comp_count, comp_minor, discount_minor, void_minor
)
SELECT {_SUMS_OF_NOTHING} FROM told
"""  # noqa: S608
# The row stays locked until the commit and a rollback gives the number back: numbers have no gap.
NEXT_NUMBER = """
INSERT INTO z_counter AS counter (restaurant_id, last_number) VALUES ($1, 1)
ON CONFLICT (restaurant_id) DO UPDATE SET last_number = counter.last_number + 1
RETURNING last_number
"""
LAST_NUMBER = "SELECT coalesce(max(last_number), 0) FROM z_counter WHERE restaurant_id = $1"
INSERT_Z_REPORT = """
INSERT INTO z_report (restaurant_id, number, till_session_id, business_date, content, previous_hash, hash,
    issued_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
READ_Z_REPORT = """
SELECT number, content, previous_hash, hash FROM z_report WHERE restaurant_id = $1 AND number = $2
"""
Z_REPORTS_AFTER = """
SELECT number, content, previous_hash, hash FROM z_report
WHERE restaurant_id = $1 AND number > $2 ORDER BY number LIMIT $3
"""
LIST_Z_REPORTS = """
SELECT number, content, previous_hash, hash FROM z_report
WHERE restaurant_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3
"""
LIST_Z_REPORTS_OF_DAY = """
SELECT number, content, previous_hash, hash FROM z_report
WHERE restaurant_id = $1 AND number < $2 AND business_date = $4 ORDER BY number DESC LIMIT $3
"""
HIGHEST_NUMBER = 2**63 - 1


async def taken_in(tx: Transaction, session_id: UUID) -> list[Taken]:
    """Payments of a session, summed up by method and person."""
    rows = await tx.fetch(TAKEN, tx.tenant, session_id)
    return [Taken(**{**dict(row), "method": Method(row["method"])}) for row in rows]


async def vat_in(tx: Transaction, session_id: UUID) -> list[VatTotal]:
    """What the ledger has for a session under each VAT rate."""
    rows = await tx.fetch(VAT, tx.tenant, session_id)
    return [VatTotal(row["rate_bp"], row["gross_minor"], row["vat_minor"]) for row in rows]


async def moved_by_kind(tx: Transaction, session_id: UUID) -> dict[str, int]:
    """What moved in a session's drawer, in minor units by kind of event, sales among them."""
    return {row["kind"]: row["amount_minor"] for row in await tx.fetch(CASH, tx.tenant, session_id)}


async def nothing_in(tx: Transaction, session: TillSession) -> OfNothing:
    """Orders that came to nothing and that no report has told; of a closed session those that its own did."""
    if session.closed_at is None:
        row = await tx.fetchrow(UNTOLD_NOTHING, tx.tenant)
    else:
        row = await tx.fetchrow(TOLD_NOTHING, tx.tenant, session.id)
    return _nothing_in(row)


async def tell_nothing(tx: Transaction, number: int) -> OfNothing:
    """Orders that came to nothing and that no report has told: from now on this one does."""
    return _nothing_in(await tx.fetchrow(TELL_NOTHING, tx.tenant, number))


async def next_z_number(tx: Transaction) -> int:
    """The restaurant's next number, its own until the transaction ends."""
    number: int = await tx.fetchval(NEXT_NUMBER, tx.tenant)
    return number


async def insert_z_report(tx: Transaction, report: TillReport, issued: IssuedReport) -> None:
    """Keeps an issued report; ``report`` is what is in it."""
    await tx.execute(
        INSERT_Z_REPORT,
        tx.tenant,
        issued.number,
        report.till_session_id,
        report.business_date,
        issued.content,
        issued.previous_hash,
        issued.hash,
        report.until_time,
    )


async def read_z_report(tx: Transaction, number: int) -> IssuedReport | None:
    """One issued report, as stored."""
    row = await tx.fetchrow(READ_Z_REPORT, tx.tenant, number)
    return None if row is None else _issued_in(row)


async def last_z_number(tx: Transaction) -> int:
    """The number that was given last; 0 before the first."""
    number: int = await tx.fetchval(LAST_NUMBER, tx.tenant)
    return number


async def z_reports_after(tx: Transaction, number: int, limit: int) -> list[IssuedReport]:
    """Issued reports in the order of their numbers."""
    return [_issued_in(row) for row in await tx.fetch(Z_REPORTS_AFTER, tx.tenant, number, limit)]


async def list_z_reports(
    tx: Transaction, *, day: date | None, before: int | None, limit: int
) -> list[IssuedReport]:
    """Issued reports, the newest first, with numbers below ``before``."""
    page = (tx.tenant, HIGHEST_NUMBER if before is None else before, limit)
    if day is None:
        rows = await tx.fetch(LIST_Z_REPORTS, *page)
    else:
        rows = await tx.fetch(LIST_Z_REPORTS_OF_DAY, *page, day)
    return [_issued_in(row) for row in rows]


def _nothing_in(row: Record | None) -> OfNothing:
    assert row is not None
    return OfNothing(**dict(row))


def _issued_in(row: Record) -> IssuedReport:
    return IssuedReport(row["number"], row["content"], row["previous_hash"], row["hash"])
