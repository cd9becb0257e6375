"""What a device that has nothing yet begins with: the state of a channel and the position it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.orders.domain.day import DayFigures
from services.orders.domain.order.order import Order
from services.orders.domain.print_job import PrintJob
from services.orders.domain.printer import Printer
from services.orders.domain.section import Section
from services.orders.domain.station import Station
from services.orders.domain.table import Table
from services.orders.domain.ticket import Ticket
from services.orders.domain.unrouted import Unrouted


@dataclass(frozen=True, slots=True)
class OrdersState:
    """Tickets in alarm, and items that no station takes, the newest first; open orders, then closed ones,
    each the newest first.
    """

    alarms: Sequence[Ticket]
    orders: Sequence[Order]
    unrouted: Sequence[Unrouted] = ()


@dataclass(frozen=True, slots=True)
class KitchenState:
    """Stations, and what their cooks have to look at, the newest first."""

    stations: Sequence[Station]
    tickets: Sequence[Ticket]


@dataclass(frozen=True, slots=True)
class FloorState:
    """Tables by name, and sections by position."""

    tables: Sequence[Table]
    sections: Sequence[Section]


@dataclass(frozen=True, slots=True)
class PrintingState:
    """Printers by name, and the newest jobs."""

    printers: Sequence[Printer]
    jobs: Sequence[PrintJob]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A channel's state and its position at one instant; a state may be newer than its position."""

    epoch: str
    seq: int
    state: OrdersState | KitchenState | DayFigures | FloorState | PrintingState
