"""Rate limits let a steady rate through, stop a burst, and hold whichever way they are counted."""

import asyncio
from pathlib import Path

import pytest
import redis.asyncio as redis
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.errors import ResourceExhausted
from chassis.ids import new_id
from deploy.local.embedded import EmbeddedValkey, free_port
from gateway.leases import BURST_PER_LEASE, LEASE_MAX, LEASE_SECONDS, Leases
from gateway.limits import CONNECTIONS_MAX, Limit, LocalGcra, RateLimiter

# A busy test machine must not look like a Valkey that is away.
PATIENT_SECONDS = 10.0


@given(
    per_second=st.integers(1, 1_000),
    burst=st.integers(1, 500),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=300),
)
def test_never_more_than_burst_plus_rate_times_time(per_second: int, burst: int, gaps: list[float]) -> None:
    limit, gcra = Limit("l", per_second, burst), LocalGcra()
    now, passed = 1_000.0, 0
    for gap in gaps:
        now += gap
        wait, _ = gcra.take([(limit, "k")], now)
        passed += wait == 0
    assert passed <= burst + per_second * (now - 1_000.0) + 1


def test_a_steady_rate_passes_for_ever() -> None:
    limit, gcra = Limit("l", 10, 1), LocalGcra()
    assert all(gcra.take([(limit, "k")], 1_000 + i / 10)[0] <= 1e-6 for i in range(1_000))


def test_a_refused_request_costs_none_of_its_limits() -> None:
    wide, narrow, gcra = Limit("w", 1, 10), Limit("n", 1, 1), LocalGcra()
    assert gcra.take([(narrow, "n")], 0)[0] == 0
    for _ in range(50):
        assert gcra.take([(wide, "w"), (narrow, "n")], 0)[0] > 0
    assert all(gcra.take([(wide, "w")], 0)[0] == 0 for _ in range(10))
    assert gcra.take([(wide, "w")], 0)[0] > 0


def test_the_keys_of_strangers_are_forgotten_first() -> None:
    limit, gcra = Limit("l", 1, 1), LocalGcra(keys_max=100)
    for number in range(1_000):
        gcra.take([(limit, str(number))], 0)
    assert len(gcra._next_at) == 100
    assert gcra.take([(limit, "999")], 0)[0] > 0


async def exhausted(limiter: RateLimiter, limit: Limit, key: str, tries: int) -> list[bool]:
    async def one() -> bool:
        try:
            await limiter.take((limit, key))
        except ResourceExhausted:
            return True
        return False

    return await asyncio.gather(*(one() for _ in range(tries)))


async def test_two_gateways_share_one_limit_on_valkey(redis_url: str) -> None:
    key, limit = str(new_id()), Limit("shared", 0.1, 20)
    one, two = (
        RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS),
        RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS),
    )
    try:
        refused = [*await exhausted(one, limit, key, 15), *await exhausted(two, limit, key, 15)]
        assert refused.count(False) == 20
    finally:
        await one.close()
        await two.close()


async def test_a_refusal_says_when_to_come_back(redis_url: str) -> None:
    limiter, limit, key = (
        RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS),
        Limit("shared", 0.5, 1),
        str(new_id()),
    )
    try:
        verdict = await limiter.take((limit, key))
        assert verdict.remaining == 0
        with pytest.raises(ResourceExhausted) as caught:
            await limiter.take((limit, key))
        assert caught.value.reason == "RATE_LIMITED"
        assert 1 <= int(caught.value.metadata["retry_after_seconds"]) <= 2
    finally:
        await limiter.close()


async def test_without_valkey_the_limit_still_holds_here() -> None:
    limiter, limit = RateLimiter("redis://127.0.0.1:1/0"), Limit("alone", 0.1, 5)
    try:
        refused = await exhausted(limiter, limit, "k", 9)
        assert refused.count(False) == 5
        assert not await limiter.ping()
    finally:
        await limiter.close()


def told(metric: str) -> float:
    return REGISTRY.get_sample_value(metric) or 0.0


async def test_many_requests_at_once_wait_for_a_connection_and_stay_under_the_shared_limit(
    redis_url: str,
) -> None:
    at_once = 200
    assert at_once > 5 * CONNECTIONS_MAX
    key, limit = str(new_id()), Limit("shared", 0.01, 49)
    gateways = [RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS) for _ in range(2)]
    local = told("gateway_rate_local_total")
    try:
        with capture_logs() as logs:
            both = await asyncio.gather(*(exhausted(one, limit, key, at_once) for one in gateways))
        assert sum(refused.count(False) for refused in both) == limit.burst
        assert told("gateway_rate_local_total") == local
        assert logs == []
    finally:
        for gateway in gateways:
            await gateway.close()


async def test_a_spell_without_valkey_is_told_once_and_ends_when_it_answers_again(tmp_path: Path) -> None:
    # Started by hand: a test that stops it needs a Valkey of its own.
    valkey = EmbeddedValkey(tmp_path / "valkey", free_port())
    await valkey.start()
    limiter, limit = RateLimiter(valkey.url, timeout_seconds=PATIENT_SECONDS), Limit("alone", 0.01, 5)
    away = "Valkey does not answer, limiting locally"
    try:
        await limiter.take((limit, "before"))
        assert told("gateway_rate_alone") == 0
        await valkey.stop()
        local = told("gateway_rate_local_total")
        with capture_logs() as logs:
            assert (await exhausted(limiter, limit, "k", 50)).count(False) == 5
            limiter._paused_until = 0.0
            assert (await exhausted(limiter, limit, "k", 50)).count(False) == 0
        assert [line["event"] for line in logs] == [away]
        assert told("gateway_rate_local_total") == local + 100
        assert told("gateway_rate_alone") == 1
        await valkey.start()
        limiter._paused_until = 0.0
        with capture_logs() as logs:
            assert (await exhausted(limiter, limit, "k", 50)).count(False) == 5
        assert [line["event"] for line in logs] == ["Valkey answers again"]
        assert told("gateway_rate_alone") == 0
    finally:
        await limiter.close()
        await valkey.stop()


async def test_a_busy_caller_is_leased_requests_and_never_gets_more_than_the_shared_limit(
    redis_url: str,
) -> None:
    key, limit = str(new_id()), Limit("shared", 0.01, 400)
    gateways = [RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS) for _ in range(2)]
    asked_of_valkey = [_counted(gateway) for gateway in gateways]
    try:
        passed = 0
        for number in range(600):
            refused = await exhausted(gateways[number % 2], limit, key, 1)
            passed += refused == [False]
        # What leases may cost is small, what they save is not; and the last half is counted singly.
        assert 400 - 2 * 400 // BURST_PER_LEASE <= passed <= 400
        assert sum(len(asked) for asked in asked_of_valkey) < 600 - 100
    finally:
        for gateway in gateways:
            await gateway.close()


async def test_requests_at_once_lose_no_more_to_leases_than_those_one_after_another(redis_url: str) -> None:
    key, limit = str(new_id()), Limit("shared", 0.001, 400)
    limiter = RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS)
    try:
        passed = (await exhausted(limiter, limit, key, 1)).count(False)
        for _ in range(25):
            passed += (await exhausted(limiter, limit, key, 20)).count(False)
        assert 400 - 2 * 400 // BURST_PER_LEASE <= passed <= 400
    finally:
        await limiter.close()


async def test_a_crowd_that_has_used_up_a_lease_asks_once_for_the_next(redis_url: str) -> None:
    limit, key, crowd, each = Limit("l", 100_000, 100_000), str(new_id()), 20, 50
    limiter = RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS)
    valkey: redis.Redis = redis.Redis.from_url(redis_url)

    async def requests(number: int) -> None:
        for _ in range(number):
            await limiter.take((limit, key))

    async def calls() -> int:
        return int((await valkey.info("commandstats"))["cmdstat_evalsha"]["calls"])

    await requests(4 * LEASE_MAX)
    before = await calls()
    await asyncio.gather(*(requests(each) for _ in range(crowd)))
    assert await calls() - before <= 2 * crowd * each / LEASE_MAX
    await valkey.aclose()
    await limiter.close()


async def test_who_asks_seldom_loses_nothing_to_leases(redis_url: str) -> None:
    key, limit = str(new_id()), Limit("shared", 0.01, 1_000)
    limiter, leases = RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS), Leases()
    try:
        for expected in (999, 998):
            assert (await limiter.take((limit, key))).remaining == expected
            limiter._leases._leases.clear()
        leases.keep(key, 1, 998, now=0.0)
        assert leases.wanted(key, 1_000, now=LEASE_SECONDS) == 1
        assert leases.wanted(key, 1_000, now=LEASE_SECONDS / 2) == 2
    finally:
        await limiter.close()


async def test_what_is_left_is_told_the_same_with_and_without_a_lease(redis_url: str) -> None:
    key, limit = str(new_id()), Limit("shared", 0.001, 1_000)
    limiter = RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS)
    try:
        told = [(await limiter.take((limit, key))).remaining for _ in range(100)]
        assert told == list(range(999, 899, -1))
    finally:
        await limiter.close()


@given(sizes=st.lists(st.booleans(), min_size=1, max_size=60), burst=st.integers(1, 5_000))
def test_a_lease_grows_with_use_alone_and_stays_a_small_part_of_the_burst(
    sizes: list[bool], burst: int
) -> None:
    leases, now = Leases(), 0.0
    for used_up in sizes:
        wanted = leases.wanted("k", burst, now)
        assert 1 <= wanted <= max(1, min(LEASE_MAX, burst // BURST_PER_LEASE))
        leases.keep("k", wanted, 0.0, now)
        if used_up:
            while (lease := leases.held("k", now)) is not None:
                lease.left -= 1
        else:
            now += LEASE_SECONDS
            assert leases.wanted("k", burst, now) == 1


def _counted(limiter: RateLimiter) -> list[int]:
    """Lets a limiter note how often it asks Valkey."""
    asked: list[int] = []
    script = limiter._script

    async def counting(**arguments: object) -> object:
        asked.append(1)
        return await script(**arguments)

    limiter._script = counting
    return asked


async def test_a_request_that_one_limit_refuses_uses_up_no_lease_of_another(redis_url: str) -> None:
    wide, narrow = Limit("wide", 0.001, 1_000), Limit("narrow", 0.001, 1)
    key = str(new_id())
    limiter = RateLimiter(redis_url, timeout_seconds=PATIENT_SECONDS)
    try:
        for _ in range(20):
            await limiter.take((wide, key))
        lease = limiter._leases._leases[f"wide:{key}"]
        await limiter.take((wide, key), (narrow, key))
        before = lease.left
        assert before > 0
        with pytest.raises(ResourceExhausted):
            await limiter.take((wide, key), (narrow, key))
        assert lease.left == before
    finally:
        await limiter.close()
