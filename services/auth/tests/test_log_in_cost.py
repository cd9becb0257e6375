"""What a log-in costs, who waits for it, and how stored passwords come to today's cost."""

import asyncio
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import HashingError

from harness.fixtures import OpenDatabase
from services.auth.domain.session import InvalidCredentials
from services.auth.passwords import (
    BUSY_RETRY_AFTER_SECONDS,
    WAIT_MAX_SECONDS,
    WAITING_MAX,
    LogInBusy,
    Passwords,
)
from services.auth.store import account as accounts
from services.auth.tests.builders import CHEAP, PASSWORD, Town, context, new_town
from services.auth.usecases import session as sessions

HOLD = "SELECT 1 FROM user_account WHERE email = $1 FOR NO KEY UPDATE"
ROUND_TRIPS = {"platform owner": 14, "employee": 15}
"""Of a log-in on a new device: two BEGINs and two COMMITs are among them, one COMMIT with what is written."""
WRONG = "not-the-password-at-all"
WEAKER = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1)
STRONGER = PasswordHasher(time_cost=2, memory_cost=256, parallelism=2)


class Metered(PasswordHasher):
    """The real one, which writes down at which cost it computes, and can be out of memory."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.spent: Counter[tuple[int, int, int]] = Counter()
        self.out_of_memory = False

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        cost = extract_parameters(str(hash))
        self.spent[cost.memory_cost, cost.time_cost, cost.parallelism] += 1
        return super().verify(hash, password)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        if self.out_of_memory:
            raise HashingError("Memory allocation error")
        return super().hash(password, salt=salt)


class Crowd(PasswordHasher):
    """The real one, which knows how many verify at once at most; two threads meet in it."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.most = self._now = 0
        self._lock = threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.002)  # so long that those who may overlap do
        try:
            return super().verify(hash, password)
        finally:
            with self._lock:
                self._now -= 1


async def stored_by(town: Town, who: str, hasher: PasswordHasher) -> None:
    """Somebody whose password was stored by another version of the service."""
    async with town.ctx.db.transaction(None) as tx:
        account = await accounts.account_by_email(tx, town.email(who))
        assert account is not None
        await accounts.begin_as(tx, account.user.id)
        await accounts.update_password_hash(tx, account.user.id, hasher.hash(PASSWORD))


async def stored(town: Town, who: str) -> str:
    async with town.ctx.db.transaction(None, readonly=True) as tx:
        account = await accounts.account_by_email(tx, town.email(who))
    assert account is not None
    return account.password_hash


async def rival(service_database: OpenDatabase, passwords: Passwords) -> Town:
    """A town whose service hashes with ``passwords``."""
    return await new_town(replace(context(await service_database("auth")), passwords=passwords))


@pytest.mark.parametrize("before", [WEAKER, STRONGER], ids=["weaker", "stronger"])
async def test_a_right_password_is_stored_at_todays_cost_once(town: Town, before: PasswordHasher) -> None:
    await town.restaurant()
    await stored_by(town, "casa", before)
    old = await stored(town, "casa")
    with pytest.raises(InvalidCredentials):
        await town.log_in("casa", password=WRONG)
    assert await stored(town, "casa") == old
    await town.log_in("casa")
    new = await stored(town, "casa")
    assert extract_parameters(new) == extract_parameters(CHEAP.hash(PASSWORD))
    before_again = town.ctx.passwords.hashes_computed
    await town.log_in("casa")
    assert await stored(town, "casa") == new
    assert town.ctx.passwords.hashes_computed == before_again + 1


async def test_log_ins_of_one_person_that_race_all_get_in_and_one_new_hash_stays(town: Town) -> None:
    await town.restaurant()
    await town.warm()
    await stored_by(town, "casa", STRONGER)
    await asyncio.gather(*(town.log_in("casa") for _ in range(8)))
    new = await stored(town, "casa")
    assert extract_parameters(new) == extract_parameters(CHEAP.hash(PASSWORD))
    await town.log_in("casa")
    assert await stored(town, "casa") == new


async def test_a_password_changed_meanwhile_is_not_replaced_by_the_old_one(town: Town) -> None:
    await town.restaurant()
    async with town.ctx.db.transaction(None) as tx:
        proven = await accounts.account_by_email(tx, town.email("casa"))
        assert proven is not None
        await accounts.begin_as(tx, proven.user.id)
        changed = CHEAP.hash("another-password-of-theirs")
        await accounts.update_password_hash(tx, proven.user.id, changed)
        assert not await accounts.replace_password_hash(tx, proven, CHEAP.hash(PASSWORD))
    assert await stored(town, "casa") == changed


async def test_who_cannot_be_stored_anew_gets_in_all_the_same(town: Town) -> None:
    await town.restaurant()
    await stored_by(town, "casa", STRONGER)
    old = await stored(town, "casa")
    held, done = asyncio.Event(), asyncio.Event()

    async def writes_the_account() -> None:
        async with town.ctx.db.transaction(None) as tx:
            await tx.fetch(HOLD, town.email("casa"))
            held.set()
            await done.wait()

    writer = asyncio.create_task(writes_the_account())
    await held.wait()
    await town.log_in("casa")
    done.set()
    await writer
    assert await stored(town, "casa") == old
    await town.log_in("casa")
    assert await stored(town, "casa") != old


async def test_without_memory_for_a_new_hash_who_has_an_old_one_gets_in(
    service_database: OpenDatabase,
) -> None:
    metered = Metered()
    town = await rival(service_database, Passwords(hasher=metered, former=()))
    await town.restaurant()
    await stored_by(town, "casa", STRONGER)
    old = await stored(town, "casa")
    metered.out_of_memory = True
    await town.log_in("casa")
    assert await stored(town, "casa") == old


async def test_a_wrong_password_costs_the_same_for_an_old_a_new_and_no_account(
    service_database: OpenDatabase,
) -> None:
    metered = Metered()
    town = await rival(service_database, Passwords(hasher=metered, former=(STRONGER,)))
    await town.restaurant("Casa")
    await town.restaurant("Old")
    await stored_by(town, "old", STRONGER)
    spent = []
    for who in ("casa", "old", "nobody"):
        metered.spent.clear()
        with pytest.raises(InvalidCredentials):
            await town.log_in(who, password=WRONG)
        spent.append(dict(metered.spent))
    assert spent[0] == spent[1] == spent[2]
    assert len(spent[0]) == 2


@pytest.mark.parametrize("role", ROUND_TRIPS)
async def test_a_log_in_asks_the_database_for_nothing_twice(
    service_database: OpenDatabase, role: str
) -> None:
    db = await service_database("auth", pool_size=1)
    town = await new_town(context(db))
    await town.member(await town.restaurant(), "mia")
    email = town.owner_email if role == "platform owner" else town.email("mia")
    command = sessions.LogIn(email, PASSWORD, "new-device", "ios")
    await sessions.log_in(town.ctx, command)
    sent: list[str] = []
    async with db.transaction(None) as tx:
        tx._connection.add_query_logger(lambda query: sent.append(query.query))
    sent.clear()
    await sessions.log_in(town.ctx, command)
    within = [each for each in sent if not each.startswith(("BEGIN", "COMMIT"))]
    assert [each for each, times in Counter(within).items() if times > 1] == []
    assert len(sent) == ROUND_TRIPS[role]


async def test_whoever_waits_too_long_is_told_when_to_come_back(service_database: OpenDatabase) -> None:
    passwords = Passwords(cores=1, hasher=CHEAP, former=(), wait_max_seconds=0.05)
    town = await rival(service_database, passwords)
    await town.restaurant()
    async with passwords.turn(), passwords.turn():
        with pytest.raises(LogInBusy) as refused:
            await town.log_in("casa")
    assert refused.value.reason == "LOG_IN_BUSY"
    assert refused.value.metadata["retry_after_seconds"] == str(BUSY_RETRY_AFTER_SECONDS)
    await town.log_in("casa")


async def test_hashes_at_once_are_no_more_than_cores() -> None:
    crowd = Crowd()
    passwords = Passwords(cores=2, hasher=crowd, former=())
    stored = await passwords.hash(PASSWORD)

    async def guess() -> None:
        async with passwords.turn():
            assert await passwords.verify(stored, PASSWORD)

    await asyncio.gather(*(guess() for _ in range(100)))
    assert crowd.most == 2


async def test_the_queue_is_bounded_and_the_next_one_is_refused_at_once() -> None:
    passwords = Passwords(cores=1, hasher=CHEAP, former=())
    served = asyncio.Event()

    async def guess() -> None:
        async with passwords.turn():
            await served.wait()

    crowd = [asyncio.create_task(guess()) for _ in range(WAITING_MAX + passwords.cores + 1)]
    await asyncio.sleep(0)
    before = passwords.hashes_computed
    with pytest.raises(LogInBusy):
        await guess()
    assert passwords.hashes_computed == before
    served.set()
    await asyncio.gather(*crowd)
    await guess()


async def test_who_gives_up_waiting_leaves_the_place_to_others() -> None:
    passwords = Passwords(cores=1, hasher=CHEAP, former=())
    async with passwords.turn(), passwords.turn():
        for _ in range(WAITING_MAX + 10):
            gone = asyncio.create_task(passwords.turn().__aenter__())
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(WAIT_MAX_SECONDS), passwords.turn(), passwords.turn():
        pass
