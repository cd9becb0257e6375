"""Menus by time of day in a menu file."""

from datetime import date
from uuid import UUID

import pytest

from chassis.db import Database
from harness.fixtures import OpenDatabase
from services.catalog.domain.menu_file.cells import BadCell
from services.catalog.domain.menu_file.timed_menu_cells import FileMenu, timed_menus
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.domain.window import AvailabilityWindow, Hours
from services.catalog.tests import doing
from services.catalog.tests.builders import a_restaurant, command
from services.catalog.usecases.timed_menu import list_timed_menus

HEADER = "category,item,price,vat_class,category_menus,menus\n"
NOONS = (AvailabilityWindow((0, 1, 2, 3, 4), 720, 900), AvailabilityWindow((5,), 720, 840))


def test_a_cell_names_menus_with_their_hours_and_dates() -> None:
    assert timed_menus(
        r"Lunch: Mon-Fri 12:00-15:00; Sat 12:00-14:00 | A \| B: always until 2026-12-31 | Tea"
    ) == (
        FileMenu("Lunch", Hours(NOONS)),
        FileMenu("A | B", Hours((), None, date(2026, 12, 31))),
        FileMenu("Tea"),
    )
    assert timed_menus("") == ()
    [feast] = timed_menus("Feast: 18:00-02:00 from 2026-12-31 until 2027-01-01")
    assert feast.hours == Hours((AvailabilityWindow((), 1080, 120),), date(2026, 12, 31), date(2027, 1, 1))


@pytest.mark.parametrize(
    "text", [": always", "Lunch: noon", "Lunch: from 2026-02-30", "Lunch: from 2026-1-1", "|".join("x" * 51)]
)
def test_a_cell_that_names_no_menu_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        timed_menus(text)


@pytest.fixture
async def db(service_database: OpenDatabase) -> Database:
    return await service_database("catalog")


async def imported(db: Database, tenant: UUID, *rows: str) -> dict[str, TimedMenu]:
    """By name, after the rows were imported."""
    answer = await doing.import_menu(db, command(tenant), (HEADER + "\n".join(rows)).encode())
    assert not answer.rejected, answer.rejected
    return {each.name: each for each in await list_timed_menus(db, tenant)}


async def test_an_import_makes_menus_and_says_all_that_an_item_is_on(db: Database) -> None:
    tenant = await a_restaurant(db)
    lunch = "Lunch: Mon-Fri 12:00-15:00"
    made = await imported(db, tenant, f"Mains,Pie,9,hot_food,{lunch},", "Mains,Stew,9,hot_food,Lunch,Feast")
    assert made["Lunch"].windows == NOONS[:1]
    assert (len(made["Lunch"].category_ids), len(made["Lunch"].item_ids)) == (1, 0)
    assert (len(made["Feast"].category_ids), len(made["Feast"].item_ids)) == (0, 1)
    again = await imported(db, tenant, f"Mains,Pie,9,hot_food,{lunch},", "Mains,Stew,9,hot_food,Lunch,Feast")
    assert again == made
    fewer = await imported(db, tenant, "Mains,Stew,9,hot_food,,")
    assert fewer["Lunch"].windows == NOONS[:1]
    assert (len(fewer["Lunch"].category_ids), len(fewer["Feast"].item_ids)) == (0, 0)


async def test_a_file_without_the_columns_leaves_menus_as_they_are(db: Database) -> None:
    tenant = await a_restaurant(db)
    made = await imported(db, tenant, "Mains,Pie,9,hot_food,Lunch: 12:00-15:00,")
    await doing.import_menu(db, command(tenant), b"category,item,price,vat_class\nMains,Pie,8,hot_food\n")
    assert await list_timed_menus(db, tenant) == list(made.values())


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        (("Mains,Pie,9,hot_food,Lunch,", "Mains,Stew,9,hot_food,Dinner,"), "category_menus"),
        (("Mains,Pie,9,hot_food,,Lunch: 12:00-15:00", "Mains,Stew,9,hot_food,,Lunch: always"), "menus"),
        (
            ("Mains,Pie,9,hot_food,,Lunch: from 2026-02-02 until 2026-02-01", "Mains,Stew,9,hot_food,,"),
            "menus",
        ),
    ],
)
async def test_rows_that_contradict_each_other_are_rejected(
    db: Database, rows: tuple[str, str], field: str
) -> None:
    tenant = await a_restaurant(db)
    answer = await doing.import_menu(db, command(tenant), (HEADER + "\n".join(rows)).encode())
    assert [each.field for each in answer.rejected] == [field]
    assert await list_timed_menus(db, tenant) == []
