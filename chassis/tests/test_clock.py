from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import FakeClock, SystemClock, business_date
from chassis.errors import InvalidArgument

START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
# hypothesis wants naive bounds and adds the zone itself
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2020, 2035))


def test_the_system_clock_is_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_fake_clock_moves_only_when_told_and_only_forward() -> None:
    clock = FakeClock(START)
    clock.advance(timedelta(hours=1))
    assert clock.now() == clock.now() == START + timedelta(hours=1)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(timedelta(seconds=-1))


def test_naive_instants_are_refused() -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        FakeClock(naive)
    with pytest.raises(ValueError, match="aware"):
        business_date(naive, "Europe/London")


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        (datetime(2026, 1, 5, 3, 59, tzinfo=UTC), "Europe/London", date(2026, 1, 4)),
        (datetime(2026, 1, 5, 4, 0, tzinfo=UTC), "Europe/London", date(2026, 1, 5)),
        # Summer time: 03:30 UTC is 04:30 in London.
        (datetime(2026, 7, 5, 3, 30, tzinfo=UTC), "Europe/London", date(2026, 7, 5)),
        (datetime(2026, 7, 5, 2, 59, tzinfo=UTC), "Europe/London", date(2026, 7, 4)),
        (datetime(2026, 7, 5, 7, 59, tzinfo=UTC), "America/New_York", date(2026, 7, 4)),
        # The night summer time begins, 01:00 UTC jumps to 02:00 local: still the evening before.
        (datetime(2026, 3, 29, 2, 30, tzinfo=UTC), "Europe/London", date(2026, 3, 28)),
    ],
)
def test_a_sale_after_midnight_belongs_to_the_evening_before(at: datetime, zone: str, day: date) -> None:
    assert business_date(at, zone) == day


@given(
    st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)),
    st.integers(-720, 720),
)
def test_the_business_date_does_not_depend_on_how_the_instant_is_written(at: datetime, minutes: int) -> None:
    elsewhere = at.astimezone(timezone(timedelta(minutes=minutes)))
    assert business_date(elsewhere, "Europe/London") == business_date(at, "Europe/London")


def test_another_cutoff_moves_the_border() -> None:
    at = datetime(2026, 1, 5, 5, 0, tzinfo=UTC)
    assert business_date(at, "UTC", cutoff=time(6)) == date(2026, 1, 4)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", ""])
def test_a_time_zone_that_does_not_exist_is_an_invalid_argument(name: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        business_date(START, name)
    assert caught.value.reason == "UNKNOWN_TIME_ZONE"
