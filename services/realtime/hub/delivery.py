"""From the ring to the sockets: live fan-out, replay by cursor, and what happens to readers that are too
slow.

Frames go straight to the wires of sessions, for that is what a delivery is; whom it gives up, it answers.

Broadcast never waits for a socket. A session whose transport is full is moved from ``live`` to ``lagging``
in all its channels and follows the rings with cursors until its transport has room again. Channels of mode
keyed are conflated then: the newest frame of each key, after a ``skip`` that says so.
"""

from collections.abc import Iterable, Sequence

from chassis.messaging.channels import Mode
from services.realtime import protocol
from services.realtime.codes import Close
from services.realtime.hub.channel import Channel
from services.realtime.hub.effects import Drop
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


class Delivery:
    """See the module."""

    def __init__(self, *, unsent_process_bytes: int = UNSENT_PROCESS_BYTES) -> None:
        self._followed: dict[Session, tuple[Channel, ...]] = {}
        self._unsent_process_bytes = unsent_process_bytes
        self._stalled: list[Session] = []
        """Sessions whose transport filled up while a fan-out was going on."""
        self._fanning_out = False
        self.slow: set[Session] = set()
        self.delivered = 0

    # --- live ---------------------------------------------------------------------------------------------

    def fan_out(self, channel: Channel) -> Sequence[Drop]:
        """Writes the newest entry of a channel to everybody who follows it live; who lags too far behind."""
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
        return self._too_far_behind(channel) if channel.lagging else ()

    def _settle_stalled(self) -> None:
        stalled, self._stalled = self._stalled, []
        for session in stalled:
            self._to_cursors(session)

    def _to_cursors(self, session: Session) -> None:
        for channel in self.followed_by(session):
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

    def check_slow(self, now: float) -> list[Drop]:
        """Drops who has been blocked for too long, then, when the process holds too much, the largest
        first.
        """
        blocked = [one for one in self.slow if now - one.blocked_at > UNSENT_SECONDS]
        drops = [Drop(session, Close.SLOW_CONSUMER) for session in blocked]
        left = self.slow.difference(blocked)
        for channel in {channel for session in left for channel in self.followed_by(session)}:
            drops += self._too_far_behind(channel)
        left.difference_update([drop.session for drop in drops])
        return drops + self._largest(left)

    def _largest(self, slow: set[Session]) -> list[Drop]:
        """Of those who are slow, as many as the process must let go to hold what it may."""
        drops: list[Drop] = []
        if len(slow) * HARD_BUFFER_BYTES <= self._unsent_process_bytes:
            return drops
        sizes = {session: SOFT_BUFFER_BYTES + self.unsent(session) for session in slow}
        total = sum(sizes.values())
        for session in sorted(sizes, key=lambda one: -sizes[one]):
            if total <= self._unsent_process_bytes:
                break
            total -= sizes[session]
            drops.append(Drop(session, Close.OVERLOAD, UNSENT_RETRY_MS))
        return drops

    def check_progress(self, sessions: Iterable[Session], now: float) -> list[Drop]:
        """Drops who is slower than UNSENT_SECONDS for what waits, however little that is.

        Who takes a few bytes now and then never fills the transport, and keeps it from being empty.
        """
        drops: list[Drop] = []
        for session in sessions:
            if not session.wire.unsent():
                session.oldest_at = 0.0
                continue
            taken, waiting = session.wire.progress()
            if not session.oldest_at or taken >= session.oldest:
                session.oldest_at, session.oldest = now, taken + waiting
            elif now - session.oldest_at > UNSENT_SECONDS:
                drops.append(Drop(session, Close.SLOW_CONSUMER))
        return drops

    def unsent(self, session: Session) -> int:
        """Bytes that wait for the session in rings; replays and conflated channels do not count."""
        total = 0
        for channel in self.followed_by(session):
            cursor = channel.lagging.get(session)
            if cursor is not None and session not in channel.syncing and channel.spec.mode is not Mode.KEYED:
                total += channel.unsent(cursor)
        return total

    def _too_far_behind(self, channel: Channel) -> list[Drop]:
        return [
            Drop(session, Close.SLOW_CONSUMER)
            for session in channel.lagging
            if session.phase is Phase.OPEN and self.unsent(session) > UNSENT_RING_BYTES
        ]

    # --- subscriptions ------------------------------------------------------------------------------------

    def followed_by(self, session: Session) -> tuple[Channel, ...]:
        """The channels of a session, in the order in which it subscribed."""
        return self._followed.get(session, ())

    def attach(self, session: Session, channel: Channel, cursor: int) -> None:
        """Lets a session follow a channel after ``cursor``; ``synced`` is sent when it has caught up."""
        self.detach(session, channel)
        self._followed[session] = (*self.followed_by(session), channel)
        channel.syncing.add(session)
        channel.lagging[session] = min(cursor, channel.head)

    def detach(self, session: Session, channel: Channel) -> bool:
        """Ends a subscription. False where there was none."""
        followed = self.followed_by(session)
        if channel not in followed:
            return False
        self._followed[session] = tuple(one for one in followed if one is not channel)
        channel.syncing.discard(session)
        channel.live.pop(session, None)
        channel.lagging.pop(session, None)
        channel.claims.pop(session, None)
        return True

    def forget(self, session: Session) -> None:
        """The session is over."""
        for channel in self.followed_by(session):
            self.detach(session, channel)
        self._followed.pop(session, None)
        self.slow.discard(session)

    def resync_from_cursors(self, session: Session) -> None:
        """After a suspension: what waited is replayed and ends with ``synced`` again."""
        for channel in self.followed_by(session):
            channel.syncing.add(session)

    # --- replay -------------------------------------------------------------------------------------------

    def pump(self, session: Session) -> None:
        """Sends what the session's cursors still miss, as far as its transport takes it."""
        if session.phase is not Phase.OPEN:
            return
        for channel in self.followed_by(session):
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
        if session in channel.syncing:
            channel.syncing.discard(session)
            session.send(protocol.synced(channel.name, channel.head))

    def _send(self, session: Session, channel: Channel, cursor: int) -> int:
        """Writes entries after ``cursor`` until the transport is full; the last position that was written."""
        entries: Iterable[int] = range(cursor + 1, channel.head + 1)
        if channel.spec.mode is Mode.KEYED and session not in channel.syncing:
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
