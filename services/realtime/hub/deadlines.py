"""What time does to sessions: no hello, silence, heartbeats, tokens that expire, sockets that do not go."""

import random

from services.realtime import protocol
from services.realtime.codes import Close
from services.realtime.hub.effects import Cut, Drop, Effect, Ping, Send, Suspend
from services.realtime.hub.session import Phase, Session
from services.realtime.hub.wheel import TICK_SECONDS, Wheel
from services.realtime.limits import (
    AUTH_ASK_SECONDS,
    AUTH_GRACE_SECONDS,
    CLOSE_SECONDS,
    HEARTBEAT_JITTER,
    HEARTBEAT_KDS_SECONDS,
    HEARTBEAT_SECONDS,
    HEARTBEAT_TIMEOUT_SECONDS,
    HELLO_SECONDS,
)

STALL_SECONDS = 2.0
"""A tick this late: the process stood still, and what clients said meanwhile has yet to be read."""


def heartbeat_of(session: Session) -> float:
    """Seconds between pings."""
    return HEARTBEAT_KDS_SECONDS if session.kds else HEARTBEAT_SECONDS


class Deadlines:
    """See the module. Times are monotonic seconds; ``now`` is the last that was heard of."""

    def __init__(self, rng: random.Random, now: float) -> None:
        self._rng = rng
        self._wheel: Wheel[Session] = Wheel(now)
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

    def patient(self, now: float) -> bool:
        """Whether the process stood still a moment ago, so that nobody is to blame for being late."""
        return now < self._patient_until

    def tick(self, now: float) -> list[Effect]:
        """What is due. Call it every TICK_SECONDS or so."""
        self.now = now
        if now - self._ticked_at > STALL_SECONDS:
            self._patient_until = now + HEARTBEAT_TIMEOUT_SECONDS
        self._ticked_at = now
        effects: list[Effect] = []
        for session in self._wheel.due(now):
            if session.due_at <= now + TICK_SECONDS:
                effects += self._look(session, now)
        return effects

    def _look_at(self, session: Session, at: float) -> None:
        session.due_at = at
        self._wheel.add(session, at)

    def _heartbeat_jittered(self, session: Session) -> float:
        return heartbeat_of(session) * self._rng.uniform(1 - HEARTBEAT_JITTER, 1 + HEARTBEAT_JITTER)

    def _due(self, session: Session) -> float:
        dead_at = session.heard_at + heartbeat_of(session) + HEARTBEAT_TIMEOUT_SECONDS
        due = min(session.ping_at, dead_at)
        if session.phase is Phase.SUSPENDED:
            return min(due, session.expires_at + AUTH_GRACE_SECONDS)
        # The wheel is exact to a tick: stopping a tick early keeps "no event after exp".
        return min(due, session.expires_at - TICK_SECONDS, session.auth_at or due)

    def _look(self, session: Session, now: float) -> list[Effect]:
        if session.phase is Phase.CLOSED:
            stays = session.close_at and now + TICK_SECONDS >= session.close_at
            return [Cut(session)] if stays else []
        if session.phase in (Phase.NEW, Phase.CHECKING):
            return self._look_new(session, now)
        if self._is_silent(session, now):
            return [Drop(session, Close.HEARTBEAT)]
        if now >= session.expires_at + AUTH_GRACE_SECONDS:
            return [Drop(session, Close.TOKEN_EXPIRED)]
        effects = self._look_token(session, now)
        if now >= session.ping_at:
            session.ping_at = now + self._heartbeat_jittered(session)
            effects.append(Ping(session))
        self._look_at(session, max(self._due(session), now + TICK_SECONDS))
        return effects

    def _is_silent(self, session: Session, now: float) -> bool:
        longest = heartbeat_of(session) + HEARTBEAT_TIMEOUT_SECONDS
        return now - session.heard_at >= longest and not self.patient(now)

    def _look_new(self, session: Session, now: float) -> list[Effect]:
        if session.phase is Phase.CHECKING or self.patient(now):
            # The server is slow, not the client; ask again later.
            self._look_at(session, now + HELLO_SECONDS)
            return []
        return [Drop(session, Close.NO_HELLO)]

    def _look_token(self, session: Session, now: float) -> list[Effect]:
        """Asks for a token, suspends."""
        effects: list[Effect] = []
        if session.auth_at and now >= session.auth_at:
            session.auth_at = 0.0
            effects.append(Send(session, protocol.auth_req(max(0, round(session.expires_at - now)))))
        if session.phase is Phase.OPEN and now >= session.expires_at - TICK_SECONDS:
            session.phase = Phase.SUSPENDED
            effects.append(Suspend(session))
        return effects
