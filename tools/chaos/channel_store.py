"""What a device keeps of a channel: position and state, changed together, and a log of what it applied. Pure.

Rules of the client: realtime.md. A frame at or below the position is dropped, the next one is applied, a
later one is a gap; a position of another epoch begins anew with a snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """A frame that was applied. ``order_id`` is that of the order it speaks of, "" without one."""

    epoch: str
    seq: int
    kind: str
    order_id: str
    tickets: tuple[str, ...]
    restaurant_ids: frozenset[str]


@dataclass(slots=True)
class ChannelStore:
    """One channel on one device. It outlives its sockets, as a device's database does."""

    device: str
    restaurant_id: str
    channel: str
    epoch: str = ""
    seq: int = 0
    state: dict[str, Json] = field(default_factory=dict)
    """Orders or tickets by id, the newest known of each."""
    applied: list[Applied] = field(default_factory=list)
    begun: list[tuple[str, int]] = field(default_factory=list)
    """Positions of snapshots, each with the number of frames applied before it."""
    begun_after: list[int] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    """Orders that came with a snapshot: what happened before it comes in no frame any more."""
    duplicates: int = 0
    gaps: list[str] = field(default_factory=list)
    """Holes that the server left inside one subscription: it promises none."""
    fresh: list[Json] = field(default_factory=list)
    """Orders or tickets that the device had not known before; whoever acts on them empties it."""
    foreign: list[str] = field(default_factory=list)
    """What came that is not of this device's restaurant."""
    expected: int | None = None
    """The next position that the server owes on this subscription; None: it has not begun."""

    @property
    def name(self) -> str:
        """What the channel is called on the wire."""
        return f"restaurant:{self.restaurant_id}:{self.channel}"

    def subscribed(self, seq: int | None) -> None:
        """A subscription was answered: everything after ``seq`` is owed without a gap."""
        self.expected = None if seq is None else seq + 1

    def begin(self, epoch: str, seq: int, state: Mapping[str, Any]) -> None:
        """Takes a snapshot instead of what is kept."""
        shown = [*state.get("orders", ()), *state.get("tickets", ())]
        known = set(self.state) if self.epoch == epoch else set()
        # What is in no snapshot any more has come to its end; closed orders are few in one.
        self.state = {one["id"]: one for one in shown}
        self.epoch, self.seq = epoch, seq
        self.begun.append((epoch, seq))
        self.begun_after.append(len(self.applied))
        self.shown.update(str(one.get("order_id") or one["id"]) for one in shown)
        self.fresh += [one for one in shown if one["id"] not in known]

    def take(self, frame: Json) -> str:
        """``applied``, ``duplicate``, ``gap`` or ``epoch`` (another one: a snapshot is due)."""
        if frame["ch"] != self.name:
            self.foreign.append(f"{frame['ch']} {frame['s']}")
            return "duplicate"
        epoch, seq = frame["e"], frame["s"]
        if epoch != self.epoch:
            return "epoch"
        self._watch_wire(seq)
        if seq <= self.seq:
            self.duplicates += 1
            return "duplicate"
        if seq > self.seq + 1:
            return "gap"
        self._apply(frame)
        return "applied"

    def _watch_wire(self, seq: int) -> None:
        if self.expected is not None and seq > self.expected:
            self.gaps.append(f"{self.epoch}:{self.expected}..{seq - 1}")
        if self.expected is not None:
            self.expected = max(self.expected, seq + 1)

    def synced(self, seq: int) -> bool:
        """The server says that everything up to ``seq`` was sent. False where that is not so."""
        if self.expected is not None and seq >= self.expected:
            self.gaps.append(f"{self.epoch}:{self.expected}..{seq} at synced")
            self.expected = seq + 1
        return seq <= self.seq

    def _apply(self, frame: Json) -> None:
        content = frame.get("d") or {}
        tickets = content.get("tickets") or []
        owners = {str(content["restaurant_id"])} if content.get("restaurant_id") else set()
        self.foreign += [f"order of {owner} at {frame['s']}" for owner in owners - {self.restaurant_id}]
        if frame.get("key", "").startswith("order:") and self.channel == "orders":
            self._keep(content, "version")
        for ticket in tickets if self.channel == "kitchen" else ():
            self._keep(ticket, "revision")
        order_id = content.get("order_id") or (content.get("id") if self.channel == "orders" else "") or ""
        ids = tuple(ticket["id"] for ticket in tickets)
        self.applied.append(Applied(frame["e"], frame["s"], frame["k"], order_id, ids, frozenset(owners)))
        self.seq = frame["s"]

    def _keep(self, one: Json, version: str) -> None:
        known = self.state.get(one["id"])
        if known is None:
            self.fresh.append(one)
        if known is None or known[version] <= one[version]:
            self.state[one["id"]] = one
