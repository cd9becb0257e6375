"""Frames in and out, without any connection."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.realtime import protocol
from services.realtime.codes import Close, Code, State
from services.realtime.protocol import Ack, BadFrame, Hello, Pong, Sub, Unknown, Unsub, parse
from services.realtime.tests.world import frames_in

HELLO: dict[str, Any] = {"t": "hello", "id": 1, "v": 1, "token": "x", "device": {"id": "d", "kind": "kds"}}


def raw(**content: Any) -> bytes:
    return orjson.dumps(content)


def code_of(data: bytes) -> Close | None:
    try:
        parse(data)
    except BadFrame as bad:
        return bad.close
    return None


def test_a_hello_says_who_with_what_and_from_where() -> None:
    subs = [{"ch": "restaurant:1:kitchen", "e": "k3f9", "s": 1840}, {"ch": "restaurant:1:floor"}]
    device = {"id": "d1", "kind": "kds", "stations": ["grill"], "app": "3.2.1"}
    hello = parse(raw(**(HELLO | {"device": device, "subs": subs})))
    assert isinstance(hello, Hello)
    assert (hello.token, hello.device_id, hello.kind, hello.stations) == ("x", "d1", "kds", ("grill",))
    assert [(want.channel, want.epoch, want.seq) for want in hello.wants] == [
        ("restaurant:1:kitchen", "k3f9", 1840),
        ("restaurant:1:floor", None, 0),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": None},
        {"token": ""},
        {"token": 7},
        {"token": None},
        {"id": []},
        {"id": "x" * 129},
        {"device": "ipad"},
        {"device": {"kind": "toaster"}},
        {"device": {"id": 7}},
        {"device": {"id": "x" * 129}},
        {"device": {"stations": "grill"}},
        {"device": {"stations": [1]}},
        {"device": {"stations": ["s"] * 65}},
        {"subs": {}},
        {"subs": ["restaurant:1:kitchen"]},
        {"subs": [{"ch": f"restaurant:{number}:kitchen"} for number in range(17)]},
        {"subs": [{}]},
        {"subs": [{"ch": ""}]},
        {"subs": [{"ch": "x" * 81}]},
        {"subs": [{"ch": "c", "e": 1, "s": 1}]},
        {"subs": [{"ch": "c", "e": "e", "s": -1}]},
        {"subs": [{"ch": "c", "e": "e", "s": 1.5}]},
        {"subs": [{"ch": "c", "e": "e", "s": True}]},
        {"subs": [{"ch": "c", "e": "e", "s": 2**53}]},
    ],
)
def test_a_hello_that_breaks_the_protocol_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadFrame) as bad:
        parse(raw(**(HELLO | change)))
    assert bad.value.close is Close.PROTOCOL


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"1", b'"x"', b"null", b"{}", b'{"t":1}', b'{"t":null}'])
def test_what_is_no_frame_is_refused(text: bytes) -> None:
    with pytest.raises(BadFrame) as bad:
        parse(text)
    assert bad.value.close is Close.PROTOCOL


def test_what_is_not_utf_8_has_its_own_code() -> None:
    with pytest.raises(BadFrame) as bad:
        parse(b'{"t":"\xff\xfe"}')
    assert bad.value.close is Close.BAD_TEXT


@pytest.mark.parametrize("acks", [[], "x", {"c": -1}, {"c": "1"}, {f"c{number}": 1 for number in range(17)}])
def test_bad_acknowledgements_are_refused(acks: Any) -> None:
    with pytest.raises(BadFrame):
        parse(raw(t="ack", ack=acks))


def test_the_small_frames_are_read() -> None:
    pong, ack = parse(raw(t="pong", n=1)), parse(raw(t="ack", ack={"c": 7}))
    assert isinstance(pong, Pong)
    assert isinstance(ack, Ack)
    assert (pong.acks, ack.acks) == ({}, {"c": 7})
    sub, unsub = parse(raw(t="sub", id=2, ch="c", e="e", s=3)), parse(raw(t="unsub", id="u", ch="c"))
    assert isinstance(sub, Sub)
    assert isinstance(unsub, Unsub)
    assert (sub.id, sub.want.channel, sub.want.seq, unsub.id) == (2, "c", 3, "u")
    assert isinstance(parse(raw(t="juggle", id=4)), Unknown)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_end_their_connection(data: bytes) -> None:
    assert code_of(data) in (None, Close.PROTOCOL, Close.BAD_TEXT)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from(["hello", "sub", "unsub", "pong", "ack", "auth", "x"]),
    st.dictionaries(
        st.sampled_from(["id", "v", "token", "device", "subs", "ch", "e", "s", "ack"]),
        st.none() | st.integers(-5, 5) | st.text(max_size=5) | st.lists(st.none(), max_size=2),
    ),
)
def test_no_json_does_more_than_end_its_connection(inner: Any, kind: str, more: dict[str, Any]) -> None:
    for content in (inner, {"t": kind, **more}, {**HELLO, "device": inner}, {**HELLO, "subs": inner}):
        assert code_of(orjson.dumps(content)) in (None, Close.PROTOCOL)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_text_frame_is_framed_as_rfc_6455_says(size: int) -> None:
    data = protocol.text_frame(b"x" * size)
    assert data[0] == 0x81
    assert frames_in(data) == [(1, b"x" * size)]


def test_a_close_frame_carries_its_code_and_reason() -> None:
    [(opcode, payload)] = frames_in(protocol.close_frame(Close.DRAIN, "drain"))
    assert (opcode, payload) == (8, b"\x0f\xa0drain")


@pytest.mark.parametrize("code", list(Close))
def test_clients_come_back_by_themselves_below_4500_and_not_above(code: Close) -> None:
    [(_, payload)] = frames_in(protocol.bye(code))
    bye = orjson.loads(payload)
    assert bye["reconnect"] is (4000 <= code < 4500)
    assert bye["code"] == int(code)
    assert bye["why"] == code.why


def test_a_denied_subscription_says_why() -> None:
    entry = protocol.sub_entry("c", None, None, State.DENIED, Code.FORBIDDEN)
    assert entry == {"ch": "c", "e": None, "s": None, "st": "denied", "code": "forbidden"}
