"""The channel `inventory`: its past from the outbox, and its state at a position."""

from uuid import UUID

from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2

from chassis.messaging.channel_source import ChannelSource
from chassis.messaging.replay import position
from services.catalog import wire
from services.catalog.store import stock as stock_store


class CatalogChannels(ChannelSource):
    """What realtime asks the owner of the channel."""

    async def snapshot(self, tenant: UUID, channel: str) -> channel_source_api.GetSnapshotResponse:
        """Levels of all counted items and the position at which they hold."""
        async with self._db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
            epoch, seq = await position(tx, channel)
            levels = await stock_store.levels(tx)
        state = realtime_pb2.InventoryState(levels=[wire.level_message(level) for level in levels])
        return channel_source_api.GetSnapshotResponse(epoch=epoch, seq=seq, inventory=state)
