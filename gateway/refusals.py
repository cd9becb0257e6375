"""What the gateway refuses by itself is counted, for auth to keep: the gateway has no database."""

from starlette.requests import Request

from chassis.errors import Kind, Problem
from chassis.rpc import Refusals, asker_of, current_call


def note(refusals: Refusals, request: Request, problem: Problem) -> None:
    """Counts ``problem`` if it is a refusal of access that was decided here."""
    route = getattr(request.scope.get("route"), "path", "none")
    # Whose token does not hold is nobody that is known.
    call = current_call() if problem.kind is Kind.PERMISSION_DENIED else None
    address = getattr(request.state, "client_address", "")
    refusals.note(problem, asker_of(call), method=f"{request.method} {route}", address=address)
