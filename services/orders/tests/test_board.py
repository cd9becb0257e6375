"""What the kitchen sees over its tickets: counts that add up, and how far each order is."""

from dataclasses import replace

from chassis.ids import new_id
from services.orders.domain.board import all_day, expo
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.order.order import ChosenOption
from services.orders.domain.ticket import LineStep, Ticket, TicketStep
from services.orders.tests.builders import draft, draft_line, item_message
from services.orders.tests.test_ticket_steps import a_line, a_ticket
from services.orders.tests.world import World
from services.orders.usecases.board import get_all_day, get_expo

CHEESE = ChosenOption(new_id(), "Cheese", 1, 50)


def counted(*tickets: Ticket) -> list[tuple[str, tuple[str, ...], int]]:
    return [
        (one.name, tuple(option.name for option in one.options), one.quantity) for one in all_day(tickets)
    ]


def test_the_same_thing_is_summed_over_tickets_and_other_options_are_another_thing() -> None:
    burger = a_line(quantity=2)
    more = replace(a_line(), item_id=burger.item_id)
    cheese = replace(more, id=a_line().id, options=(CHEESE,))
    assert counted(a_ticket(burger, cheese), a_ticket(more)) == [
        ("Burger", (), 3),
        ("Burger", ("Cheese",), 1),
    ]


def test_only_what_is_still_to_be_made_counts() -> None:
    states = (Kitchen.QUEUED, Kitchen.PREPARING, Kitchen.READY, Kitchen.SERVED, Kitchen.CANCELLED)
    item_id = a_line().item_id
    lines = [replace(a_line(state), item_id=item_id) for state in states]
    assert counted(a_ticket(*lines)) == [("Burger", (), 2)]


def test_a_line_that_two_stations_cook_is_one_thing_to_make() -> None:
    line = a_line(quantity=2)
    assert counted(a_ticket(line), a_ticket(line)) == [("Burger", (), 2)]


def test_tickets_that_are_older_than_their_items_count_by_name() -> None:
    old = replace(a_line(), item_id=None)
    assert counted(a_ticket(old), a_ticket(replace(old, id=a_line().id))) == [("Burger", (), 2)]


def test_an_order_is_ready_when_all_of_its_stations_are() -> None:
    first = a_ticket(a_line(Kitchen.READY))
    second = replace(a_ticket(a_line(Kitchen.PREPARING)), order_id=first.order_id, station_name="Bar")
    third = replace(second, id=a_line().id, lines=(a_line(),))
    [order] = expo([first, second, third])
    assert [(one.name, one.state) for one in order.stations] == [
        ("Bar", Kitchen.QUEUED),
        ("Kitchen", Kitchen.READY),
    ]
    assert not order.is_ready
    served = replace(second, lines=(a_line(Kitchen.SERVED),))
    [order] = expo([first, served])
    assert order.is_ready


async def test_all_day_and_expo_are_those_of_the_restaurant(world: World) -> None:
    beer = item_message(name="Beer")
    world.extra_items.append(beer)
    world.publish_menu()
    two = await world.place(draft(draft_line(world.burger, 2), draft_line(beer)))
    one = await world.place(draft(draft_line(world.burger)))
    await world.another().place()

    async def made() -> dict[str, int]:
        return {each.name: each.quantity for each in await get_all_day(world.deps, world.tenant, None)}

    assert await made() == {"Burger": 3, "Beer": 1}
    [ticket] = await world.tickets(two.id)
    await world.step_line(ticket.id, ticket.lines[0].id, LineStep.START)
    await world.step_line(ticket.id, ticket.lines[0].id, LineStep.READY)
    assert await made() == {"Burger": 1, "Beer": 1}
    await world.cook(one.id, TicketStep.BUMP)
    shown = await get_expo(world.deps, world.tenant)
    assert [(each.order_number, each.is_ready) for each in shown] == [(1, False), (2, True)]
    elsewhere = await get_all_day(world.deps, world.tenant, ticket.lines[0].id)
    assert elsewhere == []
