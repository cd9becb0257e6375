"""What the kitchen sees over its tickets: what is still to be made, and how far each order is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.orders.domain.order.axes import STAGE, STAGES, Kitchen
from services.orders.domain.order.order import ChosenOption
from services.orders.domain.ticket import OPEN_TICKET, Ticket, TicketLine

BOARD_TICKETS_MAX = 1_000
"""The newest are counted."""
TO_MAKE = frozenset({Kitchen.QUEUED, Kitchen.PREPARING})


@dataclass(frozen=True, slots=True)
class AllDay:
    """So much of one thing is still to be made."""

    item_id: UUID | None
    name: str
    options: tuple[ChosenOption, ...]
    quantity: int


@dataclass(frozen=True, slots=True)
class AtStation:
    """How far a station is with an order."""

    station_id: UUID
    name: str
    state: Kitchen


@dataclass(frozen=True, slots=True)
class ExpoOrder:
    """An order whose food is in the kitchen, or waits to be brought."""

    order_id: UUID
    order_number: int
    table_name: str
    stations: tuple[AtStation, ...]

    @property
    def is_ready(self) -> bool:
        """Everything of it that was fired is ready."""
        return all(one.state is Kitchen.READY for one in self.stations)


def all_day(tickets: Iterable[Ticket]) -> list[AllDay]:
    """What is still to be made, the most first. A line that several stations cook counts once."""
    counted: dict[UUID, TicketLine] = {}
    for ticket in tickets:
        for line in ticket.lines:
            if line.state in TO_MAKE:
                counted[line.id] = line
    things: dict[object, AllDay] = {}
    for line in counted.values():
        options = tuple(sorted(line.options, key=lambda option: str(option.option_id)))
        picked = tuple((option.option_id, option.quantity) for option in options)
        thing = (line.item_id, line.name, picked)
        known = things.get(thing)
        quantity = line.quantity + (known.quantity if known is not None else 0)
        things[thing] = AllDay(line.item_id, line.name, options, quantity)
    return sorted(things.values(), key=lambda one: (-one.quantity, one.name, str(one.item_id)))


def expo(tickets: Iterable[Ticket]) -> list[ExpoOrder]:
    """Orders with open tickets, the one that was fired first in front; a station once in each."""
    by_order: dict[UUID, list[Ticket]] = {}
    for ticket in tickets:
        if ticket.state in OPEN_TICKET:
            by_order.setdefault(ticket.order_id, []).append(ticket)
    oldest_first = sorted(by_order.items(), key=lambda entry: (_began(entry[1]), entry[0]))
    return [_expo_order(order_id, found) for order_id, found in oldest_first]


def _began(tickets: Iterable[Ticket]) -> datetime:
    return min(ticket.created_at for ticket in tickets)


def _expo_order(order_id: UUID, tickets: list[Ticket]) -> ExpoOrder:
    stations: dict[UUID, AtStation] = {}
    for ticket in sorted(tickets, key=lambda ticket: (ticket.station_name, ticket.station_id)):
        known = stations.get(ticket.station_id)
        stage = STAGE[ticket.state] if known is None else min(STAGE[known.state], STAGE[ticket.state])
        stations[ticket.station_id] = AtStation(ticket.station_id, ticket.station_name, STAGES[stage])
    first = tickets[0]
    return ExpoOrder(order_id, first.order_number, first.table_name, tuple(stations.values()))
