"""Payments, tills and their reports, the ledger."""

from fynlo.payments.v1 import payments_pb2

from device_json.scalars import (
    DRAWER_EVENT,
    FEE_BEARER,
    PAYMENT_METHOD,
    PAYMENT_STATUS,
    TILL_STATE,
    Json,
    actor,
    instant,
)

CASH = payments_pb2.PAYMENT_METHOD_CASH


def payment(of: payments_pb2.Payment) -> Json:
    """One payment. ``tendered_minor`` and ``change_minor`` only where cash changed hands."""
    cash = of.method == CASH
    return {
        "id": of.id,
        "order_id": of.order_id,
        "order_number": of.order_number or None,
        "method": PAYMENT_METHOD[of.method],
        "status": PAYMENT_STATUS[of.status],
        "currency": of.currency_code,
        "amount_minor": of.amount_minor,
        "tip_minor": of.tip_minor,
        "tendered_minor": of.tendered_minor if cash else None,
        "change_minor": of.change_minor if cash else None,
        "fee": fee(of.fee),
        "next_action": None,
        "check_id": of.check_id or None,
        "till_session_id": of.till_session_id or None,
        "business_date": of.business_date or None,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "taken_by": actor(of.taken_by) if of.HasField("taken_by") else None,
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
        "reason": of.reason or None,
    }


def fee(of: payments_pb2.Fee) -> Json:
    """What a payment costs, and whom."""
    return {
        "provider_minor": of.provider_minor,
        "platform_minor": of.platform_minor,
        "bearer": FEE_BEARER[of.bearer],
    }


def method_cost(of: payments_pb2.MethodCost) -> Json:
    """What one way to pay would cost."""
    return {
        "method": PAYMENT_METHOD[of.method],
        "fee": fee(of.fee),
        "total_minor": of.total_minor,
        "saving_bp": of.saving_bp,
        "offered": of.offered,
    }


def till_session(of: payments_pb2.TillSession) -> Json:
    """A drawer from opening to count. ``counted_minor``, ``variance_minor``: None until it is closed."""
    counted = of.state == payments_pb2.TILL_STATE_CLOSED
    return {
        "id": of.id,
        "restaurant_id": of.restaurant_id or None,
        "till": of.till,
        "state": TILL_STATE[of.state],
        "currency": of.currency_code,
        "business_date": of.business_date or None,
        "opened_at": instant(of.opened_at) if of.HasField("opened_at") else None,
        "closed_at": instant(of.closed_at) if of.HasField("closed_at") else None,
        "opening_float_minor": of.opening_float_minor,
        "expected_minor": of.expected_minor,
        "counted_minor": of.counted_minor if counted else None,
        "variance_minor": of.variance_minor if counted else None,
        "opened_by": actor(of.opened_by) if of.HasField("opened_by") else None,
        "closed_by": actor(of.closed_by) if of.HasField("closed_by") else None,
        "version": of.version,
    }


def till_report(of: payments_pb2.TillReport) -> Json:
    """An X report (``number`` and hashes None) or a Z report."""
    return {
        "number": of.number or None,
        "restaurant_id": of.restaurant_id or None,
        "till_session_id": of.till_session_id,
        "till": of.till,
        "business_date": of.business_date or None,
        "currency": of.currency_code,
        "from_time": instant(of.from_time) if of.HasField("from_time") else None,
        "until_time": instant(of.until_time) if of.HasField("until_time") else None,
        "gross_minor": of.gross_minor,
        "discount_minor": of.discount_minor,
        "void_minor": of.void_minor,
        "refund_minor": of.refund_minor,
        "net_minor": of.net_minor,
        "vat": [
            {"rate_bp": rate.rate_bp, "gross_minor": rate.gross_minor, "vat_minor": rate.vat_minor}
            for rate in of.vat
        ],
        "service_charge_minor": of.service_charge_minor,
        "tip_minor": of.tip_minor,
        "tenders": [
            {
                "method": PAYMENT_METHOD[tender.method],
                "count": tender.count,
                "amount_minor": tender.amount_minor,
                "tip_minor": tender.tip_minor,
                "fee_minor": tender.fee_minor,
            }
            for tender in of.tenders
        ],
        "fee_minor": of.fee_minor,
        "cash": _cash(of.cash),
        "covers": of.covers,
        "order_count": of.order_count,
        "staff": [
            {
                "user_id": person.user_id or None,
                "name": person.name or None,
                "count": person.count,
                "amount_minor": person.amount_minor,
            }
            for person in of.staff
        ],
        "first_order_number": of.first_order_number or None,
        "last_order_number": of.last_order_number or None,
        "previous_hash": of.previous_hash or None,
        "hash": of.hash or None,
        "drawer_events": [_drawer_event(one) for one in of.drawer_events],
    }


def z_report_notice(of: payments_pb2.TillReport) -> Json:
    """That a Z report was issued; its figures are behind GET /api/v2/z-reports/{number}."""
    return {
        "number": of.number,
        "till_session_id": of.till_session_id,
        "till": of.till,
        "business_date": of.business_date or None,
        "hash": of.hash or None,
    }


def ledger_account(of: payments_pb2.LedgerAccount) -> Json:
    """One account of the trial balance."""
    return {
        "account": of.account,
        "currency": of.currency_code,
        "debit_minor": of.debit_minor,
        "credit_minor": of.credit_minor,
    }


def _drawer_event(of: payments_pb2.DrawerEvent) -> Json:
    return {
        "id": of.id,
        "kind": DRAWER_EVENT[of.kind],
        "amount_minor": of.amount_minor,
        "reason": of.reason or None,
        "created_at": instant(of.created_at),
        "actor": actor(of.actor),
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
    }


def _cash(of: payments_pb2.CashReconciliation) -> Json:
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
