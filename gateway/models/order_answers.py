"""Orders and the kitchen, as OpenAPI shows them."""

from pydantic import Field

from gateway.models.answers import ActorOut, Answer


class ChosenOptionOut(Answer):
    option_id: str
    name: str
    quantity: int
    price_delta_minor: int


class OrderLineOut(Answer):
    """What was sold, with names, prices and rates as they were then."""

    id: str | None
    item_id: str
    category_id: str | None
    name: str
    quantity: int
    unit_price_minor: int
    options: list[ChosenOptionOut]
    note: str | None
    seat: int | None
    course: str | None
    hold: bool
    gross_minor: int
    discount_minor: int
    vat_rate_bp: int
    vat_minor: int
    kitchen_state: str
    voided: bool
    allergens: list[str]


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
    name: str | None


class GuestAllergyOut(Answer):
    """What a guest must not eat: some of the fourteen allergens, and the guest's own words."""

    allergens: list[str]
    text: str | None


class OrderOut(Answer):
    """An order, whole. ``unsent_since``: lines wait for the kitchen that nobody holds back."""

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
    customer_id: str | None
    currency: str
    business_date: str
    created_at: str
    updated_at: str
    completed_at: str | None
    unsent_since: str | None
    placed_by: ActorOut | None
    version: int
    menu_version: int | None
    bill_mode: str
    lines: list[OrderLineOut]
    vat: list[VatOut]
    totals: TotalsOut
    guest_allergy: GuestAllergyOut | None


class OrderPage(Answer):
    items: list[OrderOut]
    next_cursor: str | None


class FeeOut(Answer):
    """What a payment costs, and whom."""

    provider_minor: int
    platform_minor: int
    bearer: str


class MethodCostOut(Answer):
    """What one way to pay would cost; ``saving_bp``: against the dearest, in basis points."""

    method: str
    fee: FeeOut
    total_minor: int
    saving_bp: int
    offered: bool


class QuoteOut(Answer):
    currency: str
    order_type: str
    bill_mode: str
    lines: list[OrderLineOut]
    vat: list[VatOut]
    totals: TotalsOut
    payment_costs: list[MethodCostOut]


class StateChangeOut(Answer):
    sequence: int
    axis: str
    from_: str | None = Field(alias="from")
    to: str | None
    command_id: str | None
    actor: ActorOut | None
    occurred_at: str
    recorded_at: str
    reason: str | None


class HistoryOut(Answer):
    items: list[StateChangeOut]


class TicketOptionOut(Answer):
    option_id: str
    name: str
    quantity: int


class TicketLineOut(Answer):
    id: str
    name: str
    quantity: int
    options: list[TicketOptionOut]
    note: str | None
    seat: int | None
    state: str


class TicketOut(Answer):
    """What one station gets of one order. No amounts and nobody's name: it hangs in a kitchen.

    ``allergy``: the allergens of the food. ``guest_allergy``: what a guest must not eat; until a cook has
    acknowledged it nothing of the ticket can be made ready.
    """

    id: str
    order_id: str
    order_number: int | None
    station_id: str
    station: str | None
    revision: int
    state: str
    course: str | None
    table: str | None
    order_type: str
    business_date: str
    created_at: str
    target_at: str | None
    ready_at: str | None
    acknowledged_at: str | None
    allergy: list[str]
    lines: list[TicketLineOut]
    guest_allergy: GuestAllergyOut | None
    allergy_acknowledged_at: str | None


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
