"""Password hashes: argon2id at the library's default cost, computed beside the event loop, never more at once
than there are cores; the rest waits in a queue with a limit.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.errors import ResourceExhausted
from services.auth.domain.passwords import normalised_password

WAITING_MAX = 500
"""Log-ins that may wait for a turn; at the default cost that is about 15 seconds of work on two cores."""
_Result = TypeVar("_Result")
_COMMON = Path(__file__).with_name("common_passwords.txt")


class LogInBusy(ResourceExhausted):
    """More people log in than passwords can be hashed; come back in a few seconds."""


class Passwords:
    """Hashes and verifies. ``hashes_computed`` counts the calls that cost a whole hash."""

    def __init__(self, *, cores: int | None = None, hasher: PasswordHasher | None = None) -> None:
        self.cores = cores or len(os.sched_getaffinity(0))
        self.hashes_computed = 0
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(self.cores, thread_name_prefix="argon2")
        # One more than cores: while one log-in reads or writes its row, the cores go on hashing.
        self._turns = asyncio.Semaphore(self.cores + 1)
        self._waiting = 0
        self._decoy = self._hasher.hash("nobody has this password")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn to guess. Looking at the lock, hashing and counting a failure happen within one
        turn, so guesses sent in parallel cannot overtake the counter by more than the number of turns.

        Raises LogInBusy where WAITING_MAX are waiting already.
        """
        if self._waiting >= WAITING_MAX:
            raise LogInBusy("Too many people are logging in.", retry_after_seconds=5)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def hash(self, password: str) -> str:
        """A new hash in PHC format."""
        self.hashes_computed += 1
        return await self._run(self._hasher.hash, normalised_password(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits. Without a stored hash (nobody has the address) it costs the same and is
        False.
        """
        self.hashes_computed += 1
        fits = await self._run(self._fits, stored or self._decoy, normalised_password(password))
        return fits and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., _Result], *arguments: str) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


@cache
def breached_passwords() -> frozenset[str]:
    """The most common breached passwords of at least 12 characters, lower case."""
    return frozenset(_COMMON.read_text(encoding="utf-8").splitlines())
