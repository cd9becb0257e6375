"""X and Z reports: made, issued, read and verified."""

from datetime import date, datetime
from itertools import accumulate
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.rpc.cursors import Page
from services.payments.domain.errors import TillSessionNotFound, ZReportNotFound, ZReportTampered
from services.payments.domain.report import (
    GENESIS_HASH,
    IssuedReport,
    OfNothing,
    TillReport,
    issue,
    reopen,
    report_of,
    verify_chain,
)
from services.payments.domain.till import TillSession, cash_totals, check_reader
from services.payments.store import report as reports
from services.payments.store.till import drawer_events, find_session

VERIFY_PAGE = 200
REPORTS_CHARS_MAX = 1_000_000
"""Of the stored text of one page's reports; a character may take four bytes, and a reply four MiB."""


async def current_report(
    tx: Transaction, session: TillSession, until: datetime, nothing: OfNothing
) -> TillReport:
    """The X report of a session from what the database has in this transaction."""
    return report_of(
        session,
        until,
        await reports.taken_in(tx, session.id),
        await reports.vat_in(tx, session.id),
        cash_totals(session, await reports.moved_by_kind(tx, session.id)),
        await drawer_events(tx, session.id),
        nothing,
    )


async def issue_z_report(tx: Transaction, session: TillSession, until: datetime) -> TillReport:
    """Gives the report of a session the restaurant's next number and seals it onto the chain."""
    number = await reports.next_z_number(tx)
    report = await current_report(tx, session, until, await reports.tell_nothing(tx, number))
    previous = await reports.read_z_report(tx, number - 1)
    whole, issued = issue(report, number, GENESIS_HASH if previous is None else previous.hash)
    await reports.insert_z_report(tx, whole, issued)
    return whole


async def get_x_report(
    db: Database, restaurant_id: UUID, session_id: UUID, *, only_of: UUID | None
) -> TillReport:
    """The report of a session as it stands (of a closed one: as it was closed).

    ``only_of`` is a person who may not read Z reports, None one who may.
    Raises TillSessionNotFound, ReportNotYours.
    """
    async with db.transaction(restaurant_id, isolation="repeatable_read", readonly=True) as tx:
        session = await find_session(tx, session_id)
        if session is None:
            raise TillSessionNotFound("This restaurant has no such till session.")
        check_reader(session, only_of)
        nothing = await reports.nothing_in(tx, session)
        return await current_report(tx, session, session.closed_at or db.clock.now(), nothing)


async def get_z_report(db: Database, restaurant_id: UUID, number: int) -> TillReport:
    """Raises ZReportNotFound, and ZReportTampered where the stored text is not what was sealed."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        issued = await reports.read_z_report(tx, number)
    if issued is None:
        raise ZReportNotFound(f"No Z report has the number {number}.")
    return reopen(issued)


async def list_z_reports(
    db: Database, restaurant_id: UUID, page: Page[int], *, day: date | None
) -> tuple[list[TillReport], str]:
    """Reports, the newest first, and the cursor of what follows. Raises ZReportTampered."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        found = await reports.list_z_reports(tx, day=day, before=page.after, limit=page.one_more)
    shown = _fitting(found[: page.size])
    last = shown[-1].number if len(found) > len(shown) else None
    return [reopen(one) for one in shown], page.cursor(last)


async def verify_z_reports(db: Database, restaurant_id: UUID) -> int:
    """How many reports the restaurant's unbroken chain holds.

    Raises ZReportTampered at the first fault; reports that are missing at the end are one.
    """
    number, tip = 0, GENESIS_HASH
    async with db.transaction(restaurant_id, isolation="repeatable_read", readonly=True) as tx:
        while page := await reports.z_reports_after(tx, number, VERIFY_PAGE):
            number, tip = verify_chain(page, after_number=number, after_hash=tip)
        issued = await reports.last_z_number(tx)
    if number != issued:
        raise ZReportTampered(f"Report {number + 1} is missing.", metadata={"number": str(number + 1)})
    return number


def _fitting(found: list[IssuedReport]) -> list[IssuedReport]:
    """As many as fit a reply, at least one: a report lists what moved in its drawer, up to a limit."""
    sizes = accumulate(len(issued.content) for issued in found)
    return [one for one, size in zip(found, sizes, strict=True) if size <= REPORTS_CHARS_MAX] or found[:1]
