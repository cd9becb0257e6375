"""Rows to dataclasses and back. The column lists are the order of parameters of every statement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from services.orders.domain.kitchen import Alarm, Ticket, TicketLine
from services.orders.domain.menu import OrderType
from services.orders.domain.order import (
    Actor,
    ChosenOption,
    GuestAllergy,
    Kitchen,
    Lifecycle,
    Line,
    Order,
    ServiceFlow,
    StateChange,
    Totals,
)
from services.orders.pricing import BillMode, VatGroup

Row = Mapping[str, Any]

# Name and type of every column after (restaurant_id, id, number).
ORDER_COLUMNS = (
    ("state", "text"),
    ("lifecycle", "text"),
    ("payment_state", "text"),
    ("kitchen_state", "text"),
    ("service_flow", "text"),
    ("order_type", "text"),
    ("covers", "int"),
    ("currency_code", "text"),
    ("business_date", "date"),
    ("created_at", "timestamptz"),
    ("updated_at", "timestamptz"),
    ("placed_at", "timestamptz"),
    ("completed_at", "timestamptz"),
    ("version", "bigint"),
    ("bill_mode", "text"),
    ("menu_version", "bigint"),
    ("goods_minor", "bigint"),
    ("discount_minor", "bigint"),
    ("service_charge_minor", "bigint"),
    ("vat_minor", "bigint"),
    ("total_minor", "bigint"),
    ("paid_minor", "bigint"),
    ("vat", "jsonb"),
    ("placed_by_id", "text"),
    ("placed_by_name", "text"),
    ("placed_by_device", "text"),
    ("content_hash", "bytea"),
    ("history_rows", "int"),
    ("cancel_reason", "text"),
    ("guest_allergy", "jsonb"),
)

# After (restaurant_id, order_id).
LINE_COLUMNS = (
    ("id", "uuid"),
    ("position", "int"),
    ("item_id", "uuid"),
    ("category_id", "uuid"),
    ("name", "text"),
    ("quantity", "int"),
    ("unit_price_minor", "bigint"),
    ("options", "jsonb"),
    ("note", "text"),
    ("seat", "int"),
    ("course", "text"),
    ("hold", "boolean"),
    ("gross_minor", "bigint"),
    ("discount_minor", "bigint"),
    ("vat_rate_bp", "int"),
    ("vat_minor", "bigint"),
    ("allergens", "jsonb"),
    ("kitchen_state", "text"),
    ("voided", "boolean"),
    ("stock_tracked", "boolean"),
)

# After (restaurant_id, order_id, order_number).
TICKET_COLUMNS = (
    ("id", "uuid"),
    ("station_id", "uuid"),
    ("station_name", "text"),
    ("revision", "int"),
    ("state", "text"),
    ("course", "text"),
    ("order_type", "text"),
    ("business_date", "date"),
    ("created_at", "timestamptz"),
    ("target_at", "timestamptz"),
    ("ready_at", "timestamptz"),
    ("acknowledged_at", "timestamptz"),
    ("alarm_cause", "text"),
    ("alarm_at", "timestamptz"),
    ("allergens", "jsonb"),
    ("lines", "jsonb"),
    ("guest_allergy", "jsonb"),
    ("allergy_acknowledged_at", "timestamptz"),
)

# After (restaurant_id, order_id).
HISTORY_COLUMNS = (
    ("sequence", "int"),
    ("axis", "text"),
    ("from_value", "text"),
    ("to_value", "text"),
    ("command_id", "text"),
    ("actor_id", "text"),
    ("actor_name", "text"),
    ("device_id", "text"),
    ("occurred_at", "timestamptz"),
    ("recorded_at", "timestamptz"),
    ("reason", "text"),
)


def order_values(order: Order) -> list[object]:
    """In the order of ORDER_COLUMNS."""
    totals, actor = order.totals, order.placed_by
    return [
        order.state.value,
        order.lifecycle.value,
        order.payment.value,
        order.kitchen.value,
        order.service_flow.value,
        order.order_type.value,
        order.covers,
        order.currency_code,
        order.business_date,
        order.created_at,
        order.updated_at,
        order.placed_at,
        order.completed_at,
        order.version,
        order.bill_mode.value,
        order.menu_version,
        totals.goods_minor,
        totals.discount_minor,
        totals.service_charge_minor,
        totals.vat_minor,
        totals.total_minor,
        totals.paid_minor,
        [[group.rate_bp, group.gross_minor, group.vat_minor] for group in order.vat],
        actor.user_id,
        actor.name,
        actor.device_id,
        order.content_hash,
        order.history_rows,
        order.cancel_reason,
        _allergy_json(order.guest_allergy),
    ]


def line_values(lines: Iterable[tuple[int, Line]]) -> list[list[Any]]:
    """One list per column of LINE_COLUMNS; every line comes with its position."""
    return _columns(
        len(LINE_COLUMNS),
        (
            (
                line.id,
                position,
                line.item_id,
                line.category_id,
                line.name,
                line.quantity,
                line.unit_price_minor,
                _json(_option_lists(line.options)),
                line.note,
                line.seat,
                line.course,
                line.hold,
                line.gross_minor,
                line.discount_minor,
                line.vat_rate_bp,
                line.vat_minor,
                _json(line.allergens),
                line.kitchen.value,
                line.voided,
                line.stock_tracked,
            )
            for position, line in lines
        ),
    )


def ticket_values(tickets: Iterable[Ticket]) -> list[list[Any]]:
    """One list per column of TICKET_COLUMNS."""
    return _columns(
        len(TICKET_COLUMNS),
        (
            (
                ticket.id,
                ticket.station_id,
                ticket.station_name,
                ticket.revision,
                ticket.state.value,
                ticket.course,
                ticket.order_type.value,
                date.fromisoformat(ticket.business_date),
                ticket.created_at,
                ticket.target_at,
                ticket.ready_at,
                ticket.acknowledged_at,
                ticket.alarm.cause if ticket.alarm is not None else "",
                ticket.alarm.raised_at if ticket.alarm is not None else None,
                _json(ticket.allergens),
                _json([_ticket_line_json(line) for line in ticket.lines]),
                _json(_allergy_json(ticket.guest_allergy)) if ticket.guest_allergy is not None else None,
                ticket.allergy_acknowledged_at,
            )
            for ticket in tickets
        ),
    )


def history_values(history: Iterable[StateChange]) -> list[list[Any]]:
    """One list per column of HISTORY_COLUMNS."""
    return _columns(
        len(HISTORY_COLUMNS),
        (
            (
                row.sequence,
                row.axis,
                row.from_value,
                row.to_value,
                row.command_id,
                row.actor.user_id,
                row.actor.name,
                row.actor.device_id,
                row.occurred_at,
                row.recorded_at,
                row.reason,
            )
            for row in history
        ),
    )


def rehydrate_order(row: Row, lines: Sequence[Row]) -> Order:
    """The stored order; ``lines`` are its rows by position."""
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
        lines=tuple(_line(line) for line in lines),
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
        guest_allergy=_guest_allergy(row["guest_allergy"]),
    )


def rehydrate_ticket(row: Row) -> Ticket:
    """The stored ticket."""
    return Ticket(
        id=row["id"],
        order_id=row["order_id"],
        order_number=row["order_number"],
        station_id=row["station_id"],
        station_name=row["station_name"],
        revision=row["revision"],
        course=row["course"],
        order_type=OrderType(row["order_type"]),
        business_date=row["business_date"].isoformat(),
        created_at=row["created_at"],
        target_at=row["target_at"],
        allergens=tuple(row["allergens"]),
        lines=tuple(_ticket_line(line) for line in row["lines"]),
        ready_at=row["ready_at"],
        acknowledged_at=row["acknowledged_at"],
        alarm=Alarm(row["alarm_cause"], row["alarm_at"]) if row["alarm_cause"] else None,
        guest_allergy=_guest_allergy(row["guest_allergy"]),
        allergy_acknowledged_at=row["allergy_acknowledged_at"],
    )


def rehydrate_history(row: Row) -> StateChange:
    """One row of an order's history."""
    return StateChange(
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


def _columns(width: int, rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]


def _json(value: object) -> str:
    """For columns of arrays, whose elements no codec encodes."""
    return orjson.dumps(value).decode()


def _allergy_json(allergy: GuestAllergy | None) -> dict[str, object] | None:
    return None if allergy is None else {"allergens": list(allergy.allergens), "text": allergy.text}


def _guest_allergy(stored: Row | None) -> GuestAllergy | None:
    return None if stored is None else GuestAllergy(tuple(stored["allergens"]), stored["text"])


def _line(row: Row) -> Line:
    return Line(
        id=row["id"],
        item_id=row["item_id"],
        category_id=row["category_id"],
        name=row["name"],
        quantity=row["quantity"],
        unit_price_minor=row["unit_price_minor"],
        options=_options(row["options"]),
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


def _option_lists(options: Iterable[ChosenOption]) -> list[list[object]]:
    return [
        [str(option.option_id), option.name, option.quantity, option.price_delta_minor] for option in options
    ]


def _options(stored: Iterable[Sequence[Any]]) -> tuple[ChosenOption, ...]:
    return tuple(ChosenOption(UUID(id), name, quantity, delta) for id, name, quantity, delta in stored)


def _ticket_line_json(line: TicketLine) -> dict[str, object]:
    return {
        "id": str(line.id),
        "name": line.name,
        "quantity": line.quantity,
        "options": _option_lists(line.options),
        "note": line.note,
        "seat": line.seat,
        "state": line.state.value,
        "ready_at": line.ready_at.isoformat() if line.ready_at else None,
    }


def _ticket_line(stored: Row) -> TicketLine:
    return TicketLine(
        id=UUID(stored["id"]),
        name=stored["name"],
        quantity=stored["quantity"],
        options=_options(stored["options"]),
        note=stored["note"],
        seat=stored["seat"],
        state=Kitchen(stored["state"]),
        ready_at=datetime.fromisoformat(stored["ready_at"]) if stored["ready_at"] else None,
    )
