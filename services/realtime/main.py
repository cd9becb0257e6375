"""The composition root of the realtime service, the same for production and for tests."""

from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceStub
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceStub

from chassis.auth import ServiceIdentity
from chassis.bus import bus_of
from chassis.channels import OWNERS
from chassis.clock import Clock, SystemClock
from chassis.refusals import to_auth, write_refusals
from chassis.rpc import Channel, RpcServer, channel_credentials, open_channel
from chassis.runtime import Service
from chassis.trust import follow_auth
from services.realtime.engine import Engine
from services.realtime.feed import Feed
from services.realtime.reports import remember_alarms
from services.realtime.settings import RealtimeSettings
from services.realtime.sources import Sources


async def build(settings: RealtimeSettings) -> Service:
    """The process. Raises Unavailable where NATS does not come."""
    service, _, _ = await assemble(settings, SystemClock())
    return service


async def assemble(settings: RealtimeSettings, clock: Clock) -> tuple[Service, Engine, Feed]:
    """Connects everything; engine and feed are for who wants to look inside."""
    service = Service(settings)
    identity = ServiceIdentity.of(settings, clock)
    bus = await service.wait_for("nats", lambda: bus_of(settings))
    service.on_stop("nats", bus.drain)

    peers = {name: _open(service, settings, identity, name) for name in ("auth", *OWNERS)}
    # Before a device can come: a token that was revoked before this process was there must not be taken.
    trust = await follow_auth(service, peers["auth"], bus, clock)
    sources = Sources(bus, {name: ChannelSourceServiceStub(peers[name]) for name in OWNERS}, clock)
    rpc = RpcServer(
        settings,
        verifier=trust.verifier,
        revocations=trust.revocations,
        identity=identity,
        clock=clock,
    )
    write_refusals(service, rpc.refusals, to_auth(peers["auth"]))
    engine = Engine(
        settings,
        clock,
        bus=bus,
        verifier=trust.verifier,
        revocations=trust.revocations,
        fetch=sources.fetch,
        kitchen=KitchenServiceStub(peers["orders"]),
        refusals=rpc.refusals,
    )
    feed = Feed(bus, engine.take, clock)
    await engine.follow_displays()
    await service.wait_for("the alarms of the day", lambda: remember_alarms(bus, engine.alarms, clock))
    await service.wait_for("the newest events", feed.start)

    await engine.sockets.start()

    service.serve(rpc)
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
