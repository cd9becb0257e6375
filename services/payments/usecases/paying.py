"""Taking money for a bill, and closing the bill of an order that is cancelled."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Command, execute
from chassis.ids import new_id
from chassis.rpc import mark_replayed
from services.payments import store, wire
from services.payments.domain.approval import Authority, approver_of, tip_need
from services.payments.domain.bill import Bill, amount_to_pay, check_closable, share_of
from services.payments.domain.errors import (
    MethodNotOffered,
    PaymentIdTaken,
    TillNotOpen,
    TillSessionNotFound,
)
from services.payments.domain.fees import NO_FEE, OFFERED, Method
from services.payments.domain.ledger import payment_posting
from services.payments.domain.payment import Payment, PaymentStatus
from services.payments.domain.till import Actor, TillSession, change_of, check_open
from services.payments.usecases.copies import Copies, CopyMissing, Peers, with_copies


@dataclass(frozen=True, slots=True)
class TakePayment(Command):
    """``amount_minor`` None pays the balance, ``tendered_minor`` None tenders the exact sum."""

    actor: Actor
    order_id: UUID
    payment_id: UUID | None
    method: Method
    amount_minor: int | None
    tip_minor: int
    tendered_minor: int | None
    till_session_id: UUID | None
    check_id: str
    reason: str
    authority: Authority


@dataclass(frozen=True, slots=True)
class CloseBill(Command):
    """The order that is being cancelled."""

    order_id: UUID


async def take_payment(db: Database, peers: Peers, command: TakePayment) -> payments_api.TakePaymentResponse:
    """Takes cash for an order: payment, bill, drawer, till session and ledger together.

    A payment id is good for one payment for ever: the same again answers the same, also under another key.
    Raises MethodNotOffered, OrderNotFound, OrderNotPayable, BillClosed, BillPaid, AmountAboveBalance,
    TenderedTooLittle, TillNotOpen, TillSessionNotFound, CurrencyMismatch, PaymentIdTaken, and for a tip
    above the limit ApprovalNeeded, ApprovalInvalid, ApprovalNeedsReason.
    """
    if command.method not in OFFERED:
        raise MethodNotOffered(
            f"{command.method.value.replace('_', ' ').capitalize()} cannot be taken here yet.",
            metadata={"method": command.method.value, "offered": ",".join(sorted(OFFERED))},
        )

    async def take(copies: Copies, tx: Transaction) -> payments_api.TakePaymentResponse:
        await copies.keep(tx, db.clock.now())
        return await _take(tx, db, command)

    def attempt(copies: Copies) -> Awaitable[payments_api.TakePaymentResponse]:
        return execute(db, command, payments_api.TakePaymentResponse, partial(take, copies))

    return await with_copies(peers, command.tenant, attempt)


async def close_bill(db: Database, command: CloseBill) -> payments_api.CloseBillResponse:
    """Lets no more money onto the bill of an order. Closed twice is closed. Raises BillHasMoney."""

    async def close(tx: Transaction) -> payments_api.CloseBillResponse:
        await store.close_bill(tx, command.order_id, db.clock.now())
        # Looked at after the statement that waits for whoever writes the bill, or makes it, at this moment.
        bill = await store.lock_bill(tx, command.order_id)
        if bill is not None:
            check_closable(bill)
        return payments_api.CloseBillResponse()

    return await execute(db, command, payments_api.CloseBillResponse, close)


async def _take(tx: Transaction, db: Database, command: TakePayment) -> payments_api.TakePaymentResponse:
    checkout = await store.lock_checkout(tx, command.order_id, command.till_session_id)
    bill, restaurant = checkout.bill, checkout.restaurant
    if bill is None or restaurant is None:
        raise CopyMissing(restaurant=restaurant is None, order_id=command.order_id if bill is None else None)
    if command.payment_id is not None:
        earlier = await store.find_payment(tx, command.payment_id)
        if earlier is not None:
            return _again(earlier, bill, command)
    amount = amount_to_pay(bill, command.amount_minor)
    restaurant.check_currency(bill.currency_code)
    tendered, change = change_of(amount, command.tip_minor, command.tendered_minor)
    session = _session(checkout, command)
    restaurant.check_currency(session.currency_code)
    approver = await _approver(tx, bill, command)
    now = db.clock.now()
    share = share_of(bill, amount)
    payment = Payment(
        id=command.payment_id or new_id(),
        restaurant_id=command.tenant,
        order_id=command.order_id,
        order_number=bill.order_number,
        sequence=bill.sequence + 1,
        method=command.method,
        status=PaymentStatus.CAPTURED,
        currency_code=bill.currency_code,
        amount_minor=amount,
        tip_minor=command.tip_minor,
        tendered_minor=tendered,
        change_minor=change,
        fee=NO_FEE,
        till_session_id=session.id,
        check_id=command.check_id,
        business_date=restaurant.business_date(now),
        created_at=now,
        taken_by=command.actor,
        approved_by=approver,
        reason=command.reason,
    )
    entries = payment_posting(payment.method, share, payment.tip_minor, payment.fee)
    await store.record_payment(tx, payment, bill, share, entries)
    paid = replace(bill, paid_minor=bill.paid_minor + amount, sequence=payment.sequence)
    taken_in = replace(
        session, expected_minor=session.expected_minor + tendered - change, version=session.version + 1
    )
    _announce(tx, payment, paid, taken_in)
    return _response(payment, paid)


async def _approver(tx: Transaction, bill: Bill, command: TakePayment) -> Actor | None:
    """Who approved the tip; None where nobody had to."""
    if command.tip_minor == 0:
        return None
    earlier = await store.tips_on(tx, bill.order_id) if bill.sequence else 0
    need = tip_need(bill.charges.total_minor, earlier + command.tip_minor)
    return approver_of(need, command.authority, command.reason)


def _session(checkout: store.Checkout, command: TakePayment) -> TillSession:
    """The till that the cash goes into: the one named, else the only open one."""
    if checkout.session is not None:
        check_open(checkout.session)
        return checkout.session
    if command.till_session_id is not None:
        raise TillSessionNotFound("This restaurant has no such till session.")
    if checkout.open_tills == 0:
        raise TillNotOpen("Cash needs an open till, and none is open: open one first.")
    raise TillNotOpen("Several tills are open: say with till_session_id which one the cash goes into.")


def _again(earlier: Payment, bill: Bill, command: TakePayment) -> payments_api.TakePaymentResponse:
    same = (
        earlier.order_id == command.order_id
        and earlier.method is command.method
        and command.amount_minor in (None, earlier.amount_minor)
        and command.tip_minor == earlier.tip_minor
        and command.tendered_minor in (None, earlier.tendered_minor)
    )
    if not same:
        raise PaymentIdTaken("Another payment has this id.", metadata={"payment_id": str(earlier.id)})
    mark_replayed()
    return _response(earlier, bill)


def _announce(tx: Transaction, payment: Payment, bill: Bill, session: TillSession) -> None:
    tx.emit(wire.payment_captured(payment, bill), subject_id=str(payment.order_id))
    tx.emit(wire.till_session_updated(session), subject_id=str(session.id))
    audit(
        tx,
        "payments.payment_taken",
        payment_id=payment.id,
        order_id=payment.order_id,
        number=payment.order_number,
        currency=payment.currency_code,
        method=payment.method,
        amount_minor=payment.amount_minor,
        tip_minor=payment.tip_minor,
        approver_id=None if payment.approved_by is None else payment.approved_by.user_id,
    )


def _response(payment: Payment, bill: Bill) -> payments_api.TakePaymentResponse:
    return payments_api.TakePaymentResponse(
        payment=wire.payment(payment), paid_minor=bill.paid_minor, due_minor=bill.due_minor
    )
