"""The arithmetic of the figures."""

import random

import pytest

from bench.bars import BARS, Bar, at
from bench.generator.account import percentile, summary
from bench.results import table


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
