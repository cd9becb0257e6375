"""A guest's allergy: said at the till, on every ticket, acknowledged by a cook before the food is ready."""

from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import (
    AllergyChanged,
    AllergyNotAcknowledged,
    IllegalTransition,
    OrderExists,
    OrderNotFound,
)
from services.orders.domain.order.axes import Kitchen, State
from services.orders.domain.order.order import GuestAllergy
from services.orders.domain.ticket import LineStep, TicketStep
from services.orders.rpc.order import ALLERGY_SET
from services.orders.rpc.ticket import ALLERGY_ACKNOWLEDGED
from services.orders.tests.builders import draft, draft_line, item_message
from services.orders.tests.world import World
from services.orders.usecases.order import allergy as allergies
from services.orders.usecases.order import remark as remarks

COELIAC = GuestAllergy((2,), "coeliac: no shared fryer")
NUTS = GuestAllergy((10, 11))
COELIAC_MESSAGE = orders_pb2.GuestAllergy(
    allergens=[catalog_pb2.ALLERGEN_CEREALS_CONTAINING_GLUTEN], text="coeliac: no shared fryer"
)


async def say(world: World, order_id: str, allergy: GuestAllergy | None) -> orders_pb2.Order:
    answer = await remarks.set_guest_allergy(world.deps, world.ask(), UUID(order_id), allergy, ALLERGY_SET)
    return answer.order


async def acknowledge(world: World, ticket_id: UUID, seen: GuestAllergy | None) -> orders_pb2.Ticket:
    answer = await allergies.acknowledge_guest_allergy(
        world.deps, world.ask(), ticket_id, seen, ALLERGY_ACKNOWLEDGED
    )
    return answer.ticket


async def test_the_allergens_of_a_chosen_option_are_on_line_and_ticket(world: World) -> None:
    nuts = catalog_pb2.Option(
        id=str(new_id()), name="Pistachio", available=True, allergens=[catalog_pb2.ALLERGEN_NUTS]
    )
    plain = catalog_pb2.Option(id=str(new_id()), name="Vanilla", available=True)
    scoops = catalog_pb2.OptionGroup(
        id=str(new_id()), name="Scoop", min_choices=1, max_choices=1, options=[nuts, plain]
    )
    ice = item_message(name="Ice cream", option_groups=[scoops])
    world.extra_items.append(ice)
    world.publish_menu()
    milk = catalog_pb2.ALLERGEN_MILK
    for option, expected in ((plain, [milk]), (nuts, [milk, catalog_pb2.ALLERGEN_NUTS])):
        line = draft_line(ice)
        line.options.add(option_id=option.id)
        order = await world.place(draft(line))
        [ticket] = await world.tickets(order.id)
        assert list(order.lines[0].allergens) == list(ticket.allergens) == expected
        assert list((await world.order(order.id)).lines[0].allergens) == expected


async def test_an_order_is_placed_with_it_and_its_tickets_repeat_it(world: World) -> None:
    order = await world.place(guest_allergy=COELIAC_MESSAGE)
    assert order.guest_allergy == COELIAC_MESSAGE
    assert (await world.order(order.id)).remarks.guest_allergy == COELIAC
    [ticket] = await world.tickets(order.id)
    assert (ticket.remarks.guest_allergy, ticket.allergy_acknowledged_at) == (COELIAC, None)


async def test_without_one_an_order_has_none_and_its_tickets_are_bumped_as_ever(world: World) -> None:
    order = await world.place(guest_allergy=orders_pb2.GuestAllergy(text="  "))
    assert not order.HasField("guest_allergy")
    [ticket] = await world.tickets(order.id)
    assert ticket.remarks.guest_allergy is None
    bumped = await world.step(ticket.id, TicketStep.BUMP)
    assert bumped.state == orders_pb2.KITCHEN_STATE_READY


async def test_nothing_of_a_ticket_is_ready_before_a_cook_has_acknowledged_it(world: World) -> None:
    order = await world.place(guest_allergy=COELIAC_MESSAGE)
    [ticket] = await world.tickets(order.id)
    await world.step(ticket.id, TicketStep.ACK)  # a display has shown it: that is no cook
    await world.step(ticket.id, TicketStep.START)
    with pytest.raises(AllergyNotAcknowledged):
        await world.step(ticket.id, TicketStep.BUMP)
    with pytest.raises(AllergyNotAcknowledged):
        await world.step_line(ticket.id, ticket.lines[0].id, LineStep.READY)
    with pytest.raises(AllergyNotAcknowledged):
        await world.set_status(order.id, State.READY)
    [same] = await world.tickets(order.id)
    assert same.state is Kitchen.PREPARING
    read = await acknowledge(world, ticket.id, COELIAC)
    assert (read.HasField("allergy_acknowledged_at"), read.revision) == (True, same.revision + 1)
    bumped = await world.step(ticket.id, TicketStep.BUMP)
    assert bumped.state == orders_pb2.KITCHEN_STATE_READY
    assert (await world.step(ticket.id, TicketStep.SERVE)).state == orders_pb2.KITCHEN_STATE_SERVED


async def test_a_change_makes_a_new_revision_of_open_tickets_that_is_acknowledged_anew(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    [before] = await world.tickets(order.id)
    changed = await say(world, order.id, COELIAC)
    assert changed.version == order.version + 1
    await acknowledge(world, before.id, COELIAC)
    await say(world, order.id, NUTS)
    [ticket] = await world.tickets(order.id)
    assert (ticket.remarks.guest_allergy, ticket.allergy_acknowledged_at) == (NUTS, None)
    assert ticket.revision == before.revision + 3
    with pytest.raises(AllergyNotAcknowledged):
        await world.step(ticket.id, TicketStep.BUMP)
    updated = await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant)
    told = [(one.cause, len(one.tickets), one.tickets[0].revision) for one in updated]
    assert told == [("guest_allergy", 1, before.revision + 1), ("guest_allergy", 1, ticket.revision)]


async def test_a_ticket_that_is_ready_tells_it_and_one_that_is_served_does_not_move(world: World) -> None:
    order = await world.place()
    await world.cook(order.id, TicketStep.BUMP)
    await say(world, order.id, COELIAC)
    [ready] = await world.tickets(order.id)
    assert (ready.state, ready.remarks.guest_allergy) == (Kitchen.READY, COELIAC)
    await world.cook(order.id, TicketStep.SERVE)
    [served] = await world.tickets(order.id)
    await say(world, order.id, NUTS)
    assert await world.tickets(order.id) == [served]


async def test_saying_the_same_again_changes_nothing(world: World) -> None:
    order = await world.place(guest_allergy=COELIAC_MESSAGE)
    [ticket] = await world.tickets(order.id)
    assert (await say(world, order.id, COELIAC)).version == order.version
    read = await acknowledge(world, ticket.id, COELIAC)
    assert (await acknowledge(world, ticket.id, COELIAC)).revision == read.revision


async def test_a_cook_acknowledges_what_was_read_and_nothing_newer(world: World) -> None:
    order = await world.place(guest_allergy=COELIAC_MESSAGE)
    [ticket] = await world.tickets(order.id)
    await say(world, order.id, NUTS)
    with pytest.raises(AllergyChanged):
        await acknowledge(world, ticket.id, COELIAC)
    [waits] = await world.tickets(order.id)
    assert waits.allergy_waits


async def test_one_that_is_taken_back_holds_nothing_up(world: World) -> None:
    order = await world.place(guest_allergy=COELIAC_MESSAGE)
    assert not (await say(world, order.id, None)).HasField("guest_allergy")
    await world.cook(order.id, TicketStep.BUMP)
    assert (await world.order(order.id)).kitchen is Kitchen.READY


async def test_lines_that_are_fired_later_are_acknowledged_with_it_again(world: World) -> None:
    locked = draft_line(world.burger, hold=True)
    order = await world.place(draft(draft_line(world.burger), locked, guest_allergy=COELIAC_MESSAGE))
    [ticket] = await world.tickets(order.id)
    await acknowledge(world, ticket.id, COELIAC)
    await world.fire(order.id)
    [grown] = await world.tickets(order.id)
    assert (len(grown.lines), grown.allergy_waits) == (2, True)


async def test_it_is_said_until_the_order_is_done_or_cancelled(world: World) -> None:
    draft_order = await world.place(draft=True)
    assert (await say(world, draft_order.id, COELIAC)).guest_allergy == COELIAC_MESSAGE
    validated = await world.validate(draft_order.id)
    assert validated.guest_allergy == COELIAC_MESSAGE
    cancelled = await world.place()
    await world.cancel(cancelled.id)
    done = await world.place()
    await world.pay(done)
    await world.cook(done.id, TicketStep.BUMP)
    await world.complete(done.id)
    for closed in (cancelled, done):
        with pytest.raises(IllegalTransition):
            await say(world, closed.id, COELIAC)


async def test_it_is_said_of_the_restaurant_s_own_orders_only(world: World) -> None:
    order = await world.place()
    with pytest.raises(OrderNotFound):
        await say(world.another(), order.id, COELIAC)


async def test_an_order_id_is_not_taken_for_the_same_order_with_another_allergy(world: World) -> None:
    wanted = draft(draft_line(world.burger), guest_allergy=COELIAC_MESSAGE)
    first = await world.place(wanted)
    assert (await world.place(wanted)).id == first.id
    wanted.ClearField("guest_allergy")
    with pytest.raises(OrderExists):
        await world.place(wanted)
