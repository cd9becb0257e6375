"""What is refused on sockets is counted as what gRPC refuses: once per person, or address, and minute."""

from uuid import UUID

from chassis.errors import Problem
from chassis.rpc import Asker, Refusals
from services.realtime.hub.admission import Refuse
from services.realtime.hub.session import Identity


def counted_in(refusals: Refusals) -> Refuse:
    """Counts in ``refusals``. Whoever has said hello is known also where a later token does not hold."""

    def count(problem: Problem, holder: Identity | None, asked: str, address: str) -> None:
        asker = None if holder is None else _asker(holder)
        refusals.note(problem, asker, method=f"WS {asked}", address=address)

    return count


def _asker(holder: Identity) -> Asker:
    restaurant_id = UUID(holder.restaurant_id) if holder.restaurant_id else None
    device_id = holder.device_id if holder.device_proven else ""
    return Asker(restaurant_id, str(holder.subject or ""), device_id)
