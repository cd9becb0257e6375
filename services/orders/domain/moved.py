"""What orders, lines and tickets remember of having gone from one order to another."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MovedTo:
    """The order that has a line now, and how many units went there."""

    order_id: UUID
    number: int
    quantity: int


@dataclass(frozen=True, slots=True)
class MovedFrom:
    """The order that a line came from; ``merged``: with all of that order."""

    order_id: UUID
    number: int
    merged: bool = False


@dataclass(frozen=True, slots=True)
class MergedOrder:
    """An order that is part of another one, and where its guests sit."""

    order_id: UUID
    number: int
    table_id: UUID | None
    table_name: str
    covers: int


@dataclass(frozen=True, slots=True)
class MergedInto:
    """The order that another one is part of."""

    order_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class TicketMovedFrom:
    """What a ticket said before it went to another order."""

    order_number: int
    table_name: str
