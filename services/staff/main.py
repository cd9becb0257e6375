"""The composition root of staff, the same for production and tests."""

from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server
from fynlo.staff.v1.staff_service_pb2_grpc import add_StaffServiceServicer_to_server

from chassis.auth import ServiceIdentity
from chassis.bus import bus_of
from chassis.clock import SystemClock
from chassis.db import Database
from chassis.inbox import Consumer
from chassis.parked_rpc import consume
from chassis.refusals import into, write_refusals
from chassis.relay import OutboxRelay
from chassis.rpc import RpcServer, channel_credentials, open_channel
from chassis.runtime import Service
from chassis.trust import follow_auth
from services.staff.consumers import HANDLERS
from services.staff.peers import AuthPeer
from services.staff.rpc import StaffChannels, StaffRpc
from services.staff.settings import StaffSettings


async def build(settings: StaffSettings) -> Service:
    """The service, connected and ready to start. Raises Unavailable."""
    service, clock = Service(settings), SystemClock()
    identity = ServiceIdentity.of(settings, clock)
    db = await service.wait_for(
        "postgres",
        lambda: Database.connect(
            settings.database_url, schema="staff", clock=clock, pool_size=settings.database_pool_size
        ),
    )
    service.on_stop("postgres", db.close)
    bus = await service.wait_for("nats", lambda: bus_of(settings))
    service.on_stop("nats", bus.drain)
    credentials = channel_credentials(settings)
    channel = open_channel(settings.auth_address, peer="auth", identity=identity, credentials=credentials)
    service.on_stop("auth", channel.close)
    trust = await follow_auth(service, channel, bus, clock)
    rpc = RpcServer(
        settings,
        verifier=trust.verifier,
        revocations=trust.revocations,
        identity=identity,
        clock=clock,
    )
    rpc.add(add_StaffServiceServicer_to_server, StaffRpc(db, AuthPeer(channel).place))
    rpc.add(add_ChannelSourceServiceServicer_to_server, StaffChannels(db))
    service.serve(rpc)
    write_refusals(service, rpc.refusals, into(db))
    service.add_background("relay", OutboxRelay(db, bus, clock).run)
    consume(service, rpc, Consumer(db, bus, durable="staff", handlers=HANDLERS))
    service.ready_check("postgres", lambda: _reachable(db))
    return service


async def _reachable(db: Database) -> None:
    async with db.transaction(None, readonly=True) as tx:
        await tx.fetchval("SELECT 1")
