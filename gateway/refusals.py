"""What the gateway has refused by itself goes to auth, for the gateway has no database to keep records in."""

from fynlo.auth.v1 import auth_service_pb2 as api
from starlette.requests import Request

from chassis.errors import Kind, Problem
from chassis.refusals import WRITE_SECONDS, Write
from chassis.rpc import Refusals, Report, acting_for, current_call
from gateway.services import Services


def note(refusals: Refusals, request: Request, problem: Problem) -> None:
    """Counts ``problem`` if it is a refusal of access that was decided here."""
    route = getattr(request.scope.get("route"), "path", "none")
    # Whose token does not hold is nobody that is known.
    call = current_call() if problem.kind is Kind.PERMISSION_DENIED else None
    address = getattr(request.state, "client_address", "")
    refusals.note(problem, call, method=f"{request.method} {route}", address=address)


def to_auth(services: Services) -> Write:
    """Reports to auth, under the report's own id: a repeated one counts once."""

    async def write(report: Report) -> None:
        if report.restaurant_id is None:
            await services.auth.ReportRefusals(_message(report))
            return
        # A service speaks of the restaurant that it signs for.
        with acting_for(report.restaurant_id, budget_seconds=WRITE_SECONDS):
            await services.auth.ReportRefusals(_message(report))

    return write


def _message(report: Report) -> api.ReportRefusalsRequest:
    message = api.ReportRefusalsRequest(
        request_id=report.id, restaurant_id="" if report.restaurant_id is None else str(report.restaurant_id)
    )
    for counted in report.refusals:
        refusal = counted.refusal
        told = message.refusals.add(
            actor=refusal.actor,
            device_id=refusal.device_id,
            reason=refusal.reason,
            permission=refusal.permission,
            address=refusal.address,
            method=counted.method,
            count=counted.count,
        )
        told.minute.FromDatetime(counted.minute)
    return message
