"""Every pair of (where a ticket stands, what is done with it), legal or not; and what is off on a ticket."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations_with_replacement, product

import pytest

from chassis.ids import new_id
from services.orders.domain.errors import TicketStepRefused
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.ticket import (
    LineStep,
    Rerouted,
    Ticket,
    TicketLine,
    TicketStep,
    allowed_steps,
    rerouted,
    step_line,
    step_ticket,
)
from services.orders.tests.builders import NOON

STATES = (Kitchen.QUEUED, Kitchen.PREPARING, Kitchen.READY, Kitchen.SERVED, Kitchen.CANCELLED)
LATER = NOON + timedelta(minutes=5)
COMBINATIONS = [one for size in (1, 2) for one in combinations_with_replacement(STATES, size)]


def a_line(state: Kitchen = Kitchen.QUEUED, quantity: int = 1) -> TicketLine:
    ready_at = NOON if state in {Kitchen.READY, Kitchen.SERVED} else None
    return TicketLine(new_id(), "Burger", quantity, (), "", 0, state, ready_at, item_id=new_id(), revision=1)


def a_ticket(*lines: TicketLine) -> Ticket:
    return Ticket(
        id=new_id(),
        order_id=new_id(),
        order_number=17,
        station_id=new_id(),
        station_name="Kitchen",
        revision=1,
        course="",
        order_type=OrderType.EAT_IN,
        business_date="2026-03-02",
        created_at=NOON,
        target_at=NOON,
        allergens=(),
        lines=lines,
    )


LEGAL_ON_LINES = {
    (Kitchen.QUEUED, LineStep.START): Kitchen.PREPARING,
    (Kitchen.PREPARING, LineStep.READY): Kitchen.READY,
    (Kitchen.READY, LineStep.SERVE): Kitchen.SERVED,
    (Kitchen.READY, LineStep.RECALL): Kitchen.PREPARING,
}


@pytest.mark.parametrize(("state", "step"), list(product(STATES, LineStep)), ids=str)
def test_every_pair_of_a_line_and_a_step(state: Kitchen, step: LineStep) -> None:
    ticket = a_ticket(a_line(state))
    if (state, step) not in LEGAL_ON_LINES:
        with pytest.raises(TicketStepRefused) as refused:
            step_line(ticket, ticket.lines[0].id, step, NOON)
        allowed = {name.value for (source, name) in LEGAL_ON_LINES if source is state}
        assert set(filter(None, refused.value.metadata["allowed"].split(","))) == allowed
        return
    moved = step_line(ticket, ticket.lines[0].id, step, NOON)
    assert (moved.lines[0].state, moved.revision) == (LEGAL_ON_LINES[state, step], 2)


WHOLE = {
    TicketStep.START: {Kitchen.QUEUED: Kitchen.PREPARING},
    TicketStep.BUMP: {Kitchen.QUEUED: Kitchen.READY, Kitchen.PREPARING: Kitchen.READY},
    TicketStep.RECALL: {Kitchen.READY: Kitchen.PREPARING},
    TicketStep.SERVE: {Kitchen.READY: Kitchen.SERVED},
}
"""Where a line of the ticket goes; any other stays."""


def expected(states: tuple[Kitchen, ...], step: TicketStep) -> tuple[Kitchen, ...] | None:
    """None: the step is refused. What is ready waits while anything is still being made."""
    cooking = {Kitchen.QUEUED, Kitchen.PREPARING} & set(states)
    if step in {TicketStep.RECALL, TicketStep.SERVE} and cooking:
        return None
    after = tuple(WHOLE[step].get(state, state) for state in states)
    return None if after == states else after


@pytest.mark.parametrize(("states", "step"), list(product(COMBINATIONS, WHOLE)), ids=str)
def test_every_pair_of_a_ticket_and_a_step(states: tuple[Kitchen, ...], step: TicketStep) -> None:
    ticket = a_ticket(*map(a_line, states))
    after = expected(states, step)
    assert (step in allowed_steps(ticket)) == (after is not None)
    if after is None:
        with pytest.raises(TicketStepRefused):
            step_ticket(ticket, step, NOON)
        return
    moved = step_ticket(ticket, step, NOON)
    assert (tuple(line.state for line in moved.lines), moved.revision) == (after, 2)


@pytest.mark.parametrize("states", COMBINATIONS, ids=str)
def test_a_ticket_is_acknowledged_once_wherever_it_stands(states: tuple[Kitchen, ...]) -> None:
    ticket = a_ticket(*map(a_line, states))
    seen = step_ticket(ticket, TicketStep.ACK, LATER)
    assert (seen.acknowledged_at, seen.revision) == (LATER, 2)
    assert step_ticket(seen, TicketStep.ACK, LATER) is seen


def off(quantity: int = 1, seen: int = 0) -> TicketLine:
    return replace(a_line(Kitchen.CANCELLED, quantity), cancel_seen_quantity=seen)


def waits(ticket: Ticket) -> bool:
    """Whether something on it is off of which no cook knows."""
    return any(line.unseen_off for line in ticket.lines)


def test_what_is_off_waits_until_a_cook_has_acknowledged_it_and_again_when_more_is() -> None:
    ticket = a_ticket(a_line(), off(2))
    assert waits(ticket)
    seen = step_ticket(ticket, TicketStep.ACK, LATER)
    assert not waits(seen)
    assert [line.cancel_seen_quantity for line in seen.lines] == [0, 2]
    more = replace(seen, lines=(seen.lines[0], replace(seen.lines[1], quantity=3)), acknowledged_at=None)
    assert [line.unseen_off for line in more.lines] == [0, 1]
    assert not waits(step_ticket(more, TicketStep.ACK, LATER))


@pytest.mark.parametrize(
    "steps", [[], [TicketStep.START], [TicketStep.BUMP], [TicketStep.START, TicketStep.BUMP]]
)
def test_nothing_but_an_acknowledgement_takes_what_is_off_from_the_screen(steps: list[TicketStep]) -> None:
    ticket = a_ticket(a_line(), off())
    for step in steps:
        ticket = step_ticket(ticket, step, LATER)
    assert waits(ticket)
    assert not waits(step_ticket(ticket, TicketStep.ACK, LATER))


def test_what_is_still_wanted_waits_for_no_acknowledgement() -> None:
    assert not waits(a_ticket(*map(a_line, (Kitchen.QUEUED, Kitchen.READY, Kitchen.SERVED))))


def test_a_new_revision_for_another_station_says_where_it_was() -> None:
    ticket, elsewhere = a_ticket(a_line()), new_id()
    moved = rerouted(ticket, elsewhere, "Pass", LATER)
    assert (moved.station_id, moved.station_name, moved.revision) == (elsewhere, "Pass", 2)
    assert moved.rerouted == Rerouted(ticket.station_id, LATER)
    assert not moved.is_seen
