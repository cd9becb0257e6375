"""The hub: what happens on connections and in the feed comes in, bytes and requests go out. Sans-I/O."""

import random
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chassis.auth import Principal, Revocation
from chassis.channels import channel_name, split_name
from chassis.errors import PermissionDenied, Problem
from services.realtime import protocol
from services.realtime.codes import Close, Code
from services.realtime.frames import Event
from services.realtime.hub import admission
from services.realtime.hub.channel import Channel
from services.realtime.hub.delivery import Delivery
from services.realtime.hub.resume import Resume
from services.realtime.hub.session import Fetch, Fetched, Phase, Request, Session, Verify, Wire
from services.realtime.hub.subscriptions import KitchenWatch, Subscriptions
from services.realtime.hub.upkeep import Upkeep
from services.realtime.limits import (
    ACCEPTS_BURST_SECONDS,
    CONNECTIONS_PER_DEVICE,
    HELLO_BYTES,
    INBOUND_BURST,
    RATE_RETRY_MS,
    RATE_VIOLATIONS_MAX,
    UNAVAILABLE_RETRY_MS,
)
from services.realtime.protocol import BadFrame, Hello


class Hub:
    """See the module. Times are monotonic seconds; ``wall`` is the clock that tokens are read by."""

    def __init__(
        self,
        *,
        wall: Callable[[], datetime],
        now: float,
        kitchen: KitchenWatch,
        rng: random.Random,
        check_revoked: Callable[[Principal], None],
        refused: admission.Refuse,
        connections_per_restaurant: int,
        preauth_per_address: int,
        accepts_per_address: float,
        connection_prefix: str = "c_",
    ) -> None:
        self._wall = wall
        self._kitchen = kitchen
        self._check_revoked = check_revoked
        self._refused = refused
        self._numbers = 0
        self.sessions: set[Session] = set()
        self.channels: dict[str, Channel] = {}
        self.requests: deque[Verify | Fetch] = deque()
        self.counts = admission.Counts(
            CONNECTIONS_PER_DEVICE,
            connections_per_restaurant,
            preauth_per_address,
            admission.Arrivals(accepts_per_address, accepts_per_address * ACCEPTS_BURST_SECONDS),
        )
        self.delivery = Delivery(self.drop)
        self.upkeep = Upkeep(self, rng, now)
        self.subscriptions = Subscriptions(self, kitchen, wall, connection_prefix)
        self.resume = Resume(self.delivery, self.requests.append, self.subscriptions.answer)
        self.dropped: dict[Close, int] = {}

    # --- the feed -----------------------------------------------------------------------------------------

    def publish(self, event: Event, positions: list[tuple[str, str, int]], now: float) -> None:
        """An event of the feed with its positions: (short channel, epoch, seq)."""
        for short, epoch, seq in positions:
            channel = self.channel(event.restaurant_id, short, now)
            if channel is not None:
                self._publish(channel, epoch, seq, event, now)

    def channel(self, restaurant_id: str, short: str, now: float) -> Channel | None:
        """The channel of that name, made when it is new. None: there is no such kind of channel."""
        name = channel_name(restaurant_id, short)
        channel = self.channels.get(name)
        if channel is None and split_name(name) is not None:
            channel = self.channels[name] = Channel(name, restaurant_id, short, now)
        return channel

    def _publish(self, channel: Channel, epoch: str, seq: int, event: Event, now: float) -> None:
        if not channel.known:
            if channel.fetching:
                channel.hold(epoch, seq, event)
                return
            channel.adopt(epoch, seq - 1)
        if epoch == channel.epoch and seq <= channel.head:
            return
        if epoch != channel.epoch or seq != channel.head + 1:
            if channel.followed or channel.fetching:
                channel.hold(epoch, seq, event)
                self.resume.heal(channel, now)
                return
            # Nobody here misses what lies in between; whoever comes for it later has it fetched.
            channel.adopt(epoch, seq - 1)
        self._append(channel, event, now)
        while channel.pending:
            following = channel.pending.pop((epoch, channel.head + 1), None)
            if following is None:
                break
            self._append(channel, following, now)

    def _append(self, channel: Channel, event: Event, now: float) -> None:
        channel.append(channel.head + 1, event, now)
        self.delivery.fan_out(channel)
        if not channel.spec.acknowledged:
            self._kitchen.told(event)
        else:
            age = max(0.0, self._wall().timestamp() - event.at_ms / 1000)
            self._kitchen.published(event, str(channel.epoch), channel.head, now, age)

    def fetched(self, fetch: Fetch, found: Fetched, now: float) -> None:
        """The shell's answer to a fetch."""
        self.resume.fetched(
            fetch,
            found,
            now,
            lambda channel, epoch, seq, event: self._publish(channel, epoch, seq, event, now),
            lambda request: self.subscriptions.submit(request, now),
        )
        for session in list(fetch.channel.lagging):
            self.delivery.pump(session)

    # --- connections --------------------------------------------------------------------------------------

    def opened(self, wire: Wire, address: str, origin_allowed: bool, now: float) -> Session:
        """A socket was upgraded."""
        self._numbers += 1
        session = Session(wire, self._numbers, address, origin_allowed, now)
        session.tokens = INBOUND_BURST
        self.sessions.add(session)
        self.upkeep.watch(session, now)
        if not self.counts.arrive(address, now):
            session.address = ""
            self.drop(session, Close.OVERLOAD, UNAVAILABLE_RETRY_MS)
        return session

    def closed(self, session: Session) -> None:
        """The socket is gone, whoever ended it."""
        self._forget(session)
        session.phase = Phase.CLOSED
        session.close_at = 0.0
        session.let_go()
        self.sessions.discard(session)

    def paused(self, session: Session, now: float) -> None:
        """The socket's buffer is full."""
        self.delivery.paused(session, now)

    def resumed(self, session: Session) -> None:
        """The socket's buffer has room again."""
        self.delivery.resumed(session)

    def drop(self, session: Session, code: Close, retry_ms: int | None = None) -> None:
        """Says ``bye``, closes, and forgets the session."""
        if session.phase is Phase.CLOSED:
            return
        self._forget(session)
        session.phase = Phase.CLOSED
        self.dropped[code] = self.dropped.get(code, 0) + 1
        session.send(protocol.bye(code, retry_ms))
        session.send(protocol.close_frame(code, code.why))
        session.wire.finish()
        self.upkeep.cut_later(session)

    def _forget(self, session: Session) -> None:
        if session.kds and session.phase in (Phase.OPEN, Phase.SUSPENDED):
            self._kitchen.display_left(session)
        self.delivery.forget(session)
        self._known(session)
        if session.identity is not None:
            self.counts.leave(session, session.identity)
            session.identity = None

    def _known(self, session: Session) -> None:
        """The session does not count as a stranger of its address any more."""
        self.counts.depart(session.address)
        session.address = ""

    def revoke(self, revocation: Revocation) -> int:
        """Ends every connection that a revocation covers; how many."""
        covered = [
            session
            for session in self.sessions
            if session.identity is not None and admission.covers(revocation, session.identity)
        ]
        for session in covered:
            self.drop(session, Close.REVOKED)
        return len(covered)

    # --- what clients send --------------------------------------------------------------------------------

    def received(self, session: Session, raw: bytes, now: float) -> None:
        """A text message of a client."""
        if session.phase is Phase.CLOSED or not self._within_rate(session, now):
            return
        session.heard_at = now
        try:
            if session.phase is Phase.NEW and len(raw) > HELLO_BYTES:
                raise BadFrame("a hello is smaller", Close.TOO_BIG)
            self._take(session, protocol.parse(raw), now)
        except BadFrame as bad:
            self.drop(session, bad.close)

    def pinged(self, session: Session, payload: bytes, now: float) -> None:
        """A WebSocket ping of a client; counts like any message."""
        if session.phase is not Phase.CLOSED and self._within_rate(session, now):
            session.heard_at = now
            session.send(protocol.pong_frame(payload))

    def heard(self, session: Session, now: float) -> None:
        """A WebSocket pong of a client, or a piece of a message; counts like any message."""
        if session.phase is not Phase.CLOSED and self._within_rate(session, now):
            session.heard_at = now

    def _within_rate(self, session: Session, now: float) -> bool:
        if admission.within_rate(session, now):
            return True
        session.violations += 1
        if session.violations >= RATE_VIOLATIONS_MAX:
            self.drop(session, Close.RATE_LIMITED)
        else:
            session.send(protocol.err(None, Code.RATE_LIMITED, RATE_RETRY_MS))
        return False

    def _take(self, session: Session, frame: protocol.ClientFrame, now: float) -> None:
        if isinstance(frame, Hello):
            if session.phase is not Phase.NEW:
                raise BadFrame("a second hello")
            session.phase = Phase.CHECKING
            session.verifying = frame
            self.requests.append(Verify(session, frame.token))
        elif session.phase is Phase.NEW:
            raise BadFrame("the first frame is hello")
        elif isinstance(frame, protocol.Pong | protocol.Ack):
            self._acknowledge(session, frame.acks)
        elif session.phase is Phase.CHECKING:
            self._refuse(session, frame.id, Code.BUSY, UNAVAILABLE_RETRY_MS)
        elif isinstance(frame, protocol.Auth):
            self._auth(session, frame)
        elif isinstance(frame, protocol.Sub):
            self.subscriptions.sub(session, frame, now)
        elif isinstance(frame, protocol.Unsub):
            self.subscriptions.unsub(session, frame)
        else:
            self._refuse(session, frame.id, Code.UNKNOWN_FRAME)

    def _refuse(self, session: Session, frame_id: Any, code: Code, retry_ms: int | None = None) -> None:
        session.send(protocol.err(frame_id, code, retry_ms))

    def _acknowledge(self, session: Session, acks: Mapping[str, int]) -> None:
        if not session.kds:
            return
        for channel in session.channels:
            seq = acks.get(channel.name)
            if seq is not None and channel.spec.acknowledged and channel.epoch is not None:
                self._kitchen.acknowledged(session, channel.epoch, min(seq, channel.head))

    def note_refusal(self, session: Session, problem: Problem, asked: str) -> None:
        """Counts what the session's holder was refused; before the hello: whoever is at its address."""
        self._refused(problem, session.identity, asked, session.address)

    # --- tokens -------------------------------------------------------------------------------------------

    def verified(self, session: Session, outcome: Principal | Problem, now: float) -> None:
        """The shell's answer to a Verify."""
        asked, session.verifying = session.verifying, None
        if session.phase is Phase.CLOSED or asked is None:
            return
        try:
            if isinstance(outcome, Problem):
                raise outcome
            self._check_revoked(outcome)
        except Problem as problem:
            self.note_refusal(session, problem, "hello" if isinstance(asked, Hello) else "auth")
            self.drop(session, admission.close_of(problem))
            return
        if isinstance(asked, Hello):
            self._admit(session, asked, outcome, now)
        else:
            self._reauthorised(session, asked, outcome, now)

    def _admit(self, session: Session, hello: Hello, principal: Principal, now: float) -> None:
        refusal = admission.refusal_of(principal, hello.device_id, session.origin_allowed)
        if refusal is not None:
            close, problem = refusal
            self._refused(problem, admission.identity_of(principal, ""), "hello", session.address)
            self.drop(session, close)
            return
        identity = admission.identity_of(principal, hello.device_id)
        replaced = self.counts.admit(session, identity)
        if replaced is None:
            self.drop(session, Close.CONNECTION_LIMIT)
            return
        for older in replaced:
            self.drop(older, Close.REPLACED)
        session.identity = identity
        session.device_id = identity.device_id
        self._known(session)
        session.kds = hello.kind == "kds"
        session.stations = hello.stations
        self._set_expiry(session, principal, now)
        self.subscriptions.ask(Request(session, hello.wants, hello=hello, id=hello.id), now)

    def _auth(self, session: Session, frame: protocol.Auth) -> None:
        if session.verifying is not None:
            self._refuse(session, frame.id, Code.BUSY, UNAVAILABLE_RETRY_MS)
            return
        session.verifying = frame
        self.requests.append(Verify(session, frame.token))

    def _reauthorised(self, session: Session, frame: Any, principal: Principal, now: float) -> None:
        assert session.identity is not None
        if not admission.same_holder(session.identity, principal):
            other = PermissionDenied("the token is somebody else's", reason="OTHER_HOLDER")
            self.note_refusal(session, other, "auth")
            self.drop(session, Close.MISMATCH)
            return
        session.identity.allowed = admission.allowed_channels(principal.permissions)
        session.identity.issued_at = principal.issued_at
        session.identity.session_id = principal.session_id
        self._set_expiry(session, principal, now)
        for channel in session.channels:
            if channel.short not in session.identity.allowed:
                self.subscriptions.leave(session, channel)
                session.send(protocol.unsub(channel.name, Code.PERMISSION_LOST))
        session.send(protocol.auth_ok(frame.id, int(principal.expires_at.timestamp())))
        if session.phase is Phase.SUSPENDED:
            session.phase = Phase.OPEN
            self.delivery.resync_from_cursors(session)
            self.delivery.pump(session)

    def _set_expiry(self, session: Session, principal: Principal, now: float) -> None:
        left = (principal.expires_at - self._wall()).total_seconds()
        self.upkeep.token_lives(session, now + left, now)
