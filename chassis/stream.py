"""How an event travels on JetStream: one stream for all services, CloudEvents attributes as headers.

Subject ``fynlo.orders.v1.OrderPlaced.<restaurant_id>``, or ``.platform`` for an event of no restaurant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from nats.aio.client import Client as NatsClient
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

STREAM = "FYNLO_EVENTS"
SUBJECTS = "fynlo.*.v1.*.*"
PLATFORM = "platform"
MAX_AGE_SECONDS = 7 * 24 * 3600
DUPLICATE_WINDOW_SECONDS = 600
MAX_MESSAGE_BYTES = 128 * 1024

MSG_ID = "Nats-Msg-Id"
"""What JetStream knows a second publication by. Who the event is says ID alone."""
ID = "ce-id"
POSITIONS = "fynlo-positions"
COMMAND_ID = "fynlo-command-id"
TRACEPARENT = "traceparent"


@dataclass(frozen=True, slots=True)
class Position:
    """A place on a channel of the event's restaurant."""

    channel: str
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class EventContext:
    """What the headers of an event say about it."""

    msg_id: UUID
    type: str
    source: str
    subject_id: str
    at: datetime
    restaurant_id: UUID | None
    positions: tuple[Position, ...]
    command_id: str | None
    traceparent: str | None
    delivery: int = 1
    """1 for the first delivery to this consumer, counted by JetStream."""


def subject_of(event_type: str, restaurant_id: UUID | None) -> str:
    """Where an event of this type and restaurant is published."""
    return f"{event_type}.{restaurant_id or PLATFORM}"


def event_headers(row: Mapping[str, Any], service: str) -> dict[str, str]:
    """The headers of a row of the outbox of ``service``."""
    headers = {
        MSG_ID: str(row["msg_id"]),
        "ce-specversion": "1.0",
        ID: str(row["msg_id"]),
        "ce-type": row["type"],
        "ce-source": f"/services/{service}",
        "ce-subject": row["subject_id"],
        "ce-time": row["created_at"].isoformat(),
    }
    if row["positions"]:
        headers[POSITIONS] = orjson.dumps(row["positions"]).decode()
    if row["command_id"]:
        headers[COMMAND_ID] = row["command_id"]
    if row["trace"]:
        headers[TRACEPARENT] = row["trace"]
    return headers


def event_context(subject: str, headers: Mapping[str, str], delivery: int = 1) -> EventContext:
    """Reads a message's subject and headers. Raises KeyError or ValueError for what no relay published."""
    restaurant = subject.rsplit(".", 1)[1]
    return EventContext(
        msg_id=UUID(headers[ID]),
        type=headers["ce-type"],
        source=headers["ce-source"],
        subject_id=headers["ce-subject"],
        at=datetime.fromisoformat(headers["ce-time"]),
        restaurant_id=None if restaurant == PLATFORM else UUID(restaurant),
        positions=tuple(Position(*position) for position in orjson.loads(headers.get(POSITIONS, "[]"))),
        command_id=headers.get(COMMAND_ID),
        traceparent=headers.get(TRACEPARENT),
        delivery=delivery,
    )


async def ensure_stream(nats: NatsClient, *, replicas: int = 1) -> None:
    """Makes the stream where it is missing. Raises nats.errors.Error while JetStream does not answer."""
    jetstream = nats.jetstream()
    try:
        await jetstream.stream_info(STREAM)
    except NotFoundError:
        await jetstream.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[SUBJECTS],
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_age=MAX_AGE_SECONDS,
                duplicate_window=DUPLICATE_WINDOW_SECONDS,
                max_msg_size=MAX_MESSAGE_BYTES,
                num_replicas=replicas,
                allow_direct=True,
                deny_delete=True,
            )
        )


async def is_stored(jetstream: JetStreamContext, seq: int, msg_id: UUID) -> bool:
    """Whether the message at a sequence of the stream is this event. Raises nats.errors.Error while JetStream
    is away.
    """
    try:
        message = await jetstream.get_msg(STREAM, seq, direct=True)
    except NotFoundError:
        return False
    return (message.headers or {}).get(ID) == str(msg_id)
