"""Events of the services -> frames of the channels.

Pure: the same event always gives the same bytes, live or replayed. What a frame carries in ``d`` is absolute:
the newest replaces all before it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.staff.v1 import events_pb2 as staff_events
from fynlo_json import catalog as catalog_json
from fynlo_json import common as common_json
from fynlo_json import orders as orders_json
from fynlo_json import payments as payments_json
from fynlo_json import staff as staff_json
from google.protobuf.message import DecodeError, Message

from chassis.messaging.channels import shown_on
from services.realtime.limits import OUTBOUND_FRAME_BYTES
from services.realtime.protocol import text_frame

Json = dict[str, Any]

_TICKETS: Final = "/api/v2/kitchen/tickets"
_STATIONS: Final = "/api/v2/kitchen/stations"
_TABLES: Final = "/api/v2/floor/tables"
_SECTIONS: Final = "/api/v2/floor/sections"
_PRINTERS: Final = "/api/v2/printers"
_PRINT_JOBS: Final = "/api/v2/print-jobs"
_MENU: Final = "/api/v2/menu"
UNKNOWN_KIND: Final = "unknown"
"""An event of a newer service: it keeps the numbers without a gap and changes nothing."""


class Event:
    """One published event, still as protobuf; shared by its channels."""

    __slots__ = ("at_ms", "command_id", "message_id", "payload", "restaurant_id", "type")

    def __init__(
        self, type_name: str, payload: bytes, restaurant_id: str, message_id: str, command_id: str, at_ms: int
    ) -> None:
        self.type = type_name
        self.payload = payload
        self.restaurant_id = restaurant_id
        self.message_id = message_id
        self.command_id = command_id
        self.at_ms = at_ms


@dataclass(slots=True)
class Content:
    """What one channel shows of an event. ``key`` names what ``d`` replaces, ``ver`` its version."""

    kind: str
    key: str
    ver: int | None
    d: Json
    ref: str
    extra: Json | None = None


def build(event: Event, channel: str, epoch: str, seq: int) -> tuple[bytes, str]:
    """The frame of an event on a channel (``restaurant:<id>:<name>``), ready for the socket, and its key.

    Content above the outbound limit is replaced by ``ref``, the path of an HTTPS resource that has it.
    """
    content = content_of(event, channel.rpartition(":")[2])
    head: Json = {"t": "ev", "ch": channel, "e": epoch, "s": seq}
    if content is None:
        head |= {"k": UNKNOWN_KIND, "id": event.message_id, "at": event.at_ms}
        return text_frame(orjson.dumps(head)), ""
    head |= {"k": content.kind, "id": event.message_id, "at": event.at_ms, "key": content.key}
    if content.ver is not None:
        head["ver"] = content.ver
    if event.command_id:
        head["cid"] = event.command_id
    if content.extra is not None:
        head |= content.extra
    whole = orjson.dumps(head | {"d": content.d})
    if len(whole) > OUTBOUND_FRAME_BYTES:
        whole = orjson.dumps(head | {"ref": content.ref})
    return text_frame(whole), content.key


def content_of(event: Event, channel: str) -> Content | None:
    """What ``channel`` (its short name) shows of an event. None: an event that this code does not know."""
    known = _EVENTS.get(event.type)
    if known is None:
        return None
    message_class, contents = known
    if channel not in contents:
        return None
    try:
        message = message_class.FromString(event.payload)
    except DecodeError:
        return None
    return contents[channel](message)


# --- orders ---------------------------------------------------------------------------------------------


def _order(kind: str) -> Callable[[Any], Content]:
    def content(message: Any) -> Content:
        return _order_content(kind, message.order)

    return content


def _order_content(kind: str, order: orders_pb2.Order, extra: Json | None = None) -> Content:
    ref = f"/api/v2/orders/{order.id}"
    return Content(kind, f"order:{order.id}", order.version, orders_json.order(order), ref, extra)


def _payment_recorded(message: orders_events.OrderPaymentRecorded) -> Content:
    payment = {"id": message.payment_id, "method": message.method, "amount_minor": message.amount_minor}
    return _order_content("payment.processed", message.order, {"payment": payment})


def _undelivered(message: orders_events.TicketUndelivered) -> Content:
    ticket = message.ticket
    alarm = orders_pb2.TicketAlarm(
        ticket=ticket, cause=message.cause, order_id=ticket.order_id, order_number=ticket.order_number
    )
    if message.HasField("raised_at"):
        alarm.raised_at.CopyFrom(message.raised_at)
    content = orders_json.ticket_alarm(alarm)
    return Content("kitchen.undelivered", f"ticket:{ticket.id}", ticket.revision, content, _TICKETS)


def _alarm_cleared(message: orders_events.TicketAlarmCleared) -> Content:
    ticket = message.ticket
    content: Json = {"order_id": ticket.order_id, "order_number": ticket.order_number or None}
    content |= {"ticket_id": ticket.id, "cause": message.cause or None}
    by = common_json.actor(message.acknowledged_by) if message.HasField("acknowledged_by") else None
    content["acknowledged_by"] = by
    return Content("kitchen.alarm_cleared", f"ticket:{ticket.id}", ticket.revision, content, _TICKETS)


def _late(message: orders_events.TicketLate) -> Content:
    ticket = message.ticket
    content: Json = {"order_id": ticket.order_id, "order_number": ticket.order_number or None}
    content["ticket"] = orders_json.ticket(ticket)
    return Content("kitchen.late", f"ticket:{ticket.id}", ticket.revision, content, _TICKETS)


def _unrouted(message: orders_events.ItemUnrouted) -> Content:
    content = orders_json.unrouted_item(message.item)
    return Content("kitchen.unrouted", f"item:{message.item.item_id}", None, content, _STATIONS)


def _routed(message: orders_events.ItemsRouted) -> Content:
    return Content("kitchen.routed", "items", None, orders_json.items_routed(message), _STATIONS)


# --- kitchen --------------------------------------------------------------------------------------------


def _kitchen(kind: str, order: orders_pb2.Order | None, tickets: Iterable[orders_pb2.Ticket]) -> Content:
    listed = list(tickets)
    order_id = order.id if order is not None else listed[0].order_id
    number = order.number if order is not None else listed[0].order_number
    content: Json = {"order_id": order_id, "order_number": number or None}
    content["tickets"] = [orders_json.ticket(ticket) for ticket in listed]
    revision = max((ticket.revision for ticket in listed), default=0)
    return Content(kind, f"order:{order_id}", revision, content, _TICKETS)


def _placed_kitchen(message: orders_events.OrderPlaced) -> Content:
    return _kitchen("order.accepted", message.order, message.tickets)


def _changed_kitchen(message: Any) -> Content:
    return _kitchen(_kind_of_tickets(message.order, message.tickets), message.order, message.tickets)


def _cancelled_kitchen(message: orders_events.OrderCancelled) -> Content:
    return _kitchen("ticket.cancelled", message.order, message.tickets)


def _ticket_kitchen(message: orders_events.TicketUpdated) -> Content:
    # Once somebody has acknowledged that it is off, it is no news.
    off = message.ticket.state == orders_pb2.KITCHEN_STATE_CANCELLED
    cancelled = off and not message.ticket.HasField("acknowledged_at")
    return _kitchen("ticket.cancelled" if cancelled else "ticket.updated", None, [message.ticket])


def _station(message: orders_events.StationSaved) -> Content:
    station = message.station
    content = orders_json.station_saved(message)
    return Content("station.updated", f"station:{station.id}", station.version, content, _STATIONS)


def _station_removed(message: orders_events.StationRemoved) -> Content:
    key, content = f"station:{message.station_id}", orders_json.station_removed(message)
    return Content("station.removed", key, message.version, content, _STATIONS)


_FIRED: Final = frozenset(
    {
        orders_pb2.KITCHEN_STATE_QUEUED,
        orders_pb2.KITCHEN_STATE_PREPARING,
        orders_pb2.KITCHEN_STATE_READY,
        orders_pb2.KITCHEN_STATE_SERVED,
    }
)


def _kind_of_tickets(order: orders_pb2.Order, tickets: Iterable[orders_pb2.Ticket]) -> str:
    """``order.accepted`` when these tickets are the first of their order that the kitchen sees."""
    listed = list(tickets)
    if listed and all(ticket.state == orders_pb2.KITCHEN_STATE_CANCELLED for ticket in listed):
        return "ticket.cancelled"
    if not any(ticket.revision <= 1 and ticket.state == orders_pb2.KITCHEN_STATE_QUEUED for ticket in listed):
        return "ticket.updated"
    # Lines that come from another order are on the screens already, on a ticket of that one.
    new = all(ticket.revision <= 1 and not ticket.HasField("moved_from") for ticket in listed)
    first = new and not _had_before(order, listed)
    return "order.accepted" if first else "ticket.created"


def _had_before(order: orders_pb2.Order, tickets: Iterable[orders_pb2.Ticket]) -> bool:
    """Whether the kitchen has had something of the order that is not on these new tickets: another line, more
    units of one of these, or what was voided after it was fired.
    """
    shown = {line.id: line.quantity for ticket in tickets for line in ticket.lines}
    fired = [line for line in order.lines if line.kitchen_state in _FIRED]
    more = any(line.id not in shown or shown[line.id] < line.quantity for line in fired)
    return more or any(void.wasted for line in order.lines for void in line.voids)


# --- floor ----------------------------------------------------------------------------------------------


def _table(message: orders_events.TableUpdated) -> Content:
    table = message.table
    return Content("table.updated", f"table:{table.id}", table.version, orders_json.table(table), _TABLES)


def _table_removed(message: orders_events.TableRemoved) -> Content:
    key = f"table:{message.table_id}"
    return Content("table.removed", key, message.version, orders_json.table_removed(message), _TABLES)


def _section(message: orders_events.SectionSaved) -> Content:
    section = message.section
    content = orders_json.section(section)
    return Content("section.updated", f"section:{section.id}", section.version, content, _SECTIONS)


def _section_removed(message: orders_events.SectionRemoved) -> Content:
    key, content = f"section:{message.section_id}", orders_json.section_removed(message)
    return Content("section.removed", key, message.version, content, _SECTIONS)


# --- printing -------------------------------------------------------------------------------------------


def _printer(message: orders_events.PrinterSaved) -> Content:
    printer = message.printer
    content = orders_json.printer(printer)
    return Content("printer.updated", f"printer:{printer.id}", printer.version, content, _PRINTERS)


def _printer_removed(message: orders_events.PrinterRemoved) -> Content:
    key, content = f"printer:{message.printer_id}", orders_json.printer_removed(message)
    return Content("printer.removed", key, message.version, content, _PRINTERS)


def _print_job(message: orders_events.PrintJobUpdated) -> Content:
    job = message.job
    content = orders_json.print_job(job)
    return Content("print_job.updated", f"print_job:{job.id}", job.version, content, _PRINT_JOBS)


# --- the other channels -------------------------------------------------------------------------------------


def _stock(kind: str, prefix: str) -> Callable[[Any], Content]:
    def content(message: Any) -> Content:
        level = message.level
        key = f"{prefix}:{level.item_id}"
        return Content(kind, key, level.version, catalog_json.stock_level(level), "/api/v2/stock")

    return content


def _availability(message: catalog_events.ItemAvailabilityChanged) -> Content:
    content = catalog_json.item_availability_changed(message)
    kind = "item.back" if message.available else "item.86"
    return Content(kind, f"item:{message.item_id}", message.menu_version or None, content, _MENU)


def _menu(message: catalog_events.MenuChanged) -> Content:
    """That it changed: whoever shows the menu reads it, which most of them hold in great part."""
    return Content("menu.changed", "menu", message.version, catalog_json.menu_changed(message), _MENU)


def _till(message: payments_events.TillSessionUpdated) -> Content:
    session = message.session
    content = payments_json.till_session(session)
    ref = f"/api/v2/till-sessions/{session.id}"
    return Content("session.updated", f"till_session:{session.id}", session.version, content, ref)


def _z_report(message: payments_events.ZReportIssued) -> Content:
    report = message.report
    ref = f"/api/v2/z-reports/{report.number}"
    return Content(
        "z_report.issued", f"z_report:{report.number}", None, payments_json.z_report_issued(message), ref
    )


def _shift(kind: str) -> Callable[[Any], Content]:
    def content(message: Any) -> Content:
        card = message.timecard
        return Content(
            kind, f"timecard:{card.id}", card.version, staff_json.timecard(card), "/api/v2/timecards"
        )

    return content


def _metrics(message: orders_events.MetricsUpdated) -> Content:
    content = orders_json.restaurant_metrics(message.metrics)
    return Content("metrics", "metrics", None, content, "/api/v2/realtime/snapshot")


_SHOWN: Final[tuple[tuple[type[Message], str, Callable[[Any], Content]], ...]] = (
    (orders_events.OrderPlaced, "orders", _order("order.created")),
    (orders_events.OrderPlaced, "kitchen", _placed_kitchen),
    (orders_events.OrderUpdated, "orders", _order("order.updated")),
    (orders_events.OrderUpdated, "kitchen", _changed_kitchen),
    (orders_events.OrderPaymentRecorded, "orders", _payment_recorded),
    (orders_events.OrderPaymentRecorded, "kitchen", _changed_kitchen),
    (orders_events.OrderCompleted, "orders", _order("order.updated")),
    (orders_events.OrderCancelled, "orders", _order("order.updated")),
    (orders_events.OrderCancelled, "kitchen", _cancelled_kitchen),
    (orders_events.TicketUpdated, "orders", _order("order.updated")),
    (orders_events.TicketUpdated, "kitchen", _ticket_kitchen),
    (orders_events.KitchenOrderReady, "orders", _order("kitchen.order_ready")),
    (orders_events.TicketUndelivered, "orders", _undelivered),
    (orders_events.TicketAlarmCleared, "orders", _alarm_cleared),
    (orders_events.TicketLate, "orders", _late),
    (orders_events.ItemUnrouted, "orders", _unrouted),
    (orders_events.ItemsRouted, "orders", _routed),
    (orders_events.StationSaved, "kitchen", _station),
    (orders_events.StationRemoved, "kitchen", _station_removed),
    (orders_events.TableUpdated, "floor", _table),
    (orders_events.TableRemoved, "floor", _table_removed),
    (orders_events.SectionSaved, "floor", _section),
    (orders_events.SectionRemoved, "floor", _section_removed),
    (orders_events.PrinterSaved, "printing", _printer),
    (orders_events.PrinterRemoved, "printing", _printer_removed),
    (orders_events.PrintJobUpdated, "printing", _print_job),
    (orders_events.MetricsUpdated, "metrics", _metrics),
    (catalog_events.MenuChanged, "inventory", _menu),
    (catalog_events.StockChanged, "inventory", _stock("inventory.level", "level")),
    (catalog_events.StockLow, "inventory", _stock("inventory.low_stock", "low")),
    (catalog_events.StockOversold, "inventory", _stock("inventory.oversold", "oversold")),
    (catalog_events.ItemAvailabilityChanged, "inventory", _availability),
    (staff_events.ShiftStarted, "staff", _shift("shift.started")),
    (staff_events.ShiftEnded, "staff", _shift("shift.ended")),
    (payments_events.TillSessionUpdated, "tills", _till),
    (payments_events.ZReportIssued, "tills", _z_report),
)


def _by_type() -> dict[str, tuple[type[Message], dict[str, Callable[[Any], Content]]]]:
    """What is shown of an event, by channel. RuntimeError where the contract declares other channels."""
    found: dict[str, tuple[type[Message], dict[str, Callable[[Any], Content]]]] = {}
    for message, channel, content in _SHOWN:
        found.setdefault(message.DESCRIPTOR.full_name, (message, {}))[1][channel] = content
    for name, (message, contents) in found.items():
        if set(contents) != {channel for channel, _ in shown_on(message.DESCRIPTOR)}:
            raise RuntimeError(f"{name} is shown on {sorted(contents)}: the contract says otherwise")
    return found


_EVENTS: Final = _by_type()
