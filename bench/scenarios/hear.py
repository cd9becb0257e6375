"""What it costs to hear of one event: CPU of a consumer and of the bus, for one that is handed each event as
it comes, and for one that is handed together what nobody waits for. By turns, for other work of the machine.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

import nats
from nats.aio.client import Client as NatsClient

from bench.bars import Account
from bench.drive import Generator, generator
from bench.effort import thread_seconds_of
from chassis.messaging.stream import STREAM, ensure_stream
from chassis.messaging.together import SPACING_SECONDS
from deploy.local.embedded import EmbeddedNats, free_port

ROUNDS = 3
SECONDS = 5.0
RATES = (50, 100, 250)
"""Events per second."""
EVENT_BYTES = 1_200
"""About an order of four lines."""
SUBJECT = "fynlo.probe.v1.Heard.platform"
PATIENCE_SECONDS = 30.0
WAYS = {"as it comes": 0.0, "together": SPACING_SECONDS}


def hear() -> Account:
    """CPU microseconds per event by who spends them, medians of ROUNDS rounds; the bus with publishing."""
    rounds = asyncio.run(_rounds())
    figures = {name: round(median(each[name] for each in rounds), 1) for name in rounds[0]}
    account: Account = {"us": figures, "rounds": rounds, "event_bytes": EVENT_BYTES}
    account["beside"] = "; ".join(f"{name} {value:.0f}" for name, value in figures.items()) + " us"
    return account


async def _rounds() -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="bench-hear-") as folder:
        server = EmbeddedNats(Path(folder) / "nats", free_port())
        await server.start()
        try:
            found: list[dict[str, float]] = []
            for number in range(ROUNDS):
                costs: dict[str, float] = {}
                for rate in RATES:
                    for way in sorted(WAYS, reverse=bool(number % 2)):
                        consumer, bus = await heard(server, WAYS[way], rate, int(rate * SECONDS))
                        costs |= {f"{way}, {rate}/s, consumer": consumer, f"{way}, {rate}/s, bus": bus}
                found.append(costs)
            return found
        finally:
            await server.stop()


async def heard(server: EmbeddedNats, spacing_seconds: float, rate: int, events: int) -> tuple[float, float]:
    """Microseconds of a listener and of the bus for each of so many events, all of them heard."""
    client: NatsClient = await nats.connect(server.url)
    await ensure_stream(client)
    await client.jetstream().delete_stream(STREAM)
    await ensure_stream(client)
    durable = f"hear-{rate}-{time.monotonic_ns()}"
    settings = {"durable": durable, "subject": SUBJECT, "spacing_seconds": spacing_seconds, "url": server.url}
    with generator("listener", package="bench.alone") as listener:
        await asyncio.to_thread(listener.order, settings)
        await _publish(client, rate, 1)
        await _until(listener, 1)
        pids = (listener.pid, server.pid or 0)
        before = [thread_seconds_of(pid) for pid in pids]
        await _publish(client, rate, events)
        await _until(listener, 1 + events)
        consumer, bus = (
            (thread_seconds_of(pid) - used) / events * 1e6 for pid, used in zip(pids, before, strict=True)
        )
    await client.close()
    return round(consumer, 1), round(bus, 1)


async def _publish(client: NatsClient, rate: int, events: int) -> None:
    began = time.monotonic()
    for number in range(1, events + 1):
        await client.jetstream().publish(SUBJECT, bytes(EVENT_BYTES), headers={"ce-type": "Heard"})
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))


async def _until(listener: Generator, count: int) -> None:
    """Returns when it has heard so many. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await asyncio.to_thread(listener.asked) < count:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(SPACING_SECONDS)
