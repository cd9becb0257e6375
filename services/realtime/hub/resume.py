"""Where a subscription starts, and what has to be fetched for it: ring, else older events, else a snapshot.

The same fetch heals holes of the live feed. One fetch per channel is in flight; everybody else waits for
it. Never a partial replay: a position is either continued without a gap or answered with ``snapshot``.
"""

from collections.abc import Callable, Iterable

from services.realtime import protocol
from services.realtime.codes import Code, State
from services.realtime.frames import Event
from services.realtime.hub.channel import Channel
from services.realtime.hub.delivery import Delivery
from services.realtime.hub.session import Fetch, Fetched, Phase, Request, Session
from services.realtime.limits import FETCH_RETRY_SECONDS, WAITERS_PER_CHANNEL
from services.realtime.protocol import Want

CLAIM_EVENTS = 64
"""A client may be this far ahead of the feed on its word: its snapshot was read before the relay published.
"""
CLAIM_SECONDS = 1.0
LOCATE_SECONDS = 1.0
"""The owner is asked where a channel stands at most this often because of a position that does not fit."""

Decision = tuple[State, Code | None]


class Resume:
    """See the module. ``ask`` hands a fetch to the shell, ``finish`` answers a request whose wants are
    decided.
    """

    def __init__(
        self,
        delivery: Delivery,
        ask: Callable[[Fetch], None],
        finish: Callable[[Request, list[Decision]], None],
    ) -> None:
        self._delivery = delivery
        self._ask = ask
        self._finish = finish
        self._claimed: dict[Channel, float] = {}
        self.fetches = 0

    # --- subscriptions ------------------------------------------------------------------------------------

    def submit(self, request: Request, channels: Iterable[Channel | Code], now: float) -> None:
        """Decides every want of a request now, or as soon as what is missing has been fetched."""
        decisions: list[Decision] = []
        waiting = False
        for want, channel in zip(request.wants, channels, strict=True):
            if isinstance(channel, Code):
                decisions.append((State.DENIED, channel))
                continue
            decision = self._decide(request, want, channel, now)
            if decision is not None:
                decisions.append(decision)
            elif len(channel.waiting) >= WAITERS_PER_CHANNEL:
                decisions.append((State.DENIED, Code.UNAVAILABLE))
            else:
                waiting = True
                if request not in channel.waiting:
                    channel.waiting.append(request)
                self._fetch_for(channel)
        if not waiting:
            self._finish(request, decisions)

    def start(self, session: Session, channel: Channel, want: Want, now: float) -> None:
        """Begins a subscription that was decided to be live or resumed."""
        self._delivery.attach(session, channel, want.seq)
        if want.seq > channel.head:
            channel.claims[session] = want.seq
            self._claimed.setdefault(channel, now + CLAIM_SECONDS)

    def _decide(self, request: Request, want: Want, channel: Channel, now: float) -> Decision | None:
        """What becomes of a want; None: something must be fetched first."""
        tried = request.tried.get(channel.name)
        unavailable: Decision = (State.DENIED, Code.UNAVAILABLE)
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

    def _fetch_for(self, channel: Channel) -> None:
        """Starts one fetch that serves as many of the waiting requests as possible."""
        if channel.fetching:
            return
        if not channel.known:
            # Which positions are near enough to be replayed shows only when the newest one is known.
            self._fetch(channel, None, 0)
            return
        wants = [
            want
            for request in channel.waiting
            for want in request.wants
            if want.channel == channel.name and channel.name not in request.tried
        ]
        positions = [want.seq for want in wants if want.epoch == channel.epoch]
        self._fetch(channel, channel.epoch, min([*positions, channel.head]))

    def _fetch(self, channel: Channel, epoch: str | None, seq: int) -> None:
        channel.fetching = True
        self.fetches += 1
        self._ask(Fetch(channel, epoch, seq, _until(channel, seq), channel.spec.replay_max))

    # --- answers ------------------------------------------------------------------------------------------

    def fetched(
        self,
        fetch: Fetch,
        found: Fetched,
        now: float,
        publish: Callable[[Channel, str, int, Event], None],
        again: Callable[[Request], None],
    ) -> None:
        """Takes in what a fetch brought and goes on with what waited for it."""
        channel = fetch.channel
        head = channel.head
        if found.epoch is not None:
            channel.located_at = now
            self._merge(channel, found.epoch, found, now, publish)
        channel.fetching = False
        waiting, channel.waiting = channel.waiting, []
        for request in waiting:
            for want in request.wants:
                if want.channel == channel.name and _served(fetch, found, want):
                    request.tried[channel.name] = found.epoch is not None
        for request in waiting:
            if request.session.phase is not Phase.CLOSED:
                again(request)
        self._after(channel, channel.head > head, now)

    def _merge(
        self,
        channel: Channel,
        epoch: str,
        found: Fetched,
        now: float,
        publish: Callable[[Channel, str, int, Event], None],
    ) -> None:
        if channel.epoch != epoch:
            known_before = channel.known
            reaches = found.complete and bool(found.events) and found.events[-1][0] == found.head
            channel.adopt(epoch, found.head)
            if known_before:
                self._tell_resync(channel)
            if reaches:
                channel.prepend(found.events, now)
        elif found.complete:
            channel.prepend(found.events, now)
            for seq, event in found.events:
                if seq > channel.head:
                    publish(channel, epoch, seq, event)
        elif found.head > channel.head:
            # What lies between cannot be had any more: nobody here can go on without a snapshot.
            channel.adopt(epoch, found.head)
            self._tell_resync(channel)
        self._drain_pending(channel, publish)

    def _tell_resync(self, channel: Channel) -> None:
        for session in [*channel.live, *channel.lagging]:
            self._delivery.detach(session, channel)
            session.send(protocol.unsub(channel.name, Code.RESYNC))

    def _drain_pending(self, channel: Channel, publish: Callable[[Channel, str, int, Event], None]) -> None:
        held, channel.pending = channel.pending, {}
        for (epoch, seq), event in sorted(held.items()):
            if epoch == channel.epoch:
                publish(channel, epoch, seq, event)

    def _after(self, channel: Channel, progress: bool, now: float) -> None:
        """A request that still waits is served next; a hole that is still open is tried ever more slowly."""
        if channel.waiting:
            self._fetch_for(channel)
            return
        low, high = FETCH_RETRY_SECONDS
        channel.retry_delay = low if progress else min(high, channel.retry_delay * 2 or low)
        channel.retry_at = now if progress else now + channel.retry_delay
        if channel.pending:
            self.heal(channel, now)

    # --- holes --------------------------------------------------------------------------------------------

    def heal(self, channel: Channel, now: float) -> None:
        """Reads what is missing between the ring and what waits behind a hole."""
        if not channel.fetching and now >= channel.retry_at and channel.known:
            self._fetch(channel, channel.epoch, channel.head)

    def check_claims(self, now: float) -> None:
        """Looks for the events that sessions say they have and the feed has not brought."""
        for channel, at in list(self._claimed.items()):
            channel.claims = {one: seq for one, seq in channel.claims.items() if seq > channel.head}
            if not channel.claims:
                del self._claimed[channel]
            elif now >= at and not channel.fetching:
                if channel.located_at >= at:
                    self._refuse_claims(channel)
                    del self._claimed[channel]
                else:
                    self._fetch(channel, channel.epoch, channel.head)

    def _refuse_claims(self, channel: Channel) -> None:
        for session in list(channel.claims):
            self._delivery.detach(session, channel)
            session.send(protocol.unsub(channel.name, Code.RESYNC))


def _served(fetch: Fetch, found: Fetched, want: Want) -> bool:
    """Whether a fetch said all there is to say about a want."""
    if found.epoch is None or want.epoch is None or want.epoch != found.epoch:
        return True
    # An answer that did not reach the ring says nothing of other positions than the one that was asked for.
    return fetch.epoch == want.epoch and (want.seq == fetch.seq or want.seq >= fetch.channel.head)


def _until(channel: Channel, seq: int) -> int:
    """How far a copy of the log must reach to be as good as the owner's answer; 0: only the owner knows."""
    if seq < channel.tail - 1:
        return channel.tail - 1
    return min((held - 1 for epoch, held in channel.pending if epoch == channel.epoch), default=0)
