"""What orders asks of its peers, answered from memory.

tests/contracts holds each of them against the service that it stands for.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceServicer, add_AuthServiceServicer_to_server
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.catalog_service_pb2_grpc import (
    CatalogServiceServicer,
    add_CatalogServiceServicer_to_server,
)
from fynlo.common.v1 import common_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1.payments_service_pb2_grpc import (
    PaymentsServiceServicer,
    add_PaymentsServiceServicer_to_server,
)

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.idempotency import IdempotencyInFlight
from chassis.errors import Conflict, NotFound, Problem, Unavailable
from chassis.ids import new_id
from chassis.rpc import current_principal
from harness.rpc import TokenMint, serving
from services.orders.peers import GrpcPeers
from services.orders.tests.world import World
from services.orders.usecases.copies import Copies
from services.orders.usecases.ports import Dependencies


class AuthStandIn(AuthServiceServicer):
    """Knows the restaurants that it was told of."""

    def __init__(self) -> None:
        self.settings: dict[UUID, common_pb2.RestaurantSettings] = {}
        self.asked = 0

    async def GetRestaurant(
        self, request: auth_api.GetRestaurantRequest, context: object
    ) -> auth_api.GetRestaurantResponse:
        self.asked += 1
        restaurant_id = UUID(request.restaurant_id)
        settings = self.settings.get(restaurant_id)
        if settings is None:
            raise NotFound(reason="RESTAURANT_NOT_FOUND")
        restaurant = auth_pb2.Restaurant(id=request.restaurant_id, settings=settings)
        return auth_api.GetRestaurantResponse(restaurant=restaurant)


class CatalogStandIn(CatalogServiceServicer):
    """Has menus and remembers who reserved what."""

    def __init__(self) -> None:
        self.menus: dict[UUID, catalog_pb2.Menu] = {}
        self.asked = 0
        self.reserved: dict[str, list[catalog_pb2.StockLine]] = {}
        self.released: list[str] = []
        self.on_hand: dict[str, int] = {}
        """Units by item; of an item that is not here there are enough."""
        self.refusal: Problem | None = None
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """Happens once, inside a call that reserves, before its effect."""
        self.lost_replies = 0
        """So many calls that reserve do it, and their replies never arrive."""

    async def GetMenu(
        self, request: catalog_api.GetMenuRequest, context: object
    ) -> catalog_api.GetMenuResponse:
        self.asked += 1
        return catalog_api.GetMenuResponse(menu=self.menus[current_principal().tenant])

    async def ReserveStock(
        self, request: catalog_api.ReserveStockRequest, context: object
    ) -> catalog_api.ReserveStockResponse:
        if self.refusal is not None:
            raise self.refusal
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        locked = self.reserved.get(request.order_id, [])
        known = {line.line_id: line for line in locked}
        if any(known.get(line.line_id, line) != line for line in request.lines):
            raise Conflict("Reserved differently.", reason="RESERVATION_MISMATCH")
        added = [line for line in request.lines if line.line_id not in known]
        all_held = Counter[str]()
        for line in [*added, *(line for lines in self.reserved.values() for line in lines)]:
            all_held[line.item_id] += line.quantity
        if any(all_held[item_id] > on_hand for item_id, on_hand in self.on_hand.items()):
            raise Conflict("Not enough in stock.", reason="INSUFFICIENT_STOCK")
        self.reserved[request.order_id] = [*locked, *added]
        if self.lost_replies:
            self.lost_replies -= 1
            raise Unavailable("the connection broke")
        return catalog_api.ReserveStockResponse()

    async def ReleaseStock(
        self, request: catalog_api.ReleaseStockRequest, context: object
    ) -> catalog_api.ReleaseStockResponse:
        self.released.append(request.order_id)
        self.reserved.pop(request.order_id, None)
        return catalog_api.ReleaseStockResponse()


class PaymentsStandIn(PaymentsServiceServicer):
    """Closes bills unless money is on them; a closed bill takes no money."""

    def __init__(self) -> None:
        self.closed: list[str] = []
        self.with_money: set[str] = set()
        self.refusal: Problem | None = None
        self.faults: dict[str, Problem] = {}
        """Refusals of single orders."""
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """Happens inside a call, before its effect."""
        self._executing: set[tuple[str, str]] = set()

    def take_money(self, order_id: str) -> bool:
        """Whether the bill took a payment."""
        if order_id in self.closed:
            return False
        self.with_money.add(order_id)
        return True

    async def CloseBill(
        self, request: payments_api.CloseBillRequest, context: object
    ) -> payments_api.CloseBillResponse:
        if (refusal := self.refusal or self.faults.get(request.order_id)) is not None:
            raise refusal
        principal = current_principal()
        key = (str(principal.subject or principal.name), request.request_id)
        if key in self._executing:
            raise IdempotencyInFlight
        self._executing.add(key)
        try:
            if self.meanwhile is not None:
                await self.meanwhile()
            if request.order_id in self.with_money:
                raise Conflict("Money was taken for this order.", reason="BILL_HAS_MONEY")
            if request.order_id not in self.closed:
                self.closed.append(request.order_id)
            return payments_api.CloseBillResponse()
        finally:
            self._executing.discard(key)


@asynccontextmanager
async def world_of(db: Database, clock: FakeClock) -> AsyncIterator[World]:
    """A restaurant of its own, with its peers."""
    auth = AuthStandIn()  # type: ignore[abstract] # the rest of the contract is not asked
    catalog = CatalogStandIn()  # type: ignore[abstract]
    payments = PaymentsStandIn()  # type: ignore[abstract]
    mint = TokenMint(clock)
    async with AsyncExitStack() as stack:
        channels = []
        for name, register, servicer in (
            ("auth", add_AuthServiceServicer_to_server, auth),
            ("catalog", add_CatalogServiceServicer_to_server, catalog),
            ("payments", add_PaymentsServiceServicer_to_server, payments),
        ):
            peer = await stack.enter_async_context(
                serving(
                    register,
                    servicer,
                    clock=clock,
                    caller="orders",
                    service_name=name,
                    mint=mint,
                )
            )
            channels.append(peer.channel)
        peers = GrpcPeers(*channels)
        deps = Dependencies(db, clock, peers, Copies(db, peers))
        yield World(deps, clock, auth, catalog, payments, new_id(), mint)
