"""Tickets: what a station gets of an order, and the way of its lines through the kitchen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.orders.domain.alarm import Alarm
from services.orders.domain.errors import (
    AllergyChanged,
    AllergyNotAcknowledged,
    RecallTooLate,
    TicketStepRefused,
)
from services.orders.domain.menu import OrderType
from services.orders.domain.moved import TicketMovedFrom
from services.orders.domain.order.axes import STAGE, STAGES, Kitchen
from services.orders.domain.order.order import NO_REMARKS, ChosenOption, GuestAllergy, Order, Remarks

RECALL_WITHIN = timedelta(minutes=30)
OPEN_TICKET = frozenset({Kitchen.QUEUED, Kitchen.PREPARING, Kitchen.READY})
GROWING_TICKET = frozenset({Kitchen.QUEUED, Kitchen.PREPARING})
"""Lines fired later join a ticket of their station and course that is still being cooked."""


class LineStep(StrEnum):
    """What a cook does with one line."""

    START = "start"
    READY = "ready"
    SERVE = "serve"
    RECALL = "recall"


class TicketStep(StrEnum):
    """What a cook does with a whole ticket."""

    START = "start"
    BUMP = "bump"
    RECALL = "recall"
    ACK = "ack"
    SERVE = "serve"


STEP_FROM_TO = {
    LineStep.START: (Kitchen.QUEUED, Kitchen.PREPARING),
    LineStep.READY: (Kitchen.PREPARING, Kitchen.READY),
    LineStep.SERVE: (Kitchen.READY, Kitchen.SERVED),
    LineStep.RECALL: (Kitchen.READY, Kitchen.PREPARING),
}


@dataclass(frozen=True, slots=True)
class TicketLine:
    """An order line as one station sees it."""

    id: UUID
    name: str
    quantity: int
    options: tuple[ChosenOption, ...]
    note: str
    seat: int
    state: Kitchen
    ready_at: datetime | None = None
    item_id: UUID | None = None
    """None on tickets that are older than it."""
    revision: int = 0
    """The ticket's with which it came."""
    cancel_seen_quantity: int = 0
    """Units that are off and of which a cook has said so; of a cancelled line."""

    @property
    def unseen_off(self) -> int:
        """Units that are off and that no cook has acknowledged."""
        return max(0, self.quantity - self.cancel_seen_quantity) if self.state is Kitchen.CANCELLED else 0


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A ticket went to the fallback of the station that it was meant for."""

    from_station_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one station gets of one order and course. The newest revision replaces all before it."""

    id: UUID
    order_id: UUID
    order_number: int
    station_id: UUID
    station_name: str
    revision: int
    course: str
    order_type: OrderType
    business_date: str
    created_at: datetime
    target_at: datetime
    allergens: tuple[int, ...]
    lines: tuple[TicketLine, ...]
    ready_at: datetime | None = None
    acknowledged_at: datetime | None = None
    alarm: Alarm | None = None
    remarks: Remarks = NO_REMARKS
    allergy_acknowledged_at: datetime | None = None
    table_name: str = ""
    may_contain: tuple[int, ...] = ()
    rerouted: Rerouted | None = None
    moved_from: TicketMovedFrom | None = None
    promised_at: datetime | None = None
    told: object = field(default=None, init=False, repr=False, compare=False)
    """As an order's."""

    @property
    def allergy_waits(self) -> bool:
        """Whether no cook has acknowledged the guest's allergy on it: nothing of it can be made ready."""
        return self.remarks.guest_allergy is not None and self.allergy_acknowledged_at is None

    @property
    def is_seen(self) -> bool:
        """Whether somebody in the kitchen has it for certain, or need not have it any more."""
        return self.acknowledged_at is not None or self.state is not Kitchen.QUEUED

    @property
    def state(self) -> Kitchen:
        """The least advanced line that is not cancelled."""
        stages = [STAGE[line.state] for line in self.lines if line.state in STAGE]
        return STAGES[min(stages)] if stages else Kitchen.CANCELLED


def newest(known: Iterable[Ticket], changed: Iterable[Ticket]) -> list[Ticket]:
    """All tickets, those that changed as they are now."""
    return list({ticket.id: ticket for ticket in (*known, *changed)}.values())


def step_line(ticket: Ticket, line_id: UUID, step: LineStep, at: datetime) -> Ticket:
    """One line moves.

    Raises TicketStepRefused, RecallTooLate, AllergyNotAcknowledged; KeyError for a line of another ticket.
    """
    wanted = {line.id: line for line in ticket.lines}[line_id]
    source, _ = STEP_FROM_TO[step]
    if wanted.state is not source:
        allowed = [name for name, (origin, _) in STEP_FROM_TO.items() if origin is wanted.state]
        raise _refused(wanted.state, step, allowed)
    if step is LineStep.READY:
        _refuse_unacknowledged(ticket)
    return with_lines(
        ticket, [_moved(line, step, at) if line.id == line_id else line for line in ticket.lines], at
    )


def step_ticket(ticket: Ticket, step: TicketStep, at: datetime) -> Ticket:
    """The whole ticket moves; an acknowledgement that is there already changes nothing.

    Raises TicketStepRefused, RecallTooLate and AllergyNotAcknowledged.
    """
    state = ticket.state
    if step is TicketStep.ACK:
        return _acknowledged(ticket, at)
    if step not in allowed_steps(ticket):
        raise _refused(state, step, allowed_steps(ticket))
    if step is TicketStep.BUMP:
        _refuse_unacknowledged(ticket)
    return with_lines(ticket, [_stepped(line, step, at) for line in ticket.lines], at)


def allowed_steps(ticket: Ticket) -> list[TicketStep]:
    """Which steps the ticket can take now, the time limit of a recall and a guest's allergy aside."""
    states = {line.state for line in ticket.lines}
    steps = []
    if Kitchen.QUEUED in states:
        steps.append(TicketStep.START)
    if states & {Kitchen.QUEUED, Kitchen.PREPARING}:
        steps.append(TicketStep.BUMP)
    elif Kitchen.READY in states:
        steps += [TicketStep.RECALL, TicketStep.SERVE]
    return steps


def with_remarks(ticket: Ticket, remarks: Remarks) -> Ticket:
    """A new revision that no display has shown; a cook acknowledges an allergy that is another one now."""
    known = remarks.guest_allergy == ticket.remarks.guest_allergy
    return replace(
        ticket,
        remarks=remarks,
        allergy_acknowledged_at=ticket.allergy_acknowledged_at if known else None,
        acknowledged_at=None,
        revision=ticket.revision + 1,
    )


def at_table(ticket: Ticket, name: str) -> Ticket:
    """A new revision that no display has shown: its guests sit somewhere else now."""
    return replace(ticket, table_name=name, acknowledged_at=None, revision=ticket.revision + 1)


def of_order(ticket: Ticket, order: Order) -> Ticket:
    """A new revision that no display has shown: where the food goes and for when, as the order says."""
    return replace(
        ticket,
        order_type=order.order_type,
        table_name=order.table_name,
        promised_at=order.promised_at,
        acknowledged_at=None,
        revision=ticket.revision + 1,
    )


def acknowledge_allergy(ticket: Ticket, seen: GuestAllergy | None, at: datetime) -> Ticket:
    """A cook has read it; one that is acknowledged already stays so. Raises AllergyChanged."""
    if seen != ticket.remarks.guest_allergy:
        raise AllergyChanged("The guest's allergy has changed: read it again.")
    if not ticket.allergy_waits:
        return ticket
    return replace(ticket, allergy_acknowledged_at=at, revision=ticket.revision + 1)


def rerouted(ticket: Ticket, station_id: UUID, station_name: str, at: datetime) -> Ticket:
    """A new revision for the fallback station, which no display has shown. Once: it goes no further."""
    assert ticket.rerouted is None
    return replace(
        ticket,
        station_id=station_id,
        station_name=station_name,
        rerouted=Rerouted(ticket.station_id, at),
        revision=ticket.revision + 1,
    )


def cancelled(ticket: Ticket) -> Ticket:
    """A new revision that tells the cooks to stop; they have not seen it yet."""
    lines = [replace(line, state=Kitchen.CANCELLED) for line in ticket.lines]
    return replace(ticket, lines=tuple(lines), revision=ticket.revision + 1, acknowledged_at=None)


def outlives_its_day(ticket: Ticket, today: str, fired_before: datetime) -> bool:
    """Whether a ticket of an earlier business day still waits for cooks or waiters (ISO dates).

    What was fired a moment ago is being cooked, whatever day it is.
    """
    if ticket.business_date >= today or ticket.created_at >= fired_before:
        return False
    return ticket.state in OPEN_TICKET or (
        ticket.state is Kitchen.CANCELLED and ticket.acknowledged_at is None
    )


def end_day(ticket: Ticket, at: datetime) -> Ticket:
    """Nobody waits for it any more: it counts as served, and one that is off as seen."""
    if ticket.state is Kitchen.CANCELLED:
        return _acknowledged(ticket, at)
    lines = [
        replace(line, state=Kitchen.SERVED, ready_at=line.ready_at or at) if line.state in STAGE else line
        for line in ticket.lines
    ]
    return with_lines(ticket, lines, at)


def line_states(tickets: Iterable[Ticket]) -> Mapping[UUID, Kitchen]:
    """Where each order line stands: its least advanced part over all stations that cook for it."""
    states: dict[UUID, Kitchen] = {}
    for ticket in tickets:
        for line in ticket.lines:
            if line.state in STAGE:
                known = states.get(line.id)
                if known is None or STAGE[line.state] < STAGE[known]:
                    states[line.id] = line.state
    return states


def _refuse_unacknowledged(ticket: Ticket) -> None:
    if ticket.allergy_waits:
        raise AllergyNotAcknowledged("A guest has an allergy: acknowledge it before the food is ready.")


def _acknowledged(ticket: Ticket, at: datetime) -> Ticket:
    """Seen, with what is off on it. It was before: the same ticket."""
    if ticket.acknowledged_at is not None:
        return ticket
    lines = tuple(
        replace(line, cancel_seen_quantity=line.quantity) if line.unseen_off else line
        for line in ticket.lines
    )
    return replace(ticket, acknowledged_at=at, lines=lines, revision=ticket.revision + 1)


def _stepped(line: TicketLine, step: TicketStep, at: datetime) -> TicketLine:
    """The part of a ticket's step that concerns one line; a bump takes a queued line through preparing."""
    if step is TicketStep.BUMP and line.state is Kitchen.QUEUED:
        line = _moved(line, LineStep.START, at)
    as_line = LineStep.READY if step is TicketStep.BUMP else LineStep(step.value)
    return _moved(line, as_line, at) if line.state is STEP_FROM_TO[as_line][0] else line


def _moved(line: TicketLine, step: LineStep, at: datetime) -> TicketLine:
    if step is LineStep.RECALL and (line.ready_at is None or at - line.ready_at > RECALL_WITHIN):
        raise RecallTooLate(f"{line.name} has been ready for more than {RECALL_WITHIN}.")
    ready_at = {LineStep.READY: at, LineStep.RECALL: None}.get(step, line.ready_at)
    return replace(line, state=STEP_FROM_TO[step][1], ready_at=ready_at)


def with_lines(ticket: Ticket, lines: Sequence[TicketLine], at: datetime) -> Ticket:
    """A new revision with these lines: ready since then where all of it is ready now."""
    changed = replace(ticket, lines=tuple(lines), revision=ticket.revision + 1)
    if changed.state is Kitchen.READY:
        return replace(changed, ready_at=ticket.ready_at or at)
    return changed if changed.state is Kitchen.SERVED else replace(changed, ready_at=None)


def _refused(state: Kitchen, step: str, allowed: Iterable[str]) -> TicketStepRefused:
    return TicketStepRefused(
        f"What is {state} cannot take the step {step}.",
        metadata={"from": state.value, "command": str(step), "allowed": ",".join(allowed)},
    )
