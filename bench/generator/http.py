"""HTTP/1.1 over kept-alive connections, with prebuilt bytes: ``python -m bench.generator.http``.

Order: {host, port, seconds, clients: [[request, ...], ...], rate?, keep?, once?}. A request is text; in it
``{key}`` becomes ``b.<instant in ns>.<client>.<number>``, so that whoever sees the key later knows when the
request was made. Without a rate every client asks again as soon as it was answered; with one, requests fall
due at even intervals, one client after the other, and a late one counts from when it was due. A client whose
connection was closed opens another, as HTTP libraries do; a request that got no answer is "lost". ``keep``:
also report when each key was accepted. ``once``: a client ends when it has sent each of its requests.
"""

import asyncio
import time
from array import array
from typing import Any, cast

from bench.generator.account import Effort, summary
from bench.generator.talk import Talk, run

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
KEY = "{key}"
RECONNECT_SECONDS = 0.1
GRACE_SECONDS = 10.0
"""How long answers may still come after the end."""


def length_of(head: bytes) -> int:
    """The body's length that an answer's head announces; 0 where it names none (304)."""
    at = head.lower().find(LENGTH)
    if at < 0:
        return 0
    return int(head[at + len(LENGTH) : head.index(b"\r\n", at)])


class Tally:
    """What all clients of one process have seen."""

    def __init__(self, keep: bool) -> None:
        self.latencies = array("d")
        self.statuses: dict[str, int] = {}
        self.bytes = 0
        self.accepted: dict[str, int] | None = {} if keep else None
        self.refusal = ""


class Client(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self, number: int, requests: list[str], tally: Tally, address: tuple[str, int]) -> None:
        self._number = number
        self._address = address
        self._reopening: asyncio.Task[None] | None = None
        self._requests = [_parts(request) for request in requests]
        self._tally = tally
        self._transport: asyncio.Transport
        self._buffer = b""
        self._missing = -1
        self._sent = 0
        self._key = ""
        self._started_ns = 0
        self._due: list[int] = []
        self.until_ns = 0
        self.closed_loop = True
        self.once = False
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, due_ns: int) -> None:
        """One request, now; where one is under way, right after it."""
        if self.busy:
            self._due.append(due_ns)
            return
        if self._transport.is_closing():
            self._reopening = asyncio.get_running_loop().create_task(self._reopen(due_ns))
            return
        before, after = self._requests[self._sent % len(self._requests)]
        self._sent += 1
        self.busy = True
        self._started_ns = due_ns
        if after is None:
            self._transport.write(before)
        else:
            self._key = f"b.{due_ns}.{self._number}.{self._sent}"
            self._transport.write(self.build(before, self._key, after))

    async def open(self) -> None:
        """Connects. Raises OSError."""
        await asyncio.get_running_loop().create_connection(lambda: self, *self._address)

    async def _reopen(self, due_ns: int) -> None:
        self.busy = True
        while True:
            try:
                await self.open()
            except OSError:
                self._count("refused")
                if time.monotonic_ns() >= self.until_ns:
                    return
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                break
        self.busy = False
        self.send(due_ns)

    def _count(self, what: str) -> None:
        self._tally.statuses[what] = self._tally.statuses.get(what, 0) + 1

    def build(self, before: bytes, key: str, after: bytes) -> bytes:
        """The bytes of a request with its key."""
        return b"%b%b%b" % (before, key.encode(), after)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if self._missing < 0:
            end = buffer.find(HEAD_END)
            if end < 0:
                self._buffer = buffer
                return
            self._missing = end + len(HEAD_END) + length_of(buffer[: end + 2])
        if len(buffer) < self._missing:
            self._buffer = buffer
            return
        self._answered(buffer)

    def _answered(self, answer: bytes) -> None:
        now, tally = time.monotonic_ns(), self._tally
        self._buffer, self._missing, self.busy = b"", -1, False
        status = answer[9:12].decode()
        if status[0] in "23":
            tally.latencies.append((now - self._started_ns) / 1e6)
            if tally.accepted is not None:
                tally.accepted[self._key] = now
        self._count(status)
        tally.bytes += len(answer)
        if status[0] in "45":
            tally.refusal = tally.refusal or answer[-600:].decode(errors="replace")
        if self._due:
            self.send(self._due.pop(0))
        elif self._goes_on(now):
            self.send(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.busy:
            self.busy = False
            self._buffer, self._missing = b"", -1
            self._count("lost")
            now = time.monotonic_ns()
            if self._goes_on(now):
                self.send(now)

    def _goes_on(self, now: int) -> bool:
        spent = self.once and self._sent >= len(self._requests)
        return self.closed_loop and now < self.until_ns and not spent


def _parts(request: str) -> tuple[bytes, bytes | None]:
    before, found, after = request.partition(KEY)
    return before.encode(), after.encode() if found else None


async def generate(talk: Talk) -> dict[str, Any]:
    """One order."""
    order = await talk.order()
    tally = Tally(order.get("keep", False))
    clients: list[Client] = []
    for number, requests in enumerate(order["clients"]):
        client = Client(number, requests, tally, (order["host"], order["port"]))
        await client.open()
        clients.append(client)
    talk.say("ready")
    await talk.hear("go")
    effort = Effort()
    effort.begin()
    started = time.monotonic_ns()
    until = started + int(order["seconds"] * 1e9)
    if "rate" in order:
        await _paced(clients, started, until, order["rate"])
    else:
        for client in clients:
            client.until_ns, client.once = until, order.get("once", False)
            client.send(time.monotonic_ns())
        if not order.get("once"):
            await asyncio.sleep(order["seconds"])
    give_up = until + int(GRACE_SECONDS * 1e9)
    while any(client.busy for client in clients) and time.monotonic_ns() < give_up:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    seconds = (time.monotonic_ns() - started) / 1e9
    unanswered = sum(client.busy for client in clients)
    if unanswered:
        tally.statuses["unanswered"] = unanswered
    good = sum(count for status, count in tally.statuses.items() if status[0] in "23")
    return {
        "seconds": round(seconds, 3),
        "answers": good,
        "per_second": round(good / seconds, 1),
        "errors": sum(tally.statuses.values()) - good,
        "statuses": tally.statuses,
        "bytes": tally.bytes,
        "refusal": tally.refusal,
        "latency_ms": summary(tally.latencies),
        "generator": effort.end(),
        "accepted": tally.accepted,
    }


async def _paced(clients: list[Client], started: int, until: int, rate: float) -> None:
    number = 0
    for client in clients:
        client.closed_loop = False
    while (due := started + int(number * 1e9 / rate)) < until:
        wait = (due - time.monotonic_ns()) / 1e9
        if wait > 0:
            await asyncio.sleep(wait)
        clients[number % len(clients)].send(due)
        number += 1


if __name__ == "__main__":
    run(generate)
