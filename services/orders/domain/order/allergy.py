"""What a guest must not eat: a remark that a cook acknowledges."""

from uuid import UUID

from services.orders.domain import ticket as tickets
from services.orders.domain.order.change import Change, Locked, Stamp, TicketMoved, change_of
from services.orders.domain.order.lifecycle import ticket_of
from services.orders.domain.order.order import GuestAllergy


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
