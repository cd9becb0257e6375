"""What a device that has nothing yet begins with."""

from uuid import UUID

from chassis.db import Transaction
from chassis.messaging.replay import position
from services.orders.domain.day import DayFigures
from services.orders.domain.errors import UnknownChannel
from services.orders.domain.order.listing import CLOSED_STATES, NEWEST_POSITION, OPEN_STATES
from services.orders.domain.snapshot import FloorState, KitchenState, OrdersState, PrintingState, Snapshot
from services.orders.store.alarm import find_alarms
from services.orders.store.listing import find_newest
from services.orders.store.print_job import list_jobs
from services.orders.store.printer import find_printers
from services.orders.store.section import find_sections
from services.orders.store.station import find_stations
from services.orders.store.table import find_tables
from services.orders.store.ticket import list_tickets, list_unseen
from services.orders.store.unrouted import find_unrouted
from services.orders.usecases.day import todays_figures
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.restaurant import restaurant_of

SNAPSHOT_OPEN_ORDERS = 500
SNAPSHOT_CLOSED_ORDERS = 50
SNAPSHOT_TICKETS = 1_000
SNAPSHOT_PRINT_JOBS = 200


async def get_snapshot(deps: Dependencies, tenant: UUID, channel: str) -> Snapshot:
    """State and position of a channel, of one instant. Raises UnknownChannel."""
    await deps.copies.get(tenant)  # the stations and settings exist
    async with deps.db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        epoch, seq = await position(tx, channel)
        return Snapshot(epoch, seq, await _state(tx, deps, channel))


async def _state(
    tx: Transaction, deps: Dependencies, channel: str
) -> OrdersState | KitchenState | DayFigures | FloorState | PrintingState:
    match channel:
        case "orders":
            newest_open = await find_newest(tx, OPEN_STATES, SNAPSHOT_OPEN_ORDERS)
            newest_closed = await find_newest(tx, CLOSED_STATES, SNAPSHOT_CLOSED_ORDERS)
            alarms, lost = await find_alarms(tx), await find_unrouted(tx)
            return OrdersState(alarms, [*newest_open, *newest_closed], lost)
        case "kitchen":
            tickets = [
                *await list_tickets(tx, (), None, NEWEST_POSITION, SNAPSHOT_TICKETS),
                *await list_unseen(tx, SNAPSHOT_TICKETS),
            ]
            tickets.sort(key=lambda ticket: (ticket.created_at, ticket.id), reverse=True)
            return KitchenState(await find_stations(tx), tickets[:SNAPSHOT_TICKETS])
        case "metrics":
            return await todays_figures(tx, await restaurant_of(tx), deps.clock.now())
        case "floor":
            return FloorState(await find_tables(tx), await find_sections(tx))
        case "printing":
            jobs = await list_jobs(tx, None, None, SNAPSHOT_PRINT_JOBS)
            return PrintingState(await find_printers(tx), jobs)
        case _:
            raise UnknownChannel(f"The orders service has no state of a channel {channel}.")
