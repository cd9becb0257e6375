"""A device's socket on one channel, over every cut: resumes from what it keeps, heals gaps, confirms."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from chassis.ids import new_id
from tools.api import Device, Refused, Unanswered
from tools.chaos.channel_store import ChannelStore, Json

RECONNECT_SECONDS = (0.1, 0.6)
OPEN_SECONDS = 5.0
CONFIRM_SECONDS = 0.5
HEAL_SECONDS = 1.0
"""At most one ``sub`` in this time: the server limits how fast a device talks."""
SILENCE_SECONDS = 35.0
"""Without any frame for this long the connection is dead: heartbeat 20 s x 1.2 + 10 s."""
TOKEN_EXPIRED = 4401

TRANSIENT = (WebSocketException, OSError, TimeoutError, httpx.HTTPError, Unanswered)


class Follower:
    """``run`` follows until it is cancelled. ``on_fresh`` hears of orders or tickets that are new here."""

    def __init__(
        self,
        device: Device,
        store: ChannelStore,
        jitter: Callable[[float, float], float],
        on_fresh: Callable[[list[Json]], None] | None = None,
    ) -> None:
        self.device = device
        self.store = store
        self.live = asyncio.Event()
        self.connections = 0
        self.resumes = 0
        self.snapshots = 0
        self._jitter = jitter
        self._on_fresh = on_fresh
        self._connection: ClientConnection | None = None
        self._healed_at = 0.0
        self._healing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Connects again and again."""
        while True:
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    opened = self.device.socket()
                    connection = await opened.__aenter__()
                try:
                    await self._converse(connection)
                finally:
                    self.live.clear()
                    self._connection = None
                    with contextlib.suppress(*TRANSIENT):
                        await opened.__aexit__(None, None, None)
            except TRANSIENT:
                pass  # a device tries again, whatever it was
            except Refused as refusal:
                if refusal.status not in (401, 404, 409):
                    raise
            await asyncio.sleep(self._jitter(*RECONNECT_SECONDS))

    def cut(self) -> None:
        """The network goes away in the middle of whatever is being said."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def _converse(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.connections += 1
        await self._send(self._hello())
        confirming = asyncio.create_task(self._confirm())
        try:
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    frame = orjson.loads(await connection.recv())
                if await self._take(frame):
                    return
        finally:
            confirming.cancel()
            if self._healing is not None:
                self._healing.cancel()
                self._healing = None

    def _position(self) -> Json:
        known = {"e": self.store.epoch, "s": self.store.seq} if self.store.epoch else {}
        return {"ch": self.store.name, **known}

    def _hello(self) -> Json:
        self.store.subscribed(None)
        device = {"id": self.device.device_id, "kind": self._kind, "app": "chaos"}
        token = self.device.access_token
        return {"t": "hello", "id": 1, "v": 1, "token": token, "device": device, "subs": [self._position()]}

    @property
    def _kind(self) -> str:
        return "kds" if self.device.client == "kds" else "ipad"

    async def _send(self, frame: Json) -> None:
        if self._connection is not None:
            await self._connection.send(orjson.dumps(frame).decode())

    async def _take(self, frame: Json) -> bool:
        """One frame. True: the conversation is over."""
        match frame["t"]:
            case "welcome":
                await self._positioned(frame["subs"][0])
            case "sub_ok":
                await self._positioned(frame)
            case "ev":
                self._event(frame)
            case "synced":
                if not self.store.synced(frame["s"]):
                    self._heal_soon()
            case "ping":
                if frame.get("top", {}).get(self.store.name, 0) > self.store.seq:
                    self._heal_soon()
                await self._send({"t": "pong", "n": frame["n"], "ack": {self.store.name: self.store.seq}})
            case "unsub":
                self.live.clear()
                self.store.subscribed(None)
                self._heal_soon()
            case "bye":
                if frame["code"] == TOKEN_EXPIRED:
                    await self.device.log_in()
                return True
        return False

    def _event(self, frame: Json) -> None:
        if self.store.take(frame) in ("gap", "epoch"):
            self._heal_soon()
        self._hand_over()

    def _hand_over(self) -> None:
        fresh, self.store.fresh = self.store.fresh, []
        if fresh and self._on_fresh is not None:
            self._on_fresh(fresh)

    async def _positioned(self, sub: Json) -> None:
        """Where the channel stands: it goes on, begins with a snapshot, or cannot be had just now."""
        if sub["st"] in ("live", "resumed"):
            self.resumes += sub["st"] == "resumed"
            self.store.subscribed(self.store.seq)
            self.live.set()
        elif sub["st"] == "snapshot":
            self.snapshots += 1
            found = await self.device.get(f"/api/v2/realtime/snapshot?ch={self.store.name}")
            self.store.begin(found["e"], found["s"], found["state"])
            self._hand_over()
            await self._send({"t": "sub", "id": str(new_id()), **self._position()})
        else:
            self._heal_soon()

    def _heal_soon(self) -> None:
        if self._healing is None or self._healing.done():
            self._healing = asyncio.create_task(self._heal())

    async def _heal(self) -> None:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._healed_at + HEAL_SECONDS - now))
        self._healed_at = asyncio.get_running_loop().time()
        self.store.subscribed(None)
        with contextlib.suppress(*TRANSIENT):
            await self._send({"t": "sub", "id": str(new_id()), **self._position()})

    async def _confirm(self) -> None:
        """Says what is applied and kept, in one frame for all that came meanwhile."""
        confirmed = 0
        while self._kind == "kds":
            await asyncio.sleep(CONFIRM_SECONDS)
            if self.store.seq > confirmed and self.live.is_set():
                confirmed = self.store.seq
                with contextlib.suppress(*TRANSIENT):
                    await self._send({"t": "ack", "ack": {self.store.name: confirmed}})


async def refused_channel(device: Device, channel: str) -> bool:
    """Whether the server refuses ``channel`` to ``device``. Raises what a socket raises."""
    async with device.socket() as connection:
        hello: dict[str, Any] = {"t": "hello", "id": 1, "v": 1, "token": device.access_token}
        hello["device"] = {"id": device.device_id, "kind": "ipad", "app": "chaos"}
        hello["subs"] = [{"ch": channel}]
        await connection.send(orjson.dumps(hello).decode())
        welcome = orjson.loads(await connection.recv())
        return bool(welcome["t"] != "welcome" or welcome["subs"][0]["st"] == "denied")
