"""Made of the contracts: `make protos FIX=1` writes it anew.

The stubs of all services that devices reach, by their names in the contract.
"""

from typing import Any, Final

from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.auth.v1.people_service_pb2_grpc import PeopleServiceStub
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from fynlo.catalog.v1.images_service_pb2_grpc import ImageServiceStub
from fynlo.catalog.v1.menu_hours_service_pb2_grpc import MenuHoursServiceStub
from fynlo.catalog.v1.stock_service_pb2_grpc import StockServiceStub
from fynlo.operations.v1.parked_events_service_pb2_grpc import ParkedEventsServiceStub
from fynlo.orders.v1.checks_service_pb2_grpc import ChecksServiceStub
from fynlo.orders.v1.customers_service_pb2_grpc import CustomersServiceStub
from fynlo.orders.v1.discounts_service_pb2_grpc import DiscountsServiceStub
from fynlo.orders.v1.documents_service_pb2_grpc import DocumentsServiceStub
from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceStub
from fynlo.orders.v1.kitchen_service_pb2_grpc import KitchenBoardServiceStub
from fynlo.orders.v1.lines_service_pb2_grpc import LinesServiceStub
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceStub, OrdersServiceStub
from fynlo.orders.v1.printing_service_pb2_grpc import PrintingServiceStub
from fynlo.orders.v1.slots_service_pb2_grpc import SlotsServiceStub
from fynlo.orders.v1.transfers_service_pb2_grpc import TransfersServiceStub
from fynlo.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub, TillServiceStub
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceStub
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceStub

STUBS: Final[dict[str, Any]] = {
    "fynlo.auth.v1.AuthService": AuthServiceStub,
    "fynlo.auth.v1.PeopleService": PeopleServiceStub,
    "fynlo.catalog.v1.CatalogService": CatalogServiceStub,
    "fynlo.catalog.v1.ImageService": ImageServiceStub,
    "fynlo.catalog.v1.MenuHoursService": MenuHoursServiceStub,
    "fynlo.catalog.v1.StockService": StockServiceStub,
    "fynlo.operations.v1.ParkedEventsService": ParkedEventsServiceStub,
    "fynlo.orders.v1.ChecksService": ChecksServiceStub,
    "fynlo.orders.v1.CustomersService": CustomersServiceStub,
    "fynlo.orders.v1.DiscountsService": DiscountsServiceStub,
    "fynlo.orders.v1.DocumentsService": DocumentsServiceStub,
    "fynlo.orders.v1.FloorService": FloorServiceStub,
    "fynlo.orders.v1.KitchenBoardService": KitchenBoardServiceStub,
    "fynlo.orders.v1.KitchenService": KitchenServiceStub,
    "fynlo.orders.v1.LinesService": LinesServiceStub,
    "fynlo.orders.v1.OrdersService": OrdersServiceStub,
    "fynlo.orders.v1.PrintingService": PrintingServiceStub,
    "fynlo.orders.v1.SlotsService": SlotsServiceStub,
    "fynlo.orders.v1.TransfersService": TransfersServiceStub,
    "fynlo.payments.v1.PaymentsService": PaymentsServiceStub,
    "fynlo.payments.v1.TillService": TillServiceStub,
    "fynlo.realtime.v1.ChannelSourceService": ChannelSourceServiceStub,
    "fynlo.staff.v1.StaffService": StaffServiceStub,
}
