"""Subscriptions: who may have which channel, how a request is answered, and in which order frames follow."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from chassis.messaging.channels import split_name
from services.realtime import protocol
from services.realtime.codes import Code, State, Verdict
from services.realtime.hub.admission import denial_of
from services.realtime.hub.channel import Channel
from services.realtime.hub.channels import Channels
from services.realtime.hub.deadlines import heartbeat_of
from services.realtime.hub.effects import Ask, Decide, Effect, Follow, Leave, Pump, Refused, Send
from services.realtime.hub.session import Phase, Request, Session
from services.realtime.limits import CHANNELS_PER_CONNECTION, HEARTBEAT_TIMEOUT_SECONDS, UNAVAILABLE_RETRY_MS
from services.realtime.protocol import Want


class Subscriptions:
    """See the module. ``prefix`` makes the numbers of connections unique among processes."""

    def __init__(self, channels: Channels, wall: Callable[[], datetime], prefix: str) -> None:
        self._channels = channels
        self._wall = wall
        self._prefix = prefix

    def sub(self, session: Session, frame: protocol.Sub, followed: Sequence[Channel]) -> list[Effect]:
        """A client wants one more channel, or goes on from an older position of one of those ``followed``."""
        names = {channel.name for channel in followed} | {frame.want.channel}
        if len(names) > CHANNELS_PER_CONNECTION:
            entry = protocol.sub_entry(frame.want.channel, None, None, State.DENIED, Code.TOO_MANY_CHANNELS)
            return [Send(session, protocol.sub_ok(frame.id, entry))]
        return [Ask(Request(session, [frame.want], id=frame.id))]

    def unsub(self, session: Session, frame: protocol.Unsub, followed: Sequence[Channel]) -> list[Effect]:
        """A client has enough of a channel."""
        found = [channel for channel in followed if channel.name == frame.channel]
        code = Code.BY_REQUEST if found else Code.NOT_SUBSCRIBED
        left: list[Effect] = [Leave(session, channel) for channel in found]
        return [*left, Send(session, protocol.unsub(frame.channel, code, frame.id))]

    def ask(self, request: Request) -> list[Effect]:
        """A client's request: what it may not have is counted, and the request decided."""
        session = request.session
        effects: list[Effect] = []
        for want in request.wants:
            parts = split_name(want.channel)
            denial = None if parts is None else denial_of(session.identity, *parts)
            if parts is not None and denial is not None:
                effects.append(Refused(denial, session.identity, f"sub {parts[1]}", session.address))
        return [*effects, Decide(request)]

    def readable(self, request: Request, now: float) -> list[Channel | Code]:
        """For each want the channel, or why it is denied."""
        return [self._readable(request.session, want, now) for want in request.wants]

    def _readable(self, session: Session, want: Want, now: float) -> Channel | Code:
        parts = split_name(want.channel)
        if parts is None:
            return Code.UNKNOWN_CHANNEL
        restaurant_id, short = parts
        if denial_of(session.identity, restaurant_id, short) is not None:
            return Code.FORBIDDEN
        channel = self._channels.named(restaurant_id, short, now)
        return Code.UNKNOWN_CHANNEL if channel is None else channel

    def answer(self, request: Request, verdicts: Sequence[Verdict], now: float) -> list[Effect]:
        """Every want is decided: answers, then lets replays and live frames flow, in this order."""
        session = request.session
        if session.phase is Phase.CLOSED:
            return []
        entries = []
        for want, (state, code) in zip(request.wants, verdicts, strict=True):
            channel = self._channels.get(want.channel)
            entries.append(_entry(want, channel if code is not Code.FORBIDDEN else None, state, code))
        effects: list[Effect] = []
        if request.hello is not None:
            session.phase = Phase.OPEN
            effects.append(Send(session, self._welcome(session, request, entries, now)))
        else:
            effects.append(Send(session, protocol.sub_ok(request.id, entries[0])))
        for want, (state, _) in zip(request.wants, verdicts, strict=True):
            if state in (State.LIVE, State.RESUMED):
                effects.append(Follow(session, self._channels[want.channel], want.seq))
        return [*effects, Pump(session)]

    def _welcome(
        self, session: Session, request: Request, entries: list[dict[str, Any]], now: float
    ) -> bytes:
        wall = self._wall()
        expires = wall.timestamp() + session.expires_at - now
        return protocol.welcome(
            request.id,
            f"{self._prefix}{session.number}",
            int(wall.astimezone(UTC).timestamp() * 1000),
            round(expires),
            (heartbeat_of(session), HEARTBEAT_TIMEOUT_SECONDS),
            entries,
        )


def _entry(want: Want, channel: Channel | None, state: State, code: Code | None) -> dict[str, Any]:
    known = channel is not None and channel.known
    epoch, head = (channel.epoch, channel.head) if channel is not None and known else (None, None)
    entry = protocol.sub_entry(want.channel, epoch, head, state, code)
    if code is Code.UNAVAILABLE:
        entry |= {"temp": True, "retry_ms": UNAVAILABLE_RETRY_MS}
    return entry
