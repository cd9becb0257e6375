"""Devices that sell: tills that place, pay and cancel, kitchen displays that bump and serve."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from chassis.ids import new_id
from tools.api import Device
from tools.chaos.caller import Caller, Json
from tools.chaos.changes import Changing, Dish, Noted, asked_lines, line_of

FLOAT_MINOR = 10_000
NOTE_MINOR = 1_000
QUEUE_MAX = 10_000
HEARD_TRIES, HEARD_PAUSE_SECONDS = 40, 0.25
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
    change: float = 0.3
    """Orders to be paid later that are changed before."""
    by_check: float = 0.15
    """Bills that are split into two checks."""
    rival: float = 0.3
    """Checks whose money two devices take at once."""
    allergy: float = 0.06
    start: float = 0.2
    recall: float = 0.08
    store_seconds: float = 1.5
    """How often somebody counts, throws away or takes in goods; 0 for never."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What is on the menu, by whether it is counted."""

    plain: tuple[Dish, ...]
    tracked: tuple[Dish, ...]


class Till:
    """One device at the counter with a cash drawer of its own."""

    def __init__(self, caller: Caller, goods: Goods, habits: Habits, approver: Device) -> None:
        self.caller = caller
        self.sold = 0
        self.drawer_minor = 0
        """What must lie in the drawer by what this device was told."""
        self._goods = goods
        self._changing = Changing(caller, approver)
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
        noted = Noted("pay_first" if pay_first else "pay_later")
        careful = rng.random() < habits.allergy
        order = await self._place(noted, careful=careful)
        if order is None:
            return
        self.sold += 1
        if pay_first and rng.random() < habits.walk_away:
            return
        if rng.random() < habits.cancel:
            await self._cancel(order["id"])
            return
        changed = not pay_first and not careful and rng.random() < habits.change
        if changed:
            await self._change(order["id"], noted)
        if noted.total_minor > 1 and rng.random() < habits.by_check:
            await self._pay_by_check(order["id"], noted, changed=changed)
        else:
            await self._pay(order["id"], noted, changed=changed)

    async def _change(self, order_id: str, noted: Noted) -> None:
        """One to three things; something is left to be paid."""
        rng = self._rng
        if rng.random() < 0.6:
            dish = rng.choice(self._goods.plain + (self._goods.tracked if self._habits.tracked else ()))
            await self._changing.add(order_id, noted, dish, rng.randint(1, 2))
        many = [line_id for line_id, (_, units, _, _) in noted.lines.items() if units > 1]
        if many and rng.random() < 0.7:
            await self._changing.void(order_id, noted, rng.choice(many))
        if rng.random() < 0.5:
            await self._changing.discount(order_id, noted)

    async def _place(self, noted: Noted, *, careful: bool) -> Json | None:
        op, flow = str(new_id()), noted.service_flow
        lines = self._basket(op, noted)
        hashed = noted.content
        body: Json = {"service_flow": flow, "order_type": "takeaway", "lines": lines}
        if careful:
            body["guest_allergy"] = {"allergens": ["nuts"], "text": "severe"}
        asked: Json = {"flow": flow, "total_minor": noted.total_minor, "lines": asked_lines(noted)}
        if self._rng.random() >= self._habits.id_from_server:
            body["id"] = asked["id"] = str(new_id())
        order = await self.caller.call("place", "/api/v2/orders", body, asked=asked, content=hashed, op=op)
        if order is not None and self._rng.random() < self._habits.repeat:
            await self.caller.call("place", "/api/v2/orders", body, asked=asked, content=hashed, op=op)
        return order

    def _basket(self, op: str, noted: Noted) -> list[Json]:
        """One to three lines. The first is marked, so that an order can be told by whom it was asked for."""
        rng = self._rng
        chosen = rng.sample(self._goods.plain, rng.randint(1, 2))
        if rng.random() < self._habits.tracked:
            chosen.append(rng.choice(self._goods.tracked))
        basket: list[Json] = []
        for dish in chosen:
            line_id, quantity = str(new_id()), rng.randint(1, 2)
            noted.add(line_id, dish, quantity)
            basket.append(line_of(line_id, dish, quantity))
        basket[0]["note"] = marked(op)
        return basket

    async def _pay(self, order_id: str, noted: Noted, *, changed: bool) -> None:
        total = noted.total_minor
        parts = [total]
        if total > 1 and self._rng.random() < self._habits.split:
            first = self._rng.randint(1, total - 1)
            parts = [first, total - first]
        for amount in parts:
            whole = len(parts) == 1 and not changed
            if not await self._pay_when_heard(order_id, amount, whole=whole, changed=changed):
                return

    async def _pay_by_check(self, order_id: str, noted: Noted, *, changed: bool) -> None:
        """In two halves; of some, two devices take the money at once."""
        path = f"/api/v2/orders/{order_id}/split"
        asked = {"order_id": order_id}
        split = await self.caller.call("split", path, {"mode": "even", "ways": 2}, asked=asked, method="PUT")
        for check in split["checks"] if split is not None else ():
            once = self._pay_when_heard(
                order_id, check["total_minor"], whole=False, changed=changed, check_id=check["id"]
            )
            if self._rng.random() >= self._habits.rival:
                await once
                continue
            await asyncio.gather(
                once, self._pay_part(order_id, check["total_minor"], whole=False, check_id=check["id"])
            )

    async def _pay_when_heard(
        self, order_id: str, amount_minor: int, *, whole: bool, changed: bool, check_id: str = ""
    ) -> bool:
        """Of an order that was changed a moment ago payments may know less than is due by now: the till asks
        again, as somebody else may have taken the money meanwhile.
        """
        for _ in range(HEARD_TRIES if changed else 1):
            if await self._pay_part(order_id, amount_minor, whole=whole, check_id=check_id):
                return True
            await asyncio.sleep(HEARD_PAUSE_SECONDS)
        return False

    async def _pay_part(self, order_id: str, amount_minor: int, *, whole: bool, check_id: str = "") -> bool:
        """One payment in cash; False where it was refused or never answered."""
        body: Json = {
            "method": "cash",
            "tendered_minor": -(-amount_minor // NOTE_MINOR) * NOTE_MINOR,
            "till_session_id": self._session_id,
        }
        if not whole:
            body["amount_minor"] = amount_minor
        asked = {"order_id": order_id, "amount_minor": amount_minor, "till_session_id": self._session_id}
        if check_id:
            body["check_id"] = asked["check_id"] = check_id
            asked["check_minor"] = amount_minor
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
    _allergies: dict[str, Json] = field(default_factory=dict)

    def show(self, tickets: list[Json]) -> None:
        """Tickets that have come up; each is cooked once, by one display."""
        for ticket in tickets:
            mine = int(ticket["id"][-8:], 16) % self.displays == self.number
            if mine and ticket["id"] not in self._seen and ticket["state"] in ("queued", "preparing"):
                self._seen.add(ticket["id"])
                if ticket.get("guest_allergy"):
                    self._allergies[ticket["id"]] = ticket["guest_allergy"]
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
            await self._cook(ticket_id)
            self._busy -= 1

    async def _cook(self, ticket_id: str) -> None:
        rng, habits = self.caller.rng, self.habits
        if ticket_id in self._allergies:
            await self._do("acknowledge", ticket_id, "guest-allergy/acknowledge", self._allergies[ticket_id])
        if rng.random() < habits.start:
            await self._do("start", ticket_id)
        bumped = await self._do("bump", ticket_id)
        if bumped is not None and rng.random() < habits.recall:
            await self._do("recall", ticket_id)
            bumped = await self._do("bump", ticket_id)
        if bumped is not None and rng.random() < habits.serve:
            await self._do("serve", ticket_id)

    async def _do(self, step: str, ticket_id: str, tail: str = "", body: Json | None = None) -> Any:
        path = f"/api/v2/kitchen/tickets/{ticket_id}/{tail or step}"
        return await self.caller.call(step, path, body or {}, asked={"ticket_id": ticket_id})
