"""Which event shows how on which channel."""

from typing import Any

import orjson
import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import floor_pb2, orders_pb2, printing_pb2, station_pb2
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2
from fynlo.staff.v1 import events_pb2 as staff_events
from fynlo.staff.v1 import staff_pb2
from fynlo_json import orders as orders_json
from google.protobuf.message import Message

from services.realtime import frames
from services.realtime.frames import Event
from services.realtime.tests.world import channel, frames_in

QUEUED, READY = orders_pb2.KITCHEN_STATE_QUEUED, orders_pb2.KITCHEN_STATE_READY
CANCELLED, HELD = orders_pb2.KITCHEN_STATE_CANCELLED, orders_pb2.KITCHEN_STATE_HELD


def event(message: Message, command_id: str = "cmd") -> Event:
    name = message.DESCRIPTOR.full_name
    return Event(name, message.SerializeToString(), "r1", "m1", command_id, 1767225599000)


def shown(message: Message, short: str) -> dict[str, Any]:
    [(_, payload)] = frames_in(frames.build(event(message), channel(short), "e1", 7)[0])
    frame: dict[str, Any] = orjson.loads(payload)
    return frame


def order(*line_states: int) -> orders_pb2.Order:
    lines = [
        orders_pb2.OrderLine(id=f"l{number}", kitchen_state=state)  # type: ignore[arg-type]
        for number, state in enumerate(line_states)
    ]
    whole = orders_pb2.Order(
        id="o1", number=12, version=4, currency_code="GBP", lines=lines, customer_id="c1"
    )
    whole.totals.total_minor = 1250
    whole.placed_by.name = "Ada"
    return whole


def ticket(*numbers: int, state: Any = QUEUED, revision: int = 1) -> orders_pb2.Ticket:
    lines = [
        orders_pb2.TicketLine(
            id=f"l{number}",
            options=[orders_pb2.ChosenOption(option_id="x", name="Extra", price_delta_minor=99)],
        )
        for number in numbers
    ]
    return orders_pb2.Ticket(
        id="k1", order_id="o1", order_number=12, state=state, revision=revision, lines=lines, station_id="s1"
    )


def seen_to_be_off() -> orders_pb2.Ticket:
    off = ticket(state=CANCELLED, revision=3)
    off.acknowledged_at.GetCurrentTime()
    return off


LEVEL = catalog_pb2.StockLevel(item_id="i1", available=3, version=9)
CASES: list[tuple[Message, str, str, str]] = [
    (orders_events.OrderPlaced(order=order()), "orders", "order.created", "order:o1"),
    (orders_events.OrderUpdated(order=order()), "orders", "order.updated", "order:o1"),
    (orders_events.OrderPaymentRecorded(order=order()), "orders", "payment.processed", "order:o1"),
    (orders_events.OrderCompleted(order=order()), "orders", "order.updated", "order:o1"),
    (orders_events.OrderCancelled(order=order()), "orders", "order.updated", "order:o1"),
    (orders_events.TicketUpdated(order=order(), ticket=ticket()), "orders", "order.updated", "order:o1"),
    (orders_events.KitchenOrderReady(order=order()), "orders", "kitchen.order_ready", "order:o1"),
    (orders_events.TicketUndelivered(ticket=ticket()), "orders", "kitchen.undelivered", "ticket:k1"),
    (orders_events.TicketAlarmCleared(ticket=ticket()), "orders", "kitchen.alarm_cleared", "ticket:k1"),
    (
        orders_events.OrderPlaced(order=order(QUEUED), tickets=[ticket(0)]),
        "kitchen",
        "order.accepted",
        "order:o1",
    ),
    (
        orders_events.OrderCancelled(order=order(), tickets=[ticket()]),
        "kitchen",
        "ticket.cancelled",
        "order:o1",
    ),
    (orders_events.TicketUpdated(ticket=ticket(state=READY)), "kitchen", "ticket.updated", "order:o1"),
    (orders_events.TicketUpdated(ticket=ticket(state=CANCELLED)), "kitchen", "ticket.cancelled", "order:o1"),
    (orders_events.TicketUpdated(ticket=seen_to_be_off()), "kitchen", "ticket.updated", "order:o1"),
    (
        orders_events.StationSaved(station=orders_pb2.Station(id="s1")),
        "kitchen",
        "station.updated",
        "station:s1",
    ),
    (orders_events.StationRemoved(station_id="s1"), "kitchen", "station.removed", "station:s1"),
    (orders_events.TicketLate(ticket=ticket()), "orders", "kitchen.late", "ticket:k1"),
    (
        orders_events.ItemUnrouted(item=station_pb2.UnroutedItem(item_id="i1")),
        "orders",
        "kitchen.unrouted",
        "item:i1",
    ),
    (orders_events.ItemsRouted(item_ids=["i1"]), "orders", "kitchen.routed", "items"),
    (orders_events.TableUpdated(table=floor_pb2.Table(id="t1")), "floor", "table.updated", "table:t1"),
    (orders_events.TableRemoved(table_id="t1"), "floor", "table.removed", "table:t1"),
    (
        orders_events.SectionSaved(section=floor_pb2.Section(id="s1")),
        "floor",
        "section.updated",
        "section:s1",
    ),
    (orders_events.SectionRemoved(section_id="s1"), "floor", "section.removed", "section:s1"),
    (
        orders_events.PrinterSaved(
            printer=printing_pb2.Printer(id="p1", kind=printing_pb2.PRINTER_KIND_RECEIPT)
        ),
        "printing",
        "printer.updated",
        "printer:p1",
    ),
    (orders_events.PrinterRemoved(printer_id="p1"), "printing", "printer.removed", "printer:p1"),
    (
        orders_events.PrintJobUpdated(
            job=printing_pb2.PrintJob(
                id="j1",
                kind=printing_pb2.PRINT_JOB_KIND_TICKET,
                state=printing_pb2.PRINT_JOB_STATE_QUEUED,
            )
        ),
        "printing",
        "print_job.updated",
        "print_job:j1",
    ),
    (orders_events.MetricsUpdated(), "metrics", "metrics", "metrics"),
    (catalog_events.MenuChanged(version=8, previous_version=7), "inventory", "menu.changed", "menu"),
    (catalog_events.StockChanged(level=LEVEL), "inventory", "inventory.level", "level:i1"),
    (catalog_events.StockLow(level=LEVEL), "inventory", "inventory.low_stock", "low:i1"),
    (catalog_events.StockOversold(level=LEVEL), "inventory", "inventory.oversold", "oversold:i1"),
    (catalog_events.ItemAvailabilityChanged(item_id="i1"), "inventory", "item.86", "item:i1"),
    (
        catalog_events.ItemAvailabilityChanged(item_id="i1", available=True),
        "inventory",
        "item.back",
        "item:i1",
    ),
    (
        staff_events.ShiftStarted(timecard=staff_pb2.Timecard(id="t1")),
        "staff",
        "shift.started",
        "timecard:t1",
    ),
    (staff_events.ShiftEnded(timecard=staff_pb2.Timecard(id="t1")), "staff", "shift.ended", "timecard:t1"),
    (
        payments_events.TillSessionUpdated(session=payments_pb2.TillSession(id="t1")),
        "tills",
        "session.updated",
        "till_session:t1",
    ),
    (
        payments_events.ZReportIssued(report=payments_pb2.TillReport(number=3)),
        "tills",
        "z_report.issued",
        "z_report:3",
    ),
]


@pytest.mark.parametrize(("message", "short", "kind", "key"), CASES)
def test_every_event_has_its_kind_on_its_channel(message: Message, short: str, kind: str, key: str) -> None:
    frame = shown(message, short)
    assert (frame["t"], frame["k"], frame["key"]) == ("ev", kind, key)
    assert (frame["ch"], frame["e"], frame["s"], frame["id"]) == (channel(short), "e1", 7, "m1")
    assert (frame["at"], frame["cid"]) == (1767225599000, "cmd")
    assert isinstance(frame["d"], dict)


@pytest.mark.parametrize(
    ("whole", "tickets", "kind"),
    [
        (order(QUEUED, QUEUED), [ticket(0, 1)], "order.accepted"),
        (order(QUEUED, HELD), [ticket(0)], "order.accepted"),
        (order(READY, QUEUED), [ticket(1)], "ticket.created"),
        (order(QUEUED, QUEUED), [ticket(0, 1, revision=2)], "ticket.updated"),
        (order(CANCELLED), [ticket(0, state=CANCELLED)], "ticket.cancelled"),
        (order(READY), [ticket(0, state=READY)], "ticket.updated"),
    ],
)
def test_the_first_firing_and_only_that_is_an_accepted_order(whole: Any, tickets: Any, kind: str) -> None:
    for message in (
        orders_events.OrderUpdated(order=whole, tickets=tickets, cause="fired"),
        orders_events.OrderPaymentRecorded(order=whole, tickets=tickets),
    ):
        assert shown(message, "kitchen")["k"] == kind


def test_more_of_an_order_that_the_kitchen_has_had_is_not_accepted_again() -> None:
    """More units of what was served, and a dish in place of one that was voided after it was fired."""
    more = order(QUEUED)
    more.lines[0].quantity = 3
    one_more = ticket(0)
    one_more.lines[0].quantity = 1
    instead = order(CANCELLED, QUEUED)
    instead.lines[0].voids.add(quantity=1, wasted=True)
    for whole, new in ((more, one_more), (instead, ticket(1))):
        message = orders_events.OrderUpdated(order=whole, tickets=[new], cause="line_changed")
        assert shown(message, "kitchen")["k"] == "ticket.created"
    instead.lines[0].voids[0].wasted = False
    message = orders_events.OrderUpdated(order=instead, tickets=[ticket(1)], cause="fired")
    assert shown(message, "kitchen")["k"] == "order.accepted"


def test_an_order_that_is_taken_apart_is_not_accepted_again() -> None:
    """Its line comes back on a ticket of its own, where the old one has lines of the other order as well."""
    back = ticket(0)
    back.moved_from.order_number = 11
    message = orders_events.OrderUpdated(order=order(QUEUED), tickets=[back], cause="unmerged")
    assert shown(message, "kitchen")["k"] == "ticket.created"
    message.tickets[0].ClearField("moved_from")
    assert shown(message, "kitchen")["k"] == "order.accepted"


def test_the_orders_channel_carries_the_order_as_rest_shows_it() -> None:
    frame = shown(orders_events.OrderPlaced(order=order(QUEUED)), "orders")
    assert frame["d"] == orders_json.order(order(QUEUED))
    assert frame["ver"] == 4


def test_a_payment_says_what_was_paid_beside_the_order() -> None:
    message = orders_events.OrderPaymentRecorded(
        order=order(), payment_id="p1", method="cash", amount_minor=500
    )
    frame = shown(message, "orders")
    assert frame["payment"] == {"id": "p1", "method": "cash", "amount_minor": 500}
    assert frame["d"] == orders_json.order(order())


@pytest.mark.parametrize("message", [case[0] for case in CASES if case[1] == "kitchen"])
def test_the_kitchen_channel_carries_no_money_and_nobodys_data(message: Message) -> None:
    text = orjson.dumps(shown(message, "kitchen")).decode()
    for word in ("minor", "price", "customer", "currency", "placed_by", "payment", "Ada", "email", "phone"):
        assert word not in text


def test_content_above_the_outbound_limit_is_replaced_by_where_to_get_it() -> None:
    whole = order()
    for number in range(200):
        whole.lines.add(id=f"l{number}", name="x" * 400)
    [(_, payload)] = frames_in(
        frames.build(event(orders_events.OrderPlaced(order=whole)), channel("orders"), "e", 1)[0]
    )
    assert len(payload) < 1_000
    frame = orjson.loads(payload)
    assert (frame["ref"], "d" in frame, frame["s"]) == ("/api/v2/orders/o1", False, 1)


@pytest.mark.parametrize(
    "strange",
    [
        Event("fynlo.orders.v9.OrderTeleported", b"", "r1", "m1", "", 1),
        Event("fynlo.orders.v1.OrderPlaced", b"\xff\xff\xff", "r1", "m1", "", 1),
        event(orders_events.MetricsUpdated()),
    ],
)
def test_what_this_code_does_not_know_still_takes_its_place(strange: Event) -> None:
    data, key = frames.build(strange, channel("orders"), "e1", 3)
    [(_, payload)] = frames_in(data)
    frame = orjson.loads(payload)
    assert (frame["k"], frame["s"], key) == ("unknown", 3, "")
    assert "d" not in frame


def test_without_a_command_there_is_no_command_id() -> None:
    data, _ = frames.build(event(orders_events.OrderPlaced(order=order()), ""), channel("orders"), "e", 1)
    assert b'"cid"' not in data
