"""Tables: where they stand, which orders are open at them, who is expected, and when they are free again.

What goes on at a table follows from its open orders and from what people say. It is free when nobody sits
there, nothing is to be cleared and nobody is expected.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.orders.domain.errors import (
    ReservationOver,
    ReservationTooFar,
    TableFull,
    TableOccupied,
    TableReserved,
    TooManyTables,
)
from services.orders.domain.label import name_key
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.order import AtTable, Order, ServiceFlow

TABLES_MAX = 500
"""In one restaurant."""
ORDERS_AT_TABLE_MAX = 50
"""Open at one table at a time."""
RESERVED_BEFORE = timedelta(minutes=30)
"""From then on a table with a reservation is shown as reserved."""
RESERVED_AHEAD_MAX = timedelta(days=366)
OPEN_AT_TABLE = frozenset({Lifecycle.DRAFT, Lifecycle.VALIDATED, Lifecycle.CANCEL_PENDING})


class TableShape(StrEnum):
    """What a plan draws."""

    ROUND = "round"
    SQUARE = "square"
    RECTANGLE = "rectangle"


class TableState(StrEnum):
    """What goes on at a table."""

    FREE = "free"
    RESERVED = "reserved"
    OCCUPIED = "occupied"
    PAYING = "paying"
    DIRTY = "dirty"


@dataclass(frozen=True, slots=True)
class Reservation:
    """That guests are expected, from when and for how long."""

    starts_at: datetime
    minutes: int
    name: str

    @property
    def shows_at(self) -> datetime:
        """From when on its table counts as reserved."""
        return self.starts_at - RESERVED_BEFORE

    @property
    def ends_at(self) -> datetime:
        """When nobody waits for them any more."""
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Seated:
    """An open order, as its table knows it."""

    order_id: UUID
    covers: int
    server_id: str
    is_paying: bool
    joined: tuple[UUID, ...] = ()
    """The other tables of the order, where others were merged into it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table stands: what a manager draws. Thousandths of the plan of its section."""

    section_id: UUID
    name: str
    seats: int
    shape: TableShape
    x: int
    y: int

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as stored. Those who change it raise ``version`` by one, whatever changes.

    ``reservation_shown``: the reservation's time has come. That it comes and goes is a change like another,
    so that one version never says two things.
    """

    id: UUID
    layout: Layout
    version: int
    seated: tuple[Seated, ...] = ()
    is_dirty: bool = False
    reservation: Reservation | None = None
    reservation_shown: bool = False

    @property
    def state(self) -> TableState:
        """The first that is true, from paying to free."""
        if any(one.is_paying for one in self.seated):
            return TableState.PAYING
        if self.seated:
            return TableState.OCCUPIED
        if self.is_dirty:
            return TableState.DIRTY
        return TableState.RESERVED if self.reservation_shown else TableState.FREE

    @property
    def covers(self) -> int:
        """Of all its open orders."""
        return sum(one.covers for one in self.seated)

    @property
    def joined(self) -> tuple[UUID, ...]:
        """The other tables of its open orders."""
        return tuple(dict.fromkeys(table_id for one in self.seated for table_id in one.joined))

    @property
    def server_id(self) -> str:
        """Who took the first of its open orders; empty without any."""
        return self.seated[0].server_id if self.seated else ""

    @property
    def name(self) -> AtTable:
        """As an order at it remembers it."""
        return AtTable(self.id, self.layout.name)

    @property
    def changes_at(self) -> datetime | None:
        """When time alone makes another table of it: see ``advanced``."""
        if self.reservation is None:
            return None
        return self.reservation.ends_at if self.reservation_shown else self.reservation.shows_at


def check_table_count(others: int) -> None:
    """Whether there is room for one more. Raises TooManyTables."""
    if others >= TABLES_MAX:
        raise TooManyTables(f"A restaurant has at most {TABLES_MAX} tables.")


def tables_of(order: Order) -> tuple[UUID, ...]:
    """Where its guests sit: at its own table, and at those of orders that were merged into it."""
    own = () if order.table is None else (order.table.id,)
    if not order.merged:
        return own
    theirs = (one.table_id for one in order.merged)
    return tuple(dict.fromkeys((*own, *(table_id for table_id in theirs if table_id is not None))))


def seated_of(order: Order, table_id: UUID | None = None) -> Seated | None:
    """How a table of the order (None: its own, or the first) knows it; None where it is not there, or
    closed, or promised for later: its guests sit there from when the kitchen has something of it.
    """
    at = tables_of(order)
    table_id = table_id or next(iter(at), None)
    if table_id not in at or order.lifecycle not in OPEN_AT_TABLE:
        return None
    if order.promise is not None and not order.fired:
        return None
    paid_in_part = order.totals.paid_minor > 0 and order.totals.due_minor > 0
    paid_after_the_meal = order.totals.paid_minor > 0 and order.service_flow is ServiceFlow.PAY_LATER
    is_paying = paid_in_part or paid_after_the_meal
    joined = tuple(one for one in at if one != table_id)
    covers = order.covers
    if joined:
        theirs = {one: sum(each.covers for each in order.merged if each.table_id == one) for one in at}
        covers = theirs[table_id] if table_id != at[0] else covers - sum(theirs[one] for one in joined)
    return Seated(order.id, covers, order.placed_by.user_id, is_paying, joined)


def followed(table: Table, before: Order | None, after: Order) -> Table:
    """The table once an order at it, or on its way to or from it, is as it is ``after``. Raises TableFull."""
    seated = seated_of(after, table.id)
    if seated is not None:
        return _sat_down(table, seated)
    if before is not None and any(one.order_id == before.id for one in table.seated):
        return _got_up(table, before)
    return table


def cleared(table: Table) -> Table:
    """Somebody has cleared it. Raises TableOccupied."""
    _refuse_occupied(table, "clear it when they are done")
    return replace(table, is_dirty=False)


def reserved(table: Table, wanted: Reservation, at: datetime) -> Table:
    """With guests who are expected. Raises TableReserved, ReservationOver, ReservationTooFar."""
    # In this order: what is too far ahead may end beyond the calendar.
    if wanted.starts_at > at + RESERVED_AHEAD_MAX:
        raise ReservationTooFar(f"Reservations reach {RESERVED_AHEAD_MAX.days} days ahead.")
    if wanted.ends_at <= at:
        raise ReservationOver("The reservation would be over already.")
    _refuse_reserved(table)
    return advanced(replace(table, reservation=wanted, reservation_shown=False), at)


def unreserved(table: Table) -> Table:
    """Nobody is expected any more."""
    return replace(table, reservation=None, reservation_shown=False)


def advanced(table: Table, at: datetime) -> Table:
    """As it is at that time: a reservation begins to show, or its time is over."""
    if table.reservation is None or table.reservation.shows_at > at:
        return table
    if table.reservation.ends_at <= at:
        return unreserved(table)
    return replace(table, reservation_shown=True)


def refuse_removal(table: Table) -> None:
    """Raises TableOccupied, TableReserved."""
    _refuse_occupied(table, "bring them to another table first")
    _refuse_reserved(table)


def _sat_down(table: Table, seated: Seated) -> Table:
    others = tuple(one for one in table.seated if one.order_id != seated.order_id)
    if len(others) == len(table.seated):
        if len(others) >= ORDERS_AT_TABLE_MAX:
            raise TableFull(f"{ORDERS_AT_TABLE_MAX} orders are open at table {table.layout.name}.")
        if not others and table.reservation_shown:
            table = unreserved(table)  # these are the guests who were expected
    known = {one.order_id: one for one in (*table.seated, seated)}
    return replace(table, seated=tuple(known.values()))


def _got_up(table: Table, order: Order) -> Table:
    left = tuple(one for one in table.seated if one.order_id != order.id)
    # A draft that was dropped leaves the table as it was: nobody was served.
    return replace(table, seated=left, is_dirty=table.is_dirty or order.placed_at is not None)


def _refuse_occupied(table: Table, hint: str) -> None:
    if table.seated:
        orders = ",".join(str(one.order_id) for one in table.seated)
        raise TableOccupied(
            f"Orders are open at table {table.layout.name}: {hint}.", metadata={"order_ids": orders}
        )


def _refuse_reserved(table: Table) -> None:
    if table.reservation is not None:
        expected = table.reservation
        raise TableReserved(
            f"{expected.name} is expected at table {table.layout.name}: take that reservation off it first.",
            metadata={"from": expected.starts_at.isoformat(), "minutes": str(expected.minutes)},
        )
