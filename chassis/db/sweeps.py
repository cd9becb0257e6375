"""Rounds over what is due: one thing that cannot be settled delays no other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from chassis.errors import Unavailable

UNANSWERED_IN_A_ROW: Final = 5
"""When so many in a row are Unavailable, whoever they need is down: the rest waits for the next sweep."""

Row = TypeVar("Row")
Settle = Callable[[Row], Awaitable[bool]]
"""Settles one; whether there was something to settle. Raises what went wrong."""
Failed = Callable[[Row, Exception], Awaitable[None]]


async def settle_each(
    rows: Sequence[Row], settle: Settle[Row], failed: Failed[Row]
) -> tuple[int, Sequence[Row]]:
    """Tries one after the other; how many were settled, and those that had no turn."""
    settled = unanswered = 0
    for turn, row in enumerate(rows, start=1):
        try:
            settled += await settle(row)
            unanswered = 0
        except Exception as error:  # whatever is wrong with one is its own affair
            unanswered = unanswered + 1 if isinstance(error, Unavailable) else 0
            await failed(row, error)
        if unanswered >= UNANSWERED_IN_A_ROW:
            return settled, rows[turn:]
    return settled, ()


class Round(Generic[Row]):
    """Goes round through a list in its order, at most ``batch`` rows in a sweep. ``start`` is before all."""

    def __init__(self, start: Row, batch: int) -> None:
        self.after = start
        """The last row that had its turn: the next sweep begins behind it."""
        self.batch = batch
        self._start = start

    @property
    def at_start(self) -> bool:
        """Whether the next sweep begins a new round."""
        return self.after == self._start

    async def settle(self, rows: Sequence[Row], settle: Settle[Row], failed: Failed[Row]) -> int:
        """Tries the rows that follow ``after``; how many were settled."""
        settled, waiting = await settle_each(rows, settle, failed)
        tried = rows[: len(rows) - len(waiting)]
        self.after = tried[-1] if waiting or len(rows) == self.batch else self._start
        return settled
