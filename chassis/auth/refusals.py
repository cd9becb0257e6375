"""Writes down the refusals of access that a process has counted, as audit records: into its own database, or
by auth where it has none.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Command, PlatformCommand, execute, in_words
from chassis.db.idempotency import IdempotencyKey
from chassis.errors import Problem
from chassis.instants import timestamp
from chassis.process.runtime import Service
from chassis.rpc import Channel, acting_for
from chassis.rpc.refusals import Refusals, Report
from chassis.telemetry import get_logger

if TYPE_CHECKING:
    from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceAsyncStub

WRITE_EVERY_SECONDS = 10.0
WRITE_SECONDS = 5.0

Write = Callable[[Report], Awaitable[object]]

_log = get_logger("audit")


def write_refusals(service: Service, refusals: Refusals, write: Write) -> None:
    """Has ``service`` write what is counted while it runs, and the rest when it stops. Add it after what
    ``write`` needs: that is closed later.
    """

    async def at_the_end() -> None:
        await flush(refusals, write, everything=True)

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY_SECONDS)
            await flush(refusals, write)

    service.add_background("refusals", again_and_again)
    service.on_stop("refusals", at_the_end)


def into(db: Database) -> Write:
    """Writes into the service's own chains."""

    async def write(report: Report) -> None:
        await record_report(db, report, by=db.schema)

    return write


def to_auth(channel: Channel) -> Write:
    """Reports to the auth service behind ``channel``, for a process without a database. The report has an id,
    so that a repeated one counts once. Auth lets in whom ``callers`` of ReportRefusals names.
    """
    stub: AuthServiceAsyncStub = AuthServiceStub(channel)

    async def write(report: Report) -> None:
        if report.restaurant_id is None:
            await stub.ReportRefusals(_message(report))
            return
        # A service speaks of the restaurant that it signs for.
        with acting_for(report.restaurant_id, budget_seconds=WRITE_SECONDS):
            await stub.ReportRefusals(_message(report))

    return write


async def flush(refusals: Refusals, write: Write, *, everything: bool = False) -> None:
    """Writes the minutes that are over, or all. What cannot be written now waits; what is refused is gone."""
    refusals.close_minutes(everything=everything)
    while refusals.waiting:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await write(refusals.waiting[0])
        except (Problem, TimeoutError) as problem:
            _log.warning("refusals are not written yet", reason=str(problem), reports=len(refusals.waiting))
            return
        except Exception:
            _log.exception("refusals are lost", refusals=len(refusals.waiting[0].refusals))
        refusals.waiting.popleft()
        refusals.close_minutes(everything=everything)


async def record_report(db: Database, report: Report, *, by: str) -> auth_api.ReportRefusalsResponse:
    """A record for each, in one transaction, once per report. ``by`` the process that refused."""

    async def write(tx: Transaction) -> auth_api.ReportRefusalsResponse:
        for counted in report.refusals:
            refusal = counted.refusal
            audit(
                tx,
                "access.refused",
                actor=refusal.actor or None,
                device_id=refusal.device_id or None,
                by=by,
                reason=refusal.reason,
                permission=refusal.permission,
                address=refusal.address,
                method=counted.method,
                minute=counted.minute.isoformat(),
                count=counted.count,
            )
        return auth_api.ReportRefusalsResponse()

    key = IdempotencyKey(f"refusals:{by}", report.id, b"")
    tenant = report.restaurant_id
    command = PlatformCommand(key) if tenant is None else Command(tenant, key)
    return await execute(db, command, in_words(auth_api.ReportRefusalsResponse), write)


def _message(report: Report) -> auth_api.ReportRefusalsRequest:
    message = auth_api.ReportRefusalsRequest(
        request_id=report.id, restaurant_id="" if report.restaurant_id is None else str(report.restaurant_id)
    )
    for counted in report.refusals:
        refusal = counted.refusal
        message.refusals.add(
            actor=refusal.actor,
            device_id=refusal.device_id,
            reason=refusal.reason,
            permission=refusal.permission,
            address=refusal.address,
            method=counted.method,
            count=counted.count,
            minute=timestamp(counted.minute),
        )
    return message
