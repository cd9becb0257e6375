"""Fields of a line that are changed: merged where nobody touched them, refused with both values where
somebody did."""

from typing import Any

import pytest
from fynlo.orders.v1 import orders_pb2

from chassis.errors import Conflict
from services.orders.domain.errors import (
    EditConflict,
    IllegalTransition,
    LineNotFound,
    LineVoided,
    RefundRequired,
    VoidRequired,
)
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import draft, draft_line, item_message
from services.orders.tests.lines import MANAGES, change, void
from services.orders.tests.world import World

FIELDS: dict[str, tuple[Any, Any]] = {
    "quantity": (4, 5),
    "note": ("rare", "well done"),
    "seat": (2, 3),
    "course": ("main", "dessert"),
}


async def on_hold(world: World, quantity: int = 2) -> tuple[orders_pb2.Order, str]:
    order = await world.place(draft(draft_line(world.burger, quantity, hold=True)))
    return order, order.lines[0].id


async def fired(world: World, quantity: int = 2) -> tuple[orders_pb2.Order, str]:
    order = await world.place(draft(draft_line(world.burger, quantity)))
    return order, order.lines[0].id


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_that_nobody_touched_since_is_merged_whatever_else_happened(
    world: World, field: str
) -> None:
    order, line = await on_hold(world)
    for other in FIELDS:
        if other != field:
            await change(world, order.id, line, base=order.version, **{other: FIELDS[other][0]})
    after = await change(world, order.id, line, base=order.version, **{field: FIELDS[field][1]})
    assert getattr(after.lines[0], field) == FIELDS[field][1]
    for other in FIELDS:
        if other != field:
            assert getattr(after.lines[0], other) == FIELDS[other][0]
    assert after.version == order.version + 4


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_that_somebody_touched_since_is_refused_with_both_values(
    world: World, field: str
) -> None:
    order, line = await on_hold(world)
    theirs, yours = FIELDS[field]
    seen = await change(world, order.id, line, base=order.version, **{field: theirs})
    for base in (order.version, 0):
        with pytest.raises(EditConflict) as refused:
            await change(world, order.id, line, base=base, **{field: yours})
        assert refused.value.reason == "CONFLICT"
        assert refused.value.metadata == {
            "conflict.field": field,
            "conflict.yours": str(yours),
            "conflict.theirs": str(theirs),
        }
    assert (await world.order(order.id)).version == seen.version
    after = await change(world, order.id, line, base=seen.version, **{field: yours})
    assert getattr(after.lines[0], field) == yours


async def test_of_two_fields_of_which_one_was_touched_neither_is_changed(world: World) -> None:
    order, line = await on_hold(world)
    await change(world, order.id, line, base=order.version, note="rare")
    with pytest.raises(EditConflict) as refused:
        await change(world, order.id, line, base=order.version, note="well done", seat=2)
    assert [one.field for one in refused.value.fields] == ["note"]
    assert (await world.order(order.id)).lines[0].seat == 0


async def test_without_a_base_version_the_first_change_of_a_field_merges_and_the_same_again_is_none(
    world: World,
) -> None:
    order, line = await on_hold(world)
    first = await change(world, order.id, line, note="rare")
    assert (await change(world, order.id, line, note="rare")).version == first.version
    assert (await change(world, order.id, line, seat=2)).lines[0].seat == 2
    with pytest.raises(EditConflict):
        await change(world, order.id, line, note="well done")


async def test_a_void_touches_the_quantity_and_an_edit_of_before_it_is_refused(world: World) -> None:
    order, line = await on_hold(world, 3)
    await void(world, order.id, line, 1)
    with pytest.raises(EditConflict) as refused:
        await change(world, order.id, line, base=order.version, quantity=4)
    assert refused.value.metadata["conflict.theirs"] == "2"


async def test_a_retry_is_answered_as_the_first_try_was(world: World) -> None:
    order, line = await on_hold(world)
    first = await change(world, order.id, line, key="one", quantity=4)
    assert await change(world, order.id, line, key="one", quantity=4) == first


async def test_what_was_changed_in_a_draft_is_known_when_it_is_placed(world: World) -> None:
    kept = await world.place(draft=True)
    line = kept.lines[0].id
    await change(world, kept.id, line, base=kept.version, note="rare")
    placed = await world.validate(kept.id)
    assert placed.lines[0].note == "rare"
    with pytest.raises(EditConflict):
        await change(world, kept.id, line, base=kept.version, note="well done")


async def test_another_quantity_is_billed_and_its_stock_held(world: World) -> None:
    cake = item_message(name="Cake", stock_tracked=True)
    world.extra_items.append(cake)
    world.publish_menu()
    world.catalog.on_hand[cake.id] = 5
    order = await world.place(draft(draft_line(cake, 2, hold=True)))
    line = order.lines[0].id
    more = await change(world, order.id, line, base=order.version, quantity=4, key="one")
    assert (more.lines[0].gross_minor, more.totals.goods_minor) == (4000, 4000)
    assert await change(world, order.id, line, base=order.version, quantity=4, key="one") == more
    assert sorted(one.quantity for one in world.catalog.reserved[order.id]) == [2, 2]
    with pytest.raises(Conflict) as refused:
        await change(world, order.id, line, base=more.version, quantity=6)
    assert refused.value.reason == "INSUFFICIENT_STOCK"
    less = await change(world, order.id, line, base=more.version, quantity=1)
    assert (less.lines[0].quantity, less.totals.goods_minor, len(less.lines[0].voids)) == (1, 1000, 0)


async def test_fewer_than_are_paid_are_refused(world: World) -> None:
    order, line = await on_hold(world)
    await world.pay(order)
    with pytest.raises(RefundRequired):
        await change(world, order.id, line, quantity=1)
    assert (await change(world, order.id, line, quantity=3)).totals.due_minor == 1125


async def test_more_of_what_is_cooked_is_on_its_ticket_as_a_revision(world: World) -> None:
    order, line = await fired(world)
    await world.cook(order.id, TicketStep.START)
    [before] = await world.tickets(order.id)
    await change(world, order.id, line, quantity=5)
    [ticket] = await world.tickets(order.id)
    assert [(one.quantity, one.state) for one in ticket.lines] == [(5, Kitchen.PREPARING)]
    assert (ticket.revision, ticket.acknowledged_at) == (before.revision + 1, None)


@pytest.mark.parametrize("steps", [(TicketStep.BUMP,), (TicketStep.BUMP, TicketStep.SERVE)])
async def test_more_of_what_is_ready_is_cooked_on_a_ticket_of_its_own(
    world: World, steps: tuple[TicketStep, ...]
) -> None:
    order, line = await fired(world)
    await world.cook(order.id, *steps)
    more = await change(world, order.id, line, quantity=3)
    assert more.lines[0].kitchen_state == orders_pb2.KITCHEN_STATE_QUEUED
    tickets = await world.tickets(order.id)
    assert sorted(one.lines[0].quantity for one in tickets) == [1, 2]
    [new] = [one for one in tickets if one.state is Kitchen.QUEUED]
    assert str(new.lines[0].id) == line
    await void(world, order.id, line, 1)
    states = {one.id: one.state for one in await world.tickets(order.id)}
    assert states[new.id] is Kitchen.CANCELLED
    left = (await world.order(order.id)).lines[0]
    assert (left.quantity, left.kitchen) == (2, Kitchen.SERVED if len(steps) > 1 else Kitchen.READY)


async def test_fewer_of_what_was_fired_is_a_void(world: World) -> None:
    order, line = await fired(world)
    with pytest.raises(VoidRequired):
        await change(world, order.id, line, quantity=1)


async def test_note_and_seat_are_on_the_ticket_as_a_revision_and_not_on_one_that_is_served(
    world: World,
) -> None:
    order, line = await fired(world)
    [before] = await world.tickets(order.id)
    await change(world, order.id, line, note="no onions", seat=4)
    [ticket] = await world.tickets(order.id)
    assert (ticket.lines[0].note, ticket.lines[0].seat) == ("no onions", 4)
    assert (ticket.revision, ticket.acknowledged_at) == (before.revision + 1, None)
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    [served] = await world.tickets(order.id)
    seen = await world.order(order.id)
    await change(world, order.id, line, base=seen.version, seat=5)
    assert await world.tickets(order.id) == [served]


async def test_a_fired_line_that_changes_its_course_leaves_one_ticket_for_another(world: World) -> None:
    wanted = draft(draft_line(world.burger, course="main"), draft_line(world.burger, course="main"))
    order = await world.place(wanted)
    await world.fire(order.id)
    line = order.lines[0].id
    await world.cook(order.id, TicketStep.START)
    moved = await change(world, order.id, line, course="dessert")
    assert moved.lines[0].kitchen_state == orders_pb2.KITCHEN_STATE_PREPARING
    by_course = {ticket.course: ticket for ticket in await world.tickets(order.id)}
    assert [one.state for one in by_course["main"].lines] == [Kitchen.CANCELLED, Kitchen.PREPARING]
    assert [(str(one.id), one.state) for one in by_course["dessert"].lines] == [(line, Kitchen.PREPARING)]
    assert by_course["main"].acknowledged_at is None


async def test_a_waiting_line_without_a_course_goes_to_the_kitchen(world: World) -> None:
    order = await world.place(draft(draft_line(world.burger, course="dessert")))
    assert await world.tickets(order.id) == []
    await change(world, order.id, order.lines[0].id, course="")
    [ticket] = await world.tickets(order.id)
    assert (ticket.course, ticket.state) == ("", Kitchen.QUEUED)


async def test_only_lines_of_which_something_is_left_in_orders_that_are_open(world: World) -> None:
    order, line = await on_hold(world)
    with pytest.raises(LineNotFound):
        await change(world, order.id, order.id, note="rare")
    await void(world, order.id, line, 2, authority=MANAGES)
    with pytest.raises(LineVoided):
        await change(world, order.id, line, note="rare")
    await world.cancel(order.id)
    with pytest.raises(IllegalTransition) as refused:
        await change(world, order.id, line, note="rare")
    assert refused.value.metadata["command"] == "change_line"
