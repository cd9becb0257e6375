"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.payments.v1.
"""

from typing import Final

from fynlo.payments.v1 import events_pb2, payments_pb2, payments_service_pb2

from fynlo_json.common import actor
from fynlo_json.scalars import EnumNames, Json, instant

DRAWER_EVENT_KIND: Final = EnumNames(payments_pb2.DrawerEventKind, "DRAWER_EVENT_KIND_")
FEE_BEARER: Final = EnumNames(payments_pb2.FeeBearer, "FEE_BEARER_")
PAYMENT_METHOD: Final = EnumNames(payments_pb2.PaymentMethod, "PAYMENT_METHOD_")
PAYMENT_STATUS: Final = EnumNames(payments_pb2.PaymentStatus, "PAYMENT_STATUS_")
TILL_STATE: Final = EnumNames(payments_pb2.TillState, "TILL_STATE_")


def cash_reconciliation(of: payments_pb2.CashReconciliation) -> Json:
    return {
        "opening_float_minor": of.opening_float_minor,
        "cash_sales_minor": of.cash_sales_minor,
        "cash_refunds_minor": of.cash_refunds_minor,
        "paid_in_minor": of.paid_in_minor,
        "paid_out_minor": of.paid_out_minor,
        "drops_minor": of.drops_minor,
        "expected_minor": of.expected_minor,
        "counted_minor": of.counted_minor,
        "variance_minor": of.variance_minor,
        "variance_reason": of.variance_reason or None,
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
    }


def close_till_response(of: payments_service_pb2.CloseTillResponse) -> Json:
    return {
        "session": till_session(of.session),
        "z_report": till_report(of.report),
        "expected_minor": of.expected_minor,
        "counted_minor": of.counted_minor,
        "variance_minor": of.variance_minor,
    }


def drawer_event(of: payments_pb2.DrawerEvent) -> Json:
    """Cash that moved beside a sale, or the drawer that was only opened."""
    return {
        "id": of.id,
        "kind": DRAWER_EVENT_KIND[of.kind],
        "amount_minor": of.amount_minor,
        "reason": of.reason or None,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "actor": actor(of.actor),
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
    }


def fee(of: payments_pb2.Fee) -> Json:
    return {
        "provider_minor": of.provider_minor,
        "platform_minor": of.platform_minor,
        "bearer": FEE_BEARER[of.bearer],
    }


def get_trial_balance_response(of: payments_service_pb2.GetTrialBalanceResponse) -> Json:
    return {
        "items": [ledger_account(one) for one in of.accounts],
        "next_cursor": of.next_cursor or None,
    }


def ledger_account(of: payments_pb2.LedgerAccount) -> Json:
    return {
        "account": of.account,
        "currency": of.currency_code,
        "debit_minor": of.debit_minor,
        "credit_minor": of.credit_minor,
    }


def list_payments_response(of: payments_service_pb2.ListPaymentsResponse) -> Json:
    return {
        "items": [payment(one) for one in of.payments],
        "next_cursor": of.next_cursor or None,
    }


def list_till_sessions_response(of: payments_service_pb2.ListTillSessionsResponse) -> Json:
    return {
        "items": [till_session(one) for one in of.sessions],
        "next_cursor": of.next_cursor or None,
    }


def list_z_reports_response(of: payments_service_pb2.ListZReportsResponse) -> Json:
    return {
        "items": [till_report(one) for one in of.reports],
        "next_cursor": of.next_cursor or None,
    }


def method_cost(of: payments_pb2.MethodCost) -> Json:
    """What one way to pay would cost for an amount; the cheapest comes first."""
    return {
        "method": PAYMENT_METHOD[of.method],
        "fee": fee(of.fee),
        "total_minor": of.total_minor,
        "saving_bp": of.saving_bp,
        "offered": of.offered,
    }


def next_action(of: payments_pb2.NextAction) -> Json:
    """What the guest or the till does next, where money is not taken at once."""
    return {}


def orders_of_nothing(of: payments_pb2.OrdersOfNothing) -> Json:
    """Orders that came to nothing: all of them was voided, or taken off. Nobody pays for one, so that no till has it; the next Z report of the restaurant tells it, and no other one does."""
    return {
        "order_count": of.order_count,
        "comp_count": of.comp_count,
        "comp_minor": of.comp_minor,
        "discount_minor": of.discount_minor,
        "void_minor": of.void_minor,
    }


def payment(of: payments_pb2.Payment) -> Json:
    return {
        "id": of.id,
        "order_id": of.order_id,
        "order_number": of.order_number or None,
        "method": PAYMENT_METHOD[of.method],
        "status": PAYMENT_STATUS[of.status],
        "currency": of.currency_code,
        "amount_minor": of.amount_minor,
        "tip_minor": of.tip_minor,
        "tendered_minor": of.tendered_minor if of.method == payments_pb2.PAYMENT_METHOD_CASH else None,
        "change_minor": of.change_minor if of.method == payments_pb2.PAYMENT_METHOD_CASH else None,
        "fee": fee(of.fee),
        "till_session_id": of.till_session_id or None,
        "business_date": of.business_date,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "taken_by": actor(of.taken_by) if of.HasField("taken_by") else None,
        "check_id": of.check_id or None,
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
        "reason": of.reason or None,
        "next_action": next_action(of.next_action) if of.HasField("next_action") else None,
    }


def payment_captured(of: events_pb2.PaymentCaptured) -> Json:
    """Money is taken. paid_minor and due_minor are the bill's after it; sequence counts the money events of one bill from 1, so that a reader applies them in any order and ends the same."""
    return {
        "payment": payment(of.payment),
        "paid_minor": of.paid_minor,
        "due_minor": of.due_minor,
        "sequence": of.sequence,
    }


def staff_total(of: payments_pb2.StaffTotal) -> Json:
    return {
        "user_id": of.user_id or None,
        "name": of.name or None,
        "count": of.count,
        "amount_minor": of.amount_minor,
    }


def take_payment_response(of: payments_service_pb2.TakePaymentResponse) -> Json:
    return {
        **payment(of.payment),
        "bill": {
            "paid_minor": of.paid_minor,
            "due_minor": of.due_minor,
        },
    }


def tender_total(of: payments_pb2.TenderTotal) -> Json:
    return {
        "method": PAYMENT_METHOD[of.method],
        "count": of.count,
        "amount_minor": of.amount_minor,
        "tip_minor": of.tip_minor,
        "fee_minor": of.fee_minor,
    }


def till_report(of: payments_pb2.TillReport) -> Json:
    """The content of an X report (number 0, no hash) or a Z report (gapless number, hash chain)."""
    return {
        "number": of.number or None,
        "restaurant_id": of.restaurant_id,
        "till_session_id": of.till_session_id,
        "till": of.till,
        "business_date": of.business_date,
        "currency": of.currency_code,
        "from_time": instant(of.from_time) if of.HasField("from_time") else None,
        "until_time": instant(of.until_time) if of.HasField("until_time") else None,
        "gross_minor": of.gross_minor,
        "discount_minor": of.discount_minor,
        "void_minor": of.void_minor,
        "refund_minor": of.refund_minor,
        "net_minor": of.net_minor,
        "vat": [vat_total(one) for one in of.vat],
        "service_charge_minor": of.service_charge_minor,
        "tip_minor": of.tip_minor,
        "tenders": [tender_total(one) for one in of.tenders],
        "fee_minor": of.fee_minor,
        "cash": cash_reconciliation(of.cash),
        "covers": of.covers,
        "order_count": of.order_count,
        "staff": [staff_total(one) for one in of.staff],
        "first_order_number": of.first_order_number or None,
        "last_order_number": of.last_order_number or None,
        "previous_hash": of.previous_hash or None,
        "hash": of.hash or None,
        "drawer_events": [drawer_event(one) for one in of.drawer_events],
        "comp_minor": of.comp_minor,
        "comp_count": of.comp_count,
        "nothing": orders_of_nothing(of.nothing) if of.HasField("nothing") else None,
    }


def till_session(of: payments_pb2.TillSession) -> Json:
    return {
        "id": of.id,
        "restaurant_id": of.restaurant_id,
        "till": of.till,
        "state": TILL_STATE[of.state],
        "currency": of.currency_code,
        "business_date": of.business_date,
        "opened_at": instant(of.opened_at) if of.HasField("opened_at") else None,
        "closed_at": instant(of.closed_at) if of.HasField("closed_at") else None,
        "opening_float_minor": of.opening_float_minor,
        "expected_minor": of.expected_minor,
        "counted_minor": of.counted_minor if of.state == payments_pb2.TILL_STATE_CLOSED else None,
        "variance_minor": of.variance_minor if of.state == payments_pb2.TILL_STATE_CLOSED else None,
        "opened_by": actor(of.opened_by) if of.HasField("opened_by") else None,
        "closed_by": actor(of.closed_by) if of.HasField("closed_by") else None,
        "version": of.version,
    }


def till_session_updated(of: events_pb2.TillSessionUpdated) -> Json:
    return {
        "session": till_session(of.session),
    }


def vat_total(of: payments_pb2.VatTotal) -> Json:
    return {
        "rate_bp": of.rate_bp,
        "gross_minor": of.gross_minor,
        "vat_minor": of.vat_minor,
    }


def z_report_issued(of: events_pb2.ZReportIssued) -> Json:
    return {
        **_till_report_of_z_report_issued(of.report),
    }


def _till_report_of_z_report_issued(of: payments_pb2.TillReport) -> Json:
    return {
        "number": of.number or None,
        "till_session_id": of.till_session_id,
        "till": of.till,
        "business_date": of.business_date,
        "hash": of.hash or None,
    }
