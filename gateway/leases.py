"""Requests that this gateway has taken from a shared limit ahead of time, many with one question.

What is leased is counted in Valkey first: the shared limit is never exceeded, whoever leases. What is not
used within LEASE_SECONDS is lost to the caller, so a lease grows only with use (1, 2, 4, ...), stays a small
part of the burst, and is not given once half of it is gone: near its limit every request is counted singly.
"""

import asyncio
from dataclasses import dataclass

from chassis.recent import Recent

LEASE_SECONDS = 1.0
LEASE_MAX = 50
BURST_PER_LEASE = 50
"""A lease is at most this fraction of the burst: all that leases can cost a caller."""
KEYS_MAX = 50_000


@dataclass(slots=True)
class Lease:
    """``left`` of ``size`` requests, until ``until`` (monotonic seconds); ``slack`` was left beyond them."""

    left: int
    size: int
    until: float
    slack: float


class Leases:
    """The leases of one gateway by key; those that were taken longest ago are forgotten first."""

    def __init__(self, keys_max: int = KEYS_MAX) -> None:
        self._leases: Recent[str, Lease] = Recent(keys_max)
        self._asked: dict[str, asyncio.Event] = {}

    def held(self, key: str, now: float) -> Lease | None:
        """A lease that still has something to give."""
        lease = self._leases.get(key)
        if lease is None or lease.left <= 0 or now >= lease.until:
            return None
        return lease

    def wanted(self, key: str, burst: int, now: float) -> int:
        """How many requests to ask for: twice the last lease where that was used up in time, else one. Of
        those who ask at once only the first asks for more than one.
        """
        lease = self._leases.get(key)
        if lease is None or lease.left > 0 or now >= lease.until:
            return 1
        lease.until = now
        wanted = max(1, min(2 * lease.size, LEASE_MAX, burst // BURST_PER_LEASE))
        if wanted > 1:
            self._asked[key] = asyncio.Event()
        return wanted

    async def settled(self, key: str) -> None:
        """Waits for a lease that somebody is asking for: asking as well would cost each of a crowd a call."""
        while (asked := self._asked.get(key)) is not None:
            await asked.wait()

    def answered(self, key: str) -> None:
        """Who waits for it goes on, whatever came of it."""
        if (asked := self._asked.pop(key, None)) is not None:
            asked.set()

    def keep(self, key: str, granted: int, slack: float, now: float) -> None:
        """Notes what Valkey gave, beside what is left of an earlier lease; the first is used at once."""
        held = self.held(key, now) or Lease(0, 0, now, slack)
        left, size = held.left + granted - 1, max(held.size, granted)
        self._leases[key] = Lease(left, size, now + LEASE_SECONDS, slack)
