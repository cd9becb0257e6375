"""The composition root of the realtime service, the same for production and for tests."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fynlo.auth.v1.auth_service_pb2 import GetJwksRequest, ListRevocationsRequest
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceStub
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceStub

from chassis.auth import Revocation, Revocations, ServiceIdentity, TokenVerifier
from chassis.auth.revocations import follow_revocations, keep_warm
from chassis.bus import open_nats
from chassis.clock import Clock, SystemClock
from chassis.rpc import Channel, RpcServer, channel_credentials, open_channel
from chassis.runtime import Service
from services.realtime.engine import Engine
from services.realtime.feed import Feed
from services.realtime.reports import remember_alarms
from services.realtime.settings import RealtimeSettings
from services.realtime.sources import Sources
from services.realtime.wire import REVOKED_SUBJECT, parse_revoked, revocations_of

if TYPE_CHECKING:
    from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceAsyncStub

OWNERS = ("orders", "catalog", "staff", "payments")


async def build(settings: RealtimeSettings) -> Service:
    """The process. Raises Unavailable where NATS does not come."""
    service, _, _ = await assemble(settings, SystemClock())
    return service


async def assemble(settings: RealtimeSettings, clock: Clock) -> tuple[Service, Engine, Feed]:
    """Connects everything; engine and feed are for who wants to look inside."""
    service = Service(settings)
    identity = ServiceIdentity.of(settings, clock)
    bus = await service.wait_for("nats", lambda: open_nats(settings.nats_url, name="realtime"))
    service.on_stop("nats", bus.drain)

    peers = {name: _open(service, settings, identity, name) for name in ("auth", *OWNERS)}
    auth: AuthServiceAsyncStub = AuthServiceStub(peers["auth"])

    async def fetch_keys() -> dict[str, Any]:
        return dict(json.loads((await auth.GetJwks(GetJwksRequest())).jwks_json))

    async def list_revocations() -> Iterable[Revocation]:
        return revocations_of((await auth.ListRevocations(ListRevocationsRequest())).revocations)

    verifier, revocations = TokenVerifier(fetch_keys, clock), Revocations(clock)
    await follow_revocations(bus, REVOKED_SUBJECT, parse_revoked, revocations)
    sources = Sources(bus, {name: ChannelSourceServiceStub(peers[name]) for name in OWNERS}, clock)
    engine = Engine(
        settings,
        clock,
        bus=bus,
        verifier=verifier,
        revocations=revocations,
        fetch=sources.fetch,
        kitchen=KitchenServiceStub(peers["orders"]),
    )
    feed = Feed(bus, engine.take, clock)
    await engine.follow_displays()
    await service.wait_for("the alarms of the day", lambda: remember_alarms(bus, engine.alarms, clock))
    await service.wait_for("the newest events", feed.start)

    async def know_what_was_revoked() -> None:
        # Waits for the connection instead of asking again and again: auth may start beside us.
        await peers["auth"].channel_ready()
        for revocation in await list_revocations():
            revocations.apply(revocation)

    # Before a device can come: a token that was revoked before this process was there must not be taken.
    await service.wait_for("auth", know_what_was_revoked)
    await engine.sockets.start()

    service.serve(RpcServer(settings, verifier=verifier, identity=identity, clock=clock))
    service.add_background("revocations", lambda: keep_warm(list_revocations, revocations))
    service.add_background("feed", feed.run)
    service.add_background("ticks", engine.tick_forever)
    service.on_stop("sockets", engine.stop)
    service.on_drain("sockets", engine.drain)
    return service, engine, feed


def _open(service: Service, settings: RealtimeSettings, identity: ServiceIdentity, peer: str) -> Channel:
    address = getattr(settings, f"{peer}_address")
    channel = open_channel(address, peer=peer, identity=identity, credentials=channel_credentials(settings))
    service.on_stop(peer, channel.close)
    return channel
