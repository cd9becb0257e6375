"""Which lines a station gets. The rule is said here once.

A route fits a line that is all that the route names. Of the routes that fit, those with the highest rank
count: an option goes before the item, the item before its category; between equals an order type goes first,
then hours.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.orders.domain.hours import Window
from services.orders.domain.menu import OrderType

ROUTES_MAX = 2_000
"""In one restaurant: all stations go to every display in one message."""
OPTION_RANK, ITEM_RANK, CATEGORY_RANK, ORDER_TYPE_RANK, HOURS_RANK = 16, 8, 4, 2, 1
NOT_TAKEN = 0


@dataclass(frozen=True, slots=True)
class Fired:
    """What a route looks at: a line when it is fired, ``local`` in the restaurant's time zone."""

    item_id: UUID
    category_id: UUID
    option_ids: Collection[UUID]
    order_type: OrderType
    local: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """Lines that a station gets; what is None or empty, any line is."""

    item_id: UUID | None = None
    category_id: UUID | None = None
    option_id: UUID | None = None
    order_types: frozenset[OrderType] = frozenset()
    hours: Window | None = None
    rank: int = field(init=False)
    """How much it says of a line; NOT_TAKEN where it names nothing."""

    def __post_init__(self) -> None:
        named = (
            (self.option_id is not None, OPTION_RANK),
            (self.item_id is not None, ITEM_RANK),
            (self.category_id is not None, CATEGORY_RANK),
            (bool(self.order_types), ORDER_TYPE_RANK),
            (self.hours is not None, HOURS_RANK),
        )
        object.__setattr__(self, "rank", sum(rank for names_it, rank in named if names_it))

    def fits(self, fired: Fired) -> bool:
        """Whether the line is all that this names."""
        return (
            (self.item_id is None or self.item_id == fired.item_id)
            and (self.category_id is None or self.category_id == fired.category_id)
            and (self.option_id is None or self.option_id in fired.option_ids)
            and (not self.order_types or fired.order_type in self.order_types)
            and (self.hours is None or self.hours.holds(fired.local))
        )

    @property
    def goods(self) -> tuple[UUID | None, UUID | None, UUID | None]:
        """What it names of the menu: two routes of the same goods may want one line."""
        return self.item_id, self.category_id, self.option_id
