"""The composition root of payments, the same for production and tests."""

from fynlo.payments.v1.payments_service_pb2_grpc import (
    add_PaymentsServiceServicer_to_server,
    add_TillServiceServicer_to_server,
)
from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server

from chassis.clock import Clock
from chassis.process.composition import open_service
from chassis.process.runtime import Service
from services.payments.consumers import handlers
from services.payments.peers import GrpcPeers
from services.payments.rpc.payment import PaymentsRpc
from services.payments.rpc.till import ChannelRpc, TillRpc
from services.payments.settings import PaymentsSettings


async def build(settings: PaymentsSettings, clock: Clock | None = None) -> Service:
    """The service, connected and ready to start. Raises Unavailable."""
    payments = await open_service(settings, clock)
    db, trust = payments.db, payments.trust
    peers = GrpcPeers(payments.channel("orders"), payments.channel("auth"))
    payments.serve(add_PaymentsServiceServicer_to_server, PaymentsRpc(db, peers, trust))
    payments.serve(add_TillServiceServicer_to_server, TillRpc(db, peers, trust))
    payments.serve(add_ChannelSourceServiceServicer_to_server, ChannelRpc(db))
    payments.consume(handlers(db))
    return payments.service
