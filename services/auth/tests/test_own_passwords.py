"""A password is set by its owner only: changed with the present one, or set anew by who holds the mailbox."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.events_pb2 import SessionsRevoked

from chassis.clock import FakeClock
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.auth.domain.guess import LOCK, LockedOut
from services.auth.domain.link import (
    HOUR,
    RESET_LIFE,
    RESETS_PER_ADDRESS_HOUR,
    RESETS_PER_SOURCE_HOUR,
    LinkExpired,
    LinkInvalid,
    TooManyAttempts,
)
from services.auth.domain.password import CurrentPasswordWrong, PasswordRequired, WeakPassword
from services.auth.domain.session import InvalidCredentials, SessionEnded
from services.auth.domain.standing import OpenedSession
from services.auth.passwords import Passwords
from services.auth.tests.builders import CHEAP, PASSWORD, Town
from services.auth.usecases import password as passwords
from services.auth.usecases import session as sessions
from services.auth.usecases.password import Change

NEW = "dinner-at-eight-2026"
WRONG = "not-the-password-at-all"


async def reset_link(town: Town, who: str) -> str:
    """The secret of a fresh link."""
    await passwords.request_reset(town.ctx, town.email(who), "192.0.2.1")
    return await town.token_sent_to(town.email(who))


async def ended(town: Town, opened: OpenedSession) -> None:
    """Raises AssertionError where a session goes on."""
    with pytest.raises(SessionEnded):
        await sessions.refresh(town.ctx, opened.refresh_token, "")


# -- change --------------------------------------------------------------------------------------------------


async def test_a_change_ends_every_other_session_and_keeps_the_own(
    town: Town, event_recorder: EventRecorder
) -> None:
    await town.restaurant()
    own, *others = [await town.log_in("casa", device=device) for device in ("ipad", "kds", "phone")]
    await passwords.change_password(town.ctx, await town.caller(own), Change(PASSWORD, NEW))
    for other in others:
        await ended(town, other)
    await sessions.refresh(town.ctx, own.refresh_token, "ipad")
    revoked = await event_recorder.of_type(town.ctx.db, SessionsRevoked, None)
    told = {event.revocation.id for event in revoked if event.revocation.reason == "password_changed"}
    assert told == {str((await town.caller(other)).session_id) for other in others}
    with pytest.raises(InvalidCredentials):
        await town.log_in("casa")
    await town.log_in("casa", password=NEW)
    assert (await town.letters_to(town.email("casa")))[-1].subject == "Your Fynlo password was changed"


async def test_a_change_needs_the_present_password_and_guessing_it_locks(town: Town) -> None:
    await town.restaurant()
    caller = await town.caller(await town.log_in("casa"))
    for _ in range(LOCK.free_failures):
        with pytest.raises(CurrentPasswordWrong):
            await passwords.change_password(town.ctx, caller, Change(WRONG, NEW))
    with pytest.raises(LockedOut):
        await passwords.change_password(town.ctx, caller, Change(PASSWORD, NEW))


async def test_a_weak_password_changes_nothing(town: Town) -> None:
    await town.restaurant()
    opened = await town.log_in("casa")
    for new, error in (("", PasswordRequired), ("password1234", WeakPassword)):
        with pytest.raises(error) as refused:
            await passwords.change_password(town.ctx, await town.caller(opened), Change(PASSWORD, new))
        assert refused.value.fields[0].field == "new"
    await town.log_in("casa")


async def test_of_two_changes_at_once_one_counts(town: Town) -> None:
    await town.restaurant()
    callers = [await town.caller(await town.log_in("casa")) for _ in range(2)]
    await town.warm()
    answers = await asyncio.gather(
        *(
            passwords.change_password(town.ctx, caller, Change(PASSWORD, f"{NEW}-{number}"))
            for number, caller in enumerate(callers)
        ),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["CurrentPasswordWrong", "NoneType"]
    await town.log_in("casa", password=f"{NEW}-{answers.index(None)}")


class Held(Passwords):
    """Looks at a password and then takes its time."""

    def __init__(self) -> None:
        super().__init__(hasher=CHEAP)
        self.looked, self.go_on = asyncio.Event(), asyncio.Event()

    async def verify(self, stored: str | None, password: str) -> bool:
        fits = await super().verify(stored, password)
        self.looked.set()
        await self.go_on.wait()
        return fits


async def test_no_session_of_the_old_password_slips_through_a_change(town: Town) -> None:
    await town.restaurant()
    caller = await town.caller(await town.log_in("casa"))
    held = Held()
    log_in = sessions.LogIn(town.email("casa"), PASSWORD)
    late = asyncio.create_task(sessions.log_in(replace(town.ctx, passwords=held), log_in))
    await held.looked.wait()
    await passwords.change_password(town.ctx, caller, Change(PASSWORD, NEW))
    held.go_on.set()
    with pytest.raises(InvalidCredentials):
        await late


# -- reset ---------------------------------------------------------------------------------------------------


async def test_a_reset_ends_every_session_and_sets_the_password_once(
    town: Town, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    await town.restaurant()
    opened = [await town.log_in("casa", device=device) for device in ("ipad", "kds")]
    token = await reset_link(town, "casa")
    fake_clock.advance(timedelta(seconds=1))
    await passwords.reset_password(town.ctx, token, NEW, "")
    for each in opened:
        await ended(town, each)
    revoked = await event_recorder.of_type(town.ctx.db, SessionsRevoked, None)
    last = revoked[-1].revocation
    assert (last.kind, last.id) == (auth_pb2.REVOCATION_KIND_USER, str(opened[0].standing.user.id))
    with pytest.raises(LinkInvalid):
        await passwords.reset_password(town.ctx, token, "another-one-entirely", "")
    await town.log_in("casa", password=NEW)


async def test_ten_resets_at_once_with_one_link_set_one_password(town: Town) -> None:
    await town.restaurant()
    token = await reset_link(town, "casa")
    await town.warm()
    answers = await asyncio.gather(
        *(passwords.reset_password(town.ctx, token, f"{NEW}-{number}", "") for number in range(10)),
        return_exceptions=True,
    )
    assert [answer for answer in answers if not isinstance(answer, LinkInvalid)] == [None]
    await town.log_in("casa", password=f"{NEW}-{answers.index(None)}")


async def test_a_link_to_reset_expires_and_dies_with_any_change(town: Town, fake_clock: FakeClock) -> None:
    await town.restaurant()
    old = await reset_link(town, "casa")
    fake_clock.advance(RESET_LIFE)
    with pytest.raises(LinkExpired):
        await passwords.reset_password(town.ctx, old, NEW, "")
    fresh = await reset_link(town, "casa")
    opened = await town.log_in("casa")
    await passwords.change_password(town.ctx, await town.caller(opened), Change(PASSWORD, NEW))
    with pytest.raises(LinkInvalid):
        await passwords.reset_password(town.ctx, fresh, "another-one-entirely", "")


async def test_a_weak_password_leaves_the_link_usable(town: Town) -> None:
    await town.restaurant()
    token = await reset_link(town, "casa")
    with pytest.raises(WeakPassword):
        await passwords.reset_password(town.ctx, token, "password1234", "")
    await passwords.reset_password(town.ctx, token, NEW, "")


async def test_who_holds_the_mailbox_is_not_kept_out_by_strangers_guesses(town: Town) -> None:
    await town.restaurant()
    for _ in range(LOCK.free_failures):
        with pytest.raises(InvalidCredentials):
            await town.log_in("casa", password=WRONG)
    with pytest.raises(LockedOut):
        await town.log_in("casa")
    await passwords.reset_password(town.ctx, await reset_link(town, "casa"), NEW, "")
    await town.log_in("casa", password=NEW)


async def test_asking_for_a_link_does_the_same_for_a_known_and_an_unknown_address(town: Town) -> None:
    await town.restaurant()

    async def queued(who: str) -> int:
        async with town.ctx.db.transaction(None) as tx:
            return int(
                await tx.fetchval(
                    "SELECT count(*) FROM mail WHERE recipient = $1 AND kind = 'reset'", town.email(who)
                )
            )

    for who in ("casa", "nobody"):
        await passwords.request_reset(town.ctx, town.email(who), "192.0.2.1")
        assert await queued(who) == 1
    assert await town.letters_to(town.email("nobody")) == []
    # What was typed as an address may be anything: nothing of it stays.
    assert await queued("nobody") == 0
    assert (await town.letters_to(town.email("casa")))[-1].link


async def test_a_disabled_account_gets_no_link(town: Town) -> None:
    await town.restaurant()
    async with town.ctx.db.transaction(None) as tx:
        await tx.execute("UPDATE user_account SET disabled = true WHERE email = $1", town.email("casa"))
    before = await town.letters_to(town.email("casa"))
    await passwords.request_reset(town.ctx, town.email("casa"), "192.0.2.1")
    assert await town.letters_to(town.email("casa")) == before


async def test_asking_is_limited_by_address_without_a_word_and_by_source_with_one(
    town: Town, fake_clock: FakeClock
) -> None:
    await town.restaurant()
    source = f"192.0.2.{new_id().hex[:4]}"
    for _ in range(RESETS_PER_ADDRESS_HOUR + 3):
        await passwords.request_reset(town.ctx, town.email("casa"), source)
    links = [letter for letter in await town.letters_to(town.email("casa")) if "/reset#" in letter.link]
    assert len(links) == RESETS_PER_ADDRESS_HOUR
    for number in range(RESETS_PER_SOURCE_HOUR - RESETS_PER_ADDRESS_HOUR - 3):
        await passwords.request_reset(town.ctx, town.email(f"somebody-{number}"), source)
    with pytest.raises(TooManyAttempts):
        await passwords.request_reset(town.ctx, town.email("else"), source)
    await passwords.request_reset(town.ctx, town.email("else"), "192.0.2.200")
    fake_clock.advance(HOUR)
    await passwords.request_reset(town.ctx, town.email("else"), source)
