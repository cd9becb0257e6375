"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.payments.v1.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.payments.v1 import payments_service_pb2
from fynlo_json import payments as payments_json
from fynlo_json.payments import DRAWER_EVENT_KIND, PAYMENT_METHOD
from pydantic import Field

from gateway.bodies import Body
from gateway.calls import Call
from gateway.plain import Route
from gateway.rest import common


class TakePaymentRequest(Body):
    """What TakePaymentRequest takes."""

    id: UUID | None = None
    method: Literal["open_banking", "card", "apple_pay", "sumup", "cash"]
    amount_minor: Annotated[int, Field(gt=0, le=100000000000)] | None = None
    tip_minor: Annotated[int, Field(ge=0, le=100000000)] = 0
    tendered_minor: Annotated[int, Field(ge=0, le=100000000000)] | None = None
    till_session_id: UUID | None = None
    check_id: UUID | None = None
    reason: Annotated[str, Field(max_length=200)] | None = None
    approval: common.Approval | None = None


class OpenTillRequest(Body):
    """What OpenTillRequest takes."""

    till: Annotated[str, Field(min_length=1, max_length=60)]
    opening_float_minor: Annotated[int, Field(ge=0, le=100000000)]


class RecordDrawerEventRequest(Body):
    """What RecordDrawerEventRequest takes."""

    kind: Literal["paid_in", "paid_out", "drop", "no_sale"]
    amount_minor: Annotated[int, Field(ge=0, le=100000000)]
    reason: Annotated[str, Field(max_length=200)] | None = None
    approval: common.Approval | None = None


class CloseTillRequest(Body):
    """What CloseTillRequest takes."""

    counted_minor: Annotated[int, Field(ge=0, le=100000000000)]
    reason: Annotated[str, Field(max_length=200)] | None = None
    carry_over_order_ids: Annotated[list[UUID], Field(max_length=200, default_factory=list)]
    approval: common.Approval | None = None


def _take_payment(call: Call, body: TakePaymentRequest) -> payments_service_pb2.TakePaymentRequest:
    return payments_service_pb2.TakePaymentRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        payment_id=str(body.id or ""),
        method=PAYMENT_METHOD.numbers[body.method],
        amount_minor=body.amount_minor,
        tip_minor=body.tip_minor,
        tendered_minor=body.tendered_minor,
        till_session_id=str(body.till_session_id or ""),
        check_id=str(body.check_id or ""),
        reason=body.reason or "",
        approval=None if body.approval is None else common.approval(body.approval),
    )


def _get_payment(call: Call, body: None) -> payments_service_pb2.GetPaymentRequest:
    return payments_service_pb2.GetPaymentRequest(payment_id=call.id_of("payment_id"))


def _list_payments(call: Call, body: None) -> payments_service_pb2.ListPaymentsRequest:
    return payments_service_pb2.ListPaymentsRequest(
        order_id=call.id_of("order_id"),
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
    )


def _get_trial_balance(call: Call, body: None) -> payments_service_pb2.GetTrialBalanceRequest:
    return payments_service_pb2.GetTrialBalanceRequest(business_date=call.date("business_date"))


def _open_till(call: Call, body: OpenTillRequest) -> payments_service_pb2.OpenTillRequest:
    return payments_service_pb2.OpenTillRequest(
        request_id=call.key, till=body.till, opening_float_minor=body.opening_float_minor
    )


def _get_till_session(call: Call, body: None) -> payments_service_pb2.GetTillSessionRequest:
    return payments_service_pb2.GetTillSessionRequest(till_session_id=call.id_of("session_id"))


def _list_till_sessions(call: Call, body: None) -> payments_service_pb2.ListTillSessionsRequest:
    return payments_service_pb2.ListTillSessionsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        open_only=call.flag("open"),
    )


def _record_drawer_event(
    call: Call, body: RecordDrawerEventRequest
) -> payments_service_pb2.RecordDrawerEventRequest:
    return payments_service_pb2.RecordDrawerEventRequest(
        request_id=call.key,
        till_session_id=call.id_of("session_id"),
        kind=DRAWER_EVENT_KIND.numbers[body.kind],
        amount_minor=body.amount_minor,
        reason=body.reason or "",
        approval=None if body.approval is None else common.approval(body.approval),
    )


def _get_x_report(call: Call, body: None) -> payments_service_pb2.GetXReportRequest:
    return payments_service_pb2.GetXReportRequest(till_session_id=call.id_of("session_id"))


def _close_till(call: Call, body: CloseTillRequest) -> payments_service_pb2.CloseTillRequest:
    return payments_service_pb2.CloseTillRequest(
        request_id=call.key,
        till_session_id=call.id_of("session_id"),
        counted_minor=body.counted_minor,
        reason=body.reason or "",
        carry_over_order_ids=[str(one) for one in body.carry_over_order_ids],
        approval=None if body.approval is None else common.approval(body.approval),
    )


def _get_z_report(call: Call, body: None) -> payments_service_pb2.GetZReportRequest:
    return payments_service_pb2.GetZReportRequest(number=call.path_number("number"))


def _list_z_reports(call: Call, body: None) -> payments_service_pb2.ListZReportsRequest:
    return payments_service_pb2.ListZReportsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        business_date=call.date("business_date"),
    )


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/payments",
        service="fynlo.payments.v1.PaymentsService",
        name="TakePayment",
        request=_take_payment,
        body=TakePaymentRequest,
        answer=payments_json.take_payment_response,
        status=201,
        key="required",
        permission="payments.take",
        approved=True,
        location=lambda of: f"/api/v2/payments/{of.payment.id}",
    ),
    Route(
        verb="GET",
        path="/api/v2/payments/{payment_id}",
        service="fynlo.payments.v1.PaymentsService",
        name="GetPayment",
        request=_get_payment,
        answer=lambda of: payments_json.payment(of.payment),
        permission="payments.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/orders/{order_id}/payments",
        service="fynlo.payments.v1.PaymentsService",
        name="ListPayments",
        request=_list_payments,
        answer=payments_json.list_payments_response,
        permission="payments.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/reports/trial-balance",
        service="fynlo.payments.v1.PaymentsService",
        name="GetTrialBalance",
        request=_get_trial_balance,
        answer=payments_json.get_trial_balance_response,
        permission="reports.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/till-sessions",
        service="fynlo.payments.v1.TillService",
        name="OpenTill",
        request=_open_till,
        body=OpenTillRequest,
        answer=lambda of: payments_json.till_session(of.session),
        status=201,
        key="required",
        permission="till.operate",
        location=lambda of: f"/api/v2/till-sessions/{of.session.id}",
    ),
    Route(
        verb="GET",
        path="/api/v2/till-sessions/{session_id}",
        service="fynlo.payments.v1.TillService",
        name="GetTillSession",
        request=_get_till_session,
        answer=lambda of: payments_json.till_session(of.session),
        permission="till.operate",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/till-sessions",
        service="fynlo.payments.v1.TillService",
        name="ListTillSessions",
        request=_list_till_sessions,
        answer=payments_json.list_till_sessions_response,
        permission="till.operate",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/till-sessions/{session_id}/drawer-events",
        service="fynlo.payments.v1.TillService",
        name="RecordDrawerEvent",
        request=_record_drawer_event,
        body=RecordDrawerEventRequest,
        answer=lambda of: payments_json.till_session(of.session),
        status=201,
        key="required",
        permission="till.operate",
        approved=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/till-sessions/{session_id}/x-report",
        service="fynlo.payments.v1.TillService",
        name="GetXReport",
        request=_get_x_report,
        answer=lambda of: payments_json.till_report(of.report),
        permission="till.operate",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/till-sessions/{session_id}/close",
        service="fynlo.payments.v1.TillService",
        name="CloseTill",
        request=_close_till,
        body=CloseTillRequest,
        answer=payments_json.close_till_response,
        key="required",
        permission="till.operate",
        approved=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/z-reports/{number}",
        service="fynlo.payments.v1.TillService",
        name="GetZReport",
        request=_get_z_report,
        answer=lambda of: payments_json.till_report(of.report),
        permission="reports.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/z-reports",
        service="fynlo.payments.v1.TillService",
        name="ListZReports",
        request=_list_z_reports,
        answer=payments_json.list_z_reports_response,
        permission="reports.read",
        reads=True,
    ),
)
