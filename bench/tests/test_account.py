"""The arithmetic of the figures."""

import random
from typing import Any

import pytest

from bench.__main__ import STAGED, UNSTAGED
from bench.bars import BARS, Bar, at
from bench.between import comparison
from bench.generator.account import percentile, summary
from bench.results import table
from bench.scenarios.rounds import medians


def test_a_percentile_is_a_value_that_so_many_do_not_exceed() -> None:
    values = sorted(random.Random(7).sample(range(10_000), 1_000))
    for percent in (1, 50, 90, 99, 99.9, 100):
        found = percentile(values, percent)
        within = sum(value <= found for value in values)
        assert within >= percent * 10
        assert within - 1 < percent * 10
    assert percentile([3.0], 50) == 3.0
    with pytest.raises(ValueError):
        percentile([], 50)


def test_a_summary_of_nothing_claims_nothing() -> None:
    assert summary([]) == {"count": 0}
    assert summary([1.0, 3.0])["mean"] == 2.0


def test_a_bar_is_met_at_its_limit_and_missed_beyond_it() -> None:
    slow = Bar("answer", "ms", at("p50"), must=4.0, wish=2.5)
    assert [slow.verdict(figure) for figure in (2.5, 2.6, 4.0, 4.1, None)] == [
        "met, wish too",
        "met",
        "met",
        "missed",
        "not measured",
    ]
    fast = Bar("orders", "/s", at("rate"), must=6.0, wish=10.0, at_least=True)
    assert [fast.verdict(figure) for figure in (5.9, 6.0, 10.0)] == ["missed", "met", "met, wish too"]


def test_what_was_not_measured_is_not_met() -> None:
    for scenario, bars in BARS.items():
        lines = table([(scenario, {})]).splitlines()[2:]
        assert len(lines) == len(bars)
        assert all("not measured" in line for line in lines)


def test_rounds_are_told_by_their_medians_and_errors_by_their_sum() -> None:
    rounds = [
        {
            "per_second": rate,
            "answers": 10,
            "errors": 1,
            "latency_ms": {"p50": 1000 / rate},
            "cpu_ms_per_order": {"all": rate},
        }
        for rate in (100.0, 10.0, 50.0)
    ]
    found = medians(rounds)
    assert (found["per_second"], found["answers"], found["errors"]) == (50.0, 30, 3)
    assert (found["latency_ms"], found["cpu_ms_per_order"]) == ({"p50": 20.0}, {"all": 50.0})


def test_two_commits_are_compared_by_medians_and_a_missing_figure_has_no_ratio() -> None:
    rounds: list[dict[str, dict[str, Any]]] = [
        {"before": {"latency_ms": {"p50": slow}}, "after": {"latency_ms": {"p50": slow / 2}, "errors": 0}}
        for slow in (8.0, 80.0, 10.0)
    ]
    figures = comparison("pay-cash", rounds)["figures"]
    assert figures["answer, p50"] == {"before": 10.0, "after": 5.0, "ratio": 0.5, "unit": "ms"}
    assert figures["errors"]["before"] is None
    assert figures["errors"]["ratio"] is None


def test_every_scenario_has_bars_and_a_way_to_run() -> None:
    assert set(BARS) == {*STAGED, *UNSTAGED}
