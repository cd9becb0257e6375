"""Who guesses passwords is slowed, and the right person gets in all the same; on the real database."""

import asyncio
from datetime import timedelta

import pytest

from chassis.clock import FakeClock
from chassis.errors import Problem
from harness.fixtures import OpenDatabase
from services.auth.domain.guess import (
    LOCK,
    PERSON_GUESS_EVERY,
    PERSON_GUESSES_AT_ONCE,
    LockedOut,
    address_lock,
)
from services.auth.domain.session import InvalidCredentials
from services.auth.tests.builders import PASSWORD, Town, context, new_town
from services.auth.usecases import session as sessions
from services.auth.usecases.session import KNOWN_DEVICES_MAX

WRONG = "not-the-password-at-all"


async def fails(
    town: Town, who: str, error: type[Problem], *, address: str = "", secret: str = "", times: int = 1
) -> Problem:
    """Guesses wrongly; the last refusal."""
    for _ in range(times):
        with pytest.raises(error) as refused:
            await town.log_in(who, password=WRONG, address=address, secret=secret)
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


# -- a lock is no weapon -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["casa", "nobody"])
async def test_guesses_from_another_address_leave_the_right_person_in_at_once(town: Town, who: str) -> None:
    await town.restaurant()
    await fails(town, who, InvalidCredentials, address="198.51.100.7", times=LOCK.free_failures)
    await fails(town, who, LockedOut, address="198.51.100.7", times=20)
    # Whether there is such a person shows by the password alone, as ever.
    await fails(town, who, InvalidCredentials, address="203.0.113.9")
    await town.log_in("casa", address="203.0.113.9")


@pytest.mark.parametrize("who", ["casa", "nobody"])
async def test_a_thousand_guesses_from_a_thousand_addresses_are_bounded(
    town: Town, fake_clock: FakeClock, who: str
) -> None:
    await town.restaurant()
    before = town.ctx.passwords.hashes_computed
    for number in range(1_000):
        with pytest.raises((InvalidCredentials, LockedOut)) as refused:
            await town.log_in(who, password=WRONG, address=f"198.51.{number // 250}.{number % 250}")
        if isinstance(refused.value, LockedOut):
            # It slows and never closes: the next guess is half a minute away at most.
            wait = timedelta(seconds=int(refused.value.metadata["retry_after_seconds"]) - 1)
            assert wait <= PERSON_GUESS_EVERY
        fake_clock.advance(timedelta(seconds=1))
    looked_at = town.ctx.passwords.hashes_computed - before
    seconds = 1_000
    assert looked_at > PERSON_GUESSES_AT_ONCE
    assert looked_at <= PERSON_GUESSES_AT_ONCE + seconds / PERSON_GUESS_EVERY.total_seconds() + 1


async def from_many_addresses(town: Town, who: str) -> None:
    """As many wrong guesses as strangers have."""
    for number in range(PERSON_GUESSES_AT_ONCE):
        await fails(town, who, InvalidCredentials, address=f"198.51.100.{number}")
    await fails(town, who, LockedOut, address="198.51.100.99")


async def test_a_device_that_the_person_has_used_passes_while_strangers_wait(
    town: Town, fake_clock: FakeClock
) -> None:
    await town.restaurant()
    known = (await town.log_in_as_device("casa", device="ipad", address="192.0.2.1")).device_secret
    await from_many_addresses(town, "casa")
    with pytest.raises(LockedOut):
        await town.log_in("casa", address="192.0.2.1")
    with pytest.raises(LockedOut):  # the name of a device proves nothing
        await town.log_in("casa", device="ipad", address="192.0.2.1")
    again = await town.log_in_as_device("casa", known, address="192.0.2.1")
    assert again.device_secret == known
    fake_clock.advance(PERSON_GUESS_EVERY)
    await town.log_in("casa", address="192.0.2.1")


async def test_a_known_device_guesses_no_faster_than_anybody(town: Town) -> None:
    await town.restaurant()
    known = (await town.log_in_as_device("casa")).device_secret
    await fails(town, "casa", InvalidCredentials, secret=known, times=LOCK.free_failures)
    await fails(town, "casa", LockedOut, secret=known)
    with pytest.raises(LockedOut):
        await town.log_in("casa", secret=known)
    await town.log_in("casa")


async def test_a_device_is_known_for_those_who_logged_in_there_and_for_nobody_else(town: Town) -> None:
    casa = await town.restaurant()
    await town.member(casa, "ben")
    shared = (await town.log_in_as_device("ben")).device_secret
    await from_many_addresses(town, "casa")
    with pytest.raises(LockedOut):
        await town.log_in("casa", secret=shared)
    for made_up in ("", "x", "A" * 43):
        with pytest.raises(LockedOut):
            await town.log_in("casa", secret=made_up)


async def test_one_device_has_one_secret_whoever_logs_in_and_nobody_chooses_it(town: Town) -> None:
    casa = await town.restaurant()
    await town.member(casa, "ben")
    first = (await town.log_in_as_device("casa", "chosen by a thief")).device_secret
    assert first != "chosen by a thief"
    assert (await town.log_in_as_device("ben", first)).device_secret == first
    await from_many_addresses(town, "casa")
    await town.log_in("casa", secret=first)
    with pytest.raises(LockedOut):
        await town.log_in("casa", secret="chosen by a thief")


async def test_only_hashes_of_device_secrets_are_stored(town: Town) -> None:
    await town.restaurant()
    secret = (await town.log_in_as_device("casa")).device_secret
    async with town.ctx.db.transaction(None) as tx:
        rows = await tx.fetch("SELECT d::text AS line FROM known_device d")
    text = " ".join(row["line"] for row in rows)
    assert rows
    assert secret not in text
    assert secret.encode().hex() not in text


async def test_logging_out_everywhere_makes_every_device_a_stranger(town: Town) -> None:
    await town.restaurant()
    logged_in = await town.log_in_as_device("casa")
    await sessions.log_out(town.ctx, await town.caller(logged_in.session), everywhere=True)
    await from_many_addresses(town, "casa")
    with pytest.raises(LockedOut):
        await town.log_in("casa", secret=logged_in.device_secret)


async def test_a_person_has_so_many_known_devices_and_the_oldest_is_forgotten_first(
    town: Town, fake_clock: FakeClock
) -> None:
    await town.restaurant()
    secrets = []
    for _ in range(KNOWN_DEVICES_MAX + 1):
        secrets.append((await town.log_in_as_device("casa")).device_secret)
        fake_clock.advance(timedelta(seconds=1))
    await from_many_addresses(town, "casa")
    with pytest.raises(LockedOut):
        await town.log_in("casa", secret=secrets[0])
    await town.log_in("casa", secret=secrets[1])
