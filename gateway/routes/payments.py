"""Money: payments, tills and their reports."""

from fastapi import Request
from fynlo.common.v1.common_pb2 import PageRequest
from fynlo.payments.v1 import payments_service_pb2 as messages
from fynlo_json import payments as payments_json
from fynlo_json.payments import DRAWER_EVENT_KIND as DRAWER_EVENT
from fynlo_json.payments import PAYMENT_METHOD
from starlette.responses import Response

from chassis.errors import NotFound
from gateway import money_examples as examples
from gateway.approvals import approval_of
from gateway.calls import reading, writing
from gateway.models import bodies
from gateway.models.money_answers import (
    CloseTillOut,
    PaymentOut,
    PaymentPage,
    ReportOut,
    ReportPage,
    TakenPaymentOut,
    TillSessionOut,
    TillSessionPage,
    TrialBalanceOut,
)
from gateway.numbers import INT64_MAX, whole_number
from gateway.spec import PAGE_QUERY, router, spec

routes = router()

_METHODS = PAYMENT_METHOD.numbers()
_DRAWER_EVENTS = DRAWER_EVENT.numbers()


@routes.post(
    "/orders/{order_id}/payments",
    **spec(
        "Take a payment",
        tag="payments",
        permission="payments.take",
        approver="till.approve",
        status=201,
        answer=TakenPaymentOut,
        example=examples.TAKEN_PAYMENT,
        body=bodies.PaymentIn,
        body_example=examples.PAYMENT_IN,
        missing="order_not_found",
        errors=(
            ("404", "till_session_not_found"),
            ("409", "till_not_open"),
            ("409", "order_not_payable"),
            ("409", "bill_closed"),
            ("409", "bill_paid"),
            ("409", "payment_id_taken"),
            ("422", "amount_above_balance"),
            ("422", "tendered_too_little"),
            ("422", "method_not_offered"),
            ("422", "currency_mismatch"),
            ("422", "fee_preset_unknown"),
            ("422", "fee_unknown"),
        ),
        key="required",
    ),
)
async def take_payment(request: Request) -> Response:
    """Without an amount the whole balance. Cash needs an open till; change is what was tendered beyond it.

    Tips above the bill itself need an approval and a reason.
    """
    async with writing(request, key_required=True) as call:
        body = await call.body(bodies.PaymentIn)
        message = messages.TakePaymentRequest(
            request_id=call.key,
            order_id=call.id_of("order_id"),
            payment_id=str(body.id or ""),
            method=_METHODS[body.method],
            tip_minor=body.tip_minor,
            till_session_id=str(body.till_session_id or ""),
            check_id=str(body.check_id or ""),
            reason=body.reason or "",
            approval=await approval_of(call, body.approval),
        )
        if body.amount_minor is not None:
            message.amount_minor = body.amount_minor
        if body.tendered_minor is not None:
            message.tendered_minor = body.tendered_minor
        reply = await call.write(call.services.payments.TakePayment(message))
        answer = payments_json.payment(reply.payment)
        answer["bill"] = {"paid_minor": reply.paid_minor, "due_minor": reply.due_minor}
        return call.answer(answer, 201, {"Location": f"/api/v2/payments/{reply.payment.id}"})


@routes.get(
    "/orders/{order_id}/payments",
    **spec(
        "List an order's payments",
        tag="payments",
        permission="payments.read",
        answer=PaymentPage,
        example={"items": [examples.PAYMENT], "next_cursor": None},
        missing="order_not_found",
        query=PAGE_QUERY,
    ),
)
async def list_payments(request: Request) -> Response:
    """Newest first."""
    async with reading(request) as call:
        reply = await call.services.payments.ListPayments(
            messages.ListPaymentsRequest(page=PageRequest(**call.page()), order_id=call.id_of("order_id"))
        )
        items = [payments_json.payment(payment) for payment in reply.payments]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.get(
    "/payments/{payment_id}",
    **spec(
        "Read a payment",
        tag="payments",
        permission="payments.read",
        answer=PaymentOut,
        example=examples.PAYMENT,
        missing="payment_not_found",
    ),
)
async def get_payment(request: Request) -> Response:
    """One payment."""
    async with reading(request) as call:
        reply = await call.services.payments.GetPayment(
            messages.GetPaymentRequest(payment_id=call.id_of("payment_id"))
        )
        return call.answer(payments_json.payment(reply.payment))


@routes.post(
    "/till-sessions",
    **spec(
        "Open a till",
        tag="tills",
        permission="till.operate",
        status=201,
        answer=TillSessionOut,
        example=examples.TILL_SESSION,
        body=bodies.OpenTillIn,
        body_example={"till": "Front", "opening_float_minor": 10000},
        errors=(("409", "till_already_open"), ("422", "till_name")),
        key="required",
    ),
)
async def open_till(request: Request) -> Response:
    """A drawer has one open session at a time."""
    async with writing(request, key_required=True) as call:
        body = await call.body(bodies.OpenTillIn)
        message = messages.OpenTillRequest(
            request_id=call.key, till=body.till, opening_float_minor=body.opening_float_minor
        )
        reply = await call.write(call.services.tills.OpenTill(message))
        headers = {"Location": f"/api/v2/till-sessions/{reply.session.id}"}
        return call.answer(payments_json.till_session(reply.session), 201, headers)


@routes.get(
    "/till-sessions",
    **spec(
        "List till sessions",
        tag="tills",
        permission="till.operate",
        answer=TillSessionPage,
        example={"items": [examples.TILL_SESSION], "next_cursor": None},
        query=(
            *PAGE_QUERY,
            ("open", "true: only those that are open"),
        ),
    ),
)
async def list_till_sessions(request: Request) -> Response:
    """Newest first."""
    async with reading(request) as call:
        open_only = call.flag("open")
        reply = await call.services.tills.ListTillSessions(
            messages.ListTillSessionsRequest(page=PageRequest(**call.page()), open_only=open_only)
        )
        items = [payments_json.till_session(session) for session in reply.sessions]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.get(
    "/till-sessions/{session_id}",
    **spec(
        "Read a till session",
        tag="tills",
        permission="till.operate",
        answer=TillSessionOut,
        example=examples.TILL_SESSION,
        missing="till_session_not_found",
    ),
)
async def get_till_session(request: Request) -> Response:
    """With what should be in the drawer now."""
    async with reading(request) as call:
        reply = await call.services.tills.GetTillSession(
            messages.GetTillSessionRequest(till_session_id=call.id_of("session_id"))
        )
        return call.answer(payments_json.till_session(reply.session))


@routes.post(
    "/till-sessions/{session_id}/drawer-events",
    **spec(
        "Record cash that moves without a sale",
        tag="tills",
        permission="till.operate",
        status=201,
        answer=TillSessionOut,
        example=examples.TILL_SESSION,
        body=bodies.DrawerEventIn,
        body_example={"kind": "paid_out", "amount_minor": 1500, "reason": "milk"},
        missing="till_session_not_found",
        approver="till.approve",
        errors=(
            ("409", "till_not_open"),
            ("409", "drawer_events_full"),
            ("422", "drawer_amount"),
            ("422", "drawer_short"),
        ),
        key="required",
    ),
)
async def record_drawer_event(request: Request) -> Response:
    """Paid in, paid out, a drop to the safe, or the drawer opened without a sale (amount 0).

    No more leaves the drawer than is in it. Above what one person moves alone in a session, and in a till
    that somebody else opened, it needs an approval and a reason.
    """
    async with writing(request, key_required=True) as call:
        body = await call.body(bodies.DrawerEventIn)
        message = messages.RecordDrawerEventRequest(
            request_id=call.key,
            till_session_id=call.id_of("session_id"),
            kind=_DRAWER_EVENTS[body.kind],
            amount_minor=body.amount_minor,
            reason=body.reason or "",
            approval=await approval_of(call, body.approval),
        )
        reply = await call.write(call.services.tills.RecordDrawerEvent(message))
        return call.answer(payments_json.till_session(reply.session), 201)


@routes.get(
    "/till-sessions/{session_id}/x-report",
    **spec(
        "X report: how the till stands",
        tag="tills",
        permission="till.operate",
        answer=ReportOut,
        example=examples.X_REPORT,
        missing="till_session_not_found",
        errors=(("403", "report_not_yours"),),
    ),
)
async def x_report(request: Request) -> Response:
    """What a Z report would say now. Changes nothing. Of a closed till for those who opened or closed it, or
    may read Z reports."""
    async with reading(request) as call:
        reply = await call.services.tills.GetXReport(
            messages.GetXReportRequest(till_session_id=call.id_of("session_id"))
        )
        return call.answer(payments_json.till_report(reply.report))


@routes.post(
    "/till-sessions/{session_id}/close",
    **spec(
        "Close a till: count and Z report",
        tag="tills",
        permission="till.operate",
        answer=CloseTillOut,
        example=examples.CLOSE_TILL,
        body=bodies.CloseTillIn,
        body_example={"counted_minor": 10850},
        missing="till_session_not_found",
        approver="till.approve",
        errors=(
            ("403", "variance_needs_manager"),
            ("409", "till_not_open"),
            ("409", "half_paid_orders"),
            ("409", "z_report_tampered"),
            ("422", "variance_needs_reason"),
        ),
        key="required",
    ),
)
async def close_till(request: Request) -> Response:
    """Never refused because of a variance. A large one, and orders that are carried over, need an approval
    and a reason.
    """
    async with writing(request, key_required=True) as call:
        body = await call.body(bodies.CloseTillIn)
        message = messages.CloseTillRequest(
            request_id=call.key,
            till_session_id=call.id_of("session_id"),
            counted_minor=body.counted_minor,
            reason=body.reason or "",
            carry_over_order_ids=[str(order) for order in body.carry_over_order_ids],
            approval=await approval_of(call, body.approval),
        )
        reply = await call.write(call.services.tills.CloseTill(message))
        return call.answer(
            {
                "expected_minor": reply.session.expected_minor,
                "counted_minor": reply.session.counted_minor,
                "variance_minor": reply.session.variance_minor,
                "session": payments_json.till_session(reply.session),
                "z_report": payments_json.till_report(reply.report),
            }
        )


@routes.get(
    "/z-reports",
    **spec(
        "List Z reports",
        tag="tills",
        permission="reports.read",
        answer=ReportPage,
        example={"items": [examples.Z_REPORT], "next_cursor": None},
        errors=(("409", "z_report_tampered"),),
        query=(
            *PAGE_QUERY,
            ("business_date", "YYYY-MM-DD"),
        ),
    ),
)
async def list_z_reports(request: Request) -> Response:
    """Newest first."""
    async with reading(request) as call:
        reply = await call.services.tills.ListZReports(
            messages.ListZReportsRequest(
                page=PageRequest(**call.page()), business_date=call.date("business_date")
            )
        )
        items = [payments_json.till_report(report) for report in reply.reports]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.get(
    "/z-reports/{number}",
    **spec(
        "Read a Z report",
        tag="tills",
        permission="reports.read",
        answer=ReportOut,
        example=examples.Z_REPORT,
        errors=(("404", "z_report_not_found"), ("409", "z_report_tampered")),
    ),
)
async def get_z_report(request: Request) -> Response:
    """By its number, which has no gaps; it never changes and carries the hash of the one before."""
    async with reading(request) as call:
        number = whole_number(request.path_params["number"], 1, INT64_MAX)
        if number is None:
            raise NotFound("Z reports are numbered from 1", reason="Z_REPORT_NOT_FOUND")
        reply = await call.services.tills.GetZReport(messages.GetZReportRequest(number=number))
        return call.answer(payments_json.till_report(reply.report))


@routes.get(
    "/reports/trial-balance",
    **spec(
        "Debits and credits of every account",
        tag="reports",
        permission="reports.read",
        answer=TrialBalanceOut,
        example={"items": [examples.LEDGER_ACCOUNT], "next_cursor": None},
        query=(("business_date", "YYYY-MM-DD; without it of all time"),),
    ),
)
async def trial_balance(request: Request) -> Response:
    """The sums of both columns are equal; a difference is a fault of ours."""
    async with reading(request) as call:
        reply = await call.services.payments.GetTrialBalance(
            messages.GetTrialBalanceRequest(business_date=call.date("business_date"))
        )
        items = [payments_json.ledger_account(account) for account in reply.accounts]
        return call.answer({"items": items, "next_cursor": None})
