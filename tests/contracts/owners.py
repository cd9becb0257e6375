"""What services ask of each other, each part at least twice: from its owner, and from a stand-in in tests.

Whatever a suite needs beside the calls (an order that was paid, a shelf with ten units) has the same hooks.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fynlo.catalog.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.orders_service_pb2_grpc import add_OrdersServiceServicer_to_server
from fynlo.payments.v1.payments_service_pb2_grpc import add_PaymentsServiceServicer_to_server
from fynlo.realtime.v1 import realtime_pb2
from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server

from chassis.clock import FakeClock
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from harness.outbox import number_events
from harness.rpc import Peer, serving
from services.auth.rpc.services import AuthRpc
from services.auth.tests import builders as auth_builders
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.rpc.service import CatalogRpc
from services.catalog.store import stock as catalog_stock
from services.catalog.tests.builders import LONDON, a_category, a_restaurant, counted
from services.catalog.tests.doing import NO_FILES
from services.orders.rpc.channels import ChannelsRpc
from services.orders.rpc.order import OrdersRpc
from services.orders.tests import stand_ins as of_orders
from services.orders.tests.builders import item_message, menu_message, settings_message
from services.payments.domain.errors import BillClosed
from services.payments.rpc.payment import PaymentsRpc
from services.payments.tests import world as of_payments
from services.realtime.tests import running as of_realtime

ON_HAND = 10


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who answers calls of ``caller`` for one restaurant."""

    peer: Peer
    restaurant_id: UUID


@dataclass(frozen=True, slots=True)
class Bills(Owner):
    """Who closes bills."""

    order: Callable[[], str]
    pay: Callable[[str], Awaitable[bool]]
    """Whether the bill took all its money."""


@dataclass(frozen=True, slots=True)
class Goods(Owner):
    """Who holds goods; of ``item_id`` there are ON_HAND."""

    item_id: str
    held: Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Orders(Owner):
    """Who knows orders."""

    order: Callable[[], Awaitable[orders_pb2.Order]]


@dataclass(frozen=True, slots=True)
class Channel(Owner):
    """Who keeps the log of a channel ``orders``."""

    happen: Callable[[], Awaitable[None]]
    """One more event."""


Opened = Callable[[OpenDatabase, FakeClock], AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def payments(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Bills]:
    """The payments service."""
    async with of_payments.world_of(await open_database("payments"), clock) as world:
        await world.open_till()

        async def pay(order_id: str) -> bool:
            try:
                await world.pay(order_id)
            except BillClosed:
                return False
            return True

        async with serving(
            add_PaymentsServiceServicer_to_server,
            PaymentsRpc(world.db, world.peers, world.trust),
            clock=clock,
            caller="orders",
            mint=world.mint,
        ) as peer:
            yield Bills(peer, world.restaurant_id, lambda: world.order().id, pay)


@asynccontextmanager
async def payments_of_orders(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Bills]:
    """What orders' tests have for it."""
    stand_in = of_orders.PaymentsStandIn()  # type: ignore[abstract]

    async def pay(order_id: str) -> bool:
        return stand_in.take_money(order_id)

    async with serving(
        add_PaymentsServiceServicer_to_server,
        stand_in,
        clock=clock,
        caller="orders",
    ) as peer:
        yield Bills(peer, new_id(), lambda: str(new_id()), pay)


@asynccontextmanager
async def catalog(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Goods]:
    """The catalog."""
    db = await open_database("catalog")
    tenant = await a_restaurant(db)
    item = await counted(db, tenant, await a_category(db, tenant), ON_HAND)

    async def ask_auth(restaurant_id: UUID) -> RestaurantCopy:
        return LONDON

    async def held() -> int:
        async with db.transaction(tenant, readonly=True) as tx:
            [level] = await catalog_stock.levels(tx)
        return level.reserved

    async with serving(
        add_CatalogServiceServicer_to_server,
        CatalogRpc(db, ask_auth, NO_FILES),
        clock=clock,
        caller="orders",
    ) as peer:
        yield Goods(peer, tenant, str(item.id), held)


@asynccontextmanager
async def catalog_of_orders(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Goods]:
    """What orders' tests have for it."""
    stand_in, tenant, item = of_orders.CatalogStandIn(), new_id(), item_message()  # type: ignore[abstract]
    stand_in.menus[tenant] = menu_message(tenant, item)
    stand_in.on_hand[item.id] = ON_HAND

    async def held() -> int:
        return sum(line.quantity for lines in stand_in.reserved.values() for line in lines)

    async with serving(
        add_CatalogServiceServicer_to_server,
        stand_in,
        clock=clock,
        caller="orders",
    ) as peer:
        yield Goods(peer, tenant, item.id, held)


@asynccontextmanager
async def orders(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Orders]:
    """The orders service."""
    async with (
        of_orders.world_of(await open_database("orders"), clock) as world,
        serving(
            add_OrdersServiceServicer_to_server,
            OrdersRpc(world.deps, world.trust),
            clock=clock,
            caller="payments",
        ) as peer,
    ):
        yield Orders(peer, world.tenant, world.place)


@asynccontextmanager
async def orders_of_payments(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Orders]:
    """What payments' tests have for it."""
    async with of_payments.world_of(await open_database("payments"), clock) as world:

        async def order() -> orders_pb2.Order:
            return world.order()

        async with serving(
            add_OrdersServiceServicer_to_server,
            world.orders,
            clock=clock,
            caller="payments",
        ) as peer:
            yield Orders(peer, world.restaurant_id, order)


@asynccontextmanager
async def auth(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Owner]:
    """The auth service."""
    context = auth_builders.context(await open_database("auth"))
    restaurant_id = await (await auth_builders.new_town(context)).restaurant()
    async with serving(
        add_AuthServiceServicer_to_server, AuthRpc(context), clock=clock, caller="orders"
    ) as peer:
        yield Owner(peer, restaurant_id)


def auth_stand_in(servicer: Any, know: Callable[[Any, UUID, common_pb2.RestaurantSettings], None]) -> Opened:
    """What the tests of a service have for auth; ``know`` tells it of a restaurant."""

    @asynccontextmanager
    async def opened(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Owner]:
        stand_in, restaurant_id = servicer(), new_id()
        know(stand_in, restaurant_id, settings_message(restaurant_id))
        async with serving(add_AuthServiceServicer_to_server, stand_in, clock=clock, caller="orders") as peer:
            yield Owner(peer, restaurant_id)

    return opened


auth_of_orders = auth_stand_in(
    of_orders.AuthStandIn, lambda it, restaurant_id, settings: it.settings.update({restaurant_id: settings})
)
auth_of_payments = auth_stand_in(
    of_payments.Restaurants,
    lambda it, restaurant_id, settings: it.settings.update({str(restaurant_id): settings}),
)


@asynccontextmanager
async def channel(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Channel]:
    """The orders service as the owner of a channel."""
    async with (
        of_orders.world_of(await open_database("orders"), clock) as world,
        serving(
            add_ChannelSourceServiceServicer_to_server,
            ChannelsRpc(world.deps),
            clock=clock,
            caller="realtime",
        ) as peer,
    ):

        async def happen() -> None:
            await world.place()
            await number_events(world.deps.db)

        yield Channel(peer, world.tenant, happen)


@asynccontextmanager
async def channel_of_realtime(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Channel]:
    """What realtime's tests have for it."""
    stand_in, tenant = of_realtime.Owner(), new_id()  # type: ignore[abstract]

    async def happen() -> None:
        event = realtime_pb2.ChannelEvent(type="fynlo.orders.v1.OrderPlaced", message_id=str(new_id()))
        stand_in.append(str(tenant), "orders", event)

    async with serving(
        add_ChannelSourceServiceServicer_to_server,
        stand_in,
        clock=clock,
        caller="realtime",
    ) as peer:
        yield Channel(peer, tenant, happen)
