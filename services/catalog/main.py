"""The composition root of the catalog, the same for production and tests."""

from fynlo.catalog.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from fynlo.catalog.v1.images_service_pb2_grpc import add_ImageServiceServicer_to_server
from fynlo.catalog.v1.menu_hours_service_pb2_grpc import add_MenuHoursServiceServicer_to_server
from fynlo.catalog.v1.stock_service_pb2_grpc import add_StockServiceServicer_to_server
from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server

from chassis.clock import Clock
from chassis.process.composition import open_service
from chassis.process.runtime import Service
from services.catalog.consumers import handlers
from services.catalog.image_sweeper import ImageSweeper
from services.catalog.images.decoding import Decoders
from services.catalog.images.folder import FolderStore
from services.catalog.images.s3 import S3Store
from services.catalog.peers import AuthPeer, OrdersPeer
from services.catalog.rpc.availability import MenuHoursRpc
from services.catalog.rpc.image import ImageServiceRpc
from services.catalog.rpc.service import CatalogRpc, StockServiceRpc
from services.catalog.rpc.stock import InventoryChannel
from services.catalog.settings import CatalogSettings
from services.catalog.sweeper import HoldSweeper, ReturnSweeper
from services.catalog.usecases.ports import ImageStore


async def build(settings: CatalogSettings, clock: Clock | None = None) -> Service:
    """The service, connected and ready to start. Raises Unavailable where a dependency does not come up."""
    catalog = await open_service(settings, clock)
    auth, orders = AuthPeer(catalog.channel("auth")), OrdersPeer(catalog.channel("orders"))
    files = store_of(settings)
    catalog.serve(add_CatalogServiceServicer_to_server, CatalogRpc(catalog.db, auth.restaurant, files))
    catalog.serve(add_MenuHoursServiceServicer_to_server, MenuHoursRpc(catalog.db))
    images = ImageServiceRpc(catalog.db, files, Decoders().render)
    catalog.serve(add_ImageServiceServicer_to_server, images)
    catalog.serve(add_StockServiceServicer_to_server, StockServiceRpc(catalog.db))
    catalog.serve(add_ChannelSourceServiceServicer_to_server, InventoryChannel(catalog.db))
    catalog.consume(handlers(catalog.clock))
    catalog.service.add_background("hold sweeper", HoldSweeper(catalog.db, orders.order).run)
    catalog.service.add_background("return sweeper", ReturnSweeper(catalog.db).run)
    catalog.service.add_background("image sweeper", ImageSweeper(catalog.db, files).run)
    return catalog.service


def store_of(settings: CatalogSettings) -> ImageStore:
    """Where pictures lie."""
    if settings.s3_bucket:
        access, secret = settings.s3_access_key, settings.s3_secret_key
        return S3Store(
            settings.s3_endpoint,
            settings.s3_bucket,
            settings.s3_region,
            access.get_secret_value(),
            secret.get_secret_value(),
            settings.images_address,
        )
    assert settings.images_dir is not None
    return FolderStore(settings.images_dir, settings.images_secret.get_secret_value())
