"""What the nemesis does is what it says, and it ends: links heal, stopped processes go on."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.embedded import free_ports
from deploy.local.state import start_mark
from tools.chaos.faults import Faults
from tools.chaos.network import HOST, Link, Network, network

SOON_SECONDS = 10.0
SILENCE_SECONDS = 0.3
HARM_SECONDS = 1.5


@pytest.fixture
async def echo() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers what it hears: its port and what it has heard."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            heard.append(line)
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    yield server.sockets[0].getsockname()[1], heard
    server.close()


@pytest.fixture
def between(echo: tuple[int, list[bytes]]) -> Iterator[tuple[Network, int]]:
    [listen] = free_ports(1)
    with network([Link("till", "echo", listen, echo[0])]) as it:
        yield it, listen


async def ask(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter], text: bytes) -> bytes:
    pair[1].write(text)
    return await asyncio.wait_for(pair[0].readline(), SOON_SECONDS)


async def test_a_link_that_is_not_harmed_hands_everything_over(between: tuple[Network, int]) -> None:
    pair = await asyncio.open_connection(HOST, between[1])
    assert await ask(pair, b"x" * 60_000 + b"\n") == b"x" * 60_000 + b"\n"
    assert between[0].used() == [("till", "echo")]
    pair[1].close()


async def test_a_cut_ends_connections_and_refuses_new_ones_until_it_heals(
    between: tuple[Network, int],
) -> None:
    pair = await asyncio.open_connection(HOST, between[1])
    await ask(pair, b"before\n")
    between[0].harm("till", "echo", "cut", HARM_SECONDS)
    with pytest.raises(ConnectionError):
        if not await asyncio.wait_for(pair[0].readline(), SOON_SECONDS):
            raise ConnectionResetError
    refused = await asyncio.open_connection(HOST, between[1])
    with pytest.raises(ConnectionError):
        if not await ask(refused, b"meanwhile\n"):
            raise ConnectionResetError
    await asyncio.sleep(HARM_SECONDS)
    assert await ask(await asyncio.open_connection(HOST, between[1]), b"after\n") == b"after\n"


@pytest.mark.parametrize(("harm", "arrives"), [("freeze", False), ("freeze_answers", True)])
async def test_a_frozen_link_is_silent_and_then_loses_nothing(
    harm: Any, arrives: bool, between: tuple[Network, int], echo: tuple[int, list[bytes]]
) -> None:
    pair = await asyncio.open_connection(HOST, between[1])
    await ask(pair, b"before\n")
    between[0].harm("till", "echo", harm, HARM_SECONDS)
    pair[1].write(b"meanwhile\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pair[0].readline(), SILENCE_SECONDS)
    assert (b"meanwhile\n" in echo[1]) == arrives
    assert await asyncio.wait_for(pair[0].readline(), SOON_SECONDS) == b"meanwhile\n"


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


async def test_a_stopped_process_goes_on(sleeper: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    facts = {"pid": sleeper.pid, "started": start_mark(sleeper.pid), "state": "ready"}
    faults = Faults(lambda: {"processes": {"orders": facts}, "data_dir": str(tmp_path)})
    assert faults.stop("orders", SILENCE_SECONDS)
    assert faults.stopped == 1
    await until_it(sleeper.pid, stands=True)
    assert faults.serving(["orders"]) == []
    await faults.over()
    await until_it(sleeper.pid, stands=False)
    assert not faults.stop("payments", SILENCE_SECONDS)


async def test_only_a_process_of_this_system_is_touched(
    sleeper: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    stranger = {"pid": sleeper.pid, "started": "another moment", "state": "ready"}
    faults = Faults(lambda: {"processes": {"nats": stranger}, "data_dir": str(tmp_path)})
    assert not faults.kill("nats")
    assert not faults.stop("nats", SILENCE_SECONDS)
    assert not faults.lose_store()
    assert sleeper.poll() is None


async def until_it(pid: int, *, stands: bool) -> None:
    """Raises TimeoutError where the process does not stand still, or go on, soon."""
    async with asyncio.timeout(SOON_SECONDS):
        while (state_of(pid) == "T") != stands:  # noqa: ASYNC110 - the kernel's state
            await asyncio.sleep(0.01)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
