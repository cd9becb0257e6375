"""Subscriptions: who may have which channel, how a request is answered, and in which order frames follow."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from chassis.channels import split_name
from services.realtime import protocol
from services.realtime.codes import Code, State
from services.realtime.frames import Event
from services.realtime.hub.admission import denial_of
from services.realtime.hub.channel import Channel
from services.realtime.hub.resume import Decision
from services.realtime.hub.session import Phase, Request, Session
from services.realtime.limits import CHANNELS_PER_CONNECTION, HEARTBEAT_TIMEOUT_SECONDS, UNAVAILABLE_RETRY_MS
from services.realtime.protocol import Want

if TYPE_CHECKING:
    from services.realtime.hub.core import Hub


class KitchenWatch(Protocol):
    """Who wants to know what kitchens get and what their displays do."""

    def published(self, event: Event, epoch: str, seq: int, now: float, age_seconds: float) -> None:
        """The next event of a channel that displays acknowledge, in order and once."""

    def told(self, event: Event) -> None:
        """The next event of any other channel, in order and once: alarms begin and end there."""

    def display_joined(self, session: Session) -> None:
        """A kitchen display follows its restaurant's kitchen channel."""

    def display_left(self, session: Session) -> None:
        """It is gone."""

    def acknowledged(self, session: Session, epoch: str, seq: int) -> None:
        """It has applied and stored everything up to ``seq``."""


class Subscriptions:
    """See the module."""

    def __init__(
        self, hub: "Hub", kitchen: KitchenWatch, wall: Callable[[], datetime], connection_prefix: str
    ) -> None:
        self._hub = hub
        self._kitchen = kitchen
        self._wall = wall
        self._prefix = connection_prefix

    def sub(self, session: Session, frame: protocol.Sub, now: float) -> None:
        """A client wants one more channel, or goes on from an older position of one it has."""
        names = {channel.name for channel in session.channels} | {frame.want.channel}
        if len(names) > CHANNELS_PER_CONNECTION:
            entry = protocol.sub_entry(frame.want.channel, None, None, State.DENIED, Code.TOO_MANY_CHANNELS)
            session.send(protocol.sub_ok(frame.id, entry))
            return
        self.ask(Request(session, [frame.want], id=frame.id), now)

    def unsub(self, session: Session, frame: protocol.Unsub) -> None:
        """A client has enough of a channel."""
        found = [channel for channel in session.channels if channel.name == frame.channel]
        for channel in found:
            self.leave(session, channel)
        code = Code.BY_REQUEST if found else Code.NOT_SUBSCRIBED
        session.send(protocol.unsub(frame.channel, code, frame.id))

    def leave(self, session: Session, channel: Channel) -> None:
        """Ends a subscription without a word."""
        self._hub.delivery.detach(session, channel)
        if session.kds and channel.spec.acknowledged:
            self._kitchen.display_left(session)

    def ask(self, request: Request, now: float) -> None:
        """A client's request: what it may not have is counted, and the request decided."""
        for want in request.wants:
            parts = split_name(want.channel)
            denial = None if parts is None else denial_of(request.session.identity, *parts)
            if parts is not None and denial is not None:
                self._hub.note_refusal(request.session, denial, f"sub {parts[1]}")
        self.submit(request, now)

    def submit(self, request: Request, now: float) -> None:
        """Decides a request, or waits for what must be fetched first."""
        channels = [self._readable(request.session, want, now) for want in request.wants]
        self._hub.resume.submit(request, channels, now)

    def _readable(self, session: Session, want: Want, now: float) -> Channel | Code:
        parts = split_name(want.channel)
        if parts is None:
            return Code.UNKNOWN_CHANNEL
        restaurant_id, short = parts
        if denial_of(session.identity, restaurant_id, short) is not None:
            return Code.FORBIDDEN
        channel = self._hub.channel(restaurant_id, short, now)
        return Code.UNKNOWN_CHANNEL if channel is None else channel

    def answer(self, request: Request, decisions: list[Decision]) -> None:
        """Every want is decided: answers, then lets replays and live frames flow, in this order."""
        session = request.session
        if session.phase is Phase.CLOSED:
            return
        entries = []
        for want, (state, code) in zip(request.wants, decisions, strict=True):
            channel = self._hub.channels.get(want.channel)
            entries.append(_entry(want, channel if code is not Code.FORBIDDEN else None, state, code))
        if request.hello is not None:
            session.phase = Phase.OPEN
            session.send(self._welcome(session, request, entries))
        else:
            session.send(protocol.sub_ok(request.id, entries[0]))
        for want, (state, _) in zip(request.wants, decisions, strict=True):
            if state in (State.LIVE, State.RESUMED):
                self._start(session, self._hub.channels[want.channel], want)
        self._hub.delivery.pump(session)

    def _start(self, session: Session, channel: Channel, want: Want) -> None:
        self._hub.resume.start(session, channel, want, self._hub.upkeep.now)
        if session.kds and channel.spec.acknowledged and channel.epoch is not None:
            self._kitchen.display_joined(session)
            self._kitchen.acknowledged(session, channel.epoch, min(want.seq, channel.head))

    def _welcome(self, session: Session, request: Request, entries: list[dict[str, Any]]) -> bytes:
        wall = self._wall()
        expires = wall.timestamp() + session.expires_at - self._hub.upkeep.now
        heartbeat = (self._hub.upkeep.heartbeat(session), HEARTBEAT_TIMEOUT_SECONDS)
        number = f"{self._prefix}{session.number}"
        return protocol.welcome(
            request.id,
            number,
            int(wall.astimezone(UTC).timestamp() * 1000),
            round(expires),
            heartbeat,
            entries,
        )


def _entry(want: Want, channel: Channel | None, state: State, code: Code | None) -> dict[str, Any]:
    known = channel is not None and channel.known
    epoch, head = (channel.epoch, channel.head) if channel is not None and known else (None, None)
    entry = protocol.sub_entry(want.channel, epoch, head, state, code)
    if code is Code.UNAVAILABLE:
        entry |= {"temp": True, "retry_ms": UNAVAILABLE_RETRY_MS}
    return entry
