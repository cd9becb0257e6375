"""Sessions where clocks run apart by five minutes: what has ended stays so, and no lock is for ever."""

from datetime import timedelta

import pytest

from chassis.clock import FakeClock
from chassis.errors import Unauthenticated
from harness.fixtures import OpenDatabase
from services.auth.domain.guess import LOCK, LockedOut
from services.auth.domain.session import (
    ACCESS_TOKEN_LIFE,
    InvalidCredentials,
    SessionEnded,
    SessionExpired,
    TokenReused,
)
from services.auth.tests.builders import Town, context, new_town, signing_keys, verifier
from services.auth.usecases import session as sessions
from services.auth.usecases.context import Context

JUMP = timedelta(minutes=5)


class Replicas:
    """Two processes of auth with the same keys and database; the clock of the second is ``apart``."""

    def __init__(self, town: Town, second: Context) -> None:
        self.town = town
        self.second = second


@pytest.fixture
def apart(request: pytest.FixtureRequest) -> timedelta:
    """How far the second clock is ahead."""
    found: timedelta = request.param
    return found


@pytest.fixture
async def replicas(service_database: OpenDatabase, fake_clock: FakeClock, apart: timedelta) -> Replicas:
    """With Casa, a restaurant."""
    keys = signing_keys()
    town = await new_town(context(await service_database("auth"), keys=keys))
    await town.restaurant()
    other = FakeClock(fake_clock.now() + apart)
    return Replicas(town, context(await service_database("auth", clock=other), keys=keys))


either_way = pytest.mark.parametrize("apart", [JUMP, -JUMP], indirect=True)


@either_way
async def test_no_clock_lets_an_access_token_outlive_its_own_expiry(
    replicas: Replicas, fake_clock: FakeClock
) -> None:
    opened = await replicas.town.log_in("casa")
    check = verifier(replicas.second)
    reader = replicas.second.db.clock
    assert isinstance(reader, FakeClock)
    expires = fake_clock.now() + ACCESS_TOKEN_LIFE
    # A reader that is late takes no token from its future, one that is early none that is over for it.
    if reader.now() < fake_clock.now():
        with pytest.raises(Unauthenticated) as refused:
            await check.verify(opened.access_token)
        assert refused.value.reason == "TOKEN_INVALID"
        reader.advance(JUMP)
    await check.verify(opened.access_token)
    reader.advance(expires - reader.now())
    with pytest.raises(Unauthenticated) as refused:
        await check.verify(opened.access_token)
    assert refused.value.reason == "TOKEN_EXPIRED"


@either_way
async def test_a_replaced_token_is_reused_whichever_way_the_clock_has_jumped(replicas: Replicas) -> None:
    first = await replicas.town.log_in("casa", device="ipad")
    newest = await sessions.refresh(replicas.town.ctx, first.refresh_token, "ipad")
    with pytest.raises(TokenReused):
        await sessions.refresh(replicas.second, first.refresh_token, "ipad")
    with pytest.raises(SessionEnded):
        await sessions.refresh(replicas.town.ctx, newest.refresh_token, "ipad")


@either_way
async def test_the_newest_token_rotates_and_the_thirty_days_stay_whatever_the_clock(
    replicas: Replicas, fake_clock: FakeClock
) -> None:
    token = (await replicas.town.log_in("casa", device="ipad")).refresh_token
    for ctx in (replicas.second, replicas.town.ctx, replicas.second):
        token = (await sessions.refresh(ctx, token, "ipad")).refresh_token
    reader = replicas.second.db.clock
    assert isinstance(reader, FakeClock)
    reader.advance(fake_clock.now() + timedelta(days=30) - reader.now())
    with pytest.raises(SessionExpired):
        await sessions.refresh(replicas.second, token, "ipad")


@either_way
async def test_a_log_out_ends_the_session_for_a_replica_with_another_clock(replicas: Replicas) -> None:
    opened = await replicas.town.log_in("casa", device="ipad")
    await sessions.log_out(replicas.second, await replicas.town.caller(opened), everywhere=False)
    with pytest.raises(SessionEnded):
        await sessions.refresh(replicas.town.ctx, opened.refresh_token, "ipad")


@either_way
async def test_a_lock_lasts_no_longer_than_its_wait_and_the_jump(
    replicas: Replicas, fake_clock: FakeClock
) -> None:
    for _ in range(LOCK.free_failures):
        with pytest.raises(InvalidCredentials):
            await sessions.log_in(
                replicas.second, sessions.LogIn(replicas.town.email("casa"), "wrong-password")
            )
    if replicas.second.db.clock.now() > fake_clock.now():
        with pytest.raises(LockedOut):
            await replicas.town.log_in("casa")
    fake_clock.advance(JUMP + LOCK.first_delay)
    assert (await replicas.town.log_in("casa")).access_token
