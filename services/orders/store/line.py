"""Lines: those of an order are rows, those of a ticket are JSON in its row."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.db import Transaction
from services.orders.domain.order.order import ChosenOption, Kitchen, Line
from services.orders.domain.ticket import TicketLine

Row = Mapping[str, Any]

FIND_LINES = """
SELECT * FROM order_line WHERE restaurant_id = $1 AND order_id = $2 ORDER BY position
"""
FIND_LINES_OF = """
SELECT * FROM order_line WHERE restaurant_id = $1 AND order_id = ANY ($2::uuid[]) ORDER BY order_id, position
"""


async def find_lines(tx: Transaction, order_id: UUID) -> tuple[Line, ...]:
    """The lines of an order, in their order."""
    return tuple(line_in(row) for row in await tx.fetch(FIND_LINES, tx.tenant, order_id))


async def find_lines_of(tx: Transaction, order_ids: Sequence[UUID]) -> dict[UUID, tuple[Line, ...]]:
    """The lines of each of these orders; one query for all."""
    found: dict[UUID, list[Line]] = {order_id: [] for order_id in order_ids}
    if order_ids:
        for row in await tx.fetch(FIND_LINES_OF, tx.tenant, list(order_ids)):
            found[row["order_id"]].append(line_in(row))
    return {order_id: tuple(lines) for order_id, lines in found.items()}


def line_columns(lines: Iterable[tuple[int, Line]]) -> list[list[Any]]:
    """One list per column, for ``unnest``; every line comes with its position."""
    return columns(
        20,
        (
            (
                line.id,
                position,
                line.item_id,
                line.category_id,
                line.name,
                line.quantity,
                line.unit_price_minor,
                as_json(_option_lists(line.options)),
                line.note,
                line.seat,
                line.course,
                line.hold,
                line.gross_minor,
                line.discount_minor,
                line.vat_rate_bp,
                line.vat_minor,
                as_json(line.allergens),
                line.kitchen.value,
                line.voided,
                line.stock_tracked,
            )
            for position, line in lines
        ),
    )


def line_in(row: Row) -> Line:
    """A line from a row with the columns of its table."""
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


def ticket_line_json(line: TicketLine) -> dict[str, object]:
    """How a line lies in its ticket's row."""
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


def ticket_line_in(stored: Row) -> TicketLine:
    """A line of a ticket's row."""
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


def _option_lists(options: Iterable[ChosenOption]) -> list[list[object]]:
    return [
        [str(option.option_id), option.name, option.quantity, option.price_delta_minor] for option in options
    ]


def _options_in(stored: Iterable[Sequence[Any]]) -> tuple[ChosenOption, ...]:
    return tuple(ChosenOption(UUID(id), name, quantity, delta) for id, name, quantity, delta in stored)


def as_json(value: object) -> str:
    """For columns of arrays, whose elements no codec encodes."""
    return orjson.dumps(value).decode()


def columns(width: int, rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The columns of these rows; ``width`` empty ones where there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
