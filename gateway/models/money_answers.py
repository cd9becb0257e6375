"""Payments, tills, reports and the ledger, as OpenAPI shows them."""

from typing import Any

from gateway.models.answers import ActorOut, Answer
from gateway.models.order_answers import FeeOut, VatOut


class PaymentOut(Answer):
    """One payment. ``tendered_minor`` and ``change_minor`` only where cash changed hands."""

    id: str
    order_id: str
    order_number: int | None
    method: str
    status: str
    currency: str
    amount_minor: int
    tip_minor: int
    tendered_minor: int | None
    change_minor: int | None
    fee: FeeOut
    next_action: dict[str, Any] | None
    check_id: str | None
    till_session_id: str | None
    business_date: str
    created_at: str
    taken_by: ActorOut | None
    approved_by: ActorOut | None
    reason: str | None


class PaymentPage(Answer):
    items: list[PaymentOut]
    next_cursor: str | None


class BillOut(Answer):
    """The order's bill after the payment."""

    paid_minor: int
    due_minor: int


class TakenPaymentOut(PaymentOut):
    bill: BillOut


class TillSessionOut(Answer):
    """A drawer from opening to count."""

    id: str
    restaurant_id: str
    till: str
    state: str
    currency: str
    business_date: str
    opened_at: str
    closed_at: str | None
    opening_float_minor: int
    expected_minor: int
    counted_minor: int | None
    variance_minor: int | None
    opened_by: ActorOut | None
    closed_by: ActorOut | None
    version: int


class TillSessionPage(Answer):
    items: list[TillSessionOut]
    next_cursor: str | None


class TenderOut(Answer):
    method: str
    count: int
    amount_minor: int
    tip_minor: int
    fee_minor: int


class StaffSalesOut(Answer):
    user_id: str | None
    name: str | None
    count: int
    amount_minor: int


class CashOut(Answer):
    """The drawer: what should be in it, what was counted.

    ``approved_by``: only where whoever closed could not do it alone.
    """

    opening_float_minor: int
    cash_sales_minor: int
    cash_refunds_minor: int
    paid_in_minor: int
    paid_out_minor: int
    drops_minor: int
    expected_minor: int
    counted_minor: int
    variance_minor: int
    variance_reason: str | None
    approved_by: ActorOut | None


class DrawerEventOut(Answer):
    """Cash that moved beside a sale; ``approved_by`` where the actor could not do it alone."""

    id: str
    kind: str
    amount_minor: int
    reason: str | None
    created_at: str
    actor: ActorOut
    approved_by: ActorOut | None


class ReportOut(Answer):
    """An X report (``number`` and hashes None) or a Z report."""

    number: int | None
    restaurant_id: str
    till_session_id: str
    till: str
    business_date: str
    currency: str
    from_time: str
    until_time: str
    gross_minor: int
    discount_minor: int
    void_minor: int
    refund_minor: int
    net_minor: int
    vat: list[VatOut]
    service_charge_minor: int
    tip_minor: int
    tenders: list[TenderOut]
    fee_minor: int
    cash: CashOut
    covers: int
    order_count: int
    staff: list[StaffSalesOut]
    first_order_number: int | None
    last_order_number: int | None
    previous_hash: str | None
    hash: str | None
    drawer_events: list[DrawerEventOut]


class ReportPage(Answer):
    items: list[ReportOut]
    next_cursor: str | None


class CloseTillOut(Answer):
    expected_minor: int
    counted_minor: int
    variance_minor: int
    session: TillSessionOut
    z_report: ReportOut


class LedgerAccountOut(Answer):
    account: str
    currency: str
    debit_minor: int
    credit_minor: int


class TrialBalanceOut(Answer):
    items: list[LedgerAccountOut]
    next_cursor: str | None
