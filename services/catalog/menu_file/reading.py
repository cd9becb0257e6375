"""A menu file is read by a confined program. One file at a time for each restaurant."""

import asyncio
import subprocess
import sys
from uuid import UUID

from pydantic import TypeAdapter

from services.catalog.confined import UNREADABLE, run_confined
from services.catalog.domain.errors import ImportRunning, UnreadableMenuFile
from services.catalog.domain.menu_file.entries import MenuFile

READ_SECONDS = 10.0
"""The largest file that is allowed takes a second or two."""
WAIT_SECONDS = 5.0
"""How long a file waits for its turn; with the reading it stays within the time of a request."""
MAX_READERS = 2
"""Processes of this service that read at the same time."""

_adapter = TypeAdapter(MenuFile)


class Readers:
    """The processes that read. ``argv`` is what is run; it gets format and currency as words, the file as its
    input.
    """

    def __init__(
        self,
        argv: tuple[str, ...] = (sys.executable, "-m", "services.catalog.menu_file"),
        *,
        read_seconds: float = READ_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._argv = argv
        self._read_seconds = read_seconds
        self._wait_seconds = wait_seconds
        self._free = asyncio.Semaphore(MAX_READERS)
        self._busy: set[UUID] = set()

    async def read(self, tenant: UUID, content: bytes, file_format: str, currency_code: str) -> MenuFile:
        """What the file says. Raises UnreadableMenuFile, ImportRunning."""
        if tenant in self._busy:
            raise ImportRunning("Another file is being imported. Wait until it is done.")
        self._busy.add(tenant)
        try:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await self._free.acquire()
            except TimeoutError:
                raise ImportRunning("Many files are being imported. Try again in a moment.") from None
            try:
                return await self._read(content, file_format, currency_code)
            finally:
                self._free.release()
        finally:
            self._busy.discard(tenant)

    async def _read(self, content: bytes, file_format: str, currency_code: str) -> MenuFile:
        argv = (*self._argv, file_format, currency_code)
        try:
            done = await asyncio.to_thread(run_confined, argv, content, self._read_seconds)
        except subprocess.TimeoutExpired:
            seconds = f"{self._read_seconds:g}"
            raise UnreadableMenuFile(f"The file takes longer than {seconds} s to read. Split it.") from None
        if done.returncode == UNREADABLE:
            raise UnreadableMenuFile(done.stdout.decode())
        if done.returncode != 0:
            raise UnreadableMenuFile("The file cannot be read. Save it again, or send it as CSV.")
        return _adapter.validate_json(done.stdout)


def encoded(file: MenuFile) -> bytes:
    """How the process hands over what it read."""
    return _adapter.dump_json(file)
