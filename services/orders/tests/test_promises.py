"""Orders for later: sold as of then, cooked in time for it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from chassis.instants import timestamp
from services.orders.domain.errors import EditConflict
from services.orders.domain.firing import fire_due
from services.orders.domain.kitchen_paper import ticket_paper
from services.orders.domain.order.axes import Kitchen, State
from services.orders.domain.order.basket import price_basket
from services.orders.domain.order.change import Locked
from services.orders.domain.order.placing import place
from services.orders.domain.order.promise import Promise
from services.orders.domain.order.upkeep import UNPAID_EXPIRES_AFTER
from services.orders.domain.promise_errors import FireTime, PromiseRefused
from services.orders.domain.timing import kitchen_at
from services.orders.rpc.order import FIRED
from services.orders.rpc.table import DELETED
from services.orders.tests.builders import (
    NOON,
    draft,
    draft_line,
    item,
    item_message,
    line,
    menu,
    stamp,
    station,
    terms,
    wanted,
)
from services.orders.tests.floor import a_table
from services.orders.tests.promises import EAT_IN, TARGET, allow, place_for, promise, sweep
from services.orders.tests.world import World
from services.orders.usecases.firing import fire_order
from services.orders.usecases.order.upkeep import Sweeper
from services.orders.usecases.slot import list_coming
from services.orders.usecases.table import delete_table, list_tables
from services.orders.wire.enums import ALLERGENS

SECOND = timedelta(seconds=1)
LATER = timedelta(hours=2)


def test_a_line_that_no_station_takes_by_then_is_told_once_and_waits_without_a_time() -> None:
    burger = item()
    order = wanted(line(burger), promise=Promise(NOON + LATER, NOON + LATER))
    basket = price_basket(order.lines, order.order_type, 0, menu(burger), terms())
    kitchen = station()
    placed = place(order, basket, new_id(), 1, (kitchen,), stamp()).order
    assert kitchen_at(placed) == NOON + LATER - TARGET
    due = fire_due(Locked(placed), [replace(kitchen, is_closed=True)], stamp(NOON + LATER))
    assert due is not None
    assert [one.id for one in due.unrouted] == [placed.lines[0].id]
    assert (kitchen_at(due.order), due.tickets) == (None, ())
    assert due.order.unsent_since == placed.placed_at
    assert fire_due(Locked(due.order), [kitchen], stamp(NOON + LATER)) is None


async def test_the_kitchen_gets_it_in_time_and_once(world: World) -> None:
    at = world.clock.now() + LATER
    order = await place_for(world, at, customer_name="Ada")
    assert await world.tickets(order.id) == []
    assert (await world.order(order.id)).state is State.VALIDATED
    world.clock.advance(LATER - TARGET - SECOND)
    await sweep(world)
    assert await world.tickets(order.id) == []
    world.clock.advance(SECOND)
    await sweep(world)
    await sweep(world)
    assert (await world.order(order.id)).version == order.version + 1
    [ticket] = await world.tickets(order.id)
    assert (ticket.promised_at, ticket.target_at) == (at, at)
    assert ticket.state is Kitchen.QUEUED
    printed = str(ticket_paper(ticket, "Europe/London", world.clock.now(), ALLERGENS))
    assert f"For {at:%d %b %H:%M}" in printed


async def test_two_processes_send_it_once(world: World) -> None:
    order = await place_for(world, world.clock.now() + LATER)
    world.clock.advance(LATER)
    await asyncio.gather(*(sweep(world) for _ in range(4)))
    assert (await world.order(order.id)).version == order.version + 1
    assert [one.revision for one in await world.tickets(order.id)] == [1]


async def test_it_has_the_business_day_of_its_promise_and_a_number_of_that_day(world: World) -> None:
    today = await world.place()
    order = await place_for(world, world.clock.now() + timedelta(days=3))
    assert (today.number, order.number) == (1, 1)
    assert order.business_date > today.business_date


async def test_an_unpaid_one_waits_for_its_money_and_expires_as_any_other(world: World) -> None:
    first = orders_pb2.SERVICE_FLOW_PAY_FIRST
    at = world.clock.now() + LATER
    paid, unpaid = (
        await place_for(world, at, service_flow=first),
        await place_for(world, at, service_flow=first),
    )
    await world.pay(paid)
    assert (await world.order(paid.id)).kitchen is Kitchen.HELD
    world.clock.advance(UNPAID_EXPIRES_AFTER + SECOND)
    await Sweeper(world.deps).sweep()
    assert (await world.order(unpaid.id)).state is State.CANCELLED
    world.clock.advance(LATER)
    await sweep(world)
    assert len(await world.tickets(paid.id)) == 1


async def test_another_promise_moves_when_the_kitchen_gets_it_and_none_sends_it_now(world: World) -> None:
    at = world.clock.now() + LATER
    order = await place_for(world, at)
    moved = await promise(world, order.id, at + LATER, "Grace")
    assert (moved.scheduled_for, moved.customer_name) == (timestamp(at + LATER), "Grace")
    world.clock.advance(LATER)
    await sweep(world)
    assert await world.tickets(order.id) == []
    now = await promise(world, order.id, None)
    assert (now.HasField("scheduled_for"), now.customer_name) == (False, "Grace")
    [ticket] = await world.tickets(order.id)
    assert (ticket.promised_at, ticket.revision) == (None, 1)
    later = await promise(world, order.id, world.clock.now() + LATER)
    [told] = await world.tickets(order.id)
    assert (told.promised_at, told.revision) == (world.clock.now() + LATER, 2)
    assert later.version == now.version + 1


async def test_it_keeps_its_day_and_is_not_promised_what_cannot_be(world: World) -> None:
    at = world.clock.now() + LATER
    order = await place_for(world, at)
    for asked, reason in (
        (at + timedelta(days=1), "PROMISE_OTHER_DAY"),
        (world.clock.now() + TARGET - SECOND, "PROMISE_TOO_SOON"),
        (at + timedelta(days=90), "PROMISE_TOO_FAR"),
    ):
        with pytest.raises(PromiseRefused) as refused:
            await promise(world, order.id, asked)
        assert refused.value.reason == reason
    with pytest.raises(PromiseRefused):
        await place_for(world, at + timedelta(days=90))


async def test_a_promise_that_somebody_changed_since_is_not_overwritten(world: World) -> None:
    at = world.clock.now() + LATER
    order = await place_for(world, at)
    await promise(world, order.id, at + TARGET)
    with pytest.raises(EditConflict):
        await promise(world, order.id, at + LATER, base_version=order.version)
    await promise(world, order.id, at + LATER)


async def test_its_table_is_free_until_the_kitchen_has_it(world: World) -> None:
    at, kept, gone = world.clock.now() + LATER, await a_table(world), await a_table(world)
    orders = [await place_for(world, at, order_type=EAT_IN, table_id=table.id) for table in (kept, gone)]
    [before] = [one for one in await list_tables(world.deps, world.tenant) if str(one.id) == kept.id]
    assert before.seated == ()
    await delete_table(world.deps, world.ask(), UUID(gone.id), DELETED)
    world.clock.advance(LATER)
    await sweep(world)
    [after] = await list_tables(world.deps, world.tenant)
    assert [str(one.order_id) for one in after.seated] == [orders[0].id]
    assert [len(await world.tickets(one.id)) for one in orders] == [1, 1]


async def test_whoever_sends_it_before_its_time_has_it_cooked_now(world: World) -> None:
    order = await place_for(world, world.clock.now() + LATER)
    fired = await world.fire(order.id)
    assert len(await world.tickets(order.id)) == 1
    world.clock.advance(LATER)
    await sweep(world)
    assert (await world.order(order.id)).version == fired.version


async def test_a_line_that_is_held_waits_for_somebody(world: World) -> None:
    held = draft_line(world.burger, hold=True)
    at = timestamp(world.clock.now() + LATER)
    order = await world.place(draft(draft_line(world.burger), held, scheduled_for=at))
    world.clock.advance(LATER)
    await sweep(world)
    kitchens = [one.kitchen for one in (await world.order(order.id)).lines]
    assert kitchens == [Kitchen.QUEUED, Kitchen.HELD]


async def test_what_comes_is_listed_by_its_time(world: World) -> None:
    now = world.clock.now()
    third, first = await place_for(world, now + 2 * LATER), await place_for(world, now + LATER)
    gone = await place_for(world, now + LATER)
    await world.cancel(gone.id)
    found = await list_coming(world.deps, world.tenant)
    assert [str(one.id) for one in found] == [first.id, third.id]


async def test_a_course_goes_at_the_time_that_somebody_said(world: World) -> None:
    order = await world.place(draft(draft_line(world.burger, course="mains")))
    now = world.clock.now()
    for wrong in (now, now + timedelta(days=1, seconds=1)):
        with pytest.raises(FireTime):
            await fire_order(world.deps, world.ask(), UUID(order.id), [], "mains", FIRED, fire_at=wrong)
    answer = await fire_order(
        world.deps, world.ask(), UUID(order.id), [], "mains", FIRED, fire_at=now + TARGET
    )
    assert answer.order.lines[0].timing.fire_at == timestamp(now + TARGET)
    world.clock.advance(TARGET)
    await sweep(world)
    assert len(await world.tickets(order.id)) == 1


async def test_dishes_that_go_together_are_ready_together(world: World) -> None:
    slow = item_message(name="Pie", preparation_minutes=20)
    world.burger.preparation_minutes = 5
    world.extra_items.append(slow)
    world.menu_version += 1
    world.publish_menu()
    await allow(world, fire_together=True)
    order = await world.place(draft(draft_line(world.burger), draft_line(slow)))
    assert [one.kitchen for one in (await world.order(order.id)).lines] == [Kitchen.HELD, Kitchen.QUEUED]
    world.clock.advance(TARGET)
    await sweep(world)
    assert [one.kitchen for one in (await world.order(order.id)).lines] == [Kitchen.QUEUED] * 2
    [ticket] = await world.tickets(order.id)
    assert [one.revision for one in ticket.lines] == [1, 2]


async def test_a_second_fire_has_what_waits_for_the_others_go_at_once(world: World) -> None:
    slow = item_message(name="Pie", preparation_minutes=20)
    world.extra_items.append(slow)
    world.menu_version += 1
    world.publish_menu()
    await allow(world, fire_together=True)
    lines = (draft_line(world.burger, course="mains"), draft_line(slow, course="mains"))
    order = await world.place(draft(*lines))
    await world.fire(order.id, course="mains")
    assert [one.kitchen for one in (await world.order(order.id)).lines] == [Kitchen.HELD, Kitchen.QUEUED]
    await world.fire(order.id, course="mains")
    assert [one.kitchen for one in (await world.order(order.id)).lines] == [Kitchen.QUEUED] * 2


async def test_each_dish_of_a_promise_starts_in_its_own_time(world: World) -> None:
    slow = item_message(name="Pie", preparation_minutes=30)
    world.extra_items.append(slow)
    world.menu_version += 1
    world.publish_menu()
    await allow(world, fire_together=True)
    at = world.clock.now() + LATER
    order = await world.place(draft(draft_line(world.burger), draft_line(slow), scheduled_for=timestamp(at)))
    times = [one.timing.fire_at for one in order.lines]
    assert times == [timestamp(at - TARGET), timestamp(at - timedelta(minutes=30))]
