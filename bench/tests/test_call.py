"""The parts that are measured alone are the product's: they check tokens and answer what was asked for."""

import os
import time

import pytest

from bench.alone import messages
from bench.between import comparison
from bench.drive import GeneratorFailed, generator
from bench.effort import thread_seconds_of
from bench.scenarios.call import PERMISSIONS
from chassis.clock import SystemClock
from deploy.local.embedded import free_port
from harness.rpc import TokenMint


def test_every_piece_of_a_call_is_measured() -> None:
    mint = TokenMint(SystemClock())
    tokens = [mint.token(mint.principal(permissions=PERMISSIONS)) for _ in range(2)]
    with generator("pieces", package="bench.alone") as pieces:
        pieces.order({"jwks": mint.jwks(), "tokens": tokens, "seconds": 0.001})
        found = pieces.account()
    assert min(found.values()) > 0
    assert found["gateway_place_order_us"] > found["request_written_us"]


@pytest.mark.parametrize("channel", ["ours", "bare"])
def test_a_caller_calls_as_often_as_it_is_asked(channel: str) -> None:
    mint = TokenMint(SystemClock())
    ports = {name: free_port() for name in ("ours", "bare")}
    token = mint.token(mint.principal(permissions=PERMISSIONS))
    with (
        generator("orders", package="bench.alone") as orders,
        generator("caller", package="bench.alone") as caller,
    ):
        orders.order(ports | {"jwks": mint.jwks()})
        caller.order(ports | {"token": token})
        before = thread_seconds_of(orders.pid)
        caller.order({"channel": channel, "method": "GetOrder", "calls": 20})
        assert thread_seconds_of(orders.pid) > before


def test_our_server_is_guarded_here_too() -> None:
    mint, ports = TokenMint(SystemClock()), {name: free_port() for name in ("ours", "bare")}
    with (
        generator("orders", package="bench.alone") as orders,
        generator("caller", package="bench.alone") as caller,
    ):
        orders.order(ports | {"jwks": mint.jwks()})
        caller.order(ports | {"token": mint.token(mint.principal(permissions=frozenset()))})
        with pytest.raises(GeneratorFailed):
            caller.order({"channel": "ours", "method": "GetOrder", "calls": 1})


def test_the_time_of_threads_is_the_time_of_the_process() -> None:
    before, began = thread_seconds_of(os.getpid()), time.process_time()
    while time.process_time() < began + 0.05:
        pass
    assert thread_seconds_of(os.getpid()) - before >= 0.04


def test_a_scenario_without_bars_is_compared_by_all_its_figures() -> None:
    rounds = [{"before": {"us": {"a piece": 8.0}}, "after": {"us": {"a piece": 2.0}}}]
    figures = comparison("call", rounds)["figures"]
    assert figures == {"a piece": {"before": 8.0, "after": 2.0, "ratio": 0.25, "unit": "us"}}


def test_the_order_that_is_asked_for_has_the_lines_that_are_answered() -> None:
    asked, answered = messages.place_order().order.lines, messages.order().lines
    assert [line.item_id for line in asked] == [line.item_id for line in answered]
