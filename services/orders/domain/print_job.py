"""Print jobs: what one printer is to print, and what becomes of it. Pure.

A job is given to an agent for a while. What it does not acknowledge it has lost, which counts as a try, so
paper may come out twice and is never forgotten.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.orders.domain.paper_errors import PrintJobOver
from services.orders.domain.printer import Printer

ATTEMPTS_MAX = 5
LEASE = timedelta(seconds=60)
"""How long an agent has a job."""
FIRST_PAUSE = timedelta(seconds=2)
"""After the first failure; each further pause is twice as long."""
LOST = "its agent did not say what became of it"
REMOVED = "its printer was removed"


class PrintJobState(StrEnum):
    """Where it is."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    PRINTED = "printed"
    FAILED = "failed"
    REROUTED = "rerouted"


class PrintJobKind(StrEnum):
    """What is printed."""

    RECEIPT = "receipt"
    TICKET = "ticket"
    INVOICE = "invoice"


WAITING = frozenset({PrintJobState.QUEUED, PrintJobState.CLAIMED})
"""States in which paper may still come out of its printer."""


@dataclass(frozen=True, slots=True)
class PrintJob:
    """``next_at`` is when it may be taken (again); None once it is over."""

    id: UUID
    printer_id: UUID
    printer_name: str
    kind: PrintJobKind
    title: str
    order_id: UUID
    payload: bytes
    state: PrintJobState
    attempts: int
    error: str
    created_at: datetime
    next_at: datetime | None
    version: int
    rerouted_to: UUID | None = None
    rerouted_from: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an agent says of its try."""

    attempt: int
    printed: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """The job as it is now, and the one that prints it elsewhere."""

    job: PrintJob
    elsewhere: PrintJob | None = None


def queued(
    job_id: UUID,
    printer: Printer,
    kind: PrintJobKind,
    title: str,
    order_id: UUID,
    payload: bytes,
    at: datetime,
) -> PrintJob:
    """A new one, to be taken at once."""
    return PrintJob(
        id=job_id,
        printer_id=printer.id,
        printer_name=printer.name,
        kind=kind,
        title=title,
        order_id=order_id,
        payload=payload,
        state=PrintJobState.QUEUED,
        attempts=0,
        error="",
        created_at=at,
        next_at=at,
        version=1,
    )


def is_lost(job: PrintJob) -> bool:
    """Of one that may be taken: whether an agent had it for the last time and never said a word."""
    return job.state is PrintJobState.CLAIMED and job.attempts >= ATTEMPTS_MAX


def claimed(job: PrintJob, at: datetime) -> PrintJob:
    """An agent has it from now on, and one try is used."""
    return _next(
        job,
        state=PrintJobState.CLAIMED,
        attempts=job.attempts + 1,
        next_at=at + LEASE,
        error=LOST if job.state is PrintJobState.CLAIMED else job.error,
    )


def settled(
    job: PrintJob, outcome: Outcome, fallback: Printer | None, new_id: UUID, at: datetime
) -> Moved | None:
    """What the agent's word makes of it. None: nothing that is news.

    Paper that came out is printed whatever was thought of it; a failure counts for the try that an agent has
    now alone.
    """
    if outcome.printed:
        if job.state is PrintJobState.PRINTED:
            return None
        return Moved(_next(job, state=PrintJobState.PRINTED, next_at=None, error=""))
    if job.state is not PrintJobState.CLAIMED or outcome.attempt != job.attempts:
        return None
    if job.attempts < ATTEMPTS_MAX:
        pause = FIRST_PAUSE * 2 ** (job.attempts - 1)
        return Moved(_next(job, state=PrintJobState.QUEUED, next_at=at + pause, error=outcome.error))
    return given_up(job, outcome.error, fallback, new_id, at)


def given_up(job: PrintJob, error: str, fallback: Printer | None, new_id: UUID, at: datetime) -> Moved:
    """Its printer does not print it: another one does, if there is one and it is not the second already."""
    if fallback is None or job.rerouted_from is not None:
        return Moved(_next(job, state=PrintJobState.FAILED, next_at=None, error=error))
    elsewhere = replace(
        queued(new_id, fallback, job.kind, job.title, job.order_id, job.payload, at), rerouted_from=job.id
    )
    return Moved(
        _next(job, state=PrintJobState.REROUTED, next_at=None, error=error, rerouted_to=new_id), elsewhere
    )


def retried(job: PrintJob, printer: Printer, at: datetime) -> PrintJob:
    """From the beginning, on this printer. Raises PrintJobOver: it is printed, or printed elsewhere."""
    if job.state in {PrintJobState.PRINTED, PrintJobState.REROUTED}:
        raise PrintJobOver(f"{job.title} is {job.state.value}: print it anew if more paper is needed.")
    return _next(
        job,
        printer_id=printer.id,
        printer_name=printer.name,
        state=PrintJobState.QUEUED,
        attempts=0,
        next_at=at,
        error="",
    )


def _next(job: PrintJob, **changes: object) -> PrintJob:
    return replace(job, version=job.version + 1, **changes)  # type: ignore[arg-type]
