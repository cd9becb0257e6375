"""Revocations: which tokens they kill, how they arrive, and what happens when there are too many."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from chassis.auth import Principal, Revocation, Revocations, RevokedKind, keep_warm
from chassis.auth.revocations import AHEAD_MAX
from chassis.auth.tokens import TOKEN_LIFE_MAX
from chassis.clock import FakeClock
from chassis.errors import Unauthenticated, Unavailable
from harness.rpc import PATIENT_SECONDS, TokenMint

SUBJECT = "fynlo.auth.v1.SessionsRevoked"


@pytest.fixture
def mint(fake_clock: FakeClock) -> TokenMint:
    return TokenMint(fake_clock)


@pytest.fixture
def table(fake_clock: FakeClock) -> Revocations:
    return Revocations(fake_clock)


def name_of(principal: Principal, kind: RevokedKind) -> str:
    names = {
        RevokedKind.USER: principal.subject,
        RevokedKind.SESSION: principal.session_id,
        RevokedKind.DEVICE: principal.device_id,
        RevokedKind.RESTAURANT: principal.restaurant_id,
    }
    return str(names[kind])


def is_refused(table: Revocations, principal: Principal) -> bool:
    try:
        table.check(principal)
    except Unauthenticated as problem:
        return problem.reason == "TOKEN_REVOKED"
    return False


def test_what_a_revocation_can_name_follows_the_principal(mint: TokenMint) -> None:
    one = mint.principal(device_id=None)
    other = replace(one, restaurant_id=None, session_id=uuid4())
    assert other.names == tuple((kind.value, name_of(other, kind)) for kind in RevokedKind)
    assert (one.restaurant, other.restaurant) == (str(one.restaurant_id), "")


@pytest.mark.parametrize("kind", list(RevokedKind))
def test_a_revocation_kills_older_tokens_of_what_it_names_and_no_others(
    kind: RevokedKind, table: Revocations, mint: TokenMint, fake_clock: FakeClock
) -> None:
    named, other = mint.principal(device_id="a"), mint.principal(device_id="b")
    fake_clock.advance(timedelta(seconds=1))
    revocation = Revocation(kind, name_of(named, kind), fake_clock.now())
    table.apply(revocation)
    newer = mint.principal(
        subject=named.subject,
        session_id=named.session_id,
        device_id=named.device_id,
        restaurant_id=named.restaurant_id,
    )
    assert [is_refused(table, who) for who in (named, other, newer)] == [True, False, False]
    assert [revocation.covers(who) for who in (named, other, newer)] == [True, False, False]


def test_a_name_of_one_kind_does_not_stand_for_another(
    table: Revocations, mint: TokenMint, fake_clock: FakeClock
) -> None:
    principal = mint.principal()
    fake_clock.advance(timedelta(seconds=1))
    table.apply(Revocation(RevokedKind.SESSION, str(principal.subject), fake_clock.now()))
    assert not is_refused(table, principal)


def test_an_older_revocation_does_not_undo_a_newer_one(
    table: Revocations, mint: TokenMint, fake_clock: FakeClock
) -> None:
    principal = mint.principal()
    before = fake_clock.now() - timedelta(seconds=1)
    heard: list[Revocation] = []
    table.listen(heard.append)
    newer = Revocation(RevokedKind.USER, str(principal.subject), fake_clock.now() + timedelta(seconds=1))
    table.apply(newer)
    table.apply(Revocation(RevokedKind.USER, str(principal.subject), before))
    table.apply(newer)
    assert is_refused(table, principal)
    assert heard == [newer]


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(days=36_500)])
def test_a_revocation_from_the_future_locks_nobody_out_beyond_now(
    table: Revocations, mint: TokenMint, fake_clock: FakeClock, ahead: timedelta
) -> None:
    before = mint.principal()
    heard: list[Revocation] = []
    table.listen(heard.append)
    forged = Revocation(RevokedKind.USER, str(before.subject), fake_clock.now() + ahead)
    table.apply(forged)
    assert [each.valid_after for each in heard] == [fake_clock.now() + AHEAD_MAX]
    fake_clock.advance(AHEAD_MAX)
    # Said again, as a list is every half minute, it reaches no further.
    table.apply(forged)
    after = mint.principal(subject=before.subject)
    assert [is_refused(table, who) for who in (before, after)] == [True, False]
    assert len(heard) == 1


def test_a_revocation_from_the_future_does_not_keep_a_later_one_out(
    table: Revocations, mint: TokenMint, fake_clock: FakeClock
) -> None:
    subject = str(mint.principal().subject)
    table.apply(Revocation(RevokedKind.USER, subject, fake_clock.now() + timedelta(days=1)))
    fake_clock.advance(timedelta(minutes=1))
    stolen = mint.principal(subject=UUID(subject))
    fake_clock.advance(timedelta(minutes=1))
    table.apply(Revocation(RevokedKind.USER, subject, fake_clock.now()))
    assert is_refused(table, stolen)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_revocation_counts_where_the_clock_is_five_minutes_off(fake_clock: FakeClock, minutes: int) -> None:
    """auth's clock is the fake one; the receiver's differs. What it takes it can refuse."""
    receiver = FakeClock(fake_clock.now() + timedelta(minutes=minutes))
    table, mint = Revocations(receiver), TokenMint(fake_clock)
    principal = mint.principal()
    fake_clock.advance(timedelta(minutes=6))
    receiver.advance(timedelta(minutes=6))
    table.apply(Revocation(RevokedKind.USER, str(principal.subject), fake_clock.now()))
    assert is_refused(table, principal)
    # Who logs in again is let in, at the latest when the receiver's clock gets there.
    receiver.advance(AHEAD_MAX)
    fake_clock.advance(AHEAD_MAX)
    assert not is_refused(table, mint.principal(subject=principal.subject))


def revocation_at(at: datetime) -> Revocation:
    return Revocation(RevokedKind.USER, str(uuid4()), at)


def test_what_no_living_token_can_be_older_than_is_forgotten(fake_clock: FakeClock) -> None:
    table = Revocations(fake_clock, entries_max=10)
    for _ in range(10):
        table.apply(revocation_at(fake_clock.now()))
    fake_clock.advance(TOKEN_LIFE_MAX + timedelta(minutes=1))
    table.apply(revocation_at(fake_clock.now()))
    assert len(table) == 1


def test_more_revocations_than_fit_refuse_more_tokens_never_fewer(
    mint: TokenMint, fake_clock: FakeClock
) -> None:
    table = Revocations(fake_clock, entries_max=10)
    victims: list[Principal] = []
    for _ in range(50):
        victims.append(mint.principal())
        fake_clock.advance(timedelta(seconds=1))
        table.apply(Revocation(RevokedKind.USER, str(victims[-1].subject), fake_clock.now()))
        assert len(table) <= 10
    assert all(is_refused(table, victim) for victim in victims)
    fake_clock.advance(timedelta(seconds=1))
    assert not is_refused(table, mint.principal())


async def test_what_a_message_missed_is_found_in_the_list(
    table: Revocations, mint: TokenMint, fake_clock: FakeClock
) -> None:
    principal = mint.principal()
    asked = 0
    arrived = asyncio.Event()
    table.listen(lambda _: arrived.set())

    async def fetch() -> list[Revocation]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise Unavailable("auth is restarting")
        return [Revocation(RevokedKind.USER, str(principal.subject), fake_clock.now() + timedelta(seconds=1))]

    warming = asyncio.create_task(keep_warm(fetch, table, every_seconds=0.01))
    async with asyncio.timeout(PATIENT_SECONDS):
        await arrived.wait()
    warming.cancel()
    assert is_refused(table, principal)


async def test_a_list_that_is_late_is_asked_for_soon_and_told_of_only_when_it_stays_away(
    table: Revocations,
) -> None:
    tried: list[float] = []

    async def fetch() -> list[Revocation]:
        tried.append(time.monotonic())
        raise Unavailable("auth is starting")

    with capture_logs() as logs:
        warming = asyncio.create_task(keep_warm(fetch, table, failing_max_seconds=1.0))
        async with asyncio.timeout(PATIENT_SECONDS):
            while not logs:  # noqa: ASYNC110 - the log is what is watched
                await asyncio.sleep(0.01)
        warming.cancel()
    assert len(tried) == 3
    assert tried[2] - tried[0] >= 1.0
    assert logs[0]["event"] == "the list of revocations cannot be had"
