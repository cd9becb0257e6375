"""Events as a relay publishes them: ``python -m bench.generator.publisher``.

Order: {kind: "nats" | "nchan", rate, seconds, url | host and port, lanes: [...]}. ``nats``: every lane is
one restaurant, {subject, headers, payload (base64), channel, epoch, seq}; one message in flight per lane,
positions count on, and the command id names the instant. ``nchan``: every lane is {path, body} with
``{instant}`` in the body, posted over a connection of its own.
"""

import asyncio
import base64
import time
from array import array
from typing import Any
from uuid import uuid4

import nats

from bench.generator.account import Effort, summary
from bench.generator.http import Client, Tally
from bench.generator.talk import Talk, run

ACK_SECONDS = 5.0


class NatsLane:
    """One restaurant's events."""

    def __init__(self, jetstream: Any, spec: dict[str, Any], acks: "array[float]") -> None:
        self._jetstream = jetstream
        self._spec = spec
        self._payload = base64.b64decode(spec["payload"])
        self._seq = spec["seq"]
        self._acks = acks
        self._queue: asyncio.Queue[int] = asyncio.Queue(100_000)
        self.worker = asyncio.get_running_loop().create_task(self._work())

    def send(self, due_ns: int) -> None:
        self._queue.put_nowait(due_ns)

    @property
    def idle(self) -> bool:
        return self._queue.empty()

    async def _work(self) -> None:
        spec = self._spec
        while True:
            due = await self._queue.get()
            self._seq += 1
            identity = str(uuid4())
            position = f'[["{spec["channel"]}","{spec["epoch"]}",{self._seq}]]'
            headers = {
                **spec["headers"],
                "Nats-Msg-Id": identity,
                "ce-id": identity,
                "fynlo-positions": position,
                "fynlo-command-id": f"b.{due}.0",
            }
            await self._jetstream.publish(
                spec["subject"], self._payload, headers=headers, timeout=ACK_SECONDS
            )
            self._acks.append((time.monotonic_ns() - due) / 1e6)


async def generate(talk: Talk) -> dict[str, Any]:
    """One order."""
    order = await talk.order()
    acks = array("d")
    tally = Tally(keep=False)
    lanes: list[Any]
    connection = None
    if order["kind"] == "nats":
        connection = await nats.connect(order["url"])
        lanes = [NatsLane(connection.jetstream(), spec, acks) for spec in order["lanes"]]
    else:
        lanes = await _posting(order, tally)
    talk.say("ready")
    await talk.hear("go")
    effort = Effort()
    effort.begin()
    started, number = time.monotonic_ns(), 0
    until = started + int(order["seconds"] * 1e9)
    while (due := started + int(number * 1e9 / order["rate"])) < until:
        wait = (due - time.monotonic_ns()) / 1e9
        if wait > 0:
            await asyncio.sleep(wait)
        lanes[number % len(lanes)].send(max(due, 0))
        number += 1
    await asyncio.sleep(1.0)
    for lane in lanes:
        if isinstance(lane, NatsLane):
            lane.worker.cancel()
    if connection is not None:
        await connection.close()
    answered = summary(acks if order["kind"] == "nats" else tally.latencies)
    return {"published": number, "answered_ms": answered, "generator": effort.end()}


async def _posting(order: dict[str, Any], tally: Tally) -> list[Client]:
    clients: list[Client] = []
    for number, spec in enumerate(order["lanes"]):
        size = len(spec["body"].replace("{key}", f"b.{time.monotonic_ns()}.{number}.1"))
        # Every key is as long as the first but for its last number, which therefore is padded by the body.
        request = (
            f"POST {spec['path']} HTTP/1.1\r\nHost: {order['host']}\r\nContent-Length: {size + PAD}\r\n"
            f"Content-Type: application/json\r\n\r\n{spec['body']}"
        )
        client = PaddedClient(number, [request], tally, (order["host"], order["port"]), size + PAD)
        await client.open()
        client.closed_loop = False
        clients.append(client)
    return clients


PAD = 16


class PaddedClient(Client):
    """Fills its body up to the length that was announced."""

    def __init__(
        self, number: int, requests: list[str], tally: Tally, address: tuple[str, int], length: int
    ) -> None:
        super().__init__(number, requests, tally, address)
        self._length = length

    def build(self, before: bytes, key: str, after: bytes) -> bytes:
        """Spaces after a JSON object mean nothing."""
        whole = super().build(before, key, after)
        body = len(whole) - whole.index(b"\r\n\r\n") - 4
        return whole + b" " * (self._length - body)


if __name__ == "__main__":
    run(generate)
