"""Guests sit down at another table: all of an order's, or some of its lines with those who ordered them."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.orders.domain.day import Figures
from services.orders.domain.errors import LineRefused, LineVoided, NothingStays
from services.orders.domain.moved import MergedOrder
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import Change, Locked, Placed, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal, refuse_below_paid
from services.orders.domain.order.house import House
from services.orders.domain.order.line import followed
from services.orders.domain.order.moved_lines import (
    arrived,
    divided,
    gone,
    refuse_different,
    together,
    with_arrived,
)
from services.orders.domain.order.order import AtTable, GuestAllergy, Line, Order, Remarks, Totals
from services.orders.domain.order.rounding import balanced
from services.orders.domain.ticket import OPEN_TICKET, Ticket, at_table
from services.orders.domain.ticket_move import carried, reminded

LINES_MOVED = "lines_moved"
BETWEEN = "; "
"""Stands between what guests of several orders said."""


def transfer(locked: Locked, table: AtTable, stamp: Stamp) -> Change | None:
    """To the table, with all who sit at others because their orders were merged; tickets that are still
    cooked or wait to be served say so. None: it is there already.

    Raises IllegalTransition once the order is done, cancelled or about to be.
    """
    order = locked.order
    if order.lifecycle not in {Lifecycle.DRAFT, Lifecycle.VALIDATED}:
        raise illegal(order, "transfer")
    merged = tuple(_at(one, table) for one in order.merged)
    if order.table is not None and order.table.id == table.id and merged == order.merged:
        return None
    told = tuple(at_table(ticket, table.name) for ticket in locked.tickets if ticket.state in OPEN_TICKET)
    moved = replace(order, table=table, merged=merged)
    return change_of(locked, moved, told, stamp, [Updated("transferred")])


def lines_to_move(order: Order, line_ids: Sequence[UUID], seats: Sequence[int]) -> tuple[Line, ...]:
    """The lines that are named, and those of these seats.

    Raises IllegalTransition, LineRefused (UNKNOWN_LINE, UNKNOWN_SEAT), LineVoided, NothingStays.
    """
    if order.lifecycle is not Lifecycle.VALIDATED:
        raise illegal(order, "transfer")
    known = {line.id: line for line in order.lines}
    for line_id in line_ids:
        if line_id not in known:
            raise LineRefused("UNKNOWN_LINE", "line_ids", f"The order has no line {line_id}.")
        if known[line_id].voided:
            raise LineVoided(f"Nothing is left of {known[line_id].name}.")
    left = [line for line in order.lines if not line.voided]
    for seat in seats:
        if all(line.seat != seat for line in left):
            raise LineRefused("UNKNOWN_SEAT", "seats", f"Nothing of the order is at seat {seat}.")
    moving = tuple(line for line in left if line.id in set(line_ids) or line.seat in set(seats))
    if len(moving) == len(left):
        raise NothingStays(
            f"Nothing would stay on order {order.number}: bring the whole order to the table, or merge it."
        )
    return moving


def begun_beside(order: Order, order_id: UUID, number: int, table: AtTable, stamp: Stamp) -> Order:
    """An order without lines yet, of the same day and on the same terms, for guests who leave this one."""
    return Order(
        id=order_id,
        restaurant_id=order.restaurant_id,
        number=number,
        lifecycle=Lifecycle.DRAFT,
        service_flow=order.service_flow,
        order_type=order.order_type,
        covers=0,
        currency_code=order.currency_code,
        business_date=order.business_date,
        created_at=stamp.at,
        updated_at=stamp.at,
        version=0,
        lines=(),
        vat=(),
        totals=Totals(0, 0, 0, 0, 0),
        bill_mode=order.bill_mode,
        menu_version=order.menu_version,
        placed_by=stamp.actor,
        content_hash=b"",
        table=table,
        service_charge_bp=order.service_charge_bp,
    )


def move_lines(
    source: Locked, target: Locked, lines: Sequence[Line], guests: int, house: House, stamp: Stamp
) -> tuple[Change, Change]:
    """The change of the order that the lines come to, and of the one that they leave. ``target`` is another
    open order, or one that was begun beside the first; ``guests`` go with them.

    Raises OrdersDiffer, LineRefused (DUPLICATE_LINE, TOO_MANY_LINES), RefundRequired, ChecksPaid.
    """
    order, other = source.order, target.order
    refuse_different(order, other, house.service_charge_bp)
    ids = {line.id for line in lines}
    stay, go = divided(order.discounts, ids)
    coming = [replace(arrived(line, order, other, stamp.at), voids=()) for line in lines]
    guests = min(guests, order.covers)
    there = replace(
        other,
        lifecycle=Lifecycle.VALIDATED,
        placed_at=other.placed_at or stamp.at,
        covers=other.covers + guests,
        remarks=with_allergy(other.remarks, order.remarks),
    )
    charge_bp = house.service_charge_bp
    there = rebilled(
        there,
        charge_bp,
        lines=with_arrived(other, coming),
        discounts=together(other.discounts, go, order.id),
    )
    here = replace(order, covers=order.covers - guests)
    kept = [gone(line, other) if line.id in ids else line for line in order.lines]
    here = rebilled(here, charge_bp, lines=kept, discounts=stay)
    there, here = balanced([other, order], [there, here], charge_bp)
    refuse_below_paid(order, here)
    tickets = carried(source.tickets, ids, there, stamp.at)
    told = (*reminded(target.tickets, there.remarks), *tickets.come)
    arriving = Locked(other, (*target.tickets, *tickets.going))
    came = followed(arriving, there, told, LINES_MOVED, house, stamp)
    left = followed(Locked(order, tickets.staying), here, tickets.left, LINES_MOVED, house, stamp)
    came = as_placed(came) if other.placed_at is None else with_tickets(came, tickets.going)
    return came, without_tickets(left, tickets.going)


def as_placed(change: Change) -> Change:
    """The first change of an order that is made of lines of another one."""
    return replace(change, before=None, events=(Placed(), *change.events[1:]))


def with_tickets(change: Change, going: Sequence[Ticket]) -> Change:
    """The change of an order to which these came as they were: its day has them as well."""
    return replace(change, gained=change.gained.minus(Figures(tickets_open=-_open(going))))


def without_tickets(change: Change, going: Sequence[Ticket]) -> Change:
    """The change of an order that these have left: its day has them no more."""
    return replace(change, gained=change.gained.minus(Figures(tickets_open=_open(going))))


def with_allergy(remarks: Remarks, other: Remarks) -> Remarks:
    """What guests of both must not eat; the note stays."""
    one, its = remarks.guest_allergy, other.guest_allergy
    if one is None or its is None:
        return replace(remarks, guest_allergy=one or its)
    allergens = tuple(sorted({*one.allergens, *its.allergens}))
    return replace(remarks, guest_allergy=GuestAllergy(allergens, joined(one.text, its.text)))


def joined(text: str, other: str) -> str:
    """Both texts, each part of them once."""
    parts = [*text.split(BETWEEN), *other.split(BETWEEN)]
    return BETWEEN.join(part for part in dict.fromkeys(parts) if part)


def _at(merged: MergedOrder, table: AtTable) -> MergedOrder:
    return replace(merged, table_id=table.id, table_name=table.name)


def _open(tickets: Sequence[Ticket]) -> int:
    return sum(ticket.state in OPEN_TICKET for ticket in tickets)
