"""The hub: what happens on connections and in the feed comes in, bytes and requests go out. Sans-I/O.

Its parts know nothing of it and of each other: each answers what it decides as effects, and the hub alone
carries them out, in order.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from chassis.auth import Principal, Revocation
from chassis.errors import Problem
from services.realtime import protocol
from services.realtime.codes import Close, Code
from services.realtime.frames import Event
from services.realtime.hub import admission, effects
from services.realtime.hub.channel import Channel
from services.realtime.hub.channels import Channels
from services.realtime.hub.deadlines import Deadlines
from services.realtime.hub.delivery import Delivery
from services.realtime.hub.effects import Effect
from services.realtime.hub.fetch import Fetch, Fetched
from services.realtime.hub.kitchen import KitchenWatch
from services.realtime.hub.resume import Resume
from services.realtime.hub.session import Phase, Session, Verify, Wire
from services.realtime.hub.subscriptions import Subscriptions
from services.realtime.hub.tokens import Tokens
from services.realtime.limits import (
    ACCEPTS_BURST_SECONDS,
    CONNECTIONS_PER_DEVICE,
    HELLO_BYTES,
    INBOUND_BURST,
    RATE_RETRY_MS,
    RATE_VIOLATIONS_MAX,
    UNAVAILABLE_RETRY_MS,
)
from services.realtime.protocol import BadFrame

SLOW_CHECK_SECONDS = 0.5
PROGRESS_CHECK_SECONDS = 2.0
TRIM_SECONDS = 5.0


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
        self._refused = refused
        self._numbers = 0
        self.sessions: set[Session] = set()
        self.channels = Channels()
        self.requests: deque[Verify | Fetch] = deque()
        self.counts = admission.Counts(
            CONNECTIONS_PER_DEVICE,
            connections_per_restaurant,
            preauth_per_address,
            admission.Arrivals(accepts_per_address, accepts_per_address * ACCEPTS_BURST_SECONDS),
        )
        self.delivery = Delivery()
        self._resume = Resume()
        self._deadlines = Deadlines(rng, now)
        self._tokens = Tokens(self.counts, check_revoked, wall)
        self._subscriptions = Subscriptions(self.channels, wall, connection_prefix)
        self._slow_at = self._progress_at = self._trim_at = now
        self.dropped: dict[Close, int] = {}

    # --- the feed -----------------------------------------------------------------------------------------

    def publish(self, event: Event, positions: list[tuple[str, str, int]], now: float) -> None:
        """An event of the feed with its positions: (short channel, epoch, seq)."""
        for short, epoch, seq in positions:
            channel = self.channels.named(event.restaurant_id, short, now)
            if channel is not None:
                self._publish(channel, epoch, seq, event, now)

    def _publish(self, channel: Channel, epoch: str, seq: int, event: Event, now: float) -> None:
        if channel.place(epoch, seq, event):
            self._append(channel, event, now)
            while channel.pending and (following := channel.following()) is not None:
                self._append(channel, following, now)
        elif channel.pending:
            self._apply(self._resume.heal(channel, now), now)

    def _append(self, channel: Channel, event: Event, now: float) -> None:
        channel.append(channel.head + 1, event, now)
        for lost in self.delivery.fan_out(channel):
            self.drop(lost.session, lost.code, lost.retry_ms)
        if channel.spec.acknowledged:
            age = max(0.0, self._wall().timestamp() - event.at_ms / 1000)
            self._kitchen.published(event, str(channel.epoch), channel.head, now, age)
        else:
            self._kitchen.told(event)

    def fetched(self, fetch: Fetch, found: Fetched, now: float) -> None:
        """The shell's answer to a fetch."""
        channel = fetch.channel
        head = channel.head
        self._apply(self._resume.merge(fetch, found, now), now)
        self._apply(self._resume.release(fetch, found), now)
        self._apply(self._resume.settle(channel, channel.head > head, now), now)
        for session in list(channel.lagging):
            self.delivery.pump(session)

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """What is due. Call it every TICK_SECONDS or so."""
        self._apply(self._deadlines.tick(now), now)
        patient = self._deadlines.patient(now)
        if now >= self._slow_at:
            self._slow_at = now + SLOW_CHECK_SECONDS
            if not patient:
                self._apply(self.delivery.check_slow(now), now)
            self._apply(self._resume.check_claims(now), now)
        if now >= self._progress_at:
            self._progress_at = now + PROGRESS_CHECK_SECONDS
            if not patient:
                self._apply(self.delivery.check_progress(self.sessions, now), now)
        if now >= self._trim_at:
            self._trim_at = now + TRIM_SECONDS
            self.channels.trim(now)
        for channel in [one for one in self.channels.values() if one.pending]:
            self._apply(self._resume.heal(channel, now), now)

    # --- connections --------------------------------------------------------------------------------------

    def opened(self, wire: Wire, address: str, origin_allowed: bool, now: float) -> Session:
        """A socket was upgraded."""
        self._numbers += 1
        session = Session(wire, self._numbers, address, origin_allowed, now)
        session.tokens = INBOUND_BURST
        self.sessions.add(session)
        self._deadlines.watch(session, now)
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
        self._deadlines.cut_later(session)

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
            self._apply(self._take(session, protocol.parse(raw)), now)
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

    def verified(self, session: Session, outcome: Principal | Problem, now: float) -> None:
        """The shell's answer to a Verify."""
        followed = self.delivery.followed_by(session)
        self._apply(self._tokens.verified(session, outcome, followed, now), now)

    def _within_rate(self, session: Session, now: float) -> bool:
        if admission.within_rate(session, now):
            return True
        session.violations += 1
        if session.violations >= RATE_VIOLATIONS_MAX:
            self.drop(session, Close.RATE_LIMITED)
        else:
            session.send(protocol.err(None, Code.RATE_LIMITED, RATE_RETRY_MS))
        return False

    def _take(self, session: Session, frame: protocol.ClientFrame) -> Iterable[Effect]:
        """What follows from a frame. Raises BadFrame for one that does not belong here."""
        if isinstance(frame, protocol.Hello):
            return self._tokens.hello(session, frame)
        if session.phase is Phase.NEW:
            raise BadFrame("the first frame is hello")
        if isinstance(frame, protocol.Pong | protocol.Ack):
            self._acknowledge(session, frame.acks)
            return ()
        if session.phase is Phase.CHECKING:
            return [effects.Send(session, protocol.err(frame.id, Code.BUSY, UNAVAILABLE_RETRY_MS))]
        if isinstance(frame, protocol.Auth):
            return self._tokens.auth(session, frame)
        if isinstance(frame, protocol.Sub):
            return self._subscriptions.sub(session, frame, self.delivery.followed_by(session))
        if isinstance(frame, protocol.Unsub):
            return self._subscriptions.unsub(session, frame, self.delivery.followed_by(session))
        return [effects.Send(session, protocol.err(frame.id, Code.UNKNOWN_FRAME))]

    def _acknowledge(self, session: Session, acks: Mapping[str, int]) -> None:
        if not session.kds:
            return
        for channel in self.delivery.followed_by(session):
            seq = acks.get(channel.name)
            if seq is not None and channel.spec.acknowledged and channel.epoch is not None:
                self._kitchen.acknowledged(session, channel.epoch, min(seq, channel.head))

    # --- effects ------------------------------------------------------------------------------------------

    def _apply(self, decided: Iterable[Effect], now: float) -> None:
        """Carries out what a part has decided, in order. The cases stand by how often they come."""
        for effect in decided:
            match effect:
                case effects.Send():
                    effect.session.send(effect.data)
                case effects.Follow():
                    self._follow(effect, now)
                case effects.Pump():
                    self.delivery.pump(effect.session)
                case Verify() | Fetch():
                    self.requests.append(effect)
                case effects.Ping():
                    self._ping(effect.session)
                case effects.Ask():
                    self._apply(self._subscriptions.ask(effect.request), now)
                case effects.Decide():
                    channels = self._subscriptions.readable(effect.request, now)
                    self._apply(self._resume.decide(effect.request, channels, now), now)
                case effects.Answer():
                    self._apply(self._subscriptions.answer(effect.request, effect.verdicts, now), now)
                case effects.Admitted():
                    self._admit(effect)
                case effects.TokenLives():
                    self._deadlines.token_lives(effect.session, effect.until, now)
                case effects.Publish():
                    self._publish(effect.channel, effect.epoch, effect.seq, effect.event, now)
                case effects.Leave():
                    self._leave(effect)
                case effects.Resync():
                    self.delivery.detach(effect.session, effect.channel)
                    effect.session.send(protocol.unsub(effect.channel.name, Code.RESYNC))
                case effects.Suspend():
                    self.delivery.suspend(effect.session)
                case effects.Renewed():
                    self.delivery.resync_from_cursors(effect.session)
                    self.delivery.pump(effect.session)
                case effects.Refused():
                    self._refused(effect.problem, effect.identity, effect.asked, effect.address)
                case effects.Drop():
                    self.drop(effect.session, effect.code, effect.retry_ms)
                case effects.Cut():
                    effect.session.wire.abort()

    def _admit(self, effect: effects.Admitted) -> None:
        for older in effect.replaced:
            self.drop(older, Close.REPLACED)
        session = effect.session
        session.identity, session.device_id = effect.identity, effect.identity.device_id
        self._known(session)

    def _leave(self, effect: effects.Leave) -> None:
        self.delivery.detach(effect.session, effect.channel)
        if effect.session.kds and effect.channel.spec.acknowledged:
            self._kitchen.display_left(effect.session)

    def _follow(self, effect: effects.Follow, now: float) -> None:
        session, channel, seq = effect.session, effect.channel, effect.seq
        self.delivery.attach(session, channel, seq)
        self._resume.note_ahead(session, channel, seq, now)
        if session.kds and channel.spec.acknowledged and channel.epoch is not None:
            self._kitchen.display_joined(session)
            self._kitchen.acknowledged(session, channel.epoch, min(seq, channel.head))

    def _ping(self, session: Session) -> None:
        if session.paused:
            return
        session.pings += 1
        suspended = session.phase is Phase.SUSPENDED
        followed = () if suspended else self.delivery.followed_by(session)
        session.send(protocol.ping(session.pings, {one.name: one.head for one in followed}))
