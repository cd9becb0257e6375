"""The channel of tills over gRPC."""
# ruff: noqa: N802 - methods have the names of the contract

from collections.abc import Iterable

from fynlo.realtime.v1 import channel_source_service_pb2 as source_pb
from fynlo.realtime.v1 import channel_source_service_pb2_grpc as source_grpc
from fynlo.realtime.v1 import realtime_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.db import Database
from chassis.errors import NotFound
from chassis.ids import parse_id
from chassis.replay import ReplayedEvent, ReplayOutcome, replay
from chassis.rpc import current_principal
from services.payments import usecases
from services.payments.rpc.callers import Context, restaurant_of
from services.payments.usecases.paying import TILLS_CHANNEL

REPLAY_DEFAULT_EVENTS = 500

_OUTCOME = {
    ReplayOutcome.EVENTS: source_pb.REPLAY_OUTCOME_EVENTS,
    ReplayOutcome.TOO_OLD: source_pb.REPLAY_OUTCOME_TOO_OLD,
    ReplayOutcome.EPOCH_MISMATCH: source_pb.REPLAY_OUTCOME_EPOCH_CHANGED,
}


class ChannelRpc(source_grpc.ChannelSourceServiceServicer):
    """The channel ``tills`` for the realtime service."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ReplayChannel(
        self, request: source_pb.ReplayChannelRequest, context: Context
    ) -> source_pb.ReplayChannelResponse:
        _check_channel(request.channel)
        page = await replay(
            self._db,
            parse_id(request.restaurant_id),
            request.channel,
            request.epoch,
            request.from_seq,
            request.limit or REPLAY_DEFAULT_EVENTS,
        )
        return source_pb.ReplayChannelResponse(
            outcome=_OUTCOME[page.outcome],
            epoch=page.epoch,
            head_seq=page.head_seq,
            events=_channel_events(page.events),
        )

    async def GetSnapshot(
        self, request: source_pb.GetSnapshotRequest, context: Context
    ) -> source_pb.GetSnapshotResponse:
        _check_channel(request.channel)
        restaurant_id = restaurant_of(current_principal(), request.restaurant_id)
        return await usecases.tills_snapshot(self._db, restaurant_id)


def _channel_events(events: Iterable[ReplayedEvent]) -> list[realtime_pb2.ChannelEvent]:
    made = []
    for event in events:
        occurred_at = Timestamp()
        occurred_at.FromDatetime(event.created_at)
        made.append(
            realtime_pb2.ChannelEvent(
                seq=event.seq,
                type=event.type,
                payload=event.payload,
                message_id=str(event.msg_id),
                command_id=event.command_id or "",
                occurred_at=occurred_at,
            )
        )
    return made


def _check_channel(channel: str) -> None:
    if channel != TILLS_CHANNEL:
        raise NotFound(f"Payments have no channel {channel}.", reason="CHANNEL_NOT_FOUND")
