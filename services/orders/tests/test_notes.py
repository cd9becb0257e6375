"""A note to the kitchen on the whole order: said at the till, on every open ticket."""

from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from harness.fixtures import EventRecorder
from services.orders.domain.errors import IllegalTransition, OrderExists, OrderNotFound
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.ticket import TicketStep
from services.orders.rpc.order import NOTE_SET
from services.orders.tests.builders import draft, draft_line
from services.orders.tests.test_allergies import COELIAC, COELIAC_MESSAGE, acknowledge
from services.orders.tests.world import World
from services.orders.usecases.order.remark import set_note

BIRTHDAY = "Birthday at table 4:\ncandles with the cake"


async def say(world: World, order_id: str, note: str, key: str = "") -> orders_pb2.Order:
    answer = await set_note(world.deps, world.ask(key), UUID(order_id), note, NOTE_SET)
    return answer.order


async def test_it_is_on_the_order_and_on_every_open_ticket_as_a_new_revision(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    [before] = await world.tickets(order.id)
    await world.step(before.id, TicketStep.ACK)
    noted = await say(world, order.id, BIRTHDAY)
    assert (noted.note, noted.version) == (BIRTHDAY, order.version + 2)
    assert (await world.order(order.id)).remarks.note == BIRTHDAY
    [ticket] = await world.tickets(order.id)
    assert (ticket.remarks.note, ticket.revision) == (BIRTHDAY, before.revision + 2)
    assert ticket.acknowledged_at is None  # no display has shown it with the note
    [updated] = await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant)
    assert (updated.cause, updated.order.note) == ("note", BIRTHDAY)
    assert [(one.note, one.revision) for one in updated.tickets] == [(BIRTHDAY, ticket.revision)]


async def test_an_order_is_placed_with_it_and_lines_that_are_fired_later_come_with_it(world: World) -> None:
    held = draft_line(world.burger, hold=True, course="mains")
    order = await world.place(draft(draft_line(world.burger), held, note=f" {BIRTHDAY}\n"))
    assert order.note == BIRTHDAY
    await world.fire(order.id)
    assert [one.remarks.note for one in await world.tickets(order.id)] == [BIRTHDAY, BIRTHDAY]


async def test_it_stays_off_tickets_that_are_served(world: World) -> None:
    order = await world.place()
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    [served] = await world.tickets(order.id)
    assert (await say(world, order.id, BIRTHDAY)).note == BIRTHDAY
    assert await world.tickets(order.id) == [served]


async def test_an_allergy_that_a_cook_has_read_stays_read(world: World) -> None:
    order = await world.place(guest_allergy=COELIAC_MESSAGE)
    [ticket] = await world.tickets(order.id)
    await acknowledge(world, ticket.id, COELIAC)
    noted = await say(world, order.id, BIRTHDAY)
    assert noted.guest_allergy == COELIAC_MESSAGE
    await world.cook(order.id, TicketStep.BUMP)
    assert (await world.order(order.id)).kitchen is Kitchen.READY


async def test_an_empty_one_takes_it_away_and_the_same_again_changes_nothing(world: World) -> None:
    order = await world.place(draft(draft_line(world.burger), note=BIRTHDAY))
    assert (await say(world, order.id, BIRTHDAY)).version == order.version
    assert (await say(world, order.id, "")).note == ""
    [ticket] = await world.tickets(order.id)
    assert ticket.remarks.note == ""


async def test_a_retry_is_answered_as_the_first_try_was(world: World) -> None:
    order = await world.place()
    first = await say(world, order.id, BIRTHDAY, key="one")
    await say(world, order.id, "")
    assert await say(world, order.id, BIRTHDAY, key="one") == first
    assert (await world.order(order.id)).remarks.note == ""


async def test_it_is_said_until_the_order_is_done_or_cancelled(world: World) -> None:
    kept = await world.place(draft=True)
    assert (await say(world, kept.id, BIRTHDAY)).note == BIRTHDAY
    assert (await world.validate(kept.id)).note == BIRTHDAY
    cancelled = await world.place()
    await world.cancel(cancelled.id)
    done = await world.place()
    await world.pay(done)
    await world.cook(done.id, TicketStep.BUMP)
    await world.complete(done.id)
    for closed in (cancelled, done):
        with pytest.raises(IllegalTransition):
            await say(world, closed.id, BIRTHDAY)


async def test_it_is_said_of_the_restaurant_s_own_orders_only(world: World) -> None:
    order = await world.place()
    with pytest.raises(OrderNotFound):
        await say(world.another(), order.id, BIRTHDAY)


async def test_an_order_id_is_not_taken_for_the_same_order_with_another_note(world: World) -> None:
    wanted = draft(draft_line(world.burger), note=BIRTHDAY)
    first = await world.place(wanted)
    assert (await world.place(wanted)).id == first.id
    wanted.note = "no candles"
    with pytest.raises(OrderExists):
        await world.place(wanted)
