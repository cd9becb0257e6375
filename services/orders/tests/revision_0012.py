"""Orders as they lay in their tables at revision 0012, and how the code of then read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg

from chassis.ids import new_id
from services.orders.domain.alarm import Alarm
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Kitchen, Lifecycle
from services.orders.domain.order.order import (
    Actor,
    ChosenOption,
    GuestAllergy,
    Line,
    Order,
    Remarks,
    ServiceFlow,
    StateChange,
    Totals,
)
from services.orders.domain.ticket import Ticket, TicketLine
from services.orders.pricing import BillMode, VatGroup

REVISION = "0012"
Row = Mapping[str, Any]
ALLERGY = {"allergens": [2, 7], "text": "no nuts, please é"}
OPTIONS = [[str(new_id()), "Cheese", 2, 50], [str(new_id()), "Without onions", 1, -10]]
STATIONS = (new_id(), new_id())
LEGACY = "exclusive_legacy"
_numbers = count(1)

SEARCH = """
SELECT id FROM orders.orders AS o WHERE restaurant_id = $1 AND EXISTS (
    SELECT 1 FROM orders.order_line AS line
    WHERE line.restaurant_id = $1 AND line.order_id = o.id
      AND (starts_with(lower(line.name), $2::text) OR strpos(lower(line.name), ' ' || $2::text) > 0)
) ORDER BY created_at DESC, id DESC
"""


@dataclass(frozen=True)
class Kind:
    """An order in one state. ``line`` and ``tickets``: where its lines stand, there and in the kitchen."""

    state: str
    lifecycle: str
    payment: str = "unpaid"
    line: str = "held"
    tickets: Sequence[str] = ()
    order: dict[str, Any] = field(default_factory=dict)
    ticket: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, Any] = field(default_factory=dict)


def kinds(at: datetime) -> list[Kind]:
    """One of every state, and of everything else that an order may have."""
    unseen = {"alarm_cause": "no_display", "alarm_at": at, "undelivered_revision": 3}
    said = {"guest_allergy": ALLERGY}
    read = said | {"allergy_acknowledged_at": at}
    return [
        Kind("draft", "draft", order={"number": 0, "placed_at": None}),
        Kind("draft", "draft", order={"number": 0, "placed_at": None} | said, lines={"hold": True}),
        Kind("validated", "validated", order={"service_flow": "pay_first"}),
        Kind("validated", "validated", lines={"course": "dessert", "seat": 3}),
        Kind("validated", "validated", "part_paid", "queued", ("queued", "queued"), said, said | unseen),
        Kind("paid", "validated", "paid", "queued", ("queued",), said, read | {"acknowledged_at": at}),
        Kind("preparing", "validated", "unpaid", "preparing", ("preparing", "queued", "ready")),
        Kind("ready", "validated", "paid", "ready", ("ready",)),
        Kind("done", "done", "paid", "served", ("served",), {"completed_at": at}),
        Kind("invoiced", "invoiced", "paid", "served", ("served",), {"completed_at": at}),
        Kind("cancelled", "cancelled", line="cancelled", order={"cancel_reason": "guest left\nangry"}),
        Kind("cancelled", "cancelled", line="cancelled", tickets=("cancelled",), lines={"voided": True}),
        Kind("validated", "cancel_pending", line="queued", tickets=("queued",)),
        Kind("validated", "validated", order={"bill_mode": LEGACY}, lines={"stock_tracked": True}),
    ]


def rows_of(tenant: UUID, kind: Kind, at: datetime) -> dict[str, list[dict[str, Any]]]:
    """Table -> rows of one order of three lines."""
    order_id, number = new_id(), next(_numbers)
    names = ("Tomato Soup", f"ŻUREK Nr {number}", "fish & chips")
    lines = [_line(tenant, order_id, position, name, kind) for position, name in enumerate(names)]
    goods, vat = 3 * 1000 - 3 * 5, 3 * 167
    total = goods + 25 + (vat if kind.order.get("bill_mode") == LEGACY else 0)
    order: dict[str, Any] = {
        "restaurant_id": tenant,
        "id": order_id,
        "number": number,
        "state": kind.state,
        "lifecycle": kind.lifecycle,
        "payment_state": kind.payment,
        "kitchen_state": "none" if kind.line == "cancelled" else kind.line,
        "service_flow": "pay_later",
        "order_type": "takeaway" if number % 2 else "eat_in",
        "covers": number % 3,
        "currency_code": "GBP",
        "business_date": at.date(),
        "created_at": at,
        "updated_at": at + timedelta(seconds=number, microseconds=1),
        "placed_at": at,
        "completed_at": None,
        "version": 3,
        "bill_mode": "inclusive_optional",
        "menu_version": 2**40 + number,
        "goods_minor": goods,
        "discount_minor": 15,
        "service_charge_minor": 25,
        "vat_minor": vat,
        "total_minor": total,
        "paid_minor": {"unpaid": 0, "part_paid": 1, "paid": total}[kind.payment],
        "vat": [[2000, 2000, 334], [0, 985, 0]],
        "placed_by_id": str(new_id()),
        "placed_by_name": "Zoë",
        "placed_by_device": "ipad-1",
        "content_hash": bytes([number % 256, 0, 255]),
        "history_rows": 3,
        "cancel_reason": "",
        "guest_allergy": None,
    } | kind.order
    tickets = [
        _ticket(order, lines, STATIONS[index % 2], state, kind) for index, state in enumerate(kind.tickets)
    ]
    return {
        "orders": [order],
        "order_line": lines,
        "ticket": tickets,
        "order_history": [_history(order, sequence) for sequence in (1, 2, 3)],
    }


def _line(tenant: UUID, order_id: UUID, position: int, name: str, kind: Kind) -> dict[str, Any]:
    return {
        "restaurant_id": tenant,
        "order_id": order_id,
        "id": new_id(),
        "position": position,
        "item_id": new_id(),
        "category_id": new_id(),
        "name": name,
        "quantity": position + 1,
        "unit_price_minor": 900,
        "options": OPTIONS[:position],
        "note": f"note {position}\n🍕",
        "seat": position,
        "course": "",
        "hold": False,
        "gross_minor": 1000,
        "discount_minor": 5,
        "vat_rate_bp": 2000,
        "vat_minor": 167,
        "allergens": [1, 14][:position],
        "kitchen_state": kind.line,
        "voided": False,
        "stock_tracked": False,
    } | kind.lines


def _ticket(order: Row, lines: Sequence[Row], station: UUID, state: str, kind: Kind) -> dict[str, Any]:
    at = order["created_at"]
    ready_at = at + timedelta(minutes=1) if state in ("ready", "served") else None
    return {
        "restaurant_id": order["restaurant_id"],
        "id": new_id(),
        "order_id": order["id"],
        "order_number": order["number"],
        "station_id": station,
        "station_name": "Grill",
        "revision": 3,
        "state": state,
        "course": "",
        "order_type": order["order_type"],
        "business_date": order["business_date"],
        "created_at": at,
        "target_at": at + timedelta(minutes=15),
        "ready_at": ready_at,
        "acknowledged_at": None,
        "allergens": [1, 14],
        "lines": [
            {name: str(line[name]) if name == "id" else line[name] for name in ON_TICKET}
            | {"state": state, "ready_at": ready_at.isoformat() if ready_at else None}
            for line in lines
        ],
        "undelivered_revision": 0,
        "alarm_cause": "",
        "alarm_at": None,
        "guest_allergy": None,
        "allergy_acknowledged_at": None,
    } | kind.ticket


ON_TICKET = ("id", "name", "quantity", "options", "note", "seat")


def _history(order: Row, sequence: int) -> dict[str, Any]:
    return {
        "restaurant_id": order["restaurant_id"],
        "order_id": order["id"],
        "sequence": sequence,
        "axis": ("lifecycle", "state", "kitchen")[sequence - 1],
        "from_value": "",
        "to_value": ("draft", "draft", "held")[sequence - 1],
        "command_id": "cmd-1" if sequence < 3 else "cmd-2",
        "actor_id": order["placed_by_id"],
        "actor_name": "Zoë",
        "device_id": "",
        "occurred_at": order["created_at"],
        "recorded_at": order["created_at"] + timedelta(seconds=sequence),
        "reason": "because" if sequence == 3 else "",
    }


def stations(tenant: UUID) -> list[dict[str, Any]]:
    """Where tickets go."""
    return [
        {
            "restaurant_id": tenant,
            "id": station,
            "name": "Grill",
            "position": index,
            "category_ids": [],
            "is_default": index == 0,
            "target_minutes": 15,
            "version": 1,
        }
        for index, station in enumerate(STATIONS)
    ]


async def insert(connection: asyncpg.Connection, table: str, rows: Sequence[Row]) -> None:
    """Each column by its name."""
    for row in rows:
        names, places = ", ".join(row), ", ".join(f"${index + 1}" for index in range(len(row)))
        await connection.execute(f"INSERT INTO orders.{table} ({names}) VALUES ({places})", *row.values())


async def orders_of(connection: asyncpg.Connection, tenant: UUID) -> dict[UUID, Order]:
    """As the code of then read them, the newest first."""
    lines: dict[UUID, list[Line]] = {}
    found = "SELECT * FROM orders.order_line WHERE restaurant_id = $1 ORDER BY order_id, position"
    for row in await connection.fetch(found, tenant):
        lines.setdefault(row["order_id"], []).append(_line_in(row))
    newest = "SELECT * FROM orders.orders WHERE restaurant_id = $1 ORDER BY created_at DESC, id DESC"
    return {row["id"]: _order_in(row, lines[row["id"]]) for row in await connection.fetch(newest, tenant)}


async def tickets_of(connection: asyncpg.Connection, tenant: UUID) -> list[Ticket]:
    """As the code of then read them, the newest first."""
    newest = "SELECT * FROM orders.ticket WHERE restaurant_id = $1 ORDER BY created_at DESC, id DESC"
    return [_ticket_in(row) for row in await connection.fetch(newest, tenant)]


async def history_of(connection: asyncpg.Connection, tenant: UUID, order_id: UUID) -> list[StateChange]:
    """As the code of then read it."""
    rows = "SELECT * FROM orders.order_history WHERE restaurant_id = $1 AND order_id = $2 ORDER BY sequence"
    return [
        StateChange(
            sequence=row["sequence"],
            axis=row["axis"],
            from_value=row["from_value"],
            to_value=row["to_value"],
            command_id=row["command_id"],
            actor=Actor(row["actor_id"], row["actor_name"], row["device_id"]),
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            reason=row["reason"],
        )
        for row in await connection.fetch(rows, tenant, order_id)
    ]


def _order_in(row: Row, lines: Sequence[Line]) -> Order:
    return Order(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        number=row["number"],
        lifecycle=Lifecycle(row["lifecycle"]),
        service_flow=ServiceFlow(row["service_flow"]),
        order_type=OrderType(row["order_type"]),
        covers=row["covers"],
        currency_code=row["currency_code"],
        business_date=row["business_date"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        lines=tuple(lines),
        vat=tuple(VatGroup(*group) for group in row["vat"]),
        totals=Totals(
            row["goods_minor"],
            row["discount_minor"],
            row["service_charge_minor"],
            row["vat_minor"],
            row["total_minor"],
            row["paid_minor"],
        ),
        bill_mode=BillMode(row["bill_mode"]),
        menu_version=row["menu_version"],
        placed_by=Actor(row["placed_by_id"], row["placed_by_name"], row["placed_by_device"]),
        content_hash=row["content_hash"],
        history_rows=row["history_rows"],
        placed_at=row["placed_at"],
        completed_at=row["completed_at"],
        cancel_reason=row["cancel_reason"],
        remarks=Remarks(_allergy_in(row["guest_allergy"])),
    )


def _line_in(row: Row) -> Line:
    return Line(
        id=row["id"],
        item_id=row["item_id"],
        category_id=row["category_id"],
        name=row["name"],
        quantity=row["quantity"],
        unit_price_minor=row["unit_price_minor"],
        options=_options_in(row["options"]),
        note=row["note"],
        seat=row["seat"],
        course=row["course"],
        hold=row["hold"],
        gross_minor=row["gross_minor"],
        discount_minor=row["discount_minor"],
        vat_rate_bp=row["vat_rate_bp"],
        vat_minor=row["vat_minor"],
        allergens=tuple(row["allergens"]),
        kitchen=Kitchen(row["kitchen_state"]),
        voided=row["voided"],
        stock_tracked=row["stock_tracked"],
    )


def _ticket_in(row: Row) -> Ticket:
    day: date = row["business_date"]
    return Ticket(
        id=row["id"],
        order_id=row["order_id"],
        order_number=row["order_number"],
        station_id=row["station_id"],
        station_name=row["station_name"],
        revision=row["revision"],
        course=row["course"],
        order_type=OrderType(row["order_type"]),
        business_date=day.isoformat(),
        created_at=row["created_at"],
        target_at=row["target_at"],
        allergens=tuple(row["allergens"]),
        lines=tuple(_ticket_line_in(line) for line in row["lines"]),
        ready_at=row["ready_at"],
        acknowledged_at=row["acknowledged_at"],
        alarm=Alarm(row["alarm_cause"], row["alarm_at"]) if row["alarm_cause"] else None,
        remarks=Remarks(_allergy_in(row["guest_allergy"])),
        allergy_acknowledged_at=row["allergy_acknowledged_at"],
    )


def _ticket_line_in(stored: Row) -> TicketLine:
    return TicketLine(
        id=UUID(stored["id"]),
        name=stored["name"],
        quantity=stored["quantity"],
        options=_options_in(stored["options"]),
        note=stored["note"],
        seat=stored["seat"],
        state=Kitchen(stored["state"]),
        ready_at=datetime.fromisoformat(stored["ready_at"]) if stored["ready_at"] else None,
    )


def _options_in(stored: Sequence[Sequence[Any]]) -> tuple[ChosenOption, ...]:
    return tuple(ChosenOption(UUID(id), name, quantity, delta) for id, name, quantity, delta in stored)


def _allergy_in(stored: Row | None) -> GuestAllergy | None:
    return None if stored is None else GuestAllergy(tuple(stored["allergens"]), stored["text"])
