"""Supply: from whom an item or ingredient comes, in which packs, and when it is time to order some.

A suggestion covers what is used until the next delivery has come, with some days to spare: ceil(average daily
usage * (lead days + safety days) - on hand - on order), never below nothing, in whole packs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.catalog.domain.ingredient import StockUnit
from services.catalog.domain.supplier import Supplier

USAGE_DAYS_MAX = 28
"""Over so many days, or since an item was first counted, daily usage is averaged."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Supply:
    """``pack_size`` in the unit of the item; ``on_order`` was ordered and has not come: a delivery lowers it.
    Version 0: nobody has said where it comes from.
    """

    item_id: UUID
    supplier_id: UUID
    pack_size: int
    pack_cost_minor: int
    safety_days: int = 0
    on_order: int = 0
    version: int = 0

    def delivered(self, quantity: int) -> "Supply":
        """After goods came."""
        return replace(self, on_order=max(0, self.on_order - quantity))


@dataclass(frozen=True, slots=True)
class Stocked:
    """An item with its supply: what is on hand, was used in the last days, and since when it is counted."""

    item_name: str
    unit: StockUnit
    on_hand: int
    used: int
    counted_since: datetime
    supply: Supply
    supplier: Supplier


@dataclass(frozen=True, slots=True)
class Suggestion:
    """So many packs; ``used`` in ``days`` is what it was reckoned from."""

    stocked: Stocked
    days: int
    packs: int

    @property
    def quantity(self) -> int:
        """In the unit of the item."""
        return self.packs * self.stocked.supply.pack_size

    @property
    def cost_minor(self) -> int:
        """What the packs cost."""
        return self.packs * self.stocked.supply.pack_cost_minor


@dataclass(frozen=True, slots=True)
class SupplierTotal:
    """What is suggested to be ordered of one supplier."""

    supplier: Supplier
    cost_minor: int

    @property
    def is_below_minimum(self) -> bool:
        """Whether the supplier would not deliver so little."""
        return self.cost_minor < self.supplier.minimum_minor


def suggest(found: Iterable[Stocked], now: datetime) -> list[Suggestion]:
    """What to order now, by supplier and name; what needs nothing is left out."""
    made = [_suggestion(stocked, now) for stocked in found]
    return sorted(
        (each for each in made if each.packs),
        key=lambda each: (
            each.stocked.supplier.name_key,
            each.stocked.item_name,
            each.stocked.supply.item_id,
        ),
    )


def totals(suggestions: Iterable[Suggestion]) -> list[SupplierTotal]:
    """By supplier, in the order of the suggestions."""
    costs: dict[UUID, SupplierTotal] = {}
    for each in suggestions:
        supplier = each.stocked.supplier
        before = costs.get(supplier.id, SupplierTotal(supplier, 0))
        costs[supplier.id] = replace(before, cost_minor=before.cost_minor + each.cost_minor)
    return list(costs.values())


def usage_since(now: datetime) -> datetime:
    """From when on usage counts."""
    return now - USAGE_DAYS_MAX * _DAY


def _suggestion(stocked: Stocked, now: datetime) -> Suggestion:
    supply = stocked.supply
    days = min(USAGE_DAYS_MAX, max(1, -((stocked.counted_since - now) // _DAY)))
    needed = _ceil_div(stocked.used * (stocked.supplier.lead_days + supply.safety_days), days)
    missing = max(0, needed - stocked.on_hand - supply.on_order)
    return Suggestion(stocked, days, _ceil_div(missing, supply.pack_size))


def _ceil_div(number: int, by: int) -> int:
    return -(-number // by)
