"""Snapshots for the socket's channels."""

from functools import partial

import orjson
from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotRequest
from fynlo_json.realtime import get_snapshot_response
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import NotFound
from chassis.messaging.channels import CHANNELS, ChannelSpec, split_name
from gateway.bodies import JSON
from gateway.known import Known
from gateway.plain import Route
from gateway.services import Services

SNAPSHOT_FRESH_SECONDS = 1.0
"""One read of a channel's state serves all devices that ask meanwhile: a kitchen coming back."""


async def _read(services: Services, name: str, channel: ChannelSpec) -> bytes:
    source = services.source_of(channel)
    reply = await source.GetSnapshot(GetSnapshotRequest(channel=channel.name))
    return orjson.dumps({"ch": name} | get_snapshot_response(reply))


async def get_snapshot(request: Request, route: Route) -> Response:
    """State and position of one transaction: subscribe with that position and nothing is missed."""
    call = await route.enter(request)
    assert call.principal is not None
    asked: GetSnapshotRequest = await route.asked(call)
    restaurant_id, named = str(call.principal.tenant), split_name(asked.channel)
    if named is None or named[0] != restaurant_id:
        raise NotFound("there is no such channel here", reason="CHANNEL_NOT_FOUND")
    channel = CHANNELS[named[1]]
    call.principal.require(channel.permission)
    name, snapshots = asked.channel, call.gateway.snapshots
    asked_now = Known(partial(_read, call.services, name, channel), SNAPSHOT_FRESH_SECONDS)
    return call.mark(Response(await snapshots.setdefault(name, asked_now).get(), media_type=JSON))
