"""The composition root: the same for production and tests."""

from fynlo.orders.v1.orders_service_pb2_grpc import (
    add_KitchenServiceServicer_to_server,
    add_OrdersServiceServicer_to_server,
)
from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server

from chassis.auth import ServiceIdentity
from chassis.bus import bus_of
from chassis.clock import SystemClock
from chassis.db import Database
from chassis.inbox import Consumer
from chassis.parked_rpc import consume
from chassis.refusals import into, write_refusals
from chassis.relay import OutboxRelay
from chassis.rpc import Channel, RpcServer, channel_credentials, open_channel
from chassis.runtime import Service
from chassis.trust import follow_auth
from services.orders.consumers import handlers
from services.orders.peers import GrpcPeers
from services.orders.rpc import ChannelsRpc, KitchenRpc, OrdersRpc
from services.orders.settings import OrdersSettings
from services.orders.usecases import figures, upkeep
from services.orders.usecases.copies import Copies
from services.orders.usecases.work import Shop


async def build(settings: OrdersSettings) -> Service:
    """The service, connected and ready to start."""
    service, clock = Service(settings), SystemClock()
    identity = ServiceIdentity.of(settings, clock)
    db = await service.wait_for("postgres", lambda: _database(settings, clock))
    service.on_stop("postgres", db.close)
    bus = await service.wait_for("nats", lambda: bus_of(settings))
    service.on_stop("nats", bus.drain)

    def to(peer: str, address: str) -> Channel:
        credentials = channel_credentials(settings)
        channel = open_channel(address, peer=peer, identity=identity, credentials=credentials)
        service.on_stop(peer, channel.close)
        return channel

    auth = to("auth", settings.auth_address)
    trust = await follow_auth(service, auth, bus, clock)
    peers = GrpcPeers(
        auth,
        to("catalog", settings.catalog_address),
        to("payments", settings.payments_address),
    )
    shop = Shop(db, clock, peers, Copies(db, peers))
    rpc = RpcServer(
        settings,
        verifier=trust.verifier,
        revocations=trust.revocations,
        identity=identity,
        clock=clock,
    )
    rpc.add(add_OrdersServiceServicer_to_server, OrdersRpc(shop))
    rpc.add(add_KitchenServiceServicer_to_server, KitchenRpc(shop))
    rpc.add(add_ChannelSourceServiceServicer_to_server, ChannelsRpc(shop))
    service.serve(rpc)
    write_refusals(service, rpc.refusals, into(db))
    service.add_background("relay", OutboxRelay(db, bus, clock).run)
    consume(service, rpc, Consumer(db, bus, durable="orders", handlers=handlers(shop)))
    service.add_background("sweeper", lambda: upkeep.sweep_forever(shop))
    service.add_background("metrics", lambda: figures.publish_forever(shop))
    service.ready_check("postgres", lambda: _reachable(db))
    return service


async def _database(settings: OrdersSettings, clock: SystemClock) -> Database:
    pool = settings.database_pool_size
    return await Database.connect(settings.database_url, schema="orders", clock=clock, pool_size=pool)


async def _reachable(db: Database) -> None:
    async with db.transaction(None, readonly=True) as tx:
        await tx.fetchval("SELECT 1")
