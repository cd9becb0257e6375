"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.orders.v1.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import (
    checks_service_pb2,
    customers_pb2,
    customers_service_pb2,
    discounts_pb2,
    discounts_service_pb2,
    documents_pb2,
    documents_service_pb2,
    floor_pb2,
    floor_service_pb2,
    kitchen_service_pb2,
    lines_service_pb2,
    orders_pb2,
    orders_service_pb2,
    printing_pb2,
    printing_service_pb2,
    slots_pb2,
    slots_service_pb2,
    station_pb2,
    transfers_service_pb2,
)
from fynlo_json import orders as orders_json
from fynlo_json.catalog import ALLERGEN
from fynlo_json.common import ORDER_TYPE
from fynlo_json.orders import (
    DISCOUNT_KIND,
    KITCHEN_STATE,
    ORDER_STATE,
    PRINTER_KIND,
    PROMOTION_SCOPE,
    SERVICE_FLOW,
    SPLIT_MODE,
    TABLE_SHAPE,
)
from pydantic import AwareDatetime, Field

from chassis.instants import timestamp
from gateway import texts
from gateway.bodies import Body
from gateway.calls import Call
from gateway.plain import Route, nothing
from gateway.rest import common


class GroupLine(Body):
    """What GroupLine takes."""

    line_id: UUID
    share: Annotated[str, Field(pattern="^[1-9][0-9]{0,2}(/[1-9][0-9]{0,2})?$")] | None = None


def group_line(of: GroupLine) -> checks_service_pb2.GroupLine:
    return checks_service_pb2.GroupLine(
        line_id=str(of.line_id),
        share=of.share or "",
    )


class CheckGroup(Body):
    """What one check shall be."""

    label: Annotated[str, Field(max_length=24, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]*$")] | None = None
    lines: Annotated[list[GroupLine], Field(max_length=200, default_factory=list)]
    seats: Annotated[list[Annotated[int, Field(ge=1, le=200)]], Field(max_length=200, default_factory=list)]
    amount_minor: Annotated[int, Field(gt=0, le=100000000000)] | None = None
    percentage_bp: Annotated[int, Field(ge=1, le=10000)] | None = None


def check_group(of: CheckGroup) -> checks_service_pb2.CheckGroup:
    return checks_service_pb2.CheckGroup(
        label=of.label or "",
        lines=[group_line(one) for one in of.lines],
        seats=of.seats,
        amount_minor=of.amount_minor or 0,
        percentage_bp=of.percentage_bp or 0,
    )


class SplitOrderRequest(Body):
    """What SplitOrderRequest takes."""

    mode: Literal["even", "item", "seat", "amount", "percentage"]
    ways: Annotated[int, Field(ge=1, le=40)] | None = None
    groups: Annotated[list[CheckGroup], Field(max_length=40, default_factory=list)]
    base_version: Annotated[int, Field(ge=0, le=9223372036854775807)] | None = None


class Customer(Body):
    """Somebody whom the restaurant knows by name. No event carries any of it."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    phone: Annotated[str, Field(max_length=40)] | None = None
    email: Annotated[str, Field(min_length=3, max_length=254, pattern=texts.EMAIL)] | None = None
    address: Annotated[str, Field(max_length=300)] | None = None
    vat_number: Annotated[str, Field(pattern="^([A-Z]{2}[0-9A-Z]{2,13})?$")] | None = None
    notes: Annotated[str, Field(max_length=1000)] | None = None
    marketing_consent: bool = False
    consent_source: Annotated[str, Field(max_length=60)] | None = None


def customer(of: Customer) -> customers_pb2.Customer:
    return customers_pb2.Customer(
        name=of.name,
        phone=of.phone or "",
        email=of.email or "",
        address=of.address or "",
        vat_number=of.vat_number or "",
        notes=of.notes or "",
        marketing_consent=of.marketing_consent,
        consent_source=of.consent_source or "",
    )


class SetOrderCustomerRequest(Body):
    """What SetOrderCustomerRequest takes."""

    customer_id: UUID | None = None


class AddDiscountRequest(Body):
    """What AddDiscountRequest takes."""

    id: UUID | None = None
    kind: Literal["percent", "amount", "comp"]
    value_bp: Annotated[int, Field(gt=0, le=10000)] | None = None
    amount_minor: Annotated[int, Field(gt=0, le=100000000)] | None = None
    line_id: UUID | None = None
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    approval: common.Approval | None = None


class Promotion(Body):
    """A discount that the restaurant gives to everybody at certain times: a happy hour, a lunch deal. What is ordered in its time has it; what is ordered later has it not."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    kind: Literal["percent", "amount"]
    value_bp: Annotated[int, Field(ge=0, le=10000)] | None = None
    value_minor: Annotated[int, Field(ge=0, le=100000000)] | None = None
    scope: Literal["order", "items", "categories"]
    item_ids: Annotated[list[UUID], Field(max_length=200, default_factory=list)]
    category_ids: Annotated[list[UUID], Field(max_length=200, default_factory=list)]
    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7, default_factory=list)]
    from_minutes: Annotated[int, Field(ge=0, lt=1440)] = 0
    until_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    effective_from: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    effective_until: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    active: bool = True


def promotion(of: Promotion) -> discounts_pb2.Promotion:
    return discounts_pb2.Promotion(
        name=of.name,
        kind=DISCOUNT_KIND.numbers[of.kind],
        value_bp=of.value_bp or 0,
        value_minor=of.value_minor or 0,
        scope=PROMOTION_SCOPE.numbers[of.scope],
        item_ids=[str(one) for one in of.item_ids],
        category_ids=[str(one) for one in of.category_ids],
        weekdays=of.weekdays,
        from_minutes=of.from_minutes,
        until_minutes=of.until_minutes,
        effective_from=of.effective_from or "",
        effective_until=of.effective_until or "",
        active=of.active,
    )


class Party(Body):
    """A name and an address as a document prints them."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    address: Annotated[str, Field(min_length=1, max_length=300)]
    vat_number: Annotated[str, Field(pattern="^[A-Z]{2}[0-9A-Z]{2,13}$")] | None = None


def party(of: Party) -> documents_pb2.Party:
    return documents_pb2.Party(
        name=of.name,
        address=of.address,
        vat_number=of.vat_number or "",
    )


class CreateInvoiceRequest(Body):
    """What CreateInvoiceRequest takes."""

    customer_id: UUID | None = None
    customer: Party | None = None


class CreditLine(Body):
    """What CreditLine takes."""

    line_id: UUID
    quantity: Annotated[int, Field(ge=1, le=999)] | None = None
    amount_minor: Annotated[int, Field(ge=1, le=100000000000)] | None = None


def credit_line(of: CreditLine) -> documents_service_pb2.CreditLine:
    return documents_service_pb2.CreditLine(
        line_id=str(of.line_id),
        quantity=of.quantity or 0,
        amount_minor=of.amount_minor or 0,
    )


class CreateCreditNoteRequest(Body):
    """What CreateCreditNoteRequest takes."""

    lines: Annotated[list[CreditLine], Field(min_length=1, max_length=250)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Section(Body):
    """A part of the floor: a room, a terrace, the bar."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    position: Annotated[int, Field(ge=0, le=1000)] = 0


def section(of: Section) -> floor_pb2.Section:
    return floor_pb2.Section(
        name=of.name,
        position=of.position,
    )


class Table(Body):
    """A table where it stands, and what is going on at it. Absolute: the newest version replaces all before it."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    section_id: UUID
    seats: Annotated[int, Field(ge=1, le=100)]
    shape: Literal["round", "square", "rectangle"]
    x: Annotated[int, Field(ge=0, le=1000)]
    y: Annotated[int, Field(ge=0, le=1000)]


def table(of: Table) -> floor_pb2.Table:
    return floor_pb2.Table(
        name=of.name,
        section_id=str(of.section_id),
        seats=of.seats,
        shape=TABLE_SHAPE.numbers[of.shape],
        x=of.x,
        y=of.y,
    )


class ClearTableRequest(Body):
    """What ClearTableRequest takes."""


class ReserveTableRequest(Body):
    """What ReserveTableRequest takes."""

    from_: Annotated[AwareDatetime, Field(alias="from")]
    minutes: Annotated[int, Field(ge=5, le=720)]
    name: Annotated[str, Field(min_length=1, max_length=60)]


class DraftOption(Body):
    """What DraftOption takes."""

    option_id: UUID
    quantity: Annotated[int, Field(ge=1, le=100)] = 1


def draft_option(of: DraftOption) -> orders_service_pb2.DraftOption:
    return orders_service_pb2.DraftOption(
        option_id=str(of.option_id),
        quantity=of.quantity,
    )


class DraftLine(Body):
    """What DraftLine takes."""

    id: UUID | None = None
    item_id: UUID
    quantity: Annotated[int, Field(ge=1, le=999)]
    options: Annotated[list[DraftOption], Field(max_length=50, default_factory=list)]
    note: Annotated[str, Field(max_length=500)] | None = None
    seat: Annotated[int, Field(ge=1, le=200)] | None = None
    course: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    hold: bool = False
    override_reason: Annotated[str, Field(max_length=200)] | None = None


def draft_line(of: DraftLine) -> orders_service_pb2.DraftLine:
    return orders_service_pb2.DraftLine(
        id=str(of.id or ""),
        item_id=str(of.item_id),
        quantity=of.quantity,
        options=[draft_option(one) for one in of.options],
        note=of.note or "",
        seat=of.seat or 0,
        course=of.course or "",
        hold=of.hold,
        override_reason=of.override_reason or "",
    )


class GuestAllergy(Body):
    """What a guest must not eat, as the guest says it. Health data: it is told to whoever takes or cooks the order."""

    allergens: Annotated[
        list[
            Literal[
                "celery",
                "cereals_containing_gluten",
                "crustaceans",
                "eggs",
                "fish",
                "lupin",
                "milk",
                "molluscs",
                "mustard",
                "nuts",
                "peanuts",
                "sesame",
                "soya",
                "sulphites",
            ]
        ],
        Field(max_length=14, default_factory=list),
    ]
    text: Annotated[str, Field(max_length=200, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]*$")] | None = None


def guest_allergy(of: GuestAllergy) -> orders_pb2.GuestAllergy:
    return orders_pb2.GuestAllergy(
        allergens=[ALLERGEN.numbers[one] for one in of.allergens],
        text=of.text or "",
    )


class OrderDraft(Body):
    """What OrderDraft takes."""

    id: UUID | None = None
    service_flow: Literal["pay_first", "pay_later"]
    order_type: Literal["eat_in", "takeaway", "delivery"]
    table_id: UUID | None = None
    covers: Annotated[int, Field(ge=1, le=1000)] | None = None
    customer_id: UUID | None = None
    menu_version: Annotated[int, Field(ge=0, le=9223372036854775807)] | None = None
    draft: bool = False
    lines: Annotated[list[DraftLine], Field(max_length=200)]
    guest_allergy: GuestAllergy | None = None
    note: Annotated[str, Field(max_length=500)] | None = None
    approval: common.Approval | None = None
    scheduled_for: AwareDatetime | None = None
    customer_name: Annotated[str, Field(max_length=80, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]*$")] | None = None


def order_draft(of: OrderDraft) -> orders_service_pb2.OrderDraft:
    return orders_service_pb2.OrderDraft(
        id=str(of.id or ""),
        service_flow=SERVICE_FLOW.numbers[of.service_flow],
        order_type=ORDER_TYPE.numbers[of.order_type],
        table_id=str(of.table_id or ""),
        covers=of.covers or 0,
        customer_id=str(of.customer_id or ""),
        menu_version=of.menu_version or 0,
        draft=of.draft,
        lines=[draft_line(one) for one in of.lines],
        guest_allergy=None if of.guest_allergy is None else guest_allergy(of.guest_allergy),
        note=of.note or "",
        approval=None if of.approval is None else common.approval(of.approval),
        scheduled_for=timestamp(of.scheduled_for),
        customer_name=of.customer_name or "",
    )


class ValidateOrderRequest(Body):
    """What ValidateOrderRequest takes."""


class FireOrderRequest(Body):
    """What FireOrderRequest takes."""

    lines: Annotated[list[UUID], Field(max_length=200)] | None = None
    course: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    pay_later: bool = False
    fire_at: AwareDatetime | None = None


class CancelOrderRequest(Body):
    """What CancelOrderRequest takes."""

    reason: Annotated[str, Field(max_length=200)] | None = None


class CompleteOrderRequest(Body):
    """What CompleteOrderRequest takes."""


class SetOrderStatusRequest(Body):
    """What SetOrderStatusRequest takes."""

    status: Literal["draft", "validated", "paid", "preparing", "ready", "done", "invoiced", "cancelled"]
    reason: Annotated[str, Field(max_length=200)] | None = None


class SetOrderNoteRequest(Body):
    """What SetOrderNoteRequest takes."""

    note: Annotated[str, Field(max_length=500)]


class TransferOrderRequest(Body):
    """What TransferOrderRequest takes."""

    table_id: UUID
    line_ids: Annotated[list[UUID], Field(max_length=200, default_factory=list)]
    seats: Annotated[list[Annotated[int, Field(ge=1, le=200)]], Field(max_length=200, default_factory=list)]


class StationHours(Body):
    """Hours of every day, in the restaurant's time zone."""

    from_minutes: Annotated[int, Field(ge=0, lt=1440)] = 0
    until_minutes: Annotated[int, Field(ge=0, le=1440)] = 0


def station_hours(of: StationHours) -> station_pb2.StationHours:
    return station_pb2.StationHours(
        from_minutes=of.from_minutes,
        until_minutes=of.until_minutes,
    )


class StationRoute(Body):
    """Which lines a station gets: those that are all that the route names. It names something.

    Of the routes that a line fits, those count that say most of it: one with an option goes before one with the item, that before one with its category; between equals one with an order type goes first, then one with hours. Every station that has such a route gets the line, at most four of them, the first by position; where none has, the default station does."""

    item_id: UUID | None = None
    category_id: UUID | None = None
    option_id: UUID | None = None
    order_types: Annotated[
        list[Literal["eat_in", "takeaway", "delivery"]], Field(max_length=3, default_factory=list)
    ]
    hours: StationHours | None = None


def station_route(of: StationRoute) -> station_pb2.StationRoute:
    return station_pb2.StationRoute(
        item_id=str(of.item_id or ""),
        category_id=str(of.category_id or ""),
        option_id=str(of.option_id or ""),
        order_types=[ORDER_TYPE.numbers[one] for one in of.order_types],
        hours=None if of.hours is None else station_hours(of.hours),
    )


class Station(Body):
    """What Station takes."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    position: Annotated[int, Field(ge=0, le=1000)] = 0
    category_ids: Annotated[list[UUID], Field(max_length=500, default_factory=list)]
    is_default: bool = False
    target_minutes: Annotated[int, Field(ge=0, le=240)] = 0
    routes: Annotated[list[StationRoute], Field(max_length=100, default_factory=list)]
    target_seconds: Annotated[int, Field(ge=0, le=14400)] | None = None
    fallback_station_id: UUID | None = None
    closed: bool = False


def station(of: Station) -> orders_pb2.Station:
    return orders_pb2.Station(
        name=of.name,
        position=of.position,
        category_ids=[str(one) for one in of.category_ids],
        is_default=of.is_default,
        target_minutes=of.target_minutes,
        routes=[station_route(one) for one in of.routes],
        target_seconds=of.target_seconds or 0,
        fallback_station_id=str(of.fallback_station_id or ""),
        closed=of.closed,
    )


class ChangeTicketRequest(Body):
    """What ChangeTicketRequest takes."""


class ChangeTicketLineRequest(Body):
    """What ChangeTicketLineRequest takes."""


class AcknowledgeTicketAlarmRequest(Body):
    """What AcknowledgeTicketAlarmRequest takes."""


class AddLinesRequest(Body):
    """What AddLinesRequest takes."""

    lines: Annotated[list[DraftLine], Field(min_length=1, max_length=200)]
    base_version: Annotated[int, Field(ge=0, le=9223372036854775807)] | None = None
    menu_version: Annotated[int, Field(ge=0, le=9223372036854775807)] | None = None
    approval: common.Approval | None = None


class VoidLineRequest(Body):
    """What VoidLineRequest takes."""

    quantity: Annotated[int, Field(ge=1, le=999)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    approval: common.Approval | None = None


class ChangeLineRequest(Body):
    """What ChangeLineRequest takes."""

    quantity: Annotated[int, Field(ge=1, le=999)] | None = None
    note: Annotated[str, Field(max_length=500)] | None = None
    seat: Annotated[int, Field(ge=0, le=200)] | None = None
    course: Annotated[str, Field(max_length=40)] | None = None
    base_version: Annotated[int, Field(ge=0, le=9223372036854775807)] | None = None


class Printer(Body):
    """A printer of the restaurant that takes ESC/POS. Where it is in the house's network is known to its agent alone."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    kind: Literal["receipt", "kitchen"]
    width: Annotated[int, Field(ge=32, le=64)]
    station_id: UUID | None = None
    fallback_id: UUID | None = None


def printer(of: Printer) -> printing_pb2.Printer:
    return printing_pb2.Printer(
        name=of.name,
        kind=PRINTER_KIND.numbers[of.kind],
        width=of.width,
        station_id=str(of.station_id or ""),
        fallback_id=str(of.fallback_id or ""),
    )


class CreatePrintJobRequest(Body):
    """What CreatePrintJobRequest takes."""

    printer_id: UUID | None = None
    order_id: UUID | None = None
    ticket_id: UUID | None = None
    invoice_id: UUID | None = None
    allergens: bool = False
    check_id: UUID | None = None


class ClaimPrintJobRequest(Body):
    """What ClaimPrintJobRequest takes."""

    printer_ids: Annotated[list[UUID], Field(min_length=1, max_length=50)]


class AckPrintJobRequest(Body):
    """What AckPrintJobRequest takes."""

    attempt: Annotated[int, Field(ge=1, le=1000)]
    printed: bool
    error: Annotated[str, Field(max_length=200)] | None = None


class RetryPrintJobRequest(Body):
    """What RetryPrintJobRequest takes."""

    printer_id: UUID | None = None


class SlotLimit(Body):
    """How much of one order type may be promised for a slot."""

    order_type: Literal["eat_in", "takeaway", "delivery"]
    orders: Annotated[int, Field(ge=1, le=1000)] | None = None
    items: Annotated[int, Field(ge=1, le=10000)] | None = None


def slot_limit(of: SlotLimit) -> slots_pb2.SlotLimit:
    return slots_pb2.SlotLimit(
        order_type=ORDER_TYPE.numbers[of.order_type],
        orders=of.orders or 0,
        items=of.items or 0,
    )


class SlotSettings(Body):
    """When a restaurant promises orders, and how many."""

    limited: bool
    slot_minutes: Annotated[int, Field(ge=5, le=120)]
    from_minutes: Annotated[int, Field(ge=0, lt=1440)]
    until_minutes: Annotated[int, Field(ge=0, lt=1440)]
    days_ahead: Annotated[int, Field(ge=0, le=60)]
    limits: Annotated[list[SlotLimit], Field(max_length=3, default_factory=list)]
    fire_together: bool


def slot_settings(of: SlotSettings) -> slots_pb2.SlotSettings:
    return slots_pb2.SlotSettings(
        limited=of.limited,
        slot_minutes=of.slot_minutes,
        from_minutes=of.from_minutes,
        until_minutes=of.until_minutes,
        days_ahead=of.days_ahead,
        limits=[slot_limit(one) for one in of.limits],
        fire_together=of.fire_together,
    )


class SetOrderTypeRequest(Body):
    """What SetOrderTypeRequest takes."""

    order_type: Literal["eat_in", "takeaway", "delivery"]
    base_version: Annotated[int, Field(ge=0, le=9223372036854775807)] | None = None


class SetPromiseRequest(Body):
    """What SetPromiseRequest takes."""

    scheduled_for: AwareDatetime | None = None
    customer_name: Annotated[str, Field(max_length=80, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]*$")] | None = None
    base_version: Annotated[int, Field(ge=0, le=9223372036854775807)] | None = None


class MergeOrdersRequest(Body):
    """What MergeOrdersRequest takes."""

    order_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]


class UnmergeOrderRequest(Body):
    """What UnmergeOrderRequest takes."""


def _split_order(call: Call, body: SplitOrderRequest) -> checks_service_pb2.SplitOrderRequest:
    return checks_service_pb2.SplitOrderRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        mode=SPLIT_MODE.numbers[body.mode],
        ways=body.ways or 0,
        groups=[check_group(one) for one in body.groups],
        base_version=body.base_version or 0,
    )


def _list_checks(call: Call, body: None) -> checks_service_pb2.ListChecksRequest:
    return checks_service_pb2.ListChecksRequest(order_id=call.id_of("order_id"))


def _list_customers(call: Call, body: None) -> customers_service_pb2.ListCustomersRequest:
    return customers_service_pb2.ListCustomersRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        query=call.line("q", 100),
    )


def _get_customer(call: Call, body: None) -> customers_service_pb2.GetCustomerRequest:
    return customers_service_pb2.GetCustomerRequest(customer_id=call.id_of("customer_id"))


def _save_customer(call: Call, body: Customer) -> customers_service_pb2.SaveCustomerRequest:
    return customers_service_pb2.SaveCustomerRequest(request_id=call.key, customer=customer(body))


def _save_customer_seen(call: Call, body: Customer) -> customers_service_pb2.SaveCustomerRequest:
    request = customers_service_pb2.SaveCustomerRequest(request_id=call.key, customer=customer(body))
    request.customer.id = call.id_of("customer_id")
    request.customer.version = call.version
    return request


def _erase_customer(call: Call, body: None) -> customers_service_pb2.EraseCustomerRequest:
    return customers_service_pb2.EraseCustomerRequest(
        request_id=call.key, customer_id=call.id_of("customer_id")
    )


def _set_order_customer(
    call: Call, body: SetOrderCustomerRequest
) -> customers_service_pb2.SetOrderCustomerRequest:
    return customers_service_pb2.SetOrderCustomerRequest(
        request_id=call.key, order_id=call.id_of("order_id"), customer_id=str(body.customer_id or "")
    )


def _add_discount(call: Call, body: AddDiscountRequest) -> discounts_service_pb2.AddDiscountRequest:
    return discounts_service_pb2.AddDiscountRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        discount_id=str(body.id or ""),
        kind=DISCOUNT_KIND.numbers[body.kind],
        value_bp=body.value_bp,
        amount_minor=body.amount_minor,
        line_id=str(body.line_id or ""),
        reason=body.reason,
        approval=None if body.approval is None else common.approval(body.approval),
    )


def _remove_discount(call: Call, body: None) -> discounts_service_pb2.RemoveDiscountRequest:
    return discounts_service_pb2.RemoveDiscountRequest(
        request_id=call.key, order_id=call.id_of("order_id"), discount_id=call.id_of("discount_id")
    )


def _list_promotions(call: Call, body: None) -> discounts_service_pb2.ListPromotionsRequest:
    return discounts_service_pb2.ListPromotionsRequest()


def _save_promotion(call: Call, body: Promotion) -> discounts_service_pb2.SavePromotionRequest:
    return discounts_service_pb2.SavePromotionRequest(request_id=call.key, promotion=promotion(body))


def _save_promotion_seen(call: Call, body: Promotion) -> discounts_service_pb2.SavePromotionRequest:
    request = discounts_service_pb2.SavePromotionRequest(request_id=call.key, promotion=promotion(body))
    request.promotion.id = call.id_of("promotion_id")
    request.promotion.version = call.version
    return request


def _delete_promotion(call: Call, body: None) -> discounts_service_pb2.DeletePromotionRequest:
    return discounts_service_pb2.DeletePromotionRequest(
        request_id=call.key, promotion_id=call.id_of("promotion_id")
    )


def _get_receipt(call: Call, body: None) -> documents_service_pb2.GetReceiptRequest:
    return documents_service_pb2.GetReceiptRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        format=call.one_of("format", ["html", "text", "escpos"]),
        width=call.number("width", 32, 64, default=42),
        allergens=call.flag("allergens"),
        preview=call.flag("preview"),
        check_id=call.query_id("check_id"),
    )


def _create_invoice(call: Call, body: CreateInvoiceRequest) -> documents_service_pb2.CreateInvoiceRequest:
    return documents_service_pb2.CreateInvoiceRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        customer_id=str(body.customer_id or ""),
        customer=None if body.customer is None else party(body.customer),
    )


def _list_invoices(call: Call, body: None) -> documents_service_pb2.ListInvoicesRequest:
    return documents_service_pb2.ListInvoicesRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        order_id=call.query_id("order_id"),
    )


def _get_invoice(call: Call, body: None) -> documents_service_pb2.GetInvoiceRequest:
    return documents_service_pb2.GetInvoiceRequest(invoice_id=call.id_of("invoice_id"))


def _get_invoice_document(call: Call, body: None) -> documents_service_pb2.GetInvoiceDocumentRequest:
    return documents_service_pb2.GetInvoiceDocumentRequest(
        invoice_id=call.id_of("invoice_id"),
        format=call.one_of("format", ["html", "text", "escpos"]),
        width=call.number("width", 32, 64, default=42),
    )


def _create_credit_note(
    call: Call, body: CreateCreditNoteRequest
) -> documents_service_pb2.CreateCreditNoteRequest:
    return documents_service_pb2.CreateCreditNoteRequest(
        request_id=call.key,
        invoice_id=call.id_of("invoice_id"),
        lines=[credit_line(one) for one in body.lines],
        reason=body.reason,
    )


def _list_sections(call: Call, body: None) -> floor_service_pb2.ListSectionsRequest:
    return floor_service_pb2.ListSectionsRequest()


def _save_section(call: Call, body: Section) -> floor_service_pb2.SaveSectionRequest:
    return floor_service_pb2.SaveSectionRequest(request_id=call.key, section=section(body))


def _save_section_seen(call: Call, body: Section) -> floor_service_pb2.SaveSectionRequest:
    request = floor_service_pb2.SaveSectionRequest(request_id=call.key, section=section(body))
    request.section.id = call.id_of("section_id")
    request.section.version = call.version
    return request


def _delete_section(call: Call, body: None) -> floor_service_pb2.DeleteSectionRequest:
    return floor_service_pb2.DeleteSectionRequest(request_id=call.key, section_id=call.id_of("section_id"))


def _list_tables(call: Call, body: None) -> floor_service_pb2.ListTablesRequest:
    return floor_service_pb2.ListTablesRequest()


def _save_table(call: Call, body: Table) -> floor_service_pb2.SaveTableRequest:
    return floor_service_pb2.SaveTableRequest(request_id=call.key, table=table(body))


def _save_table_seen(call: Call, body: Table) -> floor_service_pb2.SaveTableRequest:
    request = floor_service_pb2.SaveTableRequest(request_id=call.key, table=table(body))
    request.table.id = call.id_of("table_id")
    request.table.version = call.version
    return request


def _delete_table(call: Call, body: None) -> floor_service_pb2.DeleteTableRequest:
    return floor_service_pb2.DeleteTableRequest(request_id=call.key, table_id=call.id_of("table_id"))


def _clear_table(call: Call, body: ClearTableRequest) -> floor_service_pb2.ClearTableRequest:
    return floor_service_pb2.ClearTableRequest(request_id=call.key, table_id=call.id_of("table_id"))


def _reserve_table(call: Call, body: ReserveTableRequest) -> floor_service_pb2.ReserveTableRequest:
    return floor_service_pb2.ReserveTableRequest(
        request_id=call.key,
        table_id=call.id_of("table_id"),
        starts_at=timestamp(body.from_),
        minutes=body.minutes,
        name=body.name,
    )


def _cancel_reservation(call: Call, body: None) -> floor_service_pb2.CancelReservationRequest:
    return floor_service_pb2.CancelReservationRequest(request_id=call.key, table_id=call.id_of("table_id"))


def _get_all_day(call: Call, body: None) -> kitchen_service_pb2.GetAllDayRequest:
    return kitchen_service_pb2.GetAllDayRequest(station_id=call.query_id("station_id"))


def _get_expo(call: Call, body: None) -> kitchen_service_pb2.GetExpoRequest:
    return kitchen_service_pb2.GetExpoRequest()


def _delete_station(call: Call, body: None) -> kitchen_service_pb2.DeleteStationRequest:
    return kitchen_service_pb2.DeleteStationRequest(request_id=call.key, station_id=call.id_of("station_id"))


def _get_station_times(call: Call, body: None) -> kitchen_service_pb2.GetStationTimesRequest:
    return kitchen_service_pb2.GetStationTimesRequest(station_id=call.id_of("station_id"))


def _find_stations_of_item(call: Call, body: None) -> kitchen_service_pb2.FindStationsOfItemRequest:
    return kitchen_service_pb2.FindStationsOfItemRequest(
        item_id=call.id_of("item_id"),
        option_id=call.query_id("option_id"),
        order_types=call.some_of("order_type", ORDER_TYPE.numbers, 1),
        at=call.instant("at"),
    )


def _quote_order(call: Call, body: OrderDraft) -> orders_service_pb2.QuoteOrderRequest:
    return orders_service_pb2.QuoteOrderRequest(order=order_draft(body))


def _place_order(call: Call, body: OrderDraft) -> orders_service_pb2.PlaceOrderRequest:
    return orders_service_pb2.PlaceOrderRequest(request_id=call.key, order=order_draft(body))


def _get_order(call: Call, body: None) -> orders_service_pb2.GetOrderRequest:
    return orders_service_pb2.GetOrderRequest(order_id=call.id_of("order_id"))


def _list_orders(call: Call, body: None) -> orders_service_pb2.ListOrdersRequest:
    return orders_service_pb2.ListOrdersRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        states=call.some_of("state", ORDER_STATE.numbers, 9),
        table_id=call.query_id("table_id"),
        business_date=call.date("business_date"),
        updated_since=call.instant("updated_since"),
        query=call.line("q", 100),
        customer_id=call.query_id("customer_id"),
    )


def _get_order_history(call: Call, body: None) -> orders_service_pb2.GetOrderHistoryRequest:
    return orders_service_pb2.GetOrderHistoryRequest(order_id=call.id_of("order_id"))


def _validate_order(call: Call, body: ValidateOrderRequest) -> orders_service_pb2.ValidateOrderRequest:
    return orders_service_pb2.ValidateOrderRequest(request_id=call.key, order_id=call.id_of("order_id"))


def _fire_order(call: Call, body: FireOrderRequest) -> orders_service_pb2.FireOrderRequest:
    return orders_service_pb2.FireOrderRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        line_ids=[str(one) for one in (body.lines or [])],
        course=body.course or "",
        pay_later=body.pay_later,
        fire_at=timestamp(body.fire_at),
    )


def _cancel_order(call: Call, body: CancelOrderRequest) -> orders_service_pb2.CancelOrderRequest:
    return orders_service_pb2.CancelOrderRequest(
        request_id=call.key, order_id=call.id_of("order_id"), reason=body.reason or ""
    )


def _complete_order(call: Call, body: CompleteOrderRequest) -> orders_service_pb2.CompleteOrderRequest:
    return orders_service_pb2.CompleteOrderRequest(request_id=call.key, order_id=call.id_of("order_id"))


def _set_order_status(call: Call, body: SetOrderStatusRequest) -> orders_service_pb2.SetOrderStatusRequest:
    return orders_service_pb2.SetOrderStatusRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        status=ORDER_STATE.numbers[body.status],
        reason=body.reason or "",
    )


def _set_guest_allergy(call: Call, body: GuestAllergy) -> orders_service_pb2.SetGuestAllergyRequest:
    return orders_service_pb2.SetGuestAllergyRequest(
        request_id=call.key, order_id=call.id_of("order_id"), guest_allergy=guest_allergy(body)
    )


def _set_order_note(call: Call, body: SetOrderNoteRequest) -> orders_service_pb2.SetOrderNoteRequest:
    return orders_service_pb2.SetOrderNoteRequest(
        request_id=call.key, order_id=call.id_of("order_id"), note=body.note
    )


def _transfer_order(call: Call, body: TransferOrderRequest) -> orders_service_pb2.TransferOrderRequest:
    return orders_service_pb2.TransferOrderRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        table_id=str(body.table_id),
        line_ids=[str(one) for one in body.line_ids],
        seats=body.seats,
    )


def _list_stations(call: Call, body: None) -> orders_service_pb2.ListStationsRequest:
    return orders_service_pb2.ListStationsRequest()


def _save_station(call: Call, body: Station) -> orders_service_pb2.SaveStationRequest:
    return orders_service_pb2.SaveStationRequest(request_id=call.key, station=station(body))


def _save_station_seen(call: Call, body: Station) -> orders_service_pb2.SaveStationRequest:
    request = orders_service_pb2.SaveStationRequest(request_id=call.key, station=station(body))
    request.station.id = call.id_of("station_id")
    request.station.version = call.version
    return request


def _list_tickets(call: Call, body: None) -> orders_service_pb2.ListTicketsRequest:
    return orders_service_pb2.ListTicketsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        station_id=call.query_id("station_id"),
        states=call.some_of("state", KITCHEN_STATE.numbers, 8),
    )


def _change_ticket_ticket_action_start(
    call: Call, body: ChangeTicketRequest
) -> orders_service_pb2.ChangeTicketRequest:
    return orders_service_pb2.ChangeTicketRequest(
        request_id=call.key, ticket_id=call.id_of("ticket_id"), action=orders_service_pb2.TICKET_ACTION_START
    )


def _change_ticket_ticket_action_bump(
    call: Call, body: ChangeTicketRequest
) -> orders_service_pb2.ChangeTicketRequest:
    return orders_service_pb2.ChangeTicketRequest(
        request_id=call.key, ticket_id=call.id_of("ticket_id"), action=orders_service_pb2.TICKET_ACTION_BUMP
    )


def _change_ticket_ticket_action_recall(
    call: Call, body: ChangeTicketRequest
) -> orders_service_pb2.ChangeTicketRequest:
    return orders_service_pb2.ChangeTicketRequest(
        request_id=call.key, ticket_id=call.id_of("ticket_id"), action=orders_service_pb2.TICKET_ACTION_RECALL
    )


def _change_ticket_ticket_action_ack(
    call: Call, body: ChangeTicketRequest
) -> orders_service_pb2.ChangeTicketRequest:
    return orders_service_pb2.ChangeTicketRequest(
        request_id=call.key, ticket_id=call.id_of("ticket_id"), action=orders_service_pb2.TICKET_ACTION_ACK
    )


def _change_ticket_ticket_action_serve(
    call: Call, body: ChangeTicketRequest
) -> orders_service_pb2.ChangeTicketRequest:
    return orders_service_pb2.ChangeTicketRequest(
        request_id=call.key, ticket_id=call.id_of("ticket_id"), action=orders_service_pb2.TICKET_ACTION_SERVE
    )


def _change_ticket_line_ticket_line_action_start(
    call: Call, body: ChangeTicketLineRequest
) -> orders_service_pb2.ChangeTicketLineRequest:
    return orders_service_pb2.ChangeTicketLineRequest(
        request_id=call.key,
        ticket_id=call.id_of("ticket_id"),
        line_id=call.id_of("line_id"),
        action=orders_service_pb2.TICKET_LINE_ACTION_START,
    )


def _change_ticket_line_ticket_line_action_ready(
    call: Call, body: ChangeTicketLineRequest
) -> orders_service_pb2.ChangeTicketLineRequest:
    return orders_service_pb2.ChangeTicketLineRequest(
        request_id=call.key,
        ticket_id=call.id_of("ticket_id"),
        line_id=call.id_of("line_id"),
        action=orders_service_pb2.TICKET_LINE_ACTION_READY,
    )


def _change_ticket_line_ticket_line_action_serve(
    call: Call, body: ChangeTicketLineRequest
) -> orders_service_pb2.ChangeTicketLineRequest:
    return orders_service_pb2.ChangeTicketLineRequest(
        request_id=call.key,
        ticket_id=call.id_of("ticket_id"),
        line_id=call.id_of("line_id"),
        action=orders_service_pb2.TICKET_LINE_ACTION_SERVE,
    )


def _change_ticket_line_ticket_line_action_recall(
    call: Call, body: ChangeTicketLineRequest
) -> orders_service_pb2.ChangeTicketLineRequest:
    return orders_service_pb2.ChangeTicketLineRequest(
        request_id=call.key,
        ticket_id=call.id_of("ticket_id"),
        line_id=call.id_of("line_id"),
        action=orders_service_pb2.TICKET_LINE_ACTION_RECALL,
    )


def _acknowledge_guest_allergy(
    call: Call, body: GuestAllergy
) -> orders_service_pb2.AcknowledgeGuestAllergyRequest:
    return orders_service_pb2.AcknowledgeGuestAllergyRequest(
        request_id=call.key, ticket_id=call.id_of("ticket_id"), guest_allergy=guest_allergy(body)
    )


def _acknowledge_ticket_alarm(
    call: Call, body: AcknowledgeTicketAlarmRequest
) -> orders_service_pb2.AcknowledgeTicketAlarmRequest:
    return orders_service_pb2.AcknowledgeTicketAlarmRequest(
        request_id=call.key, ticket_id=call.id_of("ticket_id")
    )


def _add_lines(call: Call, body: AddLinesRequest) -> lines_service_pb2.AddLinesRequest:
    return lines_service_pb2.AddLinesRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        lines=[draft_line(one) for one in body.lines],
        base_version=body.base_version or 0,
        menu_version=body.menu_version or 0,
        approval=None if body.approval is None else common.approval(body.approval),
    )


def _void_line(call: Call, body: VoidLineRequest) -> lines_service_pb2.VoidLineRequest:
    return lines_service_pb2.VoidLineRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        line_id=call.id_of("line_id"),
        quantity=body.quantity,
        reason=body.reason,
        approval=None if body.approval is None else common.approval(body.approval),
    )


def _change_line(call: Call, body: ChangeLineRequest) -> lines_service_pb2.ChangeLineRequest:
    return lines_service_pb2.ChangeLineRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        line_id=call.id_of("line_id"),
        quantity=body.quantity,
        note=body.note,
        seat=body.seat,
        course=body.course,
        base_version=body.base_version or 0,
    )


def _list_printers(call: Call, body: None) -> printing_service_pb2.ListPrintersRequest:
    return printing_service_pb2.ListPrintersRequest()


def _save_printer(call: Call, body: Printer) -> printing_service_pb2.SavePrinterRequest:
    return printing_service_pb2.SavePrinterRequest(request_id=call.key, printer=printer(body))


def _save_printer_seen(call: Call, body: Printer) -> printing_service_pb2.SavePrinterRequest:
    request = printing_service_pb2.SavePrinterRequest(request_id=call.key, printer=printer(body))
    request.printer.id = call.id_of("printer_id")
    request.printer.version = call.version
    return request


def _delete_printer(call: Call, body: None) -> printing_service_pb2.DeletePrinterRequest:
    return printing_service_pb2.DeletePrinterRequest(request_id=call.key, printer_id=call.id_of("printer_id"))


def _list_print_jobs(call: Call, body: None) -> printing_service_pb2.ListPrintJobsRequest:
    return printing_service_pb2.ListPrintJobsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        printer_id=call.query_id("printer_id"),
    )


def _create_print_job(call: Call, body: CreatePrintJobRequest) -> printing_service_pb2.CreatePrintJobRequest:
    return printing_service_pb2.CreatePrintJobRequest(
        request_id=call.key,
        printer_id=str(body.printer_id or ""),
        order_id=str(body.order_id or ""),
        ticket_id=str(body.ticket_id or ""),
        invoice_id=str(body.invoice_id or ""),
        allergens=body.allergens,
        check_id=str(body.check_id or ""),
    )


def _claim_print_job(call: Call, body: ClaimPrintJobRequest) -> printing_service_pb2.ClaimPrintJobRequest:
    return printing_service_pb2.ClaimPrintJobRequest(
        request_id=call.key, printer_ids=[str(one) for one in body.printer_ids]
    )


def _ack_print_job(call: Call, body: AckPrintJobRequest) -> printing_service_pb2.AckPrintJobRequest:
    return printing_service_pb2.AckPrintJobRequest(
        request_id=call.key,
        job_id=call.id_of("job_id"),
        attempt=body.attempt,
        printed=body.printed,
        error=body.error or "",
    )


def _retry_print_job(call: Call, body: RetryPrintJobRequest) -> printing_service_pb2.RetryPrintJobRequest:
    return printing_service_pb2.RetryPrintJobRequest(
        request_id=call.key, job_id=call.id_of("job_id"), printer_id=str(body.printer_id or "")
    )


def _list_slots(call: Call, body: None) -> slots_service_pb2.ListSlotsRequest:
    return slots_service_pb2.ListSlotsRequest(
        date=call.date("date"), order_types=call.some_of("order_type", ORDER_TYPE.numbers, 3)
    )


def _get_slot_settings(call: Call, body: None) -> slots_service_pb2.GetSlotSettingsRequest:
    return slots_service_pb2.GetSlotSettingsRequest()


def _save_slot_settings_seen(call: Call, body: SlotSettings) -> slots_service_pb2.SaveSlotSettingsRequest:
    request = slots_service_pb2.SaveSlotSettingsRequest(request_id=call.key, settings=slot_settings(body))
    request.settings.version = call.version
    return request


def _list_coming_orders(call: Call, body: None) -> slots_service_pb2.ListComingOrdersRequest:
    return slots_service_pb2.ListComingOrdersRequest()


def _set_order_type(call: Call, body: SetOrderTypeRequest) -> slots_service_pb2.SetOrderTypeRequest:
    return slots_service_pb2.SetOrderTypeRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        order_type=ORDER_TYPE.numbers[body.order_type],
        base_version=body.base_version or 0,
    )


def _set_promise(call: Call, body: SetPromiseRequest) -> slots_service_pb2.SetPromiseRequest:
    return slots_service_pb2.SetPromiseRequest(
        request_id=call.key,
        order_id=call.id_of("order_id"),
        scheduled_for=timestamp(body.scheduled_for),
        customer_name=body.customer_name,
        base_version=body.base_version or 0,
    )


def _merge_orders(call: Call, body: MergeOrdersRequest) -> transfers_service_pb2.MergeOrdersRequest:
    return transfers_service_pb2.MergeOrdersRequest(
        request_id=call.key, order_id=call.id_of("order_id"), order_ids=[str(one) for one in body.order_ids]
    )


def _unmerge_order(call: Call, body: UnmergeOrderRequest) -> transfers_service_pb2.UnmergeOrderRequest:
    return transfers_service_pb2.UnmergeOrderRequest(request_id=call.key, order_id=call.id_of("order_id"))


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        verb="PUT",
        path="/api/v2/orders/{order_id}/split",
        service="fynlo.orders.v1.ChecksService",
        name="SplitOrder",
        request=_split_order,
        body=SplitOrderRequest,
        answer=orders_json.split_order_response,
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="GET",
        path="/api/v2/orders/{order_id}/checks",
        service="fynlo.orders.v1.ChecksService",
        name="ListChecks",
        request=_list_checks,
        answer=orders_json.list_checks_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/customers",
        service="fynlo.orders.v1.CustomersService",
        name="ListCustomers",
        request=_list_customers,
        answer=orders_json.list_customers_response,
        permission="customers.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/customers/{customer_id}",
        service="fynlo.orders.v1.CustomersService",
        name="GetCustomer",
        request=_get_customer,
        answer=lambda of: orders_json.customer(of.customer),
        permission="customers.read",
        reads=True,
        etag=lambda of: f'"{of.customer.version}"',
    ),
    Route(
        verb="POST",
        path="/api/v2/customers",
        service="fynlo.orders.v1.CustomersService",
        name="SaveCustomer",
        request=_save_customer,
        body=Customer,
        answer=lambda of: orders_json.customer(of.customer),
        status=201,
        key="optional",
        permission="customers.edit",
        etag=lambda of: f'"{of.customer.version}"',
        location=lambda of: f"/api/v2/customers/{of.customer.id}",
    ),
    Route(
        verb="PUT",
        path="/api/v2/customers/{customer_id}",
        service="fynlo.orders.v1.CustomersService",
        name="SaveCustomer",
        request=_save_customer_seen,
        body=Customer,
        answer=lambda of: orders_json.customer(of.customer),
        key="optional",
        permission="customers.edit",
        etag=lambda of: f'"{of.customer.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/customers/{customer_id}",
        service="fynlo.orders.v1.CustomersService",
        name="EraseCustomer",
        request=_erase_customer,
        answer=nothing,
        key="optional",
        permission="customers.erase",
    ),
    Route(
        verb="PUT",
        path="/api/v2/orders/{order_id}/customer",
        service="fynlo.orders.v1.CustomersService",
        name="SetOrderCustomer",
        request=_set_order_customer,
        body=SetOrderCustomerRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/discounts",
        service="fynlo.orders.v1.DiscountsService",
        name="AddDiscount",
        request=_add_discount,
        body=AddDiscountRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
        approved=True,
    ),
    Route(
        verb="DELETE",
        path="/api/v2/orders/{order_id}/discounts/{discount_id}",
        service="fynlo.orders.v1.DiscountsService",
        name="RemoveDiscount",
        request=_remove_discount,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="GET",
        path="/api/v2/promotions",
        service="fynlo.orders.v1.DiscountsService",
        name="ListPromotions",
        request=_list_promotions,
        answer=orders_json.list_promotions_response,
        permission="discounts.manage",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/promotions",
        service="fynlo.orders.v1.DiscountsService",
        name="SavePromotion",
        request=_save_promotion,
        body=Promotion,
        answer=lambda of: orders_json.promotion(of.promotion),
        status=201,
        key="optional",
        permission="discounts.manage",
        etag=lambda of: f'"{of.promotion.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/promotions/{promotion_id}",
        service="fynlo.orders.v1.DiscountsService",
        name="SavePromotion",
        request=_save_promotion_seen,
        body=Promotion,
        answer=lambda of: orders_json.promotion(of.promotion),
        key="optional",
        permission="discounts.manage",
        etag=lambda of: f'"{of.promotion.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/promotions/{promotion_id}",
        service="fynlo.orders.v1.DiscountsService",
        name="DeletePromotion",
        request=_delete_promotion,
        answer=nothing,
        key="optional",
        permission="discounts.manage",
    ),
    Route(
        verb="GET",
        path="/api/v2/orders/{order_id}/receipt",
        service="fynlo.orders.v1.DocumentsService",
        name="GetReceipt",
        request=_get_receipt,
        answer=nothing,
        key="optional",
        permission="orders.read",
        file=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/invoice",
        service="fynlo.orders.v1.DocumentsService",
        name="CreateInvoice",
        request=_create_invoice,
        body=CreateInvoiceRequest,
        answer=lambda of: orders_json.invoice(of.invoice),
        status=201,
        key="required",
        permission="orders.place",
        location=lambda of: f"/api/v2/invoices/{of.invoice.id}",
    ),
    Route(
        verb="GET",
        path="/api/v2/invoices",
        service="fynlo.orders.v1.DocumentsService",
        name="ListInvoices",
        request=_list_invoices,
        answer=orders_json.list_invoices_response,
        permission="customers.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/invoices/{invoice_id}",
        service="fynlo.orders.v1.DocumentsService",
        name="GetInvoice",
        request=_get_invoice,
        answer=lambda of: orders_json.invoice(of.invoice),
        permission="customers.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/invoices/{invoice_id}/document",
        service="fynlo.orders.v1.DocumentsService",
        name="GetInvoiceDocument",
        request=_get_invoice_document,
        answer=nothing,
        permission="customers.read",
        reads=True,
        file=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/invoices/{invoice_id}/credit-notes",
        service="fynlo.orders.v1.DocumentsService",
        name="CreateCreditNote",
        request=_create_credit_note,
        body=CreateCreditNoteRequest,
        answer=lambda of: orders_json.invoice(of.credit_note),
        status=201,
        key="required",
        permission="invoices.credit",
        location=lambda of: f"/api/v2/invoices/{of.credit_note.id}",
    ),
    Route(
        verb="GET",
        path="/api/v2/floor/sections",
        service="fynlo.orders.v1.FloorService",
        name="ListSections",
        request=_list_sections,
        answer=orders_json.list_sections_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/floor/sections",
        service="fynlo.orders.v1.FloorService",
        name="SaveSection",
        request=_save_section,
        body=Section,
        answer=lambda of: orders_json.section(of.section),
        status=201,
        key="optional",
        permission="floor.manage",
        etag=lambda of: f'"{of.section.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/floor/sections/{section_id}",
        service="fynlo.orders.v1.FloorService",
        name="SaveSection",
        request=_save_section_seen,
        body=Section,
        answer=lambda of: orders_json.section(of.section),
        key="optional",
        permission="floor.manage",
        etag=lambda of: f'"{of.section.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/floor/sections/{section_id}",
        service="fynlo.orders.v1.FloorService",
        name="DeleteSection",
        request=_delete_section,
        answer=nothing,
        key="optional",
        permission="floor.manage",
    ),
    Route(
        verb="GET",
        path="/api/v2/floor/tables",
        service="fynlo.orders.v1.FloorService",
        name="ListTables",
        request=_list_tables,
        answer=orders_json.list_tables_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/floor/tables",
        service="fynlo.orders.v1.FloorService",
        name="SaveTable",
        request=_save_table,
        body=Table,
        answer=lambda of: orders_json.table(of.table),
        status=201,
        key="optional",
        permission="floor.manage",
        etag=lambda of: f'"{of.table.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/floor/tables/{table_id}",
        service="fynlo.orders.v1.FloorService",
        name="SaveTable",
        request=_save_table_seen,
        body=Table,
        answer=lambda of: orders_json.table(of.table),
        key="optional",
        permission="floor.manage",
        etag=lambda of: f'"{of.table.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/floor/tables/{table_id}",
        service="fynlo.orders.v1.FloorService",
        name="DeleteTable",
        request=_delete_table,
        answer=nothing,
        key="optional",
        permission="floor.manage",
    ),
    Route(
        verb="POST",
        path="/api/v2/floor/tables/{table_id}/clear",
        service="fynlo.orders.v1.FloorService",
        name="ClearTable",
        request=_clear_table,
        body=ClearTableRequest,
        answer=lambda of: orders_json.table(of.table),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/floor/tables/{table_id}/reserve",
        service="fynlo.orders.v1.FloorService",
        name="ReserveTable",
        request=_reserve_table,
        body=ReserveTableRequest,
        answer=lambda of: orders_json.table(of.table),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="DELETE",
        path="/api/v2/floor/tables/{table_id}/reserve",
        service="fynlo.orders.v1.FloorService",
        name="CancelReservation",
        request=_cancel_reservation,
        answer=lambda of: orders_json.table(of.table),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="GET",
        path="/api/v2/kitchen/all-day",
        service="fynlo.orders.v1.KitchenBoardService",
        name="GetAllDay",
        request=_get_all_day,
        answer=orders_json.get_all_day_response,
        permission="kitchen.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/kitchen/expo",
        service="fynlo.orders.v1.KitchenBoardService",
        name="GetExpo",
        request=_get_expo,
        answer=orders_json.get_expo_response,
        permission="kitchen.read",
        reads=True,
    ),
    Route(
        verb="DELETE",
        path="/api/v2/kitchen/stations/{station_id}",
        service="fynlo.orders.v1.KitchenBoardService",
        name="DeleteStation",
        request=_delete_station,
        answer=nothing,
        key="optional",
        permission="settings.manage",
    ),
    Route(
        verb="GET",
        path="/api/v2/kitchen/stations/{station_id}/times",
        service="fynlo.orders.v1.KitchenBoardService",
        name="GetStationTimes",
        request=_get_station_times,
        answer=orders_json.get_station_times_response,
        permission="kitchen.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/kitchen/items/{item_id}/stations",
        service="fynlo.orders.v1.KitchenBoardService",
        name="FindStationsOfItem",
        request=_find_stations_of_item,
        answer=orders_json.find_stations_of_item_response,
        permission="kitchen.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/quote",
        service="fynlo.orders.v1.OrdersService",
        name="QuoteOrder",
        request=_quote_order,
        body=OrderDraft,
        answer=None,
        permission="orders.place",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/orders",
        service="fynlo.orders.v1.OrdersService",
        name="PlaceOrder",
        request=_place_order,
        body=OrderDraft,
        answer=lambda of: orders_json.order(of.order),
        status=201,
        key="required",
        permission="orders.place",
        approved=True,
        etag=lambda of: f'"{of.order.version}"',
        location=lambda of: f"/api/v2/orders/{of.order.id}",
    ),
    Route(
        verb="GET",
        path="/api/v2/orders/{order_id}",
        service="fynlo.orders.v1.OrdersService",
        name="GetOrder",
        request=_get_order,
        answer=lambda of: orders_json.order(of.order),
        permission="orders.read",
        reads=True,
        etag=lambda of: f'"{of.order.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/orders",
        service="fynlo.orders.v1.OrdersService",
        name="ListOrders",
        request=_list_orders,
        answer=orders_json.list_orders_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/orders/{order_id}/history",
        service="fynlo.orders.v1.OrdersService",
        name="GetOrderHistory",
        request=_get_order_history,
        answer=orders_json.get_order_history_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/validate",
        service="fynlo.orders.v1.OrdersService",
        name="ValidateOrder",
        request=_validate_order,
        body=ValidateOrderRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/fire",
        service="fynlo.orders.v1.OrdersService",
        name="FireOrder",
        request=_fire_order,
        body=FireOrderRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/cancel",
        service="fynlo.orders.v1.OrdersService",
        name="CancelOrder",
        request=_cancel_order,
        body=CancelOrderRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.cancel",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/complete",
        service="fynlo.orders.v1.OrdersService",
        name="CompleteOrder",
        request=_complete_order,
        body=CompleteOrderRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="PUT",
        path="/api/v2/orders/{order_id}/status",
        service="fynlo.orders.v1.OrdersService",
        name="SetOrderStatus",
        request=_set_order_status,
        body=SetOrderStatusRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="PUT",
        path="/api/v2/orders/{order_id}/guest-allergy",
        service="fynlo.orders.v1.OrdersService",
        name="SetGuestAllergy",
        request=_set_guest_allergy,
        body=GuestAllergy,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="PUT",
        path="/api/v2/orders/{order_id}/note",
        service="fynlo.orders.v1.OrdersService",
        name="SetOrderNote",
        request=_set_order_note,
        body=SetOrderNoteRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/transfer",
        service="fynlo.orders.v1.OrdersService",
        name="TransferOrder",
        request=_transfer_order,
        body=TransferOrderRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="GET",
        path="/api/v2/kitchen/stations",
        service="fynlo.orders.v1.KitchenService",
        name="ListStations",
        request=_list_stations,
        answer=orders_json.list_stations_response,
        permission="kitchen.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/stations",
        service="fynlo.orders.v1.KitchenService",
        name="SaveStation",
        request=_save_station,
        body=Station,
        answer=lambda of: orders_json.station(of.station),
        status=201,
        key="optional",
        permission="settings.manage",
        etag=lambda of: f'"{of.station.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/kitchen/stations/{station_id}",
        service="fynlo.orders.v1.KitchenService",
        name="SaveStation",
        request=_save_station_seen,
        body=Station,
        answer=lambda of: orders_json.station(of.station),
        key="optional",
        permission="settings.manage",
        etag=lambda of: f'"{of.station.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/kitchen/tickets",
        service="fynlo.orders.v1.KitchenService",
        name="ListTickets",
        request=_list_tickets,
        answer=orders_json.list_tickets_response,
        permission="kitchen.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/start",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicket",
        request=_change_ticket_ticket_action_start,
        body=ChangeTicketRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/bump",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicket",
        request=_change_ticket_ticket_action_bump,
        body=ChangeTicketRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/recall",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicket",
        request=_change_ticket_ticket_action_recall,
        body=ChangeTicketRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/ack",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicket",
        request=_change_ticket_ticket_action_ack,
        body=ChangeTicketRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/serve",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicket",
        request=_change_ticket_ticket_action_serve,
        body=ChangeTicketRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/lines/{line_id}/start",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicketLine",
        request=_change_ticket_line_ticket_line_action_start,
        body=ChangeTicketLineRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/lines/{line_id}/ready",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicketLine",
        request=_change_ticket_line_ticket_line_action_ready,
        body=ChangeTicketLineRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/lines/{line_id}/serve",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicketLine",
        request=_change_ticket_line_ticket_line_action_serve,
        body=ChangeTicketLineRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/lines/{line_id}/recall",
        service="fynlo.orders.v1.KitchenService",
        name="ChangeTicketLine",
        request=_change_ticket_line_ticket_line_action_recall,
        body=ChangeTicketLineRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/guest-allergy/acknowledge",
        service="fynlo.orders.v1.KitchenService",
        name="AcknowledgeGuestAllergy",
        request=_acknowledge_guest_allergy,
        body=GuestAllergy,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="kitchen.work",
    ),
    Route(
        verb="POST",
        path="/api/v2/kitchen/tickets/{ticket_id}/alarm/acknowledge",
        service="fynlo.orders.v1.KitchenService",
        name="AcknowledgeTicketAlarm",
        request=_acknowledge_ticket_alarm,
        body=AcknowledgeTicketAlarmRequest,
        answer=lambda of: orders_json.ticket(of.ticket),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/lines",
        service="fynlo.orders.v1.LinesService",
        name="AddLines",
        request=_add_lines,
        body=AddLinesRequest,
        answer=lambda of: orders_json.order(of.order),
        key="required",
        permission="orders.place",
        approved=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/lines/{line_id}/void",
        service="fynlo.orders.v1.LinesService",
        name="VoidLine",
        request=_void_line,
        body=VoidLineRequest,
        answer=lambda of: orders_json.order(of.order),
        key="required",
        permission="orders.place",
        approved=True,
    ),
    Route(
        verb="PATCH",
        path="/api/v2/orders/{order_id}/lines/{line_id}",
        service="fynlo.orders.v1.LinesService",
        name="ChangeLine",
        request=_change_line,
        body=ChangeLineRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="GET",
        path="/api/v2/printers",
        service="fynlo.orders.v1.PrintingService",
        name="ListPrinters",
        request=_list_printers,
        answer=orders_json.list_printers_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/printers",
        service="fynlo.orders.v1.PrintingService",
        name="SavePrinter",
        request=_save_printer,
        body=Printer,
        answer=lambda of: orders_json.printer(of.printer),
        status=201,
        key="optional",
        permission="floor.manage",
        etag=lambda of: f'"{of.printer.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/printers/{printer_id}",
        service="fynlo.orders.v1.PrintingService",
        name="SavePrinter",
        request=_save_printer_seen,
        body=Printer,
        answer=lambda of: orders_json.printer(of.printer),
        key="optional",
        permission="floor.manage",
        etag=lambda of: f'"{of.printer.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/printers/{printer_id}",
        service="fynlo.orders.v1.PrintingService",
        name="DeletePrinter",
        request=_delete_printer,
        answer=nothing,
        key="optional",
        permission="floor.manage",
    ),
    Route(
        verb="GET",
        path="/api/v2/print-jobs",
        service="fynlo.orders.v1.PrintingService",
        name="ListPrintJobs",
        request=_list_print_jobs,
        answer=orders_json.list_print_jobs_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/print-jobs",
        service="fynlo.orders.v1.PrintingService",
        name="CreatePrintJob",
        request=_create_print_job,
        body=CreatePrintJobRequest,
        answer=lambda of: orders_json.print_job(of.job),
        status=201,
        key="required",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/print-jobs/claim",
        service="fynlo.orders.v1.PrintingService",
        name="ClaimPrintJob",
        request=_claim_print_job,
        body=ClaimPrintJobRequest,
        answer=orders_json.claim_print_job_response,
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/print-jobs/{job_id}/ack",
        service="fynlo.orders.v1.PrintingService",
        name="AckPrintJob",
        request=_ack_print_job,
        body=AckPrintJobRequest,
        answer=lambda of: orders_json.print_job(of.job),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/print-jobs/{job_id}/retry",
        service="fynlo.orders.v1.PrintingService",
        name="RetryPrintJob",
        request=_retry_print_job,
        body=RetryPrintJobRequest,
        answer=lambda of: orders_json.print_job(of.job),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="GET",
        path="/api/v2/slots",
        service="fynlo.orders.v1.SlotsService",
        name="ListSlots",
        request=_list_slots,
        answer=orders_json.list_slots_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/slots/settings",
        service="fynlo.orders.v1.SlotsService",
        name="GetSlotSettings",
        request=_get_slot_settings,
        answer=lambda of: orders_json.slot_settings(of.settings),
        permission="orders.read",
        reads=True,
        etag=lambda of: f'"{of.settings.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/slots/settings",
        service="fynlo.orders.v1.SlotsService",
        name="SaveSlotSettings",
        request=_save_slot_settings_seen,
        body=SlotSettings,
        answer=lambda of: orders_json.slot_settings(of.settings),
        key="optional",
        permission="settings.manage",
        etag=lambda of: f'"{of.settings.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/slots/coming",
        service="fynlo.orders.v1.SlotsService",
        name="ListComingOrders",
        request=_list_coming_orders,
        answer=orders_json.list_coming_orders_response,
        permission="orders.read",
        reads=True,
    ),
    Route(
        verb="PUT",
        path="/api/v2/orders/{order_id}/type",
        service="fynlo.orders.v1.SlotsService",
        name="SetOrderType",
        request=_set_order_type,
        body=SetOrderTypeRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="PUT",
        path="/api/v2/orders/{order_id}/promise",
        service="fynlo.orders.v1.SlotsService",
        name="SetPromise",
        request=_set_promise,
        body=SetPromiseRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/merge",
        service="fynlo.orders.v1.TransfersService",
        name="MergeOrders",
        request=_merge_orders,
        body=MergeOrdersRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
    Route(
        verb="POST",
        path="/api/v2/orders/{order_id}/unmerge",
        service="fynlo.orders.v1.TransfersService",
        name="UnmergeOrder",
        request=_unmerge_order,
        body=UnmergeOrderRequest,
        answer=lambda of: orders_json.order(of.order),
        key="optional",
        permission="orders.place",
    ),
)
