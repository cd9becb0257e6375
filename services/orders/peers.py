"""The other services, over gRPC."""

import asyncio
from collections.abc import Iterator, Sequence
from uuid import UUID

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub

from chassis.errors import Conflict, Unavailable
from chassis.rpc import Channel, acting_for, refusal_of, remaining_seconds
from chassis.rpc.call import BACKGROUND_SECONDS
from services.orders.domain.errors import MoneyOnBill
from services.orders.domain.menu import MenuNews
from services.orders.domain.order.order import Line
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.wire.menu import news_in
from services.orders.wire.restaurant import restaurant_in

CLOSE_BILL_ATTEMPTS = 5
CLOSE_BILL_AGAIN_SECONDS = 0.05
"""The first pause of CloseBill's attempts; each further one is twice as long."""
BILL_HAS_MONEY = refusal_of("fynlo.payments.v1.PaymentsService", "CloseBill", "BILL_HAS_MONEY")


class GrpcPeers:
    """Implements usecases.ports.Peers. Requests to catalog and payments are idempotent by the order's id."""

    def __init__(self, auth: Channel, catalog: Channel, payments: Channel) -> None:
        self._auth = AuthServiceStub(auth)
        self._catalog = CatalogServiceStub(catalog)
        self._payments = PaymentsServiceStub(payments)

    async def restaurant(self, tenant: UUID) -> RestaurantCopy:
        """Asked as this service: whoever places an order need not be able to read settings."""
        with acting_for(tenant, budget_seconds=_budget()):
            request = auth_api.GetRestaurantRequest(restaurant_id=str(tenant))
            return restaurant_in((await self._auth.GetRestaurant(request)).restaurant.settings)

    async def menu(self, tenant: UUID, since_version: int) -> MenuNews:
        """Asked as this service, as the copy serves everybody."""
        with acting_for(tenant, budget_seconds=_budget()):
            request = catalog_api.GetMenuRequest(since_version=since_version, restaurant_id=str(tenant))
            return news_in(await self._catalog.GetMenu(request))

    async def reserve_stock(self, order_id: UUID, lines: Sequence[Line]) -> None:
        """Asked with the caller's own token."""
        request = catalog_api.ReserveStockRequest(
            request_id=f"reserve:{order_id}",
            order_id=str(order_id),
            lines=[each for line in lines for each in _stock_lines(line)],
        )
        await self._catalog.ReserveStock(request)

    async def release_stock(self, order_id: UUID) -> None:
        """Asked with the caller's own token."""
        request = catalog_api.ReleaseStockRequest(request_id=f"release:{order_id}", order_id=str(order_id))
        await self._catalog.ReleaseStock(request)

    async def close_bill(self, tenant: UUID, order_id: UUID) -> None:
        """Asked with the caller's own token, by the sweeper as this service. Raises MoneyOnBill, Unavailable.

        A bill that another request closes, or pays, at this moment is asked for again.
        """
        request = payments_api.CloseBillRequest(
            request_id=f"cancel:{order_id}", order_id=str(order_id), restaurant_id=str(tenant)
        )
        for attempt in range(CLOSE_BILL_ATTEMPTS):
            try:
                await self._payments.CloseBill(request)
                return
            except Conflict as refusal:
                if refusal.reason == BILL_HAS_MONEY:
                    raise MoneyOnBill(refusal.detail) from refusal
                # Another request closes, or pays, this bill at the moment.
                busy = refusal
            await asyncio.sleep(CLOSE_BILL_AGAIN_SECONDS * 2**attempt)
        raise Unavailable("The bill is in use; try again.", reason="BILL_BUSY") from busy


def _stock_lines(line: Line) -> Iterator[catalog_pb2.StockLine]:
    """The units of the item itself where they are counted, and those of others that the line takes."""
    if line.stock_tracked:
        yield catalog_pb2.StockLine(line_id=str(line.id), item_id=str(line.item_id), quantity=line.quantity)
    for use in line.stock_uses:
        units = use.quantity * line.quantity
        yield catalog_pb2.StockLine(line_id=str(use.id), item_id=str(use.item_id), quantity=units)


def _budget() -> float:
    left = remaining_seconds()
    return BACKGROUND_SECONDS if left is None else max(0.0, min(left, BACKGROUND_SECONDS))
