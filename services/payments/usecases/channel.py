"""What the channel ``tills`` shows to a device that has nothing yet."""

from uuid import UUID

from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2

from chassis.db import Database
from chassis.messaging.replay import position
from services.payments import store, wire

SNAPSHOT_MAX_SESSIONS = 500
"""More tills than any restaurant has; beyond it a snapshot would not fit a frame."""


async def tills_snapshot(
    db: Database, restaurant_id: UUID, channel: str
) -> channel_source_api.GetSnapshotResponse:
    """Sessions that are not closed, and the position on the channel that they stand for."""
    async with db.transaction(restaurant_id, isolation="repeatable_read", readonly=True) as tx:
        epoch, seq = await position(tx, channel)
        sessions = await store.open_sessions(tx, SNAPSHOT_MAX_SESSIONS)
    state = realtime_pb2.TillsState(sessions=[wire.till_session(session) for session in sessions])
    return channel_source_api.GetSnapshotResponse(epoch=epoch, seq=seq, tills=state)
