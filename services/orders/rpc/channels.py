"""ChannelSourceService: the channels orders, kitchen, floor and metrics."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.realtime.v1 import channel_source_service_pb2 as pb
from fynlo.realtime.v1 import realtime_pb2
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceServicer

from chassis.replay import ReplayedEvent, ReplayOutcome, replay
from services.orders.rpc.asking import Context, tenant_of
from services.orders.usecases import reading
from services.orders.usecases.work import Shop
from services.orders.wire.orders import timestamp

DEFAULT_LIMIT = 500

OUTCOMES = {
    ReplayOutcome.EVENTS: pb.REPLAY_OUTCOME_EVENTS,
    ReplayOutcome.TOO_OLD: pb.REPLAY_OUTCOME_TOO_OLD,
    ReplayOutcome.EPOCH_MISMATCH: pb.REPLAY_OUTCOME_EPOCH_CHANGED,
}


class ChannelsRpc(ChannelSourceServiceServicer):
    """What a device missed, and the state to begin with."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def ReplayChannel(
        self, request: pb.ReplayChannelRequest, context: Context
    ) -> pb.ReplayChannelResponse:
        tenant, limit = UUID(request.restaurant_id), request.limit or DEFAULT_LIMIT
        page = await replay(self._shop.db, tenant, request.channel, request.epoch, request.from_seq, limit)
        return pb.ReplayChannelResponse(
            outcome=OUTCOMES[page.outcome],
            epoch=page.epoch,
            head_seq=page.head_seq,
            events=[_event(event) for event in page.events],
        )

    async def GetSnapshot(self, request: pb.GetSnapshotRequest, context: Context) -> pb.GetSnapshotResponse:
        return await reading.get_snapshot(self._shop, tenant_of(request.restaurant_id), request.channel)


def _event(event: ReplayedEvent) -> realtime_pb2.ChannelEvent:
    return realtime_pb2.ChannelEvent(
        seq=event.seq,
        type=event.type,
        payload=event.payload,
        message_id=str(event.msg_id),
        command_id=event.command_id or "",
        occurred_at=timestamp(event.created_at),
    )
