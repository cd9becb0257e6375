"""The list of parked events: of all services at once, for the operators of the platform (docs/adr/0021)."""

import asyncio

from fynlo.operations.v1 import parked_events_service_pb2 as parked_events_api
from fynlo_json.operations import parked_page
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import Unavailable
from gateway.calls import Call
from gateway.plain import Route
from gateway.services import CONSUMERS

LIST_SECONDS = 1.2
"""What a service may take: who is slower is told of as not answering, in time for the others to be shown."""


async def list_parked(request: Request, route: Route) -> Response:
    """Newest first, of all restaurants. A service that cannot be asked has no number, and no event in it."""
    call = await route.enter(request)
    asked: parked_events_api.ListParkedRequest = await route.asked(call)
    services = (asked.service,) if asked.service else CONSUMERS
    answers = await asyncio.gather(*(_listed(call, asked, service) for service in services))
    found = [event for answer in answers if answer is not None for event in answer.events]
    found.sort(key=lambda one: (one.parked_at.ToNanoseconds(), one.id, one.service), reverse=True)
    shown = found[: asked.limit]
    more = len(found) > len(shown) or any(
        answer is not None and len(answer.events) == asked.limit for answer in answers
    )
    page = parked_events_api.ParkedPage(
        items=shown,
        services=[
            parked_events_api.ParkedService(service=service, parked=None if answer is None else answer.parked)
            for service, answer in zip(services, answers, strict=True)
        ],
        next_cursor=shown[-1].cursor if more else "",
    )
    return call.answer(parked_page(page))


async def _listed(
    call: Call, asked: parked_events_api.ListParkedRequest, service: str
) -> parked_events_api.ListParkedResponse | None:
    try:
        stub = call.services.parked[service]
        reply: parked_events_api.ListParkedResponse = await stub.ListParked(asked, timeout=LIST_SECONDS)
    except Unavailable:
        return None
    return reply
