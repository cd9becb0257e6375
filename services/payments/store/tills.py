"""Till sessions, their drawers, the sums that a report needs, and the Z reports that were issued."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis.db import Record, Transaction
from services.payments.domain.approval import Moved
from services.payments.domain.fees import Method
from services.payments.domain.report import (
    GENESIS_HASH,
    IssuedReport,
    Taken,
    TillReport,
    VatTotal,
    issue,
)
from services.payments.domain.till import (
    DRAWER_EVENTS_MAX,
    Actor,
    CashTotals,
    DrawerEvent,
    DrawerKind,
    TillSession,
    TillState,
)

SESSION = (
    *("restaurant_id", "id", "till", "state", "currency_code", "business_date", "opened_at", "closed_at"),
    *("opening_float_minor", "expected_minor", "counted_minor", "variance_minor", "variance_reason"),
    *("opened_by_id", "opened_by_name", "opened_by_device"),
    *("closed_by_id", "closed_by_name", "closed_by_device", "version"),
    *("closing_approver_id", "closing_approver_name"),
)
"""The columns that session_in reads, for statements that join them with others."""

INSERT_SESSION = """
INSERT INTO till_session (restaurant_id, id, till, state, currency_code, business_date, opened_at,
    opening_float_minor, expected_minor, opened_by_id, opened_by_name, opened_by_device)
VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $7, $8, $9, $10)
ON CONFLICT (restaurant_id, till) WHERE state <> 'closed' DO NOTHING
RETURNING id
"""
OPEN_SESSION_OF = "SELECT id FROM till_session WHERE restaurant_id = $1 AND till = $2 AND state <> 'closed'"
FIND_SESSION = "SELECT * FROM till_session WHERE restaurant_id = $1 AND id = $2"
LOCK_SESSION = FIND_SESSION + " FOR UPDATE"
LIST_SESSIONS = """
SELECT * FROM till_session
WHERE restaurant_id = $1 AND (opened_at, id) < ($2, $3)
ORDER BY opened_at DESC, id DESC LIMIT $4
"""
LIST_OPEN_SESSIONS = """
SELECT * FROM till_session
WHERE restaurant_id = $1 AND state <> 'closed' AND (opened_at, id) < ($2, $3)
ORDER BY opened_at DESC, id DESC LIMIT $4
"""
OPEN_SESSIONS = """
SELECT * FROM till_session WHERE restaurant_id = $1 AND state <> 'closed' ORDER BY opened_at, id LIMIT $2
"""
MOVE_DRAWER = """
WITH moved AS (
    INSERT INTO drawer_event (restaurant_id, id, till_session_id, kind, amount_minor, reason, created_at,
        user_id, user_name, device_id, approver_id, approver_name)
    VALUES ($1, $3, $2, $4, $5, $6, $7, $8, $9, $10, $12, $13)
)
UPDATE till_session SET expected_minor = expected_minor + $11, version = version + 1
WHERE restaurant_id = $1 AND id = $2 RETURNING *
"""
MOVED = """
SELECT count(*)::integer AS events, coalesce(sum(amount_minor) FILTER (
    WHERE kind = $3 AND user_id = $4 AND approver_id IS NULL), 0)::bigint AS unapproved_minor
FROM drawer_event WHERE restaurant_id = $1 AND till_session_id = $2 AND payment_id IS NULL
"""
DRAWER_EVENTS = """
SELECT * FROM drawer_event WHERE restaurant_id = $1 AND till_session_id = $2 AND payment_id IS NULL
ORDER BY created_at, id LIMIT $3
"""
CLOSE_SESSION = """
UPDATE till_session SET state = 'closed', closed_at = $3, counted_minor = $4, variance_minor = $5,
    variance_reason = $6, closed_by_id = $7, closed_by_name = $8, closed_by_device = $9,
    closing_approver_id = $10, closing_approver_name = $11, version = version + 1
WHERE restaurant_id = $1 AND id = $2 RETURNING *
"""
TAKEN = """
SELECT method, user_id, max(user_name) AS name, count(*)::integer AS count,
    sum(amount_minor)::bigint AS amount_minor, sum(tip_minor)::bigint AS tip_minor,
    sum(provider_fee_minor + platform_fee_minor)::bigint AS fee_minor, sum(gross_minor)::bigint AS
    gross_minor, sum(discount_minor)::bigint AS discount_minor, sum(void_minor)::bigint AS void_minor,
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
NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))
"""Where a list that is ordered by time begins: behind everything."""
HIGHEST_NUMBER = 2**63 - 1


async def insert_session(tx: Transaction, session: TillSession) -> UUID | None:
    """Stores an open session. The id of the session that already has this till, None when it was free."""
    done = await tx.fetchval(
        INSERT_SESSION,
        tx.tenant,
        session.id,
        session.till,
        session.currency_code,
        session.business_date,
        session.opened_at,
        session.opening_float_minor,
        session.opened_by.user_id,
        session.opened_by.name,
        session.opened_by.device_id,
    )
    if done is not None:
        return None
    taken: UUID | None = await tx.fetchval(OPEN_SESSION_OF, tx.tenant, session.till)
    # It may have been closed between the two statements; then its id is of no more use, yet true.
    return taken or session.id


async def find_session(tx: Transaction, session_id: UUID) -> TillSession | None:
    """One session of the tenant."""
    row = await tx.fetchrow(FIND_SESSION, tx.tenant, session_id)
    return None if row is None else session_in(row)


async def lock_session(tx: Transaction, session_id: UUID) -> TillSession | None:
    """The session, locked: payments of this till wait until the transaction ends."""
    row = await tx.fetchrow(LOCK_SESSION, tx.tenant, session_id)
    return None if row is None else session_in(row)


async def list_sessions(
    tx: Transaction, *, open_only: bool, before: tuple[datetime, UUID] | None, limit: int
) -> list[TillSession]:
    """Sessions, the newest first, older than ``before``."""
    statement = LIST_OPEN_SESSIONS if open_only else LIST_SESSIONS
    rows = await tx.fetch(statement, tx.tenant, *(before or NEWEST), limit)
    return [session_in(row) for row in rows]


async def open_sessions(tx: Transaction, limit: int) -> list[TillSession]:
    """Sessions that are not closed, the oldest first."""
    return [session_in(row) for row in await tx.fetch(OPEN_SESSIONS, tx.tenant, limit)]


async def moved_in(tx: Transaction, session_id: UUID, kind: DrawerKind, actor: Actor) -> Moved:
    """What a session's drawer saw beside sales. The session must be locked."""
    row = await tx.fetchrow(MOVED, tx.tenant, session_id, kind.value, actor.user_id)
    assert row is not None
    return Moved(row["events"], row["unapproved_minor"])


async def drawer_events(tx: Transaction, session_id: UUID) -> list[DrawerEvent]:
    """What moved in a session's drawer beside sales, in the order of time."""
    rows = await tx.fetch(DRAWER_EVENTS, tx.tenant, session_id, DRAWER_EVENTS_MAX)
    return [_drawer_event_in(row) for row in rows]


async def move_drawer(
    tx: Transaction, session_id: UUID, event: DrawerEvent, change_minor: int
) -> TillSession:
    """Records a drawer event and the session's new expectation. The session must be locked."""
    approver = event.approved_by
    row = await tx.fetchrow(
        MOVE_DRAWER,
        tx.tenant,
        session_id,
        event.id,
        event.kind.value,
        event.amount_minor,
        event.reason,
        event.at,
        event.actor.user_id,
        event.actor.name,
        event.actor.device_id,
        change_minor,
        None if approver is None else approver.user_id,
        None if approver is None else approver.name,
    )
    assert row is not None
    return session_in(row)


async def close_session(
    tx: Transaction,
    session_id: UUID,
    *,
    at: datetime,
    counted_minor: int,
    variance_minor: int,
    reason: str,
    actor: Actor,
    approver: Actor | None,
) -> TillSession:
    """Closes a session that the transaction has locked."""
    row = await tx.fetchrow(
        CLOSE_SESSION,
        tx.tenant,
        session_id,
        at,
        counted_minor,
        variance_minor,
        reason,
        actor.user_id,
        actor.name,
        actor.device_id,
        None if approver is None else approver.user_id,
        None if approver is None else approver.name,
    )
    assert row is not None
    return session_in(row)


async def taken_in(tx: Transaction, session_id: UUID) -> list[Taken]:
    """Payments of a session, summed up by method and person."""
    rows = await tx.fetch(TAKEN, tx.tenant, session_id)
    return [Taken(**{**dict(row), "method": Method(row["method"])}) for row in rows]


async def vat_in(tx: Transaction, session_id: UUID) -> list[VatTotal]:
    """What the ledger has for a session under each VAT rate."""
    rows = await tx.fetch(VAT, tx.tenant, session_id)
    return [VatTotal(row["rate_bp"], row["gross_minor"], row["vat_minor"]) for row in rows]


async def cash_totals(tx: Transaction, session: TillSession) -> CashTotals:
    """What moved in a session's drawer, from its events."""
    moved = {row["kind"]: row["amount_minor"] for row in await tx.fetch(CASH, tx.tenant, session.id)}
    return CashTotals(
        opening_float_minor=session.opening_float_minor,
        sales_minor=moved.get("tendered", 0) - moved.get("change", 0),
        paid_in_minor=moved.get("paid_in", 0),
        paid_out_minor=moved.get("paid_out", 0),
        drops_minor=moved.get("drop", 0),
    )


async def issue_z_report(tx: Transaction, report: TillReport) -> TillReport:
    """Gives the report the restaurant's next number and seals it onto the chain."""
    number = await tx.fetchval(NEXT_NUMBER, tx.tenant)
    previous = await read_z_report(tx, number - 1)
    whole, issued = issue(report, number, GENESIS_HASH if previous is None else previous.hash)
    await tx.execute(
        INSERT_Z_REPORT,
        tx.tenant,
        number,
        report.till_session_id,
        report.business_date,
        issued.content,
        issued.previous_hash,
        issued.hash,
        report.until_time,
    )
    return whole


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


def session_in(row: Mapping[str, Any]) -> TillSession:
    """A session from a row with the columns of its table."""
    actor = _actor_in(row)
    return TillSession(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        till=row["till"],
        state=TillState(row["state"]),
        currency_code=row["currency_code"],
        business_date=row["business_date"],
        opened_at=row["opened_at"],
        opening_float_minor=row["opening_float_minor"],
        expected_minor=row["expected_minor"],
        opened_by=actor("opened_by"),
        version=row["version"],
        closed_at=row["closed_at"],
        counted_minor=row["counted_minor"],
        variance_minor=row["variance_minor"],
        variance_reason=row["variance_reason"],
        closed_by=None if row["closed_by_id"] is None else actor("closed_by"),
        closing_approved_by=approver_in(row, "closing_"),
    )


def approver_in(row: Mapping[str, Any], of: str = "") -> Actor | None:
    """Who approved what a row tells; None where nobody had to. ``of``: how the names of the columns begin."""
    user_id: UUID | None = row[f"{of}approver_id"]
    return None if user_id is None else Actor(user_id, row[f"{of}approver_name"])


def _drawer_event_in(row: Record) -> DrawerEvent:
    return DrawerEvent(
        id=row["id"],
        kind=DrawerKind(row["kind"]),
        amount_minor=row["amount_minor"],
        reason=row["reason"],
        at=row["created_at"],
        actor=Actor(row["user_id"], row["user_name"], row["device_id"]),
        approved_by=approver_in(row),
    )


def _actor_in(row: Mapping[str, Any]) -> Callable[[str], Actor]:
    return lambda role: Actor(row[f"{role}_id"], row[f"{role}_name"], row[f"{role}_device"])


def _issued_in(row: Record) -> IssuedReport:
    return IssuedReport(row["number"], row["content"], row["previous_hash"], row["hash"])
