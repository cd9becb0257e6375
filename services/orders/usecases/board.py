"""What the kitchen sees over its tickets."""

from uuid import UUID

from services.orders.domain.board import BOARD_TICKETS_MAX, TO_MAKE, AllDay, ExpoOrder, all_day, expo
from services.orders.domain.order.listing import NEWEST_POSITION
from services.orders.store.ticket import list_tickets
from services.orders.usecases.ports import Dependencies


async def get_all_day(deps: Dependencies, tenant: UUID, station_id: UUID | None) -> list[AllDay]:
    """What a station, or the kitchen (None), still has to make."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        states = sorted(TO_MAKE)
        return all_day(await list_tickets(tx, states, station_id, NEWEST_POSITION, BOARD_TICKETS_MAX))


async def get_expo(deps: Dependencies, tenant: UUID) -> list[ExpoOrder]:
    """How far each order is."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return expo(await list_tickets(tx, (), None, NEWEST_POSITION, BOARD_TICKETS_MAX))
