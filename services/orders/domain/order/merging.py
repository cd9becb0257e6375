"""Orders become one, and are taken apart again.

An order that is part of another one has nothing left of its own: its lines, tickets and guests are that
one's. It keeps what it needs to be itself again.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.orders.domain.discount import Discount
from services.orders.domain.errors import (
    OrderMerged,
    OrderSplit,
    RefundRequired,
    SameOrder,
    TooManyMerged,
)
from services.orders.domain.moved import MergedInto, MergedOrder, MovedTo
from services.orders.domain.order.axes import Kitchen, Lifecycle
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal, refuse_below_paid
from services.orders.domain.order.house import House
from services.orders.domain.order.line import followed, of_quantity
from services.orders.domain.order.moved_lines import (
    again,
    arrived,
    divided,
    gone,
    refuse_different,
    together,
    with_arrived,
)
from services.orders.domain.order.order import AtTable, Line, Order, Remarks
from services.orders.domain.order.rounding import balanced
from services.orders.domain.order.transfer import (
    BETWEEN,
    with_allergy,
    with_tickets,
    without_tickets,
)
from services.orders.domain.ticket import newest
from services.orders.domain.ticket_move import carried, reminded

MERGED_MAX = 20
"""Orders that are part of one."""
MERGED, UNMERGED = "merged", "unmerged"


def merge(target: Locked, sources: Sequence[Locked], house: House, stamp: Stamp) -> list[Change]:
    """The other orders become part of ``target``: its change, then theirs.

    Raises IllegalTransition, SameOrder, TooManyMerged, OrdersDiffer, OrderMerged, OrderSplit, RefundRequired
    (money is on one of the others), LineRefused (DUPLICATE_LINE, TOO_MANY_LINES), ChecksPaid.
    """
    order, others = target.order, [source.order for source in sources]
    _refuse_merge(order, others, house.service_charge_bp)
    # What was given off a whole of several parts is off the parts that come later, as off lines that do.
    whole = order if order.merged else replace(order, discounts=_own(order.discounts, order.id))
    for other in others:
        whole = _with(whole, other, stamp)
    whole = rebilled(whole, house.service_charge_bp)
    empty = [_part_of(other, whole) for other in others]
    whole = balanced([order, *others], [whole], house.service_charge_bp)[0]
    parts = [carried(one.tickets, {line.id for line in one.order.lines}, whole, stamp.at) for one in sources]
    going = tuple(ticket for part in parts for ticket in part.going)
    told = (*reminded(target.tickets, whole.remarks), *(ticket for part in parts for ticket in part.come))
    change = followed(Locked(order, (*target.tickets, *going)), whole, told, MERGED, house, stamp)
    changes = [with_tickets(change, going)]
    for other, after, part in zip(others, empty, parts, strict=True):
        left = change_of(Locked(other), after, (), stamp, [Updated(MERGED)])
        changes.append(without_tickets(left, part.going))
    return changes


def unmerge(target: Locked, sources: Sequence[Locked], house: House, stamp: Stamp) -> list[Change]:
    """Every order of ``sources`` is itself again, with what is left of its lines: the changes of these, then
    that of ``target``. What was added since stays.

    Raises IllegalTransition, RefundRequired (money is on it), ChecksPaid.
    """
    order = target.order
    if order.lifecycle is Lifecycle.VALIDATED and order.totals.paid_minor:
        raise RefundRequired(
            f"Money is on order {order.number}: it is paid as one now, unless that is refunded first.",
            metadata={"paid_minor": str(order.totals.paid_minor)},
        )
    return taken_apart(target, sources, house, stamp)


def taken_apart(target: Locked, sources: Sequence[Locked], house: House, stamp: Stamp) -> list[Change]:
    """As unmerge, with money on ``target`` that is not above what stays. Raises IllegalTransition,
    RefundRequired, ChecksPaid.
    """
    if target.order.lifecycle is not Lifecycle.VALIDATED or not sources:
        raise illegal(target.order, "unmerge")
    rest, alone = target.order, list[Order]()
    for source in sources:
        rest, own = _taken_out(rest, source.order)
        alone.append(own)
    charge_bp = house.service_charge_bp
    settled = [rebilled(one, charge_bp) for one in (rest, *alone)]
    before = [target.order, *(source.order for source in sources)]
    rest, *alone = balanced(before, settled, charge_bp)
    refuse_below_paid(target.order, rest)
    changes, tickets = [], target.tickets
    for source, own in zip(sources, alone, strict=True):
        theirs = {line.id for line in own.lines if not line.voided}
        parts = carried(tickets, theirs, own, stamp.at)
        tickets = tuple(newest(parts.staying, parts.left))
        back = Locked(source.order, (*source.tickets, *parts.going))
        changes.append(followed(back, own, parts.come, UNMERGED, house, stamp))
    stayed = {one.id for one in tickets}
    staying = tuple(ticket for ticket in target.tickets if ticket.id in stayed)
    fewer = [now for was, now in zip(staying, tickets, strict=True) if now is not was]
    told = newest(fewer, reminded(tickets, rest.remarks))
    left = followed(Locked(target.order, staying), rest, told, UNMERGED, house, stamp)
    return [*changes, without_tickets(left, [one for one in target.tickets if one.id not in stayed])]


def _refuse_merge(order: Order, others: Sequence[Order], service_charge_bp: int) -> None:
    named = [order.id, *(other.id for other in others)]
    if len(set(named)) != len(named):
        raise SameOrder("Name each order once, and none that the others become part of.")
    if len(order.merged) + len(others) > MERGED_MAX:
        raise TooManyMerged(f"At most {MERGED_MAX} orders are part of one.")
    for one in (order, *others):
        if one.lifecycle is not Lifecycle.VALIDATED:
            raise illegal(one, "merge")
    for other in others:
        refuse_different(order, other, service_charge_bp)
        if other.totals.paid_minor:
            raise RefundRequired(
                f"Money is on order {other.number}: merge the others into it instead, or refund it first.",
                metadata={"order_id": str(other.id), "paid_minor": str(other.totals.paid_minor)},
            )
        if other.merged:
            raise OrderMerged(
                f"Others are part of order {other.number}: merge into it instead, or take it apart first.",
                metadata={"order_id": str(other.id)},
            )
        if other.split is not None:
            raise OrderSplit(
                f"Order {other.number} is split: make it one bill first.",
                metadata={"order_id": str(other.id)},
            )


def _own(discounts: Sequence[Discount], order_id: UUID) -> tuple[Discount, ...]:
    """Discounts of an order that others are merged with: each stays off the lines that it is off."""
    return tuple(one if one.of_order else replace(one, of_order=order_id) for one in discounts)


def _with(whole: Order, other: Order, stamp: Stamp) -> Order:
    coming = [_came(line, other, whole, stamp) for line in other.lines]
    entry = MergedOrder(other.id, other.number, other.table_id, other.table_name, other.covers)
    remarks = with_allergy(whole.remarks, other.remarks)
    return replace(
        whole,
        lines=with_arrived(whole, coming),
        discounts=together(whole.discounts, _own(other.discounts, other.id), other.id),
        covers=whole.covers + other.covers,
        remarks=replace(remarks, note=_noted(whole.remarks.note, other.remarks.note)),
        merged=(*whole.merged, entry),
    )


def _came(line: Line, other: Order, whole: Order, stamp: Stamp) -> Line:
    come = arrived(line, other, whole, stamp.at)
    assert come.moved_from is not None
    return replace(come, moved_from=replace(come.moved_from, merged=True))


def _part_of(other: Order, whole: Order) -> Order:
    """The order with nothing left of it. What was voided of its lines goes with them."""
    lines = tuple(replace(gone(line, whole), voids=()) for line in other.lines)
    empty = rebilled(other, other.service_charge_bp or 0, lines=lines)
    into = MergedInto(whole.id, whole.number)
    return replace(empty, lifecycle=Lifecycle.MERGED, merged_into=into)


def _taken_out(rest: Order, part: Order) -> tuple[Order, Order]:
    """What stays, and the order that was part of it, both without their sums."""
    entry = next(one for one in rest.merged if one.order_id == part.id)
    theirs = {line.id: line for line in rest.lines if _is_from(line, part.id)}
    lines = tuple(
        _back(theirs[line.id], line, part.version + 1) if line.id in theirs else line for line in part.lines
    )
    kept = tuple(_left(line, part) if line.id in theirs else line for line in rest.lines)
    stay, go = divided(rest.discounts, set(theirs))
    table = None if entry.table_id is None else AtTable(entry.table_id, entry.table_name)
    merged = tuple(one for one in rest.merged if one is not entry)
    whole = tuple(one for one in stay if one.of_order == part.id and not one.line_ids)
    nobodys = {part.id} if merged else {part.id, rest.id}
    ours = [
        replace(one, of_order=None) if one.of_order in nobodys else one for one in stay if one not in whole
    ]
    alone = replace(
        part,
        lifecycle=Lifecycle.VALIDATED,
        merged_into=None,
        lines=lines,
        discounts=_original(part, (*whole, *go)),
        table=table,
        remarks=with_allergy(part.remarks, rest.remarks),
    )
    left = replace(
        rest,
        lines=kept,
        discounts=tuple(ours),
        covers=max(0, rest.covers - entry.covers),
        merged=merged,
        remarks=replace(rest.remarks, note=_without(rest.remarks.note, part.remarks)),
    )
    return left, alone


def _is_from(line: Line, order_id: UUID) -> bool:
    came = line.moved_from
    return came is not None and came.merged and came.order_id == order_id


def _back(line: Line, before: Line, version: int) -> Line:
    """The line as it is now, in the order that it was ordered on."""
    changed = replace(line.changed, quantity=version, note=version, seat=version, course=version)
    return replace(line, added=before.added, changed=changed, moved_from=before.moved_from)


def _left(line: Line, part: Order) -> Line:
    line = replace(line, moved_from=None)
    if line.moved_to is not None:
        return replace(line, voids=())
    went = MovedTo(part.id, part.number, line.quantity)
    left = line if line.voided else of_quantity(line, 0)
    return replace(left, voids=(), kitchen=Kitchen.CANCELLED, moved_to=went)


def _original(part: Order, discounts: Sequence[Discount]) -> tuple[Discount, ...]:
    """Its discounts under the ids that they had."""
    names = {again(one.id, part.id): one.id for one in part.discounts}
    return tuple(replace(one, id=names.get(one.id, one.id), of_order=None) for one in discounts)


def _noted(note: str, other: str) -> str:
    """Both notes, also where they say the same: each comes apart with its own."""
    return BETWEEN.join(one for one in (note, other) if one)


def _without(note: str, remarks: Remarks) -> str:
    """The note without what came with the other order, each part of it once."""
    left = note.split(BETWEEN)[::-1]
    for one in remarks.note.split(BETWEEN):
        if one in left:
            left.remove(one)
    return BETWEEN.join(left[::-1])
