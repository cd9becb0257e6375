"""A channel in this process: its position, a ring of its newest events, and who follows it. Sans-I/O.

Positions are contiguous per epoch. The ring always ends at ``head`` and has no hole; what arrives behind a
hole waits in ``pending``. A session follows a channel either live (it has everything up to ``head`` and is
written to directly) or with a cursor (what it was sent last), which costs no memory per unsent frame:
frames are the ring's.
"""

from collections.abc import Callable
from typing import Final

from chassis.messaging.channels import CHANNELS
from services.realtime import frames
from services.realtime.frames import Event
from services.realtime.hub.session import Request, Session
from services.realtime.limits import PENDING_EVENTS, RING_EVENTS, RING_SECONDS

FRAME_GROWTH: Final = 3
"""An event that is still protobuf is counted as this many times its size."""


class Entry:
    """One event of a channel. Its frame is made when somebody needs it and then replaces the event."""

    __slots__ = ("_event", "_frame", "at", "key", "seq", "size", "total")

    def __init__(self, seq: int, event: Event, at: float) -> None:
        self.seq = seq
        self.at = at
        self.key = ""
        """What the frame replaces; known once the frame is."""
        self.size = FRAME_GROWTH * len(event.payload)
        """Bytes, estimated where the entry came in without a reader."""
        self.total = 0
        """Bytes of the channel up to and including this entry; the difference of two is what lies between."""
        self._event: Event | None = event
        self._frame: bytes | None = None

    def frame(self, of: "Channel") -> bytes:
        """The bytes for the sockets."""
        if self._frame is None:
            assert self._event is not None
            assert of.epoch is not None
            self._frame, self.key = frames.build(self._event, of.name, of.epoch, self.seq)
            self._event = None
        return self._frame


class Channel:
    """See the module."""

    __slots__ = (
        "bytes",
        "claims",
        "epoch",
        "fetching",
        "head",
        "lagging",
        "live",
        "located_at",
        "name",
        "pending",
        "restaurant_id",
        "retry_at",
        "retry_delay",
        "ring",
        "short",
        "spec",
        "syncing",
        "tail",
        "touched_at",
        "waiting",
    )

    def __init__(self, name: str, restaurant_id: str, short: str, now: float) -> None:
        self.name = name
        self.restaurant_id = restaurant_id
        self.short = short
        self.spec = CHANNELS[short]
        self.epoch: str | None = None
        self.head = 0
        self.tail = 1
        """The oldest position in the ring; head + 1 when it is empty."""
        self.ring: dict[int, Entry] = {}
        self.bytes = 0
        self.live: dict[Session, Callable[[bytes], None]] = {}
        self.lagging: dict[Session, int] = {}
        self.syncing: set[Session] = set()
        """Sessions whose replay is not over yet."""
        self.pending: dict[tuple[str, int], Event] = {}
        self.waiting: list[Request] = []
        self.claims: dict[Session, int] = {}
        """Positions beyond ``head`` that sessions say they have; a snapshot may be ahead of the feed."""
        self.fetching = False
        self.located_at = float("-inf")
        """When the owner last said where the channel stands."""
        self.retry_at = 0.0
        self.retry_delay = 0.0
        self.touched_at = now

    def __repr__(self) -> str:
        return f"<{self.name} {self.epoch}:{self.tail}..{self.head}>"

    @property
    def known(self) -> bool:
        """Whether the position is known at all."""
        return self.epoch is not None

    @property
    def followed(self) -> bool:
        """Whether anybody here cares."""
        return bool(self.live or self.lagging or self.waiting)

    def covers(self, seq: int) -> bool:
        """Whether everything after ``seq`` is in the ring."""
        return self.known and self.tail - 1 <= seq <= self.head

    def adopt(self, epoch: str, head: int) -> None:
        """Takes a position on trust: the first that is heard of, or the owner's after the epoch changed."""
        self.epoch = epoch
        self.head = head
        self.tail = head + 1
        self.ring.clear()
        self.bytes = 0

    def place(self, epoch: str, seq: int, event: Event) -> bool:
        """Whether an event of the feed is the next; it is that wherever nobody misses what lies before it.

        Another one is known already, or it is held until what is missing has come.
        """
        if epoch == self.epoch:
            if seq == self.head + 1:
                return True
            if seq <= self.head:
                return False
        if self.fetching or (self.known and self.followed):
            self.hold(epoch, seq, event)
            return False
        # Whoever comes for what lies between has it fetched.
        self.adopt(epoch, seq - 1)
        return True

    def following(self) -> Event | None:
        """The event that waited for the present head, if it is here already."""
        return self.pending.pop((str(self.epoch), self.head + 1), None)

    def append(self, seq: int, event: Event, now: float) -> Entry:
        """The next event. It must be the next: the ring has no hole."""
        assert seq == self.head + 1, f"{self!r} cannot append {seq}"
        entry = Entry(seq, event, now)
        if self.live or self.lagging:
            entry.size = len(entry.frame(self))
        before = self.ring.get(self.head)
        entry.total = (before.total if before is not None else 0) + entry.size
        self.ring[seq] = entry
        self.head = seq
        self.bytes += entry.size
        self.touched_at = now
        while len(self.ring) > RING_EVENTS and not self._needed(self.tail):
            self.drop_oldest()
        return entry

    def prepend(self, events: list[tuple[int, Event]], now: float) -> bool:
        """Older events, read back from where they are kept; ascending and contiguous. False where they do not
        reach the ring.
        """
        older = [(seq, event) for seq, event in events if seq < self.tail]
        if not older or older[-1][0] != self.tail - 1:
            return False
        for seq, event in reversed(older):
            assert seq == self.tail - 1, f"{self!r} cannot prepend {seq}"
            after = self.ring.get(self.tail)
            entry = Entry(seq, event, now)
            entry.total = after.total - after.size if after is not None else 0
            self.ring[seq] = entry
            self.tail = seq
            self.bytes += entry.size
        return True

    def hold(self, epoch: str, seq: int, event: Event) -> None:
        """Keeps an event that cannot be applied yet. Beyond the limit it is let go: healing rereads it."""
        if len(self.pending) < PENDING_EVENTS:
            self.pending[(epoch, seq)] = event

    def trim(self, now: float) -> None:
        """Lets go of what is older than the ring promises and nobody's cursor needs."""
        while self.ring and self.ring[self.tail].at < now - RING_SECONDS and not self._needed(self.tail):
            self.drop_oldest()

    def drop_oldest(self) -> None:
        """Forgets the oldest event of the ring."""
        self.bytes -= self.ring.pop(self.tail).size
        self.tail += 1

    def unsent(self, cursor: int) -> int:
        """Bytes between a cursor and the head."""
        if cursor >= self.head:
            return 0
        newest, first = self.ring[self.head], self.ring.get(cursor + 1)
        return newest.total - first.total + first.size if first is not None else newest.total

    def newest_per_key(self, after: int) -> list[Entry]:
        """The last event of every key after a position, in order."""
        last: dict[str, Entry] = {}
        for seq in range(after + 1, self.head + 1):
            entry = self.ring[seq]
            entry.frame(self)
            last[entry.key or f"#{seq}"] = entry
        return sorted(last.values(), key=lambda entry: entry.seq)

    def _needed(self, seq: int) -> bool:
        return any(cursor < seq for cursor in self.lagging.values())
