"""Devices that sell: tills that place, pay and cancel, kitchen displays that bump and serve."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from chassis.ids import new_id
from tools.chaos.caller import Caller, Json
from tools.chaos.history import content_hash

FLOAT_MINOR = 10_000
NOTE_MINOR = 1_000
QUEUE_MAX = 10_000
COOKS = 3
"""Hands at one display, so that it keeps up with the tills."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How often devices do what; shares of 1."""

    pay_first: float = 0.4
    id_from_server: float = 0.25
    """Older devices let the service make the id: only the key protects them from a second order."""
    tracked: float = 0.3
    repeat: float = 0.08
    cancel: float = 0.12
    walk_away: float = 0.1
    """Guests of a pay_first order who never pay."""
    serve: float = 0.6
    split: float = 0.15
    """Guests who pay in two parts."""


@dataclass(frozen=True, slots=True)
class Dish:
    """An item with the options that it must be asked with, and what one of it costs by the menu, in minor
    units.
    """

    item_id: str
    option_ids: tuple[str, ...]
    price_minor: int


@dataclass(frozen=True, slots=True)
class Goods:
    """What is on the menu, by whether it is counted."""

    plain: tuple[Dish, ...]
    tracked: tuple[Dish, ...]


class Till:
    """One device at the counter with a cash drawer of its own."""

    def __init__(self, caller: Caller, goods: Goods, habits: Habits) -> None:
        self.caller = caller
        self.sold = 0
        self.drawer_minor = 0
        """What must lie in the drawer by what this device was told."""
        self._goods = goods
        self._habits = habits
        self._rng: random.Random = caller.rng
        self._session_id = ""

    async def open(self) -> None:
        """Opens the drawer. Raises RuntimeError where that is refused."""
        name = f"till {self.caller.device.device_id}"
        body = {"till": name, "opening_float_minor": FLOAT_MINOR}
        session = await self.caller.call("open_till", "/api/v2/till-sessions", body)
        if session is None:
            raise RuntimeError(f"{name} could not be opened")
        self._session_id = session["id"]
        self.drawer_minor = FLOAT_MINOR

    async def close(self) -> None:
        """Counts what this device's own notes say and closes the drawer."""
        path = f"/api/v2/till-sessions/{self._session_id}/close"
        asked = {"till_session_id": self._session_id, "counted_minor": self.drawer_minor}
        body = {"counted_minor": self.drawer_minor, "reason": "the end of the run"}
        await self.caller.call("close_till", path, body, asked=asked)

    async def sell(self, orders: int, seconds: float, late_seconds: float) -> None:
        """Sells ``orders`` (what is sold out does not count), spread over ``seconds``; when late, without a
        pause, and begins no new one after ``late_seconds`` more.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.sleep(self._rng.uniform(0, seconds / max(1, orders)))
        while self.sold < orders:
            due = started + seconds * self.sold / max(1, orders)
            await asyncio.sleep(max(0.0, due - loop.time()))
            if loop.time() > started + seconds + late_seconds:
                return
            await self.sell_one()

    async def sell_one(self) -> None:
        """One guest."""
        habits, rng = self._habits, self._rng
        pay_first = rng.random() < habits.pay_first
        order = await self._place("pay_first" if pay_first else "pay_later")
        if order is None:
            return
        self.sold += 1
        if pay_first and rng.random() < habits.walk_away:
            return
        if rng.random() < habits.cancel:
            await self._cancel(order["id"])
            return
        await self._pay(order)

    async def _place(self, flow: str) -> Json | None:
        op = str(new_id())
        basket = self._basket(op)
        lines = [line for line, _ in basket]
        hashed = content_hash(
            flow,
            "takeaway",
            ((one["item_id"], one["quantity"], [o["option_id"] for o in one["options"]]) for one in lines),
        )
        body: Json = {"service_flow": flow, "order_type": "takeaway", "lines": lines}
        asked: Json = {"flow": flow, "total_minor": sum(price for _, price in basket)}
        if self._rng.random() >= self._habits.id_from_server:
            body["id"] = asked["id"] = str(new_id())
        order = await self.caller.call("place", "/api/v2/orders", body, asked=asked, content=hashed, op=op)
        if order is not None and self._rng.random() < self._habits.repeat:
            await self.caller.call("place", "/api/v2/orders", body, asked=asked, content=hashed, op=op)
        return order

    def _basket(self, op: str) -> list[tuple[Json, int]]:
        """One to three lines, each with what it costs. The first is marked, so that an order can be told by
        whom it was asked for.
        """
        rng = self._rng
        chosen = rng.sample(self._goods.plain, rng.randint(1, 2))
        if rng.random() < self._habits.tracked:
            chosen.append(rng.choice(self._goods.tracked))
        basket: list[tuple[Json, int]] = []
        for dish in chosen:
            quantity = rng.randint(1, 2)
            options = [{"option_id": option} for option in dish.option_ids]
            line: Json = {"item_id": dish.item_id, "quantity": quantity, "options": options}
            basket.append((line, quantity * dish.price_minor))
        basket[0][0]["note"] = marked(op)
        return basket

    async def _pay(self, order: Json) -> None:
        total = order["totals"]["total_minor"]
        parts = [total]
        if total > 1 and self._rng.random() < self._habits.split:
            first = self._rng.randint(1, total - 1)
            parts = [first, total - first]
        for amount in parts:
            if not await self._pay_part(order["id"], amount, whole=len(parts) == 1):
                return

    async def _pay_part(self, order_id: str, amount_minor: int, *, whole: bool) -> bool:
        """One payment in cash; False where it was refused or never answered."""
        body: Json = {
            "method": "cash",
            "tendered_minor": -(-amount_minor // NOTE_MINOR) * NOTE_MINOR,
            "till_session_id": self._session_id,
        }
        if not whole:
            body["amount_minor"] = amount_minor
        asked = {"order_id": order_id, "amount_minor": amount_minor, "till_session_id": self._session_id}
        if self._rng.random() >= self._habits.id_from_server:
            body["id"] = asked["id"] = str(new_id())
        path, op = f"/api/v2/orders/{order_id}/payments", str(new_id())
        paid = await self.caller.call("pay", path, body, asked=asked, op=op)
        if paid is not None and self._rng.random() < self._habits.repeat:
            await self.caller.call("pay", path, body, asked=asked, op=op)
        self.drawer_minor += amount_minor if paid is not None else 0
        return paid is not None

    async def _cancel(self, order_id: str) -> None:
        path = f"/api/v2/orders/{order_id}/cancel"
        await self.caller.call("cancel", path, {"reason": "the guest left"}, asked={"order_id": order_id})


def marked(op: str) -> str:
    """The note that names the operation which asked for an order."""
    return f"op {op}"


def operation_of(note: str | None) -> str:
    """The operation that a note names; "" for any other note."""
    return note.removeprefix("op ") if note and note.startswith("op ") else ""


@dataclass(slots=True)
class Display:
    """Works off the share of the kitchen's tickets that is this display's."""

    caller: Caller
    habits: Habits
    number: int
    displays: int
    _queue: "asyncio.Queue[str]" = field(default_factory=lambda: asyncio.Queue(QUEUE_MAX))
    _seen: set[str] = field(default_factory=set)
    _busy: int = 0

    def show(self, tickets: list[Json]) -> None:
        """Tickets that have come up; each is cooked once, by one display."""
        for ticket in tickets:
            mine = int(ticket["id"][-8:], 16) % self.displays == self.number
            if mine and ticket["id"] not in self._seen and ticket["state"] in ("queued", "preparing"):
                self._seen.add(ticket["id"])
                self._queue.put_nowait(ticket["id"])

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being done."""
        return self._queue.empty() and not self._busy

    async def work(self) -> None:
        """One cook, until cancelled."""
        while True:
            ticket_id = await self._queue.get()
            self._busy += 1
            path = f"/api/v2/kitchen/tickets/{ticket_id}"
            bumped = await self._do("bump", path, ticket_id)
            if bumped is not None and self.caller.rng.random() < self.habits.serve:
                await self._do("serve", path, ticket_id)
            self._busy -= 1

    async def _do(self, step: str, path: str, ticket_id: str) -> Any:
        return await self.caller.call(step, f"{path}/{step}", {}, asked={"ticket_id": ticket_id})
