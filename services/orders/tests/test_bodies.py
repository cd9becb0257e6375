"""An order or a ticket that is stored as a message comes back as it was."""

from dataclasses import replace
from datetime import UTC, date
from typing import Any

from fynlo.orders.v1 import orders_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.alarm import Alarm
from services.orders.domain.check import Check, CheckKind, Share, Split, SplitMode, Sums
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Kitchen, Lifecycle
from services.orders.domain.order.order import (
    Actor,
    AtTable,
    ChosenOption,
    GuestAllergy,
    Line,
    Order,
    Portion,
    Remarks,
    ServiceFlow,
    StockUse,
    Totals,
)
from services.orders.domain.order.promise import OrderChanged, Promise, Timing
from services.orders.domain.order.rates import Rates
from services.orders.domain.ticket import Ticket, TicketLine
from services.orders.pricing import BillMode, VatGroup
from services.orders.wire.order import order_message, order_of, quote_message
from services.orders.wire.ticket import ticket_message, ticket_of

counts = st.integers(0, 2**31 - 1)
minor = st.integers(-(2**63), 2**63 - 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(timezones=st.just(UTC))
maybe = moments | st.none()
numbers = st.lists(st.integers(1, 14), max_size=5).map(tuple)
maybe_id = st.none() | st.uuids()
options = st.lists(
    st.builds(ChosenOption, st.uuids(), text, counts, minor, maybe_id, st.booleans(), maybe_id, maybe_id),
    max_size=3,
).map(tuple)
said = st.builds(GuestAllergy, st.sets(st.integers(1, 14)).map(sorted).map(tuple), text.map(str.strip))
remarks = st.builds(Remarks, st.none() | said.filter(lambda allergy: allergy != GuestAllergy()))
actors = st.builds(Actor, text, text, text)
portions = st.lists(st.builds(Portion, text, counts, minor, minor), max_size=3).map(tuple)
lines = st.builds(
    Line,
    id=st.uuids(),
    item_id=st.uuids(),
    category_id=st.uuids(),
    name=text,
    quantity=counts,
    unit_price_minor=minor,
    options=options,
    note=text,
    seat=counts,
    course=text,
    hold=st.booleans(),
    gross_minor=minor,
    discount_minor=minor,
    vat_rate_bp=counts,
    vat_minor=minor,
    allergens=numbers,
    kitchen=st.sampled_from(Kitchen),
    voided=st.booleans(),
    stock_tracked=st.booleans(),
    may_contain=numbers,
    portions=portions,
    stock_uses=st.lists(st.builds(StockUse, st.uuids(), st.uuids(), minor), max_size=3).map(tuple),
    elsewhere=st.none() | st.builds(Rates, counts, portions),
    timing=st.builds(Timing, counts, maybe),
)
amounts = st.integers(0, 2**60)
shares = st.builds(Share, st.uuids(), st.fractions(min_value=0, max_value=1, max_denominator=1_000_000))
rates = st.lists(st.builds(VatGroup, counts, amounts, amounts), min_size=1, max_size=3).map(tuple)
checks = st.builds(
    Check,
    id=st.uuids(),
    label=text,
    kind=st.sampled_from(CheckKind),
    sums=st.builds(Sums, amounts, amounts, amounts, rates, amounts),
    paid_minor=amounts,
    shares=st.lists(shares, max_size=3).map(tuple),
    seats=st.lists(counts, max_size=3).map(tuple),
    asked_minor=amounts,
    asked_bp=counts,
)
splits = st.builds(
    Split, st.sampled_from(SplitMode), st.lists(checks, min_size=1, max_size=4).map(tuple), counts
)
orders = st.builds(
    Order,
    id=st.uuids(),
    restaurant_id=st.uuids(),
    number=counts,
    lifecycle=st.sampled_from(Lifecycle),
    service_flow=st.sampled_from(ServiceFlow),
    order_type=st.sampled_from(OrderType),
    covers=counts,
    currency_code=text,
    business_date=st.dates(),
    created_at=moments,
    updated_at=moments,
    version=st.integers(0, 2**62),
    lines=st.lists(lines, max_size=3).map(tuple),
    vat=st.lists(st.builds(VatGroup, counts, minor, minor), max_size=3).map(tuple),
    # What is due follows from the rest.
    totals=st.builds(Totals, *[st.integers(-(2**60), 2**60)] * 6),
    bill_mode=st.sampled_from(BillMode),
    menu_version=minor,
    placed_by=actors,
    content_hash=st.binary(max_size=5),
    history_rows=counts,
    placed_at=maybe,
    completed_at=maybe,
    cancel_reason=text,
    remarks=remarks,
    table=st.none() | st.builds(AtTable, st.uuids(), text),
    split=st.none() | splits,
    split_version=st.integers(0, 2**62),
    customer_id=st.none() | st.uuids(),
    promise=st.none() | st.builds(Promise, moments, maybe),
    customer_name=text,
    changed=st.builds(OrderChanged, counts, counts),
    invoice_number=counts,
)
ticket_lines = st.builds(
    TicketLine,
    id=st.uuids(),
    name=text,
    quantity=counts,
    options=options,
    note=text,
    seat=counts,
    state=st.sampled_from(Kitchen),
    ready_at=maybe,
)
tickets = st.builds(
    Ticket,
    id=st.uuids(),
    order_id=st.uuids(),
    order_number=counts,
    station_id=st.uuids(),
    station_name=text,
    revision=counts,
    course=text,
    order_type=st.sampled_from(OrderType),
    business_date=st.dates().map(date.isoformat),
    created_at=moments,
    target_at=moments,
    allergens=numbers,
    lines=st.lists(ticket_lines, max_size=3).map(tuple),
    ready_at=maybe,
    acknowledged_at=maybe,
    alarm=st.none() | st.builds(Alarm, st.sampled_from(["no_display", "not_confirmed"]), moments),
    remarks=remarks,
    allergy_acknowledged_at=maybe,
    table_name=text,
    may_contain=numbers,
    promised_at=maybe,
)

ORDER_COLUMNS = (
    "id",
    "restaurant_id",
    "number",
    "lifecycle",
    "service_flow",
    "business_date",
    "created_at",
    "updated_at",
    "version",
    "content_hash",
    "history_rows",
    "placed_at",
    "cancel_reason",
    "table_id",
)
TICKET_COLUMNS = ("id", "order_id", "station_id", "revision", "created_at", "ready_at", "acknowledged_at")


def columns(of: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(of, name) for name in names}


@given(orders)
def test_any_order_comes_back_from_its_body(order: Order) -> None:
    body = order_message(order).SerializeToString()
    again = order_of(orders_pb2.Order.FromString(body), columns(order, ORDER_COLUMNS))
    assert again == order
    assert order_message(again) == order_message(order)


@given(tickets)
def test_any_ticket_comes_back_from_its_body(ticket: Ticket) -> None:
    row = columns(ticket, TICKET_COLUMNS) | {
        "business_date": date.fromisoformat(ticket.business_date),
        "alarm_cause": ticket.alarm.cause if ticket.alarm is not None else "",
        "alarm_at": ticket.alarm.raised_at if ticket.alarm is not None else None,
    }
    again = ticket_of(orders_pb2.Ticket.FromString(ticket_message(ticket).SerializeToString()), row)
    assert again == ticket
    assert ticket_message(again) == ticket_message(ticket)


@given(orders)
def test_what_follows_from_the_rest_is_not_read_from_the_body(order: Order) -> None:
    body = orders_pb2.Order()
    body.CopyFrom(order_message(order))
    for derived in ("state", "payment_state", "kitchen_state", "unsent_since"):
        body.ClearField(derived)
    body.totals.due_minor = 7
    assert order_of(body, columns(order, ORDER_COLUMNS)) == order


@given(orders)
def test_an_order_is_told_once_and_another_made_of_it_anew(order: Order) -> None:
    message = order_message(order)
    quote_message(order)
    assert order_message(order) is message
    assert message.id == str(order.id)
    assert order_message(replace(order, covers=order.covers ^ 1)).covers == order.covers ^ 1
