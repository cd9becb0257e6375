"""Stations as they are kept and removed, what their routes do to orders, and what goes nowhere."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import (
    DefaultStationNeeded,
    NoStation,
    StaleVersion,
    StationInUse,
    StationNotFound,
)
from services.orders.domain.hours import Window
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.routing import Route
from services.orders.domain.station import Station
from services.orders.domain.ticket import TicketStep
from services.orders.rpc.board import DELETED
from services.orders.rpc.station import SAVED
from services.orders.tests.builders import draft, draft_line, settings_message, station
from services.orders.tests.world import World
from services.orders.usecases.restaurant import apply_restaurant
from services.orders.usecases.station import delete_station, list_stations, save_station
from services.orders.wire.restaurant import restaurant_in


async def saved(world: World, made: Station, *, is_new: bool = True) -> Station:
    await save_station(world.deps, world.ask(), made, is_new, SAVED)
    return next(one for one in await list_stations(world.deps, world.tenant) if one.id == made.id)


async def first(world: World) -> Station:
    return next(one for one in await list_stations(world.deps, world.tenant) if one.is_default)


async def removed(world: World, station_id: UUID) -> None:
    await delete_station(world.deps, world.ask(), station_id, DELETED)


def bar(**overrides: Any) -> Station:
    return station(name="Bar", position=1, is_default=False, **overrides)


def of(world: World, **named: Any) -> Route:
    return Route(item_id=UUID(world.burger.id), **named)


async def stations_of(world: World, order: orders_pb2.Order) -> list[str]:
    return sorted(ticket.station_name for ticket in await world.tickets(order.id))


async def test_a_station_comes_back_as_it_was_saved(world: World) -> None:
    kitchen = await first(world)
    made = bar(
        target_seconds=95,
        fallback_id=kitchen.id,
        is_closed=True,
        routes=(
            of(world, order_types=frozenset({OrderType.DELIVERY, OrderType.TAKEAWAY})),
            Route(category_id=new_id(), option_id=new_id(), hours=Window(frozenset(), 0, 0)),
        ),
    )
    kept = await saved(world, made)
    assert kept == replace(made, version=1, time_zone="Europe/London")
    assert kept.target_minutes == 2
    changed = await saved(world, replace(kept, routes=(), is_closed=False, fallback_id=None), is_new=False)
    assert changed == replace(kept, version=2, routes=(), is_closed=False, fallback_id=None)
    with pytest.raises(StaleVersion):
        await saved(world, kept, is_new=False)


async def test_an_order_goes_where_the_routes_say_from_the_next_one_on(world: World) -> None:
    assert await stations_of(world, await world.place()) == ["Kitchen"]
    made = await saved(world, bar(routes=(of(world),)))
    assert await stations_of(world, await world.place()) == ["Bar"]
    pass_station = station(name="Pass", is_default=False, position=2, routes=(of(world),))
    await saved(world, pass_station)
    assert await stations_of(world, await world.place()) == ["Bar", "Pass"]
    await saved(world, replace(made, is_closed=True, fallback_id=pass_station.id), is_new=False)
    assert await stations_of(world, await world.place()) == ["Pass"]


async def test_a_ticket_is_due_after_the_seconds_of_its_station(world: World) -> None:
    await saved(world, bar(routes=(of(world),), target_seconds=95))
    [ticket] = await world.tickets((await world.place()).id)
    assert (ticket.target_at - ticket.created_at).total_seconds() == 95


async def test_hours_of_a_route_are_those_of_the_restaurant(world: World) -> None:
    """It is noon in UTC: 21:00 in Tokyo."""
    async with world.deps.db.transaction(world.tenant) as tx:
        tokyo = settings_message(world.tenant, time_zone="Asia/Tokyo")
        tokyo.version = 2
        await apply_restaurant(tx, restaurant_in(tokyo))
    await saved(world, bar(routes=(of(world, hours=Window(frozenset(), 20 * 60, 22 * 60)),)))
    assert await stations_of(world, await world.place()) == ["Bar"]
    held = await world.place(draft(draft_line(world.burger, hold=True)))
    await world.fire(held.id)
    assert await stations_of(world, held) == ["Bar"]


async def test_a_station_is_removed_when_nothing_of_it_is_open_and_another_is_the_default(
    world: World, event_recorder: EventRecorder
) -> None:
    kitchen = await first(world)
    made = await saved(world, bar(routes=(of(world),)))
    other = await saved(world, station(name="Cold", position=2, is_default=False, fallback_id=made.id))
    order = await world.place()
    with pytest.raises(DefaultStationNeeded):
        await removed(world, kitchen.id)
    for step in (TicketStep.ACK, TicketStep.START, TicketStep.BUMP):
        with pytest.raises(StationInUse) as refused:
            await removed(world, made.id)
        assert refused.value.metadata == {"tickets": "1"}
        await world.cook(order.id, step)
    with pytest.raises(StationInUse):
        await removed(world, made.id)
    await world.cook(order.id, TicketStep.SERVE)
    await removed(world, made.id)
    left = {one.name: one for one in await list_stations(world.deps, world.tenant)}
    assert set(left) == {"Kitchen", "Cold"}
    assert (left["Cold"].fallback_id, left["Cold"].version) == (None, other.version + 1)
    [told] = await event_recorder.of_type(world.deps.db, orders_events.StationRemoved, world.tenant)
    assert (told.station_id, told.version) == (str(made.id), 2)
    assert await stations_of(world, await world.place()) == ["Kitchen"]
    # Its past is still found.
    assert await stations_of(world, order) == ["Bar"]
    for gone in (made.id, new_id()):
        with pytest.raises(StationNotFound):
            await removed(world, gone)
    with pytest.raises(StationNotFound):
        await saved(world, replace(made, version=2), is_new=False)


async def test_a_station_of_another_restaurant_cannot_be_removed(world: World) -> None:
    made, other = await saved(world, bar()), world.another()
    with pytest.raises(StationNotFound):
        await removed(other, made.id)
    assert len(await list_stations(world.deps, world.tenant)) == 2


async def unrouted(world: World) -> list[tuple[str, str]]:
    """What a till that is loaded now shows."""
    return [(one.name, one.order_id) for one in (await world.snapshot("orders")).orders.unrouted]


async def test_what_goes_nowhere_is_refused_whole_and_managers_are_told_once(
    world: World, event_recorder: EventRecorder
) -> None:
    closed = await saved(world, bar(routes=(of(world),), is_closed=True))
    wanted = draft(draft_line(world.burger))
    for _ in range(2):
        with pytest.raises(NoStation) as refused:
            await world.place(wanted)
    assert refused.value.metadata["item_id"] == world.burger.id
    held = await world.place(draft(draft_line(world.burger, hold=True)))
    with pytest.raises(NoStation):
        await world.fire(held.id)
    assert (await world.order(held.id)).kitchen is Kitchen.HELD
    told = await event_recorder.of_type(world.deps.db, orders_events.ItemUnrouted, world.tenant)
    assert [(one.item.item_id, one.item.name) for one in told] == [(world.burger.id, "Burger")]
    assert await unrouted(world) == [("Burger", "")]
    await saved(world, replace(closed, is_closed=False), is_new=False)
    assert await unrouted(world) == []
    [over] = await event_recorder.of_type(world.deps.db, orders_events.ItemsRouted, world.tenant)
    assert list(over.item_ids) == [world.burger.id]
    assert await stations_of(world, await world.place(wanted)) == ["Bar"]
    await world.fire(held.id)
    assert await stations_of(world, held) == ["Bar"]


async def test_a_draft_that_goes_nowhere_stays_a_draft(world: World) -> None:
    await saved(world, bar(routes=(of(world),), is_closed=True))
    kept = await world.place(draft(draft_line(world.burger), draft=True))
    with pytest.raises(NoStation):
        await world.validate(kept.id)
    assert (await world.order(kept.id)).number == 0
    assert await unrouted(world) == [("Burger", kept.id)]


async def test_money_for_what_goes_nowhere_is_booked_and_managers_are_told(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place_pay_first()
    closed = await saved(world, bar(routes=(of(world),), is_closed=True))
    await world.pay(order)
    assert (await world.order(order.id)).totals.due_minor == 0
    assert await world.tickets(order.id) == []
    [told] = await event_recorder.of_type(world.deps.db, orders_events.ItemUnrouted, world.tenant)
    assert (told.item.order_id, told.item.order_number) == (order.id, order.number)
    await saved(world, replace(closed, is_closed=False), is_new=False)
    await world.fire(order.id)
    assert await stations_of(world, order) == ["Bar"]


async def test_what_goes_nowhere_in_one_restaurant_is_no_affair_of_another(world: World) -> None:
    await saved(world, bar(routes=(of(world),), is_closed=True))
    with pytest.raises(NoStation):
        await world.place()
    other = world.another()
    await other.place()
    assert await unrouted(other) == []
