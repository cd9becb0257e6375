"""Device sockets: ``python -m bench.generator.sockets``.

Order: {host, port, path, subprotocol?, sockets: [{hello?, ack?}, ...], connect_per_second, keep?}. Every
socket says its hello and counts as ready when the welcome and, for each channel, ``synced`` have come
(without a hello: when it is open). From ``go`` to ``stop`` it counts event frames and measures them against
the instant in their command id. ``ack``: the channel that this socket confirms once a second, as a kitchen
display does. ``keep``: report every frame's command instant with all arrivals.
"""

import asyncio
import time
from array import array
from typing import Any, cast

from bench.generator import frames
from bench.generator.account import Effort, summary
from bench.generator.talk import Talk, run

READY_SECONDS = 60.0
ACK_SECONDS = 1.0
BUSY_SECONDS = 2.0
TEXT, PING, CLOSE = 1, 9, 8


class Busy(Exception):
    """The server takes no more sockets at the moment; a device comes back after a while."""


class Tally:
    """What all sockets of this process have seen since ``go``."""

    def __init__(self, keep: bool) -> None:
        self.counting = False
        self.latencies = array("d")
        self.frames = 0
        self.bytes = 0
        self.closed = 0
        self.refused = 0
        self.byes: dict[str, int] = {}
        self.arrivals: dict[int, list[int]] | None = {} if keep else None


class Socket(asyncio.Protocol):
    """One device."""

    def __init__(self, order: dict[str, Any], spec: dict[str, Any], tally: Tally) -> None:
        self._request = frames.upgrade_request(
            order["host"], order["port"], spec.get("path", order["path"]), order.get("subprotocol")
        )
        self._hello: str | None = spec.get("hello")
        self._waits_for = spec.get("channels", 0) + 1 if self._hello else 0
        self._ack_channel: str | None = spec.get("ack")
        self._tally = tally
        self._transport: asyncio.Transport
        self._buffer = b""
        self._upgraded = False
        self._ended = False
        self._acked = 0
        self.seq = 0
        self.frames = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if self._buffer:
            data = self._buffer + data
        if not self._upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            if data[9:12] in (b"503", b"429"):
                self._ended = True
                self.ready.set_exception(Busy())
                self._transport.close()
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._fail(data[:200].decode(errors="replace"))
                return
            self._upgraded = True
            data = data[end + 4 :]
            if self._hello is not None:
                self._transport.write(frames.masked_text(self._hello.encode()))
            else:
                self.ready.set_result(None)
        consumed = 0
        for opcode, start, end in frames.split(data):
            consumed = end
            if opcode == TEXT:
                self._text(data[start:end], now)
            elif opcode == PING:
                self._transport.write(b"\x8a\x80\0\0\0\0")
        self._buffer = data[consumed:]

    def _text(self, text: bytes, now: int) -> None:
        if text.startswith(b'{"t":"ev"'):
            self._event(text, now)
        elif text.startswith(b'{"t":"ping"'):
            number = text[text.index(b'"n":') + 4 :].split(b",", 1)[0].rstrip(b"}")
            self._transport.write(frames.masked_text(b'{"t":"pong","n":%b}' % number))
        elif text.startswith((b'{"t":"welcome"', b'{"t":"synced"')):
            self._waits_for -= 1
            if b'"st":"snapshot"' in text or b'"st":"denied"' in text:
                self._fail(text[:400].decode())
            elif self._waits_for == 0 and not self.ready.done():
                self.ready.set_result(None)
        elif text.startswith(b'{"t":"bye"'):
            why = text[:80].decode()
            self._tally.byes[why] = self._tally.byes.get(why, 0) + 1

    def _event(self, text: bytes, now: int) -> None:
        tally = self._tally
        if self._ack_channel is not None:
            at = text.index(b'"s":') + 4
            self.seq = int(text[at : text.index(b",", at)])
        if not tally.counting:
            return
        made = frames.instant_in(text)
        if not made:
            return
        self.frames += 1
        tally.frames += 1
        tally.bytes += len(text)
        tally.latencies.append((now - made) / 1e6)
        if tally.arrivals is not None:
            tally.arrivals.setdefault(made, []).append(now)

    def confirm(self) -> None:
        """What is on the display, once for all that came meanwhile."""
        if self.seq > self._acked:
            self._acked = self.seq
            ack = b'{"t":"ack","ack":{"%b":%d}}' % (str(self._ack_channel).encode(), self.seq)
            self._transport.write(frames.masked_text(ack))

    @property
    def confirms(self) -> bool:
        """Whether this is a kitchen display."""
        return self._ack_channel is not None

    def _fail(self, why: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(RuntimeError(f"no socket: {why}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the server closed it")
        if not self._ended:
            self._tally.closed += 1

    def end(self) -> None:
        """Goes."""
        self._ended = True
        self._transport.abort()


async def generate(talk: Talk) -> dict[str, Any]:
    """One order."""
    order = await talk.order()
    tally = Tally(order.get("keep", False))
    started = time.perf_counter()
    sockets = await _connected(order, tally)
    connecting = time.perf_counter() - started
    talk.say("ready")
    await talk.hear("go")
    effort = Effort()
    effort.begin()
    tally.counting = True
    confirming = asyncio.create_task(_confirm([socket for socket in sockets if socket.confirms]))
    began = time.perf_counter()
    await talk.hear("stop")
    tally.counting = False
    seconds = time.perf_counter() - began
    confirming.cancel()
    account = {
        "sockets": len(sockets),
        "connect_seconds": round(connecting, 2),
        "seconds": round(seconds, 3),
        "frames": tally.frames,
        "frames_per_second": round(tally.frames / seconds, 1),
        "bytes": tally.bytes,
        "frames_by_socket": [socket.frames for socket in sockets],
        "closed": tally.closed,
        "refused_at_first": tally.refused,
        "byes": tally.byes,
        "latency_ms": summary(tally.latencies),
        "generator": effort.end(),
        "arrivals": tally.arrivals,
    }
    for socket in sockets:
        socket.end()
    return account


async def _connected(order: dict[str, Any], tally: Tally) -> list[Socket]:
    """All sockets, ready: at the asked rate, again after a while where the server is busy."""
    tasks = []
    pause, loop = 1.0 / order["connect_per_second"], asyncio.get_running_loop()
    due = loop.time()
    for spec in order["sockets"]:
        tasks.append(loop.create_task(_one(order, spec, tally)))
        due += pause
        await asyncio.sleep(max(0.0, due - loop.time()))
    return list(await asyncio.gather(*tasks))


async def _one(order: dict[str, Any], spec: dict[str, Any], tally: Tally) -> Socket:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(READY_SECONDS):
        while True:
            socket = Socket(order, spec, tally)
            await loop.create_connection(lambda socket=socket: socket, order["host"], order["port"])  # type: ignore[misc]
            try:
                await socket.ready
            except Busy:
                tally.refused += 1
                await asyncio.sleep(BUSY_SECONDS)
            else:
                return socket


async def _confirm(displays: list[Socket]) -> None:
    """Spreads the confirmations over the second, as many displays would."""
    while True:
        share = ACK_SECONDS / max(1, len(displays))
        for index, display in enumerate(displays):
            display.confirm()
            if index % 20 == 19:
                await asyncio.sleep(share * 20)
        await asyncio.sleep(share * (len(displays) % 20 or 20))


if __name__ == "__main__":
    run(generate)
