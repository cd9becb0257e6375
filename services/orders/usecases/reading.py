"""Questions without effect."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from fynlo.orders.v1 import orders_pb2
from fynlo.realtime.v1 import realtime_pb2
from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse

from chassis.db import Transaction
from chassis.errors import NotFound
from chassis.messaging.replay import position
from services.orders.domain.errors import OrderNotFound
from services.orders.domain.kitchen import Ticket
from services.orders.domain.order import Kitchen, Order, StateChange
from services.orders.store import alarms as alarm_store
from services.orders.store import days as day_store
from services.orders.store import kitchen as kitchen_store
from services.orders.store import listing
from services.orders.store import orders as store
from services.orders.store.listing import CLOSED_STATES, NEWEST_POSITION, OPEN_STATES, Filter, Page, Position
from services.orders.usecases.copies import settings_in
from services.orders.usecases.ports import M
from services.orders.usecases.work import Dependencies
from services.orders.wire.menu import Settings, day_of
from services.orders.wire.orders import (
    alarm_message,
    metrics_message,
    order_message,
    station_message,
    ticket_message,
)

SNAPSHOT_OPEN_ORDERS = 500
SNAPSHOT_CLOSED_ORDERS = 50
SNAPSHOT_TICKETS = 1_000
SNAPSHOT_BYTES = 3 * 1024 * 1024
"""A message of gRPC may be 4 MiB. A channel's newest are what a device cannot do without."""
ENTRY_BYTES = 8
"""What an entry of a list costs beside its content."""


class Room:
    """Keeps an answer below SNAPSHOT_BYTES: what comes first has room, the rest is left out."""

    def __init__(self, size: int) -> None:
        self._left = size

    def for_newest(self, messages: Iterable[M]) -> list[M]:
        """The first of ``messages`` that there is room for."""
        taken = []
        for message in messages:
            self._left -= message.ByteSize() + ENTRY_BYTES
            if self._left < 0:
                break
            taken.append(message)
        return taken


class UnknownChannel(NotFound):
    """This service owns no channel of that name."""


async def get_order(deps: Dependencies, tenant: UUID, order_id: UUID) -> Order:
    """Raises OrderNotFound."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        order = await store.find_order(tx, order_id)
    if order is None:
        raise OrderNotFound("There is no such order.")
    return order


async def list_orders(
    deps: Dependencies, tenant: UUID, wanted: Filter, after: Position | None, limit: int
) -> Page:
    """A page; see store.listing."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await listing.find_page(tx, wanted, after, limit)


async def get_history(deps: Dependencies, tenant: UUID, order_id: UUID) -> list[StateChange]:
    """Oldest first. Raises OrderNotFound."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        history = await store.find_history(tx, order_id)
    if not history:
        raise OrderNotFound("There is no such order.")
    return history


async def list_tickets(
    deps: Dependencies,
    tenant: UUID,
    states: Sequence[Kitchen],
    station_id: UUID | None,
    after: Position | None,
    limit: int,
) -> tuple[list[Ticket], Position | None]:
    """Newest first, and where the list goes on."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        start = after or NEWEST_POSITION
        found = await kitchen_store.find_tickets(tx, states, station_id, start, limit + 1)
    shown = found[:limit]
    return shown, (shown[-1].created_at, shown[-1].id) if len(found) > limit else None


async def get_snapshot(deps: Dependencies, tenant: UUID, channel: str) -> GetSnapshotResponse:
    """State and position of a channel, of one instant. Raises UnknownChannel."""
    await deps.copies.get(tenant)  # the stations and settings exist
    async with deps.db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        epoch, seq = await position(tx, channel)
        answer = GetSnapshotResponse(epoch=epoch, seq=seq)
        match channel:
            case "orders":
                answer.orders.CopyFrom(await _orders_state(tx))
            case "kitchen":
                answer.kitchen.CopyFrom(await _kitchen_state(tx))
            case "metrics":
                metrics = await todays_metrics(tx, await settings_in(tx), deps.clock.now())
                answer.metrics.CopyFrom(realtime_pb2.MetricsState(metrics=metrics))
            case "floor":
                answer.floor.CopyFrom(realtime_pb2.FloorState())
            case _:
                raise UnknownChannel(f"The orders service has no state of a channel {channel}.")
    return answer


async def todays_metrics(tx: Transaction, settings: Settings, at: datetime) -> orders_pb2.RestaurantMetrics:
    """The figures of the business day that it is at ``at``."""
    day = day_of(settings, at)
    figures = await day_store.find_figures(tx, day)
    return metrics_message(figures, day.isoformat(), settings.currency_code, at)


async def _orders_state(tx: Transaction) -> realtime_pb2.OrdersState:
    newest_open = await listing.find_newest(tx, OPEN_STATES, SNAPSHOT_OPEN_ORDERS)
    newest_closed = await listing.find_newest(tx, CLOSED_STATES, SNAPSHOT_CLOSED_ORDERS)
    in_alarm = await alarm_store.find_alarms(tx)
    room = Room(SNAPSHOT_BYTES)
    return realtime_pb2.OrdersState(
        alarms=room.for_newest(alarm_message(one) for one in in_alarm),
        orders=room.for_newest(order_message(one) for one in [*newest_open, *newest_closed]),
    )


async def _kitchen_state(tx: Transaction) -> realtime_pb2.KitchenState:
    tickets = [
        *await kitchen_store.find_tickets(tx, (), None, NEWEST_POSITION, SNAPSHOT_TICKETS),
        *await kitchen_store.find_unseen(tx, SNAPSHOT_TICKETS),
    ]
    tickets.sort(key=lambda ticket: (ticket.created_at, ticket.id), reverse=True)
    stations = [station_message(station) for station in await kitchen_store.find_stations(tx)]
    room = Room(SNAPSHOT_BYTES - sum(station.ByteSize() for station in stations))
    newest = room.for_newest(ticket_message(ticket) for ticket in tickets[:SNAPSHOT_TICKETS])
    return realtime_pb2.KitchenState(tickets=newest, stations=stations)
