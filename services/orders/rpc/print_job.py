"""Print jobs."""

# ruff: noqa: N802 (the names of the contract)

import base64
from uuid import UUID

from fynlo.orders.v1 import printing_service_pb2 as printing_api
from fynlo.orders.v1.printing_service_pb2_grpc import PrintingServiceServicer

from chassis.db.commands import Answer
from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_TIME, page_of
from services.orders.domain.print_job import Outcome, PrintJob
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.print_job import (
    WantedPrint,
    ack_print_job,
    claim_print_job,
    create_print_job,
    list_print_jobs,
    retry_print_job,
)
from services.orders.wire.print_job import print_job_message


def _created(job: PrintJob) -> printing_api.CreatePrintJobResponse:
    return printing_api.CreatePrintJobResponse(job=print_job_message(job))


def _claimed(job: PrintJob | None) -> printing_api.ClaimPrintJobResponse:
    if job is None:
        return printing_api.ClaimPrintJobResponse()
    payload = base64.b64encode(job.payload).decode()
    return printing_api.ClaimPrintJobResponse(job=print_job_message(job), payload=payload)


def _acknowledged(job: PrintJob) -> printing_api.AckPrintJobResponse:
    return printing_api.AckPrintJobResponse(job=print_job_message(job))


def _retried(job: PrintJob) -> printing_api.RetryPrintJobResponse:
    return printing_api.RetryPrintJobResponse(job=print_job_message(job))


CREATED = Answer(printing_api.CreatePrintJobResponse, _created)
CLAIMED = Answer(printing_api.ClaimPrintJobResponse, _claimed)
ACKNOWLEDGED = Answer(printing_api.AckPrintJobResponse, _acknowledged)
RETRIED = Answer(printing_api.RetryPrintJobResponse, _retried)


class PrintJobRpc(PrintingServiceServicer):
    """Making, taking and acknowledging."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListPrintJobs(
        self, request: printing_api.ListPrintJobsRequest, context: Context
    ) -> printing_api.ListPrintJobsResponse:
        tenant, page = current_principal().tenant, page_of(request, BY_TIME)
        found = await list_print_jobs(
            self._deps, tenant, _id_or_none(request.printer_id), page.after, page.one_more
        )
        shown, following = page.cut(found, lambda job: (job.created_at, job.id))
        return printing_api.ListPrintJobsResponse(jobs=map(print_job_message, shown), next_cursor=following)

    async def CreatePrintJob(
        self, request: printing_api.CreatePrintJobRequest, context: Context
    ) -> printing_api.CreatePrintJobResponse:
        wanted = WantedPrint(
            printer_id=_id_or_none(request.printer_id),
            order_id=_id_or_none(request.order_id),
            check_id=_id_or_none(request.check_id),
            ticket_id=_id_or_none(request.ticket_id),
            invoice_id=_id_or_none(request.invoice_id),
            with_allergens=request.allergens,
        )
        return await create_print_job(self._deps, command_of("CreatePrintJob", request), wanted, CREATED)

    async def ClaimPrintJob(
        self, request: printing_api.ClaimPrintJobRequest, context: Context
    ) -> printing_api.ClaimPrintJobResponse:
        printers = [parse_id(one) for one in request.printer_ids]
        return await claim_print_job(self._deps, command_of("ClaimPrintJob", request), printers, CLAIMED)

    async def AckPrintJob(
        self, request: printing_api.AckPrintJobRequest, context: Context
    ) -> printing_api.AckPrintJobResponse:
        command, job_id = command_of("AckPrintJob", request), UUID(request.job_id)
        outcome = Outcome(request.attempt, request.printed, request.error)
        return await ack_print_job(self._deps, command, job_id, outcome, ACKNOWLEDGED)

    async def RetryPrintJob(
        self, request: printing_api.RetryPrintJobRequest, context: Context
    ) -> printing_api.RetryPrintJobResponse:
        command, job_id = command_of("RetryPrintJob", request), UUID(request.job_id)
        return await retry_print_job(self._deps, command, job_id, _id_or_none(request.printer_id), RETRIED)


def _id_or_none(text: str) -> UUID | None:
    return parse_id(text) if text else None
