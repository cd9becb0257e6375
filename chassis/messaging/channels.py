"""The channels of a restaurant and the events that go on them, as the contract declares them.

Read from the descriptors once, when this module is imported: owners serve what is declared as theirs, the
outbox gives an event its positions, realtime and the gateway know whom to ask and what a token must permit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fynlo.common.v1 import channels_pb2
from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

SUBSCRIBE: Final = "realtime.subscribe"
"""What a token must permit to read any channel, beside the channel's own permission."""
EVENT_TYPES_MAX: Final = 512


class Mode(StrEnum):
    """Whether a slow reader may be given only the newest event of each key."""

    STREAM = "stream"
    KEYED = "keyed"


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """What all channels of one name have in common."""

    name: str
    owner: str
    """The service that numbers its events, keeps its past and answers its snapshot."""
    permission: str
    mode: Mode
    replay_max: int
    """Events; who has missed more takes a snapshot."""
    acknowledged: bool
    """Whether kitchen displays say what they have stored of it."""


def _declared() -> Mapping[str, ChannelSpec]:
    states = GetSnapshotResponse.DESCRIPTOR.oneofs_by_name["state"]
    return MappingProxyType(
        {
            field.name: _spec(field.name, field.GetOptions().Extensions[channels_pb2.channel])
            for field in states.fields
        }
    )


def _spec(name: str, of: channels_pb2.Channel) -> ChannelSpec:
    mode = Mode(channels_pb2.ChannelMode.Name(of.mode).removeprefix("CHANNEL_MODE_").lower())
    return ChannelSpec(name, of.owner, of.permission, mode, of.replay_events_max, of.acknowledged)


CHANNELS: Final = _declared()
"""By short name (``kitchen``), in the order of the contract."""
OWNERS: Final = tuple(sorted({spec.owner for spec in CHANNELS.values()}))
"""Services that own channels."""


def channel_name(restaurant_id: str, short: str) -> str:
    """``restaurant:<id>:kitchen``, what devices call a channel."""
    return f"restaurant:{restaurant_id}:{short}"


def split_name(channel: str) -> tuple[str, str] | None:
    """``restaurant:<id>:kitchen`` -> (id, "kitchen"). None for anything else."""
    parts = channel.split(":")
    if len(parts) != 3 or parts[0] != "restaurant" or parts[2] not in CHANNELS:
        return None
    return parts[1], parts[2]


@lru_cache(maxsize=64)
def owned_by(service: str) -> frozenset[str]:
    """Short names of the channels of a service."""
    return frozenset(spec.name for spec in CHANNELS.values() if spec.owner == service)


def channels_of(event: Message) -> tuple[str, ...]:
    """The channels on which this event takes a position, in the order of the contract; none for most."""
    return tuple(name for name, field in shown_on(event.DESCRIPTOR) if not field or _holds(event, field))


@lru_cache(maxsize=EVENT_TYPES_MAX)
def shown_on(event: Descriptor) -> tuple[tuple[str, str], ...]:
    """What a type of event declares: channels, each with the field that must hold something, or ""."""
    return tuple((one.name, one.only_with) for one in event.GetOptions().Extensions[channels_pb2.channels])


def _holds(event: Message, field: str) -> bool:
    return any(listed.name == field for listed, _ in event.ListFields())
