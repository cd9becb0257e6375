"""How a generator and the bench talk: lines on standard input and output."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

LINE_BYTES_MAX = 64 * 1024 * 1024
"""An order may name ten thousand tokens."""


class Talk:
    """The generator's end."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def order(self) -> dict[str, Any]:
        """What to do: the next line. Raises EOFError where the bench is gone."""
        line = await self._reader.readline()
        if not line:
            raise EOFError("the bench is gone")
        found: dict[str, Any] = json.loads(line)
        return found

    async def hear(self, word: str) -> None:
        """Waits for ``go`` or ``stop``. Raises EOFError where the bench is gone."""
        line = (await self._reader.readline()).decode().strip()
        if line != word:
            raise EOFError(f"expected {word!r}, heard {line!r}")

    def say(self, word: Any) -> None:
        """One line out."""
        sys.stdout.write(json.dumps(word) + "\n")
        sys.stdout.flush()


def run(generate: Callable[[Talk], Awaitable[dict[str, Any]]]) -> None:
    """The main of a generator."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        talk = Talk(reader)
        talk.say(await generate(talk))

    uvloop.run(main())
