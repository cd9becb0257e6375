"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.realtime.v1.
"""

from typing import Final

from fynlo.realtime.v1 import channel_source_service_pb2

from gateway.calls import Call
from gateway.plain import Route


def _get_snapshot(call: Call, body: None) -> channel_source_service_pb2.GetSnapshotRequest:
    return channel_source_service_pb2.GetSnapshotRequest(channel=call.form("ch", "^restaurant:[^:]*:[^:]*$"))


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        verb="GET",
        path="/api/v2/realtime/snapshot",
        service="fynlo.realtime.v1.ChannelSourceService",
        name="GetSnapshot",
        request=_get_snapshot,
        answer=None,
        permission="realtime.subscribe",
        reads=True,
    ),
)
