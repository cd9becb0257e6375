"""Who is connected: how many there may be, of one address and in all, and who has to make room.

A connection is either ours to serve (its request is whole, its answer is not) or it waits for its client: for
the first byte, the rest of a head or a body, the next request, or for the client to take its answer. Where
there is no room for another, the one that has waited longest makes it, those that have never had an answer
first: clients that say nothing push one another out, and one that is being served is never cut.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from chassis.rpc.client_address import Networks, is_trusted
from chassis.telemetry import counter, gauge
from gateway.limits import Limit, LocalGcra

SWEEP_SECONDS = 1.0
"""How often waiting connections are looked at: what a time-out may be late."""

_open = gauge("gateway_connections_open", "HTTP connections of this gateway")
_ended = counter("gateway_connections_ended_total", "HTTP connections ended by this gateway", ["cause"])


class Waiting(Protocol):
    """What this module asks of a connection."""

    bucket: str
    """The key of its address: see ``bucket_of``."""
    answered: bool
    """Whether it has had an answer: changes only while it does not wait."""

    def check(self, now: float) -> None:
        """Ends itself where its client had its time; ``now``: of the loop's clock."""

    def make_room(self) -> None:
        """Ends itself at once."""


class _Queue:
    """Those who wait, in the order in which they make room."""

    __slots__ = ("_answered", "_strangers")

    def __init__(self) -> None:
        self._strangers: OrderedDict[Waiting, None] = OrderedDict()
        self._answered: OrderedDict[Waiting, None] = OrderedDict()

    def __iter__(self) -> Iterator[Waiting]:
        return chain(self._strangers, self._answered)

    def __len__(self) -> int:
        return len(self._strangers) + len(self._answered)

    def add(self, connection: Waiting) -> None:
        """At the end."""
        kind = self._answered if connection.answered else self._strangers
        kind[connection] = None
        kind.move_to_end(connection)

    def remove(self, connection: Waiting) -> None:
        """Where it is there."""
        self._strangers.pop(connection, None)
        self._answered.pop(connection, None)


class _Caller:
    """What one address holds."""

    __slots__ = ("connections", "sockets", "waiting")

    def __init__(self) -> None:
        self.connections = 0
        self.sockets = 0
        self.waiting = _Queue()


class Connections:
    """The HTTP connections of one gateway, and how many device sockets each address has made of them."""

    def __init__(
        self,
        *,
        in_all: int,
        per_address: int,
        sockets_per_address: int,
        new_sockets: Limit,
        trusted: Networks = (),
    ) -> None:
        self._in_all = in_all
        self._per_address = per_address
        self._sockets_per_address = sockets_per_address
        self._new_sockets = new_sockets
        self._gcra = LocalGcra()
        self.trusted = trusted
        self._count = 0
        self._callers: dict[str, _Caller] = {}
        self._waiting = _Queue()
        self._sweeping = False

    def __len__(self) -> int:
        return self._count

    def admit(self, connection: Waiting, peer: str) -> bool:
        """Counts a new connection in; it waits. False: everybody else is being served. A proxy of ours
        speaks for many and has no limit of its own.
        """
        caller = self._callers.setdefault(connection.bucket, _Caller())
        full = caller.connections >= self._per_address and not is_trusted(peer, self.trusted)
        if (full and not self._make_room(caller.waiting)) or (
            self._count >= self._in_all and not self._make_room(self._waiting)
        ):
            _ended.labels("refused").inc()
            self._forget(connection.bucket, caller)
            return False
        # Whoever made room may have been the last of this address.
        caller = self._callers.setdefault(connection.bucket, caller)
        caller.connections += 1
        self._count += 1
        _open.set(self._count)
        self.waits(connection)
        if not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)
        return True

    def waits(self, connection: Waiting) -> None:
        """It waits for its client from now on."""
        self._waiting.add(connection)
        self._callers[connection.bucket].waiting.add(connection)

    def is_served(self, connection: Waiting) -> None:
        """It waits for us."""
        self._waiting.remove(connection)
        self._callers[connection.bucket].waiting.remove(connection)

    def release(self, connection: Waiting) -> None:
        """It is gone, or no HTTP connection any more."""
        self.is_served(connection)
        caller = self._callers[connection.bucket]
        caller.connections -= 1
        self._count -= 1
        _open.set(self._count)
        self._forget(connection.bucket, caller)

    def add_socket(self, bucket: str) -> bool:
        """Counts a device socket in. False: its address has too many, or opens them too fast.
        ``remove_socket`` counts it out.
        """
        caller = self._callers.setdefault(bucket, _Caller())
        wait, _ = self._gcra.take([(self._new_sockets, bucket)], time.monotonic())
        if wait > 0 or caller.sockets >= self._sockets_per_address:
            _ended.labels("too many sockets").inc()
            self._forget(bucket, caller)
            return False
        caller.sockets += 1
        return True

    def remove_socket(self, bucket: str) -> None:
        """Counts a device socket out."""
        caller = self._callers[bucket]
        caller.sockets -= 1
        self._forget(bucket, caller)

    def _forget(self, bucket: str, caller: _Caller) -> None:
        if not caller.connections and not caller.sockets:
            self._callers.pop(bucket, None)

    def _make_room(self, waiting: _Queue) -> bool:
        longest = next(iter(waiting), None)
        if longest is None:
            return False
        _ended.labels("made room").inc()
        longest.make_room()
        return True

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._waiting):
            connection.check(now)
        self._sweeping = bool(self._count)
        if self._sweeping:
            loop.call_later(SWEEP_SECONDS, self._sweep)


def count_ended(cause: str) -> None:
    """A connection was ended, for the metrics."""
    _ended.labels(cause).inc()
