"""ChannelSourceService: the channels orders, kitchen, floor and metrics."""

from uuid import UUID

from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse

from chassis.messaging.channel_source import ChannelSource
from services.orders.usecases import reading
from services.orders.usecases.work import Dependencies


class ChannelsRpc(ChannelSource):
    """What a device missed, and the state to begin with."""

    def __init__(self, deps: Dependencies) -> None:
        super().__init__(deps.db)
        self._deps = deps

    async def snapshot(self, tenant: UUID, channel: str) -> GetSnapshotResponse:
        """Open orders and the newest closed ones, tickets and stations, or the figures of the day."""
        return await reading.get_snapshot(self._deps, tenant, channel)
