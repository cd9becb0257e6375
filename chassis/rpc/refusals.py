"""Refusals of access, counted until they are written down: by person, permission and minute.

A flood of them becomes one number. Counting is bounded, and lost where the process dies before it is written
(``chassis.auth.refusals`` does that, every WRITE_EVERY_SECONDS).
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import grpc

from chassis.clock import Clock
from chassis.errors import Kind, Problem
from chassis.ids import new_id
from chassis.rpc.call import Call

KINDS_MAX = 500
"""What is told apart until it is written. Above it is counted together, as OTHERS."""
BATCH_MAX = 100
OTHERS = "OTHERS"
TEXT_MAX_CHARS = 128
EXPIRED = "TOKEN_EXPIRED"
"""The ordinary end of a token, every quarter of an hour on every device: no refusal to write down."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who is known. ``device_id`` is what a token names: what a client only says of itself could be
    another thing each time.
    """

    restaurant_id: UUID | None
    actor: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who was refused what. Of somebody unknown (``actor`` empty) the network address, where it is known."""

    restaurant_id: UUID | None
    actor: str
    device_id: str
    reason: str
    permission: str
    address: str


@dataclass(slots=True)
class Counted:
    """``count`` times in the minute from ``minute``; ``method``: the RPC or route of the first."""

    refusal: Refusal
    minute: datetime
    method: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """At most BATCH_MAX of one restaurant (or of none), under an id that makes it safe to repeat."""

    id: str
    restaurant_id: UUID | None
    refusals: tuple[Counted, ...]


class Refusals:
    """The counts of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted: dict[tuple[Refusal, datetime | None], Counted] = {}
        self.waiting: deque[Report] = deque()
        """What is to be written, oldest first; whoever has written one takes it away."""

    def note(self, problem: Problem, asker: Asker | None, *, method: str, address: str = "") -> None:
        """Counts ``problem`` if it is a refusal of access that was decided here: what a peer refused is
        counted there. ``asker`` None: nobody that is known.
        """
        if problem.kind not in (Kind.PERMISSION_DENIED, Kind.UNAUTHENTICATED) or problem.reason == EXPIRED:
            return
        if isinstance(problem.__cause__, grpc.aio.AioRpcError):
            return
        minute = self._minute()
        refusal = _refusal(problem, asker, address)
        key: tuple[Refusal, datetime | None] = (refusal, minute)
        if key not in self._counted and len(self._counted) >= KINDS_MAX:
            refusal = Refusal(None, "", "", OTHERS, "", "")
            key = (refusal, None)
        counted = self._counted.get(key)
        if counted is None:
            counted = self._counted[key] = Counted(refusal, minute, method[:TEXT_MAX_CHARS])
        counted.count += 1

    def close_minutes(self, *, everything: bool = False) -> None:
        """Moves the counts of minutes that are over (or all of them) to ``waiting``, unless some wait there:
        so both stay bounded while nobody can write.
        """
        if self.waiting:
            return
        now = self._minute()
        over = [key for key, one in self._counted.items() if everything or one.minute < now]
        by_restaurant: dict[UUID | None, list[Counted]] = {}
        for key in over:
            counted = self._counted.pop(key)
            by_restaurant.setdefault(counted.refusal.restaurant_id, []).append(counted)
        for restaurant_id, listed in by_restaurant.items():
            for start in range(0, len(listed), BATCH_MAX):
                batch = tuple(listed[start : start + BATCH_MAX])
                self.waiting.append(Report(str(new_id()), restaurant_id, batch))

    def _minute(self) -> datetime:
        return self._clock.now().replace(second=0, microsecond=0)


def asker_of(call: Call | None) -> Asker | None:
    """Who makes ``call``, None where nobody has proven who they are."""
    principal = None if call is None else call.principal
    if principal is None:
        return None
    actor = f"service:{principal.name}" if principal.subject is None else str(principal.subject)
    return Asker(principal.restaurant_id, actor, (principal.device_id or "")[:TEXT_MAX_CHARS])


def _refusal(problem: Problem, asker: Asker | None, address: str) -> Refusal:
    permission = problem.metadata.get("permission", "")[:TEXT_MAX_CHARS]
    if asker is None:
        return Refusal(None, "", "", problem.reason, permission, address)
    return Refusal(asker.restaurant_id, asker.actor, asker.device_id, problem.reason, permission, address="")
