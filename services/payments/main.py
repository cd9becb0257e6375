"""The composition root of payments, the same for production and tests."""

from fynlo.payments.v1.payments_service_pb2_grpc import (
    add_PaymentsServiceServicer_to_server,
    add_TillServiceServicer_to_server,
)
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    add_ChannelSourceServiceServicer_to_server,
)

from chassis.auth import ServiceIdentity
from chassis.bus import bus_of
from chassis.clock import Clock, SystemClock
from chassis.db import Database
from chassis.inbox import Consumer
from chassis.parked_rpc import consume
from chassis.refusals import into, write_refusals
from chassis.relay import OutboxRelay
from chassis.rpc import RpcServer, channel_credentials, open_channel
from chassis.runtime import Service
from chassis.trust import follow_auth
from services.payments.consumers import handlers
from services.payments.peers import GrpcPeers
from services.payments.rpc import ChannelRpc, PaymentsRpc, TillRpc
from services.payments.settings import PaymentsSettings


async def build(settings: PaymentsSettings, clock: Clock | None = None) -> Service:
    """The service, connected and ready to start. Raises Unavailable."""
    service, clock = Service(settings), clock or SystemClock()
    identity, credentials = ServiceIdentity.of(settings, clock), channel_credentials(settings)
    db = await service.wait_for("postgres", lambda: _database(settings, clock))
    service.on_stop("postgres", db.close)
    bus = await service.wait_for("nats", lambda: bus_of(settings))
    service.on_stop("nats", bus.drain)
    auth = open_channel(settings.auth_address, peer="auth", identity=identity, credentials=credentials)
    orders = open_channel(settings.orders_address, peer="orders", identity=identity, credentials=credentials)
    service.on_stop("auth", auth.close)
    service.on_stop("orders", orders.close)
    trust = await follow_auth(service, auth, bus, clock)
    peers = GrpcPeers(orders, auth)
    rpc = RpcServer(
        settings,
        verifier=trust.verifier,
        revocations=trust.revocations,
        identity=identity,
        clock=clock,
    )
    rpc.add(add_PaymentsServiceServicer_to_server, PaymentsRpc(db, peers, trust))
    rpc.add(add_TillServiceServicer_to_server, TillRpc(db, peers, trust))
    rpc.add(add_ChannelSourceServiceServicer_to_server, ChannelRpc(db))
    service.serve(rpc)
    write_refusals(service, rpc.refusals, into(db))
    service.add_background("relay", OutboxRelay(db, bus, clock).run)
    consume(service, rpc, Consumer(db, bus, durable="payments", handlers=handlers(db)))
    service.ready_check("postgres", lambda: _reachable(db))
    return service


async def _database(settings: PaymentsSettings, clock: Clock) -> Database:
    pool = settings.database_pool_size
    return await Database.connect(settings.database_url, schema="payments", clock=clock, pool_size=pool)


async def _reachable(db: Database) -> None:
    async with db.transaction(None, readonly=True) as tx:
        await tx.fetchval("SELECT 1")
