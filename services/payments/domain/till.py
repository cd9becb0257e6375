"""Tills: sessions of a cash drawer, what should be in it, and when a session may close.

Amounts are minor units of the restaurant's currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.payments.domain.actor import Actor
from services.payments.domain.errors import (
    DrawerAmount,
    HalfPaidOrders,
    ReportNotYours,
    TenderedTooLittle,
    TillNotOpen,
    VarianceNeedsReason,
)

VARIANCE_LIMIT_MINOR = 500
"""A difference of up to 5.00 between count and expectation closes without an approval."""

DRAWER_EVENTS_MAX = 400
"""Drawer events beside sales in one session: all of them are listed in its report, which must fit a reply."""


TENDERED = "tendered"
CHANGE = "change"
"""Kinds of the events that a sale itself makes in a drawer, beside those of DrawerKind."""


class TillState(StrEnum):
    """Where a session stands.

    Opening and counting are moments on a device; the service stores open and closed.
    """

    OPENING = "opening"
    OPEN = "open"
    COUNTING = "counting"
    CLOSED = "closed"


class DrawerKind(StrEnum):
    """Why cash moves beside a sale."""

    PAID_IN = "paid_in"
    PAID_OUT = "paid_out"
    DROP = "drop"
    NO_SALE = "no_sale"


@dataclass(frozen=True, slots=True)
class DrawerEvent:
    """Cash that moved beside a sale. ``approved_by`` only where the actor could not do it alone."""

    id: UUID
    kind: DrawerKind
    amount_minor: int
    reason: str
    at: datetime
    actor: Actor
    approved_by: Actor | None = None


@dataclass(frozen=True, slots=True)
class TillSession:
    """One opening of one drawer. Instants are UTC, the business date is the restaurant's."""

    id: UUID
    restaurant_id: UUID
    till: str
    state: TillState
    currency_code: str
    business_date: date
    opened_at: datetime
    opening_float_minor: int
    expected_minor: int
    opened_by: Actor
    version: int
    closed_at: datetime | None = None
    counted_minor: int = 0
    variance_minor: int = 0
    variance_reason: str = ""
    closed_by: Actor | None = None
    closing_approved_by: Actor | None = None
    """Only where whoever closed it could not do it alone."""

    def after_sale(self, tendered_minor: int, change_minor: int) -> "TillSession":
        """The session once a cash sale is in its drawer."""
        expected = self.expected_minor + tendered_minor - change_minor
        return replace(self, expected_minor=expected, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class CashTotals:
    """What moved in one session's drawer. ``sales_minor`` is tendered less change: tips in cash are in it."""

    opening_float_minor: int = 0
    sales_minor: int = 0
    refunds_minor: int = 0
    paid_in_minor: int = 0
    paid_out_minor: int = 0
    drops_minor: int = 0

    @property
    def expected_minor(self) -> int:
        """Float + cash sales - cash refunds + paid in - paid out - drops."""
        into = self.opening_float_minor + self.sales_minor + self.paid_in_minor
        return into - self.refunds_minor - self.paid_out_minor - self.drops_minor


@dataclass(frozen=True, slots=True)
class HalfPaid:
    """A cash order of a session with a balance left. ``due_minor`` is above zero."""

    order_id: UUID
    order_number: int
    due_minor: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A count, why it differs, and the half-paid orders that are left for the next session."""

    counted_minor: int
    reason: str
    carried_over: frozenset[UUID]


def change_of(amount_minor: int, tip_minor: int, tendered_minor: int | None) -> tuple[int, int]:
    """(tendered, change) of a cash payment; None tenders the exact sum. Raises TenderedTooLittle."""
    asked = amount_minor + tip_minor
    tendered = asked if tendered_minor is None else tendered_minor
    if tendered < asked:
        raise TenderedTooLittle(
            f"{tendered} does not cover {asked}.",
            metadata={"asked_minor": str(asked), "tendered_minor": str(tendered)},
        )
    return tendered, tendered - asked


def cash_totals(session: TillSession, moved_minor: Mapping[str, int]) -> CashTotals:
    """What moved in a session's drawer, from the sums of its events by kind: those beside sales, and what
    sales put in (``tendered``) and took out (``change``).
    """
    return CashTotals(
        opening_float_minor=session.opening_float_minor,
        sales_minor=moved_minor.get(TENDERED, 0) - moved_minor.get(CHANGE, 0),
        paid_in_minor=moved_minor.get(DrawerKind.PAID_IN, 0),
        paid_out_minor=moved_minor.get(DrawerKind.PAID_OUT, 0),
        drops_minor=moved_minor.get(DrawerKind.DROP, 0),
    )


def check_open(session: TillSession) -> None:
    """Raises TillNotOpen."""
    if session.state is not TillState.OPEN:
        raise TillNotOpen("This till session is closed.", metadata={"till_session_id": str(session.id)})


def check_reader(session: TillSession, only_of: UUID | None) -> None:
    """A closed session's figures are its Z report's: whoever opened or closed the till had them in hand.

    ``only_of`` is a person who may not read Z reports. Raises ReportNotYours.
    """
    had_it = {session.opened_by.user_id, None if session.closed_by is None else session.closed_by.user_id}
    if session.state is TillState.CLOSED and only_of is not None and only_of not in had_it:
        raise ReportNotYours("This till was closed by somebody else; its figures are in the Z report.")


def drawer_change(kind: DrawerKind, amount_minor: int) -> int:
    """By how much the expected cash moves.

    Raises DrawerAmount: NO_SALE moves nothing, the others something.
    """
    if (kind is DrawerKind.NO_SALE) != (amount_minor == 0):
        rule = "moves no money" if kind is DrawerKind.NO_SALE else "needs an amount"
        raise DrawerAmount(f"{kind.value.replace('_', ' ')} {rule}.", metadata={"kind": kind.value})
    return amount_minor if kind is DrawerKind.PAID_IN else -amount_minor


def variance_of(expected_minor: int, closing: Closing, half_paid: Sequence[HalfPaid]) -> int:
    """Counted less expected, when the session may close.

    ``half_paid`` are the cash orders of the session that still have a balance. A difference alone never
    keeps a till open: above VARIANCE_LIMIT_MINOR it needs a reason (and an approval: ``closing_need``).
    Raises HalfPaidOrders, VarianceNeedsReason.
    """
    left = [one for one in half_paid if one.order_id not in closing.carried_over]
    if left:
        raise HalfPaidOrders(
            "Orders paid in part with cash of this till are still open; a manager may carry them over.",
            metadata={
                "order_ids": ",".join(str(one.order_id) for one in left),
                "order_numbers": ",".join(str(one.order_number) for one in left),
                "due_minor": ",".join(str(one.due_minor) for one in left),
            },
        )
    variance = closing.counted_minor - expected_minor
    if abs(variance) > VARIANCE_LIMIT_MINOR and not closing.reason.strip():
        facts = {"limit_minor": str(VARIANCE_LIMIT_MINOR)}
        raise VarianceNeedsReason("The count differs by more than the limit: say why.", metadata=facts)
    return variance
