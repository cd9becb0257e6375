"""Hours of sale: over midnight, across changes of the clock, and when they change next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidArgument
from services.catalog.domain.window import (
    MINUTES_PER_DAY,
    AvailabilityWindow,
    is_open,
    next_change,
    zone_named,
)

LONDON = zone_named("Europe/London")
LUNCH = AvailabilityWindow((0, 1, 2, 3, 4), 12 * 60, 15 * 60)
LATE = AvailabilityWindow((4, 5), 22 * 60, 2 * 60)


def at(text: str) -> datetime:
    """An instant, given as London's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02T11:59:59", False),
        ("2026-03-02T12:00:00", True),
        ("2026-03-02T14:59:59", True),
        ("2026-03-02T15:00:00", False),
        ("2026-03-07T13:00:00", False),
    ],
)
def test_a_window_opens_at_its_start_and_is_closed_at_its_end(moment: str, expected: bool) -> None:
    assert is_open((LUNCH,), LONDON, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-06T21:59:00", False),
        ("2026-03-06T23:00:00", True),
        ("2026-03-07T01:59:00", True),
        ("2026-03-07T02:00:00", False),
        ("2026-03-08T01:00:00", True),
        ("2026-03-09T01:00:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins(moment: str, expected: bool) -> None:
    assert is_open((LATE,), LONDON, at(moment)) is expected


def test_without_windows_an_item_is_always_on_sale() -> None:
    assert is_open((), LONDON, at("2026-03-02T03:00"))
    assert next_change((), LONDON, at("2026-03-02T03:00")) is None


def test_until_midnight_is_the_end_of_the_day() -> None:
    evening = (AvailabilityWindow((), 18 * 60, MINUTES_PER_DAY),)
    assert is_open(evening, LONDON, at("2026-03-02T23:59:59"))
    assert not is_open(evening, LONDON, at("2026-03-03T00:00:00"))


def test_the_hour_that_autumn_repeats_is_one_opening() -> None:
    # On 25 October 2026 London's clock shows 01:00 to 02:00 twice: first BST (UTC+1), then GMT.
    window = (AvailabilityWindow((), 90, 105),)
    opens, closes = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 45, tzinfo=UTC)
    assert not is_open(window, LONDON, opens - timedelta(seconds=1))
    assert next_change(window, LONDON, opens - timedelta(hours=1)) == opens
    assert is_open(window, LONDON, opens)
    assert next_change(window, LONDON, opens) == closes
    assert not is_open(window, LONDON, closes)


def test_a_time_that_spring_jumps_over_is_the_instant_of_the_jump() -> None:
    # On 29 March 2026 London's clock goes from 01:00 GMT straight to 02:00 BST.
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    breakfast = (AvailabilityWindow((), 90, 300),)
    assert next_change(breakfast, LONDON, jump - timedelta(hours=2)) == jump
    assert is_open(breakfast, LONDON, jump)
    swallowed = (AvailabilityWindow((6,), 75, 105),)
    assert not is_open(swallowed, LONDON, jump)
    assert not is_open(swallowed, LONDON, jump - timedelta(seconds=1))


def test_a_night_across_the_change_of_the_clock_has_its_real_length() -> None:
    night = (AvailabilityWindow((), 22 * 60, 6 * 60),)
    for start, hours in (("2026-10-24T22:00", 9), ("2026-03-28T22:00", 7), ("2026-03-02T22:00", 8)):
        assert next_change(night, LONDON, at(start)) == at(start) + timedelta(hours=hours)


def test_windows_that_touch_are_one() -> None:
    touching = (AvailabilityWindow((), 600, 720), AvailabilityWindow((), 720, 840))
    assert next_change(touching, LONDON, at("2026-03-02T11:00")) == at("2026-03-02T14:00")


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        zone_named("Europe/Camelot")


minutes = st.integers(0, MINUTES_PER_DAY - 1)
any_window = st.builds(
    AvailabilityWindow,
    st.lists(st.integers(0, 6), unique=True).map(tuple),
    minutes,
    minutes,
).filter(lambda window: window.from_minutes != window.until_minutes)
any_moment = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(
    st.lists(any_window, min_size=1, max_size=4),
    any_moment,
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.floats(0, 1),
)
def test_nothing_changes_before_the_next_change(
    windows: list[AvailabilityWindow], moment: datetime, zone_name: str, share: float
) -> None:
    zone = zone_named(zone_name)
    change = next_change(windows, zone, moment)
    assert change is not None
    assert change > moment
    between = moment + (change - moment) * share
    if between < change:
        assert is_open(windows, zone, between) == is_open(windows, zone, moment)
    if change < moment + timedelta(days=8):
        assert is_open(windows, zone, change) != is_open(windows, zone, moment)
