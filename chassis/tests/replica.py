"""A process with one replica of the probe: ``python -m chassis.tests.replica <database> <nats> <durable>``.

It counts what it handles in the table ``thing``, and says "started" when it has begun.
"""

import asyncio
import sys

from google.protobuf.message import Message

from chassis.db import Transaction
from chassis.messaging.stream import EventContext
from chassis.tests import probe
from harness.replicas import Probed, Replica

COUNT = (
    "INSERT INTO thing VALUES ($1, $2, 1) ON CONFLICT (restaurant_id, name)"
    " DO UPDATE SET count = thing.count + 1"
)


async def count(tx: Transaction, event: Message, context: EventContext) -> None:
    """The effect: a second one shows."""
    await tx.execute(COUNT, context.restaurant_id, context.subject_id)


async def main(database_url: str, nats_url: str, durable: str) -> None:
    """Runs until it is killed."""
    handlers = {probe.ThingMade: count}
    service = Probed(probe.SCHEMA, probe.ROLE, durable, handlers)
    await Replica.start(database_url, nats_url, service)
    sys.stdout.write("started\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
