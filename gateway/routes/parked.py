"""Parked events: what services could not handle, for the operators of the platform. See docs/adr/0021."""

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fynlo.operations.v1 import parked_events_service_pb2 as messages
from fynlo_json.operations import get_parked_response, parked_event
from starlette.responses import Response

from chassis.errors import InvalidArgument, NotFound, Unavailable
from gateway import operations_examples as examples
from gateway.calls import Call, reading, writing
from gateway.models import operations as models
from gateway.services import CONSUMERS
from gateway.spec import PAGE_QUERY, router, spec

if TYPE_CHECKING:
    # Exists in the type stubs alone.
    from fynlo.operations.v1.parked_events_service_pb2_grpc import ParkedEventsServiceAsyncStub

routes = router()

PERMISSION = "platform.operate"
LIST_SECONDS = 1.2
"""What a service may take: who is slower is told of as not answering, in time for the others to be shown."""
MISSING = "parked_event_not_found"


@routes.get(
    "/platform/parked",
    **spec(
        "List the events that services could not handle",
        tag="operations",
        permission=PERMISSION,
        answer=models.ParkedPage,
        example=examples.PARKED_PAGE,
        query=(*PAGE_QUERY, ("service", "only those of one service")),
    ),
)
async def list_parked(request: Request) -> Response:
    """Newest first, of all restaurants. A service that cannot be asked has no number, and no event in it."""
    async with reading(request) as call:
        page, services = call.page(), _services(request.query_params.get("service"))
        _operator(call)
        asked = await asyncio.gather(*(_listed(call, service, page) for service in services))
        answers = dict(zip(services, asked, strict=True))
        found = [
            (event.parked_at.ToNanoseconds(), event.id, service, event)
            for service, answer in answers.items()
            if answer is not None
            for event in answer.events
        ]
        found.sort(key=lambda one: one[:3], reverse=True)
        shown = found[: page["limit"]]
        more = len(found) > len(shown) or any(
            answer is not None and len(answer.events) == page["limit"] for answer in answers.values()
        )
        body = {
            "items": [parked_event(event) for _, _, _, event in shown],
            "services": [
                {"service": service, "parked": None if answer is None else answer.parked}
                for service, answer in answers.items()
            ],
            "next_cursor": shown[-1][3].cursor if more else None,
        }
        return call.answer(body)


async def _listed(call: Call, service: str, page: dict[str, Any]) -> messages.ListParkedResponse | None:
    message = messages.ListParkedRequest(limit=page["limit"], cursor=page["cursor"])
    try:
        return await call.services.parked[service].ListParked(message, timeout=LIST_SECONDS)
    except Unavailable:
        return None


@routes.get(
    "/platform/parked/{service}/{event_id}",
    **spec(
        "Show a parked event with its body",
        tag="operations",
        permission=PERMISSION,
        answer=models.ParkedBodyOut,
        example=examples.PARKED_BODY,
        missing=MISSING,
    ),
)
async def read_parked(request: Request) -> Response:
    """For people: nothing that a program should rely on."""
    async with reading(request) as call:
        _operator(call)
        message = messages.GetParkedRequest(event_id=call.id_of("event_id"))
        reply = await _parked(call).GetParked(message)
        return call.answer(get_parked_response(reply))


@routes.post(
    "/platform/parked/{service}/retry",
    **spec(
        "Have all parked events of a type tried again",
        tag="operations",
        permission=PERMISSION,
        answer=models.RetriedOut,
        example={"asked": 1},
        body=models.RetryIn,
        body_example=examples.RETRY_IN,
        errors=(("404", "not_found"),),
        key="optional",
    ),
)
async def retry_type(request: Request) -> Response:
    """The oldest 10,000 of them. What fails again is parked again."""
    async with writing(request) as call:
        _operator(call)
        body = await call.body(models.RetryIn)
        message = messages.RetryParkedRequest(request_id=call.key, type=body.type)
        reply = await call.write(_parked(call).RetryParked(message))
        return call.answer({"asked": reply.asked})


@routes.post(
    "/platform/parked/{service}/{event_id}/retry",
    **spec(
        "Have a parked event tried again",
        tag="operations",
        permission=PERMISSION,
        answer=models.RetriedOut,
        example={"asked": 1},
        missing=MISSING,
        key="optional",
    ),
)
async def retry_event(request: Request) -> Response:
    """At once. If it fails again it is parked again."""
    async with writing(request) as call:
        _operator(call)
        message = messages.RetryParkedRequest(request_id=call.key, event_id=call.id_of("event_id"))
        reply = await call.write(_parked(call).RetryParked(message))
        return call.answer({"asked": reply.asked})


@routes.post(
    "/platform/parked/{service}/{event_id}/discard",
    **spec(
        "Discard a parked event",
        tag="operations",
        permission=PERMISSION,
        answer=None,
        example={},
        body=models.DiscardIn,
        body_example=examples.DISCARD_IN,
        missing=MISSING,
        key="optional",
    ),
)
async def discard_event(request: Request) -> Response:
    """For good: it has no effect any more, also where it is delivered again. Recorded, with the reason."""
    async with writing(request) as call:
        _operator(call)
        body = await call.body(models.DiscardIn)
        message = messages.DiscardParkedRequest(
            request_id=call.key, event_id=call.id_of("event_id"), reason=body.reason.strip()
        )
        await call.write(_parked(call).DiscardParked(message))
        return call.answer({})


def _operator(call: Call) -> None:
    """Refuses once here what every service would refuse for itself."""
    assert call.principal is not None
    call.principal.require(PERMISSION)


def _services(asked: str | None) -> tuple[str, ...]:
    if asked is None:
        return CONSUMERS
    if asked not in CONSUMERS:
        raise InvalidArgument(f"service is one of {', '.join(CONSUMERS)}", reason="INVALID_QUERY")
    return (asked,)


def _parked(call: Call) -> "ParkedEventsServiceAsyncStub":
    """The service that the path names. Raises NotFound."""
    service: str = call.request.path_params["service"]
    if service not in CONSUMERS:
        raise NotFound(f"no service {service[:20]!r} parks events")
    return call.services.parked[service]
