"""The published examples of the events of orders are what orders writes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from google.protobuf import json_format
from google.protobuf.message import Message

from chassis.messaging.channels import channels_of
from services.orders.domain.alarm import AlarmEnd, Unseen
from services.orders.domain.check import CheckKind, CheckState, SplitMode
from services.orders.domain.day import DayFigures, Figures
from services.orders.domain.hours import Window
from services.orders.domain.invoice import InvoiceKind
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment, State
from services.orders.domain.order.change import (
    Cancelled,
    Change,
    Completed,
    Event,
    KitchenReady,
    PaymentRecorded,
    Placed,
    TicketMoved,
    Updated,
)
from services.orders.domain.order.order import (
    Actor,
    ChosenOption,
    GuestAllergy,
    Line,
    Order,
    Remarks,
    ServiceFlow,
    Totals,
)
from services.orders.domain.print_job import PrintJob, PrintJobKind, PrintJobState
from services.orders.domain.printer import Printer, PrinterKind
from services.orders.domain.routing import Route
from services.orders.domain.section import Section
from services.orders.domain.station import Station
from services.orders.domain.table import Layout, Reservation, Seated, Table, TableShape, TableState
from services.orders.domain.ticket import LineStep, Rerouted, Ticket, TicketLine, TicketStep
from services.orders.domain.unrouted import Unrouted
from services.orders.pricing import BillMode, VatGroup
from services.orders.wire import enums
from services.orders.wire.alarm import alarm_cleared, ticket_undelivered
from services.orders.wire.day import metrics_updated
from services.orders.wire.events import published
from services.orders.wire.pace import ticket_late
from services.orders.wire.print_job import print_job_updated
from services.orders.wire.printer import printer_removed, printer_saved
from services.orders.wire.section import section_removed, section_saved
from services.orders.wire.station import station_removed, station_saved
from services.orders.wire.table import table_removed, table_updated
from services.orders.wire.unrouted import item_unrouted, items_routed

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
AT = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)


def fixed(number: int) -> UUID:
    return UUID(f"0195f3a0-0000-7000-8000-{number:012}")


CASA, MIA, ORDER, LINE, TICKET, STATION, PAYMENT = (
    fixed(number) for number in (1, 3, 101, 102, 103, 104, 105)
)
CHEESE = ChosenOption(fixed(108), "Cheese", 1, 50)
BURGER = Line(
    id=LINE,
    item_id=fixed(106),
    category_id=fixed(107),
    name="Burger",
    quantity=2,
    unit_price_minor=1150,
    options=(CHEESE,),
    note="no onions",
    seat=1,
    course="",
    hold=False,
    gross_minor=2400,
    discount_minor=0,
    vat_rate_bp=2000,
    vat_minor=400,
    allergens=(2, 7),
    kitchen=Kitchen.QUEUED,
    stock_tracked=True,
)
PLACED = Order(
    id=ORDER,
    restaurant_id=CASA,
    number=17,
    lifecycle=Lifecycle.VALIDATED,
    service_flow=ServiceFlow.PAY_LATER,
    order_type=OrderType.EAT_IN,
    covers=2,
    currency_code="GBP",
    business_date=AT.date(),
    created_at=AT,
    updated_at=AT,
    version=1,
    lines=(BURGER,),
    vat=(VatGroup(2000, 2400, 400),),
    totals=Totals(2400, 0, 300, 400, 2700),
    bill_mode=BillMode.INCLUSIVE_OPTIONAL,
    menu_version=12,
    placed_by=Actor(str(MIA), "Mia", "ipad-1"),
    content_hash=b"",
    placed_at=AT,
)
ON_TICKET = TicketLine(LINE, "Burger", 2, (CHEESE,), "no onions", 1, Kitchen.QUEUED)
FIRED = Ticket(
    id=TICKET,
    order_id=ORDER,
    order_number=17,
    station_id=STATION,
    station_name="Kitchen",
    revision=1,
    course="",
    order_type=OrderType.EAT_IN,
    business_date="2026-03-02",
    created_at=AT,
    target_at=AT + timedelta(minutes=15),
    allergens=(2, 7),
    lines=(ON_TICKET,),
)
SAID = Remarks(GuestAllergy((2,), "coeliac: no shared fryer"))
LATER = AT + timedelta(minutes=9)


def at_kitchen(kitchen: Kitchen, **overrides: object) -> Order:
    return replace(PLACED, lines=(replace(BURGER, kitchen=kitchen),), updated_at=LATER, **overrides)  # type: ignore[arg-type]


def moved(kitchen: Kitchen, revision: int, **overrides: object) -> Ticket:
    return replace(FIRED, lines=(replace(ON_TICKET, state=kitchen),), revision=revision, **overrides)  # type: ignore[arg-type]


def event(order: Order, event: Event, *tickets: Ticket) -> Message:
    [message] = published(Change(PLACED, order, (), tickets, (), (event,), Figures()))
    return message


def printing() -> dict[str, Message]:
    """What it writes of printers and their jobs."""
    printer = Printer(fixed(701), "Bar", PrinterKind.RECEIPT, 42, STATION, fixed(702), 3)
    job = PrintJob(
        id=fixed(703),
        printer_id=printer.id,
        printer_name="Bar",
        kind=PrintJobKind.RECEIPT,
        title="Receipt 17",
        order_id=ORDER,
        payload=b"",
        state=PrintJobState.QUEUED,
        attempts=1,
        error="the printer did not take the call in time",
        created_at=AT,
        next_at=LATER,
        version=3,
        rerouted_from=fixed(704),
    )
    return {
        "PrinterSaved": printer_saved(printer),
        "PrinterRemoved": printer_removed(printer),
        "PrintJobUpdated": print_job_updated(job),
    }


def events() -> dict[str, Message]:
    """What orders writes for the examples."""
    paid = replace(PLACED.totals, paid_minor=2700)
    ready = moved(Kitchen.READY, 3, ready_at=LATER, remarks=SAID, allergy_acknowledged_at=FIRED.created_at)
    locked = replace(
        PLACED, lines=(replace(BURGER, kitchen=Kitchen.QUEUED, hold=True),), version=2, updated_at=LATER
    )
    done = at_kitchen(Kitchen.SERVED, lifecycle=Lifecycle.DONE, totals=paid, version=4, completed_at=LATER)
    cancelled = at_kitchen(Kitchen.CANCELLED, lifecycle=Lifecycle.CANCELLED, version=3)
    route = Route(
        item_id=BURGER.item_id,
        order_types=frozenset({OrderType.EAT_IN}),
        hours=Window(frozenset(), 17 * 60, 2 * 60),
    )
    station = Station(
        STATION, "Kitchen", 0, frozenset({fixed(107)}), True, 900, 2, routes=(route,), fallback_id=fixed(109)
    )
    left = replace(ON_TICKET, quantity=1, item_id=BURGER.item_id, revision=1)
    off = replace(left, id=fixed(110), state=Kitchen.CANCELLED, cancel_seen_quantity=1)
    elsewhere = Rerouted(fixed(109), LATER)
    late = replace(FIRED, lines=(left, off), revision=4, acknowledged_at=LATER, rerouted=elsewhere)
    nowhere = Unrouted(BURGER.item_id, BURGER.name, ORDER, 17, AT)
    terrace, table_id = (UUID(f"0195f3a0-0000-7000-8000-0000000001{end}") for end in ("f1", "f2"))
    section = Section(terrace, "Terrace", 1, 2)
    table = Table(
        id=table_id,
        layout=Layout(terrace, "12", 4, TableShape.ROUND, 250, 400),
        version=7,
        seated=(Seated(ORDER, 3, str(MIA), is_paying=True),),
        reservation=Reservation(datetime(2026, 3, 2, 20, tzinfo=UTC), 90, "Okonkwo"),
    )
    figures = Figures(placed=17, done=12, cancelled=1, gross_minor=48_250, paid_minor=36_100, tickets_open=3)
    unseen = Unseen(FIRED.id, FIRED.revision, "no_display", "k3f9a1", 1841)
    till = Actor("0195f3a0-0000-7000-8000-000000000201", "Ada", "till-1")
    metrics = DayFigures(date(2026, 3, 2), "GBP", figures, LATER)
    return {
        "OrderPlaced": event(PLACED, Placed(), FIRED),
        "OrderUpdated": event(
            replace(locked, remarks=SAID),
            Updated("fired"),
            replace(FIRED, remarks=SAID),
        ),
        "OrderPaymentRecorded": event(
            replace(PLACED, totals=paid, version=2, updated_at=LATER), PaymentRecorded(PAYMENT, "cash", 2700)
        ),
        "OrderCompleted": event(done, Completed()),
        "OrderCancelled": event(cancelled, Cancelled("guest left", wasted=True), moved(Kitchen.CANCELLED, 3)),
        "TicketUpdated": event(
            at_kitchen(Kitchen.READY, version=3, remarks=SAID),
            TicketMoved(ready, "bumped"),
            ready,
        ),
        "KitchenOrderReady": event(at_kitchen(Kitchen.READY, version=2), KitchenReady()),
        "TicketUndelivered": ticket_undelivered(FIRED, unseen, FIRED.created_at + timedelta(seconds=30)),
        "TicketAlarmCleared": alarm_cleared(FIRED, AlarmEnd.ACKNOWLEDGED, till),
        "TicketLate": ticket_late(late),
        "StationSaved": station_saved(station),
        "StationRemoved": station_removed(replace(station, version=3)),
        "ItemUnrouted": item_unrouted(nowhere),
        "ItemsRouted": items_routed([BURGER.item_id]),
        "TableUpdated": table_updated(table),
        "TableRemoved": table_removed(table),
        "SectionSaved": section_saved(section),
        "SectionRemoved": section_removed(section),
        **printing(),
        "MetricsUpdated": metrics_updated(metrics),
    }


@pytest.mark.parametrize("name", sorted(orders_events.DESCRIPTOR.message_types_by_name))
def test_the_example_is_what_orders_publishes(name: str) -> None:
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    assert json_format.Parse(text, getattr(orders_events, name)()) == events()[name]


CHANNELS = {
    Placed: ("orders", "kitchen"),
    Updated: ("orders", "kitchen"),
    PaymentRecorded: ("orders", "kitchen"),
    Cancelled: ("orders", "kitchen"),
    Completed: ("orders",),
    KitchenReady: ("orders",),
}


@pytest.mark.parametrize(
    "event",
    [
        Placed(),
        Updated("fired"),
        PaymentRecorded(PAYMENT, "cash", 1),
        Cancelled("x", wasted=False),
        Completed(),
        KitchenReady(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_is_told_to_the_kitchen_when_it_brings_tickets(event: Event) -> None:
    [with_tickets] = published(Change(None, PLACED, (), (FIRED,), (), (event,), Figures()))
    [without] = published(Change(None, PLACED, (), (), (), (event,), Figures()))
    assert channels_of(with_tickets) == CHANNELS[type(event)]
    assert channels_of(without) == ("orders",)


def test_a_ticket_that_moved_is_told_once() -> None:
    change = Change(None, PLACED, (), (FIRED,), (), (TicketMoved(FIRED, "served"), Completed()), Figures())
    told = published(change)
    assert [channels_of(event) for event in told] == [("kitchen", "orders"), ("orders",)]
    cancelled = Change(
        None,
        PLACED,
        (),
        (FIRED,),
        (),
        (TicketMoved(FIRED, "served"), Cancelled("x", wasted=False)),
        Figures(),
    )
    assert not published(cancelled)[1].tickets  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (OrderType, enums.ORDER_TYPE),
        (BillMode, enums.BILL_MODE),
        (ServiceFlow, enums.SERVICE_FLOW),
        (Lifecycle, enums.LIFECYCLE),
        (Payment, enums.PAYMENT),
        (Kitchen, enums.KITCHEN),
        (State, enums.STATE),
        (TicketStep, enums.TICKET_STEP),
        (LineStep, enums.LINE_STEP),
        (TableShape, enums.TABLE_SHAPE),
        (TableState, enums.TABLE_STATE),
        (SplitMode, enums.SPLIT_MODE),
        (CheckState, enums.CHECK_STATE),
        (CheckKind, enums.CHECK_KIND),
        (InvoiceKind, enums.INVOICE_KIND),
        (PrinterKind, enums.PRINTER_KIND),
        (PrintJobKind, enums.PRINT_JOB_KIND),
        (PrintJobState, enums.PRINT_JOB_STATE),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_value_of_an_enumeration_has_one_number_and_none_is_unspecified(
    kind: type, table: dict[object, int]
) -> None:
    assert set(table) == set(kind)  # type: ignore[call-overload]
    assert len(set(table.values())) == len(table)
    assert 0 not in table.values()
