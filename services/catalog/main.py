"""The composition root of the catalog, the same for production and tests."""

from fynlo.catalog.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server

from chassis.auth import ServiceIdentity
from chassis.bus import bus_of
from chassis.clock import Clock, SystemClock
from chassis.db import Database
from chassis.inbox import Consumer
from chassis.parked_rpc import consume
from chassis.refusals import into, write_refusals
from chassis.relay import OutboxRelay
from chassis.rpc import Channel, RpcServer, channel_credentials, open_channel
from chassis.runtime import Service
from chassis.trust import follow_auth
from services.catalog.channels import CatalogChannels
from services.catalog.consumers import CatalogConsumers
from services.catalog.peers import AuthPeer, OrdersPeer
from services.catalog.rpc import CatalogRpc
from services.catalog.settings import CatalogSettings
from services.catalog.sweeper import HoldSweeper


async def build(settings: CatalogSettings, clock: Clock | None = None) -> Service:
    """The service, connected and ready to start. Raises Unavailable where a dependency does not come up."""
    service, clock = Service(settings), clock or SystemClock()
    identity = ServiceIdentity.of(settings, clock)
    db = await service.wait_for("postgres", lambda: _database(settings, clock))
    service.on_stop("postgres", db.close)
    bus = await service.wait_for("nats", lambda: bus_of(settings))
    service.on_stop("nats", bus.drain)

    def peer(name: str, address: str) -> Channel:
        channel = open_channel(
            address, peer=name, identity=identity, credentials=channel_credentials(settings)
        )
        service.on_stop(name, channel.close)
        return channel

    auth_channel = peer("auth", settings.auth_address)
    trust = await follow_auth(service, auth_channel, bus, clock)
    rpc = RpcServer(
        settings,
        verifier=trust.verifier,
        revocations=trust.revocations,
        identity=identity,
        clock=clock,
    )
    rpc.add(add_CatalogServiceServicer_to_server, CatalogRpc(db, AuthPeer(auth_channel).restaurant))
    rpc.add(add_ChannelSourceServiceServicer_to_server, CatalogChannels(db))
    service.serve(rpc)
    write_refusals(service, rpc.refusals, into(db))
    orders = OrdersPeer(peer("orders", settings.orders_address))
    service.add_background("relay", OutboxRelay(db, bus, clock).run)
    handlers = CatalogConsumers(clock).handlers()
    consume(service, rpc, Consumer(db, bus, durable="catalog", handlers=handlers))
    service.add_background("hold sweeper", HoldSweeper(db, orders.order).run)
    service.ready_check("postgres", lambda: _reachable(db))
    return service


async def _database(settings: CatalogSettings, clock: Clock) -> Database:
    pool = settings.database_pool_size
    return await Database.connect(settings.database_url, schema="catalog", clock=clock, pool_size=pool)


async def _reachable(db: Database) -> None:
    async with db.transaction(None, readonly=True) as tx:
        await tx.fetchval("SELECT 1")
