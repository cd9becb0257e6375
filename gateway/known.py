"""What was found out a moment ago: one answer for all who ask meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Known(Generic[T]):
    """What ``ask`` answers, asked at most once in ``seconds``. A failure is not kept."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._asking: asyncio.Task[T] | None = None
        self._until = 0.0

    async def get(self) -> T:
        """What was asked ``seconds`` ago or less. Raises what ``ask`` raised."""
        loop = asyncio.get_running_loop()
        if self._asking is None or loop.time() >= self._until or _failed(self._asking):
            self._asking, self._until = loop.create_task(self._ask()), loop.time() + self._seconds
        # Whoever asked first may leave; the others still want to know.
        return await asyncio.shield(self._asking)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
