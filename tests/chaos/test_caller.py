"""A device asks until it has its answer, and gives up only where it should have had one."""

import asyncio
import math
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tools.api import Device
from tools.chaos.caller import Caller
from tools.chaos.history import History

SETTLE_SECONDS = 0.2
OFTEN = 5
"""More attempts than fit into SETTLE_SECONDS, with the pauses of a device between them."""


@dataclass(slots=True)
class Gateway:
    """Answers 503 until it has been asked ``refuses`` times."""

    refuses: float
    port: int = 0
    asked: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        status = "200 OK" if self.asked > self.refuses else "503 Service Unavailable"
        writer.write(f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    it = Gateway(math.inf)
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    async with server:
        yield it


async def answer(gateway: Gateway, folder: Path, calm_since: float) -> dict[str, object] | None:
    async with httpx.AsyncClient() as http:
        device = Device(
            f"http://127.0.0.1:{gateway.port}", http, "till@example.com", "", "till-1", access_token="token"
        )
        caller = Caller(
            device,
            History(folder / "history.jsonl"),
            random.Random(1),
            lambda: calm_since,
            settle_seconds=SETTLE_SECONDS,
            calm_seconds=0.0,
        )
        return await caller.call("place", "/api/v2/orders", {})


async def test_a_device_gives_up_where_nothing_is_struck(gateway: Gateway, tmp_path: Path) -> None:
    assert await answer(gateway, tmp_path, -math.inf) is None
    assert gateway.asked > 0


async def test_a_device_does_not_give_up_while_the_system_is_struck(gateway: Gateway, tmp_path: Path) -> None:
    gateway.refuses = OFTEN
    assert await answer(gateway, tmp_path, math.inf) == {}
    assert gateway.asked == OFTEN + 1
