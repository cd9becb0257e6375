"""What journeys have in common: a basket from the demo menu, a till of one's own, a socket that applies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection

from chassis.ids import new_id
from tools.api import Device

FLOAT_MINOR = 10_000


async def basket(device: Device, count: int = 2, *, tracked: bool = False) -> list[dict[str, Any]]:
    """Lines for ``count`` different items on sale, each with what it must be asked."""
    menu = await device.get("/api/v2/menu")
    items = [
        item
        for category in menu["categories"]
        for item in category["items"]
        if item["available"] and (item["stock_left"] is not None) == tracked
    ]
    return [line_of(item) for item in items[:count]]


def line_of(item: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
    """A line that answers the item's required questions with the first options."""
    options = [
        {"option_id": option["id"]}
        for group in item["option_groups"]
        for option in group["options"][: group["min"]]
    ]
    return {"item_id": item["id"], "quantity": quantity, "options": options}


async def order_body(device: Device, **changes: Any) -> dict[str, Any]:
    """A takeaway order of two items."""
    body = {"id": str(new_id()), "service_flow": "pay_later", "order_type": "takeaway"}
    lines = changes.pop("lines", None) or await basket(device)
    return {**body, "lines": lines, **changes}


async def open_till(device: Device) -> dict[str, Any]:
    """A till that no other test uses."""
    body = {"till": f"till {new_id().hex[-10:]}", "opening_float_minor": FLOAT_MINOR}
    session: dict[str, Any] = await device.post("/api/v2/till-sessions", body)
    return session


async def pay_cash(
    device: Device, order: dict[str, Any], session_id: str, tendered_minor: int
) -> dict[str, Any]:
    """Takes the whole balance in cash."""
    body = {"method": "cash", "tendered_minor": tendered_minor, "till_session_id": session_id}
    payment: dict[str, Any] = await device.post(f"/api/v2/orders/{order['id']}/payments", body)
    return payment


class Socket:
    """One subscribed device socket."""

    def __init__(self, connection: ClientConnection, welcome: dict[str, Any]) -> None:
        self._connection = connection
        self.welcome = welcome
        self.events: list[dict[str, Any]] = []

    async def event(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next event of ``kind`` whose payload has the wanted members; answers pings on the way."""
        while True:
            frame = await self.frame()
            if frame["t"] == "ping":
                await self.send({"t": "pong", "n": frame["n"]})
            if frame["t"] != "ev":
                continue
            self.events.append(frame)
            if frame["k"] == kind and all(frame["d"].get(name) == value for name, value in wanted.items()):
                return frame

    async def frame(self) -> dict[str, Any]:
        """The next frame, whatever it is."""
        found: dict[str, Any] = orjson.loads(await self._connection.recv())
        return found

    async def send(self, frame: dict[str, Any]) -> None:
        """Sends one frame."""
        await self._connection.send(orjson.dumps(frame).decode())


@asynccontextmanager
async def subscribed(device: Device, *channels: str, kind: str = "kds") -> AsyncIterator[Socket]:
    """A socket that is live on the restaurant's ``channels``."""
    async with device.socket() as connection:
        subs = [{"ch": f"restaurant:{device.restaurant_id}:{name}"} for name in channels]
        hello = {
            "t": "hello",
            "id": 1,
            "v": 1,
            "token": device.access_token,
            "device": {"id": device.device_id, "kind": kind, "app": "e2e"},
            "subs": subs,
        }
        await connection.send(orjson.dumps(hello).decode())
        socket = Socket(connection, orjson.loads(await connection.recv()))
        for sub in socket.welcome["subs"]:
            await _go_live(device, socket, sub)
        yield socket


async def _go_live(device: Device, socket: Socket, sub: dict[str, Any]) -> None:
    """A fresh subscriber reads the channel's snapshot and goes on from its position."""
    snapshot = await device.get(f"/api/v2/realtime/snapshot?ch={sub['ch']}")
    await socket.send({"t": "sub", "id": 2, "ch": sub["ch"], "e": snapshot["e"], "s": snapshot["s"]})
    while (frame := await socket.frame())["t"] != "sub_ok":
        socket.events.append(frame)
    if frame["st"] not in ("live", "resumed"):
        raise RuntimeError(f"{sub['ch']} does not go live: {frame}")
