"""Opening a till, moving cash beside sales, counting and closing; and the sessions there were."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from chassis.errors import InvalidArgument
from chassis.ids import new_id
from chassis.messaging.replay import position
from chassis.rpc.cursors import Page
from services.payments.domain.actor import Actor
from services.payments.domain.approval import (
    Authority,
    approver_of,
    check_drawer,
    closing_need,
    drawer_need,
)
from services.payments.domain.errors import TillAlreadyOpen, TillSessionNotFound
from services.payments.domain.ledger import Posting, closing_posting, drawer_posting, opening_posting
from services.payments.domain.report import TillClosed
from services.payments.domain.till import (
    Closing,
    DrawerEvent,
    DrawerKind,
    TillSession,
    TillState,
    check_open,
    drawer_change,
    variance_of,
)
from services.payments.store import till as tills
from services.payments.store.bill import half_paid_cash_orders
from services.payments.store.ledger import record_posting
from services.payments.usecases.copies import Copies, with_copies
from services.payments.usecases.ledger import book
from services.payments.usecases.ports import Peers
from services.payments.usecases.report import issue_z_report
from services.payments.usecases.restaurant import restaurant_of
from services.payments.wire.report import z_report_issued
from services.payments.wire.till import till_session_updated

SNAPSHOT_MAX_SESSIONS = 500
"""More tills than any restaurant has; beyond it a snapshot would not fit a frame."""


@dataclass(frozen=True, slots=True)
class OpenTill(Command):
    """A drawer by name, and the float in it."""

    actor: Actor
    till: str
    opening_float_minor: int


@dataclass(frozen=True, slots=True)
class RecordDrawerEvent(Command):
    """Cash moved beside a sale, or the drawer only opened."""

    actor: Actor
    till_session_id: UUID
    kind: DrawerKind
    amount_minor: int
    reason: str
    authority: Authority


@dataclass(frozen=True, slots=True)
class CloseTill(Command):
    """A count, and what stands behind it."""

    actor: Actor
    till_session_id: UUID
    counted_minor: int
    reason: str
    carry_over_order_ids: frozenset[UUID]
    authority: Authority


@dataclass(frozen=True, slots=True)
class TillsSnapshot:
    """Sessions that are not closed, and the position on the channel that they stand for."""

    epoch: str
    seq: int
    sessions: Sequence[TillSession]


async def open_till(db: Database, peers: Peers, command: OpenTill, answer: Answer[TillSession, M]) -> M:
    """Begins a session. Raises TillAlreadyOpen, InvalidArgument (TILL_NAME)."""
    name = command.till.strip()
    if not name:
        raise InvalidArgument("A till has a name.", reason="TILL_NAME")

    async def begin(copies: Copies, tx: Transaction) -> TillSession:
        now = db.clock.now()
        await copies.keep(tx, now)
        restaurant = await restaurant_of(tx)
        session = TillSession(
            id=new_id(),
            restaurant_id=command.tenant,
            till=name,
            state=TillState.OPEN,
            currency_code=restaurant.currency_code,
            business_date=restaurant.business_date(now),
            opened_at=now,
            opening_float_minor=command.opening_float_minor,
            expected_minor=command.opening_float_minor,
            opened_by=command.actor,
            version=1,
        )
        taken = await tills.insert_session(tx, session)
        if taken is not None:
            raise TillAlreadyOpen(
                f"{name} is open already.", metadata={"till_session_id": str(taken), "till": name}
            )
        entries = opening_posting(command.opening_float_minor)
        day = session.business_date
        posting = Posting("till_opened", session.id, session.currency_code, day, now, command.actor, entries)
        await record_posting(tx, posting)
        _announce(tx, session)
        audit(
            tx,
            "payments.till_opened",
            till_session_id=session.id,
            till=session.till,
            currency=session.currency_code,
            opening_float_minor=session.opening_float_minor,
        )
        return session

    def attempt(copies: Copies) -> Awaitable[M]:
        return execute(db, command, answer, partial(begin, copies))

    return await with_copies(peers, command.tenant, attempt)


async def record_drawer_event(db: Database, command: RecordDrawerEvent, answer: Answer[TillSession, M]) -> M:
    """Moves cash in or out beside a sale.

    Raises DrawerAmount, TillSessionNotFound, TillNotOpen, DrawerShort, DrawerEventsFull, and where the actor
    may not do it alone ApprovalNeeded, ApprovalInvalid, ApprovalNeedsReason.
    """
    change = drawer_change(command.kind, command.amount_minor)

    async def record(tx: Transaction) -> TillSession:
        now = db.clock.now()
        event = await _allowed(tx, command, now)
        session = await tills.move_drawer(tx, command.till_session_id, event, change)
        entries = drawer_posting(command.kind, command.amount_minor)
        await book(tx, command.kind.value, session, now, command.actor, entries)
        _announce(tx, session)
        audit(
            tx,
            "payments.drawer_opened",
            till_session_id=session.id,
            till=session.till,
            currency=session.currency_code,
            kind=command.kind,
            amount_minor=command.amount_minor,
            approver_id=None if event.approved_by is None else event.approved_by.user_id,
        )
        return session

    return await execute(db, command, answer, record)


async def close_till(db: Database, command: CloseTill, answer: Answer[TillClosed, M]) -> M:
    """Counts, closes and issues the Z report, all in one transaction.

    Payments of this till wait for the lock and then find it closed, so the report misses none of them.
    Raises TillSessionNotFound, TillNotOpen, HalfPaidOrders, VarianceNeedsReason, and where the actor may not
    close it alone VarianceNeedsManager, ApprovalNeeded, ApprovalInvalid, ApprovalNeedsReason.
    """

    async def close(tx: Transaction) -> TillClosed:
        now = db.clock.now()
        session = await _locked(tx, command.till_session_id)
        check_open(session)
        half_paid = await half_paid_cash_orders(tx, session.id)
        closing = Closing(command.counted_minor, command.reason, command.carry_over_order_ids)
        variance = variance_of(session.expected_minor, closing, half_paid)
        need = closing_need(variance, carries_over=bool(half_paid))
        approver = approver_of(need, command.authority, command.reason)
        closed = await tills.close_session(
            tx,
            session.id,
            at=now,
            counted_minor=command.counted_minor,
            variance_minor=variance,
            reason=command.reason,
            actor=command.actor,
            approver=approver,
        )
        entries = closing_posting(command.counted_minor, variance)
        await book(tx, "till_closed", closed, now, command.actor, entries)
        report = await issue_z_report(tx, closed, now)
        _announce(tx, closed)
        tx.emit(z_report_issued(report), subject_id=str(closed.id))
        audit(
            tx,
            "payments.till_closed",
            till_session_id=closed.id,
            till=closed.till,
            currency=closed.currency_code,
            counted_minor=command.counted_minor,
            variance_minor=variance,
            z_number=report.number,
            approver_id=None if approver is None else approver.user_id,
        )
        return TillClosed(closed, report)

    return await execute(db, command, answer, close)


async def get_till_session(db: Database, restaurant_id: UUID, session_id: UUID) -> TillSession:
    """Raises TillSessionNotFound."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        session = await tills.find_session(tx, session_id)
    if session is None:
        raise TillSessionNotFound("This restaurant has no such till session.")
    return session


async def list_till_sessions(
    db: Database, restaurant_id: UUID, page: Page[tuple[datetime, UUID]], *, open_only: bool
) -> tuple[Sequence[TillSession], str]:
    """Sessions, the newest first, and the cursor of what follows."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        found = await tills.list_sessions(tx, open_only=open_only, before=page.after, limit=page.one_more)
    return page.cut(found, lambda one: (one.opened_at, one.id))


async def tills_snapshot(db: Database, restaurant_id: UUID, channel: str) -> TillsSnapshot:
    """What the channel ``tills`` shows to a device that has nothing yet."""
    async with db.transaction(restaurant_id, isolation="repeatable_read", readonly=True) as tx:
        epoch, seq = await position(tx, channel)
        return TillsSnapshot(epoch, seq, await tills.open_sessions(tx, SNAPSHOT_MAX_SESSIONS))


async def _allowed(tx: Transaction, command: RecordDrawerEvent, now: datetime) -> DrawerEvent:
    """The event, once the drawer holds it and somebody who may stands behind it. Locks the session."""
    session = await _locked(tx, command.till_session_id)
    check_open(session)
    moved = await tills.moved_in(tx, session.id, command.kind, command.actor)
    check_drawer(session, command.kind, command.amount_minor, moved)
    need = drawer_need(session, command.actor, command.kind, command.amount_minor, moved)
    approver = approver_of(need, command.authority, command.reason)
    return DrawerEvent(
        new_id(), command.kind, command.amount_minor, command.reason, now, command.actor, approver
    )


async def _locked(tx: Transaction, session_id: UUID) -> TillSession:
    session = await tills.lock_session(tx, session_id)
    if session is None:
        raise TillSessionNotFound("This restaurant has no such till session.")
    return session


def _announce(tx: Transaction, session: TillSession) -> None:
    tx.emit(till_session_updated(session), subject_id=str(session.id))
