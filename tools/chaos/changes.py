"""What guests change of an order that was taken: more lines, fewer units, something off. With what its till
noted of it, line by line, so that what it must come to follows from notes alone.
"""

from dataclasses import dataclass, field
from typing import Any

from chassis.ids import new_id
from tools.api import Device
from tools.chaos.caller import Caller
from tools.chaos.history import content_hash

Json = dict[str, Any]
ADD, VOID, DISCOUNT = "add_line", "void_line", "discount"
CHANGES = frozenset({ADD, VOID, DISCOUNT})
OFF_BP = 1_000
"""What an employee may take off alone."""


@dataclass(frozen=True, slots=True)
class Dish:
    """An item with the options that it must be asked with, and what one of it costs by the menu, in minor
    units.
    """

    item_id: str
    option_ids: tuple[str, ...]
    price_minor: int


@dataclass(slots=True)
class Noted:
    """An order as its devices noted it. Line id -> (item, units, options, price of one in minor units)."""

    service_flow: str
    lines: dict[str, tuple[str, int, tuple[str, ...], int]] = field(default_factory=dict)
    off_bp: int = 0
    cooked: dict[str, int] = field(default_factory=dict)
    """Units by item that the kitchen must be given once it may begin, those that were taken off again too."""

    def add(self, line_id: str, dish: Dish, quantity: int) -> None:
        """Another line."""
        self.lines[line_id] = (dish.item_id, quantity, dish.option_ids, dish.price_minor)
        self.cooked[dish.item_id] = self.cooked.get(dish.item_id, 0) + quantity

    def void(self, line_id: str, quantity: int) -> None:
        """Fewer units of a line."""
        item_id, units, options, price = self.lines[line_id]
        self.lines[line_id] = (item_id, units - quantity, options, price)

    @property
    def total_minor(self) -> int:
        """What it must come to: half up, as everything is rounded."""
        goods = sum(units * price for _, units, _, price in self.lines.values())
        return goods - (2 * goods * self.off_bp + 10_000) // 20_000

    @property
    def content(self) -> str:
        """The hash of what is left of it."""
        left = ((item, units, options) for item, units, options, _ in self.lines.values() if units)
        return content_hash(self.service_flow, "takeaway", left)


def line_of(line_id: str, dish: Dish, quantity: int) -> Json:
    """A line as it is ordered."""
    options = [{"option_id": option} for option in dish.option_ids]
    return {"id": line_id, "item_id": dish.item_id, "quantity": quantity, "options": options}


def asked_lines(noted: Noted) -> list[list[Any]]:
    """The lines as a history keeps them."""
    return [
        [line_id, item, units, list(options), price]
        for line_id, (item, units, options, price) in noted.lines.items()
    ]


@dataclass(frozen=True, slots=True)
class Changing:
    """A till's way to change orders; the approver stands behind what the kitchen has already."""

    caller: Caller
    approver: Device

    async def add(self, order_id: str, noted: Noted, dish: Dish, quantity: int) -> None:
        """A line more, where there is any of it."""
        line_id = str(new_id())
        after = Noted(noted.service_flow, dict(noted.lines), noted.off_bp, dict(noted.cooked))
        after.add(line_id, dish, quantity)
        asked = {
            "order_id": order_id,
            "lines": [[line_id, dish.item_id, quantity, list(dish.option_ids), dish.price_minor]],
            "total_minor": after.total_minor,
        }
        body = {"lines": [line_of(line_id, dish, quantity)]}
        if await self.caller.call(ADD, f"/api/v2/orders/{order_id}/lines", body, asked=asked) is not None:
            noted.add(line_id, dish, quantity)

    async def void(self, order_id: str, noted: Noted, line_id: str) -> None:
        """One unit less of a line that the kitchen has."""
        after = Noted(noted.service_flow, dict(noted.lines), noted.off_bp)
        after.void(line_id, 1)
        asked = {"order_id": order_id, "line_id": line_id, "quantity": 1, "total_minor": after.total_minor}
        approval = {"token": self.approver.access_token}
        body = {"quantity": 1, "reason": "changed_mind", "approval": approval}
        path = f"/api/v2/orders/{order_id}/lines/{line_id}/void"
        if await self.caller.call(VOID, path, body, asked=asked) is not None:
            noted.void(line_id, 1)

    async def discount(self, order_id: str, noted: Noted) -> None:
        """As much as somebody at the till may take off."""
        after = Noted(noted.service_flow, dict(noted.lines), OFF_BP)
        asked = {"order_id": order_id, "bp": OFF_BP, "total_minor": after.total_minor}
        body = {"id": str(new_id()), "kind": "percent", "value_bp": OFF_BP, "reason": "waited long"}
        path = f"/api/v2/orders/{order_id}/discounts"
        if await self.caller.call(DISCOUNT, path, body, asked=asked) is not None:
            noted.off_bp = OFF_BP
