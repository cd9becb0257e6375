"""Kitchen stations and their tickets."""

from typing import Any

from fastapi import Request
from fynlo.common.v1.common_pb2 import PageRequest
from fynlo.orders.v1 import orders_service_pb2 as messages
from fynlo.orders.v1.orders_pb2 import Station
from fynlo_json import orders as orders_json
from fynlo_json.orders import KITCHEN_STATE
from starlette.responses import Response

from gateway import examples
from gateway.calls import FILTERS_MAX, if_match, path_id, reading, tagged, writing
from gateway.models import bodies
from gateway.models.order_answers import StationOut, StationPage, TicketOut, TicketPage
from gateway.spec import PAGE_QUERY, Errors, router, some_of, spec

routes = router()

_STATES = KITCHEN_STATE.numbers()
_TICKET_ACTIONS = {
    "start": (messages.TICKET_ACTION_START, "Begin a ticket"),
    "bump": (messages.TICKET_ACTION_BUMP, "Everything on the ticket is ready"),
    "recall": (messages.TICKET_ACTION_RECALL, "Bring a bumped ticket back"),
    "ack": (messages.TICKET_ACTION_ACK, "The ticket is on a display"),
    "serve": (messages.TICKET_ACTION_SERVE, "The ticket's food is at the table"),
}
_LINE_ACTIONS = {
    "start": (messages.TICKET_LINE_ACTION_START, "Begin a line"),
    "ready": (messages.TICKET_LINE_ACTION_READY, "A line is ready"),
    "serve": (messages.TICKET_LINE_ACTION_SERVE, "A line is at the table"),
    "recall": (messages.TICKET_LINE_ACTION_RECALL, "Bring a ready line back"),
}
_STEP_ERRORS: Errors = (
    ("409", "illegal_transition"),
    ("409", "recall_too_late"),
    ("409", "allergy_not_acknowledged"),
)
_STATION_ERRORS: Errors = (("422", "default_station_needed"), ("422", "too_many_stations"))


@routes.get(
    "/kitchen/stations",
    **spec(
        "List kitchen stations",
        tag="kitchen",
        permission="kitchen.read",
        answer=StationPage,
        example={"items": [examples.STATION], "next_cursor": None},
    ),
)
async def list_stations(request: Request) -> Response:
    """All of them; a restaurant has few."""
    async with reading(request) as call:
        reply = await call.services.kitchen.ListStations(messages.ListStationsRequest())
        return call.answer(
            {"items": [orders_json.station(one) for one in reply.stations], "next_cursor": None}
        )


@routes.post(
    "/kitchen/stations",
    **spec(
        "Add a kitchen station",
        tag="kitchen",
        permission="settings.manage",
        status=201,
        answer=StationOut,
        example=examples.STATION,
        body=bodies.StationIn,
        body_example=examples.STATION_IN,
        errors=_STATION_ERRORS,
        key="optional",
    ),
)
async def add_station(request: Request) -> Response:
    """New tickets of its categories go there from now on."""
    async with writing(request) as call:
        station = _station_of(await call.body(bodies.StationIn))
        reply = await call.write(
            call.services.kitchen.SaveStation(
                messages.SaveStationRequest(request_id=call.key, station=station)
            )
        )
        return call.answer(orders_json.station(reply.station), 201, tagged(reply.station.version))


@routes.put(
    "/kitchen/stations/{station_id}",
    **spec(
        "Change a kitchen station",
        tag="kitchen",
        permission="settings.manage",
        answer=StationOut,
        example=examples.STATION,
        body=bodies.StationIn,
        body_example=examples.STATION_IN,
        missing="station_not_found",
        errors=_STATION_ERRORS,
        key="optional",
        matches=True,
    ),
)
async def change_station(request: Request) -> Response:
    """Tickets that exist stay where they are."""
    async with writing(request) as call:
        station = _station_of(await call.body(bodies.StationIn))
        station.id = call.id_of("station_id")
        station.version = if_match(request)
        reply = await call.write(
            call.services.kitchen.SaveStation(
                messages.SaveStationRequest(request_id=call.key, station=station)
            )
        )
        return call.answer(orders_json.station(reply.station), headers=tagged(reply.station.version))


@routes.get(
    "/kitchen/tickets",
    **spec(
        "List tickets",
        tag="kitchen",
        permission="kitchen.read",
        answer=TicketPage,
        example={"items": [examples.TICKET], "next_cursor": None},
        errors=(("404", "not_found"),),
        query=(
            *PAGE_QUERY,
            ("station_id", "tickets of one station"),
            (
                "state",
                "one or more kitchen states, comma-separated; without it the open ones",
                some_of(_STATES, FILTERS_MAX),
            ),
        ),
    ),
)
async def list_tickets(request: Request) -> Response:
    """Newest first."""
    async with reading(request) as call:
        query = request.query_params
        reply = await call.services.kitchen.ListTickets(
            messages.ListTicketsRequest(
                page=PageRequest(**call.page()),
                station_id=path_id(query["station_id"]) if "station_id" in query else "",
                states=call.some_of("state", _STATES),
            )
        )
        items = [orders_json.ticket(ticket) for ticket in reply.tickets]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


def _add_ticket_route(name: str, action: Any, summary: str) -> None:
    described = spec(
        summary,
        tag="kitchen",
        permission="kitchen.work",
        answer=TicketOut,
        example=examples.TICKET,
        body=bodies.Nothing,
        body_example={},
        missing="ticket_not_found",
        errors=_STEP_ERRORS,
        key="optional",
    )

    async def change_ticket(request: Request) -> Response:
        async with writing(request) as call:
            await call.body(bodies.Nothing)
            message = messages.ChangeTicketRequest(
                request_id=call.key, ticket_id=call.id_of("ticket_id"), action=action
            )
            reply = await call.write(call.services.kitchen.ChangeTicket(message))
            return call.answer(orders_json.ticket(reply.ticket))

    path = f"/kitchen/tickets/{{ticket_id}}/{name}"
    about = f"{summary}. Answers the ticket as it is then; again with the same key the same answer."
    routes.post(path, operation_id=f"ticket_{name}", description=about, **described)(change_ticket)


def _add_line_route(name: str, action: Any, summary: str) -> None:
    described = spec(
        summary,
        tag="kitchen",
        permission="kitchen.work",
        answer=TicketOut,
        example=examples.TICKET,
        body=bodies.Nothing,
        body_example={},
        missing="ticket_not_found",
        errors=(*_STEP_ERRORS, ("422", "unknown_line")),
        key="optional",
    )

    async def change_line(request: Request) -> Response:
        async with writing(request) as call:
            await call.body(bodies.Nothing)
            message = messages.ChangeTicketLineRequest(
                request_id=call.key,
                ticket_id=call.id_of("ticket_id"),
                line_id=call.id_of("line_id"),
                action=action,
            )
            reply = await call.write(call.services.kitchen.ChangeTicketLine(message))
            return call.answer(orders_json.ticket(reply.ticket))

    path = f"/kitchen/tickets/{{ticket_id}}/lines/{{line_id}}/{name}"
    about = f"{summary}. Answers the whole ticket; the order's state follows its lines."
    routes.post(path, operation_id=f"ticket_line_{name}", description=about, **described)(change_line)


for _name, (_action, _summary) in _TICKET_ACTIONS.items():
    _add_ticket_route(_name, _action, _summary)
for _name, (_line_action, _summary) in _LINE_ACTIONS.items():
    _add_line_route(_name, _line_action, _summary)


@routes.post(
    "/kitchen/tickets/{ticket_id}/alarm/acknowledge",
    **spec(
        "Somebody looks after a ticket that the kitchen has not seen",
        tag="kitchen",
        permission="orders.place",
        answer=TicketOut,
        example=examples.TICKET,
        body=bodies.Nothing,
        body_example={},
        missing="ticket_not_found",
        key="optional",
    ),
)
async def acknowledge_alarm(request: Request) -> Response:
    """Ends its alarm on every till. One that is over already stays over."""
    async with writing(request) as call:
        await call.body(bodies.Nothing)
        message = messages.AcknowledgeTicketAlarmRequest(
            request_id=call.key, ticket_id=call.id_of("ticket_id")
        )
        reply = await call.write(call.services.kitchen.AcknowledgeTicketAlarm(message))
        return call.answer(orders_json.ticket(reply.ticket))


def _station_of(body: bodies.StationIn) -> Station:
    return Station(
        name=body.name,
        position=body.position,
        category_ids=[str(category) for category in body.category_ids],
        is_default=body.is_default,
        target_minutes=body.target_minutes,
    )
