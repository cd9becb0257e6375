"""A till: one device that serves its guests by the script and notes what it was told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from chassis.ids import new_id
from tests.e2e.friday import bill_splits, moves
from tests.e2e.friday.carte import BY_NAME, EAT_IN, SPECIAL, takes
from tests.e2e.friday.house import House
from tests.e2e.friday.notes import Json, Line, Notes, Off, Paid, Visit
from tests.e2e.friday.reckoning import reckon
from tests.e2e.friday.script import ALLERGENS, MAINS, Guests, Wish
from tests.e2e.shop import FLOAT_MINOR
from tools.api import Device, Refused

HANDS = 5
"""Guests that a till serves at once: their orders are open beside each other."""
PAUSE_SECONDS = 0.2
HEARD_SECONDS = 60.0
POLL_SECONDS = 0.05
FAR_TOO_MUCH = 50_000_000
GONE = frozenset({"insufficient_stock", "item_unavailable"})
NOT_HEARD = frozenset(
    {"amount_too_large", "amount_above_balance", "concurrent_update", "bill_paid", "bill_not_found"}
)
"""Payments has not heard yet of what the order comes to by now."""


class Till:
    """``number`` of the house's tills. Raises Refused where an answer is none that the script knows."""

    def __init__(self, house: House, notes: Notes, number: int) -> None:
        self.house = house
        self.notes = notes
        self.device: Device = house.tills[number]
        self.name = f"Till {number}"
        self.session_id = ""
        self.closed: Json = {}
        self.beside: dict[str, list[tuple[Guests, Visit]]] = {}
        """By order: others that lines of it went to, which are paid after it."""

    async def open(self) -> None:
        """With a float; the window cleaner is paid out of it."""
        body = {"till": self.name, "opening_float_minor": FLOAT_MINOR}
        self.session_id = (await self.device.post("/api/v2/till-sessions", body))["id"]
        out = {"kind": "paid_out", "amount_minor": 1_500, "reason": "the window cleaner"}
        await self.device.post(f"/api/v2/till-sessions/{self.session_id}/drawer-events", out)
        self.notes.drawer[self.name] -= 1_500

    async def close(self) -> None:
        """By what was noted, not by what the drawer is said to hold."""
        taken = sum(one.amount + one.tip for one in self.notes.paid if one.till == self.name)
        counted = FLOAT_MINOR + taken + self.notes.drawer[self.name]
        path = f"/api/v2/till-sessions/{self.session_id}/close"
        self.closed = await self.device.post(path, {"counted_minor": counted})

    async def serve(self, guests: list[Guests]) -> None:
        """All of this till's guests."""
        waiting = list(reversed(guests))

        async def hand() -> None:
            while waiting:
                await self._serve(waiting.pop())

        async with asyncio.TaskGroup() as group:
            for _ in range(HANDS):
                group.create_task(hand())

    async def _serve(self, guests: Guests) -> None:
        visit = await self.place(guests)
        if "walk_out" in guests.deeds:
            await self._walk_out(visit)
            return
        if guests.pay_first:
            if "order_discount" in guests.deeds:
                await self._discount_order(guests, visit)
                await self.until_heard(visit)
            await self._pay_all(guests, visit)
            visit.fire()
            self.notes.done["pay_first"] += 1
            return
        await self.act(guests, visit)
        await self._settle(guests, visit)
        for theirs, other in self.beside.pop(visit.id, []):
            await self._settle(theirs, other)

    async def act(self, guests: Guests, visit: Visit) -> None:
        """All that happens until they ask for the bill."""
        await asyncio.sleep(PAUSE_SECONDS * guests.luck)
        for deed, does in self._deeds().items():
            if deed in guests.deeds:
                await does(guests, visit)
                self.notes.done[deed] += 1

    async def _settle(self, guests: Guests, visit: Visit) -> None:
        if any(line.held for line in visit.lines):
            await self._fire(visit)
        await asyncio.sleep(PAUSE_SECONDS * guests.luck)
        smaller = visit.off or any(line.fresh_voids or line.late_voids for line in visit.lines)
        if smaller or visit.family or "type_switch" in guests.deeds:
            await self.until_heard(visit)
        if guests.split:
            await bill_splits.split_and_pay(self, guests, visit)
            self.notes.done[f"split_{guests.split}"] += 1
        else:
            await self._pay_all(guests, visit)

    def _deeds(self) -> dict[str, Callable[[Guests, Visit], Awaitable[None]]]:
        """In the order in which they are done. What moves lines between orders comes last."""
        return {
            "sold_out": self._sold_out,
            "conflict": self._conflict,
            "fresh_void": self._fresh_void,
            "allergy_later": self._allergy,
            "note": self._note,
            "hold": self._fire_course,
            "transfer": self._transfer,
            "type_switch": self._type_switch,
            "more_lines": self._more_lines,
            "more_units": self._more_units,
            "late_void": self._late_void,
            "line_discount": self._discount_line,
            "order_discount": self._discount_order,
            "comp": self._comp,
            "taken_back": self._take_back,
            "move_lines": self._move_lines,
            "merge": self._merge,
        }

    def saw(self, visit: Visit, order: Json) -> Json:
        """An answer with the order: it comes to what the notes say."""
        due = reckon(visit)
        told = order["totals"]
        said = (
            told["goods_minor"],
            told["discount_minor"],
            told["service_charge_minor"],
            told["total_minor"],
        )
        true = (due.goods, due.discount, due.service, due.total)
        self.notes.check(said == true, f"order {visit.id} comes to {said} instead of {true}")
        visit.version = order["version"]
        return order

    def path(self, visit: Visit, tail: str = "") -> str:
        """Of the order."""
        return f"/api/v2/orders/{visit.id}{tail}"

    async def place(self, guests: Guests) -> Visit:
        """What is sold out is left out, and the guest orders the rest."""
        wishes = list(guests.wishes)
        while True:
            visit = Visit(str(new_id()), guests.order_type, guests.table)
            visit.lines = [self.line(wish) for wish in wishes]
            body: Json = {
                "id": visit.id,
                "service_flow": "pay_first" if guests.pay_first else "pay_later",
                "order_type": guests.order_type,
                "lines": [self.wanted(line) for line in visit.lines],
            }
            if guests.order_type == EAT_IN:
                body |= {"table_id": self.house.tables[guests.table], "covers": 1 + guests.number % 4}
            if "allergy" in guests.deeds:
                visit.allergens = ALLERGENS
                body["guest_allergy"] = {"allergens": list(visit.allergens), "text": "severe"}
                self.notes.done["allergy"] += 1
            try:
                order = await self.device.post("/api/v2/orders", body)
            except Refused as refused:
                if refused.code not in GONE:
                    raise
                self.notes.done["ran_out"] += 1
                wishes = [
                    replace(one, dish=BY_NAME["Cola"], picks=()) if takes(one.dish, one.picks) else one
                    for one in wishes
                ]
                continue
            self.notes.visits.append(visit)
            if not guests.pay_first:
                for line in visit.lines:
                    line.fired = 0 if line.held else line.quantity
            else:
                for line in visit.lines:
                    line.held = True
            self.saw(visit, order)
            return visit

    def line(self, wish: Wish) -> Line:
        """A line that nobody has ordered yet."""
        line = Line(str(new_id()), wish.dish, wish.picks, wish.quantity, wish.seat, wish.course)
        line.held = wish.held
        return line

    def wanted(self, line: Line) -> Json:
        """The line as it is ordered."""
        body: Json = {"id": line.id, "item_id": self.house.items[line.dish.name], "quantity": line.quantity}
        body["options"] = self.house.asked(line.dish, line.picks)
        if line.seat:
            body["seat"] = line.seat
        return {**body, "course": line.course or None, "hold": line.held}

    async def _walk_out(self, visit: Visit) -> None:
        """They leave, and the kitchen stops."""
        await self.device.post(self.path(visit, "/cancel"), {"reason": "the guests left"})
        visit.cancelled = True
        self.notes.done["walk_out"] += 1

    async def _sold_out(self, guests: Guests, visit: Visit) -> None:
        """Somebody takes a dish off while this till's basket holds it."""
        line = self.line(Wish(BY_NAME[SPECIAL], (), 1))
        body = {"lines": [self.wanted(line)]}
        async with SOLD_OUT:
            item = f"/api/v2/menu/items/{self.house.items[SPECIAL]}/availability"
            await self.house.owner.put(item, {"available": False})
            version = (await self.device.get("/api/v2/menu"))["version"]
            try:
                await self.device.post(self.path(visit, "/lines"), {**body, "menu_version": version})
            except Refused as refused:
                self.notes.check(refused.code == "item_unavailable", f"86: {refused}")
            else:
                self.notes.check(False, f"{visit.id} was sold what is sold out")
            await self.house.owner.put(item, {"available": True})
            version = (await self.device.get("/api/v2/menu"))["version"]
            order = await self.device.post(self.path(visit, "/lines"), {**body, "menu_version": version})
        line.fired = 1
        visit.lines.append(line)
        self.saw(visit, order)

    async def _conflict(self, guests: Guests, visit: Visit) -> None:
        """Two devices change one line: one field twice, which one of them is told; another field merges."""
        line = next(line for line in visit.lines if line.held)
        path, seen = self.path(visit, f"/lines/{line.id}"), visit.version
        values = {self.device.device_id: "no salt", self.house.manager.device_id: "extra salt"}

        async def says(device: Device) -> tuple[Device, Json | Refused]:
            try:
                body = {"note": values[device.device_id], "base_version": seen}
                return device, await device.request("PATCH", path, body, str(new_id()))
            except Refused as refused:
                return device, refused

        answers = await asyncio.gather(says(self.device), says(self.house.manager))
        told = [(device, answer) for device, answer in answers if isinstance(answer, Refused)]
        won = [(device, answer) for device, answer in answers if not isinstance(answer, Refused)]
        self.notes.check(len(told) == 1, f"{len(told)} of two who changed one note of {visit.id} were told")
        [(winner, _)], [(loser, refusal)] = won, told
        both = {"field": "note", "yours": values[loser.device_id], "theirs": values[winner.device_id]}
        self.notes.check(
            isinstance(refusal, Refused) and refusal.problem.get("conflict") == both, f"conflict: {refusal}"
        )
        merged = await loser.request("PATCH", path, {"seat": 3, "base_version": seen}, str(new_id()))
        body = {"note": values[loser.device_id], "base_version": merged["version"]}
        line.note, line.seat = values[loser.device_id], 3
        self.saw(visit, await loser.request("PATCH", path, body, str(new_id())))

    async def _fresh_void(self, guests: Guests, visit: Visit) -> None:
        line = next(line for line in visit.lines if line.held)
        body = {"quantity": 1, "reason": "changed_mind"}
        order = await self.device.post(self.path(visit, f"/lines/{line.id}/void"), body)
        line.fresh_voids += 1
        self.saw(visit, order)

    async def _late_void(self, guests: Guests, visit: Visit) -> None:
        """The kitchen has it: the till is refused, and the manager stands behind it."""
        fired = [line for line in visit.lines if line.fired and line.left]
        line = fired[int(guests.luck * len(fired))]
        if sum(one.left for one in visit.lines) == 1:
            return
        path, body, key = (
            self.path(visit, f"/lines/{line.id}/void"),
            {"quantity": 1, "reason": "quality"},
            str(new_id()),
        )
        if guests.number % 3 == 0:
            try:
                await self.device.post(path, body, key)
            except Refused as refused:
                self.notes.check(refused.code == "approval_needed", f"void: {refused}")
            else:
                self.notes.check(False, f"a till voided what the kitchen has of {visit.id}")
        approval = {"approval": {"token": self.house.manager.access_token}}
        order = await self.device.post(path, {**body, **approval}, key)
        line.late_voids += 1
        self.saw(visit, order)

    async def _fire_course(self, guests: Guests, visit: Visit) -> None:
        await self._fire(visit, MAINS)

    async def _fire(self, visit: Visit, course: str = "") -> None:
        order = await self.device.post(self.path(visit, "/fire"), {"course": course} if course else {})
        visit.fire(course)
        self.saw(visit, order)

    async def more(self, visit: Visit, wishes: list[Wish]) -> None:
        """Lines that are ordered later."""
        lines = [self.line(wish) for wish in wishes]
        try:
            order = await self.device.post(
                self.path(visit, "/lines"), {"lines": [self.wanted(line) for line in lines]}
            )
        except Refused as refused:
            if refused.code not in GONE:
                raise
            self.notes.done["ran_out"] += 1
            return
        for line in lines:
            line.fired = line.quantity
        visit.lines += lines
        self.saw(visit, order)

    async def _more_lines(self, guests: Guests, visit: Visit) -> None:
        await self.more(visit, guests.later)

    async def _more_units(self, guests: Guests, visit: Visit) -> None:
        """One more of a line that the kitchen has."""
        plain = [
            line
            for line in visit.lines
            if line.fired and line.left and not line.cooked_as and not takes(line.dish, line.picks)
        ]
        if not plain:
            return
        line = plain[0]
        body = {"quantity": line.left + 1, "base_version": visit.version}
        order = await self.device.request("PATCH", self.path(visit, f"/lines/{line.id}"), body, str(new_id()))
        line.quantity += 1
        line.fired += 1
        self.saw(visit, order)

    async def _allergy(self, guests: Guests, visit: Visit) -> None:
        visit.allergens = ("milk",)
        body = {"allergens": ["milk"], "text": "asked later"}
        self.saw(visit, await self.device.put(self.path(visit, "/guest-allergy"), body))

    async def _note(self, guests: Guests, visit: Visit) -> None:
        visit.note = f"birthday {guests.number} at {visit.table or 'the counter'}"
        self.saw(visit, await self.device.put(self.path(visit, "/note"), {"note": visit.note}))

    async def _transfer(self, guests: Guests, visit: Visit) -> None:
        body = {"table_id": self.house.tables[guests.other_table]}
        order = await self.device.post(self.path(visit, "/transfer"), body)
        visit.table = guests.other_table
        self.saw(visit, order)

    async def _type_switch(self, guests: Guests, visit: Visit) -> None:
        await moves.take_away(self, visit)

    async def _move_lines(self, guests: Guests, visit: Visit) -> None:
        await moves.move_lines(self, guests, visit)

    async def _merge(self, guests: Guests, visit: Visit) -> None:
        await moves.merge(self, guests, visit)

    async def discount(self, visit: Visit, off: Off, body: Json, by: Device | None = None) -> None:
        """``by``: who stands behind it."""
        body = {"id": off.id, "reason": "waited long", **body}
        body |= {"line_id": off.line_id} if off.line_id else {}
        body |= {"approval": {"token": by.access_token}} if by is not None else {}
        order = await self.device.post(self.path(visit, "/discounts"), body)
        visit.off.append(off)
        self.saw(visit, order)

    async def _discount_line(self, guests: Guests, visit: Visit) -> None:
        line = max((one for one in visit.lines if one.left), key=lambda one: one.dish.price)
        if guests.number % 2:
            off = Off(str(new_id()), amount=25, line_id=line.id)
            await self.discount(visit, off, {"kind": "amount", "amount_minor": 25})
        else:
            off = Off(str(new_id()), bp=700, line_id=line.id)
            await self.discount(visit, off, {"kind": "percent", "value_bp": 700})

    async def _discount_order(self, guests: Guests, visit: Visit) -> None:
        off = Off(str(new_id()), bp=1000)
        by = self.house.manager if visit.off else None
        await self.discount(visit, off, {"kind": "percent", "value_bp": 1000}, by)
        self.notes.done["order_discount_given"] += 1

    async def _comp(self, guests: Guests, visit: Visit) -> None:
        """Only an owner gives something for nothing."""
        sold = [line for line in visit.lines if line.left]
        if len(sold) > 1:
            await self.discount(
                visit,
                Off(str(new_id()), line_id=sold[0].id, is_comp=True),
                {"kind": "comp"},
                self.house.owner,
            )

    async def _take_back(self, guests: Guests, visit: Visit) -> None:
        """A discount that was a mistake: the bill is as before."""
        before = list(visit.off)
        await self.discount(
            visit, Off(str(new_id()), bp=3000), {"kind": "percent", "value_bp": 3000}, self.house.owner
        )
        path = self.path(visit, f"/discounts/{visit.off[-1].id}")
        order = await self.device.request("DELETE", path, None, str(new_id()))
        visit.off = before
        self.saw(visit, order)

    async def until_heard(self, visit: Visit) -> None:
        """Payments knows what the order comes to by now: it says so to whoever wants to pay far too much.

        Else the money would be booked with the VAT of the bill as it was before.
        """
        due = reckon(visit).total - sum(one.amount for one in self.notes.paid if one.order_id == visit.id)
        body: Json = {"method": "cash", "amount_minor": FAR_TOO_MUCH, "till_session_id": self.session_id}
        give_up_at = asyncio.get_running_loop().time() + HEARD_SECONDS
        while asyncio.get_running_loop().time() < give_up_at:
            try:
                await self.device.post(self.path(visit, "/payments"), body)
            except Refused as refused:
                if refused.problem.get("due_minor") == str(due):
                    return
            await asyncio.sleep(POLL_SECONDS)
        self.notes.check(False, f"payments never heard that {due} is due for {visit.id}")

    async def _pay_all(self, guests: Guests, visit: Visit) -> None:
        """The whole bill, or in two parts."""
        total = reckon(visit).total
        parts = [total]
        if "parts" in guests.deeds and total > 1:
            parts = [total // 3, total - total // 3]
        tip = 150 if "tip" in guests.deeds else 0
        for amount in parts:
            if amount:
                await self.pay(visit, amount, tip=tip)
            tip = 0

    async def pay(self, visit: Visit, amount: int, *, check_id: str = "", tip: int = 0) -> Json:
        """Cash, as soon as payments has heard that so much is due."""
        body: Json = {"method": "cash", "amount_minor": amount, "till_session_id": self.session_id}
        body |= {"check_id": check_id} if check_id else {}
        body |= {"tip_minor": tip} if tip else {}
        give_up_at = asyncio.get_running_loop().time() + HEARD_SECONDS
        while True:
            try:
                payment: Json = await self.device.post(self.path(visit, "/payments"), body)
            except Refused as refused:
                late = asyncio.get_running_loop().time() > give_up_at
                if late or refused.code not in NOT_HEARD:
                    raise
                self.notes.done[f"waited: {refused.code}"] += 1
                await asyncio.sleep(POLL_SECONDS)
                continue
            self.took(visit, payment)
            self.notes.check(payment["amount_minor"] == amount, f"{visit.id}: {payment} instead of {amount}")
            return payment

    def took(self, visit: Visit, payment: Json) -> None:
        """The drawer has it."""
        paid = Paid(self.name, visit.id, payment["amount_minor"], payment["tip_minor"])
        self.notes.paid.append(paid)


SOLD_OUT = asyncio.Lock()
"""One basket at a time holds what is taken off, so that each refusal has one reason."""
