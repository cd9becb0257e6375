"""Password hashes: argon2id at OWASP's minimum, computed beside the event loop, never more at once than there
are cores; the rest waits in a queue with a limit, for a limited time.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError, VerificationError

from chassis.errors import ResourceExhausted
from chassis.telemetry import get_logger
from services.auth.domain.password import normalised_password

TODAY = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's minimum for argon2id (Password Storage Cheat Sheet); KiB of memory. One lane: one core."""
FORMER: Sequence[PasswordHasher] = (PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4),)
"""At which passwords may still be stored; each is stored anew when its person logs in."""
WAITING_MAX = 500
"""Guesses that may wait for a turn; about as many as two cores get through in WAIT_MAX_SECONDS."""
WAIT_MAX_SECONDS = 6.0
"""Less than the contract gives a log-in, so that who waits too long is told and does not run out of time."""
BUSY_RETRY_AFTER_SECONDS = 5
"""When whoever was refused may try again: the queue has gone by then."""
_log = get_logger("auth")
_Result = TypeVar("_Result")
_COMMON = Path(__file__).with_name("common_passwords.txt")


class LogInBusy(ResourceExhausted):
    """More people log in than passwords can be hashed; come back in a few seconds."""


class Passwords:
    """Hashes and verifies. ``hasher`` has today's cost, ``former`` the others that are stored somewhere.
    ``hashes_computed`` counts what costs a whole hash.
    """

    def __init__(
        self,
        *,
        cores: int | None = None,
        hasher: PasswordHasher = TODAY,
        former: Sequence[PasswordHasher] = FORMER,
        wait_max_seconds: float = WAIT_MAX_SECONDS,
    ) -> None:
        self.cores = cores or len(os.sched_getaffinity(0))
        self.hashes_computed = 0
        self._hasher = hasher
        self._wait_max_seconds = wait_max_seconds
        self._threads = ThreadPoolExecutor(self.cores, thread_name_prefix="argon2")
        # One more than cores: while one log-in reads or writes its row, the cores go on hashing.
        self._turns = asyncio.Semaphore(self.cores + 1)
        self._waiting = 0
        self._decoys = [each.hash("nobody has this password") for each in (hasher, *former)]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn to guess. Looking at the lock, hashing and counting a failure happen within one
        turn, so guesses sent in parallel cannot overtake the counter by more than the number of turns.

        Raises LogInBusy where WAITING_MAX are waiting already, or after WAIT_MAX_SECONDS.
        """
        if self._waiting >= WAITING_MAX:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_max_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def hash(self, password: str) -> str:
        """A new hash in PHC format, at today's cost."""
        self.hashes_computed += 1
        return await self._run(self._hasher.hash, normalised_password(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits. One that does not costs a hash at each cost that is stored somewhere,
        also where nobody has the address (``stored`` is None): the time tells neither that somebody has it
        nor how old the account is.
        """
        text = normalised_password(password)
        if stored is not None and await self._check(stored, text):
            return True
        for decoy in self._decoys:
            if stored is None or not _cost_alike(stored, decoy):
                await self._check(decoy, text)
        return False

    async def renewed(self, stored: str, password: str) -> str | None:
        """The right password's hash at today's cost; None where it is stored so, or cannot be made."""
        if not self._hasher.check_needs_rehash(stored):
            return None
        try:
            return await self.hash(password)
        except HashingError as error:
            _log.warning("a password could not be hashed anew", error=repr(error))
            return None

    async def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _check(self, stored: str, text: str) -> bool:
        self.hashes_computed += 1
        return await self._run(self._fits, stored, text)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., _Result], *arguments: str) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _busy() -> LogInBusy:
    return LogInBusy("Too many people are logging in.", retry_after_seconds=BUSY_RETRY_AFTER_SECONDS)


def _cost_alike(one: str, other: str) -> bool:
    try:
        return extract_parameters(one) == extract_parameters(other)
    except InvalidHashError:
        return False


@cache
def breached_passwords() -> frozenset[str]:
    """The most common breached passwords of at least 12 characters, lower case."""
    return frozenset(_COMMON.read_text(encoding="utf-8").splitlines())
