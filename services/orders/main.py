"""The composition root: the same for production and tests."""

from fynlo.orders.v1.checks_service_pb2_grpc import add_ChecksServiceServicer_to_server
from fynlo.orders.v1.customers_service_pb2_grpc import add_CustomersServiceServicer_to_server
from fynlo.orders.v1.discounts_service_pb2_grpc import add_DiscountsServiceServicer_to_server
from fynlo.orders.v1.documents_service_pb2_grpc import add_DocumentsServiceServicer_to_server
from fynlo.orders.v1.floor_service_pb2_grpc import add_FloorServiceServicer_to_server
from fynlo.orders.v1.kitchen_service_pb2_grpc import add_KitchenBoardServiceServicer_to_server
from fynlo.orders.v1.lines_service_pb2_grpc import add_LinesServiceServicer_to_server
from fynlo.orders.v1.orders_service_pb2_grpc import (
    add_KitchenServiceServicer_to_server,
    add_OrdersServiceServicer_to_server,
)
from fynlo.orders.v1.printing_service_pb2_grpc import add_PrintingServiceServicer_to_server
from fynlo.orders.v1.slots_service_pb2_grpc import add_SlotsServiceServicer_to_server
from fynlo.orders.v1.transfers_service_pb2_grpc import add_TransfersServiceServicer_to_server
from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server

from chassis.process.composition import open_service
from chassis.process.runtime import Service
from services.orders.consumers import handlers
from services.orders.peers import GrpcPeers
from services.orders.rpc.board import BoardRpc
from services.orders.rpc.channels import ChannelsRpc
from services.orders.rpc.check import ChecksRpc
from services.orders.rpc.customer import CustomersRpc
from services.orders.rpc.documents import DocumentsRpc
from services.orders.rpc.floor import FloorRpc
from services.orders.rpc.kitchen import KitchenRpc
from services.orders.rpc.line import LinesRpc
from services.orders.rpc.order import OrdersRpc
from services.orders.rpc.printing import PrintingRpc
from services.orders.rpc.promotion import PromotionRpc
from services.orders.rpc.slot import SlotsRpc
from services.orders.rpc.transfer import TransfersRpc
from services.orders.settings import OrdersSettings
from services.orders.usecases.copies import Copies
from services.orders.usecases.day import publish_forever
from services.orders.usecases.housekeeping import housekeep_forever
from services.orders.usecases.order.upkeep import sweep_forever
from services.orders.usecases.ports import Dependencies


async def build(settings: OrdersSettings) -> Service:
    """The service, connected and ready to start. Raises Unavailable."""
    orders = await open_service(settings)
    peers = GrpcPeers(*(orders.channel(peer) for peer in ("auth", "catalog", "payments")))
    deps = Dependencies(orders.db, orders.clock, peers, Copies(orders.db, peers))
    orders.serve(add_OrdersServiceServicer_to_server, OrdersRpc(deps, orders.trust))
    orders.serve(add_LinesServiceServicer_to_server, LinesRpc(deps, orders.trust))
    orders.serve(add_ChecksServiceServicer_to_server, ChecksRpc(deps))
    orders.serve(add_TransfersServiceServicer_to_server, TransfersRpc(deps))
    orders.serve(add_KitchenServiceServicer_to_server, KitchenRpc(deps))
    orders.serve(add_KitchenBoardServiceServicer_to_server, BoardRpc(deps))
    orders.serve(add_FloorServiceServicer_to_server, FloorRpc(deps))
    orders.serve(add_DiscountsServiceServicer_to_server, PromotionRpc(deps, orders.trust))
    orders.serve(add_CustomersServiceServicer_to_server, CustomersRpc(deps))
    orders.serve(add_DocumentsServiceServicer_to_server, DocumentsRpc(deps))
    orders.serve(add_PrintingServiceServicer_to_server, PrintingRpc(deps))
    orders.serve(add_SlotsServiceServicer_to_server, SlotsRpc(deps))
    orders.serve(add_ChannelSourceServiceServicer_to_server, ChannelsRpc(deps))
    orders.consume(handlers(deps))
    orders.service.add_background("sweeper", lambda: sweep_forever(deps))
    orders.service.add_background("housekeeping", lambda: housekeep_forever(deps))
    orders.service.add_background("metrics", lambda: publish_forever(deps))
    return orders.service
