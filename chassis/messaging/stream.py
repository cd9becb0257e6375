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


def all_of(service: str) -> str:
    """Every event that ``service`` publishes, as a subject with wildcards."""
    return f"fynlo.{service}.v1.*.*"


def durable_of(consumer: str, event_type: str) -> str:
    """The durable consumer through which ``consumer`` gets one type of event.

    One for each type, because a filter is part of the subject that makes a consumer only where it is a
    single one: what a service may consume can then be said, and enforced, by the server of the bus.
    """
    return f"{consumer}-{event_type.replace('.', '-')}"


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
    restaurant = sure_restaurant(subject, headers)
    return EventContext(
        msg_id=UUID(headers[ID]),
        type=headers["ce-type"],
        source=f"/services/{service_of(subject)}",
        subject_id=headers["ce-subject"],
        at=datetime.fromisoformat(headers["ce-time"]),
        restaurant_id=None if restaurant == PLATFORM else UUID(restaurant),
        positions=tuple(Position(*position) for position in orjson.loads(headers.get(POSITIONS, "[]"))),
        command_id=headers.get(COMMAND_ID),
        traceparent=headers.get(TRACEPARENT),
        delivery=delivery,
    )


def sure_restaurant(subject: str, headers: Mapping[str, str]) -> str:
    """The last token of ``subject``. Raises ValueError where the headers claim another type.

    Who may publish on a subject is the server's to say; nobody vouches for headers.
    """
    event_type, _, restaurant = subject.rpartition(".")
    if headers["ce-type"] != event_type:
        raise ValueError(f"the headers of an event on {subject} claim that it is {headers['ce-type']}")
    return restaurant


def service_of(subject: str) -> str:
    """Whose event it is that travels on ``subject``."""
    return subject.split(".", 2)[1]


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
