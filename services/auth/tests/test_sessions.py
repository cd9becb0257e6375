"""Logging in, refreshing, switching and logging out, on the real database."""

import asyncio
from datetime import timedelta

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.events_pb2 import SessionsRevoked

from chassis.auth import Revocation, Revocations, RevokedKind
from chassis.clock import FakeClock
from chassis.errors import Problem, Unauthenticated
from chassis.testing import EventRecorder, OpenDatabase
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.roles import PERMISSIONS, Role
from services.auth.domain.sessions import (
    InvalidCredentials,
    LockedOut,
    RefreshTokenInvalid,
    SessionEnded,
    SessionExpired,
    TokenReused,
    address_lock,
)
from services.auth.tests.builders import PASSWORD, Town, context, new_town, verifier
from services.auth.usecases import sessions

WRONG = "not-the-password-at-all"


async def revoked(town: Town, recorder: EventRecorder) -> list[SessionsRevoked]:
    """What other services were told, oldest first."""
    return await recorder.of_type(town.ctx.db, SessionsRevoked)


def table(clock: FakeClock, events: list[SessionsRevoked]) -> Revocations:
    """The table a gateway keeps, fed with the events."""
    kinds = {
        auth_pb2.REVOCATION_KIND_USER: RevokedKind.USER,
        auth_pb2.REVOCATION_KIND_SESSION: RevokedKind.SESSION,
    }
    revocations = Revocations(clock)
    for event in events:
        found = event.revocation
        at = found.valid_after.ToDatetime(tzinfo=clock.now().tzinfo)
        revocations.apply(Revocation(kinds[found.kind], found.id, at))
    return revocations


async def test_a_token_says_who_where_and_what(town: Town) -> None:
    casa = await town.restaurant()
    user = await town.member(casa, "mia", Role.MANAGER)
    opened = await town.log_in("mia", device="ipad-7")
    principal = await town.principal(opened)
    assert (principal.subject, principal.restaurant_id, principal.platform_id) == (
        user,
        casa,
        town.platform_id,
    )
    assert (principal.role, principal.name, principal.client) == ("manager", "Mia", "ios")
    assert principal.device_id == "ipad-7"
    assert principal.permissions == PERMISSIONS[Role.MANAGER]
    assert principal.expires_at - principal.issued_at == timedelta(minutes=15)
    assert principal.issued_at == town.ctx.db.clock.now()


async def test_an_access_token_dies_after_fifteen_minutes(town: Town, fake_clock: FakeClock) -> None:
    await town.restaurant()
    opened = await town.log_in("casa")
    check = verifier(town.ctx)
    fake_clock.advance(timedelta(minutes=14, seconds=59))
    await check.verify(opened.access_token)
    fake_clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthenticated) as refused:
        await check.verify(opened.access_token)
    assert refused.value.reason == "TOKEN_EXPIRED"


async def test_a_refresh_token_is_no_access_token(town: Town) -> None:
    await town.restaurant()
    opened = await town.log_in("casa")
    with pytest.raises(Unauthenticated):
        await verifier(town.ctx).verify(opened.refresh_token)


async def test_the_address_is_matched_whatever_its_case(town: Town) -> None:
    await town.restaurant()
    command = sessions.LogIn(f"  {town.email('casa').upper()} ", PASSWORD)
    opened = await sessions.log_in(town.ctx, command)
    assert opened.standing.user.email == town.email("casa")


async def test_a_platform_owner_chooses_a_restaurant_after_logging_in(town: Town) -> None:
    casa = await town.restaurant()
    opened = await sessions.log_in(town.ctx, sessions.LogIn(town.owner_email, PASSWORD))
    principal = await town.principal(opened)
    assert principal.restaurant_id is None
    assert principal.permissions == {"session.own", "restaurants.manage"}
    assert [each.restaurant_id for each in opened.standing.restaurants] == [casa]
    switched = await sessions.switch_restaurant(town.ctx, await town.caller(opened), casa)
    inside = await town.principal(switched)
    assert (inside.restaurant_id, inside.role) == (casa, "platform_owner")
    assert inside.permissions == PERMISSIONS[Role.PLATFORM_OWNER]
    assert inside.session_id != principal.session_id


async def test_nobody_switches_to_a_restaurant_that_is_not_theirs(town: Town) -> None:
    await town.restaurant()
    foreign = await (await new_town(town.ctx)).restaurant("Foreign")
    opened = await town.log_in("casa")
    with pytest.raises(RestaurantNotFound):
        await sessions.switch_restaurant(town.ctx, await town.caller(opened), foreign)
    platform = await sessions.log_in(town.ctx, sessions.LogIn(town.owner_email, PASSWORD))
    with pytest.raises(RestaurantNotFound):
        await sessions.switch_restaurant(town.ctx, await town.caller(platform), foreign)


async def test_switching_does_not_prolong_the_thirty_days(town: Town, fake_clock: FakeClock) -> None:
    casa = await town.restaurant()
    caller = await town.caller(await town.log_in("casa"))
    fake_clock.advance(timedelta(days=29))
    switched = await sessions.switch_restaurant(town.ctx, caller, casa)
    fake_clock.advance(timedelta(days=1))
    with pytest.raises(SessionExpired):
        await sessions.refresh(town.ctx, switched.refresh_token, "")


# -- refresh -------------------------------------------------------------------------------------------------


async def test_a_refresh_replaces_the_token_and_keeps_the_session(town: Town) -> None:
    await town.restaurant()
    first = await town.log_in("casa")
    second = await sessions.refresh(town.ctx, first.refresh_token, "")
    third = await sessions.refresh(town.ctx, second.refresh_token, "")
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    before, after = await town.principal(first), await town.principal(third)
    assert before.session_id == after.session_id
    assert first.access_token != third.access_token


async def test_only_hashes_of_refresh_tokens_are_stored(town: Town) -> None:
    await town.restaurant()
    opened = await sessions.refresh(town.ctx, (await town.log_in("casa")).refresh_token, "")
    async with town.ctx.db.transaction(None) as tx:
        rows = await tx.fetch("SELECT refresh_token::text AS line FROM refresh_token")
    text = " ".join(row["line"] for row in rows)
    assert len(rows) >= 2
    assert opened.refresh_token not in text
    assert opened.refresh_token.encode().hex() not in text


async def test_the_same_device_gets_the_same_successor_within_ten_seconds(
    town: Town, fake_clock: FakeClock
) -> None:
    await town.restaurant()
    first = await town.log_in("casa", device="ipad")
    second = await sessions.refresh(town.ctx, first.refresh_token, "ipad")
    fake_clock.advance(timedelta(seconds=10))
    again = await sessions.refresh(town.ctx, first.refresh_token, "ipad")
    assert again.refresh_token == second.refresh_token


@pytest.mark.parametrize(("seconds", "device"), [(10.001, "ipad"), (1, "another"), (1, "")])
async def test_a_replaced_token_from_elsewhere_or_later_ends_the_session(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder, seconds: float, device: str
) -> None:
    await town.restaurant()
    first = await town.log_in("casa", device="ipad")
    principal = await town.principal(first)
    second = await sessions.refresh(town.ctx, first.refresh_token, "ipad")
    fake_clock.advance(timedelta(seconds=seconds))
    with pytest.raises(TokenReused):
        await sessions.refresh(town.ctx, first.refresh_token, device)
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, second.refresh_token, "ipad")
    event = (await revoked(town, event_recorder))[-1].revocation
    assert (event.kind, event.id) == (auth_pb2.REVOCATION_KIND_SESSION, str(principal.session_id))
    assert event.reason == "refresh_token_reused"
    with pytest.raises(Unauthenticated):
        table(fake_clock, await revoked(town, event_recorder)).check(await town.principal(second))


async def test_the_newest_token_from_another_device_ends_the_session(town: Town) -> None:
    await town.restaurant()
    first = await town.log_in("casa", device="ipad")
    with pytest.raises(TokenReused):
        await sessions.refresh(town.ctx, first.refresh_token, "thief")
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, first.refresh_token, "ipad")


async def test_twenty_racing_refreshes_get_one_successor(town: Town) -> None:
    await town.restaurant()
    first = await town.log_in("casa", device="ipad")
    await town.warm()
    raced = await asyncio.gather(
        *(sessions.refresh(town.ctx, first.refresh_token, "ipad") for _ in range(20))
    )
    assert len({opened.refresh_token for opened in raced}) == 1
    [principal] = {(await town.principal(opened)).session_id for opened in raced}
    async with town.ctx.db.transaction(None) as tx:
        count = await tx.fetchval("SELECT count(*) FROM refresh_token WHERE session_id = $1", principal)
    assert count == 2
    await sessions.refresh(town.ctx, raced[0].refresh_token, "ipad")


async def test_a_session_ends_thirty_days_after_the_log_in(town: Town, fake_clock: FakeClock) -> None:
    await town.restaurant()
    token = (await town.log_in("casa")).refresh_token
    for _ in range(3):
        fake_clock.advance(timedelta(days=9))
        token = (await sessions.refresh(town.ctx, token, "")).refresh_token
    fake_clock.advance(timedelta(days=3))
    with pytest.raises(SessionExpired):
        await sessions.refresh(town.ctx, token, "")


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "'; DROP TABLE auth.session; --"])
async def test_an_unknown_refresh_token_is_refused_and_harms_nobody(town: Town, token: str) -> None:
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(town.ctx, token, "")


# -- log-out -------------------------------------------------------------------------------------------------


async def test_a_log_out_ends_this_session_and_no_other(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    await town.restaurant()
    here, there = await town.log_in("casa"), await town.log_in("casa")
    await sessions.log_out(town.ctx, await town.caller(here), everywhere=False)
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, here.refresh_token, "")
    revocations = table(fake_clock, await revoked(town, event_recorder))
    with pytest.raises(Unauthenticated):
        revocations.check(await town.principal(here))
    revocations.check(await town.principal(there))
    await sessions.refresh(town.ctx, there.refresh_token, "")


async def test_a_log_out_everywhere_ends_every_session_and_a_new_log_in_works(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    await town.restaurant()
    here, there = await town.log_in("casa"), await town.log_in("casa")
    fake_clock.advance(timedelta(milliseconds=1))
    await sessions.log_out(town.ctx, await town.caller(here), everywhere=True)
    new = await town.log_in("casa")
    revocations = table(fake_clock, await revoked(town, event_recorder))
    for opened in (here, there):
        with pytest.raises(Unauthenticated):
            revocations.check(await town.principal(opened))
        with pytest.raises(SessionEnded):
            await sessions.refresh(town.ctx, opened.refresh_token, "")
    revocations.check(await town.principal(new))


async def test_a_process_that_starts_late_learns_what_was_revoked(town: Town, fake_clock: FakeClock) -> None:
    await town.restaurant()
    opened = await town.log_in("casa")
    caller = await town.caller(opened)
    await sessions.log_out(town.ctx, caller, everywhere=False)
    assert caller.session_id in {each.id for each in await sessions.list_revocations(town.ctx)}
    fake_clock.advance(timedelta(minutes=15, seconds=11))
    assert caller.session_id not in {each.id for each in await sessions.list_revocations(town.ctx)}


async def test_a_session_that_was_ended_switches_nowhere(town: Town) -> None:
    casa = await town.restaurant()
    caller = await town.caller(await town.log_in("casa"))
    await sessions.log_out(town.ctx, caller, everywhere=False)
    with pytest.raises(SessionEnded):
        await sessions.switch_restaurant(town.ctx, caller, casa)


async def test_a_disabled_user_neither_logs_in_nor_refreshes(town: Town) -> None:
    await town.restaurant()
    opened = await town.log_in("casa")
    async with town.ctx.db.transaction(None) as tx:
        await tx.execute("UPDATE user_account SET disabled = true WHERE email = $1", town.email("casa"))
    with pytest.raises(InvalidCredentials):
        await town.log_in("casa")
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, opened.refresh_token, "")


# -- guessing ------------------------------------------------------------------------------------------------


async def fails(town: Town, who: str, error: type[Problem], *, address: str = "", times: int = 1) -> Problem:
    """Guesses wrongly; the last refusal."""
    for _ in range(times):
        with pytest.raises(error) as refused:
            await town.log_in(who, password=WRONG, address=address)
    return refused.value


async def test_an_unknown_address_costs_the_same_and_says_the_same(town: Town) -> None:
    await town.restaurant()
    before = town.ctx.passwords.hashes_computed
    known = await fails(town, "casa", InvalidCredentials)
    between = town.ctx.passwords.hashes_computed
    unknown = await fails(town, "nobody", InvalidCredentials)
    assert between - before == town.ctx.passwords.hashes_computed - between == 1
    assert (known.reason, known.detail) == (unknown.reason, unknown.detail)


@pytest.mark.parametrize("who", ["casa", "nobody"])
async def test_five_failures_lock_an_address_whether_or_not_it_exists(
    town: Town, fake_clock: FakeClock, who: str
) -> None:
    await town.restaurant()
    await fails(town, who, InvalidCredentials, times=5)
    hashes = town.ctx.passwords.hashes_computed
    refused = await fails(town, who, LockedOut)
    assert refused.metadata["retry_after_seconds"] == "31"
    assert town.ctx.passwords.hashes_computed == hashes
    fake_clock.advance(timedelta(seconds=30))
    await fails(town, who, InvalidCredentials)


async def test_the_wait_doubles_up_to_a_quarter_of_an_hour(town: Town, fake_clock: FakeClock) -> None:
    await fails(town, "nobody", InvalidCredentials, times=5)
    waits = []
    for _ in range(7):
        waits.append(int((await fails(town, "nobody", LockedOut)).metadata["retry_after_seconds"]) - 1)
        fake_clock.advance(timedelta(seconds=waits[-1]))
        await fails(town, "nobody", InvalidCredentials)
    assert waits == [30, 60, 120, 240, 480, 900, 900]


async def test_the_right_password_is_not_looked_at_while_locked_and_then_resets(
    town: Town, fake_clock: FakeClock
) -> None:
    await town.restaurant()
    await fails(town, "casa", InvalidCredentials, times=5)
    with pytest.raises(LockedOut):
        await town.log_in("casa")
    fake_clock.advance(timedelta(seconds=30))
    await town.log_in("casa")
    await fails(town, "casa", InvalidCredentials, times=5)


async def test_a_lock_survives_a_restart(town: Town, service_database: OpenDatabase) -> None:
    await town.restaurant()
    await fails(town, "casa", InvalidCredentials, times=5)
    restarted = context(await service_database("auth"))
    with pytest.raises(LockedOut):
        await sessions.log_in(restarted, sessions.LogIn(town.email("casa"), PASSWORD))


async def test_guessing_many_addresses_from_one_place_locks_the_place(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("auth")
    town = await new_town(context(db, address_policy=address_lock(free_failures=8)))
    await town.restaurant()
    place = f"198.51.100.7/{town.platform_id}"
    for number in range(8):
        await fails(town, f"nobody{number}", InvalidCredentials, address=place)
    with pytest.raises(LockedOut):
        await town.log_in("casa", address=place)
    await town.log_in("casa", address="203.0.113.9")
    fake_clock.advance(timedelta(seconds=30))
    await town.log_in("casa", address=place)
    # One's own valid account does not wash the place clean.
    await fails(town, "nobody", InvalidCredentials, address=place)
    with pytest.raises(LockedOut):
        await town.log_in("casa", address=place)


async def test_guesses_in_parallel_do_not_overtake_the_counter(town: Town) -> None:
    await town.restaurant()
    await town.warm()
    before = town.ctx.passwords.hashes_computed
    answers = await asyncio.gather(
        *(town.log_in("casa", password=WRONG) for _ in range(40)), return_exceptions=True
    )
    kinds = [type(answer) for answer in answers]
    assert set(kinds) == {InvalidCredentials, LockedOut}
    allowed = 5 + town.ctx.passwords.cores
    assert kinds.count(InvalidCredentials) <= allowed
    assert town.ctx.passwords.hashes_computed - before <= allowed


async def test_a_hundred_people_log_in_at_once(town: Town) -> None:
    await town.restaurant()
    opened = await asyncio.gather(*(town.log_in("casa") for _ in range(100)))
    assert len({each.refresh_token for each in opened}) == 100
