"""The channel `inventory`: its past from the outbox, and its state at a position."""

from uuid import UUID

from fynlo.realtime.v1 import channel_source_service_pb2 as pb
from fynlo.realtime.v1 import realtime_pb2
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceServicer

from chassis import replay
from chassis.db import Database
from chassis.errors import NotFound
from chassis.ids import parse_id
from services.catalog import wire
from services.catalog.rpc import named_tenant
from services.catalog.store import stock as stock_store
from services.catalog.usecases.levels import CHANNEL

DEFAULT_EVENTS = 500

_OUTCOMES = {
    replay.ReplayOutcome.EVENTS: pb.REPLAY_OUTCOME_EVENTS,
    replay.ReplayOutcome.TOO_OLD: pb.REPLAY_OUTCOME_TOO_OLD,
    replay.ReplayOutcome.EPOCH_MISMATCH: pb.REPLAY_OUTCOME_EPOCH_CHANGED,
}


class UnknownChannel(NotFound):
    """The catalog owns the channel inventory and no other."""


class CatalogChannels(ChannelSourceServiceServicer):
    """What realtime asks the owner of a channel."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ReplayChannel(  # noqa: N802
        self, request: pb.ReplayChannelRequest, context: object
    ) -> pb.ReplayChannelResponse:
        """Events after a position, without a gap."""
        _check_channel(request.channel)
        tenant: UUID = parse_id(request.restaurant_id)
        page = await replay.replay(
            self._db,
            tenant,
            request.channel,
            request.epoch,
            request.from_seq,
            request.limit or DEFAULT_EVENTS,
        )
        return pb.ReplayChannelResponse(
            outcome=_OUTCOMES[page.outcome],
            epoch=page.epoch,
            head_seq=page.head_seq,
            events=[
                realtime_pb2.ChannelEvent(
                    seq=event.seq,
                    type=event.type,
                    payload=event.payload,
                    message_id=str(event.msg_id),
                    command_id=event.command_id or "",
                    occurred_at=wire.timestamp(event.created_at),
                )
                for event in page.events
            ],
        )

    async def GetSnapshot(  # noqa: N802
        self, request: pb.GetSnapshotRequest, context: object
    ) -> pb.GetSnapshotResponse:
        """Levels of all counted items and the position at which they hold."""
        _check_channel(request.channel)
        tenant = named_tenant(request.restaurant_id)
        async with self._db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
            epoch, seq = await replay.position(tx, CHANNEL)
            levels = await stock_store.levels(tx)
        state = realtime_pb2.InventoryState(levels=[wire.level_message(level) for level in levels])
        return pb.GetSnapshotResponse(epoch=epoch, seq=seq, inventory=state)


def _check_channel(name: str) -> None:
    if name != CHANNEL:
        raise UnknownChannel(f"The catalog has no channel {name!r}.")
