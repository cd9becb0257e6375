"""Lines on their way from one order to another, with what is taken off them.

In the order that they leave they stay as lines of which nothing is left: they say where they have gone, and
whoever counts stock by orders sees in each what it still has.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from chassis.ids import derived_id
from services.orders.domain.discount import Discount, DiscountKind
from services.orders.domain.errors import LineRefused, OrdersDiffer
from services.orders.domain.moved import MovedFrom, MovedTo
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.order.bill import charge_of
from services.orders.domain.order.line import LINES_MAX, of_quantity
from services.orders.domain.order.order import NEVER_CHANGED, Line, LineAdded, LineChanged, Order


def refuse_different(order: Order, other: Order, service_charge_bp: int) -> None:
    """Raises OrdersDiffer where lines of one would cost something else on the other."""
    differing = _differing(order, other, service_charge_bp)
    if differing:
        raise OrdersDiffer(
            f"Order {other.number} has another {differing.replace('_', ' ')} than order {order.number}: "
            "each is paid by itself.",
            metadata={"differs": differing},
        )


def costs_the_same(order: Order, other: Order, service_charge_bp: int) -> bool:
    """Whether lines cost the same on both."""
    return not _differing(order, other, service_charge_bp)


def _differing(order: Order, other: Order, service_charge_bp: int) -> str:
    facts = {
        "currency": (order.currency_code, other.currency_code),
        "order_type": (order.order_type, other.order_type),
        "bill_mode": (order.bill_mode, other.bill_mode),
        "service_charge": (charge_of(order, service_charge_bp), charge_of(other, service_charge_bp)),
    }
    return next((name for name, (one, its) in facts.items() if one != its), "")


def gone(line: Line, to: Order) -> Line:
    """What the order keeps of a line that goes. What was voided of it was voided here."""
    if line.voided:
        return line
    went = MovedTo(to.id, to.number, line.quantity)
    return replace(of_quantity(line, 0), kitchen=Kitchen.CANCELLED, moved_to=went)


def arrived(line: Line, source: Order, target: Order, at: datetime) -> Line:
    """The line as the other order gets it; nobody has changed it there."""
    added = LineAdded(target.version + 1, at) if target.version else None
    came = MovedFrom(source.id, source.number)
    return replace(line, added=added, changed=NEVER_CHANGED, moved_from=came)


def with_arrived(target: Order, coming: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of an order to which these come. One that has been here before is back in its place, with
    what was voided of it then. Raises LineRefused (DUPLICATE_LINE, TOO_MANY_LINES).
    """
    known = {line.id: line for line in target.lines}
    for line in coming:
        if line.id in known and line.moved_to is None and known[line.id].moved_to is None:
            raise LineRefused("DUPLICATE_LINE", "line_ids", f"Another line has the id {line.id}.")
    back = {line.id: _home(known[line.id], line, target.version + 1) for line in coming if line.id in known}
    lines = tuple(back.get(line.id, line) for line in target.lines)
    lines += tuple(line for line in coming if line.id not in known)
    if len(lines) > LINES_MAX:
        raise LineRefused("TOO_MANY_LINES", "line_ids", f"An order has {LINES_MAX} lines at most.")
    return lines


def _home(before: Line, line: Line, version: int) -> Line:
    voids = (*before.voids, *line.voids)
    if line.voided:
        return replace(before, voids=voids)
    changed = LineChanged(version, version, version, version)
    came = line.moved_from if line.moved_from is not None and line.moved_from.merged else before.moved_from
    return replace(line, voids=voids, added=before.added, changed=changed, moved_from=came)


def divided(
    discounts: Iterable[Discount], line_ids: Set[UUID]
) -> tuple[tuple[Discount, ...], tuple[Discount, ...]]:
    """Discounts of an order that these lines leave: those that stay, and those that go with the lines.

    What a person took off the whole order stays, and so does an amount that a promotion takes off it once.
    """
    stay, go = [], []
    for one in discounts:
        theirs = tuple(line_id for line_id in one.line_ids if line_id in line_ids)
        rest = tuple(line_id for line_id in one.line_ids if line_id not in line_ids)
        promotion = one.promotion
        once = promotion is not None and not promotion.each_line and one.kind is DiscountKind.AMOUNT
        if theirs and not (once and rest):
            go.append(replace(one, line_ids=theirs))
        if rest or not theirs:
            stay.append(replace(one, line_ids=rest) if theirs else one)
    return tuple(stay), tuple(go)


def together(own: Sequence[Discount], coming: Iterable[Discount], source_id: UUID) -> tuple[Discount, ...]:
    """All of them; a promotion that is on both orders is for the lines of both. One that takes an amount off
    an order is taken off each, as it was."""
    found = {one.id: one for one in own}
    for one in coming:
        known = found.get(one.id)
        promotion = one.promotion
        if known is None or promotion is None:
            found[one.id] = one
        elif known.of_order == one.of_order and (promotion.each_line or one.kind is not DiscountKind.AMOUNT):
            lines = tuple(dict.fromkeys((*known.line_ids, *one.line_ids)))
            found[one.id] = replace(known, line_ids=lines)
        else:
            name = again(one.id, source_id)
            found[name] = replace(one, id=name)
    return tuple(found.values())


def again(discount_id: UUID, order_id: UUID) -> UUID:
    """What a promotion of an order is called beside the same one of another order."""
    return derived_id(discount_id, order_id)
