"""Whether a process lives and whether it is ready, part by part."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chassis.telemetry import get_logger

CHECK_TIMEOUT_SECONDS = 1.0
CHECKS_MAX = 32

Check = Callable[[], Awaitable[None]]
"""Returns where its part works, raises what is wrong otherwise."""

_log = get_logger("health")


@dataclass(frozen=True, slots=True)
class Report:
    """``parts`` maps a part to ``ok`` or to what is wrong with it."""

    ready: bool
    parts: dict[str, str]


class Readiness:
    """What has to work before a process takes requests."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._state = "starting"
        self._last: dict[str, str] = {}

    def add(self, name: str, check: Check) -> None:
        """Makes ``check`` part of every report. Raises ValueError where the name is taken."""
        if name in self._checks or len(self._checks) >= CHECKS_MAX:
            raise ValueError(f"{name} cannot be added to the readiness checks")
        self._checks[name] = check

    def enter(self, state: str) -> None:
        """The phase of the process: only in ``running`` can it be ready."""
        self._state = state

    async def report(self) -> Report:
        """Asks all checks at once; one that takes longer than a second counts as failed."""
        results = await asyncio.gather(*(self._ask(name) for name in self._checks))
        parts = {"process": "ok" if self._state == "running" else self._state, **dict(results)}
        for name, state in parts.items():
            if name != "process" and state != self._last.get(name, "ok"):
                _log.warning("readiness changed", dependency=name, state=state)
        self._last = parts
        return Report(all(state == "ok" for state in parts.values()), parts)

    async def _ask(self, name: str) -> tuple[str, str]:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                await self._checks[name]()
        except TimeoutError:
            return name, f"no answer within {CHECK_TIMEOUT_SECONDS:g} s"
        except Exception as error:
            return name, f"{type(error).__name__}: {error}"
        return name, "ok"
