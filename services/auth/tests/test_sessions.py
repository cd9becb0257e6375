"""Logging in, refreshing, switching and logging out, on the real database."""

import asyncio
from datetime import timedelta

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.events_pb2 import SessionsRevoked

from chassis.auth import Revocation, Revocations, RevokedKind
from chassis.clock import FakeClock
from chassis.errors import Unauthenticated
from harness.fixtures import EventRecorder
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.role import PERMISSIONS, Role
from services.auth.domain.session import (
    InvalidCredentials,
    RefreshTokenInvalid,
    SessionEnded,
    SessionExpired,
    TokenReused,
)
from services.auth.domain.standing import OpenedSession
from services.auth.rpc.member import REMOVED
from services.auth.tests.builders import PASSWORD, Town, key, new_town, verifier
from services.auth.usecases import member as members
from services.auth.usecases import session as sessions
from services.auth.usecases.member import RemoveMember


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
    opened = (await sessions.log_in(town.ctx, command)).session
    assert opened.standing.user.email == town.email("casa")


async def test_a_platform_owner_chooses_a_restaurant_after_logging_in(town: Town) -> None:
    casa = await town.restaurant()
    opened = (await sessions.log_in(town.ctx, sessions.LogIn(town.owner_email, PASSWORD))).session
    principal = await town.principal(opened)
    assert principal.restaurant_id is None
    assert principal.permissions == {"session.own", "restaurants.manage", "platform.operate"}
    assert [each.restaurant_id for each in opened.standing.restaurants] == [casa]
    switched = await sessions.switch_restaurant(town.ctx, await town.caller(opened), casa)
    inside = await town.principal(switched)
    assert (inside.restaurant_id, inside.role) == (casa, "platform_owner")
    assert inside.permissions == PERMISSIONS[Role.PLATFORM_OWNER]
    assert inside.session_id == principal.session_id


async def test_nobody_switches_to_a_restaurant_that_is_not_theirs(town: Town) -> None:
    await town.restaurant()
    foreign = await (await new_town(town.ctx)).restaurant("Foreign")
    opened = await town.log_in("casa")
    with pytest.raises(RestaurantNotFound):
        await sessions.switch_restaurant(town.ctx, await town.caller(opened), foreign)
    platform = (await sessions.log_in(town.ctx, sessions.LogIn(town.owner_email, PASSWORD))).session
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


@pytest.mark.parametrize(("own", "presented"), [("ipad", "thief"), ("ipad", ""), ("", "thief")])
async def test_the_device_is_fixed_at_the_log_in_and_another_is_refused_and_harms_nobody(
    town: Town, own: str, presented: str
) -> None:
    await town.restaurant()
    first = await town.log_in("casa", device=own)
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(town.ctx, first.refresh_token, presented)
    second = await sessions.refresh(town.ctx, first.refresh_token, own)
    principal = await town.principal(second)
    assert (principal.device_id or "") == own


@pytest.mark.parametrize("device", ["ipad", ""])
async def test_a_log_in_under_anybodys_device_or_none_ends_no_session(town: Town, device: str) -> None:
    casa = await town.restaurant()
    await town.member(casa, "ben")
    own = await town.log_in("casa", device="ipad")
    await town.log_in("ben", device=device)
    await town.log_in("casa", device=device)
    again = await sessions.refresh(town.ctx, own.refresh_token, "ipad")
    assert (await town.caller(again)).session_id == (await town.caller(own)).session_id


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


# -- switching -----------------------------------------------------------------------------------------------


async def moved(town: Town) -> tuple[OpenedSession, OpenedSession]:
    """The platform owner's session on an iPad before and after a switch."""
    casa = await town.restaurant()
    command = sessions.LogIn(town.owner_email, PASSWORD, "ipad")
    before = (await sessions.log_in(town.ctx, command)).session
    return before, await sessions.switch_restaurant(town.ctx, await town.caller(before), casa)


async def test_a_log_out_with_any_token_of_a_log_in_ends_the_switched_ones_too(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    before, after = await moved(town)
    await sessions.log_out(town.ctx, await town.caller(before), everywhere=False)
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, after.refresh_token, "ipad")
    revocations = table(fake_clock, await revoked(town, event_recorder))
    for opened in (before, after):
        with pytest.raises(Unauthenticated):
            revocations.check(await town.principal(opened))


async def test_a_token_from_before_a_switch_is_reused_and_ends_what_was_switched(
    town: Town, fake_clock: FakeClock
) -> None:
    before, after = await moved(town)
    fake_clock.advance(timedelta(seconds=11))
    with pytest.raises(TokenReused):
        await sessions.refresh(town.ctx, before.refresh_token, "ipad")
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, after.refresh_token, "ipad")


async def test_the_answer_to_a_switch_may_get_lost(town: Town, fake_clock: FakeClock) -> None:
    before, after = await moved(town)
    again = await sessions.switch_restaurant(town.ctx, await town.caller(before), town.restaurants["Casa"])
    fake_clock.advance(timedelta(seconds=9))
    first, second = [await sessions.refresh(town.ctx, before.refresh_token, "ipad") for _ in range(2)]
    assert first.refresh_token == second.refresh_token
    assert first.standing.restaurant_id == town.restaurants["Casa"]
    fake_clock.advance(timedelta(seconds=11))
    await sessions.refresh(town.ctx, first.refresh_token, "ipad")
    # What was lost may have been found by somebody else.
    with pytest.raises(TokenReused):
        await sessions.refresh(town.ctx, after.refresh_token, "ipad")
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, again.refresh_token, "ipad")


async def test_refreshes_and_switches_that_race_leave_one_newest_token(town: Town) -> None:
    _before, after = await moved(town)
    caller, casa = await town.caller(after), town.restaurants["Casa"]
    await town.warm()
    await asyncio.gather(
        *(sessions.refresh(town.ctx, after.refresh_token, "ipad") for _ in range(8)),
        *(sessions.switch_restaurant(town.ctx, caller, casa) for _ in range(8)),
    )
    async with town.ctx.db.transaction(None) as tx:
        newest = await tx.fetchval(
            "SELECT count(*) FROM refresh_token WHERE session_id = $1 AND replaced_at IS NULL",
            caller.session_id,
        )
    assert newest == 1


async def test_who_left_a_restaurant_by_a_switch_loses_it_with_the_membership_and_nothing_else(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    mia = await town.member(casa, "mia")
    fake_clock.advance(timedelta(seconds=1))
    await town.member(other, "mia")
    here = await town.log_in("mia", device="ipad")
    fake_clock.advance(timedelta(seconds=30))
    there = await sessions.switch_restaurant(town.ctx, await town.caller(here), other)
    fake_clock.advance(timedelta(seconds=30))
    await members.remove_member(town.ctx, RemoveMember(casa, key(), mia), REMOVED)
    revocations = table(fake_clock, await revoked(town, event_recorder))
    with pytest.raises(Unauthenticated):
        revocations.check(await town.principal(here))
    revocations.check(await town.principal(there))
    await sessions.refresh(town.ctx, there.refresh_token, "ipad")


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
    assert caller.session_id in {each.id for each in await sessions.list_revocations(town.ctx.db)}
    fake_clock.advance(timedelta(minutes=15, seconds=11))
    assert caller.session_id not in {each.id for each in await sessions.list_revocations(town.ctx.db)}


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


async def test_a_hundred_people_log_in_at_once(town: Town) -> None:
    await town.restaurant()
    opened = await asyncio.gather(*(town.log_in("casa") for _ in range(100)))
    assert len({each.refresh_token for each in opened}) == 100
