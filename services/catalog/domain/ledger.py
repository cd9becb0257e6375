"""Levels beside the ledger: the sums of what moved, and what orders hold."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.catalog.domain.movement import Movement, MovementKind
from services.catalog.domain.stock import LevelChange, StockLevel, stock_after

NOT_BOOKED = "held by orders, and never booked"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An item's level, the sums of its movements, and ``held``: what the reservations of orders say."""

    item_id: UUID
    on_hand: int
    reserved: int
    ledger_on_hand: int
    ledger_reserved: int
    held: int

    @property
    def agrees(self) -> bool:
        """Whether all that is kept of the item says the same."""
        return (self.on_hand, self.reserved, self.held) == (
            self.ledger_on_hand,
            self.ledger_reserved,
            self.ledger_reserved,
        )

    @property
    def difference(self) -> str:
        """In words."""
        return (
            f"{self.item_id}: level {self.on_hand} on hand, {self.reserved} reserved; movements"
            f" {self.ledger_on_hand}, {self.ledger_reserved}; orders hold {self.held}"
        )


def rebuilt(
    lines: Iterable[LedgerLine], levels: Mapping[UUID, StockLevel], now: datetime, new_id: Callable[[], UUID]
) -> tuple[list[LevelChange], list[Movement]]:
    """What makes levels what their movements say, for lines that do not agree.

    What orders hold is theirs: where the movements say something else an adjustment is booked first.
    """
    changes, movements = [], []
    for line in lines:
        if line.agrees:
            continue
        level = levels[line.item_id]
        if line.held != line.ledger_reserved:
            movements.append(
                Movement(
                    new_id(),
                    line.item_id,
                    MovementKind.ADJUSTMENT,
                    0,
                    line.ledger_on_hand,
                    now,
                    line.held - line.ledger_reserved,
                    reason=NOT_BOOKED,
                )
            )
        after = stock_after(level, now, on_hand=line.ledger_on_hand, reserved=line.held)
        changes.append(LevelChange(level, after))
    return changes, movements
