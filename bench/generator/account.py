"""What a generator says of its work: percentiles, and how busy it was itself."""

import asyncio
import resource
import time
from array import array
from collections.abc import Sequence
from typing import Any, Final

PERCENTILES: Final = (50.0, 90.0, 95.0, 99.0, 99.9)
LAG_TICK_SECONDS: Final = 0.05


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of values in ascending order. Raises ValueError without any."""
    if not ordered:
        raise ValueError("no value was measured")
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def summary(milliseconds: Sequence[float]) -> dict[str, float]:
    """count, mean, min, max and PERCENTILES, in milliseconds to three places."""
    ordered = sorted(milliseconds)
    if not ordered:
        return {"count": 0}
    found = {f"p{percent:g}": round(percentile(ordered, percent), 3) for percent in PERCENTILES}
    mean = sum(ordered) / len(ordered)
    ends = {"min": round(ordered[0], 3), "max": round(ordered[-1], 3), "mean": round(mean, 3)}
    return {"count": len(ordered), **found, **ends}


class Effort:
    """How busy this process is between ``begin`` and ``end``, and how late its loop came."""

    def __init__(self) -> None:
        self._lags = array("d")
        self._watch: asyncio.Task[None] | None = None
        self._cpu = self._wall = 0.0

    def begin(self) -> None:
        """Starts measuring."""
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()
        self._watch = asyncio.get_running_loop().create_task(self._watch_lag())

    async def _watch_lag(self) -> None:
        while True:
            due = time.perf_counter() + LAG_TICK_SECONDS
            await asyncio.sleep(LAG_TICK_SECONDS)
            self._lags.append(max(0.0, time.perf_counter() - due) * 1000)

    def end(self) -> dict[str, Any]:
        """``busy``: share of one core; ``lag_ms``: how late the loop was."""
        wall = time.perf_counter() - self._wall
        if self._watch is not None:
            self._watch.cancel()
        return {"busy": round((_cpu_seconds() - self._cpu) / wall, 3), "lag_ms": summary(self._lags)}


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
