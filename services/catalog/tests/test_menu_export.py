"""A whole menu out and in again: the same file, in every format, and nothing that a spreadsheet would run."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from chassis.clock import FakeClock
from chassis.ids import new_id
from chassis.text import holds_card_number
from harness.fixtures import OpenDatabase
from services.catalog.domain.category import Category
from services.catalog.domain.errors import MenuTooLarge, UnreadableMenuFile
from services.catalog.domain.item import Item, item_errors
from services.catalog.domain.item_number import check_digit
from services.catalog.domain.label import name_key
from services.catalog.domain.menu_file.entries import Row, parse
from services.catalog.domain.menu_file.guard import FORMULA_STARTS, guarded, unguarded
from services.catalog.domain.menu_file.option_cells import option_groups
from services.catalog.domain.menu_file.plan import ImportPlan, Present, plan
from services.catalog.domain.menu_file.telling import TOLD, ToldMenu, file_name, rows_of
from services.catalog.domain.option import Option, OptionGroup, StockUse
from services.catalog.domain.stock import StockLevel, StockPolicy
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.domain.window import AvailabilityWindow
from services.catalog.menu_file.json_file import read_json
from services.catalog.menu_file.table import read_csv
from services.catalog.menu_file.workbook import read_xlsx
from services.catalog.menu_file.writing import MAX_FILE_BYTES, WRITERS, written
from services.catalog.tests import doing
from services.catalog.tests.builders import (
    a_category,
    a_group,
    a_level,
    a_restaurant,
    an_item,
    command,
    saved,
)
from services.catalog.tests.test_rpc import EVERYTHING, catalog

CODES = frozenset(each.code for each in VAT_CLASSES)
READERS: dict[str, Callable[[bytes], list[Row]]] = {"csv": read_csv, "xlsx": read_xlsx, "json": read_json}
FORMATS = {
    "csv": catalog_pb2.MENU_FORMAT_CSV,
    "xlsx": catalog_pb2.MENU_FORMAT_XLSX,
    "json": catalog_pb2.MENU_FORMAT_JSON,
}
SIGNS = "\\|;:=()[],'\"+-@ \u00f1\u00c9\u9ebb0123456789abcXYZ_.&<>%"


def told(items: Sequence[Item], categories: Sequence[Category], **changes: Any) -> ToldMenu:
    return replace(ToldMenu("GBP", categories, items, {}), **changes)


def imported(content: bytes, file_format: str, currency: str = "GBP") -> ToldMenu:
    """What an empty restaurant has after the import. Raises AssertionError where a row is rejected."""
    file = parse(READERS[file_format](content), currency)
    assert file.rejected == []
    planned: ImportPlan = plan(file.entries, Present((), (), {}, CODES), new_id)
    assert planned.rejected == []
    levels = {
        item_id: a_level(
            setting.on_hand or 0,
            item_id=item_id,
            reorder_point=setting.reorder_point or 0,
            policy=setting.policy or StockPolicy.REFUSE,
        )
        for item_id, setting in planned.stock.items()
    }
    return ToldMenu(currency, planned.categories, planned.created, levels, planned.timed_menus)


def file_of(menu: ToldMenu, file_format: str) -> bytes:
    return written(list(rows_of(menu)), file_format)


# -- any menu ------------------------------------------------------------------------------------------

NAMES = st.text(SIGNS, min_size=1, max_size=20).map(str.strip).filter(bool)
SAFE = NAMES.filter(lambda text: not holds_card_number(text))
ALLERGENS = st.sets(st.integers(1, 14), max_size=4).map(lambda found: tuple(sorted(found)))
WINDOWS = st.builds(
    AvailabilityWindow,
    st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days))),
    st.integers(0, 1439),
    st.integers(0, 1440),
).filter(lambda window: window.from_minutes != window.until_minutes)


def named_apart(made: Sequence[Any]) -> bool:
    return len({name_key(each.name) for each in made}) == len(made)


TRACED = st.tuples(ALLERGENS, ALLERGENS).map(lambda both: (both[0], tuple(sorted({*both[1]} - {*both[0]}))))
CHANCE = st.booleans()
VAT = st.sampled_from(["", *sorted(CODES)])


def options(groups: st.SearchStrategy[tuple[OptionGroup, ...]]) -> st.SearchStrategy[Option]:
    """Options that open such groups."""

    def made(on: bool, name: str, delta: int, food: Any, vat: str, opened: Any) -> Option:
        contained, traces = food
        return Option(new_id(), name, delta, on, contained, traces, vat, groups=opened)

    return st.builds(made, st.booleans(), SAFE, st.integers(-50, 2_000), TRACED, VAT, groups)


def option_groups_of(of: st.SearchStrategy[Option]) -> st.SearchStrategy[OptionGroup]:
    return st.builds(
        OptionGroup,
        st.uuids(),
        SAFE,
        st.integers(0, 2),
        st.integers(2, 5),
        st.lists(of, min_size=1, max_size=3).filter(named_apart).map(tuple),
    )


NESTED = st.lists(option_groups_of(options(st.just(()))), max_size=2).filter(named_apart).map(tuple)
GROUPS = option_groups_of(options(NESTED))
ABOUT = st.one_of(st.just(""), st.text(f"{SIGNS}\n\t", max_size=30).map(str.strip))


@st.composite
def menus(draw: st.DrawFn) -> ToldMenu:
    """Any menu that people can make, with whatever its names may be."""
    positions = st.integers(0, 100)
    categories = draw(
        st.lists(st.builds(Category, st.uuids(), SAFE, positions), min_size=1, max_size=3).filter(named_apart)
    )
    names = draw(st.lists(SAFE, min_size=1, max_size=5, unique_by=name_key))
    items: list[Item] = []
    levels: dict[UUID, StockLevel] = {}
    for number, name in enumerate(names):
        digits = f"{draw(st.integers(0, 10**10)):011}{number}"
        item = Item(
            id=new_id(),
            category_id=draw(st.sampled_from(categories)).id,
            name=name,
            price_minor=draw(st.integers(0, 100_000_000)),
            vat_class=draw(st.sampled_from(sorted(CODES))),
            description=draw(ABOUT.filter(lambda text: not holds_card_number(text))),
            available=draw(st.booleans()),
            windows=tuple(draw(st.lists(WINDOWS, max_size=2))),
            option_groups=tuple(draw(st.lists(GROUPS, max_size=2).filter(named_apart))),
            stock_tracked=draw(st.booleans()),
            position=draw(positions),
            barcode=draw(st.sampled_from(["", digits + check_digit(digits)])),
            plu=draw(st.sampled_from(["", str(number + 1)])),
            preparation_minutes=draw(st.integers(0, 240)),
        )
        contained, traces = draw(TRACED)
        item = replace(item, allergens=contained, may_contain=traces)
        item = draw(with_links(item, [other for other in items if not other.is_combo]))
        assume(not list(item_errors(item, CODES)))
        items.append(item)
        if item.stock_tracked:
            levels[item.id] = draw(a_levels(item.id))
    return ToldMenu("GBP", categories, items, levels, draw(timed_menus_of(categories, items)))


def timed_menus_of(
    categories: Sequence[Category], items: Sequence[Item]
) -> st.SearchStrategy[list[TimedMenu]]:
    """Menus by time of day; one that nothing is on has no row, and is in no file."""
    days = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 1, 3)))

    def made(name: str, hours: Any, days: Any, category_ids: Any, item_ids: Any) -> TimedMenu:
        known = sorted(day for day in days if day is not None)
        first, last = (known[0], known[-1]) if len(known) > 1 else days
        return TimedMenu(new_id(), name, 0, tuple(hours), first, last, category_ids, item_ids)

    sold = sorted({item.category_id for item in items})
    named = st.builds(
        made,
        SAFE,
        st.lists(WINDOWS, max_size=2),
        st.tuples(days, days),
        st.frozensets(st.sampled_from(sold), max_size=2),
        st.frozensets(st.sampled_from([item.id for item in items]), max_size=3),
    ).filter(lambda menu: bool(menu.category_ids or menu.item_ids))
    return st.lists(named, max_size=3).filter(named_apart)


@st.composite
def with_links(draw: st.DrawFn, item: Item, others: Sequence[Item]) -> Item:
    """The item with a size, and with options that take of others or are others, where there are some."""
    groups = list(item.option_groups)
    comes_in_sizes = draw(CHANCE)
    if groups and comes_in_sizes:
        groups[0] = replace(groups[0], min_choices=1, max_choices=1, is_size=True)
    if others:
        of = st.sampled_from([other.id for other in others])
        taking = Option(new_id(), draw(SAFE), stock_use=StockUse(draw(of), draw(st.integers(1, 1_000))))
        slots = [
            OptionGroup(new_id(), name, 1, 1, (Option(new_id(), draw(SAFE), item_id=draw(of)),))
            for name in draw(st.lists(SAFE, max_size=2))
        ]
        if len(slots) > 1 and draw(CHANCE):
            slots[1] = replace(slots[1], ancillary_of=slots[0].id)
        groups += [OptionGroup(new_id(), draw(SAFE), 0, 1, (taking,)), *slots]
    assume(named_apart(groups))
    return replace(item, option_groups=tuple(groups))


def a_levels(item_id: UUID) -> st.SearchStrategy[StockLevel]:
    return st.builds(
        lambda on_hand, point, policy: a_level(on_hand, item_id=item_id, reorder_point=point, policy=policy),
        st.integers(0, 1_000),
        st.integers(0, 50),
        st.sampled_from(StockPolicy),
    )


@settings(max_examples=50)
@given(menus(), st.sampled_from(sorted(FORMATS)))
def test_any_menu_comes_back_from_its_file_as_the_same_file(menu: ToldMenu, file_format: str) -> None:
    content = file_of(menu, file_format)
    again = imported(content, file_format)
    assert file_of(again, file_format) == content
    assert by_name(again) == by_name(menu)
    assert timed_by_name(again) == timed_by_name(menu)


def timed_by_name(menu: ToldMenu) -> dict[str, tuple[Any, ...]]:
    """What is said of menus by time of day, without identities."""
    categories = {each.id: each.name for each in menu.categories}
    items = {each.id: (categories[each.category_id], each.name) for each in menu.items}
    return {
        each.name: (
            each.hours,
            {categories[one] for one in each.category_ids},
            {items[one] for one in each.item_ids},
        )
        for each in menu.timed_menus
    }


def by_name(menu: ToldMenu) -> dict[tuple[str, str], tuple[Any, ...]]:
    """All that a menu says, without identities."""
    categories = {each.id: each.name for each in menu.categories}
    names: dict[Any, Any] = {item.id: (categories[item.category_id], item.name) for item in menu.items}
    return {names[item.id]: said(item, menu.levels, names) for item in menu.items}


def said(item: Item, levels: Mapping[UUID, StockLevel], names: Mapping[Any, Any]) -> tuple[Any, ...]:
    nobody = UUID(int=0)
    numbers = {group.id: number for number, group in enumerate(item.option_groups)}

    def told(groups: Sequence[OptionGroup]) -> list[Any]:
        return [
            (
                replace(group, id=nobody, options=(), ancillary_of=None),
                numbers.get(group.ancillary_of or nobody),
                [
                    (
                        replace(option, id=nobody, groups=(), stock_use=None, item_id=None),
                        option.stock_use and (option.stock_use.quantity, names[option.stock_use.item_id]),
                        names.get(option.item_id),
                        told(option.groups),
                    )
                    for option in group.options
                ],
            )
            for group in groups
        ]

    bare = replace(item, id=nobody, category_id=nobody, option_groups=())
    level = levels.get(item.id)
    return bare, told(item.option_groups), level and (level.on_hand, level.reorder_point, level.policy)


@settings(max_examples=20)
@given(menus())
def test_no_cell_of_a_file_begins_like_a_formula(menu: ToldMenu) -> None:
    rows = list(rows_of(menu))
    table = list(csv.reader(io.StringIO(WRITERS["csv"](rows).decode("utf-8-sig"), newline="")))
    sheet: Any = load_workbook(io.BytesIO(WRITERS["xlsx"](rows))).worksheets[0]
    workbook = [[cell.value for cell in row if cell.data_type == "s"] for row in sheet.iter_rows()]
    for row in [*table, *workbook]:
        assert not [cell for cell in row if str(cell).startswith(FORMULA_STARTS)]
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


@given(st.text("'=+-@\tx1", max_size=8))
def test_a_guarded_text_comes_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(FORMULA_STARTS)


# -- what is written -----------------------------------------------------------------------------------

MAINS, DRINKS = Category(new_id(), "Mains", 2), Category(new_id(), "Drinks", 1)
WINE = an_item(
    DRINKS.id,
    name="=Wine",
    price_minor=620,
    description="-dry",
    allergens=(14,),
    available=False,
    windows=(AvailabilityWindow((0, 1, 2), 1020, 1440), AvailabilityWindow((5,), 60, 30)),
    option_groups=(
        OptionGroup(
            new_id(), "Size", 1, 1, (Option(new_id(), "175 ml"), Option(new_id(), "A;B", 150, False, (7,)))
        ),
    ),
    barcode="5012345678900",
    plu="7",
)


def test_a_file_reads_as_its_columns_say() -> None:
    rows = list(rows_of(told([an_item(MAINS.id, name="Pie"), WINE], [MAINS, DRINKS])))
    assert rows[0] == TOLD
    assert [row[:3] for row in rows[1:]] == [("Drinks", "'=Wine", "6.20"), ("Mains", "Pie", "9.50")]
    cells = dict(zip(TOLD, rows[1], strict=True))
    assert cells["description"] == "'-dry"
    assert cells["options"] == "Size(1-1): 175 ml=0; A\\;B=1.50[milk] off"
    assert cells["availability"] == "Mon-Wed 17:00-24:00; Sat 01:00-00:30"
    assert (cells["available"], cells["allergens"], cells["stock"]) == ("no", "sulphites", "")


def test_a_spreadsheet_keeps_a_barcode_and_adds_up_prices() -> None:
    rows = list(rows_of(told([WINE], [DRINKS])))
    assert b",'5012345678900,7," in WRITERS["csv"](rows)
    [_, row] = load_workbook(io.BytesIO(WRITERS["xlsx"](rows))).worksheets[0].iter_rows(values_only=True)
    found = dict(zip(TOLD, row, strict=True))
    assert (found["price"], found["barcode"], found["plu"]) == (6.2, "5012345678900", "7")


def test_json_has_no_guards() -> None:
    [item] = json.loads(file_of(told([WINE], [DRINKS]), "json"))["items"]
    assert (item["item"], item["description"], item["price"]) == ("=Wine", "-dry", "6.20")
    assert "stock" not in item


def test_a_currency_without_decimals_has_none_in_the_file() -> None:
    menu = told([an_item(MAINS.id, price_minor=950)], [MAINS], currency_code="JPY")
    content = file_of(menu, "csv")
    assert b",950,hot_food" in content
    assert file_of(imported(content, "csv", "JPY"), "csv") == content


def test_what_was_sold_beyond_the_shelf_is_nothing_on_the_shelf() -> None:
    item = an_item(MAINS.id, stock_tracked=True)
    content = file_of(told([item], [MAINS], levels={item.id: a_level(-3, item_id=item.id)}), "csv")
    assert content.endswith(b",0,0,refuse,,,\r\n")
    assert file_of(imported(content, "csv"), "csv") == content


def test_a_workbook_does_not_say_when_it_was_written() -> None:
    archive = zipfile.ZipFile(io.BytesIO(file_of(told([WINE], [DRINKS]), "xlsx")))
    assert {part.date_time[0] for part in archive.infolist()} == {1980}


def test_options_that_fit_into_no_cell_are_told_by_the_name_of_their_item() -> None:
    options = {f"{'x' * 100} {number}": 100 for number in range(100)}
    groups = tuple(a_group(f"Group {number}", **options) for number in range(4))
    with pytest.raises(MenuTooLarge, match="'Margherita'"):
        list(rows_of(told([an_item(MAINS.id, option_groups=groups)], [MAINS])))
    assert len(list(rows_of(told([an_item(MAINS.id, option_groups=groups[:2])], [MAINS])))) == 2


def test_a_file_that_no_import_takes_is_refused_and_packs_as_a_workbook() -> None:
    about = "".join(f"{number:09}x" for number in range(95))
    items = [an_item(MAINS.id, name=f"Dish {number}", description=about) for number in range(2_200)]
    rows = list(rows_of(told(items, [MAINS])))
    for file_format in ("csv", "json"):
        with pytest.raises(MenuTooLarge, match="export XLSX"):
            written(rows, file_format)
    assert len(written(rows, "xlsx")) < MAX_FILE_BYTES


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Casa Demo", "casa-demo-menu-2026-11-27"),
        ('Bréda\'s "Café"/../x\r\n', "bredas-cafe-x-menu-2026-11-27"),
        ("麻婆", "menu-2026-11-27"),
    ],
)
def test_a_file_is_named_after_its_restaurant_and_day(name: str, file: str) -> None:
    assert file_name(name, date(2026, 11, 27)) == file


@pytest.mark.parametrize(
    "name", ["a\\b", "a|b", "a;b", "a:b", "a\\;b", "\\", "x] off", "a=b", "[nuts]", "off"]
)
def test_a_name_may_have_the_signs_that_part_options(name: str) -> None:
    groups = (
        OptionGroup(new_id(), name, 0, 1, (Option(new_id(), name, 50, False, (2,)), Option(new_id(), "z"))),
    )
    [row] = list(rows_of(told([an_item(MAINS.id, option_groups=groups)], [MAINS])))[1:]
    [group] = option_groups(unguarded(row[TOLD.index("options")]), 2)
    assert (group.name, group.options[0].name, group.options[1].name) == (name, name, "z")
    assert (group.options[0].available, group.options[0].allergens) == (False, (2,))


# -- what is read --------------------------------------------------------------------------------------


def test_json_takes_numbers_and_flags_as_they_are_written() -> None:
    content = b'{"items": [{"category": "Mains", "item": "Pie", "price": 9.10, "vat_class": "hot_food", '
    content += b'"available": false, "stock": 5, "description": null}]}'
    [entry] = parse(read_json(content), "GBP").entries
    assert (entry.price_minor, entry.available, entry.stock, entry.description) == (910, False, 5, "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"items": {}}',
        b'{"items": [1]}',
        b'{"items": [], "more": 1}',
        b'{"items": [{"item": ["x"]}]}',
        b'{"items": [{"price": NaN}]}',
        b"[" * 100_000,
        b'{"items": [' + b"{}," * 6_000 + b"{}]}",
        json.dumps({"items": [{f"c{number}": "x" for number in range(60)}]}).encode(),
        b"\xff",
    ],
)
def test_json_that_is_no_menu_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableMenuFile):
        read_json(content)


def test_an_unknown_member_is_told_like_an_unknown_column() -> None:
    file = parse(read_json(b'{"items": [{"item": "Pie", "colour": "red"}]}'), "GBP")
    assert "colour" in {each.field for each in file.rejected}


# -- the service ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", FORMATS)
async def test_a_menu_moves_to_an_empty_restaurant_whole(
    service_database: OpenDatabase, fake_clock: FakeClock, file_format: str
) -> None:
    async with catalog(service_database, fake_clock) as it:
        mains = await a_category(it.db, it.tenant, "Mains")
        drinks = await a_category(it.db, it.tenant, "Drinks")
        await saved(it.db, it.tenant, replace(WINE, id=new_id(), category_id=drinks.id))
        pie = await saved(it.db, it.tenant, an_item(mains.id, name="Pie"))
        await doing.count_stock(it.db, command(it.tenant), pie.id, 12, 3)
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            file = await it.stub.ExportMenu(catalog_api.ExportMenuRequest(format=file_format))
        assert file.file_name == f"casa-test-menu-{fake_clock.now().date()}.{file_format}"
        other = await a_restaurant(it.db)
        with it.peer.as_user(EVERYTHING, restaurant_id=other):
            asked = catalog_api.ImportMenuRequest(
                request_id="1", content=file.content, format=FORMATS[file_format]
            )
            done = await it.stub.ImportMenu(asked)
            assert (done.created, list(done.rejected)) == (2, [])
            assert (await it.stub.ExportMenu(catalog_api.ExportMenuRequest(format=file_format))) == file
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            asked.request_id = "2"
            assert (await it.stub.ImportMenu(asked)).unchanged == 2
