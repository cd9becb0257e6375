"""Questions. None has an effect."""

from datetime import date, datetime
from itertools import accumulate
from uuid import UUID

from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.db import Database
from chassis.rpc.cursors import Page
from services.payments import store, wire
from services.payments.domain.errors import (
    PaymentNotFound,
    TillSessionNotFound,
    ZReportNotFound,
    ZReportTampered,
)
from services.payments.domain.report import GENESIS_HASH, IssuedReport, reopen, verify_chain
from services.payments.domain.till import check_reader
from services.payments.usecases.copies import Peers
from services.payments.usecases.tills import current_report

VERIFY_PAGE = 200
REPORTS_CHARS_MAX = 1_000_000
"""Of the stored text of one page's reports; a character may take four bytes, and a reply four MiB."""


Moment = tuple[datetime, UUID]


async def get_payment(db: Database, restaurant_id: UUID, payment_id: UUID) -> payments_api.GetPaymentResponse:
    """Raises PaymentNotFound."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        payment = await store.find_payment(tx, payment_id)
    if payment is None:
        raise PaymentNotFound("This restaurant has no such payment.")
    return payments_api.GetPaymentResponse(payment=wire.payment(payment))


async def list_payments(
    db: Database,
    peers: Peers,
    restaurant_id: UUID,
    page: Page[Moment],
    *,
    order_id: UUID | None,
    session_id: UUID | None,
) -> payments_api.ListPaymentsResponse:
    """The newest first. Raises OrderNotFound."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        found = await store.list_payments(
            tx, order_id=order_id, session_id=session_id, before=page.after, limit=page.one_more
        )
        unheard_of = not found and order_id is not None and not await store.has_bill(tx, order_id)
    if unheard_of and order_id is not None:
        await peers.order(restaurant_id, order_id)  # it has no payments, if it is there at all
    shown, following = page.cut(found, lambda one: (one.created_at, one.id))
    return payments_api.ListPaymentsResponse(
        payments=[wire.payment(one) for one in shown], next_cursor=following
    )


async def get_till_session(
    db: Database, restaurant_id: UUID, session_id: UUID
) -> payments_api.GetTillSessionResponse:
    """Raises TillSessionNotFound."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        session = await store.find_session(tx, session_id)
    if session is None:
        raise TillSessionNotFound("This restaurant has no such till session.")
    return payments_api.GetTillSessionResponse(session=wire.till_session(session))


async def list_till_sessions(
    db: Database, restaurant_id: UUID, page: Page[Moment], *, open_only: bool
) -> payments_api.ListTillSessionsResponse:
    """The newest first."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        found = await store.list_sessions(tx, open_only=open_only, before=page.after, limit=page.one_more)
    shown, following = page.cut(found, lambda one: (one.opened_at, one.id))
    return payments_api.ListTillSessionsResponse(
        sessions=[wire.till_session(one) for one in shown], next_cursor=following
    )


async def get_x_report(
    db: Database, restaurant_id: UUID, session_id: UUID, *, only_of: UUID | None
) -> payments_api.GetXReportResponse:
    """The report of a session as it stands (of a closed one: as it was closed).

    ``only_of`` is a person who may not read Z reports, None one who may.
    Raises TillSessionNotFound, ReportNotYours.
    """
    async with db.transaction(restaurant_id, isolation="repeatable_read", readonly=True) as tx:
        session = await store.find_session(tx, session_id)
        if session is None:
            raise TillSessionNotFound("This restaurant has no such till session.")
        check_reader(session, only_of)
        report = await current_report(tx, session, session.closed_at or db.clock.now())
    return payments_api.GetXReportResponse(report=wire.till_report(report))


async def get_z_report(db: Database, restaurant_id: UUID, number: int) -> payments_api.GetZReportResponse:
    """Raises ZReportNotFound, and ZReportTampered where the stored text is not what was sealed."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        issued = await store.read_z_report(tx, number)
    if issued is None:
        raise ZReportNotFound(f"No Z report has the number {number}.")
    return payments_api.GetZReportResponse(report=wire.till_report(reopen(issued)))


async def list_z_reports(
    db: Database, restaurant_id: UUID, page: Page[int], *, day: date | None
) -> payments_api.ListZReportsResponse:
    """The newest first. Raises ZReportTampered."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        found = await store.list_z_reports(tx, day=day, before=page.after, limit=page.one_more)
    shown = _fitting(found[: page.size])
    last = shown[-1].number if len(found) > len(shown) else None
    return payments_api.ListZReportsResponse(
        reports=[wire.till_report(reopen(one)) for one in shown], next_cursor=page.cursor(last)
    )


def _fitting(found: list[IssuedReport]) -> list[IssuedReport]:
    """As many as fit a reply, at least one: a report lists what moved in its drawer, up to a limit."""
    sizes = accumulate(len(issued.content) for issued in found)
    return [one for one, size in zip(found, sizes, strict=True) if size <= REPORTS_CHARS_MAX] or found[:1]


async def verify_z_reports(db: Database, restaurant_id: UUID) -> int:
    """How many reports the restaurant's unbroken chain holds.

    Raises ZReportTampered at the first fault; reports that are missing at the end are one.
    """
    number, tip = 0, GENESIS_HASH
    async with db.transaction(restaurant_id, isolation="repeatable_read", readonly=True) as tx:
        while page := await store.z_reports_after(tx, number, VERIFY_PAGE):
            number, tip = verify_chain(page, after_number=number, after_hash=tip)
        issued = await store.last_z_number(tx)
    if number != issued:
        raise ZReportTampered(f"Report {number + 1} is missing.", metadata={"number": str(number + 1)})
    return number


async def get_trial_balance(
    db: Database, restaurant_id: UUID, day: date | None
) -> payments_api.GetTrialBalanceResponse:
    """Debits and credits per account, of one business date or of all time."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        rows = await store.trial_balance(tx, day)
    return payments_api.GetTrialBalanceResponse(
        accounts=[
            payments_pb2.LedgerAccount(
                account=account, currency_code=currency, debit_minor=debit, credit_minor=credit
            )
            for account, currency, debit, credit in rows
        ]
    )
