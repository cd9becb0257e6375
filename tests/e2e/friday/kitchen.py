"""Two kitchen displays on real sockets, and cooks before them who work off whatever their screens show."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.friday.notes import Json, Notes
from tools.api import Device, Refused
from tools.chaos.channel_store import ChannelStore
from tools.chaos.sockets import Follower

COOKS = 8
COOKING_SECONDS = 0.15
TOO_LATE = frozenset(
    {"illegal_transition", "allergy_changed", "allergy_not_acknowledged", "concurrent_update"}
)
"""The ticket has changed meanwhile: its next revision says to what."""
LINE_BY_LINE, RECALLED = 13, 23
"""Every so-manieth ticket is made ready line by line, and is recalled once."""
OVER = frozenset({"served", "cancelled"})


@dataclass
class Screen(ChannelStore):
    """What a display keeps, and every revision that it has shown."""

    revisions: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    changed: Callable[[str], None] = lambda ticket_id: None

    def begin(self, epoch: str, seq: int, state: Mapping[str, Any]) -> None:
        super().begin(epoch, seq, state)
        for ticket in state.get("tickets", ()):
            self.revisions[ticket["id"]].add(ticket["revision"])
            self.changed(ticket["id"])

    def _keep(self, one: Json, version: str) -> None:
        super()._keep(one, version)
        self.revisions[one["id"]].add(one["revision"])
        self.changed(one["id"])


class Display:
    """``number`` of ``displays``: each ticket is the work of one of them."""

    def __init__(self, device: Device, notes: Notes, number: int, displays: int) -> None:
        self.screen = Screen(device.device_id, device.restaurant_id, "kitchen", changed=self._look)
        self.follower = Follower(device, self.screen, lambda low, high: low)
        self._device = device
        self._notes = notes
        self._number, self._displays = number, displays
        self._queue: asyncio.Queue[str] = asyncio.Queue(10_000)
        self._waiting: set[str] = set()
        self._busy: set[str] = set()
        self._recalled: set[str] = set()
        self._tried: set[str] = set()
        self._newest: dict[str, Json] = {}

    @property
    def idle(self) -> bool:
        """Nothing on the screen is left to be done."""
        return not self._waiting and not self._busy

    def ticket(self, ticket_id: str) -> Json:
        """As the screen shows it, or as the last step answered it where the screen does not know that yet."""
        shown, told = self.screen.state[ticket_id], self._newest.get(ticket_id)
        return told if told is not None and told["revision"] > shown["revision"] else shown

    def _look(self, ticket_id: str) -> None:
        mine = int(ticket_id[-8:], 16) % self._displays == self._number
        waits = mine and ticket_id not in self._waiting
        if waits and not self._is_over(self.ticket(ticket_id)):
            self._waiting.add(ticket_id)
            self._queue.put_nowait(ticket_id)

    @staticmethod
    def _has_unseen(ticket: Json) -> bool:
        """Whether something is off that no cook has acknowledged."""
        return any(
            line["state"] == "cancelled" and line["cancel_seen_quantity"] < line["quantity"]
            for line in ticket["lines"]
        )

    def _is_over(self, ticket: Json) -> bool:
        return ticket["state"] in OVER and not self._has_unseen(ticket)

    async def cook(self) -> None:
        """One pair of hands, until cancelled."""
        while True:
            ticket_id = await self._queue.get()
            self._waiting.discard(ticket_id)
            if ticket_id in self._busy:
                await asyncio.sleep(0.02)
                self._look(ticket_id)
                continue
            self._busy.add(ticket_id)
            await asyncio.sleep(COOKING_SECONDS)
            while not self._is_over(ticket := self.ticket(ticket_id)):
                if not await self._step(ticket):
                    await asyncio.sleep(0.05)
            self._busy.discard(ticket_id)

    async def _step(self, ticket: Json) -> bool:
        """What a cook does next with a ticket. False where it has changed meanwhile."""
        try:
            if ticket["acknowledged_at"] is None and self._has_unseen(ticket):
                await self._do(ticket, "ack")
                return True
            waits = ticket["guest_allergy"] and not ticket["allergy_acknowledged_at"]
            if waits and ticket["state"] not in OVER:
                await self._acknowledge_allergy(ticket)
                return True
            await self._cook(ticket)
        except Refused as refused:
            if refused.code not in TOO_LATE:
                raise
            self._notes.done[f"kitchen: {refused.code}"] += 1
            return False
        return True

    async def _cook(self, ticket: Json) -> None:
        luck = int(ticket["id"][:8], 16) ^ int(ticket["id"][-4:], 16)
        if ticket["state"] == "ready" and luck % RECALLED == 0 and ticket["id"] not in self._recalled:
            self._recalled.add(ticket["id"])
            await self._do(ticket, "recall")
        elif ticket["state"] == "ready":
            await self._do(ticket, "serve")
        elif luck % LINE_BY_LINE == 0:
            line = next(one for one in ticket["lines"] if one["state"] in ("queued", "preparing"))
            step = "start" if line["state"] == "queued" else "ready"
            await self._do(ticket, f"lines/{line['id']}/{step}")
        else:
            await self._do(ticket, "bump")

    async def _acknowledge_allergy(self, ticket: Json) -> None:
        """Before that, nothing of it can be made ready."""
        if ticket["id"] not in self._tried:
            self._tried.add(ticket["id"])
            try:
                await self._do(ticket, "bump")
            except Refused as refused:
                code = refused.code
                self._notes.check(
                    code in TOO_LATE - {"concurrent_update"}, f"bumped with an allergy: {refused}"
                )
                self._notes.done["allergy_refused"] += code == "allergy_not_acknowledged"
            else:
                self._notes.check(False, f"ticket {ticket['id']} was bumped with an allergy")
        await self._do(ticket, "guest-allergy/acknowledge", ticket["guest_allergy"])
        self._notes.done["allergy_acknowledged"] += 1

    async def _do(self, ticket: Json, step: str, body: Json | None = None) -> None:
        path = f"/api/v2/kitchen/tickets/{ticket['id']}/{step}"
        self._newest[ticket["id"]] = await self._device.post(path, body or {})
        self._notes.done[f"kitchen: {step.rpartition('/')[2]}"] += 1
