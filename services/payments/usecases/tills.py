"""Opening a till, moving cash beside sales, counting and closing."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from fynlo.payments.v1 import payments_service_pb2 as payments_api
from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Command, execute
from chassis.errors import InvalidArgument
from chassis.ids import new_id
from services.payments import store, wire
from services.payments.domain.approval import (
    Authority,
    approver_of,
    check_drawer,
    closing_need,
    drawer_need,
)
from services.payments.domain.errors import TillAlreadyOpen, TillSessionNotFound
from services.payments.domain.ledger import Entry, closing_posting, drawer_posting, opening_posting
from services.payments.domain.report import TillReport, report_of
from services.payments.domain.till import (
    Actor,
    Closing,
    DrawerEvent,
    DrawerKind,
    TillSession,
    TillState,
    check_open,
    drawer_change,
    variance_of,
)
from services.payments.usecases.copies import Copies, Peers, restaurant_of, with_copies


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


async def open_till(db: Database, peers: Peers, command: OpenTill) -> payments_api.OpenTillResponse:
    """Begins a session. Raises TillAlreadyOpen, InvalidArgument (TILL_NAME)."""
    name = command.till.strip()
    if not name:
        raise InvalidArgument("A till has a name.", reason="TILL_NAME")

    async def begin(copies: Copies, tx: Transaction) -> payments_api.OpenTillResponse:
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
        taken = await store.insert_session(tx, session)
        if taken is not None:
            raise TillAlreadyOpen(
                f"{name} is open already.", metadata={"till_session_id": str(taken), "till": name}
            )
        posting = store.Posting(
            "till_opened",
            session,
            session.business_date,
            now,
            command.actor,
            opening_posting(command.opening_float_minor),
        )
        await store.record_posting(tx, posting)
        _announce(tx, session)
        audit(
            tx,
            "payments.till_opened",
            till_session_id=session.id,
            till=session.till,
            currency=session.currency_code,
            opening_float_minor=session.opening_float_minor,
        )
        return payments_api.OpenTillResponse(session=wire.till_session(session))

    def attempt(copies: Copies) -> Awaitable[payments_api.OpenTillResponse]:
        return execute(db, command, payments_api.OpenTillResponse, partial(begin, copies))

    return await with_copies(peers, command.tenant, attempt)


async def record_drawer_event(
    db: Database, command: RecordDrawerEvent
) -> payments_api.RecordDrawerEventResponse:
    """Moves cash in or out beside a sale.

    Raises DrawerAmount, TillSessionNotFound, TillNotOpen, DrawerShort, DrawerEventsFull, and where the actor
    may not do it alone ApprovalNeeded, ApprovalInvalid, ApprovalNeedsReason.
    """
    change = drawer_change(command.kind, command.amount_minor)

    async def record(tx: Transaction) -> payments_api.RecordDrawerEventResponse:
        now = db.clock.now()
        event = await _allowed(tx, command, now)
        session = await store.move_drawer(tx, command.till_session_id, event, change)
        entries = drawer_posting(command.kind, command.amount_minor)
        await _book(tx, command.kind.value, session, now, command.actor, entries)
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
        return payments_api.RecordDrawerEventResponse(session=wire.till_session(session))

    return await execute(db, command, payments_api.RecordDrawerEventResponse, record)


async def close_till(db: Database, command: CloseTill) -> payments_api.CloseTillResponse:
    """Counts, closes and issues the Z report, all in one transaction.

    Payments of this till wait for the lock and then find it closed, so the report misses none of them.
    Raises TillSessionNotFound, TillNotOpen, HalfPaidOrders, VarianceNeedsReason, and where the actor may not
    close it alone VarianceNeedsManager, ApprovalNeeded, ApprovalInvalid, ApprovalNeedsReason.
    """

    async def close(tx: Transaction) -> payments_api.CloseTillResponse:
        now = db.clock.now()
        session = await _locked(tx, command.till_session_id)
        check_open(session)
        half_paid = await store.half_paid_cash_orders(tx, session.id)
        closing = Closing(command.counted_minor, command.reason, command.carry_over_order_ids)
        variance = variance_of(session.expected_minor, closing, half_paid)
        need = closing_need(variance, carries_over=bool(half_paid))
        approver = approver_of(need, command.authority, command.reason)
        closed = await store.close_session(
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
        await _book(tx, "till_closed", closed, now, command.actor, entries)
        report = await store.issue_z_report(tx, await current_report(tx, closed, now))
        _announce(tx, closed, wire.z_report_issued(report))
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
        return payments_api.CloseTillResponse(
            session=wire.till_session(closed), report=wire.till_report(report)
        )

    return await execute(db, command, payments_api.CloseTillResponse, close)


async def current_report(tx: Transaction, session: TillSession, until: datetime) -> TillReport:
    """The X report of a session from what the database has in this transaction."""
    return report_of(
        session,
        until,
        await store.taken_in(tx, session.id),
        await store.vat_in(tx, session.id),
        await store.cash_totals(tx, session),
        await store.drawer_events(tx, session.id),
    )


async def _allowed(tx: Transaction, command: RecordDrawerEvent, now: datetime) -> DrawerEvent:
    """The event, once the drawer holds it and somebody who may stands behind it. Locks the session."""
    session = await _locked(tx, command.till_session_id)
    check_open(session)
    moved = await store.moved_in(tx, session.id, command.kind, command.actor)
    check_drawer(session, command.kind, command.amount_minor, moved)
    need = drawer_need(session, command.actor, command.kind, command.amount_minor, moved)
    approver = approver_of(need, command.authority, command.reason)
    return DrawerEvent(
        new_id(), command.kind, command.amount_minor, command.reason, now, command.actor, approver
    )


async def _locked(tx: Transaction, session_id: UUID) -> TillSession:
    session = await store.lock_session(tx, session_id)
    if session is None:
        raise TillSessionNotFound("This restaurant has no such till session.")
    return session


async def _book(
    tx: Transaction, kind: str, session: TillSession, at: datetime, actor: Actor, entries: tuple[Entry, ...]
) -> None:
    restaurant = await restaurant_of(tx)
    posting = store.Posting(kind, session, restaurant.business_date(at), at, actor, entries)
    await store.record_posting(tx, posting)


def _announce(tx: Transaction, session: TillSession, *more: Message) -> None:
    for event in (wire.till_session_updated(session), *more):
        tx.emit(event, subject_id=str(session.id))
