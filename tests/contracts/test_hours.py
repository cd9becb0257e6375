"""What the catalog shows as on sale, orders takes: two services tell the same hours by themselves."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.catalog.domain.window import AvailabilityWindow, Hours, SaleTime, changes_at, sale_times
from services.orders.domain.hours import TimedMenu, Window

LONDON = "Europe/London"
ZONES = [LONDON, "America/Havana", "Australia/Lord_Howe", "Africa/Cairo", "America/New_York", "Asia/Kolkata"]
"""Clocks that change at one, at midnight, by half an hour, and never."""
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
MINUTES = st.sampled_from([0, 15, 30, 45, 60, 75, 90, 105, 120, 150, 180, 720, 1320, 1380, 1410])
WINDOWS = st.builds(
    AvailabilityWindow,
    st.lists(st.integers(0, 6), unique=True, max_size=3).map(lambda days: tuple(sorted(days))),
    MINUTES,
    st.one_of(MINUTES, st.just(1440)),
).filter(lambda window: window.from_minutes != window.until_minutes)
DAYS = st.one_of(st.none(), st.dates(date(2026, 3, 25), date(2026, 4, 5)))
HOURS = st.builds(Hours, st.lists(WINDOWS, max_size=3).map(tuple), DAYS, DAYS)
NIGHTS = (SPRING, AUTUMN, datetime(2026, 11, 1, 5, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC))


def moved(night: datetime, minutes: int) -> datetime:
    """So many minutes from the change of a clock."""
    return night + timedelta(minutes=minutes)


AROUND = st.builds(moved, st.sampled_from(NIGHTS), st.integers(-48 * 60, 48 * 60))


def shown(times: tuple[SaleTime, ...] | None, at: datetime) -> bool:
    """What the catalog says."""
    return times is None or any(each.holds(at) for each in times)


def taken(hours: Hours, zone: ZoneInfo, at: datetime) -> bool:
    """What orders says, which has the hours from the catalog."""
    windows = tuple(
        Window(frozenset(one.weekdays), one.from_minutes, one.until_minutes) for one in hours.windows
    )
    menu = TimedMenu(windows, hours.first_day, hours.last_day, frozenset(), frozenset())
    return menu.serves(at.astimezone(zone))


@settings(max_examples=400)
@given(HOURS, AROUND, st.sampled_from(ZONES))
@example(Hours((AvailabilityWindow((), 75, 105),)), SPRING, LONDON)
@example(Hours((AvailabilityWindow((), 90, 75),)), AUTUMN, LONDON)
@example(
    Hours((AvailabilityWindow((), 1320, 1440),)), datetime(2026, 11, 1, 4, 30, tzinfo=UTC), "America/Havana"
)
def test_the_catalog_and_orders_tell_the_same_hours(hours: Hours, at: datetime, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    assert shown(sale_times(hours, (), zone, at), at) is taken(hours, zone, at)


@settings(max_examples=200)
@given(HOURS, st.lists(HOURS, max_size=2), AROUND)
def test_times_of_sale_are_those_of_the_item_and_of_one_of_its_menus(
    own: Hours, menus: list[Hours], at: datetime
) -> None:
    zone = ZoneInfo(LONDON)
    times = sale_times(own, menus, zone, at)
    expected = taken(own, zone, at) and (not menus or any(taken(each, zone, at) for each in menus))
    assert shown(times, at) is expected
    change = changes_at(times, at)
    if change is not None:
        assert shown(times, at + (change - at) / 2) is expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (AvailabilityWindow((5,), 1320, 180), timedelta(hours=6)),
        (AvailabilityWindow((6,), 30, 150), timedelta(hours=3)),
    ],
)
def test_a_night_on_which_the_clock_goes_back_is_an_hour_longer(
    window: AvailabilityWindow, expected: timedelta
) -> None:
    times = sale_times(Hours((window,)), (), ZoneInfo(LONDON), AUTUMN - timedelta(hours=12))
    assert times is not None
    assert times[0].closes_at - times[0].opens_at == expected
