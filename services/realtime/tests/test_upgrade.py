"""Which HTTP requests become sockets; and the timer wheel."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.realtime.hub.wheel import TICK_SECONDS, Wheel
from services.realtime.upgrade import Accepted, AcceptRate, Refused, decide

GOOD = {"sec-websocket-protocol": "fynlo.rt.v1"}
ORIGINS = frozenset({"https://till.example"})


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (b"/", GOOD, 404),
        (b"/api/v2/ws/", GOOD, 404),
        (b"/api/v1/ws", GOOD, 404),
        (b"/api/v2/ws?token=x", GOOD, 400),
        (b"/api/v2/ws?", GOOD, 400),
        (b"/api/v2/ws", {}, 426),
        (b"/api/v2/ws", {"sec-websocket-protocol": "fynlo.rt.v2, other"}, 426),
        (b"/api/v2/ws", GOOD | {"origin": "https://evil.example"}, 403),
        (b"/api/v2/ws", GOOD | {"origin": "null"}, 403),
        (b"/api/v2/ws", GOOD | {"origin": ""}, 403),
        (b"/api/v2/ws", GOOD | {"origin": "https://till.example.evil.example"}, 403),
    ],
)
def test_a_wrong_request_is_refused(path: bytes, headers: Mapping[str, str], status: int) -> None:
    decision = decide(path, headers, ORIGINS)
    assert isinstance(decision, Refused)
    assert decision.status == status


def test_a_page_of_ours_and_a_native_client_are_accepted() -> None:
    page = decide(b"/api/v2/ws", GOOD | {"origin": "https://till.example"}, ORIGINS)
    native = decide(b"/api/v2/ws", {"sec-websocket-protocol": "chat, fynlo.rt.v1"}, ORIGINS)
    assert page == Accepted(origin_allowed=True)
    assert native == Accepted(origin_allowed=False)


def test_every_line_that_names_the_device_is_kept() -> None:
    decision = decide(b"/api/v2/ws", GOOD, ORIGINS, ["6.6.6.6", "10.1.2.3"])
    assert decision == Accepted(origin_allowed=False, forwarded=("6.6.6.6", "10.1.2.3"))


def test_upgrades_are_limited_per_second() -> None:
    rate = AcceptRate(5, 100.0)
    assert [rate.take(100.0) for _ in range(6)] == [True] * 5 + [False]
    assert [rate.take(100.4), rate.take(100.4), rate.take(100.4)] == [True, True, False]


@given(st.lists(st.floats(0, 50), max_size=30), st.floats(0.01, 3))
def test_the_wheel_gives_everything_once_and_not_late(delays: list[float], step: float) -> None:
    wheel: Wheel[int] = Wheel(100.0)
    for number, delay in enumerate(delays):
        wheel.add(number, 100.0 + delay)
    now, found = 100.0, []
    while now < 152:
        now += step
        due = wheel.due(now)
        found += due
        for number in due:
            late = now - (100.0 + delays[number])
            assert late <= step + 2 * TICK_SECONDS
            assert late >= -step - 2 * TICK_SECONDS
    assert sorted(found) == list(range(len(delays)))
    assert len(wheel) == 0
