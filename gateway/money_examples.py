"""The examples of payments, tills, reports and the ledger: the order of `examples`, paid and counted."""

from typing import Final

from gateway.examples import (
    ACTOR,
    AT,
    BUSINESS_DATE,
    ORDER_ID,
    PAYMENT_ID,
    RESTAURANT_ID,
    SESSION_ID,
    USER_ID,
    VAT,
    Example,
)

PAYMENT_IN: Final[Example] = {
    "id": PAYMENT_ID,
    "method": "cash",
    "tendered_minor": 3000,
    "till_session_id": SESSION_ID,
}
PAYMENT: Final[Example] = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "order_number": 17,
    "method": "cash",
    "status": "captured",
    "currency": "GBP",
    "amount_minor": 2150,
    "tip_minor": 0,
    "tendered_minor": 3000,
    "change_minor": 850,
    "fee": {"provider_minor": 0, "platform_minor": 0, "bearer": "restaurant"},
    "next_action": None,
    "check_id": None,
    "till_session_id": SESSION_ID,
    "business_date": BUSINESS_DATE,
    "created_at": AT,
    "taken_by": ACTOR,
    "approved_by": None,
    "reason": None,
}
TAKEN_PAYMENT: Final[Example] = {**PAYMENT, "bill": {"paid_minor": 2150, "due_minor": 0}}
TILL_SESSION: Final[Example] = {
    "id": SESSION_ID,
    "restaurant_id": RESTAURANT_ID,
    "till": "Front",
    "state": "open",
    "currency": "GBP",
    "business_date": BUSINESS_DATE,
    "opened_at": AT,
    "closed_at": None,
    "opening_float_minor": 10000,
    "expected_minor": 12150,
    "counted_minor": None,
    "variance_minor": None,
    "opened_by": ACTOR,
    "closed_by": None,
    "version": 2,
}
CLOSED_TILL: Final[Example] = {
    **TILL_SESSION,
    "state": "closed",
    "closed_at": "2026-11-20T22:30:00.000Z",
    "counted_minor": 12150,
    "variance_minor": 0,
    "closed_by": ACTOR,
    "version": 3,
}
CASH: Final[Example] = {
    "opening_float_minor": 10000,
    "cash_sales_minor": 2150,
    "cash_refunds_minor": 0,
    "paid_in_minor": 1500,
    "paid_out_minor": 1500,
    "drops_minor": 0,
    "expected_minor": 12150,
    "counted_minor": 12150,
    "variance_minor": 0,
    "variance_reason": None,
    "approved_by": None,
}
X_REPORT: Final[Example] = {
    "number": None,
    "restaurant_id": RESTAURANT_ID,
    "till_session_id": SESSION_ID,
    "till": "Front",
    "business_date": BUSINESS_DATE,
    "currency": "GBP",
    "from_time": AT,
    "until_time": "2026-11-20T22:30:00.000Z",
    "gross_minor": 2150,
    "discount_minor": 0,
    "void_minor": 0,
    "refund_minor": 0,
    "net_minor": 2150,
    "vat": VAT,
    "service_charge_minor": 0,
    "tip_minor": 0,
    "tenders": [{"method": "cash", "count": 1, "amount_minor": 2150, "tip_minor": 0, "fee_minor": 0}],
    "fee_minor": 0,
    "cash": CASH,
    "covers": 0,
    "order_count": 1,
    "staff": [{"user_id": USER_ID, "name": "Tilly Till", "count": 1, "amount_minor": 2150}],
    "first_order_number": 17,
    "last_order_number": 17,
    "previous_hash": None,
    "hash": None,
    "drawer_events": [
        {
            "id": "01930000-0000-7000-8000-0000000000e1",
            "kind": kind,
            "amount_minor": 1500,
            "reason": reason,
            "created_at": AT,
            "actor": ACTOR,
            "approved_by": None,
        }
        for kind, reason in (("paid_in", "change from the bank"), ("paid_out", "milk"))
    ],
}
Z_REPORT: Final[Example] = {**X_REPORT, "number": 1, "hash": "9f2c…"}
CLOSE_TILL: Final[Example] = {
    "expected_minor": 12150,
    "counted_minor": 12150,
    "variance_minor": 0,
    "session": CLOSED_TILL,
    "z_report": Z_REPORT,
}
LEDGER_ACCOUNT: Final[Example] = {
    "account": "cash_drawer",
    "currency": "GBP",
    "debit_minor": 2150,
    "credit_minor": 0,
}
