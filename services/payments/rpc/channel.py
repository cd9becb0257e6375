"""The channel of tills over gRPC."""

from uuid import UUID

from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse

from chassis.messaging.channel_source import ChannelSource
from services.payments import usecases


class ChannelRpc(ChannelSource):
    """The channel ``tills`` for the realtime service."""

    async def snapshot(self, tenant: UUID, channel: str) -> GetSnapshotResponse:
        """Sessions that are not closed."""
        return await usecases.tills_snapshot(self._db, tenant, channel)
