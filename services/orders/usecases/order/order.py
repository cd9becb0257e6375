"""The orders there are, and how each came to its state."""

from uuid import UUID

from services.orders.domain.errors import OrderNotFound
from services.orders.domain.order.listing import Filter, Page, Position
from services.orders.domain.order.order import Order, StateChange
from services.orders.store.history import find_history
from services.orders.store.listing import find_page
from services.orders.store.order import find_order
from services.orders.usecases.ports import Dependencies


async def get_order(deps: Dependencies, tenant: UUID, order_id: UUID) -> Order:
    """Raises OrderNotFound."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        order = await find_order(tx, order_id)
    if order is None:
        raise OrderNotFound("There is no such order.")
    return order


async def list_orders(
    deps: Dependencies, tenant: UUID, wanted: Filter, after: Position | None, limit: int
) -> Page:
    """A page; see store.listing."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await find_page(tx, wanted, after, limit)


async def get_history(deps: Dependencies, tenant: UUID, order_id: UUID) -> list[StateChange]:
    """Oldest first. Raises OrderNotFound."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        history = await find_history(tx, order_id)
    if not history:
        raise OrderNotFound("There is no such order.")
    return history
