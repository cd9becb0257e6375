"""Where a subscription starts, and what has to be fetched for it: ring, else older events, else a snapshot.

The same fetch heals holes of the live feed. One fetch per channel is in flight; everybody else waits for
it. Never a partial replay: a position is either continued without a gap or answered with ``snapshot``.

Sans-I/O, and without a hub: the state is the channel's, and what has to happen beyond it is answered as
effects, to be carried out in order before the next call.
"""

from collections.abc import Iterable

from services.realtime.codes import Code, State, Verdict
from services.realtime.hub.channel import Channel
from services.realtime.hub.effects import Answer, Decide, Effect, Publish, Resync
from services.realtime.hub.fetch import Fetch, Fetched
from services.realtime.hub.session import Phase, Request, Session
from services.realtime.limits import FETCH_RETRY_SECONDS, WAITERS_PER_CHANNEL
from services.realtime.protocol import Want

CLAIM_EVENTS = 64
"""A client may be this far ahead of the feed on its word: its snapshot was read before the relay published.
"""
CLAIM_SECONDS = 1.0
LOCATE_SECONDS = 1.0
"""The owner is asked where a channel stands at most this often because of a position that does not fit."""


class Resume:
    """See the module."""

    def __init__(self) -> None:
        self._claimed: dict[Channel, float] = {}

    # --- subscriptions ------------------------------------------------------------------------------------

    def decide(self, request: Request, channels: Iterable[Channel | Code], now: float) -> list[Effect]:
        """Decides every want of a request now, or as soon as what is missing has been fetched."""
        effects: list[Effect] = []
        verdicts: list[Verdict] = []
        waiting = False
        for want, channel in zip(request.wants, channels, strict=True):
            if isinstance(channel, Code):
                verdicts.append((State.DENIED, channel))
                continue
            verdict = _verdict(request, want, channel, now)
            if verdict is not None:
                verdicts.append(verdict)
            elif len(channel.waiting) >= WAITERS_PER_CHANNEL:
                verdicts.append((State.DENIED, Code.UNAVAILABLE))
            else:
                waiting = True
                if request not in channel.waiting:
                    channel.waiting.append(request)
                effects += _fetch_for(channel)
        return effects if waiting else [*effects, Answer(request, verdicts)]

    def note_ahead(self, session: Session, channel: Channel, seq: int, now: float) -> None:
        """A session follows a channel from a position that the feed may not have reached."""
        if seq > channel.head:
            channel.claims[session] = seq
            self._claimed.setdefault(channel, now + CLAIM_SECONDS)

    def check_claims(self, now: float) -> list[Effect]:
        """Looks for the events that sessions say they have and the feed has not brought."""
        effects: list[Effect] = []
        for channel, at in list(self._claimed.items()):
            channel.claims = {one: seq for one, seq in channel.claims.items() if seq > channel.head}
            if not channel.claims:
                del self._claimed[channel]
            elif now >= at and not channel.fetching:
                if channel.located_at >= at:
                    effects += [Resync(session, channel) for session in channel.claims]
                    del self._claimed[channel]
                else:
                    effects.append(_fetch(channel, channel.epoch, channel.head))
        return effects

    # --- what a fetch brought: three steps, for each builds on what came of the one before ------------------

    def merge(self, fetch: Fetch, found: Fetched, now: float) -> list[Effect]:
        """First: takes its events in. While they are published the channel still counts as fetching."""
        channel = fetch.channel
        if found.epoch is None:
            return []
        channel.located_at = now
        effects = _merged(channel, found.epoch, found, now)
        held, channel.pending = channel.pending, {}
        waited = sorted((place, event) for place, event in held.items() if place[0] == channel.epoch)
        return [*effects, *(Publish(channel, epoch, seq, event) for (epoch, seq), event in waited)]

    def release(self, fetch: Fetch, found: Fetched) -> list[Effect]:
        """Second: whoever waited for it is decided again."""
        channel = fetch.channel
        channel.fetching = False
        waiting, channel.waiting = channel.waiting, []
        for request in waiting:
            for want in request.wants:
                if want.channel == channel.name and _served(fetch, found, want):
                    request.tried[channel.name] = found.epoch is not None
        return [Decide(request) for request in waiting if request.session.phase is not Phase.CLOSED]

    def settle(self, channel: Channel, progress: bool, now: float) -> list[Effect]:
        """Third: a request that still waits is served next; a hole that is still open is tried ever more
        slowly. ``progress``: whether the fetch moved the channel on.
        """
        if channel.waiting:
            return _fetch_for(channel)
        low, high = FETCH_RETRY_SECONDS
        channel.retry_delay = low if progress else min(high, channel.retry_delay * 2 or low)
        channel.retry_at = now if progress else now + channel.retry_delay
        return self.heal(channel, now) if channel.pending else []

    # --- holes --------------------------------------------------------------------------------------------

    def heal(self, channel: Channel, now: float) -> list[Effect]:
        """Reads what is missing between the ring and what waits behind a hole."""
        if channel.fetching or now < channel.retry_at or not channel.known:
            return []
        return [_fetch(channel, channel.epoch, channel.head)]


def _verdict(request: Request, want: Want, channel: Channel, now: float) -> Verdict | None:
    """What becomes of a want; None: something must be fetched first."""
    tried = request.tried.get(channel.name)
    unavailable: Verdict = (State.DENIED, Code.UNAVAILABLE)
    if not channel.known:
        return None if tried is None else unavailable
    if want.epoch is None:
        return State.SNAPSHOT, None
    fits = want.epoch == channel.epoch and want.seq <= channel.head + CLAIM_EVENTS
    if not fits:
        fresh = tried is not None or now - channel.located_at < LOCATE_SECONDS
        return (State.SNAPSHOT, None) if fresh else None
    if channel.head - want.seq > channel.spec.replay_max:
        return State.SNAPSHOT, None
    if want.seq >= channel.tail - 1:
        return (State.RESUMED if want.seq < channel.head else State.LIVE), None
    if tried is None:
        return None
    return (State.SNAPSHOT, None) if tried else unavailable


def _fetch_for(channel: Channel) -> list[Effect]:
    """One fetch that serves as many of the waiting requests as possible; none while one is in flight."""
    if channel.fetching:
        return []
    if not channel.known:
        # Which positions are near enough to be replayed shows only when the newest one is known.
        return [_fetch(channel, None, 0)]
    wants = [
        want
        for request in channel.waiting
        for want in request.wants
        if want.channel == channel.name and channel.name not in request.tried
    ]
    positions = [want.seq for want in wants if want.epoch == channel.epoch]
    return [_fetch(channel, channel.epoch, min([*positions, channel.head]))]


def _fetch(channel: Channel, epoch: str | None, seq: int) -> Fetch:
    channel.fetching = True
    return Fetch(channel, epoch, seq, _until(channel, seq), channel.spec.replay_max)


def _until(channel: Channel, seq: int) -> int:
    """How far a copy of the log must reach to be as good as the owner's answer; 0: only the owner knows."""
    if seq < channel.tail - 1:
        return channel.tail - 1
    return min((held - 1 for epoch, held in channel.pending if epoch == channel.epoch), default=0)


def _merged(channel: Channel, epoch: str, found: Fetched, now: float) -> list[Effect]:
    """Puts what was found before the ring, and publishes what follows it."""
    if channel.epoch != epoch:
        known_before = channel.known
        reaches = found.complete and bool(found.events) and found.events[-1][0] == found.head
        channel.adopt(epoch, found.head)
        if reaches:
            channel.prepend(found.events, now)
        return _resync(channel) if known_before else []
    if found.complete:
        channel.prepend(found.events, now)
        return [Publish(channel, epoch, seq, event) for seq, event in found.events if seq > channel.head]
    if found.head > channel.head:
        # What lies between cannot be had any more: nobody here can go on without a snapshot.
        channel.adopt(epoch, found.head)
        return _resync(channel)
    return []


def _resync(channel: Channel) -> list[Effect]:
    return [Resync(session, channel) for session in (*channel.live, *channel.lagging)]


def _served(fetch: Fetch, found: Fetched, want: Want) -> bool:
    """Whether a fetch said all there is to say about a want."""
    if found.epoch is None or want.epoch is None or want.epoch != found.epoch:
        return True
    # An answer that did not reach the ring says nothing of other positions than the one that was asked for.
    return fetch.epoch == want.epoch and (want.seq == fetch.seq or want.seq >= fetch.channel.head)
