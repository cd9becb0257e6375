"""Resume without a hub and without I/O: channels, a delivery, and a page of code that carries out effects."""

from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.realtime.codes import Code, State, Verdict
from services.realtime.frames import Event
from services.realtime.hub.channel import Channel
from services.realtime.hub.delivery import Delivery
from services.realtime.hub.effects import Answer, Decide, Effect, Publish, Resync
from services.realtime.hub.fetch import Fetch, Fetched
from services.realtime.hub.resume import Resume
from services.realtime.hub.session import Phase, Request, Session
from services.realtime.protocol import Want
from services.realtime.tests.world import RID, RecordingWire, channel

MOVES = (
    "happen",
    "happen",
    "happen unheard",
    "hear",
    "hear",
    "hear the last first",
    "hear again",
    "come",
    "come far behind",
    "come ahead",
    "answer",
    "answer a page",
    "do not answer",
    "wait",
    "forget",
    "restore",
)


class Reader:
    """A device that came with a position; what was decided for it and what it got."""

    def __init__(self, number: int, epoch: str | None, seq: int) -> None:
        self.wire = RecordingWire()
        self.session = Session(self.wire, number, "", True, 0.0)
        self.session.phase = Phase.OPEN
        self.epoch = epoch
        self.start = seq
        self.verdict: Verdict | None = None
        self.resync = False

    @property
    def goes_on(self) -> bool:
        """It was let in, and not sent for a snapshot since."""
        return self.verdict is not None and self.verdict[0] in (State.LIVE, State.RESUMED) and not self.resync

    @property
    def got(self) -> list[int]:
        return self.wire.seqs(channel("orders"))


class Log:
    """An owner's log, a feed that loses, repeats and swaps, one channel, and those who read it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.epoch, self.first, self.head = "e1", 1, 3
        self.feed: list[tuple[str, int]] = []
        self.heard: list[tuple[str, int]] = []
        self.channel = Channel(channel("orders"), RID, "orders", self.now)
        self.delivery, self.resume = Delivery(), Resume()
        self.fetches: deque[Fetch] = deque()
        self.readers: list[Reader] = []

    def apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Fetch():
                    self.fetches.append(effect)
                case Publish():
                    self.publish(effect.epoch, effect.seq)
                case Decide():
                    self.apply(self.resume.decide(effect.request, [self.channel], self.now))
                case Answer():
                    self.answer(effect.request, effect.verdicts[0])
                case Resync():
                    self.delivery.detach(effect.session, effect.channel)
                    self.reader(effect.session).resync = True
                case _:
                    raise AssertionError(f"resume does not decide {effect}")

    def reader(self, session: Session) -> Reader:
        return next(one for one in self.readers if one.session is session)

    def answer(self, request: Request, verdict: Verdict) -> None:
        reader = self.reader(request.session)
        reader.verdict = verdict
        if reader.goes_on:
            self.delivery.attach(request.session, self.channel, request.wants[0].seq)
            self.resume.note_ahead(request.session, self.channel, request.wants[0].seq, self.now)
            self.delivery.pump(request.session)

    def publish(self, epoch: str, seq: int) -> None:
        if self.channel.place(epoch, seq, event(seq)):
            self.append(event(seq))
            while (following := self.channel.following()) is not None:
                self.append(following)
        elif self.channel.pending:
            self.apply(self.resume.heal(self.channel, self.now))

    def append(self, what: Event) -> None:
        self.channel.append(self.channel.head + 1, what, self.now)
        assert not self.delivery.fan_out(self.channel)

    # --- moves --------------------------------------------------------------------------------------------

    def move(self, action: str, number: int) -> None:
        match action:
            case "happen" | "happen unheard":
                self.head += 1
                if action == "happen":
                    self.feed.append((self.epoch, self.head))
            case "hear" | "hear the last first" if self.feed:
                self.heard.append(self.feed.pop(0 if action == "hear" else -1))
                self.publish(*self.heard[-1])
            case "hear again" if self.heard:
                self.publish(*self.heard[number % len(self.heard)])
            case "come":
                self.come(max(0, self.head - number))
            case "come far behind":
                self.come(max(0, self.head - 10 * number))
            case "come ahead":
                self.come(self.head + number)
            case "answer" | "answer a page" | "do not answer" if self.fetches:
                self.fetched(action, number)
            case "wait":
                self.wait(0.5)
            case "forget":
                self.first = max(self.first, self.head - number)
            case "restore":
                self.epoch, self.first, self.head = f"{self.epoch}'", 1, max(0, self.head - number)

    def come(self, seq: int) -> None:
        reader = Reader(len(self.readers), self.epoch, seq)
        self.readers.append(reader)
        request = Request(reader.session, [Want(self.channel.name, self.epoch, seq)])
        self.apply(self.resume.decide(request, [self.channel], self.now))

    def fetched(self, how: str, number: int = 0) -> None:
        fetch = self.fetches.popleft()
        channel, head = fetch.channel, fetch.channel.head
        found = Fetched(None, 0, [], False) if how == "do not answer" else self.found(fetch, how, number)
        self.apply(self.resume.merge(fetch, found, self.now))
        self.apply(self.resume.release(fetch, found))
        self.apply(self.resume.settle(channel, channel.head > head, self.now))
        for session in list(channel.lagging):
            self.delivery.pump(session)

    def found(self, fetch: Fetch, how: str, number: int) -> Fetched:
        if fetch.epoch is None:
            return Fetched(self.epoch, self.head, [], True)
        if fetch.epoch != self.epoch or not self.first - 1 <= fetch.seq <= self.head:
            return Fetched(self.epoch, self.head, [], False)
        last = min(self.head, fetch.seq + 1 + number) if how == "answer a page" else self.head
        events = [(seq, event(seq)) for seq in range(fetch.seq + 1, last + 1)]
        return Fetched(self.epoch, self.head, events[: fetch.limit], True)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.apply(self.resume.check_claims(self.now))
        if self.channel.pending:
            self.apply(self.resume.heal(self.channel, self.now))

    def settle(self) -> None:
        """The feed works again and the owner answers."""
        self.move("happen", 0)
        for _ in range(20):
            while self.feed:
                self.move("hear", 0)
            while self.fetches:
                self.fetched("answer")
            self.wait(2.0)


def event(seq: int) -> Event:
    """Of a type that nobody knows: it keeps its number and changes nothing."""
    return Event("fynlo.orders.v1.Later", b"", RID, f"m{seq}", "", 0)


def check(reader: Reader) -> None:
    """What it got so far is every number once, in order, from where it began."""
    # Whoever came ahead of the log has these already.
    got = [seq for seq in reader.got if seq > reader.start]
    assert got == list(range(reader.start + 1, reader.start + 1 + len(got)))
    assert reader.got == sorted(set(reader.got))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 9)), max_size=50))
def test_a_reader_gets_every_number_once_and_in_order_or_is_sent_for_a_snapshot(
    moves: list[tuple[str, int]],
) -> None:
    log = Log()
    for action, number in moves:
        log.move(action, number)
        for reader in log.readers:
            check(reader)
    log.settle()
    for reader in log.readers:
        check(reader)
        assert reader.verdict is not None, "nobody waits for ever"
        if reader.goes_on:
            assert reader.epoch == log.channel.epoch
            assert log.channel.head == log.head
            assert reader.start <= log.head, "it claims what has never been"
            assert max(reader.start, *reader.got, 0) == log.head
        else:
            demands = (State.SNAPSHOT, None), (State.DENIED, Code.UNAVAILABLE)
            assert reader.resync or reader.verdict in demands


def test_one_fetch_serves_all_who_wait_from_the_oldest_position() -> None:
    log = Log()
    log.head = 40
    log.channel.adopt("e1", 40)
    for seq in (30, 20, 35):
        log.come(seq)
    assert [(fetch.epoch, fetch.seq) for fetch in log.fetches] == [("e1", 30)]
    log.fetched("answer")
    assert [fetch.seq for fetch in log.fetches] == [20]
    log.fetched("answer")
    assert not log.fetches
    assert [reader.got for reader in log.readers] == [
        list(range(31, 41)),
        list(range(21, 41)),
        list(range(36, 41)),
    ]


def test_what_waited_behind_a_hole_is_not_read_again() -> None:
    log = Log()
    log.channel.adopt("e1", 3)
    log.come(3)
    log.head = 5
    log.publish("e1", 6)
    log.publish("e1", 7)
    log.fetched("answer")
    assert log.readers[0].got == [4, 5, 6, 7]
    assert not log.fetches


def test_a_hole_behind_which_events_wait_is_read_once_and_tried_ever_more_slowly() -> None:
    log = Log()
    log.channel.adopt("e1", 3)
    log.come(3)
    log.head = 6
    log.publish("e1", 6)
    log.publish("e1", 6)
    assert [(fetch.seq, fetch.until) for fetch in log.fetches] == [(3, 5)]
    delays: list[Any] = []
    for _ in range(4):
        log.fetched("do not answer")
        delays.append(log.channel.retry_delay)
        assert not log.fetches
        log.wait(10.0)
    assert delays == sorted(delays)
    assert delays[0] < delays[-1]
    log.fetched("answer")
    assert log.readers[0].got == [4, 5, 6]
