"""Stand-ins cannot drift: one suite over each of them and over the service that it stands for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import OrdersServiceStub
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceStub

from chassis.clock import FakeClock
from chassis.errors import Conflict, NotFound, Problem
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from tests.contracts import owners
from tests.contracts.owners import Bills, Channel, Goods, Orders, Owner

RACES = 25
NAMES = ("owner", "stand-in", "another stand-in")


@pytest.fixture(params=[owners.payments, owners.payments_of_orders], ids=NAMES[:2])
async def bills(request: Any, service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[Bills]:
    async with request.param(service_database, fake_clock) as made:
        yield made


@pytest.fixture(params=[owners.catalog, owners.catalog_of_orders], ids=NAMES[:2])
async def goods(request: Any, service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[Goods]:
    async with request.param(service_database, fake_clock) as made:
        yield made


@pytest.fixture(params=[owners.orders, owners.orders_of_payments], ids=NAMES[:2])
async def orders(
    request: Any, service_database: OpenDatabase, fake_clock: FakeClock
) -> AsyncIterator[Orders]:
    async with request.param(service_database, fake_clock) as made:
        yield made


@pytest.fixture(params=[owners.auth, owners.auth_of_orders, owners.auth_of_payments], ids=NAMES)
async def auth(request: Any, service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[Owner]:
    async with request.param(service_database, fake_clock) as made:
        yield made


@pytest.fixture(params=[owners.channel, owners.channel_of_realtime], ids=NAMES[:2])
async def channel(
    request: Any, service_database: OpenDatabase, fake_clock: FakeClock
) -> AsyncIterator[Channel]:
    async with request.param(service_database, fake_clock) as made:
        yield made


async def close(bills: Bills, order_id: str, key: str = "") -> str:
    """What CloseBill says, in a word."""
    request = payments_api.CloseBillRequest(
        request_id=key or str(new_id()), order_id=order_id, restaurant_id=str(bills.restaurant_id)
    )
    try:
        with bills.peer.as_service(bills.restaurant_id):
            await PaymentsServiceStub(bills.peer.channel).CloseBill(request)
    except Problem as refusal:
        return refusal.reason
    return "closed"


async def test_a_bill_is_closed_once_and_takes_no_money(bills: Bills) -> None:
    order_id = bills.order()
    assert [await close(bills, order_id, "one"), await close(bills, order_id, "one")] == ["closed"] * 2
    assert await close(bills, order_id) == "closed"
    assert not await bills.pay(order_id)


async def test_a_bill_with_money_is_not_closed(bills: Bills) -> None:
    order_id = bills.order()
    assert await bills.pay(order_id)
    assert [await close(bills, order_id, "one") for _ in range(2)] == ["BILL_HAS_MONEY"] * 2


async def test_a_bill_that_was_not_heard_of_is_closed_for_ever(bills: Bills) -> None:
    assert await close(bills, str(new_id())) == "closed"


async def test_requests_that_close_one_bill_at_once_close_it(bills: Bills) -> None:
    order_id = bills.order()
    told = await asyncio.gather(*(close(bills, order_id, "one") for _ in range(6)))
    assert {"closed"} <= set(told) <= {"closed", "IDEMPOTENCY_IN_FLIGHT"}
    assert await close(bills, order_id, "one") == "closed"


async def test_closing_races_a_payment_and_one_of_them_wins(bills: Bills) -> None:
    for _ in range(RACES):
        order_id = bills.order()
        told, paid = await asyncio.gather(close(bills, order_id), bills.pay(order_id))
        assert (told, paid) in {("closed", False), ("BILL_HAS_MONEY", True)}


def line(goods: Goods, quantity: int) -> catalog_pb2.StockLine:
    return catalog_pb2.StockLine(line_id=str(new_id()), item_id=goods.item_id, quantity=quantity)


async def reserve(goods: Goods, order_id: str, *lines: catalog_pb2.StockLine) -> None:
    request = catalog_api.ReserveStockRequest(request_id=str(new_id()), order_id=order_id, lines=lines)
    with goods.peer.as_user(["orders.place"], restaurant_id=goods.restaurant_id):
        await CatalogServiceStub(goods.peer.channel).ReserveStock(request)


async def release(goods: Goods, order_id: str) -> None:
    request = catalog_api.ReleaseStockRequest(request_id=str(new_id()), order_id=order_id)
    with goods.peer.as_service(goods.restaurant_id):
        await CatalogServiceStub(goods.peer.channel).ReleaseStock(request)


async def test_a_line_is_held_once_however_often_it_is_asked_for(goods: Goods) -> None:
    order_id, first = str(new_id()), line(goods, 3)
    for _ in range(2):
        await reserve(goods, order_id, first)
    assert await goods.held() == 3
    await reserve(goods, order_id, first, line(goods, 2))
    assert await goods.held() == 5


async def test_a_line_that_is_held_differently_is_refused(goods: Goods) -> None:
    order_id, first = str(new_id()), line(goods, 3)
    await reserve(goods, order_id, first)
    first.quantity = 4
    with pytest.raises(Conflict) as refused:
        await reserve(goods, order_id, first)
    assert (refused.value.reason, await goods.held()) == ("RESERVATION_MISMATCH", 3)


async def test_all_lines_are_held_or_none(goods: Goods) -> None:
    with pytest.raises(Conflict) as refused:
        await reserve(goods, str(new_id()), line(goods, 1), line(goods, owners.ON_HAND))
    assert (refused.value.reason, await goods.held()) == ("INSUFFICIENT_STOCK", 0)
    await reserve(goods, str(new_id()), line(goods, owners.ON_HAND))
    assert await goods.held() == owners.ON_HAND


async def test_what_is_released_may_be_held_again(goods: Goods) -> None:
    order_id, first = str(new_id()), line(goods, 3)
    await release(goods, order_id)
    await reserve(goods, order_id, first)
    for _ in range(2):
        await release(goods, order_id)
    assert await goods.held() == 0
    await reserve(goods, order_id, first)
    assert await goods.held() == 3


@pytest.mark.parametrize("known", [0, 1], ids=["the whole menu", "what changed"])
async def test_a_menu_says_which_version_it_brings(goods: Goods, known: int) -> None:
    request = catalog_api.GetMenuRequest(since_version=known, restaurant_id=str(goods.restaurant_id))
    with goods.peer.as_service(goods.restaurant_id):
        reply = await CatalogServiceStub(goods.peer.channel).GetMenu(request)
    assert reply.menu.version >= 1
    assert reply.menu.currency_code == "GBP"
    if not reply.delta:
        assert goods.item_id in {item.id for item in reply.menu.items}


async def get_order(orders: Orders, order_id: str, restaurant_id: UUID) -> orders_pb2.Order:
    request = orders_api.GetOrderRequest(order_id=order_id, restaurant_id=str(restaurant_id))
    with orders.peer.as_service(restaurant_id):
        return (await OrdersServiceStub(orders.peer.channel).GetOrder(request)).order


async def test_an_order_is_told_as_it_stands(orders: Orders) -> None:
    order = await orders.order()
    found = await get_order(orders, order.id, orders.restaurant_id)
    assert found == order
    assert (found.lifecycle, found.version) == (orders_pb2.LIFECYCLE_VALIDATED, 1)
    assert found.totals.due_minor == found.totals.total_minor > 0
    assert sum(group.vat_minor for group in found.vat) == found.totals.vat_minor


async def test_an_order_that_is_not_there_is_refused(orders: Orders) -> None:
    order = await orders.order()
    for order_id, restaurant_id in ((str(new_id()), orders.restaurant_id), (order.id, new_id())):
        with pytest.raises(NotFound) as refused:
            await get_order(orders, order_id, restaurant_id)
        assert refused.value.reason == "ORDER_NOT_FOUND"


async def test_a_restaurant_has_settings_and_another_one_is_refused(auth: Owner) -> None:
    stub = AuthServiceStub(auth.peer.channel)
    with auth.peer.as_service(auth.restaurant_id):
        request = auth_api.GetRestaurantRequest(restaurant_id=str(auth.restaurant_id))
        restaurant = (await stub.GetRestaurant(request)).restaurant
        assert restaurant.id == restaurant.settings.restaurant_id == str(auth.restaurant_id)
        assert restaurant.settings.version >= 1
        assert (restaurant.settings.currency_code, restaurant.settings.time_zone) == ("GBP", "Europe/London")
    another = new_id()
    with auth.peer.as_service(another), pytest.raises(NotFound) as refused:
        await stub.GetRestaurant(auth_api.GetRestaurantRequest(restaurant_id=str(another)))
    assert refused.value.reason == "RESTAURANT_NOT_FOUND"


async def replay(
    channel: Channel, epoch: str, seq: int, limit: int = 100
) -> channel_source_api.ReplayChannelResponse:
    request = channel_source_api.ReplayChannelRequest(
        restaurant_id=str(channel.restaurant_id), channel="orders", epoch=epoch, from_seq=seq, limit=limit
    )
    with channel.peer.as_service(channel.restaurant_id):
        return await ChannelSourceServiceStub(channel.peer.channel).ReplayChannel(request)


async def test_a_channel_is_told_without_a_gap_from_where_somebody_stands(channel: Channel) -> None:
    for _ in range(5):
        await channel.happen()
    head = await replay(channel, "", 0)
    assert (head.head_seq, list(head.events)) == (5, [])
    whole = await replay(channel, head.epoch, 0)
    assert whole.outcome == channel_source_api.REPLAY_OUTCOME_EVENTS
    assert [event.seq for event in whole.events] == [1, 2, 3, 4, 5]
    assert {event.type for event in whole.events} == {"fynlo.orders.v1.OrderPlaced"}
    part = await replay(channel, head.epoch, 1, limit=2)
    assert ([event.seq for event in part.events], part.head_seq) == ([2, 3], 5)
    assert list((await replay(channel, head.epoch, 5)).events) == []


async def test_a_position_that_is_no_longer_or_not_yet_there_means_a_snapshot(channel: Channel) -> None:
    await channel.happen()
    head = await replay(channel, "", 0)
    assert (await replay(channel, "another", 0)).outcome == channel_source_api.REPLAY_OUTCOME_EPOCH_CHANGED
    assert (await replay(channel, head.epoch, 2)).outcome == channel_source_api.REPLAY_OUTCOME_TOO_OLD
