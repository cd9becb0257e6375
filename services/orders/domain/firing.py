"""What goes to the kitchen: which lines of an order, on which tickets."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.ids import new_id
from services.orders.domain.component import cooked_at
from services.orders.domain.errors import LineAlreadyFired, LineRefused, NoStation, NothingToFire
from services.orders.domain.order.axes import Kitchen, Lifecycle
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.order import Line, Order, ServiceFlow
from services.orders.domain.station import Station
from services.orders.domain.ticket import GROWING_TICKET, Ticket, TicketLine, line_states, newest
from services.orders.domain.timing import (
    at_times,
    due_lines,
    in_time,
    refuse_fire_time,
    together,
    without_times,
)


def fire(
    locked: Locked,
    line_ids: Sequence[UUID],
    course: str,
    stations: Sequence[Station],
    stamp: Stamp,
    pay_later: bool = False,
    fire_at: datetime | None = None,
) -> Change:
    """Held lines to the kitchen: those named, those of a course, or all of them.

    ``pay_later``: the guest of a pay_first order pays after the meal instead; with nothing named, only what
    nobody holds back is fired. ``fire_at``: not now, but by itself then. Where dishes are to be ready
    together, what takes less time goes later; whoever fires it once more has it go at once. Raises
    IllegalTransition (also for pay_first before it is paid), LineAlreadyFired, NothingToFire, NoStation,
    LineRefused (UNKNOWN_LINE), FireTime.
    """
    order = locked.order
    if order.lifecycle is not Lifecycle.VALIDATED:
        raise illegal(order, "fire")
    if pay_later and not order.kitchen_may_start:
        order = replace(order, service_flow=ServiceFlow.PAY_LATER)
        line_ids = line_ids or ([] if course else [line.id for line in order.lines if line.fires_at_once])
    if not order.kitchen_may_start:
        raise illegal(order, "fire", "The kitchen starts when this order is paid.")
    lines = lines_to_fire(order, line_ids, course)
    if fire_at is not None:
        refuse_fire_time(fire_at, stamp.at)
        refuse_lost(order, lines, stations, stamp.at)
        timed = at_times(order, {line.id: fire_at for line in lines})
        return change_of(locked, timed, (), stamp, [Updated("timed")])
    timed = together(order, [line for line in lines if line.timing.fire_at is None], stations, stamp.at)
    if timed is not order:
        refuse_lost(order, lines, stations, stamp.at)
    after, tickets = put_on_tickets(timed, _going(order, timed, lines), stations, locked.tickets, stamp)
    return change_of(locked, after, tickets, stamp, [Updated("fired")])


def fire_due(locked: Locked, stations: Sequence[Station], stamp: Stamp) -> Change | None:
    """What is to go to the kitchen by itself by now. None: nothing is. Lines that no station takes go on
    waiting, without a time.
    """
    order, at = locked.order, stamp.at
    due = due_lines(order, at)
    if not due:
        return None
    lost = [line for line in due if not cooked_at(line, order.order_type, stations, at)]
    going = [line for line in due if line not in lost]
    after, tickets = without_times(order, lost), tuple[Ticket, ...]()
    if going:
        after, tickets = put_on_tickets(after, going, stations, locked.tickets, stamp)
    return replace(change_of(locked, after, tickets, stamp, [Updated("fired")]), unrouted=tuple(lost))


def refuse_lost(order: Order, lines: Iterable[Line], stations: Sequence[Station], at: datetime) -> None:
    """Raises NoStation for a line that would go nowhere."""
    for line in lines:
        if not cooked_at(line, order.order_type, stations, at):
            raise NoStation(line.id, line.item_id, line.name)


def _going(before: Order, timed: Order, lines: Sequence[Line]) -> list[Line]:
    """Those of ``lines`` that have not just got a time to go at."""
    if timed is before:
        return list(lines)
    times = {line.id: line.timing for line in timed.lines}
    return [line for line in lines if times[line.id] == line.timing]


def lines_to_fire(order: Order, line_ids: Sequence[UUID], course: str) -> list[Line]:
    """The lines that are meant: those named, else all that wait; of ``course`` where one is given.

    Raises LineRefused, LineAlreadyFired, NothingToFire.
    """
    by_id = {line.id: line for line in order.lines}
    unknown = [line_id for line_id in line_ids if line_id not in by_id]
    if unknown:
        raise LineRefused("UNKNOWN_LINE", "line_ids", f"The order has no line {unknown[0]}.")
    named = [by_id[line_id] for line_id in dict.fromkeys(line_ids)]
    if any(line.kitchen is not Kitchen.HELD for line in named):
        raise LineAlreadyFired("The kitchen has one of these lines already.")
    candidates = named or [line for line in order.lines if line.active and line.kitchen is Kitchen.HELD]
    lines = [line for line in candidates if not course or line.course == course]
    if not lines:
        raise NothingToFire("No line of this order waits for the kitchen.")
    return lines


def fire_waiting(
    order: Order, tickets: Sequence[Ticket], stations: Sequence[Station], stamp: Stamp
) -> tuple[Order, tuple[Ticket, ...]]:
    """Fires what nobody holds back, where the kitchen may start. Raises NoStation."""
    if not order.kitchen_may_start:
        return order, ()
    lines = [line for line in order.lines if line.fires_at_once]
    timed = in_time(order, lines, stations, stamp.at)
    if timed is not order:
        refuse_lost(order, lines, stations, stamp.at)
        lines = _going(order, timed, lines)
    return put_on_tickets(timed, lines, stations, tickets, stamp) if lines else (timed, ())


def fire_what_goes(
    order: Order, tickets: Sequence[Ticket], stations: Sequence[Station], stamp: Stamp
) -> tuple[Order, tuple[Ticket, ...], list[Line]]:
    """As fire_waiting, of what has happened already and nobody can be refused: lines that no station takes
    go on waiting, and are answered as the third.
    """
    if not order.kitchen_may_start:
        return order, (), []
    waiting = [line for line in order.lines if line.fires_at_once]
    lost = [line for line in waiting if not cooked_at(line, order.order_type, stations, stamp.at)]
    going = [line for line in waiting if line not in lost]
    timed = in_time(order, going, stations, stamp.at)
    going = _going(order, timed, going)
    fired, sent = put_on_tickets(timed, going, stations, tickets, stamp) if going else (timed, ())
    return fired, sent, lost


def put_on_tickets(
    order: Order,
    lines: Sequence[Line],
    stations: Sequence[Station],
    tickets: Sequence[Ticket],
    stamp: Stamp,
) -> tuple[Order, tuple[Ticket, ...]]:
    """Fires ``lines``: the order with its lines' states, and the new or changed tickets. Raises NoStation."""
    fired = tuple(_fire_lines(order, lines, stations, tickets, stamp.at))
    return with_line_states(order, tickets, fired), fired


def with_line_states(order: Order, tickets: Iterable[Ticket], changed: Sequence[Ticket]) -> Order:
    """The order with each line as far as its tickets say."""
    states = line_states(newest(tickets, changed))
    lines = tuple(
        line
        if line.voided or states.get(line.id, line.kitchen) is line.kitchen
        else replace(line, kitchen=states[line.id])
        for line in order.lines
    )
    return replace(order, lines=lines)


def _fire_lines(
    order: Order,
    lines: Sequence[Line],
    stations: Sequence[Station],
    tickets: Sequence[Ticket],
    at: datetime,
) -> list[Ticket]:
    """The tickets, new or grown by a revision, that bring ``lines`` to the kitchen. Raises NoStation."""
    by_place: dict[tuple[UUID, str], list[Line]] = {}
    at_station = {station.id: station for station in stations}
    for line in lines:
        cooked = cooked_at(line, order.order_type, stations, at)
        if not cooked:
            raise NoStation(line.id, line.item_id, line.name)
        for station, there in cooked:
            by_place.setdefault((station.id, line.course), []).append(there)
    growing = {
        (ticket.station_id, ticket.course): ticket for ticket in tickets if ticket.state in GROWING_TICKET
    }
    return [
        grown(growing[place], fired)
        if place in growing
        else new_ticket(order, at_station[place[0]], place[1], fired, at)
        for place, fired in by_place.items()
    ]


def new_ticket(order: Order, station: Station, course: str, lines: Sequence[Line], at: datetime) -> Ticket:
    """The first revision of a ticket for one station."""
    return Ticket(
        id=new_id(),
        order_id=order.id,
        order_number=order.number,
        station_id=station.id,
        station_name=station.name,
        revision=1,
        course=course,
        order_type=order.order_type,
        business_date=order.business_date.isoformat(),
        created_at=at,
        target_at=max(at + timedelta(seconds=station.target_seconds), order.promised_at or at),
        allergens=_allergens(lines),
        lines=tuple(_ticket_line(line, revision=1) for line in lines),
        remarks=order.remarks,
        table_name=order.table_name,
        may_contain=_traces((), lines),
        promised_at=order.promised_at,
    )


def grown(ticket: Ticket, lines: Sequence[Line]) -> Ticket:
    """A new revision with more lines, which no display has shown."""
    return replace(
        ticket,
        revision=ticket.revision + 1,
        lines=(*ticket.lines, *(_ticket_line(line, ticket.revision + 1) for line in lines)),
        allergens=tuple(sorted({*ticket.allergens, *_allergens(lines)})),
        acknowledged_at=None,
        allergy_acknowledged_at=None,
        may_contain=_traces(ticket.may_contain, lines, ticket.allergens),
    )


def _ticket_line(line: Line, revision: int) -> TicketLine:
    return TicketLine(
        id=line.id,
        name=line.name,
        quantity=line.quantity,
        options=line.options,
        note=line.note,
        seat=line.seat,
        state=Kitchen.QUEUED,
        item_id=line.item_id,
        revision=revision,
    )


def _allergens(lines: Iterable[Line]) -> tuple[int, ...]:
    return tuple(sorted({allergen for line in lines for allergen in line.allergens}))


def _traces(before: Sequence[int], lines: Sequence[Line], contained: Sequence[int] = ()) -> tuple[int, ...]:
    """What a ticket may hold traces of; what one of its lines contains need not be said again."""
    found = {*before, *(allergen for line in lines for allergen in line.may_contain)}
    return tuple(sorted(found.difference(contained, _allergens(lines)))) if found else ()
