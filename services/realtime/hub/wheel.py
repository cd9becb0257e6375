"""One timer wheel for all sessions: no timer and no task per connection."""

from typing import Generic, TypeVar

TICK_SECONDS = 0.1
"""How exact every deadline of a session is."""

T = TypeVar("T")


class Wheel(Generic[T]):
    """Things to look at again at some tick. A thing may be in it more than once; looking too early is
    harmless.
    """

    __slots__ = ("_now", "_slots")

    def __init__(self, now: float) -> None:
        self._slots: dict[int, list[T]] = {}
        self._now = _tick(now)

    def __len__(self) -> int:
        return sum(len(slot) for slot in self._slots.values())

    def add(self, thing: T, at: float) -> None:
        """Looks at ``thing`` at the last tick that is not later than ``at``, but not before the next tick."""
        self._slots.setdefault(max(_tick(at), self._now + 1), []).append(thing)

    def due(self, now: float) -> list[T]:
        """Takes out everything whose tick has come."""
        until = _tick(now)
        found: list[T] = []
        while self._now < until:
            self._now += 1
            found.extend(self._slots.pop(self._now, ()))
        return found


def _tick(at: float) -> int:
    return int(at / TICK_SECONDS)
