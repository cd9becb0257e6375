"""When lines go to the kitchen by themselves: in time for a promise, or so that what goes together is ready
together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.orders.domain.component import cooked_at
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.order import Line, Order
from services.orders.domain.promise_errors import FireTime
from services.orders.domain.station import Station

FIRE_AHEAD_MAX = timedelta(days=1)
"""How far ahead somebody may say that lines are fired."""


def preparation(line: Line, order_type: OrderType, stations: Sequence[Station], at: datetime) -> timedelta:
    """How long the kitchen takes for it: its item's own time, else the longest target of its stations."""
    if line.timing.preparation_minutes:
        return timedelta(minutes=line.timing.preparation_minutes)
    cooked = cooked_at(line, order_type, stations, at)
    return timedelta(seconds=max((station.target_seconds for station, _ in cooked), default=0))


def lead(
    lines: Iterable[Line], order_type: OrderType, stations: Sequence[Station], at: datetime
) -> timedelta:
    """How long the kitchen takes for what it does not have yet."""
    waiting = [preparation(line, order_type, stations, at) for line in lines if line.waits]
    return max(waiting, default=timedelta())


def in_time(order: Order, lines: Sequence[Line], stations: Sequence[Station], at: datetime) -> Order:
    """The order, where each of ``lines`` that is to go later knows when: for the promise, else as
    ``together``.
    """
    if order.promise is None:
        return together(order, lines, stations, at)
    takes = {line.id: preparation(line, order.order_type, stations, at) for line in lines}
    longest = max(takes.values(), default=timedelta())
    ready_at, apart = order.promise.at, fires_together(stations)
    due = {line_id: ready_at - (own if apart else longest) for line_id, own in takes.items()}
    return at_times(order, {line_id: when for line_id, when in due.items() if when > at})


def together(order: Order, lines: Sequence[Line], stations: Sequence[Station], at: datetime) -> Order:
    """The order, where of lines of one course what takes less waits for what takes longest, if the
    restaurant wants it so.
    """
    if not fires_together(stations) or len(lines) < 2:
        return order
    takes = {line.id: preparation(line, order.order_type, stations, at) for line in lines}
    longest: dict[str, timedelta] = {}
    for line in lines:
        longest[line.course] = max(longest.get(line.course, timedelta()), takes[line.id])
    due = {line.id: at + longest[line.course] - takes[line.id] for line in lines}
    return at_times(order, {line_id: when for line_id, when in due.items() if when > at})


def fires_together(stations: Sequence[Station]) -> bool:
    """Whether the restaurant wants dishes that go together to be ready together."""
    return bool(stations) and stations[0].fire_together


def at_times(order: Order, times: Mapping[UUID, datetime]) -> Order:
    """The order, where these lines go to the kitchen by themselves at these times, to the second."""
    if not times:
        return order
    return replace(
        order,
        lines=tuple(
            replace(line, timing=replace(line.timing, fire_at=times[line.id].replace(microsecond=0)))
            if line.id in times
            else line
            for line in order.lines
        ),
    )


def without_times(order: Order, lines: Sequence[Line]) -> Order:
    """The order, where nothing of these lines is timed."""
    gone = {line.id for line in lines if line.timing.fire_at is not None}
    if not gone:
        return order
    return replace(
        order,
        lines=tuple(
            replace(line, timing=replace(line.timing, fire_at=None)) if line.id in gone else line
            for line in order.lines
        ),
    )


def due_lines(order: Order, at: datetime) -> list[Line]:
    """The lines whose time has come."""
    if order.lifecycle is not Lifecycle.VALIDATED or not order.kitchen_may_start:
        return []
    return [line for line in order.lines if line.waits and line.timing.fire_at and line.timing.fire_at <= at]


def kitchen_at(order: Order) -> datetime | None:
    """When the next of its lines goes to the kitchen by itself."""
    timed = [line.timing.fire_at for line in order.lines if line.timing.fire_at and line.waits]
    if not timed or order.lifecycle is not Lifecycle.VALIDATED or not order.kitchen_may_start:
        return None
    return min(timed)


def refuse_fire_time(fire_at: datetime, at: datetime) -> None:
    """Raises FireTime."""
    if not at < fire_at <= at + FIRE_AHEAD_MAX:
        raise FireTime()
