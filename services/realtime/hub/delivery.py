"""From the ring to the sockets: live fan-out, replay by cursor, and what happens to readers that are too
slow.

Broadcast never waits for a socket. A session whose transport is full is moved from ``live`` to ``lagging``
in all its channels and follows the rings with cursors until its transport has room again. Channels of mode
keyed are conflated then: the newest frame of each key, after a ``skip`` that says so.
"""

from collections.abc import Callable, Iterable

from chassis.channels import Mode
from services.realtime import protocol
from services.realtime.codes import Close
from services.realtime.hub.channel import Channel
from services.realtime.hub.session import Phase, Session
from services.realtime.limits import (
    HARD_BUFFER_BYTES,
    SOFT_BUFFER_BYTES,
    UNSENT_PROCESS_BYTES,
    UNSENT_RETRY_MS,
    UNSENT_SECONDS,
)

UNSENT_RING_BYTES = HARD_BUFFER_BYTES - SOFT_BUFFER_BYTES
"""The hard limit counts what the transport holds, which is the soft limit once a session lags."""

Drop = Callable[[Session, Close, int | None], None]
"""Ends a session with a code and, perhaps, a time after which to come back (milliseconds)."""


class Delivery:
    """See the module."""

    def __init__(self, drop: Drop, *, unsent_process_bytes: int = UNSENT_PROCESS_BYTES) -> None:
        self._drop = drop
        self._unsent_process_bytes = unsent_process_bytes
        self._stalled: list[Session] = []
        """Sessions whose transport filled up while a fan-out was going on."""
        self._fanning_out = False
        self.slow: set[Session] = set()
        self.delivered = 0

    # --- live ---------------------------------------------------------------------------------------------

    def fan_out(self, channel: Channel) -> None:
        """Writes the newest entry of a channel to everybody who follows it live."""
        live = channel.live
        if live:
            data = channel.ring[channel.head].frame(channel)
            gone: list[Session] = []
            self._fanning_out = True
            for session, write in live.items():
                try:
                    write(data)
                except RuntimeError:
                    gone.append(session)
            self._fanning_out = False
            self.delivered += len(live)
            for session in gone:
                channel.live.pop(session, None)
            if self._stalled:
                self._settle_stalled()
        if channel.lagging:
            self._check_lag(channel)

    def _settle_stalled(self) -> None:
        stalled, self._stalled = self._stalled, []
        for session in stalled:
            self._to_cursors(session)

    def _to_cursors(self, session: Session) -> None:
        for channel in session.channels:
            if channel.live.pop(session, None) is not None:
                channel.lagging[session] = channel.head

    # --- slow readers -------------------------------------------------------------------------------------

    def paused(self, session: Session, now: float) -> None:
        """The session's transport is full."""
        if session.phase is Phase.CLOSED:
            return
        session.paused = True
        if not session.blocked_at:
            session.blocked_at = now
        self.slow.add(session)
        if self._fanning_out:
            self._stalled.append(session)
        else:
            self._to_cursors(session)

    def resumed(self, session: Session) -> None:
        """The session's transport has room again."""
        session.paused = False
        session.blocked_at = 0.0
        self.slow.discard(session)
        self.pump(session)

    def suspend(self, session: Session) -> None:
        """Sends nothing more for now; everything stays replayable."""
        self._to_cursors(session)

    def check_slow(self, now: float) -> None:
        """Drops who has been blocked for too long, then, when the process holds too much, the largest
        first.
        """
        for session in [one for one in self.slow if now - one.blocked_at > UNSENT_SECONDS]:
            self._drop(session, Close.SLOW_CONSUMER, None)
        for channel in {channel for session in self.slow for channel in session.channels}:
            self._check_lag(channel)
        if len(self.slow) * HARD_BUFFER_BYTES <= self._unsent_process_bytes:
            return
        sizes = {session: SOFT_BUFFER_BYTES + self.unsent(session) for session in self.slow}
        total = sum(sizes.values())
        for session in sorted(sizes, key=lambda one: -sizes[one]):
            if total <= self._unsent_process_bytes:
                return
            total -= sizes[session]
            self._drop(session, Close.OVERLOAD, UNSENT_RETRY_MS)

    def check_progress(self, sessions: Iterable[Session], now: float) -> None:
        """Drops who is slower than UNSENT_SECONDS for what waits, however little that is.

        Who takes a few bytes now and then never fills the transport, and keeps it from being empty.
        """
        gone: list[Session] = []
        for session in sessions:
            if not session.wire.unsent():
                session.oldest_at = 0.0
                continue
            taken, waiting = session.wire.progress()
            if not session.oldest_at or taken >= session.oldest:
                session.oldest_at, session.oldest = now, taken + waiting
            elif now - session.oldest_at > UNSENT_SECONDS:
                gone.append(session)
        for session in gone:
            self._drop(session, Close.SLOW_CONSUMER, None)

    def unsent(self, session: Session) -> int:
        """Bytes that wait for the session in rings; replays and conflated channels do not count."""
        total = 0
        for channel in session.channels:
            cursor = channel.lagging.get(session)
            if cursor is not None and channel not in session.syncing and channel.spec.mode is not Mode.KEYED:
                total += channel.unsent(cursor)
        return total

    def _check_lag(self, channel: Channel) -> None:
        for session in [one for one in channel.lagging if one.phase is Phase.OPEN]:
            if self.unsent(session) > UNSENT_RING_BYTES:
                self._drop(session, Close.SLOW_CONSUMER, None)

    # --- subscriptions ------------------------------------------------------------------------------------

    def attach(self, session: Session, channel: Channel, cursor: int) -> None:
        """Lets a session follow a channel after ``cursor``; ``synced`` is sent when it has caught up."""
        self.detach(session, channel)
        session.channels = (*session.channels, channel)
        session.syncing |= {channel}
        channel.lagging[session] = min(cursor, channel.head)

    def detach(self, session: Session, channel: Channel) -> bool:
        """Ends a subscription. False where there was none."""
        if channel not in session.channels:
            return False
        session.channels = tuple(one for one in session.channels if one is not channel)
        session.syncing -= {channel}
        channel.live.pop(session, None)
        channel.lagging.pop(session, None)
        channel.claims.pop(session, None)
        return True

    def forget(self, session: Session) -> None:
        """The session is over."""
        for channel in session.channels:
            self.detach(session, channel)
        self.slow.discard(session)

    def resync_from_cursors(self, session: Session) -> None:
        """After a suspension: what waited is replayed and ends with ``synced`` again."""
        session.syncing = frozenset(session.channels)

    # --- replay -------------------------------------------------------------------------------------------

    def pump(self, session: Session) -> None:
        """Sends what the session's cursors still miss, as far as its transport takes it."""
        if session.phase is not Phase.OPEN:
            return
        for channel in session.channels:
            if session.paused:
                return
            if session in channel.lagging:
                self._pump_channel(session, channel)

    def _pump_channel(self, session: Session, channel: Channel) -> None:
        cursor = channel.lagging[session]
        if cursor < channel.head:
            cursor = self._send(session, channel, cursor)
            if channel.lagging.get(session) is None:
                return
            channel.lagging[session] = cursor
        if cursor < channel.head or session.paused:
            return
        del channel.lagging[session]
        channel.live[session] = session.write
        if channel in session.syncing:
            session.syncing -= {channel}
            session.send(protocol.synced(channel.name, channel.head))

    def _send(self, session: Session, channel: Channel, cursor: int) -> int:
        """Writes entries after ``cursor`` until the transport is full; the last position that was written."""
        entries: Iterable[int] = range(cursor + 1, channel.head + 1)
        if channel.spec.mode is Mode.KEYED and channel not in session.syncing:
            newest = channel.newest_per_key(cursor)
            if len(newest) < channel.head - cursor:
                assert channel.epoch is not None
                session.send(protocol.skip(channel.name, channel.epoch, cursor, channel.head))
                entries = [entry.seq for entry in newest]
        for seq in entries:
            if session.paused:
                break
            session.send(channel.ring[seq].frame(channel))
            self.delivered += 1
            cursor = seq
        return cursor
