"""Whose a session is: its hello and every later token, checked by the shell and judged here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chassis.auth import Principal
from chassis.errors import PermissionDenied, Problem
from services.realtime import protocol
from services.realtime.codes import Close, Code
from services.realtime.hub import admission
from services.realtime.hub.channel import Channel
from services.realtime.hub.effects import (
    Admitted,
    Ask,
    Drop,
    Effect,
    Leave,
    Refused,
    Renewed,
    Send,
    TokenLives,
)
from services.realtime.hub.session import Phase, Request, Session, Verify
from services.realtime.limits import UNAVAILABLE_RETRY_MS
from services.realtime.protocol import BadFrame, Hello


class Tokens:
    """See the module. Counts whom it admits; ``wall`` is the clock that tokens are read by."""

    def __init__(
        self,
        counts: admission.Counts,
        check_revoked: Callable[[Principal], None],
        wall: Callable[[], datetime],
    ) -> None:
        self._counts = counts
        self._check_revoked = check_revoked
        self._wall = wall

    def hello(self, session: Session, frame: Hello) -> list[Effect]:
        """The first frame. Raises BadFrame for a second one."""
        if session.phase is not Phase.NEW:
            raise BadFrame("a second hello")
        session.phase = Phase.CHECKING
        session.verifying = frame
        return [Verify(session, frame.token)]

    def auth(self, session: Session, frame: protocol.Auth) -> list[Effect]:
        """A fresh token on a living connection; one at a time."""
        if session.verifying is not None:
            return [Send(session, protocol.err(frame.id, Code.BUSY, UNAVAILABLE_RETRY_MS))]
        session.verifying = frame
        return [Verify(session, frame.token)]

    def verified(
        self, session: Session, outcome: Principal | Problem, followed: Sequence[Channel], now: float
    ) -> list[Effect]:
        """The shell's answer to a Verify; ``followed``: the session's channels."""
        asked, session.verifying = session.verifying, None
        if session.phase is Phase.CLOSED or asked is None:
            return []
        try:
            if isinstance(outcome, Problem):
                raise outcome
            self._check_revoked(outcome)
        except Problem as problem:
            what = "hello" if isinstance(asked, Hello) else "auth"
            refused = Refused(problem, session.identity, what, session.address)
            return [refused, Drop(session, admission.close_of(problem))]
        if isinstance(asked, Hello):
            return self._admit(session, asked, outcome, now)
        return self._reauthorised(session, asked, outcome, followed, now)

    def _admit(self, session: Session, hello: Hello, principal: Principal, now: float) -> list[Effect]:
        refusal = admission.refusal_of(principal, hello.device_id, session.origin_allowed)
        if refusal is not None:
            close, problem = refusal
            who = admission.identity_of(principal, "")
            return [Refused(problem, who, "hello", session.address), Drop(session, close)]
        identity = admission.identity_of(principal, hello.device_id)
        replaced = self._counts.admit(session, identity)
        if replaced is None:
            return [Drop(session, Close.CONNECTION_LIMIT)]
        session.kds = hello.kind == "kds"
        session.stations = hello.stations
        return [
            Admitted(session, identity, replaced),
            TokenLives(session, self._end_of(principal, now)),
            Ask(Request(session, hello.wants, hello=hello, id=hello.id)),
        ]

    def _reauthorised(
        self, session: Session, frame: Any, principal: Principal, followed: Sequence[Channel], now: float
    ) -> list[Effect]:
        identity = session.identity
        assert identity is not None
        if not admission.same_holder(identity, principal):
            other = PermissionDenied("the token is somebody else's", reason="OTHER_HOLDER")
            return [Refused(other, identity, "auth", session.address), Drop(session, Close.MISMATCH)]
        identity.allowed = admission.allowed_channels(principal.permissions)
        identity.issued_at = principal.issued_at
        identity.session_id = principal.session_id
        effects: list[Effect] = [TokenLives(session, self._end_of(principal, now))]
        for channel in followed:
            if channel.short not in identity.allowed:
                effects.append(Leave(session, channel))
                effects.append(Send(session, protocol.unsub(channel.name, Code.PERMISSION_LOST)))
        effects.append(Send(session, protocol.auth_ok(frame.id, int(principal.expires_at.timestamp()))))
        if session.phase is Phase.SUSPENDED:
            session.phase = Phase.OPEN
            effects.append(Renewed(session))
        return effects

    def _end_of(self, principal: Principal, now: float) -> float:
        return now + (principal.expires_at - self._wall()).total_seconds()
