"""What one order holds of the stock, from its first reservation to its end.

Commands and events may come twice, late or in any order: a reservation knows the newest version of its order,
and an end (committed, released by the order's end, wasted) is final for events.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.catalog.domain.errors import OrderFinished, ReservationMismatch
from services.catalog.domain.movement import MovementKind
from services.catalog.domain.stock import StockLine, demand

IsTracked = Callable[[UUID], bool]
"""Whether an item is counted."""
HOLD_LIFETIME = timedelta(minutes=2)
"""How long a reservation waits for its order to be placed."""
AGAIN_AFTER_MIN = timedelta(seconds=5)
AGAIN_AFTER_MAX = timedelta(minutes=5)
"""A hold that cannot be settled is looked at again after as long as it has been there, within these."""


class ReservationState(StrEnum):
    """``held`` waits for its order, ``confirmed`` belongs to one. ``released`` may be held again: its order
    was not placed. ``committed``, ``cancelled`` and ``wasted`` are final.
    """

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    COMMITTED = "committed"
    CANCELLED = "cancelled"
    WASTED = "wasted"


ACTIVE = frozenset({ReservationState.HELD, ReservationState.CONFIRMED})
FINAL = frozenset({ReservationState.COMMITTED, ReservationState.CANCELLED, ReservationState.WASTED})


@dataclass(frozen=True, slots=True)
class Reservation:
    """``order_version`` is the newest version of the order that was seen, 0 before it was placed;
    ``revision`` counts the steps that were taken.
    """

    order_id: UUID
    state: ReservationState
    lines: tuple[StockLine, ...]
    order_version: int = 0
    expires_at: datetime | None = None
    revision: int = 0

    @property
    def active_lines(self) -> tuple[StockLine, ...]:
        """The lines whose units count as reserved."""
        return self.lines if self.state in ACTIVE else ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a step does: the reservation after it, lines that were held before it, units reserved more (or
    less) by item, lines that left the shelf.
    """

    reservation: Reservation
    before: tuple[StockLine, ...] = ()
    reserved: Mapping[UUID, int] = field(default_factory=dict)
    taken: tuple[StockLine, ...] = ()
    movement: MovementKind | None = None
    wasted: tuple[StockLine, ...] = ()
    """Lines that left the shelf for nothing, whatever became of the others."""


class OrderStage(StrEnum):
    """Where an order stands. A draft holds no goods yet, a cancelled order no more, one that was sold from
    nothing that is counted never did.
    """

    HOLDS_NOTHING = "holds_nothing"
    PLACED = "placed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class StockOrder:
    """What stock needs to know of an order: its version, the lines that are not voided, and what was voided
    after the kitchen had it, which stays reserved until the order ends."""

    order_id: UUID
    version: int
    lines: tuple[StockLine, ...]
    stage: OrderStage = OrderStage.PLACED
    wasted: tuple[StockLine, ...] = ()


def hold(
    current: Reservation | None, order_id: UUID, lines: Sequence[StockLine], now: datetime
) -> Settlement | None:
    """Reserves ``lines`` for an order. None: they are reserved already.

    Lines that come on top of those reserved earlier are added. Raises ReservationMismatch for a line that is
    reserved differently, OrderFinished.
    """
    if current is not None and current.state in FINAL:
        raise OrderFinished(metadata={"state": current.state.value})
    held = current.active_lines if current is not None else ()
    known = {(line.line_id, line.item_id): line for line in held}
    of_lines = {line.line_id: line.item_id for line in held if not line.units}
    for line in lines:
        own = line.units or of_lines.get(line.line_id, line.item_id) == line.item_id
        if not own or known.get((line.line_id, line.item_id), line) != line:
            raise ReservationMismatch(metadata={"line_id": str(line.line_id)})
    added = tuple(line for line in lines if (line.line_id, line.item_id) not in known)
    if current is not None and current.state in ACTIVE and not added:
        return None
    confirmed = current is not None and current.state is ReservationState.CONFIRMED
    after = Reservation(
        order_id,
        ReservationState.CONFIRMED if confirmed else ReservationState.HELD,
        (*held, *added),
        current.order_version if current is not None else 0,
        None if confirmed else now + HOLD_LIFETIME,
        _next_revision(current),
    )
    return Settlement(after, held, demand(added))


def release(current: Reservation | None) -> Settlement | None:
    """Gives back what an order that was not placed had reserved. None: there is nothing to give back."""
    if current is None or current.state is not ReservationState.HELD:
        return None
    after = replace(
        current, state=ReservationState.RELEASED, expires_at=None, revision=_next_revision(current)
    )
    return Settlement(after, current.lines, _difference((), current.lines))


def put_off_until(held_since: datetime, now: datetime) -> datetime:
    """When a hold that has expired, and cannot be settled now, expires again."""
    return now + min(max(now - held_since, AGAIN_AFTER_MIN), AGAIN_AFTER_MAX)


def confirm(current: Reservation | None, order: StockOrder, is_tracked: IsTracked) -> Settlement | None:
    """Makes the reservation what the placed order says. None: it is final, or a newer version was seen."""
    if not _is_news(current, order):
        return None
    lines = (
        *_stock_lines(current, order.lines, is_tracked),
        *_stock_lines(current, order.wasted, is_tracked),
    )
    after = _reservation(current, order, ReservationState.CONFIRMED, lines)
    return Settlement(after, _active(current), _difference(lines, _active(current)))


def commit(current: Reservation | None, order: StockOrder, is_tracked: IsTracked) -> Settlement | None:
    """The order is done: its goods are sold. None: it was committed, cancelled or wasted before."""
    return _end(current, order, is_tracked, ReservationState.COMMITTED, MovementKind.SALE)


def cancel(
    current: Reservation | None, order: StockOrder, is_tracked: IsTracked, *, wasted: bool
) -> Settlement | None:
    """The order was cancelled: its goods are free again, or wasted where the kitchen had begun. None: as
    above.
    """
    if wasted:
        return _end(current, order, is_tracked, ReservationState.WASTED, MovementKind.WASTE)
    if current is not None and current.state in FINAL:
        return None
    gone = _stock_lines(current, order.wasted, is_tracked)
    after = _reservation(current, order, ReservationState.CANCELLED, ())
    return Settlement(after, _active(current), _difference((), _active(current)), wasted=gone)


def _end(
    current: Reservation | None,
    order: StockOrder,
    is_tracked: IsTracked,
    state: ReservationState,
    movement: MovementKind,
) -> Settlement | None:
    if current is not None and current.state in FINAL:
        return None
    lines = _stock_lines(current, order.lines, is_tracked)
    gone = _stock_lines(current, order.wasted, is_tracked)
    after = _reservation(current, order, state, (*lines, *gone))
    return Settlement(after, _active(current), _difference((), _active(current)), lines, movement, gone)


def _reservation(
    current: Reservation | None, order: StockOrder, state: ReservationState, lines: tuple[StockLine, ...]
) -> Reservation:
    return Reservation(order.order_id, state, lines, order.version, revision=_next_revision(current))


def _next_revision(current: Reservation | None) -> int:
    return 1 if current is None else current.revision + 1


def _is_news(current: Reservation | None, order: StockOrder) -> bool:
    return current is None or (current.state not in FINAL and current.order_version < order.version)


def _active(current: Reservation | None) -> tuple[StockLine, ...]:
    return current.active_lines if current is not None else ()


def _stock_lines(
    current: Reservation | None, lines: Sequence[StockLine], is_tracked: IsTracked
) -> tuple[StockLine, ...]:
    """The lines that concern stock: of tracked items, and those that are reserved already."""
    held = {(line.line_id, line.item_id) for line in _active(current)}
    return tuple(line for line in lines if (line.line_id, line.item_id) in held or is_tracked(line.item_id))


def _difference(after: Sequence[StockLine], before: Sequence[StockLine]) -> dict[UUID, int]:
    units = demand(after)
    for item_id, count in demand(before).items():
        units[item_id] = units.get(item_id, 0) - count
    return units
