"""The composition root of the realtime service, the same for production and for tests."""

from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceStub
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceStub

from chassis.clock import Clock, SystemClock
from chassis.messaging.channels import OWNERS
from chassis.process.composition import open_without_database
from chassis.process.runtime import Service
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
    realtime = await open_without_database(settings, clock)
    service, bus = realtime.service, realtime.bus
    sources = Sources(bus, {name: ChannelSourceServiceStub(realtime.channel(name)) for name in OWNERS}, clock)
    engine = Engine(
        settings,
        clock,
        bus=bus,
        verifier=realtime.trust.verifier,
        revocations=realtime.trust.revocations,
        fetch=sources.fetch,
        kitchen=KitchenServiceStub(realtime.channel("orders")),
        refusals=realtime.rpc.refusals,
    )
    feed = Feed(bus, engine.take, clock)
    await engine.follow_displays()
    await service.wait_for("the alarms of the day", lambda: remember_alarms(bus, engine.alarms, clock))
    await service.wait_for("the newest events", feed.start)

    await engine.sockets.start()

    service.add_background("feed", feed.run)
    service.add_background("ticks", engine.tick_forever)
    service.on_stop("sockets", engine.stop)
    service.on_drain("sockets", engine.drain)
    return service, engine, feed
