"""Snapshots for the socket's channels."""

import asyncio
import time
from collections import OrderedDict

import orjson
from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotRequest
from fynlo_json.realtime import get_snapshot_response
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import InvalidArgument, NotFound
from chassis.messaging.channels import CHANNELS, ChannelSpec, channel_name
from gateway.calls import JSON, Call
from gateway.plain import Route

SNAPSHOT_FRESH_SECONDS = 1.0
SNAPSHOTS_MAX = 500


class SnapshotCache:
    """One read of a channel's state serves all devices that ask within the second (a kitchen coming back)."""

    def __init__(self) -> None:
        self._running: OrderedDict[str, tuple[float, asyncio.Task[bytes]]] = OrderedDict()

    async def get(self, call: Call, restaurant_id: str, channel: ChannelSpec) -> bytes:
        """The rendered snapshot. A failure is not kept."""
        name = channel_name(restaurant_id, channel.name)
        started, task = self._running.get(name, (float("-inf"), None))
        if task is None or time.monotonic() - started > SNAPSHOT_FRESH_SECONDS or _failed(task):
            task = asyncio.create_task(_read(call, name, channel))
            self._running[name] = (time.monotonic(), task)
            self._running.move_to_end(name)
            while len(self._running) > SNAPSHOTS_MAX:
                self._running.popitem(last=False)
        return await asyncio.shield(task)


def _failed(task: asyncio.Task[bytes]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def _read(call: Call, name: str, channel: ChannelSpec) -> bytes:
    source = call.services.source_of(channel)
    reply = await source.GetSnapshot(GetSnapshotRequest(channel=channel.name))
    return orjson.dumps({"ch": name} | get_snapshot_response(reply))


async def get_snapshot(request: Request, route: Route) -> Response:
    """State and position of one transaction: subscribe with that position and nothing is missed."""
    async with route.enter(request) as call:
        assert call.principal is not None
        parts = request.query_params.get("ch", "").split(":")
        if len(parts) != 3 or parts[0] != "restaurant":
            raise InvalidArgument("ch is restaurant:<id>:<channel>", reason="INVALID_QUERY")
        restaurant_id = str(call.principal.tenant)
        channel = CHANNELS.get(parts[2])
        if parts[1] != restaurant_id or channel is None:
            raise NotFound("there is no such channel here", reason="CHANNEL_NOT_FOUND")
        call.principal.require(channel.permission)
        cache: SnapshotCache = call.gateway.caches["snapshots"]
        body = await cache.get(call, restaurant_id, channel)
        return call.mark(Response(body, media_type=JSON))
