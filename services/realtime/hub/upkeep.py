"""What time does to sessions and channels: heartbeats, tokens that expire, readers that stall, rings that
age.
"""

import random
from typing import TYPE_CHECKING

from services.realtime import protocol
from services.realtime.codes import Close
from services.realtime.hub.channel import Channel
from services.realtime.hub.session import Phase, Session
from services.realtime.hub.wheel import TICK_SECONDS, Wheel
from services.realtime.limits import (
    AUTH_ASK_SECONDS,
    AUTH_GRACE_SECONDS,
    CHANNEL_IDLE_SECONDS,
    CLOSE_SECONDS,
    HEARTBEAT_JITTER,
    HEARTBEAT_KDS_SECONDS,
    HEARTBEAT_SECONDS,
    HEARTBEAT_TIMEOUT_SECONDS,
    HELLO_SECONDS,
    RING_PROCESS_BYTES,
)

if TYPE_CHECKING:
    from services.realtime.hub.core import Hub

SLOW_CHECK_SECONDS = 0.5
PROGRESS_CHECK_SECONDS = 2.0
TRIM_SECONDS = 5.0
STALL_SECONDS = 2.0
"""A tick this late: the process stood still, and what clients said meanwhile has yet to be read."""
TRIM_KEEP_EVENTS = 50
"""What every ring keeps when all rings together are too large."""


class Upkeep:
    """See the module."""

    def __init__(self, hub: "Hub", rng: random.Random, now: float) -> None:
        self._hub = hub
        self._rng = rng
        self._wheel: Wheel[Session] = Wheel(now)
        self._slow_at = self._progress_at = self._trim_at = now
        self._patient_until = self._ticked_at = now
        self.now = now

    def watch(self, session: Session, now: float) -> None:
        """A new session: it has so long to say hello."""
        self.now = now
        self._look_at(session, now + HELLO_SECONDS)

    def cut_later(self, session: Session) -> None:
        """A closed session that does not go is cut."""
        session.close_at = self.now + CLOSE_SECONDS
        self._look_at(session, session.close_at)

    def token_lives(self, session: Session, until: float, now: float) -> None:
        """The session's token expires at ``until``: a new one is asked for in time, with jitter."""
        self.now = now
        session.expires_at = until
        session.auth_at = max(now, until - self._rng.uniform(*AUTH_ASK_SECONDS))
        session.ping_at = now + self._heartbeat_jittered(session)
        self._look_at(session, self._due(session))

    def _look_at(self, session: Session, at: float) -> None:
        session.due_at = at
        self._wheel.add(session, at)

    def heartbeat(self, session: Session) -> float:
        """Seconds between pings."""
        return HEARTBEAT_KDS_SECONDS if session.kds else HEARTBEAT_SECONDS

    def _heartbeat_jittered(self, session: Session) -> float:
        return self.heartbeat(session) * self._rng.uniform(1 - HEARTBEAT_JITTER, 1 + HEARTBEAT_JITTER)

    def _due(self, session: Session) -> float:
        dead_at = session.heard_at + self.heartbeat(session) + HEARTBEAT_TIMEOUT_SECONDS
        due = min(session.ping_at, dead_at)
        if session.phase is Phase.SUSPENDED:
            return min(due, session.expires_at + AUTH_GRACE_SECONDS)
        # The wheel is exact to a tick: stopping a tick early keeps "no event after exp".
        return min(due, session.expires_at - TICK_SECONDS, session.auth_at or due)

    def tick(self, now: float) -> None:
        """Call it every TICK_SECONDS or so."""
        self.now = now
        if now - self._ticked_at > STALL_SECONDS:
            self._patient_until = now + HEARTBEAT_TIMEOUT_SECONDS
        self._ticked_at = now
        for session in self._wheel.due(now):
            if session.due_at <= now + TICK_SECONDS:
                self._look(session, now)
        if now >= self._slow_at:
            self._slow_at = now + SLOW_CHECK_SECONDS
            if now >= self._patient_until:
                self._hub.delivery.check_slow(now)
            self._hub.resume.check_claims(now)
        if now >= self._progress_at:
            self._progress_at = now + PROGRESS_CHECK_SECONDS
            if now >= self._patient_until:
                self._hub.delivery.check_progress(self._hub.sessions, now)
        if now >= self._trim_at:
            self._trim_at = now + TRIM_SECONDS
            self._trim(now)
        for channel in [one for one in self._hub.channels.values() if one.pending]:
            self._hub.resume.heal(channel, now)

    # --- sessions -----------------------------------------------------------------------------------------

    def _look(self, session: Session, now: float) -> None:
        if session.phase is Phase.CLOSED:
            if session.close_at and now + TICK_SECONDS >= session.close_at:
                session.wire.abort()
            return
        if session.phase in (Phase.NEW, Phase.CHECKING):
            self._look_new(session, now)
            return
        if self._is_silent(session, now):
            self._hub.drop(session, Close.HEARTBEAT)
            return
        if not self._look_token(session, now):
            return
        if now >= session.ping_at:
            self._ping(session, now)
        self._look_at(session, max(self._due(session), now + TICK_SECONDS))

    def _is_silent(self, session: Session, now: float) -> bool:
        longest = self.heartbeat(session) + HEARTBEAT_TIMEOUT_SECONDS
        return now - session.heard_at >= longest and now >= self._patient_until

    def _look_new(self, session: Session, now: float) -> None:
        if session.phase is Phase.CHECKING or now < self._patient_until:
            # The server is slow, not the client; ask again later.
            self._look_at(session, now + HELLO_SECONDS)
        else:
            self._hub.drop(session, Close.NO_HELLO)

    def _look_token(self, session: Session, now: float) -> bool:
        """Asks for a token, suspends, or ends the session. False: it is over."""
        if now >= session.expires_at + AUTH_GRACE_SECONDS:
            self._hub.drop(session, Close.TOKEN_EXPIRED)
            return False
        if session.auth_at and now >= session.auth_at:
            session.auth_at = 0.0
            session.send(protocol.auth_req(max(0, round(session.expires_at - now))))
        if session.phase is Phase.OPEN and now >= session.expires_at - TICK_SECONDS:
            session.phase = Phase.SUSPENDED
            self._hub.delivery.suspend(session)
        return True

    def _ping(self, session: Session, now: float) -> None:
        session.ping_at = now + self._heartbeat_jittered(session)
        if session.paused:
            return
        session.pings += 1
        tops = {} if session.phase is Phase.SUSPENDED else {one.name: one.head for one in session.channels}
        session.send(protocol.ping(session.pings, tops))

    # --- channels -----------------------------------------------------------------------------------------

    def _trim(self, now: float) -> None:
        channels = self._hub.channels
        for channel in channels.values():
            channel.trim(now)
        idle = now - CHANNEL_IDLE_SECONDS
        for name in [name for name, one in channels.items() if _forgettable(one) and one.touched_at < idle]:
            del channels[name]
        total = sum(channel.bytes for channel in channels.values())
        if total > RING_PROCESS_BYTES:
            self._shrink(total)

    def _shrink(self, total: int) -> None:
        """Rings nobody reads go first, then the oldest half of the largest."""
        for channel in sorted(self._hub.channels.values(), key=lambda one: (one.followed, -one.bytes)):
            while channel.ring and len(channel.ring) > TRIM_KEEP_EVENTS and not channel.lagging:
                total -= channel.ring[channel.tail].size
                channel.drop_oldest()
            if total <= RING_PROCESS_BYTES:
                return


def _forgettable(channel: Channel) -> bool:
    return not (channel.followed or channel.pending or channel.fetching)
