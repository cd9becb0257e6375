"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.operations.v1.
"""

from typing import Annotated, Final

from fynlo.operations.v1 import parked_events_service_pb2
from fynlo_json import operations as operations_json
from pydantic import Field

from gateway.bodies import Body
from gateway.calls import Call
from gateway.plain import Route, nothing


class RetryParkedRequest(Body):
    """What RetryParkedRequest takes."""

    type: Annotated[str, Field(pattern="^fynlo\\.[a-z]{1,20}\\.v[0-9]\\.[A-Za-z]{1,80}$")]


class DiscardParkedRequest(Body):
    """What DiscardParkedRequest takes."""

    reason: Annotated[str, Field(min_length=3, max_length=300)]


def _list_parked(call: Call, body: None) -> parked_events_service_pb2.ListParkedRequest:
    return parked_events_service_pb2.ListParkedRequest(
        limit=call.number("limit", 1, 200, default=50),
        cursor=call.cursor("cursor", 512),
        service=call.one_of("service", ["catalog", "orders", "payments", "staff"]),
    )


def _get_parked(call: Call, body: None) -> parked_events_service_pb2.GetParkedRequest:
    return parked_events_service_pb2.GetParkedRequest(
        service=call.path_name("service", ["catalog", "orders", "payments", "staff"]),
        event_id=call.id_of("event_id"),
    )


def _retry_parked(call: Call, body: RetryParkedRequest) -> parked_events_service_pb2.RetryParkedRequest:
    return parked_events_service_pb2.RetryParkedRequest(
        request_id=call.key,
        service=call.path_name("service", ["catalog", "orders", "payments", "staff"]),
        type=body.type,
    )


def _retry_parked_at(call: Call, body: None) -> parked_events_service_pb2.RetryParkedRequest:
    return parked_events_service_pb2.RetryParkedRequest(
        request_id=call.key,
        service=call.path_name("service", ["catalog", "orders", "payments", "staff"]),
        event_id=call.id_of("event_id"),
    )


def _discard_parked(call: Call, body: DiscardParkedRequest) -> parked_events_service_pb2.DiscardParkedRequest:
    return parked_events_service_pb2.DiscardParkedRequest(
        request_id=call.key,
        service=call.path_name("service", ["catalog", "orders", "payments", "staff"]),
        event_id=call.id_of("event_id"),
        reason=body.reason,
    )


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        verb="GET",
        path="/api/v2/platform/parked",
        service="fynlo.operations.v1.ParkedEventsService",
        name="ListParked",
        request=_list_parked,
        answer=None,
        permission="platform.operate",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/platform/parked/{service}/{event_id}",
        service="fynlo.operations.v1.ParkedEventsService",
        name="GetParked",
        request=_get_parked,
        answer=operations_json.get_parked_response,
        permission="platform.operate",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/platform/parked/{service}/retry",
        service="fynlo.operations.v1.ParkedEventsService",
        name="RetryParked",
        request=_retry_parked,
        body=RetryParkedRequest,
        answer=operations_json.retry_parked_response,
        key="optional",
        permission="platform.operate",
    ),
    Route(
        verb="POST",
        path="/api/v2/platform/parked/{service}/{event_id}/retry",
        service="fynlo.operations.v1.ParkedEventsService",
        name="RetryParked",
        request=_retry_parked_at,
        answer=operations_json.retry_parked_response,
        key="optional",
        permission="platform.operate",
    ),
    Route(
        verb="POST",
        path="/api/v2/platform/parked/{service}/{event_id}/discard",
        service="fynlo.operations.v1.ParkedEventsService",
        name="DiscardParked",
        request=_discard_parked,
        body=DiscardParkedRequest,
        answer=nothing,
        key="optional",
        permission="platform.operate",
    ),
)
