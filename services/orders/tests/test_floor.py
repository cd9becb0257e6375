"""Sections and tables: what a manager draws."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import floor_pb2

from chassis.errors import InvalidArgument
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import (
    NameTaken,
    SectionNotEmpty,
    SectionNotFound,
    StaleVersion,
    TableNotFound,
    TableOccupied,
    TableReserved,
    TooManySections,
    TooManyTables,
    UnknownSection,
)
from services.orders.domain.section import SECTIONS_MAX
from services.orders.domain.table import TABLES_MAX
from services.orders.rpc.section import DELETED
from services.orders.tests.floor import a_section, a_table, move, now, remove, reserve
from services.orders.tests.world import World
from services.orders.usecases.section import delete_section, list_sections
from services.orders.usecases.table import list_tables
from services.orders.wire.section import wanted_section
from services.orders.wire.table import wanted_table

# The first is there; these are as many more as $2 says.
MORE_TABLES = """
INSERT INTO floor_table SELECT (t).* FROM (
    SELECT jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'name_key', n::text)) AS t
    FROM floor_table AS t, generate_series(1, $2::int) AS n WHERE restaurant_id = $1
) AS more
"""
MORE_SECTIONS = """
INSERT INTO floor_section
SELECT $1, gen_random_uuid(), n::text, n::text, n, 1 FROM generate_series(1, $2::int) AS n
"""


async def fill(world: World, statement: str, rows: int) -> None:
    async with world.deps.db.transaction(world.tenant) as tx:
        await tx.execute(statement, world.tenant, rows)


async def drop(world: World, section_id: str) -> None:
    await delete_section(world.deps, world.ask(), UUID(section_id), DELETED)


async def names(world: World) -> list[str]:
    return [table.layout.name for table in await list_tables(world.deps, world.tenant)]


async def test_a_new_table_is_free_and_told_on_the_floor_channel(
    world: World, event_recorder: EventRecorder
) -> None:
    section = await a_section(world, "Terrace")
    table = await a_table(world, "12", section_id=section.id, seats=6, x=0, y=1000)
    assert (table.name, table.seats, table.x, table.y) == ("12", 6, 0, 1000)
    assert (table.state, table.version) == (floor_pb2.TABLE_STATE_FREE, 1)
    assert (list(table.order_ids), table.covers, table.server_id) == ([], 0, "")
    db = world.deps.db
    [saved] = await event_recorder.of_type(db, orders_events.SectionSaved, world.tenant)
    [updated] = await event_recorder.of_type(db, orders_events.TableUpdated, world.tenant)
    assert (saved.section, updated.table) == (section, table)
    told = [event.positions[0][0] for event in await event_recorder.events(db, world.tenant)][-2:]
    assert told == ["floor", "floor"]


async def test_the_floor_s_snapshot_has_all_tables_by_name_and_all_sections(world: World) -> None:
    terrace = await a_section(world, "Terrace")
    second, first = [await a_table(world, name, section_id=terrace.id) for name in ("b2", "B1")]
    answer = await world.snapshot("floor")
    assert list(answer.floor.floor_tables) == [first, second]
    assert list(answer.floor.sections) == [terrace]
    assert (await world.another().snapshot("floor")).floor == type(answer.floor)()


@pytest.mark.parametrize("same", ["terrace", " TERRACE", "Terra\N{LATIN SMALL LETTER C}e", "ＴＥＲＲＡＣＥ"])
async def test_names_are_one_whatever_their_case_and_width(world: World, same: str) -> None:
    section = await a_section(world, "Terrace")
    with pytest.raises(NameTaken):
        await a_section(world, same)
    await a_table(world, "Terrace", section_id=section.id)  # a table may be called like a section
    with pytest.raises(NameTaken):
        await a_table(world, same, section_id=section.id)
    other = world.another()
    await a_table(other, same)  # and restaurants know nothing of each other's


async def test_a_name_that_another_one_has_is_refused_for_a_change_too(world: World) -> None:
    first, second = await a_table(world, "1"), await a_table(world, "2")
    with pytest.raises(NameTaken):
        await move(world, second, name="1")
    assert (await move(world, second, name="3")).name == "3"
    assert (await move(world, first, name="2")).name == "2"  # the name is free again
    section, other = await a_section(world, "In"), await a_section(world, "Out")
    with pytest.raises(NameTaken):
        await a_section(world, "in", version=other.version, id=other.id)
    assert (await a_section(world, "IN", version=section.version, id=section.id)).name == "IN"


async def test_of_two_who_give_one_name_at_once_one_is_refused(world: World) -> None:
    section = await a_section(world)
    both = [a_table(world, name, section_id=section.id) for name in ("Bar", "bar")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["NameTaken", "Table"]


@pytest.mark.parametrize("blank", [" ", "\t", "\N{NO-BREAK SPACE}"])
def test_a_name_of_blanks_alone_is_none(blank: str) -> None:
    with pytest.raises(InvalidArgument):
        wanted_section(floor_pb2.Section(name=blank))
    with pytest.raises(InvalidArgument):
        wanted_table(floor_pb2.Table(name=blank, section_id=str(new_id())))
    assert wanted_section(floor_pb2.Section(name=f"{blank}Bar ")).name == "Bar"


async def test_a_change_is_made_to_the_version_that_was_seen(world: World) -> None:
    table = await a_table(world)
    moved = await move(world, table, x=300)
    assert (moved.x, moved.version) == (300, 2)
    with pytest.raises(StaleVersion):
        await move(world, table, x=400)
    assert (await now(world, table)).layout.x == 300
    section = await a_section(world)
    renamed = await a_section(world, "Bar", version=section.version, id=section.id)
    with pytest.raises(StaleVersion):
        await a_section(world, "Pub", version=section.version, id=section.id)
    assert (renamed.name, renamed.version) == ("Bar", 2)


async def test_a_table_moved_to_where_it_is_stays_the_version_it_is(world: World) -> None:
    table = await a_table(world)
    assert await move(world, table) == table


async def test_what_is_not_there_is_not_changed(world: World) -> None:
    table, section = await a_table(world), await a_section(world)
    other = world.another()
    theirs = await a_section(other)
    with pytest.raises(TableNotFound):
        await move(other, table, section_id=UUID(theirs.id))
    with pytest.raises(TableNotFound):
        await remove(other, table)
    with pytest.raises(SectionNotFound):
        await a_section(other, version=section.version, id=section.id)
    with pytest.raises(SectionNotFound):
        await drop(other, section.id)


async def test_a_table_stands_in_a_section_of_its_restaurant(world: World) -> None:
    theirs = await a_section(world.another())
    with pytest.raises(UnknownSection) as refused:
        await a_table(world, section_id=theirs.id)
    assert [error.field for error in refused.value.fields] == ["section_id"]
    table = await a_table(world)
    with pytest.raises(UnknownSection):
        await move(world, table, section_id=new_id())


async def test_a_removed_table_is_gone_for_everybody_and_its_name_is_free(
    world: World, event_recorder: EventRecorder
) -> None:
    table = await a_table(world, "9")
    await remove(world, table)
    assert await names(world) == []
    with pytest.raises(TableNotFound):
        await remove(world, table)
    [gone] = await event_recorder.of_type(world.deps.db, orders_events.TableRemoved, world.tenant)
    assert (gone.table_id, gone.version) == (table.id, table.version + 1)
    await a_table(world, "9")


async def test_a_table_is_not_removed_while_an_order_is_open_at_it(world: World) -> None:
    table = await a_table(world)
    order = await world.place(table_id=table.id)
    with pytest.raises(TableOccupied) as refused:
        await remove(world, table)
    assert refused.value.metadata["order_ids"] == order.id
    await world.cancel(order.id)
    await remove(world, table)


async def test_a_table_is_not_removed_while_guests_are_expected(world: World) -> None:
    table = await a_table(world)
    await reserve(world, table, world.clock.now())
    with pytest.raises(TableReserved):
        await remove(world, table)


async def test_a_section_is_removed_when_no_table_stands_in_it(
    world: World, event_recorder: EventRecorder
) -> None:
    section = await a_section(world)
    table = await a_table(world, section_id=section.id)
    with pytest.raises(SectionNotEmpty):
        await drop(world, section.id)
    await move(world, table, section_id=UUID((await a_section(world)).id))
    await drop(world, section.id)
    assert section.id not in {str(one.id) for one in await list_sections(world.deps, world.tenant)}
    [gone] = await event_recorder.of_type(world.deps.db, orders_events.SectionRemoved, world.tenant)
    assert (gone.section_id, gone.version) == (section.id, section.version + 1)


async def test_a_table_and_the_end_of_its_section_at_once_leave_no_table_without_one(world: World) -> None:
    for _ in range(5):
        section = await a_section(world)
        made: list[Any] = [a_table(world, section_id=section.id), drop(world, section.id)]
        await asyncio.gather(*made, return_exceptions=True)
        there = {one.id for one in await list_sections(world.deps, world.tenant)}
        assert all(table.layout.section_id in there for table in await list_tables(world.deps, world.tenant))


async def test_a_restaurant_has_as_many_tables_and_sections_as_there_may_be(world: World) -> None:
    section = await a_section(world)
    await a_table(world, section_id=section.id)
    await fill(world, MORE_TABLES, TABLES_MAX - 2)
    await a_table(world, section_id=section.id)
    assert len(await list_tables(world.deps, world.tenant)) == TABLES_MAX
    with pytest.raises(TooManyTables):
        await a_table(world, section_id=section.id)
    await fill(world, MORE_SECTIONS, SECTIONS_MAX - 2)
    await a_section(world)
    assert len(await list_sections(world.deps, world.tenant)) == SECTIONS_MAX
    with pytest.raises(TooManySections):
        await a_section(world)
