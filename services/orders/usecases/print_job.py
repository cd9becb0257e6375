"""The queue of what is printed: jobs are made, taken, acknowledged, tried again, brought elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from chassis.ids import new_id
from services.orders.domain.invoice import TITLES, invoice_paper
from services.orders.domain.kitchen_paper import ticket_paper
from services.orders.domain.order.listing import Position
from services.orders.domain.paper.escpos import as_escpos
from services.orders.domain.paper_errors import InvoiceNotFound, PrintJobNotFound, PrintUnclear
from services.orders.domain.print_job import (
    LOST,
    Moved,
    Outcome,
    PrintJob,
    PrintJobKind,
    claimed,
    given_up,
    is_lost,
    queued,
    retried,
    settled,
)
from services.orders.domain.printer import Printer, printer_for, printer_named
from services.orders.domain.receipt import receipt_paper
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.store import print_job as store
from services.orders.store.invoice import find_invoice
from services.orders.store.printer import find_printers
from services.orders.store.ticket import find_ticket
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.receipt import mark_of, read_receipt
from services.orders.usecases.restaurant import restaurant_on_paper
from services.orders.wire.enums import ALLERGENS
from services.orders.wire.print_job import print_job_updated

LOST_AT_ONCE = 5
"""Jobs that their agents have lost for good, settled by one claim."""


@dataclass(frozen=True, slots=True)
class WantedPrint:
    """What is to be printed, one of three, and where; None: where such things are printed. Of an order, one
    check alone if that is named."""

    printer_id: UUID | None = None
    order_id: UUID | None = None
    check_id: UUID | None = None
    ticket_id: UUID | None = None
    invoice_id: UUID | None = None
    with_allergens: bool = False


async def list_print_jobs(
    deps: Dependencies, tenant: UUID, printer_id: UUID | None, after: Position | None, limit: int
) -> list[PrintJob]:
    """Newest first."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.list_jobs(tx, printer_id, after, limit)


async def create_print_job(
    deps: Dependencies, command: Command, wanted: WantedPrint, answer: Answer[PrintJob, M]
) -> M:
    """Raises PrintUnclear, UnknownPrinter, NoPrinter, OrderNotFound, TicketNotFound, InvoiceNotFound,
    NothingToPrint, UnknownCheck."""
    if sum(one is not None for one in (wanted.order_id, wanted.ticket_id, wanted.invoice_id)) != 1:
        raise PrintUnclear("Name an order, a ticket or an invoice: one of them.")
    if wanted.check_id is not None and wanted.order_id is None:
        raise PrintUnclear("Name the order that the check is of.")
    restaurant = await restaurant_on_paper(deps, command.tenant)

    async def create(tx: Transaction) -> PrintJob:
        printers = await find_printers(tx)
        if wanted.ticket_id is not None:
            job = await _of_ticket(deps, tx, wanted, printers, restaurant)
        elif wanted.invoice_id is not None:
            job = await _of_invoice(deps, tx, wanted, printers)
        else:
            job = await _of_order(deps, tx, command, wanted, printers, restaurant)
        await store.insert_job(tx, job)
        _tell(tx, job)
        return job

    return await execute(deps.db, command, answer, create)


async def claim_print_job(
    deps: Dependencies, command: Command, printer_ids: Sequence[UUID], answer: Answer[PrintJob | None, M]
) -> M:
    """The next job that is due, given to the caller; None where none is."""

    async def claim(tx: Transaction) -> PrintJob | None:
        at, printers = deps.clock.now(), await find_printers(tx)
        for _ in range(LOST_AT_ONCE):
            job = await store.lock_due(tx, printer_ids, at)
            if job is None:
                return None
            if not is_lost(job):
                taken = claimed(job, at)
                await store.update_job(tx, taken)
                _tell(tx, taken)
                return taken
            await _keep(tx, given_up(job, LOST, _fallback(job, printers), new_id(), at))
        return None

    return await execute(deps.db, command, answer, claim)


async def ack_print_job(
    deps: Dependencies, command: Command, job_id: UUID, outcome: Outcome, answer: Answer[PrintJob, M]
) -> M:
    """Raises PrintJobNotFound."""

    async def ack(tx: Transaction) -> PrintJob:
        job = _there(await store.lock_job(tx, job_id))
        fallback = _fallback(job, await find_printers(tx))
        moved = settled(job, outcome, fallback, new_id(), deps.clock.now())
        if moved is None:
            return job
        await _keep(tx, moved)
        return moved.job

    return await execute(deps.db, command, answer, ack)


async def retry_print_job(
    deps: Dependencies, command: Command, job_id: UUID, printer_id: UUID | None, answer: Answer[PrintJob, M]
) -> M:
    """Raises PrintJobNotFound, PrintJobOver, UnknownPrinter."""

    async def retry(tx: Transaction) -> PrintJob:
        job = _there(await store.lock_job(tx, job_id))
        printer = printer_named(printer_id or job.printer_id, await find_printers(tx))
        again = retried(job, printer, deps.clock.now())
        await store.update_job(tx, again)
        _tell(tx, again)
        return again

    return await execute(deps.db, command, answer, retry)


async def _of_order(
    deps: Dependencies,
    tx: Transaction,
    command: Command,
    wanted: WantedPrint,
    printers: Sequence[Printer],
    restaurant: RestaurantCopy,
) -> PrintJob:
    assert wanted.order_id is not None
    printer = _printer(wanted, None, printers)
    order, receipt = await read_receipt(tx, wanted.order_id, wanted.check_id, restaurant)
    mark = await mark_of(deps, tx, command, order, receipt)
    shown = receipt_paper(receipt, mark, ALLERGENS if wanted.with_allergens else None)
    payload = as_escpos(shown, printer.width)
    return queued(new_id(), printer, PrintJobKind.RECEIPT, shown.title, order.id, payload, deps.clock.now())


async def _of_ticket(
    deps: Dependencies,
    tx: Transaction,
    wanted: WantedPrint,
    printers: Sequence[Printer],
    restaurant: RestaurantCopy,
) -> PrintJob:
    assert wanted.ticket_id is not None
    ticket, at = await find_ticket(tx, wanted.ticket_id), deps.clock.now()
    printer = _printer(wanted, ticket.station_id, printers)
    shown = ticket_paper(ticket, restaurant.time_zone, at, ALLERGENS)
    payload = as_escpos(shown, printer.width)
    return queued(new_id(), printer, PrintJobKind.TICKET, shown.title, ticket.order_id, payload, at)


async def _of_invoice(
    deps: Dependencies, tx: Transaction, wanted: WantedPrint, printers: Sequence[Printer]
) -> PrintJob:
    assert wanted.invoice_id is not None
    invoice = await find_invoice(tx, wanted.invoice_id)
    if invoice is None:
        raise InvoiceNotFound("There is no such invoice.")
    printer = _printer(wanted, None, printers)
    payload = as_escpos(invoice_paper(invoice), printer.width)
    title = f"{TITLES[invoice.kind]} {invoice.number}"
    return queued(new_id(), printer, PrintJobKind.INVOICE, title, invoice.order_id, payload, deps.clock.now())


def _printer(wanted: WantedPrint, station_id: UUID | None, printers: Sequence[Printer]) -> Printer:
    if wanted.printer_id is not None:
        return printer_named(wanted.printer_id, printers)
    return printer_for(station_id, printers)


def _fallback(job: PrintJob, printers: Sequence[Printer]) -> Printer | None:
    own = next((one for one in printers if one.id == job.printer_id), None)
    if own is None:
        return None
    return next((one for one in printers if one.id == own.fallback_id), None)


async def _keep(tx: Transaction, moved: Moved) -> None:
    await store.update_job(tx, moved.job)
    if moved.elsewhere is not None:
        await store.insert_job(tx, moved.elsewhere)
        _tell(tx, moved.elsewhere)
    _tell(tx, moved.job)


def _tell(tx: Transaction, job: PrintJob) -> None:
    tx.emit(print_job_updated(job), subject_id=str(job.id))


def _there(job: PrintJob | None) -> PrintJob:
    if job is None:
        raise PrintJobNotFound("There is no such print job.")
    return job
