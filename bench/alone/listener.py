"""A consumer that does nothing but acknowledge, with our pull loop: what hearing costs.

Settings: {url, durable, subject, spacing_seconds}. It listens until the bench is gone.
"""

import asyncio
from typing import Any

import nats
from nats.aio.client import Client as NatsClient
from nats.js.api import AckPolicy, ConsumerConfig

from bench.generator.talk import Talk, run
from chassis.messaging.pull import PullLoop
from chassis.messaging.stream import STREAM, ensure_stream


async def listen(talk: Talk) -> dict[str, Any]:
    """Answers how many it has heard whenever it is asked."""
    settings = await talk.order()
    client: NatsClient = await nats.connect(settings["url"])
    durable, heard = settings["durable"], 0

    async def ensure() -> None:
        await ensure_stream(client)
        await client.jetstream().add_consumer(
            STREAM,
            ConsumerConfig(
                durable_name=durable, ack_policy=AckPolicy.EXPLICIT, filter_subject=settings["subject"]
            ),
        )

    async def acknowledge() -> None:
        nonlocal heard
        loop = PullLoop(client, STREAM, durable, ensure, settings["spacing_seconds"])
        async for msg in loop.messages(lambda: 0):
            await msg.ack()
            heard += 1

    listening = asyncio.create_task(acknowledge())
    talk.say("ready")
    while not listening.done():
        await talk.order()
        talk.say(heard)
    return {"heard": heard}


if __name__ == "__main__":
    run(listen)
