"""Taking money for a bill, and the payments that were taken."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from chassis.db.errors import ConcurrentUpdate
from chassis.ids import new_id
from chassis.rpc import mark_replayed
from chassis.rpc.cursors import Page
from services.payments.domain.actor import Actor
from services.payments.domain.approval import Authority, approver_of, tip_need
from services.payments.domain.bill import Bill, amount_to_pay, refuse_closed, share_of
from services.payments.domain.check import amount_for_check, check_of
from services.payments.domain.errors import MethodNotOffered, PaymentNotFound
from services.payments.domain.fee import NO_FEE, OFFERED, Method
from services.payments.domain.ledger import payment_posting
from services.payments.domain.payment import (
    Payment,
    PaymentStatus,
    PaymentTaken,
    Wanted,
    check_same,
    till_for,
)
from services.payments.domain.till import TillSession, change_of
from services.payments.store import payment as payments
from services.payments.store.bill import has_bill
from services.payments.usecases.copies import Copies, CopyMissing, with_copies
from services.payments.usecases.ports import Peers
from services.payments.wire.payment import payment_captured
from services.payments.wire.till import till_session_updated


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


async def take_payment(
    db: Database, peers: Peers, command: TakePayment, answer: Answer[PaymentTaken, M]
) -> M:
    """Takes cash for an order: payment, bill, drawer, till session and ledger together.

    A payment id is good for one payment for ever: the same again answers the same, also under another key.
    Raises MethodNotOffered, OrderNotFound, OrderNotPayable, BillClosed, BillPaid, AmountAboveBalance,
    TenderedTooLittle, TillNotOpen, TillSessionNotFound, CurrencyMismatch, PaymentIdTaken, for a check
    CheckNotFound and CheckPaid, and for a tip above the limit ApprovalNeeded, ApprovalInvalid,
    ApprovalNeedsReason.
    """
    if command.method not in OFFERED:
        raise MethodNotOffered(
            f"{command.method.value.replace('_', ' ').capitalize()} cannot be taken here yet.",
            metadata={"method": command.method.value, "offered": ",".join(sorted(OFFERED))},
        )

    async def take(copies: Copies, tx: Transaction) -> PaymentTaken:
        await copies.keep(tx, db.clock.now())
        return await _take(tx, db, command, None if copies.order is None else copies.order.bill)

    def attempt(copies: Copies) -> Awaitable[M]:
        return execute(db, command, answer, partial(take, copies))

    return await with_copies(peers, command.tenant, attempt)


async def get_payment(db: Database, restaurant_id: UUID, payment_id: UUID) -> Payment:
    """Raises PaymentNotFound."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        payment = await payments.find_payment(tx, payment_id)
    if payment is None:
        raise PaymentNotFound("This restaurant has no such payment.")
    return payment


async def list_payments(
    db: Database,
    peers: Peers,
    restaurant_id: UUID,
    page: Page[tuple[datetime, UUID]],
    *,
    order_id: UUID | None,
    session_id: UUID | None,
) -> tuple[Sequence[Payment], str]:
    """Payments, the newest first, and the cursor of what follows. Raises OrderNotFound."""
    async with db.transaction(restaurant_id, readonly=True) as tx:
        found = await payments.list_payments(
            tx, order_id=order_id, session_id=session_id, before=page.after, limit=page.one_more
        )
        unheard_of = not found and order_id is not None and not await has_bill(tx, order_id)
    if unheard_of and order_id is not None:
        await peers.bill(restaurant_id, order_id)  # it has no payments, if it is there at all
    return page.cut(found, lambda one: (one.created_at, one.id))


async def _take(tx: Transaction, db: Database, command: TakePayment, told: Bill | None) -> PaymentTaken:
    """``told`` is the bill as orders tells it, where it has been asked."""
    checkout = await payments.lock_checkout(tx, command.order_id, command.till_session_id)
    bill, restaurant = checkout.bill, checkout.restaurant
    if bill is None or restaurant is None:
        unknown = bill is None or command.check_id
        raise CopyMissing(restaurant=restaurant is None, order_id=command.order_id if unknown else None)
    if command.payment_id is not None:
        earlier = await payments.find_payment(tx, command.payment_id)
        if earlier is not None:
            check_same(earlier, _wanted(command))
            mark_replayed()
            return _taken(earlier, bill)
    amount = await _amount(tx, bill, command, told)
    restaurant.check_currency(bill.currency_code)
    tendered, change = change_of(amount, command.tip_minor, command.tendered_minor)
    session = till_for(checkout, command.till_session_id)
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
    await payments.record_payment(tx, payment, share, entries)
    paid = bill.after(amount)
    _announce(tx, payment, paid, session.after_sale(tendered, change))
    return _taken(payment, paid)


async def _amount(tx: Transaction, bill: Bill, command: TakePayment, told: Bill | None) -> int:
    """What is taken of the bill, or of one check of it.

    What a check comes to orders is asked each time: it may have changed since the last event.
    """
    if not command.check_id:
        return amount_to_pay(bill, command.amount_minor)
    if told is None:
        raise CopyMissing(restaurant=False, order_id=bill.order_id)
    refuse_closed(bill)
    if told.order_version < bill.order_version:
        raise ConcurrentUpdate("The order is being changed.", metadata={"retry_after_seconds": "1"})
    check = check_of(told.checks, command.check_id)
    taken = await payments.taken_for_check(tx, bill.order_id, check.id) if bill.sequence else 0
    return amount_for_check(check, taken, bill.due_minor, command.amount_minor)


def _wanted(command: TakePayment) -> Wanted:
    return Wanted(
        command.order_id,
        command.method,
        command.amount_minor,
        command.tip_minor,
        command.tendered_minor,
        command.check_id,
    )


def _taken(payment: Payment, bill: Bill) -> PaymentTaken:
    return PaymentTaken(payment, bill.paid_minor, bill.due_minor)


async def _approver(tx: Transaction, bill: Bill, command: TakePayment) -> Actor | None:
    """Who approved the tip; None where nobody had to."""
    if command.tip_minor == 0:
        return None
    earlier = await payments.tips_on(tx, bill.order_id) if bill.sequence else 0
    need = tip_need(bill.charges.total_minor, earlier + command.tip_minor)
    return approver_of(need, command.authority, command.reason)


def _announce(tx: Transaction, payment: Payment, bill: Bill, session: TillSession) -> None:
    tx.emit(payment_captured(payment, bill), subject_id=str(payment.order_id))
    tx.emit(till_session_updated(session), subject_id=str(session.id))
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
