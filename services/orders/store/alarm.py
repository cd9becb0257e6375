"""Tickets in alarm: those of which the tills know that the kitchen has not seen them.

Whoever raises or ends an alarm holds the lock of its order, as everybody does who changes the ticket.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.orders.domain.ticket import Ticket
from services.orders.store.ticket import ticket_in

ALARMS_LIMIT = 1_000

# Without a lock first: of what is reported again after a restart, nothing is new.
FIND_ORDERS_TO_ALARM = """
SELECT DISTINCT t.order_id
FROM ticket AS t
JOIN unnest($2::uuid[], $3::int[]) AS reported (id, revision)
    ON t.id = reported.id AND t.revision = reported.revision
WHERE t.restaurant_id = $1 AND t.undelivered_revision < t.revision AND t.state = 'queued'
  AND t.acknowledged_at IS NULL
"""
FIND_ORDERS_IN_ALARM = """
SELECT DISTINCT t.order_id
FROM ticket AS t
JOIN unnest($2::uuid[], $3::int[]) AS reported (id, revision)
    ON t.id = reported.id AND t.revision = reported.revision
WHERE t.restaurant_id = $1 AND t.alarm_cause <> ''
"""
FIND_ORDER_IN_ALARM = """
SELECT order_id FROM ticket WHERE restaurant_id = $1 AND id = $2 AND alarm_cause <> ''
"""
LOCK_ORDERS = """
SELECT id FROM orders WHERE restaurant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE
"""
RAISE_ALARMS = """
UPDATE ticket AS t SET undelivered_revision = t.revision, alarm_cause = reported.cause, alarm_at = $5
FROM unnest($2::uuid[], $3::int[], $4::text[]) AS reported (id, revision, cause)
WHERE t.restaurant_id = $1 AND t.id = reported.id AND t.revision = reported.revision
  AND t.undelivered_revision < t.revision AND t.state = 'queued' AND t.acknowledged_at IS NULL
RETURNING t.*
"""
END_CONFIRMED = """
UPDATE ticket AS t SET alarm_cause = '', alarm_at = NULL
FROM unnest($2::uuid[], $3::int[]) AS reported (id, revision)
WHERE t.restaurant_id = $1 AND t.id = reported.id AND t.revision = reported.revision AND t.alarm_cause <> ''
RETURNING t.*
"""
END_ALARM = """
UPDATE ticket SET alarm_cause = '', alarm_at = NULL
WHERE restaurant_id = $1 AND id = $2 AND alarm_cause <> '' RETURNING *
"""
FIND_ALARMS = f"""
SELECT * FROM ticket WHERE restaurant_id = $1 AND alarm_cause <> ''
ORDER BY alarm_at DESC LIMIT {ALARMS_LIMIT}
"""  # noqa: S608

Revisions = Sequence[tuple[UUID, int]]


async def lock_unreported(tx: Transaction, reported: Revisions) -> bool:
    """Locks the orders of tickets whose newest revision is neither seen nor reported yet. False: none."""
    return await _lock(tx, await tx.fetch(FIND_ORDERS_TO_ALARM, tx.tenant, *_columns(reported)))


async def raise_alarms(
    tx: Transaction, reported: Revisions, causes: Sequence[str], at: datetime
) -> list[Ticket]:
    """Those that were not reported yet. Call it after lock_unreported."""
    raised = await tx.fetch(RAISE_ALARMS, tx.tenant, *_columns(reported), list(causes), at)
    return [ticket_in(row) for row in raised]


async def lock_in_alarm(tx: Transaction, confirmed: Revisions) -> bool:
    """Locks the orders of tickets in alarm whose newest revision is confirmed. False: none."""
    return await _lock(tx, await tx.fetch(FIND_ORDERS_IN_ALARM, tx.tenant, *_columns(confirmed)))


async def end_confirmed(tx: Transaction, confirmed: Revisions) -> list[Ticket]:
    """Those that were in alarm. Call it after lock_in_alarm."""
    return [ticket_in(row) for row in await tx.fetch(END_CONFIRMED, tx.tenant, *_columns(confirmed))]


async def end_alarm(tx: Transaction, ticket_id: UUID) -> Ticket | None:
    """Ends a ticket's alarm; None where there is none."""
    if not await _lock(tx, await tx.fetch(FIND_ORDER_IN_ALARM, tx.tenant, ticket_id)):
        return None
    row = await tx.fetchrow(END_ALARM, tx.tenant, ticket_id)
    return None if row is None else ticket_in(row)


async def find_alarms(tx: Transaction) -> list[Ticket]:
    """Tickets in alarm, the newest alarm first, at most ALARMS_LIMIT."""
    return [ticket_in(row) for row in await tx.fetch(FIND_ALARMS, tx.tenant)]


async def _lock(tx: Transaction, found: Sequence[Record]) -> bool:
    orders = [row["order_id"] for row in found]
    if orders:
        await tx.fetch(LOCK_ORDERS, tx.tenant, orders)
    return bool(orders)


def _columns(revisions: Revisions) -> tuple[list[UUID], list[int]]:
    return [ticket_id for ticket_id, _ in revisions], [revision for _, revision in revisions]
