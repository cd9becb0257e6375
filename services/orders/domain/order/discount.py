"""What people take off an order: how much each may alone, and what a second person stands behind.

Caps are basis points. They count what people gave on one line and on one order, so that a large discount in
small pieces meets them too; promotions are the restaurant's own and do not count.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from chassis.money import BASIS_POINTS_IN_ONE, percent
from services.orders.domain.approval import Authority, Rank
from services.orders.domain.discount import Discount, DiscountKind
from services.orders.domain.errors import (
    ApprovalInvalid,
    ApprovalNeeded,
    DiscountExists,
    DiscountNotFound,
    LineRefused,
    OrderPaid,
    PromotionApplies,
    TooManyDiscounts,
)
from services.orders.domain.firing import fire_what_goes
from services.orders.domain.order.axes import Lifecycle, Payment
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import Change, Event, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal, refuse_below_paid
from services.orders.domain.order.house import House
from services.orders.domain.order.lifecycle import completed_by_itself
from services.orders.domain.order.order import Actor, Line, Order, ServiceFlow
from services.orders.domain.ticket import Ticket

DISCOUNTS_MAX = 20
"""Of people, on one order."""
CHANGEABLE = frozenset({Lifecycle.DRAFT, Lifecycle.VALIDATED})


@dataclass(frozen=True, slots=True)
class Caps:
    """What each rank may take off alone, in basis points."""

    staff_bp: int = 1_000
    manager_bp: int = 5_000
    owner_bp: int = BASIS_POINTS_IN_ONE

    def of(self, rank: Rank) -> int:
        """The cap of a rank."""
        return {Rank.STAFF: self.staff_bp, Rank.MANAGER: self.manager_bp, Rank.OWNER: self.owner_bp}[rank]


USUAL_CAPS = Caps()


@dataclass(frozen=True, slots=True)
class WantedDiscount:
    """A discount as somebody gives it; ``value`` as in Discount."""

    id: UUID
    kind: DiscountKind
    value: int
    line_id: UUID | None
    reason: str


def give(
    locked: Locked, wanted: WantedDiscount, authority: Authority, caps: Caps, house: House, stamp: Stamp
) -> Change | None:
    """Takes it off the line or the order. None: it was given before.

    An order that it pays for goes on as one that was paid. Raises IllegalTransition, DiscountExists,
    TooManyDiscounts, LineRefused (UNKNOWN_LINE), ApprovalNeeded, ApprovalInvalid, RefundRequired (more is
    paid than it would cost).
    """
    order = locked.order
    if order.lifecycle not in CHANGEABLE:
        raise illegal(order, "discount")
    asked = Discount(
        id=wanted.id,
        kind=wanted.kind,
        value=wanted.value,
        at=stamp.at,
        line_ids=() if wanted.line_id is None else (wanted.line_id,),
        reason=wanted.reason,
        given_by=stamp.actor,
    )
    if _is_given(order, asked):
        return None
    if wanted.line_id is not None and all(line.id != wanted.line_id or line.voided for line in order.lines):
        raise LineRefused("UNKNOWN_LINE", "line_id", f"The order has no line {wanted.line_id}.")
    whole = rebilled(order, house.service_charge_bp, discounts=(*order.discounts, asked))
    cap_bp, approver = _behind(whole, asked, authority, caps)
    given = replace(asked, cap_bp=cap_bp, approved_by=approver)
    after = rebilled(order, house.service_charge_bp, discounts=(*order.discounts, given))
    refuse_below_paid(order, after)
    events: list[Event] = [Updated("discounted")]
    tickets: tuple[Ticket, ...] = ()
    lost: list[Line] = []
    if after.lifecycle is Lifecycle.VALIDATED:
        after, tickets, lost = fire_what_goes(after, locked.tickets, house.stations, stamp)
        after = completed_by_itself(after, house.auto_complete, stamp, events)
    return replace(change_of(locked, after, tickets, stamp, events), unrouted=tuple(lost))


def take_back(locked: Locked, discount_id: UUID, service_charge_bp: int, stamp: Stamp) -> Change:
    """The bill as it was without the discount.

    Raises IllegalTransition, DiscountNotFound, PromotionApplies, OrderPaid: it was paid, or cooked as paid,
    at the price that it has.
    """
    order = locked.order
    if order.lifecycle not in CHANGEABLE:
        raise illegal(order, "remove_discount")
    discount = discount_of(order, discount_id)
    if discount is None:
        raise DiscountNotFound("The order has no such discount.")
    if discount.promotion is not None:
        raise PromotionApplies(f"{discount.promotion.name} comes by itself with what is ordered in its time.")
    rest = [one for one in order.discounts if one.id != discount_id]
    after = rebilled(order, service_charge_bp, discounts=rest)
    was_paid = order.payment is Payment.PAID and after.payment is not Payment.PAID
    cooked_as_paid = order.service_flow is ServiceFlow.PAY_FIRST and order.fired
    if was_paid and (order.totals.paid_minor or cooked_as_paid):
        raise OrderPaid("The order is paid at this price: what is owed beside it is an order of its own.")
    return change_of(locked, after, (), stamp, [Updated("discount_removed")])


def discount_of(order: Order, discount_id: UUID) -> Discount | None:
    """None where the order has none of that id."""
    return next((one for one in order.discounts if one.id == discount_id), None)


def _is_given(order: Order, asked: Discount) -> bool:
    """Raises DiscountExists, TooManyDiscounts."""
    known = discount_of(order, asked.id)
    if known is not None:
        if _content(known) != _content(asked):
            raise DiscountExists(f"Another discount has the id {asked.id}.")
        return True
    if sum(one.promotion is None for one in order.discounts) >= DISCOUNTS_MAX:
        raise TooManyDiscounts(f"An order has at most {DISCOUNTS_MAX} discounts.")
    return False


def _content(discount: Discount) -> tuple[object, ...]:
    return discount.kind, discount.value, discount.line_ids, discount.reason, discount.promotion


def _behind(whole: Order, asked: Discount, authority: Authority, caps: Caps) -> tuple[int, Actor | None]:
    """The cap that it is given under, and who approved it. Raises ApprovalNeeded, ApprovalInvalid."""
    own = caps.of(authority.rank)
    if _is_within(whole, asked, own):
        return own, None
    facts = {"cause": "discount_cap", "permission": authority.permission, "cap_bp": str(own)}
    fault = authority.fault
    if authority.approver is not None:
        theirs = caps.of(authority.approver_rank)
        if _is_within(whole, asked, theirs):
            return theirs, authority.approver
        fault = "cap_exceeded"
    if fault:
        raise ApprovalInvalid(
            "This approval does not count: it is the valid log-in of somebody else in this restaurant whose "
            "cap is not below the discount, the owner for example.",
            metadata={**facts, "fault": fault},
        )
    raise ApprovalNeeded(
        f"This is more than the {own / 100:g} % that you may take off alone. Somebody who may take off more "
        f"({authority.permission}), a manager for example, does it or sends the approval.",
        metadata=facts,
    )


def _is_within(whole: Order, asked: Discount, cap_bp: int) -> bool:
    """Whether what people take off the line or the order that ``asked`` is for, it included, keeps a cap."""
    if asked.kind is not DiscountKind.AMOUNT:
        part = BASIS_POINTS_IN_ONE if asked.kind is DiscountKind.COMP else asked.value
        if part > cap_bp:
            return False
    given = [one for one in whole.discounts if one.promotion is None]
    if asked.line_ids:
        off = sum(one.amount_minor for one in given if one.line_ids == asked.line_ids)
        gross = sum(line.gross_minor for line in whole.lines if line.id in asked.line_ids)
        if off > percent(gross, cap_bp):
            return False
    if all(one.line_ids for one in given):
        return True
    gross = sum(line.gross_minor for line in whole.lines if not line.voided)
    return sum(one.amount_minor for one in given) <= percent(gross, cap_bp)
