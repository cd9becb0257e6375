"""What surrounds payments in a test: a database, and real gRPC servers that own orders and restaurants."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import auth_service_pb2_grpc as auth_grpc
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1 import orders_service_pb2_grpc as orders_grpc
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.auth import Revocations, TokenVerifier
from chassis.auth.trust import Trust
from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.idempotency import IdempotencyKey
from chassis.errors import NotFound
from chassis.ids import new_id
from harness.rpc import TokenMint, serving
from services.payments.domain.actor import Actor
from services.payments.domain.approval import Authority
from services.payments.domain.bill import OrderNews
from services.payments.domain.fee import Method
from services.payments.domain.till import DrawerKind
from services.payments.peers import GrpcPeers
from services.payments.rpc.payment import CLOSED as BILL_CLOSED
from services.payments.rpc.payment import TAKEN
from services.payments.rpc.till import CLOSED, OPENED, RECORDED
from services.payments.tests.builders import ANNA, BY_ONESELF, MANAGES
from services.payments.usecases.bill import CloseBill, apply_orders, close_bill
from services.payments.usecases.ledger import get_trial_balance
from services.payments.usecases.payment import TakePayment, take_payment
from services.payments.usecases.report import get_x_report
from services.payments.usecases.till import (
    CloseTill,
    OpenTill,
    RecordDrawerEvent,
    close_till,
    get_till_session,
    open_till,
    record_drawer_event,
)
from services.payments.wire.bill import bill_in
from services.payments.wire.report import till_report
from services.payments.wire.till import till_session


class Orders(orders_grpc.OrdersServiceServicer):
    """Orders as their owner would tell them."""

    def __init__(self) -> None:
        self.orders: dict[str, orders_pb2.Order] = {}
        self.asked = 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """What happens while the answer is on its way."""

    async def GetOrder(
        self, request: orders_api.GetOrderRequest, context: Any
    ) -> orders_api.GetOrderResponse:
        self.asked += 1
        order = self.orders.get(request.order_id)
        if order is None or order.restaurant_id != request.restaurant_id:
            raise NotFound(reason="ORDER_NOT_FOUND")
        answer = orders_api.GetOrderResponse(order=order)
        if self.meanwhile is not None:
            await self.meanwhile()
        return answer


class Restaurants(auth_grpc.AuthServiceServicer):
    """Restaurants as their owner would tell them."""

    def __init__(self) -> None:
        self.settings: dict[str, common_pb2.RestaurantSettings] = {}
        self.jwks: dict[str, Any] = {}
        self.asked = 0

    async def GetJwks(self, request: auth_api.GetJwksRequest, context: Any) -> auth_api.GetJwksResponse:
        return auth_api.GetJwksResponse(jwks_json=json.dumps(self.jwks))

    async def GetRestaurant(
        self, request: auth_api.GetRestaurantRequest, context: Any
    ) -> auth_api.GetRestaurantResponse:
        self.asked += 1
        settings = self.settings.get(request.restaurant_id)
        if settings is None:
            raise NotFound(reason="RESTAURANT_NOT_FOUND")
        return auth_api.GetRestaurantResponse(
            restaurant=auth_pb2.Restaurant(id=request.restaurant_id, settings=settings)
        )


@dataclass
class World:
    """Payments of one restaurant, and short ways to use them."""

    db: Database
    clock: FakeClock
    peers: GrpcPeers
    orders: Orders
    restaurants: Restaurants
    mint: TokenMint
    orders_address: str
    auth_address: str
    restaurant_id: UUID = field(default_factory=new_id)
    numbers: int = 0
    trust: Trust = field(init=False)

    def __post_init__(self) -> None:
        self.trust = Trust(TokenVerifier(self.mint.fetch_keys, self.clock), Revocations(self.clock))

    def settings(self, **overrides: Any) -> common_pb2.RestaurantSettings:
        """The restaurant's settings, known to their owner."""
        made = common_pb2.RestaurantSettings(
            **{
                "restaurant_id": str(self.restaurant_id),
                "version": 1,
                "name": "Casa Test",
                "currency_code": "GBP",
                "time_zone": "Europe/London",
                "day_cutoff_minutes": 240,
                "fee_preset": "listed",
                **overrides,
            }
        )
        self.restaurants.settings[made.restaurant_id] = made
        return made

    def order(
        self, goods_minor: int = 10000, *, service_minor: int = 0, rate_bp: int = 2000, **overrides: Any
    ) -> orders_pb2.Order:
        """A validated order, known to its owner; payments have not heard of it."""
        self.numbers += 1
        vat = (2 * goods_minor * rate_bp + 10000 + rate_bp) // (2 * (10000 + rate_bp))
        total = goods_minor + service_minor
        made = orders_pb2.Order(
            **{
                "id": str(new_id()),
                "restaurant_id": str(self.restaurant_id),
                "number": self.numbers,
                "lifecycle": orders_pb2.LIFECYCLE_VALIDATED,
                "covers": 2,
                "currency_code": "GBP",
                "version": 1,
                "vat": [orders_pb2.VatGroup(rate_bp=rate_bp, gross_minor=goods_minor, vat_minor=vat)],
                "totals": orders_pb2.OrderTotals(
                    goods_minor=goods_minor,
                    service_charge_minor=service_minor,
                    vat_minor=vat,
                    total_minor=total,
                    due_minor=total,
                ),
                "bill_mode": common_pb2.BILL_MODE_INCLUSIVE_OPTIONAL,
                **overrides,
            }
        )
        self.orders.orders[made.id] = made
        return made

    def key(self, name: str | None = None, body: str = "") -> IdempotencyKey:
        """A key of its own, or the one of that name."""
        return IdempotencyKey("test", name or str(new_id()), body.encode())

    async def open_till(
        self,
        till: str = "Front",
        opening_float: int = 5000,
        *,
        actor: Actor = ANNA,
        key: IdempotencyKey | None = None,
    ) -> payments_pb2.TillSession:
        command = OpenTill(self.restaurant_id, key or self.key(), actor, till, opening_float)
        return (await open_till(self.db, self.peers, command, OPENED)).session

    def payment(
        self,
        order: orders_pb2.Order | str,
        amount: int | None = None,
        *,
        tip: int = 0,
        tendered: int | None = None,
        till: str = "",
        payment_id: UUID | None = None,
        method: Method = Method.CASH,
        actor: Actor = ANNA,
        key: IdempotencyKey | None = None,
        reason: str = "",
        authority: Authority = BY_ONESELF,
        check: str = "",
    ) -> TakePayment:
        """What ``pay`` does."""
        return TakePayment(
            tenant=self.restaurant_id,
            key=key or self.key(),
            actor=actor,
            order_id=UUID(order if isinstance(order, str) else order.id),
            payment_id=payment_id,
            method=method,
            amount_minor=amount,
            tip_minor=tip,
            tendered_minor=tendered,
            till_session_id=UUID(till) if till else None,
            check_id=check,
            reason=reason,
            authority=authority,
        )

    async def pay(
        self, order: orders_pb2.Order | str, amount: int | None = None, **more: Any
    ) -> payments_api.TakePaymentResponse:
        return await take_payment(self.db, self.peers, self.payment(order, amount, **more), TAKEN)

    async def hear(self, *orders: orders_pb2.Order) -> None:
        """News of orders arrive, in one transaction."""
        async with self.db.transaction(self.restaurant_id) as tx:
            news = [OrderNews(self.restaurant_id, bill_in(order)) for order in orders]
            await apply_orders(tx, news, self.clock.now())

    async def close_bill(self, order_id: UUID) -> None:
        """The order is being cancelled."""
        await close_bill(self.db, CloseBill(self.restaurant_id, self.key(), order_id), BILL_CLOSED)

    async def move(
        self,
        session: payments_pb2.TillSession,
        kind: DrawerKind,
        amount: int,
        *,
        actor: Actor = ANNA,
        reason: str = "because",
        authority: Authority = BY_ONESELF,
        key: IdempotencyKey | None = None,
    ) -> payments_pb2.TillSession:
        command = RecordDrawerEvent(
            self.restaurant_id, key or self.key(), actor, UUID(session.id), kind, amount, reason, authority
        )
        return (await record_drawer_event(self.db, command, RECORDED)).session

    async def close(
        self,
        session: payments_pb2.TillSession,
        counted: int,
        *,
        reason: str = "",
        manager: bool = False,
        carried: frozenset[UUID] = frozenset(),
        key: IdempotencyKey | None = None,
    ) -> payments_api.CloseTillResponse:
        authority = MANAGES if manager else BY_ONESELF
        command = CloseTill(
            self.restaurant_id, key or self.key(), ANNA, UUID(session.id), counted, reason, carried, authority
        )
        return await close_till(self.db, command, CLOSED)

    async def session(self, session: payments_pb2.TillSession) -> payments_pb2.TillSession:
        return till_session(await get_till_session(self.db, self.restaurant_id, UUID(session.id)))

    async def x_report(self, session: payments_pb2.TillSession) -> payments_pb2.TillReport:
        return till_report(await get_x_report(self.db, self.restaurant_id, UUID(session.id), only_of=None))

    async def balances(self) -> dict[str, int]:
        """Debits less credits of every account."""
        found = await get_trial_balance(self.db, self.restaurant_id, None)
        return {one.account: one.debit_minor - one.credit_minor for one in found}

    async def fetchval(self, sql: str, *args: object) -> Any:
        async with self.db.transaction(self.restaurant_id, readonly=True) as tx:
            return await tx.fetchval(sql, *args)


@asynccontextmanager
async def world_of(db: Database, clock: FakeClock) -> AsyncIterator[World]:
    """Serves orders and restaurants, and gives them a restaurant."""
    orders, restaurants = Orders(), Restaurants()  # type: ignore[abstract] # what payments ask
    register_orders = orders_grpc.add_OrdersServiceServicer_to_server
    register_auth = auth_grpc.add_AuthServiceServicer_to_server
    common: dict[str, Any] = {"clock": clock, "caller": "payments", "mint": (mint := TokenMint(clock))}
    async with (
        serving(register_orders, orders, **common) as of_orders,
        serving(register_auth, restaurants, service_name="auth", **common) as of_auth,
    ):
        addresses = [f"127.0.0.1:{peer.server.port}" for peer in (of_orders, of_auth)]
        peers = GrpcPeers(of_orders.channel, of_auth.channel)
        world = World(db, clock, peers, orders, restaurants, mint, addresses[0], addresses[1])
        world.settings()
        yield world
