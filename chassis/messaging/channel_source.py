"""What realtime asks the owner of a channel, over gRPC: its past from the outbox, and its state."""

# ruff: noqa: N802 - methods have the names of the contract

from abc import abstractmethod
from uuid import UUID

from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceServicer

from chassis.db import Database
from chassis.errors import NotFound
from chassis.instants import timestamp
from chassis.messaging.channels import owned_by
from chassis.messaging.replay import ReplayedEvent, ReplayOutcome, replay
from chassis.rpc import tenant_named

EVENTS_DEFAULT = 500
"""What a page of a replay holds where the caller names no limit."""

_OUTCOMES = {
    ReplayOutcome.EVENTS: channel_source_api.REPLAY_OUTCOME_EVENTS,
    ReplayOutcome.TOO_OLD: channel_source_api.REPLAY_OUTCOME_TOO_OLD,
    ReplayOutcome.EPOCH_MISMATCH: channel_source_api.REPLAY_OUTCOME_EPOCH_CHANGED,
}


class UnknownChannel(NotFound):
    """Another service owns this channel, or nobody."""


class ChannelSource(ChannelSourceServiceServicer):
    """fynlo.realtime.v1.ChannelSourceService for the channels that are declared as the service's of ``db``.

    An owner says how the state of a channel is read (``snapshot``); its past is in the outbox like any other.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._channels = owned_by(db.schema)

    @abstractmethod
    async def snapshot(self, tenant: UUID, channel: str) -> channel_source_api.GetSnapshotResponse:
        """The state of one of the service's channels and the position at which it holds, of one instant."""

    async def ReplayChannel(
        self, request: channel_source_api.ReplayChannelRequest, context: object
    ) -> channel_source_api.ReplayChannelResponse:
        """Events after a position, without a gap. Raises UnknownChannel."""
        self._check(request.channel)
        tenant, limit = tenant_named(request.restaurant_id), request.limit or EVENTS_DEFAULT
        page = await replay(self._db, tenant, request.channel, request.epoch, request.from_seq, limit)
        return channel_source_api.ReplayChannelResponse(
            outcome=_OUTCOMES[page.outcome],
            epoch=page.epoch,
            head_seq=page.head_seq,
            events=[_event(event) for event in page.events],
        )

    async def GetSnapshot(
        self, request: channel_source_api.GetSnapshotRequest, context: object
    ) -> channel_source_api.GetSnapshotResponse:
        """State and position. Raises UnknownChannel."""
        self._check(request.channel)
        return await self.snapshot(tenant_named(request.restaurant_id), request.channel)

    def _check(self, channel: str) -> None:
        if channel not in self._channels:
            raise UnknownChannel(f"There is no channel {channel!r} here.")


def _event(event: ReplayedEvent) -> realtime_pb2.ChannelEvent:
    return realtime_pb2.ChannelEvent(
        seq=event.seq,
        type=event.type,
        payload=event.payload,
        message_id=str(event.msg_id),
        command_id=event.command_id or "",
        occurred_at=timestamp(event.created_at),
    )
