"""Rate limits: one GCRA script on Valkey, so that they hold over all gateways; a local one without Valkey.

GCRA (the generic cell rate algorithm) keeps one instant per key: when the next request would be on time. It
needs no window and no list, and a steady rate passes evenly.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from chassis.errors import ResourceExhausted
from chassis.recent import Recent
from chassis.telemetry import counter, gauge, get_logger
from gateway.leases import Leases

VALKEY_SECONDS = 0.1
"""A limiter that is slower than this is not worth waiting for: to get a connection, to connect, to answer."""
VALKEY_PAUSE_SECONDS = 2.0
"""After a failure Valkey is left alone this long."""
LOCAL_KEYS_MAX = 50_000
CONNECTIONS_MAX = 16
"""Who finds them all in use waits for one: more requests at once are no reason to limit locally."""
KEY_PREFIX = "gcra:"

_log = get_logger("limits")
_limited = counter("gateway_rate_limited_total", "Requests refused by a rate limit", ["limit"])
_local = counter("gateway_rate_local_total", "Requests limited by this gateway alone")
_alone = gauge("gateway_rate_alone", "1 while rate limits hold for this gateway alone, without Valkey")

# For each key: stored instant t; a lease of n requests moves it to max(t, now) + n intervals; refused when
# one request would be further ahead than the burst allows; one request instead of n where more than half of
# the burst would be gone. Nothing is written unless every key allows its request.
_SCRIPT = """
local now = tonumber(ARGV[1])
local worst = 0
local next_at, answer = {}, {}
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local granted = tonumber(ARGV[3 * i + 1])
  local from = math.max(tonumber(redis.call('GET', key) or now), now)
  if granted > 1 and from + granted * interval - now > tolerance / 2 then granted = 1 end
  local at = from + granted * interval
  local wait = at - now - tolerance
  if wait > worst then worst = wait end
  next_at[i] = at
  answer[2 * i] = granted
  answer[2 * i + 1] = tostring((tolerance - (at - now)) / interval)
end
answer[1] = tostring(worst)
if worst > 0 then return answer end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, next_at[i], 'PX', math.ceil((next_at[i] - now) * 1000) + 1000)
end
return answer
"""


@dataclass(frozen=True)
class Limit:
    """At most ``per_second`` on average and ``burst`` at once. ``name`` is for answers and metrics."""

    name: str
    per_second: float
    burst: int

    @cached_property
    def interval(self) -> float:
        """Seconds that one request costs."""
        return 1.0 / self.per_second

    @cached_property
    def tolerance(self) -> float:
        """Seconds that a caller may be ahead."""
        return self.burst / self.per_second

    @cached_property
    def policy(self) -> bytes:
        """The RateLimit-Policy field's value: quota and window in seconds."""
        return f'"{self.name}";q={self.burst};w={max(1, math.ceil(self.tolerance))}'.encode()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is left of the first limit that was asked for."""

    limit: Limit
    remaining: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The RateLimit fields of an answer."""
        left = f'"{self.limit.name}";r={self.remaining};t={max(1, math.ceil(self.limit.tolerance))}'
        return [(b"ratelimit-policy", self.limit.policy), (b"ratelimit", left.encode())]


class LocalGcra:
    """The same rule in this process alone; forgets the keys it has not seen for longest."""

    def __init__(self, keys_max: int = LOCAL_KEYS_MAX) -> None:
        self._next_at: Recent[str, float] = Recent(keys_max)

    def take(self, wanted: Sequence[tuple[Limit, str]], now: float) -> tuple[float, float]:
        """(seconds to wait or 0, requests left of the first limit); takes from all limits or from none."""
        moves: list[tuple[str, float]] = []
        worst = slack = 0.0
        for index, (limit, key) in enumerate(wanted):
            at = max(self._next_at.get(key, now), now) + limit.interval
            worst = max(worst, at - now - limit.tolerance)
            moves.append((key, at))
            if index == 0:
                slack = (limit.tolerance - (at - now)) / limit.interval
        if worst > 0:
            return worst, 0.0
        for key, at in moves:
            self._next_at[key] = at
        return 0.0, slack


def refusal_of(limit: Limit, wait: float) -> ResourceExhausted:
    """What a caller beyond ``limit`` is told (RATE_LIMITED), counted; ``wait``: seconds to the next."""
    _limited.labels(limit.name).inc()
    return ResourceExhausted(
        "too many requests; slow down",
        reason="RATE_LIMITED",
        metadata={"retry_after_seconds": str(max(1, math.ceil(wait)))},
    )


class RateLimiter:
    """Takes from all named limits of a request, or refuses it."""

    def __init__(self, url: str | None, *, timeout_seconds: float = VALKEY_SECONDS) -> None:
        self._client: redis.Redis | None = None
        self._local = LocalGcra()
        self._leases = Leases()
        self._paused_until = 0.0
        self._alone = url is None
        _alone.set(self._alone)
        if url is not None:
            pool = redis.BlockingConnectionPool.from_url(
                url,
                timeout=timeout_seconds,
                socket_timeout=timeout_seconds,
                socket_connect_timeout=timeout_seconds,
                max_connections=CONNECTIONS_MAX,
            )
            self._client = redis.Redis.from_pool(pool)
        self._script: Any = None if self._client is None else self._client.register_script(_SCRIPT)

    async def take(self, *wanted: tuple[Limit, str]) -> Verdict:
        """One request of each (limit, key). Raises ResourceExhausted (RATE_LIMITED) with the wait."""
        asked = [(limit, f"{limit.name}:{key}") for limit, key in wanted]
        for _, key in asked:
            await self._leases.settled(key)
        now = time.monotonic()
        held = [self._leases.held(key, now) for _, key in asked]
        missing = [one for one, lease in zip(asked, held, strict=True) if lease is None]
        used = [lease for lease in held if lease is not None]
        for lease in used:
            lease.left -= 1
        slack = None if held[0] is None else held[0].slack + held[0].left
        if missing:
            wait, found = await self._shared(missing) or self._local.take(missing, now)
            if wait > 0:
                for lease in used:  # a refused request costs none of its limits
                    lease.left += 1
                raise refusal_of(wanted[0][0], wait)
            slack = found if slack is None else slack
        return Verdict(wanted[0][0], int(slack or 0))

    async def _shared(self, wanted: Sequence[tuple[Limit, str]]) -> tuple[float, float] | None:
        """(seconds to wait or 0, requests left of the first limit); None: Valkey cannot be asked."""
        now = time.monotonic()
        if self._client is None or now < self._paused_until:
            _local.inc()
            return None
        arguments: list[float] = [time.time()]
        for limit, key in wanted:
            arguments += [limit.interval, limit.tolerance, self._leases.wanted(key, limit.burst, now)]
        try:
            answer = await self._script(keys=[f"{KEY_PREFIX}{key}" for _, key in wanted], args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._paused_until = time.monotonic() + VALKEY_PAUSE_SECONDS
            self._note_alone(True, error=type(error).__name__)
            _local.inc()
            return None
        finally:
            for _, key in wanted:
                self._leases.answered(key)
        # What was asked before the pause may be answered in it, and ends no spell.
        if time.monotonic() >= self._paused_until:
            self._note_alone(False)
        wait, slacks = float(answer[0]), [float(slack) for slack in answer[2::2]]
        if wait > 0:
            return wait, 0.0
        for (_, key), granted, slack in zip(wanted, answer[1::2], slacks, strict=True):
            self._leases.keep(key, int(granted), slack, now)
        return 0.0, slacks[0] + int(answer[1]) - 1

    def _note_alone(self, alone: bool, **why: str) -> None:
        """Whether Valkey is done without: told once when a spell begins and once when it ends."""
        if alone is not self._alone:
            self._alone = alone
            _alone.set(alone)
            _log.warning(
                "Valkey does not answer, limiting locally" if alone else "Valkey answers again", **why
            )

    async def ping(self) -> bool:
        """Whether Valkey answers; True where none is configured."""
        if self._client is None:
            return True
        try:
            return bool(await self._client.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.aclose()
