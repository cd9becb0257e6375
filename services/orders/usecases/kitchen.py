"""What cooks and their displays do."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.db import Transaction
from chassis.db.commands import execute
from chassis.errors import Unprocessable
from services.orders.domain import commands
from services.orders.domain.change import Change, Locked
from services.orders.domain.kitchen import LineStep, Station, Ticket, TicketStep
from services.orders.store import copies as copy_store
from services.orders.store import kitchen as store
from services.orders.store.orders import lock_order_of_ticket
from services.orders.usecases.copies import settings_in
from services.orders.usecases.ports import Ask
from services.orders.usecases.work import Dependencies, apply
from services.orders.wire.orders import station_message, ticket_message

STATIONS_PER_CATEGORY_MAX = 2
"""A line that more stations cooked would make its tickets larger than an event may be."""


class TooManyStations(Unprocessable):
    """A category is cooked at STATIONS_PER_CATEGORY_MAX stations at most, a restaurant has STATIONS_LIMIT."""


class DefaultStationNeeded(Unprocessable):
    """One station is the default; make another one that instead."""


async def list_stations(deps: Dependencies, tenant: UUID) -> list[Station]:
    """By position; a restaurant without any gets its first one."""
    await deps.copies.get(tenant)
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_stations(tx)


async def save_station(
    deps: Dependencies, ask: Ask, station: Station, is_new: bool
) -> orders_api.SaveStationResponse:
    """Makes or changes a station.

    Raises StationNotFound, StaleVersion, TooManyStations, DefaultStationNeeded.
    """
    await deps.copies.get(ask.tenant)

    async def save(tx: Transaction) -> orders_api.SaveStationResponse:
        await copy_store.lock(tx)  # stations change one after another
        others = [other for other in await store.find_stations(tx) if other.id != station.id]
        _check(station, others)
        demoted = await store.drop_other_defaults(tx, station.id) if station.is_default else []
        if is_new:
            await store.insert_station(tx, station)
            version = 1
        else:
            version = await store.update_station(tx, station)
        await copy_store.count_stations(tx)
        tx.after_commit(partial(deps.copies.forget, ask.tenant))
        saved = replace(station, version=version)
        for one in (*demoted, saved):
            event = orders_events.StationSaved(station=station_message(one))
            tx.emit(event, subject_id=str(one.id))
        return orders_api.SaveStationResponse(station=station_message(saved))

    return await execute(deps.db, ask, orders_api.SaveStationResponse, save)


async def change_ticket(
    deps: Dependencies, ask: Ask, ticket_id: UUID, step: TicketStep
) -> orders_api.ChangeTicketResponse:
    """A cook moves a ticket. Raises as commands.step_ticket."""

    async def work(tx: Transaction) -> orders_api.ChangeTicketResponse:
        def verb(locked: Locked, auto_complete: bool) -> Change | None:
            return commands.step_ticket(locked, ticket_id, step, auto_complete, deps.command(ask))

        ticket = await _step(tx, ticket_id, verb)
        return orders_api.ChangeTicketResponse(ticket=ticket_message(ticket))

    return await execute(deps.db, ask, orders_api.ChangeTicketResponse, work)


async def change_ticket_line(
    deps: Dependencies, ask: Ask, ticket_id: UUID, line_id: UUID, step: LineStep
) -> orders_api.ChangeTicketLineResponse:
    """A cook moves one line. Raises as commands.step_line."""

    async def work(tx: Transaction) -> orders_api.ChangeTicketLineResponse:
        def verb(locked: Locked, auto_complete: bool) -> Change | None:
            return commands.step_line(locked, ticket_id, line_id, step, auto_complete, deps.command(ask))

        ticket = await _step(tx, ticket_id, verb)
        return orders_api.ChangeTicketLineResponse(ticket=ticket_message(ticket))

    return await execute(deps.db, ask, orders_api.ChangeTicketLineResponse, work)


async def _step(tx: Transaction, ticket_id: UUID, verb: Callable[[Locked, bool], Change | None]) -> Ticket:
    locked = await lock_order_of_ticket(tx, ticket_id)
    change = verb(locked, (await settings_in(tx)).auto_complete)
    if change is None:
        return next(ticket for ticket in locked.tickets if ticket.id == ticket_id)
    change = await apply(tx, change)
    return next(ticket for ticket in change.tickets if ticket.id == ticket_id)


def _check(station: Station, others: list[Station]) -> None:
    if len(others) >= store.STATIONS_LIMIT:
        raise TooManyStations(f"A restaurant has at most {store.STATIONS_LIMIT} stations.")
    if not station.is_default and not any(other.is_default for other in others):
        raise DefaultStationNeeded("Some station has to cook what no other does.")
    for category in station.category_ids:
        cooked_at = sum(category in other.category_ids for other in others)
        if cooked_at >= STATIONS_PER_CATEGORY_MAX:
            raise TooManyStations(f"{STATIONS_PER_CATEGORY_MAX} stations cook category {category} already.")
