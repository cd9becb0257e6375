"""What goes to the kitchen: which lines of an order, on which tickets."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from chassis.ids import new_id
from services.orders.domain import kitchen
from services.orders.domain.change import Command
from services.orders.domain.errors import LineAlreadyFired, LineRefused, NothingToFire
from services.orders.domain.kitchen import Station, Ticket
from services.orders.domain.order import Kitchen, Line, Order


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
    order: Order, tickets: Sequence[Ticket], stations: Sequence[Station], command: Command
) -> tuple[Order, tuple[Ticket, ...]]:
    """Fires what nobody holds back, where the kitchen may start."""
    if not order.kitchen_may_start:
        return order, ()
    lines = [line for line in order.lines if line.fires_at_once]
    return put_on_tickets(order, lines, stations, tickets, command) if lines else (order, ())


def put_on_tickets(
    order: Order,
    lines: Sequence[Line],
    stations: Sequence[Station],
    tickets: Sequence[Ticket],
    command: Command,
) -> tuple[Order, tuple[Ticket, ...]]:
    """Fires ``lines``: the order with its lines' states, and the new or changed tickets."""
    fired = tuple(kitchen.fire_lines(order, lines, stations, tickets, command.at, new_id))
    return with_line_states(order, tickets, fired), fired


def with_line_states(order: Order, tickets: Iterable[Ticket], changed: Sequence[Ticket]) -> Order:
    """The order with each line as far as its tickets say."""
    newest = {ticket.id: ticket for ticket in (*tickets, *changed)}
    states = kitchen.line_states(newest.values())
    lines = tuple(
        line if states.get(line.id, line.kitchen) is line.kitchen else replace(line, kitchen=states[line.id])
        for line in order.lines
    )
    return replace(order, lines=lines)
