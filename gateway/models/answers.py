"""Answers, as OpenAPI shows them. The JSON itself is made by `device_json`; a test compares both."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Base: at least these fields; later versions may add some."""

    model_config = ConfigDict(extra="allow")


class ProblemDocument(BaseModel):
    """RFC 9457. `code` is stable; act on it, not on the text."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] | None = None
    allowed: list[str] | None = None
    retry_after: int | None = None


class UserOut(Answer):
    id: str
    email: str
    name: str


class RestaurantBrief(Answer):
    id: str
    name: str
    currency: str
    timezone: str


class MembershipBrief(Answer):
    id: str
    name: str
    role: str


class SessionOut(Answer):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    user: UserOut
    role: str
    restaurant: RestaurantBrief | None
    restaurants: list[MembershipBrief]


class MeOut(Answer):
    user: UserOut
    role: str
    restaurant: RestaurantBrief | None
    permissions: list[str]


class ChosenOptionOut(Answer):
    option_id: str
    name: str
    quantity: int
    price_delta_minor: int


class OrderLineOut(Answer):
    id: str
    item_id: str
    name: str
    quantity: int
    unit_price_minor: int
    options: list[ChosenOptionOut]
    note: str | None
    seat: int | None
    course: str | None
    gross_minor: int
    discount_minor: int
    vat_rate_bp: int
    vat_minor: int
    kitchen_state: str
    voided: bool


class VatOut(Answer):
    rate_bp: int
    gross_minor: int
    vat_minor: int


class TotalsOut(Answer):
    goods_minor: int
    discount_minor: int
    service_charge_minor: int
    vat_minor: int
    total_minor: int
    paid_minor: int
    due_minor: int


class TableBrief(Answer):
    id: str
    name: str


class OrderOut(Answer):
    id: str
    number: int | None
    restaurant_id: str
    state: str
    lifecycle: str
    payment_state: str
    kitchen_state: str
    service_flow: str
    order_type: str
    table: TableBrief | None
    covers: int | None
    currency: str
    business_date: str
    created_at: str
    version: int
    lines: list[OrderLineOut]
    vat: list[VatOut]
    totals: TotalsOut


class OrderPage(Answer):
    items: list[OrderOut]
    next_cursor: str | None


class MethodCostOut(Answer):
    method: str
    provider_minor: int
    platform_minor: int
    total_minor: int
    saving_bp: int
    offered: bool


class QuoteOut(Answer):
    currency: str
    lines: list[OrderLineOut]
    vat: list[VatOut]
    totals: TotalsOut
    payment_costs: list[MethodCostOut]


class StateChangeOut(Answer):
    sequence: int
    axis: str
    command_id: str | None
    actor: dict[str, Any] | None
    occurred_at: str
    recorded_at: str
    reason: str | None


class HistoryOut(Answer):
    items: list[StateChangeOut]


class TicketLineOut(Answer):
    id: str
    name: str
    quantity: int
    options: list[ChosenOptionOut]
    note: str | None
    state: str


class TicketOut(Answer):
    id: str
    order_id: str
    order_number: int
    station_id: str
    revision: int
    state: str
    course: str | None
    table: str | None
    created_at: str
    target_at: str | None
    allergy: list[str]
    lines: list[TicketLineOut]


class TicketPage(Answer):
    items: list[TicketOut]
    next_cursor: str | None


class StationOut(Answer):
    id: str
    name: str
    position: int
    category_ids: list[str]
    is_default: bool
    target_minutes: int
    version: int


class StationPage(Answer):
    items: list[StationOut]
    next_cursor: str | None


class FeeOut(Answer):
    provider_minor: int
    platform_minor: int
    bearer: str


class PaymentOut(Answer):
    id: str
    order_id: str
    method: str
    status: str
    amount_minor: int
    tip_minor: int
    change_minor: int | None
    fee: FeeOut


class TillSessionOut(Answer):
    id: str
    till: str
    state: str
    opened_at: str
    opening_float_minor: int
    expected_minor: int


class TillSessionPage(Answer):
    items: list[TillSessionOut]
    next_cursor: str | None


class ReportOut(Answer):
    number: int | None
    till: str
    gross_minor: int
    net_minor: int


class CloseTillOut(Answer):
    expected_minor: int
    counted_minor: int
    variance_minor: int
    z_report: ReportOut


class MenuOut(Answer):
    version: int
    currency: str
    categories: list[dict[str, Any]]


class ImportOut(Answer):
    created: int
    updated: int
    unchanged: int
    rejected: list[dict[str, Any]]
    menu_version: int


class SnapshotOut(Answer):
    ch: str
    e: str
    s: int
    state: dict[str, Any]


class PageOut(Answer):
    items: list[dict[str, Any]]
    next_cursor: str | None


class HealthOut(Answer):
    status: str
    parts: dict[str, str]
