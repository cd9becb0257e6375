"""A kitchen display as a device runs it: applies its channel without a gap, and bumps what it shows."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from chassis.ids import new_id
from tools.api import Device

RECONNECT_SECONDS = 0.5
CONFIRM_SECONDS = 0.5
"""Within the second that the protocol gives a kitchen display."""
BUMPERS = 4
QUEUE_MAX = 10_000


class KitchenDisplay:
    """Counts what it sees: tickets once, duplicates never. Survives a lost connection by resuming."""

    def __init__(self, device: Device, on_accepted: Callable[[str, float], None]) -> None:
        self._device = device
        self._on_accepted = on_accepted
        self._channel = f"restaurant:{device.restaurant_id}:kitchen"
        self._epoch = ""
        self._seq = 0
        self._healing = False
        self._to_bump: asyncio.Queue[str] = asyncio.Queue(QUEUE_MAX)
        self.live = asyncio.Event()
        self.tickets: set[str] = set()
        self.accepted: set[str] = set()
        self.bumped = 0
        self.duplicates = 0
        self.reconnects = 0

    async def run(self) -> None:
        """Shows and bumps until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            for _ in range(BUMPERS):
                group.create_task(self._bump())

    async def _listen(self) -> None:
        while True:
            confirming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            try:
                async with self._device.socket() as socket:
                    self._healing = False
                    await socket.send(orjson.dumps(self._hello()).decode())
                    confirming = asyncio.create_task(self._confirm(socket))
                    async for frame in socket:
                        answer = await self._take(orjson.loads(frame))
                        if answer is not None:
                            await socket.send(orjson.dumps(answer).decode())
            except (ConnectionClosed, OSError, TimeoutError):
                self.reconnects += 1
            finally:
                confirming.cancel()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _confirm(self, socket: ClientConnection) -> None:
        """Says what is on the display, in one frame for all that came meanwhile: frames are limited."""
        confirmed = 0
        while True:
            await asyncio.sleep(CONFIRM_SECONDS)
            if self._seq > confirmed and self.live.is_set():
                confirmed = self._seq
                await socket.send(orjson.dumps({"t": "ack", "ack": {self._channel: confirmed}}).decode())

    def _hello(self) -> dict[str, Any]:
        channel: dict[str, Any] = {"ch": self._channel}
        if self._epoch:
            channel |= {"e": self._epoch, "s": self._seq}
        return {
            "t": "hello",
            "id": 1,
            "v": 1,
            "token": self._device.access_token,
            "device": {"id": self._device.device_id, "kind": "kds", "app": "replay"},
            "subs": [channel],
        }

    async def _take(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        """One frame; what to answer, if anything."""
        match frame["t"]:
            case "welcome":
                return await self._positioned(frame["subs"][0])
            case "sub_ok":
                return await self._positioned(frame)
            case "ev":
                return self._apply(frame)
            case "synced":
                self._healing = False
            case "ping":
                return {"t": "pong", "n": frame["n"], "ack": {self._channel: self._seq}}
            case "bye":
                self.live.clear()
        return None

    async def _positioned(self, sub: dict[str, Any]) -> dict[str, Any] | None:
        """Where the channel stands: live, or to be begun with a snapshot."""
        if sub["st"] in ("live", "resumed"):
            self.live.set()
            return None
        if sub["st"] != "snapshot":
            raise RuntimeError(f"the kitchen channel is refused: {sub}")
        snapshot = await self._device.get(f"/api/v2/realtime/snapshot?ch={self._channel}")
        self._epoch, self._seq = snapshot["e"], snapshot["s"]
        arrived = time.perf_counter()
        for ticket in snapshot["state"]["tickets"]:
            if ticket["order_id"] not in self.accepted:
                self._show(ticket["order_id"], [ticket], arrived)
        return {"t": "sub", "id": str(new_id()), "ch": self._channel, "e": self._epoch, "s": self._seq}

    def _apply(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        arrived = time.perf_counter()
        seq = frame["s"]
        if seq <= self._seq:
            self.duplicates += 1
            return None
        if seq > self._seq + 1:
            if self._healing:
                return None
            self._healing = True
            sub = {"ch": self._channel, "e": self._epoch, "s": self._seq}
            return {"t": "sub", "id": str(new_id()), **sub}
        self._seq = seq
        if frame["k"] == "order.accepted":
            order_id = frame["d"]["order_id"]
            self.duplicates += order_id in self.accepted
            self._show(order_id, frame["d"]["tickets"], arrived)
        return None

    def _show(self, order_id: str, tickets: list[dict[str, Any]], arrived: float) -> None:
        self.accepted.add(order_id)
        self._on_accepted(order_id, arrived)
        for ticket in tickets:
            self.duplicates += ticket["id"] in self.tickets
            self.tickets.add(ticket["id"])
            self._to_bump.put_nowait(ticket["id"])

    async def _bump(self) -> None:
        while True:
            ticket_id = await self._to_bump.get()
            await self._device.post(f"/api/v2/kitchen/tickets/{ticket_id}/bump", {})
            self.bumped += 1
