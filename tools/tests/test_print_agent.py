"""The print agent in front of printers that take everything, hang, refuse and hang up, and of a queue."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import orjson
import pytest

from deploy.local.embedded import free_port
from tools.api import Device
from tools.print_agent import ASK_STATUS, Address, Agent, Patience, PrinterFailed, addresses, print_bytes

HASTY = Patience(connect_seconds=1.0, write_seconds=0.5)
READY = b"\x00"
PAPER = b"\x1b@Tea 2.00\n\x1dVB\x00"


@dataclass
class Paper:
    """A printer that records what it gets, and answers a status as ``answer`` says."""

    answer: bytes = READY
    hangs: bool = False
    hangs_up: bool = False
    got: bytearray = field(default_factory=bytearray)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call."""
        if self.hangs:
            await asyncio.sleep(60)
        while not self.hangs_up and (part := await reader.read(4096)):
            self.got += part
            if ASK_STATUS in self.got and self.answer:
                writer.write(self.answer)
        writer.close()


@asynccontextmanager
async def listening(paper: Paper) -> AsyncIterator[Address]:
    calls: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        calls.add(task)
        with suppress(asyncio.CancelledError):
            await paper.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Address("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for call in calls if paper.hangs else ():
            call.cancel()
        # Whoever called has hung up: what is still on the way is read to its end.
        await asyncio.gather(*calls)


async def test_a_printer_gets_the_bytes_and_says_that_it_is_done() -> None:
    paper = Paper()
    async with listening(paper) as address:
        await print_bytes(address, PAPER)
    assert bytes(paper.got) == PAPER + ASK_STATUS


async def test_a_printer_that_knows_no_status_is_not_asked_for_one() -> None:
    paper = Paper(answer=b"")
    async with listening(paper) as address:
        await print_bytes(Address(address.host, address.port, silent=True), PAPER)
    assert bytes(paper.got) == PAPER


@pytest.mark.parametrize(
    ("paper", "words"),
    [
        (Paper(hangs=True), "did not say in time"),
        (Paper(answer=b""), "did not say in time"),
        (Paper(hangs_up=True), "hung up"),
    ],
)
async def test_a_printer_that_does_not_say_that_it_is_done_has_failed(paper: Paper, words: str) -> None:
    async with listening(paper) as address:
        with pytest.raises(PrinterFailed, match=words):
            await print_bytes(address, PAPER, HASTY)


async def test_a_printer_that_refuses_has_failed() -> None:
    with pytest.raises(PrinterFailed, match="cannot be reached"):
        await print_bytes(Address("127.0.0.1", free_port()), PAPER, HASTY)


def test_printers_are_named_with_their_addresses() -> None:
    assert addresses(["Bar=10.0.0.5", "Grill=grill.local:9101"], ["Grill"]) == {
        "Bar": Address("10.0.0.5"),
        "Grill": Address("grill.local", 9101, silent=True),
    }
    for wrong in ("Bar", "=10.0.0.5", "Bar=", "Bar=10.0.0.5:x"):
        with pytest.raises(ValueError, match="NAME=HOST"):
            addresses([wrong], [])


Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Queue:
    """What REST answers an agent, from memory; the queue itself is tried in the service's own tests."""

    def __init__(self, *jobs: bytes) -> None:
        self._jobs = [{"id": f"j{n}", "payload": payload} for n, payload in enumerate(jobs)]
        self.said: list[tuple[str, dict[str, object]]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content) if request.content else {}
        if request.url.path == "/api/v2/printers":
            return httpx.Response(200, json={"items": [{"id": "p1", "name": "Bar"}]})
        if request.url.path == "/api/v2/print-jobs/claim":
            if not self._jobs:
                return httpx.Response(200, json={"job": None, "payload": None})
            job = self._jobs.pop(0)
            told = {"id": job["id"], "attempts": 2, "printer_name": "Bar", "title": "Bill 1"}
            payload = base64.b64encode(job["payload"]).decode()  # type: ignore[arg-type]
            return httpx.Response(200, json={"job": told, "payload": payload})
        self.said.append((request.url.path, body))
        return httpx.Response(200, json={"state": "printed" if body["printed"] else "queued"})


@asynccontextmanager
async def agent_of(queue: Queue, address: Address) -> AsyncIterator[Agent]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(queue)) as http:
        device = Device("http://pos.test", http, "till@casa.test", "secret", "agent")
        yield Agent(device, {"Bar": address}, HASTY)


async def test_an_agent_prints_what_it_takes_and_says_so() -> None:
    paper, queue = Paper(), Queue(PAPER)
    async with listening(paper) as address, agent_of(queue, address) as agent:
        assert await agent.printer_ids() == {"Bar": "p1"}
        assert await agent.print_next("p1", address) == {"state": "printed"}
        assert await agent.print_next("p1", address) is None
    assert bytes(paper.got) == PAPER + ASK_STATUS
    assert queue.said == [("/api/v2/print-jobs/j0/ack", {"attempt": 2, "printed": True})]


async def test_an_agent_says_why_its_printer_failed() -> None:
    queue = Queue(PAPER)
    nowhere = Address("127.0.0.1", free_port())
    async with agent_of(queue, nowhere) as agent:
        await agent.print_next("p1", nowhere)
    [(_, said)] = queue.said
    assert (said["attempt"], said["printed"]) == (2, False)
    assert "cannot be reached" in str(said["error"])


async def test_an_agent_of_a_printer_that_nobody_has_set_up_does_not_begin() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(Queue())) as http:
        device = Device("http://pos.test", http, "till@casa.test", "secret", "agent")
        with pytest.raises(ValueError, match="no printer called Cellar"):
            await Agent(device, {"Cellar": Address("10.0.0.9")}).printer_ids()
