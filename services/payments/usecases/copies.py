"""Copies of what other services own: kept by events, read through while they are missing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2

from chassis.db import Transaction
from chassis.telemetry import get_logger
from services.payments import store, wire
from services.payments.domain.bill import Bill, BillState, parts_of
from services.payments.domain.errors import OrderNotPayable
from services.payments.domain.payment import Restaurant

_T = TypeVar("_T")
_log = get_logger("copies")


class Peers(Protocol):
    """The services that own the originals. Both raise problems (NotFound, Unavailable)."""

    async def order(self, restaurant_id: UUID, order_id: UUID) -> orders_pb2.Order:
        """The order as it stands."""
        ...

    async def restaurant(self, restaurant_id: UUID) -> common_pb2.RestaurantSettings:
        """The settings as they stand."""
        ...


class CopyMissing(Exception):
    """Leaves a transaction in which a copy was not there: nothing has happened, fetch and try again."""

    def __init__(self, *, restaurant: bool, order_id: UUID | None = None) -> None:
        super().__init__(f"restaurant: {restaurant}, order: {order_id}")
        self.restaurant = restaurant
        self.order_id = order_id


@dataclass(frozen=True, slots=True)
class Copies:
    """Originals that were fetched for a second attempt."""

    restaurant: Restaurant | None = None
    bill: Bill | None = None

    async def keep(self, tx: Transaction, now: datetime) -> None:
        """Stores what was fetched."""
        if self.restaurant is not None:
            await store.save_restaurant(tx, self.restaurant)
        if self.bill is not None:
            await store.save_order(tx, self.bill, now)


async def with_copies(peers: Peers, restaurant_id: UUID, attempt: Callable[[Copies], Awaitable[_T]]) -> _T:
    """Runs ``attempt``; where a copy was missing, fetches it and runs ``attempt`` once more with it.

    The common case costs nothing; the network is never waited for inside a transaction.
    """
    try:
        return await attempt(Copies())
    except CopyMissing as missing:
        copies = await _fetched(peers, restaurant_id, missing)
    return await attempt(copies)


async def restaurant_of(tx: Transaction) -> Restaurant:
    """The tenant's settings. Raises CopyMissing."""
    restaurant = await store.read_restaurant(tx)
    if restaurant is None:
        raise CopyMissing(restaurant=True)
    return restaurant


async def apply_order(tx: Transaction, order: orders_pb2.Order, now: datetime) -> None:
    """Brings the bill of an order up to a newer version of it; older news and drafts change nothing.

    Raises BillInconsistent for figures that do not add up.
    """
    if wire.is_draft(order):
        return
    bill = wire.bill_in(order)
    parts_of(bill.charges)
    saved = await store.save_order(tx, bill, now)
    if saved is not None and saved.state is BillState.CLOSED and saved.paid_minor:
        _log.error("a cancelled order has money on it", order_id=order.id, paid_minor=saved.paid_minor)


async def apply_restaurant(tx: Transaction, settings: common_pb2.RestaurantSettings) -> None:
    """Keeps newer settings."""
    await store.save_restaurant(tx, wire.restaurant_in(settings))


async def _fetched(peers: Peers, restaurant_id: UUID, missing: CopyMissing) -> Copies:
    restaurant = bill = None
    if missing.restaurant:
        restaurant = wire.restaurant_in(await peers.restaurant(restaurant_id))
    if missing.order_id is not None:
        order = await peers.order(restaurant_id, missing.order_id)
        if wire.is_draft(order):
            raise OrderNotPayable("The order is a draft: validate it first.")
        bill = wire.bill_in(order)
        parts_of(bill.charges)
    return Copies(restaurant, bill)
