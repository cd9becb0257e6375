"""What no display of its station has in time goes to the fallback of that station, once."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.orders.domain import ticket as tickets
from services.orders.domain.order.change import Change, Locked, Stamp, TicketMoved, change_of
from services.orders.domain.station import Station, fallback_of

REROUTED = "rerouted"


def reroute(
    locked: Locked, unseen: Collection[UUID], stations: Sequence[Station], stamp: Stamp
) -> Change | None:
    """Those of ``unseen`` (ids of tickets) that nobody has seen, and that have somewhere else to go. None: no
    ticket has.
    """
    moved = []
    for ticket in locked.tickets:
        if ticket.id not in unseen or ticket.is_seen or ticket.rerouted is not None:
            continue
        fallback = fallback_of(ticket.station_id, stations)
        if fallback is not None:
            moved.append(tickets.rerouted(ticket, fallback.id, fallback.name, stamp.at))
    if not moved:
        return None
    events = [TicketMoved(ticket, REROUTED) for ticket in moved]
    return change_of(locked, locked.order, tuple(moved), stamp, events)
