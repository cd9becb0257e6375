"""The rules of the time clock. Pure."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidArgument
from chassis.ids import new_id
from services.staff.domain.employee import CurrencyMismatch, StaleVersion, changed_employee, new_employee
from services.staff.domain.time_card import (
    AUTO_CLOSED,
    AlreadyClockedIn,
    EmployeeInactive,
    NotClockedIn,
    Timecard,
    clock_in,
    clock_out,
)
from services.staff.tests.builders import LONDON, employee, open_card

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def london(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A local time in London, in 2026, as an instant."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


def opened_at(now: datetime) -> Timecard:
    """The card of a shift that begins."""
    return clock_in(employee(), None, LONDON, card_id=new_id(), now=now).opened


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (london(10, 24, 22), london(10, 25, 6), 540),
        (london(3, 28, 22), london(3, 29, 6), 420),
        (london(6, 1, 22), london(6, 2, 6), 480),
    ],
)
def test_a_night_when_the_clocks_change_is_counted_in_utc(
    start: datetime, end: datetime, minutes: int
) -> None:
    assert clock_out(employee(), opened_at(start), end).worked_minutes == minutes


def test_a_card_says_where_and_on_which_business_day_it_began() -> None:
    night, morning = opened_at(london(7, 1, 3, 59)), opened_at(london(7, 1, 4))
    assert (night.business_date, morning.business_date) == (date(2026, 6, 30), date(2026, 7, 1))
    assert night.time_zone == "Europe/London"
    early = replace(LONDON, day_cutoff_minutes=150)
    for minute, day in ((29, date(2026, 6, 30)), (30, date(2026, 7, 1))):
        assert early.business_date(london(7, 1, 2, minute)) == day


@pytest.mark.parametrize("minutes", [0, 1, 16 * 60 - 1])
def test_clocking_in_twice_within_sixteen_hours_is_refused(minutes: int) -> None:
    mia = employee()
    card = open_card(mia, NOON)
    with pytest.raises(AlreadyClockedIn) as refused:
        clock_in(mia, card, LONDON, card_id=new_id(), now=NOON + timedelta(minutes=minutes))
    assert refused.value.metadata["timecard_id"] == str(card.id)
    assert refused.value.metadata["clocked_in_at"] == "2026-03-02T12:00:00+00:00"


@pytest.mark.parametrize("hours", [16, 24, 400])
def test_a_forgotten_card_is_closed_at_sixteen_hours_and_flagged_and_a_new_one_opened(hours: int) -> None:
    mia, now = employee(), NOON + timedelta(hours=hours)
    clocked = clock_in(mia, open_card(mia, NOON), LONDON, card_id=new_id(), now=now)
    assert clocked.closed is not None
    assert (clocked.closed.worked_minutes, clocked.closed.flags) == (960, (AUTO_CLOSED,))
    assert clocked.closed.version == 2
    assert (clocked.opened.clocked_in_at, clocked.opened.flags) == (now, ())
    assert clocked.opened.id != clocked.closed.id


def test_clocking_out_of_a_forgotten_card_counts_sixteen_hours() -> None:
    mia = employee()
    card = clock_out(mia, open_card(mia, NOON), NOON + timedelta(days=3))
    assert (card.worked_minutes, card.flags) == (960, (AUTO_CLOSED,))


def test_clocking_out_needs_an_open_card() -> None:
    with pytest.raises(NotClockedIn):
        clock_out(employee(), None, NOON)


def test_a_clock_that_steps_back_makes_no_negative_shift() -> None:
    mia = employee()
    assert clock_out(mia, open_card(mia, NOON), NOON - HOUR).worked_minutes == 0


def test_who_left_does_not_clock_in_but_still_clocks_out() -> None:
    gone = employee(active=False)
    with pytest.raises(EmployeeInactive):
        clock_in(gone, None, LONDON, card_id=new_id(), now=NOON)
    assert clock_out(gone, open_card(gone, NOON), NOON + HOUR).worked_minutes == 60


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=3)), max_size=30))
def test_cards_of_one_worker_never_overlap(steps: list[timedelta]) -> None:
    mia, now = employee(), NOON
    card: Timecard | None = None
    done: list[Timecard] = []
    for step in steps:
        now += step
        try:
            clocked = clock_in(mia, card, LONDON, card_id=new_id(), now=now)
        except AlreadyClockedIn:
            done.append(clock_out(mia, card, now))
            card = None
        else:
            done += [clocked.closed] if clocked.closed else []
            card = clocked.opened
    for before, after in itertools.pairwise(done):
        assert before.clocked_out_at is not None
        assert before.clocked_in_at <= before.clocked_out_at <= after.clocked_in_at
    assert all(0 <= each.worked_minutes <= 960 for each in done)


def test_an_employee_is_paid_in_the_currency_of_the_restaurant() -> None:
    assert new_employee(replace(employee(), currency_code=""), LONDON).currency_code == "GBP"
    with pytest.raises(CurrencyMismatch):
        new_employee(replace(employee(), currency_code="EUR"), LONDON)
    with pytest.raises(InvalidArgument):
        new_employee(replace(employee(), name="  "), LONDON)


def test_a_change_needs_the_version_that_is_stored_and_is_the_next_one() -> None:
    mia = employee()
    assert changed_employee(mia, replace(mia, job="cook"), LONDON).version == 2
    assert changed_employee(mia, mia, LONDON) is mia
    with pytest.raises(StaleVersion):
        changed_employee(mia, replace(mia, version=7), LONDON)
