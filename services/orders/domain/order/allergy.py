"""What a guest must not eat: said on the order, repeated on its tickets, acknowledged by a cook."""

from dataclasses import replace
from uuid import UUID

from services.orders.domain import ticket as tickets
from services.orders.domain.order.change import Change, Locked, Stamp, TicketMoved, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.lifecycle import ticket_of
from services.orders.domain.order.order import GuestAllergy, Lifecycle


def set_guest_allergy(locked: Locked, allergy: GuestAllergy | None, stamp: Stamp) -> Change | None:
    """What a guest must not eat; tickets that are still cooked or wait to be served repeat it.

    None: it is that already. Raises IllegalTransition once the order is done, cancelled or about to be.
    """
    order = locked.order
    if order.lifecycle not in {Lifecycle.DRAFT, Lifecycle.VALIDATED}:
        raise illegal(order, "set_guest_allergy")
    if allergy == order.guest_allergy:
        return None
    told = tuple(
        tickets.with_guest_allergy(ticket, allergy)
        for ticket in locked.tickets
        if ticket.state in tickets.OPEN_TICKET
    )
    after = replace(order, guest_allergy=allergy)
    return change_of(locked, after, told, stamp, [Updated("guest_allergy")])


def acknowledge_allergy(
    locked: Locked, ticket_id: UUID, seen: GuestAllergy | None, stamp: Stamp
) -> Change | None:
    """A cook has read what a guest must not eat. None: it was acknowledged before.

    Raises TicketNotFound, AllergyChanged.
    """
    ticket = ticket_of(locked, ticket_id)
    moved = tickets.acknowledge_allergy(ticket, seen, stamp.at)
    if moved is ticket:
        return None
    events = [TicketMoved(moved, "allergy_acknowledged")]
    return change_of(locked, locked.order, (moved,), stamp, events)
