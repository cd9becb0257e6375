"""What is off for now: until somebody puts it back, or until its time has come."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fynlo.catalog.v1.events_pb2 import ItemAvailabilityChanged

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.availability import RETURNS_WITHIN, check_return
from services.catalog.domain.errors import InvalidReturn, UnknownItem, UnknownOption
from services.catalog.domain.item import Item
from services.catalog.domain.option import Option, OptionGroup
from services.catalog.store import item as item_store
from services.catalog.sweeper import ReturnSweeper
from services.catalog.tests import doing
from services.catalog.tests.builders import (
    LONDON,
    NOON,
    a_category,
    a_group,
    a_restaurant,
    an_item,
    command,
    counted,
    saved,
)
from services.catalog.usecases.availability import next_day_begins

HOUR = timedelta(hours=1)


@pytest.fixture
async def db(service_database: OpenDatabase) -> Database:
    return await service_database("catalog")


async def a_pie(db: Database, **facts: Any) -> tuple[UUID, Item]:
    tenant = await a_restaurant(db)
    return tenant, await saved(db, tenant, an_item((await a_category(db, tenant)).id, name="Pie", **facts))


async def read(db: Database, tenant: UUID, item_id: UUID) -> Item:
    async with db.transaction(tenant) as tx:
        found = await item_store.find_item(tx, item_id)
    assert found is not None
    return found


async def causes(db: Database, tenant: UUID, recorder: Any) -> list[str]:
    return [each.cause for each in await recorder.of_type(db, ItemAvailabilityChanged, tenant)]


@pytest.mark.parametrize(
    ("returns_in", "available", "fine"),
    [
        (timedelta(seconds=1), False, True),
        (timedelta(), False, False),
        (RETURNS_WITHIN, False, True),
        (RETURNS_WITHIN + timedelta(seconds=1), False, False),
        (HOUR, True, False),
        (None, True, True),
    ],
)
def test_what_is_off_comes_back_at_a_time_to_come(
    returns_in: timedelta | None, available: bool, fine: bool
) -> None:
    returns_at = None if returns_in is None else NOON + returns_in
    if fine:
        check_return(returns_at, available, NOON)
    else:
        with pytest.raises(InvalidReturn):
            check_return(returns_at, available, NOON)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (datetime(2026, 3, 2, 23, tzinfo=UTC), datetime(2026, 3, 3, 4, tzinfo=UTC)),
        (datetime(2026, 3, 3, 3, tzinfo=UTC), datetime(2026, 3, 3, 4, tzinfo=UTC)),
        (datetime(2026, 3, 3, 4, tzinfo=UTC), datetime(2026, 3, 4, 4, tzinfo=UTC)),
        (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC)),
    ],
)
def test_the_next_day_begins_when_the_business_day_does(now: datetime, begins: datetime) -> None:
    assert next_day_begins(replace(LONDON, day_cutoff_minutes=240), now) == begins


async def test_an_item_comes_back_once_when_its_time_has_come(
    db: Database, fake_clock: FakeClock, event_recorder: Any
) -> None:
    tenant, pie = await a_pie(db)
    back = fake_clock.now() + HOUR
    answer = await doing.set_item_availability(db, command(tenant), pie.id, False, back)
    assert answer.item.returns_at.ToDatetime(tzinfo=UTC) == back
    assert answer.item.taken_off
    sweeper = ReturnSweeper(db)
    fake_clock.advance(HOUR - timedelta(seconds=1))
    assert await sweeper.sweep() == 0
    fake_clock.advance(timedelta(seconds=1))
    assert await sweeper.sweep() == 1
    returned = await read(db, tenant, pie.id)
    assert (returned.available, returned.returns_at) == (True, None)
    assert returned.version == pie.version + 2
    assert await sweeper.sweep() == 0
    assert await causes(db, tenant, event_recorder) == ["taken_off", "put_back"]


async def test_one_whose_time_passed_while_nobody_ran_comes_back_later(
    db: Database, fake_clock: FakeClock
) -> None:
    tenant, pie = await a_pie(db)
    await doing.set_item_availability(db, command(tenant), pie.id, False, fake_clock.now() + HOUR)
    fake_clock.advance(timedelta(days=3))
    assert await ReturnSweeper(db).sweep() == 1
    assert (await read(db, tenant, pie.id)).available


async def test_of_two_replicas_one_puts_it_back(
    db: Database, service_database: OpenDatabase, fake_clock: FakeClock, event_recorder: Any
) -> None:
    other = await service_database("catalog")
    tenant, pie = await a_pie(db)
    await doing.set_item_availability(db, command(tenant), pie.id, False, fake_clock.now() + HOUR)
    fake_clock.advance(HOUR)
    swept = await asyncio.gather(*(ReturnSweeper(each).sweep() for each in (db, other, db, other)))
    assert sum(swept) == 1
    assert await causes(db, tenant, event_recorder) == ["taken_off", "put_back"]


async def test_one_that_cannot_come_back_delays_no_other(db: Database, fake_clock: FakeClock) -> None:
    tenant, pie = await a_pie(db)
    other, stew = await a_pie(db)
    back = fake_clock.now() + HOUR
    await doing.set_item_availability(db, command(tenant), pie.id, False, back)
    await doing.set_item_availability(db, command(other), stew.id, False, back + HOUR)
    cake = await saved(db, tenant, an_item(pie.category_id, name="Cake"))
    async with db.transaction(tenant) as tx:  # the menu is beyond its limit since
        await tx.execute(
            "UPDATE item SET wire_bytes = 4000000 WHERE restaurant_id = $1 AND id = $2", tenant, cake.id
        )
    fake_clock.advance(3 * HOUR)
    sweeper = ReturnSweeper(db)
    assert await sweeper.sweep() == 1
    assert (await read(db, other, stew.id)).available
    assert await sweeper.sweep() == 0
    assert not (await read(db, tenant, pie.id)).available


async def test_a_person_who_changes_it_meanwhile_wins(
    db: Database, fake_clock: FakeClock, event_recorder: Any
) -> None:
    tenant, pie = await a_pie(db)
    await doing.set_item_availability(db, command(tenant), pie.id, False, fake_clock.now() + HOUR)
    await doing.set_item_availability(db, command(tenant), pie.id, True)
    await doing.set_item_availability(db, command(tenant), pie.id, False)
    fake_clock.advance(2 * HOUR)
    assert await ReturnSweeper(db).sweep() == 0
    assert not (await read(db, tenant, pie.id)).available
    later = fake_clock.now() + HOUR
    await doing.set_item_availability(db, command(tenant), pie.id, False, later)
    assert (await read(db, tenant, pie.id)).returns_at == later
    assert await causes(db, tenant, event_recorder) == ["taken_off", "put_back", "taken_off"]


async def test_an_edit_leaves_the_return_to_whoever_took_it_off(db: Database, fake_clock: FakeClock) -> None:
    tenant, pie = await a_pie(db)
    back = fake_clock.now() + HOUR
    await doing.set_item_availability(db, command(tenant), pie.id, False, back)
    off = await read(db, tenant, pie.id)
    await doing.update_item(db, command(tenant), replace(off, name="Steak pie", returns_at=None))
    edited = await read(db, tenant, pie.id)
    assert (edited.name, edited.returns_at) == ("Steak pie", back)
    await doing.update_item(db, command(tenant), replace(edited, available=True))
    assert (await read(db, tenant, pie.id)).returns_at is None


async def test_what_left_the_menu_does_not_come_back(db: Database, fake_clock: FakeClock) -> None:
    tenant, pie = await a_pie(db)
    await doing.set_item_availability(db, command(tenant), pie.id, False, fake_clock.now() + HOUR)
    await doing.delete_item(db, command(tenant), pie.id)
    fake_clock.advance(HOUR)
    assert await ReturnSweeper(db).sweep() == 0


async def test_an_option_of_either_level_is_taken_off_and_put_back(db: Database, event_recorder: Any) -> None:
    sauce = Option(new_id(), "Mayonnaise")
    chips = Option(new_id(), "Chips", groups=(OptionGroup(new_id(), "Sauce", 0, 1, (sauce,)),))
    tenant, pie = await a_pie(db, option_groups=(OptionGroup(new_id(), "Side", 1, 1, (chips,)),))
    for option in (chips, sauce):
        answer = await doing.set_option_availability(db, command(tenant), pie.id, option.id, False)
        assert answer.item.available
    side = (await read(db, tenant, pie.id)).option_groups[0].options[0]
    assert (side.available, side.groups[0].options[0].available) == (False, False)
    again = await doing.set_option_availability(db, command(tenant), pie.id, chips.id, True)
    assert again.item.option_groups[0].options[0].available
    assert await causes(db, tenant, event_recorder) == ["options"] * 3
    with pytest.raises(UnknownOption):
        await doing.set_option_availability(db, command(tenant), pie.id, new_id(), True)
    with pytest.raises(UnknownItem):
        await doing.set_option_availability(db, command(tenant), new_id(), chips.id, True)


async def test_an_option_of_what_is_sold_out_is_no_news(db: Database, event_recorder: Any) -> None:
    tenant = await a_restaurant(db)
    groups = (a_group("Size", Small=0, Large=100),)
    category = await a_category(db, tenant)
    cake = await counted(db, tenant, category, 0, option_groups=groups)
    before = await causes(db, tenant, event_recorder)
    await doing.set_option_availability(db, command(tenant), cake.id, groups[0].options[0].id, False)
    assert await causes(db, tenant, event_recorder) == before
