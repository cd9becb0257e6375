"""What happens on a connection: hello, tokens, heartbeats, limits, revocation. Sans-I/O."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.auth import Revocation, RevokedKind
from chassis.errors import Problem, Unauthenticated, Unavailable
from services.realtime.hub.session import Phase
from services.realtime.protocol import SUBPROTOCOL
from services.realtime.tests.world import EVERYTHING, RID, START, FakeWire, World, channel, principal

OTHER_RID = "0192f0c0-0000-7000-8000-000000000002"


def kinds(wire: FakeWire) -> list[str]:
    return [frame["t"] for frame in wire.out]


def at(short: str, seq: int, epoch: str = "e1") -> dict[str, Any]:
    return {"ch": channel(short), "e": epoch, "s": seq}


def gone(reason: str) -> Problem:
    return Unauthenticated("no", reason=reason)


# --- hello ------------------------------------------------------------------------------------------------


def test_a_welcome_answers_every_wish_and_says_how_to_keep_alive() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = world.hello(at("kitchen", 1), "floor", {"ch": "nonsense"}, kind="kds")
    welcome = wire.out[0]
    assert (welcome["t"], welcome["id"], welcome["hb"], welcome["hbt"]) == ("welcome", 1, 10, 10)
    assert welcome["exp"] == int((START + timedelta(minutes=15)).timestamp())
    assert welcome["now"] == int(START.timestamp() * 1000)
    assert [entry["st"] for entry in welcome["subs"]] == ["live", "snapshot", "denied"]
    assert welcome["subs"][2]["code"] == "unknown_channel"


def test_a_client_that_says_nothing_is_let_go_after_five_seconds() -> None:
    world = World()
    wire = world.connect()
    world.pass_time(4.5)
    assert wire.closed is None
    world.pass_time(0.7)
    assert wire.closed == 4001


@pytest.mark.parametrize("first", [{"t": "sub", "ch": "c"}, {"t": "ack"}, {"t": "auth", "token": "x"}])
def test_the_first_frame_is_hello(first: dict[str, Any]) -> None:
    world = World()
    wire = world.connect()
    world.send(wire, **first)
    assert wire.closed == 4500
    assert kinds(wire) == ["bye"]


def test_a_second_hello_ends_the_connection() -> None:
    world = World()
    wire = world.hello("orders")
    world.send(wire, t="hello", id=2, v=1, token="good")
    assert wire.closed == 4500


def test_an_unknown_version_ends_the_connection() -> None:
    world = World()
    wire = world.connect()
    world.send(wire, t="hello", v=2, token="good")
    assert wire.closed == 4500


def test_a_hello_is_at_most_8_kb() -> None:
    world = World()
    wire = world.connect()
    world.send(wire, t="hello", id=1, v=1, token="x" * 8_200)
    assert wire.closed == 1009


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (gone("TOKEN_EXPIRED"), 4401),
        (gone("TOKEN_INVALID"), 4501),
        (gone("TOKEN_REVOKED"), 4502),
        (Unavailable("no keys", reason="KEYS_UNAVAILABLE"), 4011),
        (principal(restaurant_id=None), 4503),
        (principal(device_id="somebody else's"), 4503),
        (principal(client="web"), 4501),
    ],
)
def test_each_bad_token_has_its_code(outcome: Any, code: int) -> None:
    world = World()
    world.tokens["odd"] = outcome
    wire = world.hello("orders", token="odd")
    assert wire.closed == code
    assert wire.out[-1]["code"] == code
    assert not world.hub.delivery.slow


def test_a_token_that_was_revoked_cannot_come_back() -> None:
    world = World()

    def refuse(_: Any) -> None:
        raise gone("TOKEN_REVOKED")

    world.revoked = refuse
    assert world.hello("orders").closed == 4502


def test_a_browser_needs_an_allowed_origin() -> None:
    world = World()
    world.tokens["web"] = principal(client="web")
    wire = world.connect(origin_allowed=True)
    world.send(wire, t="hello", id=1, v=1, token="web")
    world.carry_out()
    assert kinds(wire) == ["welcome"]


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        (EVERYTHING, {"kitchen", "orders", "floor", "metrics", "inventory", "staff", "tills"}),
        (EVERYTHING - {"realtime.subscribe"}, set()),
        ({"realtime.subscribe", "kitchen.read"}, {"kitchen"}),
        ({"realtime.subscribe", "orders.read"}, {"orders", "floor"}),
        ({"realtime.subscribe", "menu.read"}, {"inventory"}),
        ({"realtime.subscribe", "till.operate"}, {"tills"}),
        ({"realtime.subscribe", "staff.read"}, {"staff"}),
        ({"realtime.subscribe", "reports.read"}, {"metrics"}),
    ],
)
def test_permissions_open_their_channels_and_no_other(permissions: set[str], allowed: set[str]) -> None:
    world = World()
    world.tokens["some"] = principal(permissions=frozenset(permissions))
    names = ["kitchen", "orders", "floor", "metrics", "inventory", "staff", "tills"]
    welcome = world.hello(*names, token="some").out[0]
    opened = {name for name, entry in zip(names, welcome["subs"], strict=True) if entry["st"] != "denied"}
    assert opened == allowed


def test_another_restaurant_is_denied_and_its_position_not_told() -> None:
    world = World()
    wire = world.hello({"ch": f"restaurant:{OTHER_RID}:orders", "e": "e1", "s": 0})
    assert wire.out[0]["subs"] == [
        {"ch": f"restaurant:{OTHER_RID}:orders", "e": None, "s": None, "st": "denied", "code": "forbidden"}
    ]
    assert world.fetched == 0


# --- subscriptions ----------------------------------------------------------------------------------------


def test_a_subscription_can_be_added_left_and_taken_up_again() -> None:
    world = World()
    wire = world.hello()
    world.order(1)
    world.deliver()
    assert kinds(wire) == ["welcome"]
    world.send(wire, t="sub", id=5, **at("orders", 0))
    world.carry_out()
    wire.take()
    world.send(wire, t="unsub", id=6, ch=channel("orders"))
    assert wire.take() == [{"t": "unsub", "id": 6, "ch": channel("orders"), "code": "by_request"}]
    world.order(1)
    world.deliver()
    assert wire.take() == []
    world.send(wire, t="sub", id=7, **at("orders", 1))
    world.carry_out()
    answer, event, synced = wire.take()
    assert (answer["t"], answer["id"], answer["st"]) == ("sub_ok", 7, "resumed")
    assert (event["s"], synced) == (2, {"t": "synced", "ch": channel("orders"), "s": 2})


def test_leaving_what_one_does_not_have_is_said() -> None:
    world = World()
    wire = world.hello()
    world.send(wire, t="unsub", id=1, ch=channel("orders"))
    assert wire.out[-1]["code"] == "not_subscribed"


def test_a_subscription_while_the_owner_is_away_is_worth_another_try() -> None:
    world = World()
    world.owner_down = True
    wire = world.hello(at("orders", 3))
    entry = wire.take()[0]["subs"][0]
    assert (entry["st"], entry["code"], entry["temp"], entry["retry_ms"]) == (
        "denied",
        "unavailable",
        True,
        2000,
    )
    world.owner_down = False
    world.order(1)
    world.send(wire, t="sub", id=2, **at("orders", 0))
    world.carry_out()
    assert wire.take()[0]["st"] == "resumed"


def test_an_unknown_frame_is_answered_and_not_punished() -> None:
    world = World()
    wire = world.hello()
    world.send(wire, t="juggle", id=9)
    assert wire.out[-1] == {"t": "err", "id": 9, "code": "unknown_frame", "temp": False}
    assert wire.closed is None


@pytest.mark.parametrize(
    ("short", "behind", "state"),
    [("orders", 500, "resumed"), ("orders", 501, "snapshot"), ("kitchen", 501, "resumed")],
)
def test_who_is_too_far_behind_takes_a_snapshot(short: str, behind: int, state: str) -> None:
    world = World()
    for _ in range(600):
        world.order(1)
    world.deliver()
    wire = world.hello(at(short, 600 - behind))
    welcome, *rest = wire.take()
    assert welcome["subs"][0]["st"] == state
    assert len([frame for frame in rest if frame["t"] == "ev"]) == (behind if state == "resumed" else 0)


def test_one_fetch_serves_all_who_wait_for_it() -> None:
    world = World()
    for number in range(5):
        world.order(number, deliver=False)
    wires: list[FakeWire] = []
    for _ in range(20):
        wire = world.connect(address="")
        world.send(
            wire, t="hello", id=1, v=1, token="good", device={"id": str(len(wires))}, subs=[at("orders", 2)]
        )
        wires.append(wire)
    world.carry_out()
    assert world.fetched <= 2
    assert all([frame["s"] for frame in wire.out if frame["t"] == "ev"] == [3, 4, 5] for wire in wires)


@pytest.mark.parametrize("arrival", [(0, 3, 5), (5, 3, 0), (3, 0, 5)])
def test_a_position_that_is_gone_takes_no_other_with_it(arrival: tuple[int, ...]) -> None:
    """The owner's log begins after 2: who stands at 0 takes a snapshot, who stands at 3 or 5 goes on."""
    world = World()
    for number in range(7):
        world.order(number, deliver=False)
    world.owned["orders"].first, world.owned["orders"].log = 3, world.owned["orders"].log[2:]
    wires = {}
    for seq in arrival:
        wires[seq] = world.connect(address="")
        world.send(
            wires[seq], t="hello", id=1, v=1, token="good", device={"id": str(seq)}, subs=[at("orders", seq)]
        )
    world.carry_out()
    states = {seq: wire.out[0]["subs"][0]["st"] for seq, wire in wires.items()}
    assert states == {0: "snapshot", 3: "resumed", 5: "resumed"}
    for seq in (3, 5):
        assert [frame["s"] for frame in wires[seq].out if frame["t"] == "ev"] == list(range(seq + 1, 8))


def test_a_repeated_event_is_neither_sent_nor_looked_into() -> None:
    world = World()
    world.order(1)
    world.order(1)
    again = list(world.feed)
    world.deliver()
    wire = world.hello(at("orders", 2))
    wire.take()
    for event, positions in again:
        world.hub.publish(event, positions, world.now)
    assert (wire.take(), len(world.hub.requests), world.fetched) == ([], 0, 0)


def test_a_zombies_event_of_an_old_epoch_is_dropped_once_the_owner_has_spoken() -> None:
    world = World()
    world.order(1)
    [old] = list(world.feed)
    world.deliver()
    world.new_epoch()
    world.order(1)
    world.deliver()
    wire = world.hello(at("orders", 1, "e2"))
    wire.take()
    world.hub.publish(*old, world.now)
    world.carry_out()
    assert wire.take() == []
    world.order(1)
    world.deliver()
    assert [frame["s"] for frame in wire.take()] == [2]


def test_a_new_epoch_tells_every_follower_to_start_anew() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = world.hello(at("orders", 1))
    wire.take()
    world.new_epoch()
    world.order(1)
    world.deliver()
    assert [(frame["t"], frame["code"]) for frame in wire.take()] == [("unsub", "resync")]


# --- heartbeats and tokens --------------------------------------------------------------------------------


def test_pings_come_in_time_and_carry_the_newest_positions() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = world.hello(at("orders", 1))
    wire.take()
    world.pass_time(24.1)
    [ping] = [frame for frame in wire.out if frame["t"] == "ping"]
    assert ping == {"t": "ping", "n": 1, "top": {channel("orders"): 1}}


@pytest.mark.parametrize(("kind", "dead_after"), [("ipad", 30.0), ("kds", 20.0)])
def test_silence_ends_a_connection_after_interval_and_time_out_but_not_before(
    kind: str, dead_after: float
) -> None:
    world = World()
    wire = world.hello(kind=kind)
    world.pass_time(dead_after - 0.3)
    assert wire.closed is None
    world.pass_time(0.6)
    assert wire.closed == 4003


def test_a_process_that_stood_still_hears_its_clients_before_it_gives_them_up() -> None:
    world = World()
    wire = world.hello()
    stranger = world.connect()
    world.now += 40
    world.hub.tick(world.now)
    assert (wire.closed, stranger.closed) == (None, None)
    world.send(wire, t="pong", n=1)
    world.pass_time(11)
    assert (wire.closed, stranger.closed) == (None, 4001)
    world.pass_time(20)
    assert wire.closed == 4003


def test_who_answers_pings_lives_on() -> None:
    world = World()
    wire = world.hello()
    for _ in range(10):
        world.pass_time(24)
        world.send(wire, t="pong", n=1)
    assert wire.closed is None
    assert 8 <= len([frame for frame in wire.out if frame["t"] == "ping"]) <= 15


def keep_alive(world: World, wire: FakeWire, seconds: int) -> None:
    for _ in range(seconds):
        world.pass_time(1)
        world.send(wire, t="ack")


def test_a_new_token_is_asked_for_30_to_90_seconds_before_the_old_one_ends() -> None:
    world = World()
    wire = world.hello()
    keep_alive(world, wire, 900 - 91)
    assert "auth_req" not in kinds(wire)
    keep_alive(world, wire, 62)
    [asked] = [frame for frame in wire.out if frame["t"] == "auth_req"]
    assert 29 <= asked["in"] <= 91


def test_no_event_after_the_token_and_none_lost_over_its_renewal() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = world.hello(at("orders", 1))
    keep_alive(world, wire, 899)
    wire.take()
    world.order(2)
    world.deliver()
    assert [frame["t"] for frame in wire.take()] == ["ev"]
    keep_alive(world, wire, 2)
    wire.take()
    world.order(3)
    world.deliver()
    world.pass_time(5)
    assert "ev" not in kinds(wire)
    world.tokens["fresh"] = principal(expires_at=START + timedelta(hours=1))
    world.send(wire, t="auth", id=3, token="fresh")
    world.carry_out()
    frames = [frame for frame in wire.take() if frame["t"] != "ping"]
    assert [frame["t"] for frame in frames] == ["auth_ok", "ev", "synced"]
    assert (frames[1]["s"], frames[0]["id"]) == (3, 3)
    world.order(4)
    world.deliver()
    assert [frame["s"] for frame in wire.take() if frame["t"] == "ev"] == [4]


def test_a_token_that_is_not_renewed_ends_the_connection_30_seconds_later() -> None:
    world = World()
    wire = world.hello()
    keep_alive(world, wire, 929)
    assert wire.closed is None
    keep_alive(world, wire, 2)
    assert wire.closed == 4401


@pytest.mark.parametrize(
    "change",
    [{"subject": UUID(int=9)}, {"restaurant_id": UUID(OTHER_RID)}, {"device_id": "another"}],
)
def test_a_new_token_belongs_to_the_same_person_restaurant_and_device(change: dict[str, Any]) -> None:
    world = World()
    wire = world.hello()
    world.tokens["other"] = principal(**change)
    world.send(wire, t="auth", id=1, token="other")
    world.carry_out()
    assert wire.closed == 4503


def test_a_lost_permission_ends_its_channel_and_leaves_the_others() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = world.hello(at("orders", 1), at("kitchen", 1))
    wire.take()
    world.tokens["less"] = principal(permissions=frozenset({"realtime.subscribe", "kitchen.read"}))
    world.send(wire, t="auth", id=1, token="less")
    world.carry_out()
    unsub, ok = wire.take()
    assert (unsub["ch"], unsub["code"], ok["t"]) == (channel("orders"), "permission_lost", "auth_ok")
    world.order(1)
    world.deliver()
    assert [frame["ch"] for frame in wire.take()] == [channel("kitchen")]


# --- limits -----------------------------------------------------------------------------------------------


def test_forty_at_once_are_taken_and_five_too_many_end_it() -> None:
    world = World()
    wire = world.hello()
    wire.take()
    for _ in range(39):
        world.send(wire, t="ack")
    assert wire.out == []
    for _ in range(4):
        world.send(wire, t="ack")
    assert {frame["code"] for frame in wire.out} == {"rate_limited"}
    assert all(frame["temp"] and frame["retry_ms"] == 2000 for frame in wire.out)
    world.send(wire, t="ack")
    assert wire.closed == 4008


def test_ten_a_second_go_on_for_ever() -> None:
    world = World()
    wire = world.hello()
    for _ in range(300):
        world.now += 0.11
        world.send(wire, t="ack")
    assert wire.closed is None
    assert "err" not in kinds(wire)


def test_a_flood_of_pings_is_limited_like_any_other() -> None:
    world = World()
    wire = world.hello()
    assert wire.session is not None
    for _ in range(50):
        world.hub.pinged(wire.session, b"x", world.now)
    assert wire.closed == 4008


def test_a_third_connection_of_a_device_replaces_the_first() -> None:
    world = World()
    wires = [world.hello(id="same") for _ in range(3)]
    assert [wire.closed for wire in wires] == [4509, None, None]


@pytest.mark.parametrize("device_of_token", ["same", None])
def test_nobody_displaces_somebody_else_by_the_name_of_their_device(device_of_token: str | None) -> None:
    world = World()
    world.tokens["hers"] = principal(subject=UUID(int=11), device_id="same")
    world.tokens["his"] = principal(subject=UUID(int=12), device_id=device_of_token)
    hers = [world.hello(id="same", token="hers") for _ in range(2)]
    his = [world.hello(id="same", token="his") for _ in range(3)]
    assert [wire.closed for wire in hers] == [None, None]
    assert [wire.closed for wire in his] == [4509, None, None]


def test_a_restaurant_has_its_number_of_connections() -> None:
    world = World(connections_per_restaurant=3)
    wires = [world.hello() for _ in range(4)]
    assert [wire.closed for wire in wires] == [None, None, None, 4504]
    assert wires[0].session is not None
    world.hub.closed(wires[0].session)
    assert world.hello().closed is None


def test_strangers_of_one_address_are_limited_until_they_say_who_they_are() -> None:
    world = World(preauth_per_address=2)
    wires = [world.connect(address="10.0.0.9") for _ in range(3)]
    assert [wire.closed for wire in wires] == [None, None, 4009]
    assert world.connect(address="10.0.0.8").closed is None
    world.send(wires[0], t="hello", id=1, v=1, token="good")
    world.carry_out()
    assert world.connect(address="10.0.0.9").closed is None


def test_sixteen_channels_are_enough() -> None:
    world = World()
    wire = world.hello(*(["orders"] * 16))
    assert kinds(wire)[0] == "welcome"
    wire = world.hello(*(["orders"] * 17))
    assert wire.closed == 4500


def test_a_hello_that_has_to_wait_is_refused_once_for_each_channel_that_it_may_not_read() -> None:
    world = World()
    world.order(1, deliver=False)
    world.tokens["cook"] = principal(permissions=frozenset({"realtime.subscribe", "orders.read"}))
    foreign = {"ch": f"restaurant:{OTHER_RID}:orders"}
    wire = world.hello("orders", "kitchen", foreign, token="cook")
    assert world.fetched == 1
    assert [entry["st"] for entry in wire.take()[0]["subs"]] == ["snapshot", "denied", "denied"]
    assert [(problem.reason, asked) for problem, _, asked, _ in world.refusals] == [
        ("PERMISSION_MISSING", "sub kitchen"),
        ("OTHER_RESTAURANT", "sub orders"),
    ]


# --- revocation and the end -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        (RevokedKind.USER, str(UUID(int=1))),
        (RevokedKind.SESSION, str(UUID(int=2))),
        (RevokedKind.DEVICE, "lost ipad"),
        (RevokedKind.RESTAURANT, RID),
    ],
)
def test_a_revocation_ends_what_it_names_and_nothing_else(kind: RevokedKind, identifier: str) -> None:
    world = World()
    world.tokens["other"] = principal(
        subject=UUID(int=5), session_id=UUID(int=6), restaurant_id=UUID(OTHER_RID), device_id="dev2"
    )
    named, other = world.hello(id="lost ipad"), world.hello(token="other", id="dev2")
    ended = world.hub.revoke(Revocation(kind, identifier, START + timedelta(seconds=1)))
    assert (ended, named.closed, other.closed) == (1, 4502, None)


def test_a_revocation_spares_tokens_that_were_issued_after_it() -> None:
    world = World()
    wire = world.hello()
    world.hub.revoke(Revocation(RevokedKind.USER, str(UUID(int=1)), START))
    assert wire.closed is None


def test_a_closed_connection_is_cut_when_it_does_not_go() -> None:
    world = World()
    wire = world.hello()
    assert wire.session is not None
    world.hub.tick(world.now)
    world.send(wire, t="hello", v=1, token="good")
    assert (wire.finished, wire.aborted) == (True, False)
    world.pass_time(2.2)
    assert wire.aborted


def test_nothing_of_a_closed_session_remains() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = world.hello(at("orders", 1), at("kitchen", 0), kind="kds")
    session = wire.session
    assert session is not None
    world.hub.closed(session)
    assert session.phase is Phase.CLOSED
    assert not world.hub.sessions
    assert not world.hub.counts.restaurants
    assert not any(one.live or one.lagging or one.waiting for one in world.hub.channels.values())
    assert world.kitchen.left == [session]
    world.order(1)
    world.deliver()


def test_a_socket_that_breaks_during_a_fan_out_hurts_nobody_else() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wires = [world.hello(at("orders", 1)) for _ in range(3)]
    wires[1].broken = True
    for wire in wires:
        wire.take()
    world.order(1)
    world.deliver()
    assert [len(wire.take()) for wire in wires] == [1, 0, 1]


# --- kitchen ----------------------------------------------------------------------------------------------


def test_a_kitchen_displays_position_and_acknowledgements_are_passed_on() -> None:
    world = World()
    for _ in range(3):
        world.order(1)
    world.deliver()
    wire = world.hello(at("kitchen", 1), kind="kds", stations=["grill"])
    assert [session.stations for session in world.kitchen.joined] == [("grill",)]
    world.send(wire, t="ack", ack={channel("kitchen"): 2, channel("orders"): 9})
    world.send(wire, t="pong", n=1, ack={channel("kitchen"): 99})
    assert [(epoch, seq) for _, epoch, seq in world.kitchen.acks] == [("e1", 1), ("e1", 2), ("e1", 3)]


def test_the_kitchens_events_are_passed_on_once_and_in_order_healed_ones_too() -> None:
    world = World()
    world.order(1)
    world.deliver()
    world.hello(at("kitchen", 1))
    world.order(2, deliver=False)
    world.order(3)
    again = list(world.feed)
    world.deliver()
    for event, positions in again:
        world.hub.publish(event, positions, world.now)
    assert world.kitchen.published_seqs == [("e1", 1), ("e1", 2), ("e1", 3)]


def test_an_ipads_acknowledgement_confirms_nothing() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = world.hello(at("kitchen", 1))
    world.send(wire, t="ack", ack={channel("kitchen"): 1})
    assert world.kitchen.acks == []


def test_the_subprotocol_is_what_clients_ask_for() -> None:
    assert SUBPROTOCOL == "fynlo.rt.v1"
