"""Lines of an order that is there already: added, voided, changed. Each verb answers a Change, or raises what
forbids it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.errors import FieldError
from services.orders.domain import amending
from services.orders.domain.approval import Authority, second_person
from services.orders.domain.errors import (
    EditConflict,
    LineNotFound,
    LineRefused,
    LineVoided,
    NoStation,
    TooFewLeft,
    VoidRequired,
)
from services.orders.domain.firing import fire_what_goes, with_line_states
from services.orders.domain.order.axes import Kitchen, Lifecycle, State
from services.orders.domain.order.basket import Terms, WantedLine
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import (
    Change,
    Event,
    KitchenReady,
    Locked,
    Stamp,
    Updated,
    change_of,
)
from services.orders.domain.order.guards import illegal, refuse_below_paid
from services.orders.domain.order.house import House
from services.orders.domain.order.lifecycle import completed_by_itself
from services.orders.domain.order.order import Actor, Line, LineAdded, LineVoid, Order
from services.orders.domain.order.portion import of_units
from services.orders.domain.promotion import with_promotions
from services.orders.domain.ticket import Ticket, newest

FIRED_LINE = "fired_line"
"""Why a void needs an approval; ``metadata["cause"]`` of the refusal."""
LINES_MAX = 200
"""Of an order, voided ones included."""
OPEN = frozenset({Lifecycle.DRAFT, Lifecycle.VALIDATED})
"""Lines change in these."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is wanted of a line; None: as it is. No seat is 0, no course and no note are empty.

    ``base_version`` is the version of the order that the client saw, 0 where it says none.
    """

    quantity: int | None = None
    note: str | None = None
    seat: int | None = None
    course: str | None = None
    base_version: int = 0


def not_yet_in(order: Order, wanted: Sequence[WantedLine]) -> list[tuple[int, WantedLine]]:
    """Those of the wanted lines, with their places, that the order does not have: the others were added
    before.

    Raises LineRefused (DUPLICATE_LINE: an id of another line; TOO_MANY_LINES).
    """
    known = {line.id: line for line in order.lines}
    seen: set[UUID] = set()
    fresh = []
    for index, line in enumerate(wanted):
        before = known.get(line.id)
        if line.id in seen or (before is not None and not _is_same(before, line)):
            raise LineRefused("DUPLICATE_LINE", f"lines[{index}].id", f"Another line has the id {line.id}.")
        seen.add(line.id)
        if before is None:
            fresh.append((index, line))
    if fresh and len(order.lines) + len(fresh) > LINES_MAX:
        raise LineRefused("TOO_MANY_LINES", "lines", f"An order has {LINES_MAX} lines at most.")
    return fresh


def refuse_closed(order: Order, command: str) -> None:
    """Raises IllegalTransition once the order is done, cancelled or about to be."""
    if order.lifecycle not in OPEN:
        raise illegal(order, command)


def add(locked: Locked, lines: Sequence[Line], terms: Terms, house: House, stamp: Stamp) -> Change:
    """More lines, as they were priced on these terms, less the promotions whose time it is; those that need
    not wait go to the kitchen.

    Raises IllegalTransition, NoStation.
    """
    order = locked.order
    refuse_closed(order, "add_lines")
    added = LineAdded(order.version + 1, stamp.at)
    whole = (*order.lines, *(replace(line, added=added) for line in lines))
    discounts = with_promotions(order.discounts, lines, terms.promotions, terms.local)
    after = rebilled(order, house.service_charge_bp, lines=whole, discounts=discounts)
    change = followed(locked, after, (), "lines_added", house, stamp)
    fresh = {line.id for line in lines}
    for lost in change.unrouted:
        if lost.id in fresh:
            raise NoStation(lost.id, lost.item_id, lost.name)
    return change


def void(
    locked: Locked, line_id: UUID, quantity: int, approved_by: Actor | None, house: House, stamp: Stamp
) -> Change:
    """``quantity`` units less of a line, for the stamp's reason. Who has to approve it is decided before.

    The kitchen stops what it has of them. An order of which nothing is left stays open: it is cancelled, or
    completed. Raises IllegalTransition, LineNotFound, TooFewLeft, RefundRequired.
    """
    order = locked.order
    line = voidable(order, line_id, quantity)
    record = LineVoid(
        quantity=quantity,
        gross_minor=line.unit_minor * quantity,
        reason=stamp.reason,
        by=stamp.actor,
        approved_by=approved_by,
        at=stamp.at,
        wasted=line.fired,
    )
    less = of_quantity(line, line.quantity - quantity)
    less = replace(
        less,
        voids=_with(line.voids, record),
        changed=replace(line.changed, quantity=order.version + 1),
        kitchen=Kitchen.CANCELLED if less.voided else line.kitchen,
    )
    after = rebilled(order, house.service_charge_bp, lines=_instead(order, less))
    refuse_below_paid(order, after)
    off = amending.stopped(locked.tickets, line_id, quantity, stamp.at) if line.fired else ()
    return followed(locked, after, off, "line_voided", house, stamp)


def voidable(order: Order, line_id: UUID, quantity: int) -> Line:
    """The line, of which so many units can be voided. Raises IllegalTransition, LineNotFound, TooFewLeft."""
    refuse_closed(order, "void_line")
    line = line_of(order, line_id)
    if quantity > line.quantity:
        raise TooFewLeft(
            f"{line.quantity} of {line.name} are left: {quantity} cannot be voided.",
            metadata={"left": str(line.quantity)},
        )
    return line


def void_approver(line: Line, authority: Authority) -> Actor | None:
    """Who approved that units of the line are voided; None where nobody had to: the kitchen has none of it,
    or the actor may approve it.

    Raises ApprovalNeeded, ApprovalInvalid.
    """
    return second_person(authority, FIRED_LINE, f"The kitchen has {line.name}.") if line.fired else None


def change(locked: Locked, line_id: UUID, edit: Edit, house: House, stamp: Stamp) -> Change | None:
    """The line as it is wanted. None: it is so already. Raises as ``changeable``, and RefundRequired."""
    order = locked.order
    line, wanted = changeable(order, line_id, edit)
    if not wanted:
        return None
    version = order.version + 1
    edited = of_quantity(line, edit.quantity) if "quantity" in wanted and edit.quantity else line
    edited = replace(
        edited,
        note=line.note if edit.note is None else edit.note,
        seat=line.seat if edit.seat is None else edit.seat,
        course=line.course if edit.course is None else edit.course,
        changed=replace(line.changed, **dict.fromkeys(wanted, version)),
    )
    after = replace(order, lines=_instead(order, edited))
    if "quantity" in wanted:
        after = rebilled(order, house.service_charge_bp, lines=after.lines)
        refuse_below_paid(order, after)
    told = _tell_kitchen(locked, after, line, edited, wanted, house, stamp) if line.fired else ()
    return followed(locked, after, told, "line_changed", house, stamp)


def changeable(order: Order, line_id: UUID, edit: Edit) -> tuple[Line, Mapping[str, object]]:
    """The line, and what of it would change to what.

    Raises IllegalTransition, LineNotFound, LineVoided, EditConflict, VoidRequired (the kitchen has it, and
    there shall be fewer).
    """
    refuse_closed(order, "change_line")
    line = line_of(order, line_id)
    if line.voided:
        raise LineVoided(f"Nothing is left of {line.name}.")
    asked = {"quantity": edit.quantity, "note": edit.note, "seat": edit.seat, "course": edit.course}
    wanted = {
        name: value for name, value in asked.items() if value is not None and value != getattr(line, name)
    }
    touched = [name for name in wanted if getattr(line.changed, name) > edit.base_version]
    if touched:
        raise _conflict(line, {name: wanted[name] for name in touched})
    if edit.quantity is not None and edit.quantity < line.quantity and line.fired:
        raise VoidRequired(
            f"The kitchen has {line.name}: void what is not wanted any more, with a reason.",
            metadata={"quantity": str(line.quantity)},
        )
    return line, wanted


def line_of(order: Order, line_id: UUID) -> Line:
    """Raises LineNotFound."""
    for line in order.lines:
        if line.id == line_id:
            return line
    raise LineNotFound("The order has no such line.")


def followed(
    locked: Locked, after: Order, told: Sequence[Ticket], cause: str, house: House, stamp: Stamp
) -> Change:
    """What follows from changed lines: the kitchen gets what need not wait any more, and an order that is
    paid and handed over is done, unless nothing is left of it."""
    events: list[Event] = [Updated(cause)]
    tickets, lost = tuple(told), list[Line]()
    if after.lifecycle is Lifecycle.VALIDATED:
        after = with_line_states(after, locked.tickets, tickets)
        known = newest(locked.tickets, tickets)
        after, fired, lost = fire_what_goes(after, known, house.stations, stamp)
        tickets = amending.one_revision(locked.tickets, (*tickets, *fired))
        if after.state is State.READY and locked.order.state is not State.READY:
            events.append(KitchenReady())
        if any(line.active for line in after.lines):
            after = completed_by_itself(after, house.auto_complete, stamp, events)
    return replace(change_of(locked, after, tickets, stamp, events), unrouted=tuple(lost))


def _tell_kitchen(
    locked: Locked,
    after: Order,
    before: Line,
    line: Line,
    wanted: Iterable[str],
    house: House,
    stamp: Stamp,
) -> tuple[Ticket, ...]:
    """The tickets of a line that was changed after it was fired, each perhaps more than once."""
    changed: list[Ticket] = []
    known = list(locked.tickets)
    if "course" in wanted:
        changed += amending.moved(after, line, known, house.stations, stamp.at)
        known = newest(known, changed)
    if line.quantity > before.quantity:
        more = line.quantity - before.quantity
        changed += amending.more(after, line, more, known, house.stations, stamp.at)
        known = newest(known, changed)
    if {"note", "seat"} & set(wanted):
        changed += amending.told(known, line, stamp.at)
    return tuple(changed)


def _instead(order: Order, line: Line) -> tuple[Line, ...]:
    return tuple(line if one.id == line.id else one for one in order.lines)


def of_quantity(line: Line, quantity: int) -> Line:
    """The line with another quantity, its discount and VAT to be computed. None left: it is voided."""
    there = line.elsewhere
    return replace(
        line,
        quantity=quantity,
        gross_minor=line.unit_minor * quantity,
        discount_minor=0,
        portions=of_units(line.portions, line.quantity, quantity),
        elsewhere=there and replace(there, portions=of_units(there.portions, line.quantity, quantity)),
        voided=quantity == 0,
    )


def _with(voids: tuple[LineVoid, ...], record: LineVoid) -> tuple[LineVoid, ...]:
    """The records with one more; alike ones stand together, at the time of the last."""
    kept = []
    for one in voids:
        if (one.reason, one.by, one.approved_by, one.wasted) == (
            record.reason,
            record.by,
            record.approved_by,
            record.wasted,
        ):
            quantity, gross = one.quantity + record.quantity, one.gross_minor + record.gross_minor
            record = replace(record, quantity=quantity, gross_minor=gross)
        else:
            kept.append(one)
    return (*kept, record)


def _is_same(line: Line, wanted: WantedLine) -> bool:
    """Whether the line is what was asked for, but for what was changed since."""
    fields = [name for name in ("quantity", "note", "seat", "course") if not getattr(line.changed, name)]
    options: dict[UUID, int] = {}
    for option in wanted.options:
        options[option.option_id] = options.get(option.option_id, 0) + option.quantity
    return (
        line.item_id == wanted.item_id
        and {one.option_id: one.quantity for one in line.options} == options
        and all(getattr(line, name) == getattr(wanted, name) for name in fields)
    )


def _conflict(line: Line, wanted: Mapping[str, object]) -> EditConflict:
    """Names every field that was changed, the first with both values."""
    first = next(iter(wanted))
    return EditConflict(
        f"Somebody changed the {first} of {line.name} meanwhile.",
        metadata={
            "conflict.field": first,
            "conflict.yours": str(wanted[first]),
            "conflict.theirs": str(getattr(line, first)),
        },
        fields=[FieldError(name, "conflict", "Somebody changed it meanwhile.") for name in wanted],
    )
