"""Reading through: copies that are missing are fetched from their owners, and the attempt is made again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis.db import Transaction
from services.payments.domain.bill import OrderNews, parts_of
from services.payments.domain.errors import OrderNotPayable
from services.payments.domain.restaurant import RestaurantCopy
from services.payments.store.bill import save_bills
from services.payments.store.restaurant import save_restaurant
from services.payments.usecases.ports import Peers

_T = TypeVar("_T")


class CopyMissing(Exception):
    """Leaves a transaction in which a copy was not there: nothing has happened, fetch and try again."""

    def __init__(self, *, restaurant: bool, order_id: UUID | None = None) -> None:
        super().__init__(f"restaurant: {restaurant}, order: {order_id}")
        self.restaurant = restaurant
        self.order_id = order_id


@dataclass(frozen=True, slots=True)
class Copies:
    """Originals that were fetched for a second attempt."""

    restaurant: RestaurantCopy | None = None
    order: OrderNews | None = None

    async def keep(self, tx: Transaction, now: datetime) -> None:
        """Stores what was fetched."""
        if self.restaurant is not None:
            await save_restaurant(tx, self.restaurant)
        if self.order is not None:
            await save_bills(tx, [self.order], now)


async def with_copies(peers: Peers, restaurant_id: UUID, attempt: Callable[[Copies], Awaitable[_T]]) -> _T:
    """Runs ``attempt``; where a copy was missing, fetches it and runs ``attempt`` once more with it.

    The common case costs nothing; the network is never waited for inside a transaction.
    """
    try:
        return await attempt(Copies())
    except CopyMissing as missing:
        copies = await _fetched(peers, restaurant_id, missing)
    return await attempt(copies)


async def _fetched(peers: Peers, restaurant_id: UUID, missing: CopyMissing) -> Copies:
    restaurant = await peers.restaurant(restaurant_id) if missing.restaurant else None
    order = None
    if missing.order_id is not None:
        bill = await peers.bill(restaurant_id, missing.order_id)
        if bill is None:
            raise OrderNotPayable("The order is a draft: validate it first.")
        parts_of(bill.charges)
        order = OrderNews(restaurant_id, bill)
    return Copies(restaurant, order)
