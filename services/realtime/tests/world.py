"""A world without I/O: an owner with its log, a feed that may lose and repeat, the hub, and model clients.

The client keeps the rules of the protocol and nothing else: contiguous positions, holes asked for,
snapshots where the server says so. What it ends up with must equal the owner's snapshot.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from fynlo_json import catalog as catalog_json
from fynlo_json import orders as orders_json
from google.protobuf.message import Message

from chassis.auth import Principal, PrincipalKind
from chassis.errors import Problem
from chassis.messaging.channels import CHANNELS
from services.realtime.frames import Event
from services.realtime.hub.core import Hub
from services.realtime.hub.fetch import Fetch, Fetched
from services.realtime.hub.session import Identity, Session, Verify

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
RID = "0192f0c0-0000-7000-8000-000000000001"
EVERYTHING = frozenset({"realtime.subscribe", *(spec.permission for spec in CHANNELS.values())})
TICKET_STATES = (
    orders_pb2.KITCHEN_STATE_QUEUED,
    orders_pb2.KITCHEN_STATE_PREPARING,
    orders_pb2.KITCHEN_STATE_READY,
    orders_pb2.KITCHEN_STATE_SERVED,
    orders_pb2.KITCHEN_STATE_CANCELLED,
)
OPEN_TICKETS = {"queued", "preparing", "ready"}


def principal(**overrides: Any) -> Principal:
    """Somebody who may read everything of the restaurant RID."""
    values: dict[str, Any] = {
        "kind": PrincipalKind.USER,
        "subject": UUID(int=1),
        "name": "Ada",
        "restaurant_id": UUID(RID),
        "platform_id": None,
        "role": "manager",
        "permissions": EVERYTHING,
        "client": "ios",
        "device_id": None,
        "session_id": UUID(int=2),
        "issued_at": START,
        "expires_at": START + timedelta(minutes=15),
    }
    return Principal(**(values | overrides))


def channel(short: str) -> str:
    """The full name of a channel of RID."""
    return f"restaurant:{RID}:{short}"


def frames_in(data: bytes) -> list[tuple[int, bytes]]:
    """Unmasked WebSocket frames: (opcode, payload)."""
    found, at = [], 0
    while at < len(data):
        opcode, length = data[at] & 0x0F, data[at + 1]
        at += 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        found.append((opcode, data[at : at + length]))
        at += length
    return found


class FakeWire:
    """A socket in memory with a buffer that fills up while the reader does not read."""

    def __init__(self, world: "World", high: int = 64 * 1024) -> None:
        self._world = world
        self.session: Session | None = None
        self.out: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.finished = self.aborted = self.broken = False
        self.stalled = False
        self.held: list[bytes] = []
        self.taken = 0
        self._high = high
        self._paused = False

    def write(self, data: bytes) -> None:
        if self.broken:
            raise RuntimeError("the handler is closed")
        self.held.append(data)
        if not self.stalled:
            self._flush()
        elif not self._paused and sum(map(len, self.held)) > self._high:
            self._paused = True
            assert self.session is not None
            self._world.hub.paused(self.session, self._world.now)

    def drip(self, size: int) -> None:
        """The reader takes a few bytes."""
        while size > 0 and self.held:
            first = self.held[0]
            self.held[0] = first[size:]
            self.taken += len(first) - len(self.held[0])
            size -= len(first)
            if not self.held[0]:
                del self.held[0]
        if self._paused and self.unsent() < self._high // 4:
            self._paused = False
            assert self.session is not None
            self._world.hub.resumed(self.session)

    def unsent(self) -> int:
        return sum(map(len, self.held))

    def progress(self) -> tuple[int, int]:
        return self.taken, self.unsent()

    def read_on(self) -> None:
        """The reader reads again."""
        self.stalled = False
        self._flush()
        if self._paused:
            self._paused = False
            assert self.session is not None
            self._world.hub.resumed(self.session)

    def _flush(self) -> None:
        self.taken += self.unsent()
        for data in self.held:
            for opcode, payload in frames_in(data):
                if opcode == 8:
                    self.closed = int.from_bytes(payload[:2], "big")
                elif opcode == 1:
                    self.out.append(orjson.loads(payload))
        self.held.clear()

    def finish(self) -> None:
        self.finished = True

    def abort(self) -> None:
        self.aborted = True

    def take(self) -> list[dict[str, Any]]:
        """The frames since the last time."""
        taken, self.out = self.out, []
        return taken


class RecordingWire:
    """A socket in memory that takes everything."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.frames += [orjson.loads(payload) for opcode, payload in frames_in(data) if opcode == 1]

    def unsent(self) -> int:
        return 0

    def progress(self) -> tuple[int, int]:
        return 0, 0

    def finish(self) -> None:
        """Nothing waits."""

    def abort(self) -> None:
        """Nothing is there to cut."""

    def seqs(self, name: str) -> list[int]:
        """The numbers of the events of a channel, as they came."""
        return [frame["s"] for frame in self.frames if frame["t"] == "ev" and frame["ch"] == name]


UNNUMBERED_MAX = 2


@dataclass
class OwnedChannel:
    """The truth of one channel: its log and its state."""

    epoch: str = "e1"
    log: list[Event] = field(default_factory=list)
    first: int = 1
    """The oldest position that is still there."""

    @property
    def head(self) -> int:
        return self.first - 1 + len(self.log)

    def after(self, seq: int) -> list[tuple[int, Event]] | None:
        if not self.first - 1 <= seq <= self.head:
            return None
        return list(enumerate(self.log[seq - self.first + 1 :], seq + 1))


class Kitchen:
    """Stands in for KitchenAlarms where a test wants to see what it is told."""

    def __init__(self) -> None:
        self.joined: list[Session] = []
        self.left: list[Session] = []
        self.acks: list[tuple[Session, str, int]] = []
        self.heard: list[str] = []
        self.published_seqs: list[tuple[str, int]] = []

    def published(self, event: Event, epoch: str, seq: int, now: float, age_seconds: float) -> None:
        self.published_seqs.append((epoch, seq))

    def told(self, event: Event) -> None:
        self.heard.append(event.type)

    def display_joined(self, session: Session) -> None:
        self.joined.append(session)

    def display_left(self, session: Session) -> None:
        self.left.append(session)

    def acknowledged(self, session: Session, epoch: str, seq: int) -> None:
        self.acks.append((session, epoch, seq))


class World:
    """Owner, feed and hub. Nothing moves unless a test moves it."""

    def __init__(self, seed: int = 0, **limits: int) -> None:
        self.rng = random.Random(seed)
        self.now = 1000.0
        self.wall = START
        self.limits = limits
        self.kitchen = Kitchen()
        self.revoked: Callable[[Principal], None] = lambda _: None
        self.refusals: list[tuple[Problem, Identity | None, str, str]] = []
        self.owned = {short: OwnedChannel() for short in CHANNELS}
        self.orders: dict[str, orders_pb2.Order] = {}
        self.tickets: dict[str, orders_pb2.Ticket] = {}
        self.levels: dict[str, catalog_pb2.StockLevel] = {}
        self.feed: list[tuple[Event, list[tuple[str, str, int]]]] = []
        self.tokens: dict[str, Any] = {"good": principal()}
        self.owner_down = False
        self.fetched = 0
        self.hub = self._new_hub()

    def _new_hub(self) -> Hub:
        return Hub(
            wall=lambda: self.wall,
            now=self.now,
            kitchen=self.kitchen,
            rng=random.Random(7),
            check_revoked=lambda who: self.revoked(who),
            refused=lambda problem, who, asked, address: self.refusals.append((problem, who, asked, address)),
            connections_per_restaurant=self.limits.get("connections_per_restaurant", 200),
            preauth_per_address=self.limits.get("preauth_per_address", 100),
            accepts_per_address=self.limits.get("accepts_per_address", 1_000),
        )

    # --- the shell ----------------------------------------------------------------------------------------

    def connect(self, *, origin_allowed: bool = False, address: str = "10.0.0.1") -> FakeWire:
        wire = FakeWire(self)
        wire.session = self.hub.opened(wire, address, origin_allowed, self.now)
        return wire

    def send(self, wire: FakeWire, **content: Any) -> None:
        assert wire.session is not None
        self.hub.received(wire.session, orjson.dumps(content), self.now)

    def hello(self, *subs: Any, token: str = "good", kind: str = "ipad", **device: Any) -> FakeWire:
        """A client that has said hello and got its answer."""
        wire = self.connect(address="")
        wanted = [{"ch": channel(sub)} if isinstance(sub, str) else sub for sub in subs]
        number = str(self.hub._numbers)
        known = {"id": f"dev{number}", "kind": kind} | device
        self.send(wire, t="hello", id=1, v=1, token=token, device=known, subs=wanted)
        self.carry_out()
        return wire

    def carry_out(self, *, fail: bool = False) -> None:
        while self.hub.requests:
            request = self.hub.requests.popleft()
            if isinstance(request, Verify):
                outcome = self.tokens[request.token]
                self.hub.verified(request.session, outcome, self.now)
            else:
                self.hub.fetched(request, self._fetch(request, fail), self.now)

    def _fetch(self, fetch: Fetch, fail: bool) -> Fetched:
        self.fetched += 1
        if fail or self.owner_down:
            return Fetched(None, 0, [], False)
        owned = self.owned[fetch.channel.short]
        if fetch.epoch is None:
            return Fetched(owned.epoch, owned.head, [], True)
        found = owned.after(fetch.seq) if fetch.epoch == owned.epoch else None
        if found is None:
            return Fetched(owned.epoch, owned.head, [], False)
        return Fetched(owned.epoch, owned.head, found[: fetch.limit], True)

    def pass_time(self, seconds: float, step: float = 0.1) -> None:
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now += step
            self.wall += timedelta(seconds=step)
            self.hub.tick(self.now)
            self.carry_out()

    def restart(self) -> None:
        """The process is killed and another one starts with nothing in memory."""
        for session in list(self.hub.sessions):
            session.wire.broken = True  # type: ignore[attr-defined]
        self.hub = self._new_hub()

    # --- the owner ----------------------------------------------------------------------------------------

    def emit(self, message: Message, *channels: str, deliver: bool = True) -> None:
        """Commits an event on channels; the feed brings it, unless it gets lost."""
        number = sum(owned.head for owned in self.owned.values())
        at_ms = int(self.wall.timestamp() * 1000)
        name = message.DESCRIPTOR.full_name
        event = Event(name, message.SerializeToString(), RID, f"m{number}", f"c{number}", at_ms)
        positions = []
        for short in sorted(channels):
            self.owned[short].log.append(event)
            positions.append((short, self.owned[short].epoch, self.owned[short].head))
        if deliver:
            self.feed.append((event, positions))

    def deliver(self) -> None:
        """The feed brings what it holds."""
        while self.feed:
            self.hub.publish(*self.feed.pop(0), self.now)
        self.carry_out()

    def order(self, number: int, *, deliver: bool = True) -> None:
        """Places or changes an order, with a ticket."""
        order_id = f"o{number}"
        order = self.orders.get(order_id)
        first = order is None
        if order is None:
            order = orders_pb2.Order(id=order_id, restaurant_id=RID, number=number, currency_code="GBP")
            self.orders[order_id] = order
        order.version += 1
        order.covers = self.rng.randrange(1, 9)
        ticket = self.tickets.setdefault(f"k{number}", orders_pb2.Ticket(id=f"k{number}", order_id=order_id))
        ticket.revision += 1
        ticket.state = orders_pb2.KITCHEN_STATE_QUEUED if first else self.rng.choice(TICKET_STATES)
        placed = orders_events.OrderPlaced(order=order, tickets=[ticket])
        changed = orders_events.TicketUpdated(order=order, ticket=ticket)
        self.emit(placed if first else changed, "orders", "kitchen", deliver=deliver)

    def stock(self, number: int, *, deliver: bool = True, name: str = "") -> None:
        """Changes the level of an item."""
        level = self.levels.setdefault(
            f"i{number}", catalog_pb2.StockLevel(item_id=f"i{number}", item_name=name)
        )
        level.version += 1
        level.available = self.rng.randrange(100)
        self.emit(catalog_events.StockChanged(level=level), "inventory", deliver=deliver)

    def new_epoch(self) -> None:
        """The owner was restored: its numbers start again."""
        for owned in self.owned.values():
            owned.epoch = f"e{int(owned.epoch[1:]) + 1}"
            owned.log, owned.first = [], 1

    def forget_log(self) -> None:
        """What is old is gone; the numbers go on."""
        for owned in self.owned.values():
            owned.first, owned.log = owned.head + 1, []

    def snapshot(self, short: str) -> tuple[str, int, dict[str, Any]]:
        """What GET /api/v2/realtime/snapshot answers, keyed for comparison.

        What was committed last may have no position yet: the state is newer than the position says.
        """
        epoch, head, state = self.truth(short)
        return epoch, max(self.owned[short].first - 1, head - self.rng.randrange(UNNUMBERED_MAX + 1)), state

    def truth(self, short: str) -> tuple[str, int, dict[str, Any]]:
        """The state of a channel where everything has its position."""
        owned = self.owned[short]
        state: dict[str, Any] = {}
        if short == "orders":
            state = {one.id: orders_json.order(one) for one in self.orders.values()}
        elif short == "kitchen":
            shown = [orders_json.ticket(one) for one in self.tickets.values()]
            state = {one["id"]: one for one in shown if one["state"] in OPEN_TICKETS}
        elif short == "inventory":
            state = {one.item_id: catalog_json.stock_level(one) for one in self.levels.values()}
        return owned.epoch, owned.head, state


class ModelClient:
    """A device: what it keeps survives its connections."""

    def __init__(self, world: World, *shorts: str) -> None:
        self.world = world
        self.kept: dict[str, tuple[str, int]] = {}
        self.state: dict[str, dict[str, Any]] = {short: {} for short in shorts}
        self.wire: FakeWire | None = None
        self.held: dict[str, dict[int, dict[str, Any]]] = {}
        self.may_skip: dict[str, int] = {}
        self.asked: set[str] = set()
        self.snapshots = 0
        self.applied: list[tuple[str, str, int]] = []
        self.synced: set[str] = set()

    def connect(self) -> None:
        self.wire = self.world.connect(address="")
        self.held.clear()
        self.may_skip.clear()
        self.asked.clear()
        self.synced.clear()
        subs = [self._want(short) for short in self.state]
        device = {"id": f"model{id(self)}", "kind": "ipad"}
        self.world.send(self.wire, t="hello", id=1, v=1, token="good", device=device, subs=subs)

    def disconnect(self) -> None:
        if self.wire is not None and self.wire.session is not None:
            self.world.hub.closed(self.wire.session)
        self.wire = None

    def _want(self, short: str) -> dict[str, Any]:
        want: dict[str, Any] = {"ch": channel(short)}
        if short in self.kept:
            want["e"], want["s"] = self.kept[short]
        return want

    def step(self) -> None:
        """Handles what has arrived."""
        if self.wire is None:
            return
        if self.wire.broken or self.wire.closed is not None:
            self.disconnect()
            return
        for frame in self.wire.take():
            self._handle(frame)

    def _handle(self, frame: dict[str, Any]) -> None:
        kind = frame["t"]
        if kind == "welcome":
            for entry in frame["subs"]:
                self._subscribed(entry)
        elif kind == "sub_ok":
            self.asked.discard(frame["ch"].rpartition(":")[2])
            self._subscribed(frame)
        elif kind == "ev":
            self._event(frame["ch"].rpartition(":")[2], frame)
        elif kind == "skip":
            self.may_skip[frame["ch"].rpartition(":")[2]] = frame["s"]
        elif kind == "unsub":
            self._resync(frame["ch"].rpartition(":")[2])
        elif kind == "synced":
            short = frame["ch"].rpartition(":")[2]
            self.synced.add(short)
            assert self.kept[short][1] >= frame["s"], f"synced at {frame['s']}, client has {self.kept[short]}"
        elif kind == "ping":
            for name, top in frame["top"].items():
                if top > self.kept[name.rpartition(":")[2]][1]:
                    self._ask(name.rpartition(":")[2])

    def _subscribed(self, entry: dict[str, Any]) -> None:
        short = entry["ch"].rpartition(":")[2]
        if entry["st"] == "snapshot":
            self._resync(short)
        elif entry["st"] == "denied":
            assert entry["code"] == "unavailable", entry

    def retry(self) -> None:
        """What was denied for the moment is asked for again."""
        for short in self.state:
            if short not in self.synced:
                self.asked.discard(short)
                if short in self.kept:
                    self._ask(short)
                else:
                    self._resync(short)

    def _resync(self, short: str) -> None:
        epoch, seq, state = self.world.snapshot(short)
        self.snapshots += 1
        self.kept[short] = (epoch, seq)
        self.state[short] = state
        self.held.pop(short, None)
        self.asked.discard(short)
        self._ask(short)

    def _ask(self, short: str) -> None:
        if self.wire is not None and short not in self.asked and self.wire.session is not None:
            self.asked.add(short)
            self.wire.session.tokens = 40.0  # a patient client: the rate limit is not what is looked at here
            self.world.send(self.wire, t="sub", id=2, **self._want(short))

    def _event(self, short: str, frame: dict[str, Any]) -> None:
        epoch, last = self.kept[short]
        seq = frame["s"]
        if frame["e"] != epoch:
            self._resync(short)
        elif seq == last + 1 or last < seq <= self.may_skip.get(short, 0):
            self._apply(short, frame)
        elif seq > last:
            self.held.setdefault(short, {})[seq] = frame
            self._ask(short)

    def _apply(self, short: str, frame: dict[str, Any]) -> None:
        self.kept[short] = (frame["e"], frame["s"])
        self.applied.append((short, frame["e"], frame["s"]))
        state, d = self.state[short], frame["d"]
        if short == "orders":
            state[d["id"]] = d
        elif short == "inventory":
            state[d["item_id"]] = d
        elif short == "kitchen":
            for ticket in d["tickets"]:
                state.pop(ticket["id"], None)
                if ticket["state"] in OPEN_TICKETS:
                    state[ticket["id"]] = ticket
