"""Print jobs: one row each. What waits is found by its printer and its time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from chassis.db.conditions import Conditions
from services.orders.domain.order.listing import NEWEST_POSITION, Position
from services.orders.domain.print_job import PrintJob, PrintJobKind, PrintJobState

WAITING_MAX = 1_000
"""Of one printer, when it is removed."""
INSERT_JOB = """
INSERT INTO print_job (restaurant_id, id, printer_id, printer_name, state, attempts, error, next_at, version,
    rerouted_to, rerouted_from, kind, title, order_id, payload, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
UPDATE_JOB = """
UPDATE print_job SET printer_id = $3, printer_name = $4, state = $5, attempts = $6, error = $7, next_at = $8,
    version = $9, rerouted_to = $10, rerouted_from = $11
WHERE restaurant_id = $1 AND id = $2
"""
LOCK_JOB = "SELECT * FROM print_job WHERE restaurant_id = $1 AND id = $2 FOR UPDATE"
# Two agents of one printer take two jobs.
LOCK_DUE = """
SELECT * FROM print_job
WHERE restaurant_id = $1 AND printer_id = ANY ($2::uuid[]) AND next_at <= $3
ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
LOCK_WAITING = f"""
SELECT * FROM print_job WHERE restaurant_id = $1 AND printer_id = $2 AND next_at IS NOT NULL
ORDER BY next_at, id LIMIT {WAITING_MAX} FOR UPDATE
"""  # noqa: S608

SWEEP_JOBS = "SELECT sweep_print_jobs($1, $2)"


async def insert_job(tx: Transaction, job: PrintJob) -> None:
    """A new one."""
    rest = [job.kind.value, job.title, job.order_id, job.payload, job.created_at]
    await tx.execute(INSERT_JOB, *_moving(tx, job), *rest)


async def update_job(tx: Transaction, job: PrintJob) -> None:
    """One that this transaction has locked."""
    await tx.execute(UPDATE_JOB, *_moving(tx, job))


async def lock_job(tx: Transaction, job_id: UUID) -> PrintJob | None:
    """Locked until the transaction ends; None where there is none."""
    row = await tx.fetchrow(LOCK_JOB, tx.tenant, job_id)
    return None if row is None else _job_in(row)


async def lock_due(tx: Transaction, printer_ids: Sequence[UUID], at: datetime) -> PrintJob | None:
    """The one that has waited longest of these printers; None where none may be taken."""
    row = await tx.fetchrow(LOCK_DUE, tx.tenant, list(printer_ids), at)
    return None if row is None else _job_in(row)


async def lock_waiting(tx: Transaction, printer_id: UUID) -> list[PrintJob]:
    """All that its printer has not printed; at most WAITING_MAX."""
    return [_job_in(row) for row in await tx.fetch(LOCK_WAITING, tx.tenant, printer_id)]


async def list_jobs(
    tx: Transaction, printer_id: UUID | None, after: Position | None, limit: int
) -> list[PrintJob]:
    """Newest first, of a printer or of all."""
    where = Conditions(tx.tenant).add("restaurant_id = $1")
    where.add("(created_at, id) < ({}::timestamptz, {}::uuid)", *(after or NEWEST_POSITION))
    if printer_id is not None:
        where.add("printer_id = {}", printer_id)
    sql = (
        f"SELECT * FROM print_job WHERE {where} ORDER BY created_at DESC, id DESC"  # noqa: S608
        f" LIMIT {where.parameter(limit)}"
    )
    return [_job_in(row) for row in await tx.fetch(sql, *where.arguments)]


async def sweep_jobs(tx: Transaction, before: datetime, batch: int) -> int:
    """Deletes jobs of all restaurants that are over and were made before ``before``; how many."""
    return int(await tx.fetchval(SWEEP_JOBS, before, batch))


def _moving(tx: Transaction, job: PrintJob) -> list[object]:
    """$1 to $11."""
    return [
        tx.tenant,
        job.id,
        job.printer_id,
        job.printer_name,
        job.state.value,
        job.attempts,
        job.error,
        job.next_at,
        job.version,
        job.rerouted_to,
        job.rerouted_from,
    ]


def _job_in(row: Record) -> PrintJob:
    return PrintJob(
        id=row["id"],
        printer_id=row["printer_id"],
        printer_name=row["printer_name"],
        kind=PrintJobKind(row["kind"]),
        title=row["title"],
        order_id=row["order_id"],
        payload=row["payload"],
        state=PrintJobState(row["state"]),
        attempts=row["attempts"],
        error=row["error"],
        created_at=row["created_at"],
        next_at=row["next_at"],
        version=row["version"],
        rerouted_to=row["rerouted_to"],
        rerouted_from=row["rerouted_from"],
    )
