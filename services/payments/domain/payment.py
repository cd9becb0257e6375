"""A payment as it is stored, what it meets, and what is answered of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.payments.domain.actor import Actor
from services.payments.domain.bill import Bill
from services.payments.domain.errors import PaymentIdTaken, TillNotOpen, TillSessionNotFound
from services.payments.domain.fee import Fee, Method
from services.payments.domain.restaurant import RestaurantCopy
from services.payments.domain.till import TillSession, check_open


class PaymentStatus(StrEnum):
    """Where a payment stands. Cash is captured at once; the other states belong to providers."""

    CREATED = "created"
    PENDING_CUSTOMER = "pending_customer"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    SETTLED = "settled"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money taken for a bill, in minor units of ``currency_code``; ``amount_minor`` is without the tip."""

    id: UUID
    restaurant_id: UUID
    order_id: UUID
    order_number: int
    sequence: int
    method: Method
    status: PaymentStatus
    currency_code: str
    amount_minor: int
    tip_minor: int
    tendered_minor: int
    change_minor: int
    fee: Fee
    till_session_id: UUID | None
    check_id: str
    business_date: date
    created_at: datetime
    taken_by: Actor
    approved_by: Actor | None = None
    """Who approved a tip that ``taken_by`` could not take alone."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PaymentTaken:
    """A payment, and its bill as it stands now."""

    payment: Payment
    paid_minor: int
    due_minor: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks to be paid; None leaves the amount, or what is tendered, to the bill."""

    order_id: UUID
    method: Method
    amount_minor: int | None
    tip_minor: int
    tendered_minor: int | None
    check_id: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a payment meets: each None where it is not there. ``open_tills`` counts to two at most."""

    bill: Bill | None
    session: TillSession | None
    restaurant: RestaurantCopy | None
    open_tills: int


def till_for(checkout: Checkout, named: UUID | None) -> TillSession:
    """The till that the cash goes into: the one named, else the only open one.

    Raises TillNotOpen, TillSessionNotFound.
    """
    if checkout.session is not None:
        check_open(checkout.session)
        return checkout.session
    if named is not None:
        raise TillSessionNotFound("This restaurant has no such till session.")
    if checkout.open_tills == 0:
        raise TillNotOpen("Cash needs an open till, and none is open: open one first.")
    raise TillNotOpen("Several tills are open: say with till_session_id which one the cash goes into.")


def check_same(earlier: Payment, wanted: Wanted) -> None:
    """Whether a payment that has the request's id is what the request asks for. Raises PaymentIdTaken."""
    same = (
        earlier.order_id == wanted.order_id
        and earlier.method is wanted.method
        and earlier.check_id == wanted.check_id
        and wanted.amount_minor in (None, earlier.amount_minor)
        and wanted.tip_minor == earlier.tip_minor
        and wanted.tendered_minor in (None, earlier.tendered_minor)
    )
    if not same:
        raise PaymentIdTaken("Another payment has this id.", metadata={"payment_id": str(earlier.id)})
