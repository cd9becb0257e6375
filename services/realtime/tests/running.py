"""The running service and what surrounds it: owners with an in-memory log, auth, a publisher, devices."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import nats
import orjson
from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import (
    KitchenServiceServicer,
    add_KitchenServiceServicer_to_server,
)
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    ChannelSourceServiceServicer,
    add_ChannelSourceServiceServicer_to_server,
)
from google.protobuf.message import Message
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from chassis.auth import Revocations, ServiceIdentity, TokenVerifier
from chassis.clock import SystemClock
from chassis.errors import Problem, Unavailable
from chassis.ids import new_id
from chassis.messaging.stream import ensure_stream, event_headers, subject_of
from chassis.process.runtime import Service
from chassis.rpc import RpcServer
from harness.rpc import StandInAuth, TokenMint, keys_for_tests, settings_for_tests
from services.realtime.main import assemble
from services.realtime.protocol import SUBPROTOCOL
from services.realtime.settings import RealtimeSettings
from services.realtime.tests.world import EVERYTHING

Frame = dict[str, Any]
PATIENCE_SECONDS = 20.0
"""What is awaited comes in milliseconds, and a starved machine gets this long."""


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Returns when the condition holds; the test fails when it takes longer."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - looks at what has no event
            await asyncio.sleep(0.05)


class Owner(ChannelSourceServiceServicer):
    """Keeps the log of every channel and answers as the owners' outboxes do."""

    def __init__(self) -> None:
        self.epoch = "e1"
        self.logs: dict[tuple[str, str], list[realtime_pb2.ChannelEvent]] = {}
        self.first: dict[tuple[str, str], int] = {}
        self.calls = 0
        self.down = self.broken = False
        """It does not answer at all; it only knows where its channels stand."""

    def append(self, rid: str, channel: str, event: realtime_pb2.ChannelEvent) -> int:
        log = self.logs.setdefault((rid, channel), [])
        event.seq = self.first.get((rid, channel), 1) + len(log)
        log.append(event)
        return event.seq

    async def ReplayChannel(
        self, request: channel_source_api.ReplayChannelRequest, context: object
    ) -> channel_source_api.ReplayChannelResponse:
        self.calls += 1
        if self.down:
            raise Unavailable("the owner is away")
        if self.broken and request.epoch:
            raise Problem("the events cannot be read")
        key = (request.restaurant_id, request.channel)
        log, first = self.logs.get(key, []), self.first.get(key, 1)
        answer = channel_source_api.ReplayChannelResponse(epoch=self.epoch, head_seq=first - 1 + len(log))
        answer.outcome = channel_source_api.REPLAY_OUTCOME_EVENTS
        if request.epoch and request.epoch != self.epoch:
            answer.outcome = channel_source_api.REPLAY_OUTCOME_EPOCH_CHANGED
        elif request.epoch and not first - 1 <= request.from_seq <= answer.head_seq:
            answer.outcome = channel_source_api.REPLAY_OUTCOME_TOO_OLD
        elif request.epoch:
            begin = request.from_seq + 1 - first
            answer.events.extend(log[begin : begin + request.limit])
        return answer


class Kitchen(KitchenServiceServicer):
    """Takes reports of unseen tickets."""

    def __init__(self) -> None:
        self.reports: list[orders_api.ReportUndeliveredRequest] = []
        self.delivered: list[orders_api.ReportDeliveredRequest] = []

    async def ReportUndelivered(
        self, request: orders_api.ReportUndeliveredRequest, context: object
    ) -> orders_api.ReportUndeliveredResponse:
        self.reports.append(request)
        return orders_api.ReportUndeliveredResponse()

    async def ReportDelivered(
        self, request: orders_api.ReportDeliveredRequest, context: object
    ) -> orders_api.ReportDeliveredResponse:
        self.delivered.append(request)
        return orders_api.ReportDeliveredResponse()


PEERS = ("auth", "orders", "catalog", "staff", "payments")


class Running:
    """See the module. Every instance uses a restaurant of its own."""

    def __init__(self, nats_url: str, **overrides: Any) -> None:
        self.nats_url = nats_url
        self.overrides = overrides
        self.clock = SystemClock()
        self.mint = TokenMint(self.clock)
        self.owner = Owner()  # type: ignore[abstract]
        self.auth = StandInAuth(self.mint)  # type: ignore[abstract]
        self.kitchen = Kitchen()  # type: ignore[abstract]
        self.rid = str(new_id())
        self.numbers = itertools.count(1)
        self.devices: list[Device] = []
        self.peers: list[RpcServer] = []
        self.addresses: dict[str, str] = {}
        self.unpublished: list[tuple[str, bytes, dict[str, str]]] = []

    async def __aenter__(self) -> Self:
        verifier = TokenVerifier(self.mint.fetch_keys, self.clock)
        for peer in PEERS:
            settings = settings_for_tests(service_name=peer, nats_url=self.nats_url)
            server = RpcServer(
                settings,
                verifier=verifier,
                revocations=Revocations(self.clock),
                identity=ServiceIdentity.of(settings, self.clock),
                clock=self.clock,
            )
            server.add(add_ChannelSourceServiceServicer_to_server, self.owner)
            server.add(add_AuthServiceServicer_to_server, self.auth)
            server.add(add_KitchenServiceServicer_to_server, self.kitchen)
            self.addresses[f"{peer}_address"] = f"127.0.0.1:{await server.start()}"
            self.peers.append(server)
        self.bus = await nats.connect(self.nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
        await ensure_stream(self.bus)
        await self.start_service()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for device in self.devices:
            await device.close()
        await self.service.stop()
        await self.bus.close()
        for server in self.peers:
            await server.stop(0)

    async def start_service(self) -> None:
        """Starts a realtime process (in this one)."""
        values: dict[str, Any] = {
            **keys_for_tests("realtime"),
            "admin_port": 0,
            "grpc_port": 0,
            "nats_url": self.nats_url,
            "realtime_socket_port": 0,
            "drain_grace_seconds": 10,
            "trusted_proxies": ["127.0.0.1"],
            "allowed_origins": ["https://till.example"],
            **self.addresses,
        }
        self.service: Service
        settings = RealtimeSettings(**(values | self.overrides))
        self.service, self.engine, self.feed = await assemble(settings, self.clock)
        await self.service.start()
        self.url = f"ws://127.0.0.1:{self.engine.sockets.port}/api/v2/ws"

    # --- events -------------------------------------------------------------------------------------------

    async def emit(
        self, message: Message, *channels: str, publish: bool = True, rid: str | None = None
    ) -> None:
        """Commits an event in the owner's log and publishes it as the relay does."""
        rid = rid or self.rid
        message_id, name, at = new_id(), message.DESCRIPTOR.full_name, datetime.now(UTC)
        payload = message.SerializeToString()
        positions = []
        for channel in channels:
            kept = realtime_pb2.ChannelEvent(type=name, payload=payload, message_id=str(message_id))
            kept.occurred_at.FromDatetime(at)
            positions.append([channel, self.owner.epoch, self.owner.append(rid, channel, kept)])
        row = {"msg_id": message_id, "type": name, "subject_id": "x", "created_at": at, "trace": None}
        row |= {"positions": positions, "command_id": "cmd"}
        headers, subject = event_headers(row, "orders"), subject_of(name, UUID(rid))
        if publish:
            await self.bus.jetstream().publish(subject, payload, headers=headers, timeout=PATIENCE_SECONDS)
        else:
            self.unpublished.append((subject, payload, headers))

    async def flush_unpublished(self) -> None:
        """Publishes what was committed without being published, in order."""
        for subject, payload, headers in self.unpublished:
            await self.bus.jetstream().publish(subject, payload, headers=headers, timeout=PATIENCE_SECONDS)
        self.unpublished.clear()

    async def order(self, number: int | None = None, *, publish: bool = True) -> str:
        """Places an order with one ticket; its id."""
        number = number or next(self.numbers)
        order_id = str(new_id())
        order = orders_pb2.Order(id=order_id, number=number, currency_code="GBP", version=1)
        ticket = orders_pb2.Ticket(id=str(new_id()), order_id=order_id, order_number=number, revision=1)
        ticket.state = orders_pb2.KITCHEN_STATE_QUEUED
        ticket.station_id = "grill"
        message = orders_events.OrderPlaced(order=order, tickets=[ticket])
        await self.emit(message, "orders", "kitchen", publish=publish)
        return order_id

    async def order_of(self, rid: str) -> None:
        """Places an order in another restaurant."""
        order = orders_pb2.Order(id=str(new_id()), currency_code="GBP", version=1)
        await self.emit(orders_events.OrderPlaced(order=order), "orders", rid=rid)

    async def stock(self, available: int, *, name: str = "", publish: bool = True) -> None:
        """Changes the level of the one counted item."""
        level = catalog_pb2.StockLevel(item_id="soup", item_name=name, available=available, version=available)
        await self.emit(catalog_events.StockChanged(level=level), "inventory", publish=publish)

    # --- devices ------------------------------------------------------------------------------------------

    def token(self, *, life: timedelta = timedelta(minutes=15), **overrides: Any) -> str:
        """A token of a person of this restaurant who may read everything."""
        now = self.clock.now()
        values = {"restaurant_id": UUID(self.rid), "permissions": EVERYTHING, "device_id": None}
        return self.mint.token(self.mint.principal(**(values | {"expires_at": now + life} | overrides)))

    def channel(self, short: str) -> str:
        return f"restaurant:{self.rid}:{short}"

    async def open(self, **options: Any) -> "Device":
        """A connected socket that has not said anything."""
        options = {
            "subprotocols": [Subprotocol(SUBPROTOCOL)],
            "compression": None,
            "ping_interval": None,
        } | options
        device = Device(self, await connect(self.url, **options))
        self.devices.append(device)
        return device

    async def hello(
        self, *subs: Any, token: str | None = None, kind: str = "ipad", device_id: str = "", **options: Any
    ) -> tuple["Device", Frame]:
        """A socket that has said hello, and the welcome."""
        device = await self.open(**options)
        wanted = [{"ch": self.channel(sub)} if isinstance(sub, str) else sub for sub in subs]
        known = {"id": device_id or str(new_id()), "kind": kind}
        await device.send(t="hello", id=1, v=1, token=token or self.token(), device=known, subs=wanted)
        return device, await device.next("welcome", "bye")

    def at(self, short: str, seq: int) -> Frame:
        """A sub entry with a position."""
        return {"ch": self.channel(short), "e": self.owner.epoch, "s": seq}


class Device:
    """A client's end of a socket."""

    def __init__(self, running: Running, socket: ClientConnection) -> None:
        self._running = running
        self.socket = socket
        self.seen: list[Frame] = []

    async def send(self, **content: Any) -> None:
        await self.socket.send(orjson.dumps(content).decode())

    async def next(self, *kinds: str, seconds: float = PATIENCE_SECONDS) -> Frame:
        """The next frame of one of these types; others are kept in ``seen``."""
        async with asyncio.timeout(seconds):
            while True:
                frame: Frame = orjson.loads(await self.socket.recv())
                self.seen.append(frame)
                if not kinds or frame["t"] in kinds:
                    return frame

    async def events(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[Frame]:
        """The next ``count`` events."""
        return [await self.next("ev", seconds=seconds) for _ in range(count)]

    async def quiet(self, seconds: float = 0.3) -> None:
        """Asserts that no event comes for a while."""
        try:
            frame = await self.next("ev", seconds=seconds)
        except TimeoutError:
            return
        raise AssertionError(f"an event came: {frame}")

    async def closed(self, seconds: float = PATIENCE_SECONDS) -> tuple[int, Frame | None]:
        """The close code, and the bye before it."""
        async with asyncio.timeout(seconds):
            try:
                while True:
                    self.seen.append(orjson.loads(await self.socket.recv()))
            except ConnectionClosed:
                await self.socket.wait_closed()
        byes = [frame for frame in self.seen if frame["t"] == "bye"]
        code = self.socket.close_code
        assert code is not None
        return code, byes[-1] if byes else None

    async def close(self) -> None:
        await self.socket.close()
