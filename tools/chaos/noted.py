"""What every order must be by now: the notes of its devices, read from their histories."""

from collections.abc import Iterable
from typing import Any

from tools.chaos.changes import ADD, CHANGES, VOID, Dish, Noted
from tools.chaos.evidence import Evidence
from tools.chaos.history import Operation


def noted_of(evidence: Evidence) -> dict[str, Noted]:
    """Every accepted order as its devices' notes say it must be by now, by the operation that asked for it.
    Orders whose lines were not noted are left out.
    """
    found: dict[str, Noted] = {}
    by_order: dict[str, Noted] = {}
    for op in evidence.operations:
        if not op.accepted:
            continue
        if op.kind == "place" and "lines" in op.asked:
            noted = Noted(str(op.asked["flow"]))
            _take(noted, op.asked["lines"])
            found[op.id] = by_order[str(op.answers[0]["id"])] = noted
        elif op.kind in CHANGES:
            _follow(by_order[str(op.asked["order_id"])], op)
    return found


def _follow(noted: Noted, op: Operation) -> None:
    if op.kind == ADD:
        _take(noted, op.asked["lines"])
    elif op.kind == VOID:
        noted.void(str(op.asked["line_id"]), int(op.asked["quantity"]))
    else:
        noted.off_bp = int(op.asked["bp"])


def _take(noted: Noted, lines: Iterable[list[Any]]) -> None:
    for line_id, item_id, quantity, options, price in lines:
        noted.add(line_id, Dish(item_id, tuple(options), price), quantity)
