"""The parts of the hub, each without a hub: what they decide comes back as plain values."""

import ast
import gc
import random
from collections import deque
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import services.realtime.hub
from chassis.errors import Unauthenticated
from services.realtime.codes import Close, Code, State
from services.realtime.frames import Event
from services.realtime.hub.admission import Arrivals, Counts, identity_of
from services.realtime.hub.channel import Channel
from services.realtime.hub.channels import Channels
from services.realtime.hub.core import Hub
from services.realtime.hub.deadlines import Deadlines
from services.realtime.hub.delivery import Delivery
from services.realtime.hub.effects import (
    Admitted,
    Ask,
    Cut,
    Decide,
    Drop,
    Follow,
    Leave,
    Ping,
    Pump,
    Refused,
    Renewed,
    Send,
    Suspend,
    TokenLives,
)
from services.realtime.hub.session import Phase, Request, Session, Verify
from services.realtime.hub.subscriptions import Subscriptions
from services.realtime.hub.tokens import Tokens
from services.realtime.limits import HARD_BUFFER_BYTES, HELLO_SECONDS
from services.realtime.protocol import Auth, Hello, Sub, Unsub, Want
from services.realtime.tests.world import RID, START, Kitchen, RecordingWire, channel, principal

PARTS = sorted(Path(services.realtime.hub.__file__).parent.glob("*.py"))
PACKAGE = "services.realtime.hub."


def imported_by(module: Path) -> set[str]:
    """The modules of the hub that one of them imports, for its annotations alone as well."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name.removeprefix(PACKAGE).split(".")[0] for name in names if name.startswith(PACKAGE)}
    return found


def a_session(number: int = 1, phase: Phase = Phase.OPEN) -> tuple[Session, RecordingWire]:
    """Somebody of RID who may read everything."""
    wire = RecordingWire()
    session = Session(wire, number, "", True, 0.0)
    session.identity = identity_of(principal(), f"dev{number}")
    session.phase = phase
    session.expires_at = 900.0
    return session, wire


def a_channel(short: str = "orders", head: int = 0) -> Channel:
    made = Channel(channel(short), RID, short, 0.0)
    made.adopt("e1", head)
    return made


def put(into: Channel, size: int = 10) -> None:
    into.append(into.head + 1, Event("fynlo.none.v1.Unknown", b"x" * size, RID, "m", "", 0), 0.0)


# --- one direction ------------------------------------------------------------------------------------------


def test_imports_among_the_parts_run_one_way_and_only_the_hub_knows_them_all() -> None:
    graph = {part.stem: imported_by(part) for part in PARTS}
    order = list(TopologicalSorter(graph).static_order())
    assert "core" in order
    assert [name for name, imported in graph.items() if "core" in imported] == []
    assert {"resume", "delivery", "tokens", "subscriptions", "deadlines"} <= graph["core"]
    assert not graph["resume"] & {"delivery", "tokens", "subscriptions", "deadlines"}


def test_no_part_holds_a_reference_that_leads_back_to_the_hub() -> None:
    hub = Hub(
        wall=_start,
        now=0.0,
        kitchen=Kitchen(),
        rng=random.Random(1),
        check_revoked=_never,
        refused=_uncounted,
        connections_per_restaurant=200,
        preauth_per_address=100,
        accepts_per_address=1_000,
    )
    parts = [hub.delivery, hub.channels, hub._resume, hub._deadlines, hub._tokens, hub._subscriptions]
    seen: set[int] = set()
    left = deque[Any](parts)
    while left:
        one = left.popleft()
        assert one is not hub
        if id(one) in seen or not _is_ours(one):
            continue
        seen.add(id(one))
        left.extend(gc.get_referents(one))
    assert len(seen) > len(parts)


def _is_ours(one: Any) -> bool:
    """Objects of the hub's modules and what they are made of; not classes, modules and functions."""
    made_of = (dict, list, tuple, set, frozenset, deque)
    bound = hasattr(one, "__self__")
    return isinstance(one, made_of) or bound or type(one).__module__.startswith(PACKAGE)


def _start() -> Any:
    return START


def _never(_: Any) -> None:
    """Nobody is revoked."""


def _uncounted(*_: Any) -> None:
    """Refusals are not looked at."""


# --- delivery -----------------------------------------------------------------------------------------------


def test_delivery_answers_whom_it_gives_up_and_ends_nobody_itself() -> None:
    delivery, kept = Delivery(), a_channel()
    (fast, fast_wire), (slow, _) = a_session(1), a_session(2)
    for session in (fast, slow):
        delivery.attach(session, kept, 0)
        delivery.pump(session)
    delivery.paused(slow, 1.0)
    drops: list[Drop] = []
    while not drops:
        put(kept, size=HARD_BUFFER_BYTES // 8)
        kept.ring[kept.head].size = HARD_BUFFER_BYTES // 8
        kept.ring[kept.head].total = kept.head * HARD_BUFFER_BYTES // 8
        drops = list(delivery.fan_out(kept))
    assert drops == [Drop(slow, Close.SLOW_CONSUMER)]
    assert slow.phase is Phase.OPEN
    assert fast_wire.seqs(kept.name) == list(range(1, kept.head + 1))


def test_delivery_keeps_what_a_session_follows_until_it_is_forgotten() -> None:
    delivery, orders, staff = Delivery(), a_channel("orders"), a_channel("staff")
    session, _ = a_session()
    delivery.attach(session, orders, 0)
    delivery.attach(session, staff, 0)
    delivery.attach(session, orders, 0)
    assert delivery.followed_by(session) == (staff, orders)
    delivery.forget(session)
    assert delivery.followed_by(session) == ()
    assert not any(one.lagging or one.live or one.syncing for one in (orders, staff))


# --- time ---------------------------------------------------------------------------------------------------


def ticked(deadlines: Deadlines, until: float) -> list[Any]:
    """Every effect of ticks half a second apart."""
    found: list[Any] = []
    while deadlines.now < until:
        found += deadlines.tick(deadlines.now + 0.5)
    return found


def test_whoever_does_not_say_hello_is_dropped_and_cut_when_it_stays() -> None:
    deadlines = Deadlines(random.Random(1), 0.0)
    session, _ = a_session(phase=Phase.NEW)
    deadlines.watch(session, 0.0)
    assert ticked(deadlines, HELLO_SECONDS + 1) == [Drop(session, Close.NO_HELLO)]
    session.phase = Phase.CLOSED
    deadlines.cut_later(session)
    assert ticked(deadlines, deadlines.now + 3) == [Cut(session)]


def test_a_silent_session_is_pinged_and_then_dropped() -> None:
    deadlines = Deadlines(random.Random(1), 0.0)
    session, _ = a_session()
    deadlines.token_lives(session, 900.0, 0.0)
    effects = ticked(deadlines, 31.0)
    assert effects[0] == Ping(session)
    assert effects[-1] == Drop(session, Close.HEARTBEAT)


def test_an_expiring_token_is_asked_for_then_events_stop_then_the_session_ends() -> None:
    deadlines = Deadlines(random.Random(1), 0.0)
    session, _ = a_session()
    deadlines.token_lives(session, 100.0, 0.0)
    found: list[Any] = []
    while deadlines.now < 135.0:
        session.heard_at = deadlines.now
        found += ticked(deadlines, deadlines.now + 5.0)
    told = [effect for effect in found if not isinstance(effect, Ping | Cut)]
    assert [type(effect) for effect in told[:2]] == [Send, Suspend]
    assert b"auth_req" in told[0].data
    assert told[2] == Drop(session, Close.TOKEN_EXPIRED)


# --- tokens -------------------------------------------------------------------------------------------------


def tokens(per_restaurant: int = 10) -> Tokens:
    return Tokens(Counts(2, per_restaurant, 10, Arrivals(10, 10)), _never, _start)


def a_hello(*wants: Want) -> Hello:
    return Hello(7, "good", "dev1", "kds", ("grill",), list(wants))


def test_a_hello_is_verified_and_a_good_one_admits_and_asks() -> None:
    checks = tokens()
    session = Session(RecordingWire(), 1, "10.0.0.1", True, 0.0)
    hello = a_hello(Want(channel("orders"), None, 0))
    [verify] = checks.hello(session, hello)
    assert isinstance(verify, Verify)
    assert (verify.session, verify.token, session.phase) == (session, "good", Phase.CHECKING)
    admitted, lives, asked = checks.verified(session, principal(), (), 5.0)
    assert isinstance(admitted, Admitted)
    assert (admitted.identity.device_id, admitted.replaced) == ("dev1", ())
    assert lives == TokenLives(session, 5.0 + 15 * 60)
    assert isinstance(asked, Ask)
    assert (asked.request.hello, asked.request.wants) == (hello, hello.wants)
    assert (session.kds, session.identity) == (True, None)


def test_a_refused_token_is_counted_and_ends_the_session() -> None:
    checks = tokens()
    session = Session(RecordingWire(), 1, "10.0.0.1", True, 0.0)
    checks.hello(session, a_hello())
    problem = Unauthenticated("it is over", reason="TOKEN_REVOKED")
    assert checks.verified(session, problem, (), 1.0) == [
        Refused(problem, None, "hello", "10.0.0.1"),
        Drop(session, Close.REVOKED),
    ]


def test_a_full_restaurant_admits_nobody_else() -> None:
    checks = tokens(per_restaurant=1)
    for number, expected in ((1, Admitted), (2, Drop)):
        session = Session(RecordingWire(), number, "", True, 0.0)
        checks.hello(session, Hello(1, "good", f"dev{number}", "ipad", (), []))
        effects = checks.verified(session, principal(), (), 1.0)
        assert isinstance(effects[0], expected)


def test_a_renewed_token_ends_what_it_no_longer_permits_and_wakes_who_was_suspended() -> None:
    checks = tokens()
    session, _ = a_session(phase=Phase.SUSPENDED)
    orders, staff = a_channel("orders"), a_channel("staff")
    checks.auth(session, Auth(3, "less"))
    less = principal(permissions=frozenset({"realtime.subscribe", "orders.read"}))
    lives, left, told, ok, renewed = checks.verified(session, less, (orders, staff), 1.0)
    assert isinstance(lives, TokenLives)
    assert left == Leave(session, staff)
    assert isinstance(told, Send)
    assert isinstance(ok, Send)
    assert (b"permission_lost" in told.data, b"auth_ok" in ok.data) == (True, True)
    assert renewed == Renewed(session)
    assert session.phase is Phase.OPEN


def test_a_token_of_somebody_else_does_not_continue_a_session() -> None:
    checks = tokens()
    session, _ = a_session()
    checks.auth(session, Auth(3, "other"))
    refused, drop = checks.verified(session, principal(subject=UUID(int=9)), (), 1.0)
    assert isinstance(refused, Refused)
    assert (refused.problem.reason, drop) == ("OTHER_HOLDER", Drop(session, Close.MISMATCH))


# --- subscriptions ------------------------------------------------------------------------------------------


@pytest.fixture
def subscriptions() -> Subscriptions:
    return Subscriptions(Channels(), _start, "c_")


def test_what_somebody_may_not_read_is_counted_and_denied(subscriptions: Subscriptions) -> None:
    session, _ = a_session()
    foreign = Want("restaurant:another:orders", None, 0)
    unknown = Want(f"restaurant:{RID}:nothing", None, 0)
    request = Request(session, [foreign, unknown, Want(channel("staff"), None, 0)])
    refused, decide = subscriptions.ask(request)
    assert isinstance(refused, Refused)
    assert (refused.problem.reason, refused.asked) == ("OTHER_RESTAURANT", "sub orders")
    assert decide == Decide(request)
    forbidden, missing, staff = subscriptions.readable(request, 0.0)
    assert (forbidden, missing) == (Code.FORBIDDEN, Code.UNKNOWN_CHANNEL)
    assert isinstance(staff, Channel)
    assert staff.short == "staff"


def test_an_answer_comes_before_what_follows_from_it(subscriptions: Subscriptions) -> None:
    session, _ = a_session(phase=Phase.CHECKING)
    wants = [Want(channel(name), "e1", 3) for name in ("orders", "staff", "tills")]
    request = Request(session, wants, hello=a_hello(*wants), id=7)
    found = subscriptions.readable(request, 0.0)
    verdicts = [(State.RESUMED, None), (State.SNAPSHOT, None), (State.LIVE, None)]
    welcome, first, second, pump = subscriptions.answer(request, verdicts, 0.0)
    assert isinstance(welcome, Send)
    assert b'"welcome"' in welcome.data
    assert (first, second) == (Follow(session, found[0], 3), Follow(session, found[2], 3))  # type: ignore[arg-type]
    assert pump == Pump(session)
    assert session.phase is Phase.OPEN


def test_a_session_that_is_gone_gets_no_answer(subscriptions: Subscriptions) -> None:
    session, _ = a_session(phase=Phase.CLOSED)
    request = Request(session, [Want(channel("orders"), None, 0)])
    assert subscriptions.answer(request, [(State.SNAPSHOT, None)], 0.0) == []


def test_what_is_followed_can_be_left_and_nothing_else(subscriptions: Subscriptions) -> None:
    session, _ = a_session()
    orders = a_channel("orders")
    left, told = subscriptions.unsub(session, Unsub(1, orders.name), (orders,))
    assert left == Leave(session, orders)
    assert isinstance(told, Send)
    assert b"by_request" in told.data
    [other] = subscriptions.unsub(session, Unsub(2, channel("staff")), (orders,))
    assert isinstance(other, Send)
    assert b"not_subscribed" in other.data


def test_one_more_channel_than_a_connection_may_have_is_denied(subscriptions: Subscriptions) -> None:
    session, _ = a_session()
    followed = [Channel(f"restaurant:{number}:orders", str(number), "orders", 0.0) for number in range(16)]
    [denied] = subscriptions.sub(session, Sub(1, Want(channel("orders"), None, 0)), followed)
    assert isinstance(denied, Send)
    assert b"too_many_channels" in denied.data
    [asked] = subscriptions.sub(session, Sub(1, Want(followed[0].name, None, 0)), followed)
    assert isinstance(asked, Ask)
