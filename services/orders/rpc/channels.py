"""ChannelSourceService: the channels orders, kitchen, floor and metrics."""

from uuid import UUID

from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse

from chassis.messaging.channel_source import ChannelSource
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.snapshot import get_snapshot
from services.orders.wire.snapshot import snapshot_message


class ChannelsRpc(ChannelSource):
    """What a device missed, and the state to begin with."""

    def __init__(self, deps: Dependencies) -> None:
        super().__init__(deps.db)
        self._deps = deps

    async def snapshot(self, tenant: UUID, channel: str) -> GetSnapshotResponse:
        """Open orders and the newest closed ones, tickets and stations, or the figures of the day."""
        return snapshot_message(await get_snapshot(self._deps, tenant, channel))
