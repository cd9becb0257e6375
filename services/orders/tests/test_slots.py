"""How many orders a restaurant promises for a time."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.errors import StaleVersion
from services.orders.domain.menu import OrderType
from services.orders.domain.promise_errors import PromiseRefused, SlotFull
from services.orders.domain.slot import Limit, SlotSettings, promised_slot, slot_of, starts_of
from services.orders.tests.promises import allow, place_for, promise, slots_of, switch_type
from services.orders.tests.world import World

LONDON = ZoneInfo("Europe/London")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LUNCH = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOTHING = timedelta()


@given(
    st.integers(0, 365 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)),
    st.sampled_from([5, 15, 60, 120]),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_every_promise_lies_in_one_slot_of_its_day_whatever_clocks_do(
    at: datetime, minutes: int, opens: int, closes: int
) -> None:
    settings = SlotSettings(slot_minutes=minutes, from_minutes=opens, until_minutes=closes)
    local = at.astimezone(LONDON).date()
    of_days = [
        start
        for day in (local - timedelta(days=1), local)
        for start in starts_of(settings, day, LONDON)
        if start <= at < start + settings.length
    ]
    found = slot_of(settings, at, LONDON)
    assert found in of_days if of_days else found is None


@pytest.mark.parametrize("clocks_change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_slots_are_of_one_length_also_when_clocks_change(clocks_change: date) -> None:
    starts = starts_of(SlotSettings(), clocks_change, LONDON)
    assert {later - sooner for sooner, later in pairwise(starts)} == {timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("after", "settings", "reason"),
    [
        (timedelta(minutes=14, seconds=59), SlotSettings(), "PROMISE_TOO_SOON"),
        (timedelta(minutes=15), SlotSettings(), ""),
        (timedelta(days=8), SlotSettings(), "PROMISE_TOO_FAR"),
        (timedelta(days=7), SlotSettings(), ""),
        (timedelta(hours=2), SlotSettings(from_minutes=600, until_minutes=840), "PROMISE_CLOSED"),
        (timedelta(minutes=119), SlotSettings(from_minutes=600, until_minutes=840), ""),
        (timedelta(hours=13), SlotSettings(from_minutes=1380, until_minutes=120), ""),
    ],
)
def test_a_promise_is_one_that_the_kitchen_can_keep(
    after: timedelta, settings: SlotSettings, reason: str
) -> None:
    refused = ""
    try:
        promised_slot(settings, LUNCH + after, LONDON, LUNCH, timedelta(minutes=15), after.days)
    except PromiseRefused as problem:
        refused = problem.reason
    assert refused == reason


async def test_the_last_places_are_taken_once(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=5)))
    at = world.clock.now() + timedelta(hours=2)

    async def try_one() -> bool:
        try:
            await place_for(world, at)
        except SlotFull:
            return False
        return True

    taken = await asyncio.gather(*(try_one() for _ in range(50)))
    assert sum(taken) == 5
    [slot] = [one for one in await slots_of(world) if one.taken.orders]
    assert (slot.taken.orders, slot.orders_left, slot.free) == (5, 0, False)


async def test_a_full_slot_names_the_next_ones_that_are_free(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=1)))
    at = world.clock.now() + timedelta(hours=2)
    first, third = await place_for(world, at), await place_for(world, at + timedelta(minutes=30))
    assert first.lifecycle == third.lifecycle
    with pytest.raises(SlotFull) as refused:
        await place_for(world, at)
    slot = datetime.fromisoformat(refused.value.metadata["slot"])
    following = [datetime.fromisoformat(one) for one in refused.value.metadata["next"].split(",")]
    assert [one - slot for one in following] == [timedelta(minutes=minutes) for minutes in (15, 45, 60)]


async def test_a_cancelled_order_gives_its_place_back_and_a_moved_one_takes_another(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=1)))
    at = world.clock.now() + timedelta(hours=2)
    order = await place_for(world, at)
    moved = await promise(world, order.id, at + timedelta(hours=1))
    assert moved.version == order.version + 1
    second = await place_for(world, at)
    with pytest.raises(SlotFull):
        await promise(world, order.id, at)
    await world.cancel(second.id)
    await promise(world, order.id, at)
    assert [one.taken for one in await slots_of(world) if one.taken.orders] == [(1, 1)]


async def test_units_count_and_growing_by_one_is_refused_where_none_is_left(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(items=3)))
    at = world.clock.now() + timedelta(hours=2)
    with pytest.raises(SlotFull):
        await place_for(world, at, quantity=4)
    await place_for(world, at, quantity=3)
    with pytest.raises(SlotFull):
        await place_for(world, at)
    [slot] = [one for one in await slots_of(world) if one.taken.orders]
    assert (slot.taken.items, slot.items_left) == (3, 0)


async def test_each_order_type_has_places_of_its_own_and_a_switch_takes_one(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=1)))
    at = world.clock.now() + timedelta(hours=2)
    await place_for(world, at)
    seated = await place_for(world, at, order_type=1)
    with pytest.raises(SlotFull):
        await switch_type(world, seated.id, OrderType.TAKEAWAY)
    await switch_type(world, seated.id, OrderType.DELIVERY)


async def test_without_limits_everything_is_promised_and_counted(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=1)), limited=False)
    at = world.clock.now() + timedelta(hours=2)
    for _ in range(3):
        await place_for(world, at)
    [slot] = [one for one in await slots_of(world) if one.taken.orders]
    assert (slot.taken.orders, slot.orders_left, slot.free) == (3, None, True)


async def test_what_was_promised_stays_so_when_slots_become_longer(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=2)))
    at = (world.clock.now() + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    await place_for(world, at + timedelta(minutes=15))
    await place_for(world, at + timedelta(minutes=45))
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=2)), slot_minutes=60)
    with pytest.raises(SlotFull):
        await place_for(world, at + timedelta(minutes=5))


async def test_a_draft_holds_no_place_until_it_is_placed(world: World) -> None:
    await allow(world, (OrderType.TAKEAWAY, Limit(orders=1)))
    at = world.clock.now() + timedelta(hours=2)
    kept = await place_for(world, at, draft=True)
    await place_for(world, at)
    with pytest.raises(SlotFull):
        await world.validate(kept.id)


async def test_settings_that_somebody_changed_meanwhile_are_not_lost(world: World) -> None:
    saved = await allow(world)
    assert saved.version == 1
    with pytest.raises(StaleVersion):
        await allow(world, version=0)
