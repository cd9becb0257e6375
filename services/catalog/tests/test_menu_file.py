"""Reading menus from CSV and XLSX: every cell, and every way in which a file is wrong. Pure."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from chassis.ids import new_id
from services.catalog.domain.category import Category
from services.catalog.domain.errors import UnreadableMenuFile
from services.catalog.domain.item import Item
from services.catalog.domain.menu_file import cells
from services.catalog.domain.menu_file.cells import BadCell
from services.catalog.domain.menu_file.columns import OPTIONAL, REQUIRED
from services.catalog.domain.menu_file.entries import MAX_REJECTIONS, MenuFile, parse
from services.catalog.domain.menu_file.option_cells import FileGroup, FileOption, option_groups
from services.catalog.domain.menu_file.plan import ImportPlan, Present, plan
from services.catalog.domain.stock import StockLevel, StockPolicy, StockSetting
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.domain.window import AvailabilityWindow
from services.catalog.menu_file.table import MAX_COLUMNS, MAX_ROWS, read_csv, sniffed
from services.catalog.menu_file.workbook import read_xlsx
from services.catalog.tests.builders import a_level

CODES = frozenset(each.code for each in VAT_CLASSES)
HEADER = "category,item,price,vat_class"
OPTIONS = "Size(1-1): Small=0; Large=1.50 | Extras(0-3): Cheese=0.80"


def csv(*rows: str, header: str = HEADER) -> MenuFile:
    return parse(read_csv("\n".join([header, *rows]).encode()), "GBP")


def xlsx(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rejections(file: MenuFile) -> list[tuple[int, str]]:
    return [(each.row, each.field) for each in file.rejected]


# -- cells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "digits", "minor"),
    [
        ("9.50", 2, 950),
        ("9.5", 2, 950),
        ("9", 2, 900),
        ("9,50", 2, 950),
        ("0", 2, 0),
        ("12.500", 3, 12500),
        ("1000000.00", 2, 100_000_000),
        ("950", 0, 950),
        ("950.0", 0, 950),
        ("1.234", 3, 1234),
    ],
)
def test_a_price_is_read_in_major_units(text: str, digits: int, minor: int) -> None:
    assert cells.price(text, digits) == minor


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("", 2),
        ("9.555", 2),
        ("12.000", 0),
        ("12.000", 2),
        ("12.500", 2),
        ("1,250", 2),
        ("£9", 2),
        ("1e3", 2),
        ("1.234.50", 2),
        ("-1", 2),
        ("NaN", 2),
        ("1000000.01", 2),
        ("9.5", 0),
        ("9 50", 2),
        ("٣", 2),
    ],
)
def test_what_is_no_price_is_refused(text: str, digits: int) -> None:
    with pytest.raises(BadCell):
        cells.price(text, digits)


@given(st.integers(0, 100_000_000))
def test_a_written_price_is_read_back(minor: int) -> None:
    assert cells.price(f"{minor // 100}.{minor % 100:02}", 2) == minor


def test_option_groups_fit_in_one_cell() -> None:
    assert option_groups(OPTIONS, 2) == (
        FileGroup("Size", 1, 1, (FileOption("Small", 0), FileOption("Large", 150))),
        FileGroup("Extras", 0, 3, (FileOption("Cheese", 80),)),
    )
    assert option_groups("", 2) == ()
    assert option_groups("Any (hot or cold) (2): No ice; Less=-0.20", 2) == (
        FileGroup("Any (hot or cold)", 2, 2, (FileOption("No ice", 0), FileOption("Less", -20))),
    )


def test_what_an_option_adds_to_the_allergens_stands_in_brackets() -> None:
    [scoops] = option_groups("Scoops(2): Vanilla; Pistachio = 0.50 [Nuts, milk]; Sorbet=0[]", 2)
    assert scoops.options == (
        FileOption("Vanilla", 0),
        FileOption("Pistachio", 50, (7, 10), may_contain=()),
        FileOption("Sorbet", 0, (), may_contain=()),
    )
    for wrong in ("Scoops(1): Pistachio[dust]", "Scoops(1): Pistachio nuts]", "Scoops(1): [nuts]"):
        with pytest.raises(BadCell, match="Pistachio"):
            option_groups(wrong, 2)


@pytest.mark.parametrize(
    "text",
    [
        "Size: Small",
        "Size(1-1)",
        "Size(1-1):",
        "(1-1): Small",
        "Size(1-1): Small=abc",
        "Size(1-1): =1",
        "A(1):x|",
    ],
)
def test_a_cell_that_is_no_option_group_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        option_groups(text, 2)


def test_hours_of_sale_fit_in_one_cell() -> None:
    assert cells.windows("Mon-Fri 07:00-11:00; Sat, Sunday 08:00-24:00; 22:00-2:00; Fri-Mon 1:00-2:00") == (
        AvailabilityWindow((0, 1, 2, 3, 4), 420, 660),
        AvailabilityWindow((5, 6), 480, 1440),
        AvailabilityWindow((), 1320, 120),
        AvailabilityWindow((0, 4, 5, 6), 60, 120),
    )


@pytest.mark.parametrize(
    "text", ["always", "7-11", "07:60-11:00", "25:00-26:00", "Foo 07:00-11:00", "07:00-07:00"]
)
def test_a_cell_that_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        cells.windows(text)


def test_allergens_go_by_their_common_names() -> None:
    assert cells.allergens("Milk, gluten; EGG,,soya") == (2, 4, 7, 13)
    with pytest.raises(BadCell, match="dust"):
        cells.allergens("milk, dust")


# -- files ---------------------------------------------------------------------------------------------


def test_a_row_says_everything_about_an_item() -> None:
    header = ",".join([*REQUIRED, *OPTIONAL])
    file = csv(
        f'Mains,Margherita,9.50,hot_food,"Tomato, ""mozzarella""","milk,gluten",,{OPTIONS},,no,'
        "Mon 12:00-15:00,5,036000291452,101,12,50,10,allow",
        header=header,
    )
    assert file.rejected == []
    [entry] = file.entries
    assert (entry.category, entry.name, entry.price_minor, entry.vat_class) == (
        "Mains",
        "Margherita",
        950,
        "hot_food",
    )
    assert entry.description == 'Tomato, "mozzarella"'
    assert entry.allergens == (2, 7)
    assert entry.groups is not None
    assert (entry.available, entry.position, entry.stock) == (False, 5, 50)
    assert (entry.reorder_point, entry.policy) == (10, StockPolicy.ALLOW)
    assert (entry.barcode, entry.plu, entry.preparation_minutes) == ("0036000291452", "101", 12)
    assert entry.windows == (AvailabilityWindow((0,), 720, 900),)


def test_columns_come_in_any_order_and_case_and_may_be_missing() -> None:
    file = csv("hot_food,9,Soup,Starters", header="VAT class,Price,Item,CATEGORY")
    [entry] = file.entries
    assert (entry.category, entry.description, entry.stock, entry.groups) == ("Starters", None, None, None)


def test_an_empty_cell_clears_a_text_and_leaves_stock_and_availability_alone() -> None:
    [entry] = csv("Mains,Soup,9,hot_food,,,", header=f"{HEADER},description,stock,available").entries
    assert (entry.description, entry.stock, entry.available) == ("", None, None)
    assert entry.preparation_minutes is None
    [timeless] = csv("Mains,Soup,9,hot_food,", header=f"{HEADER},preparation_minutes").entries
    assert timeless.preparation_minutes == 0


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_delimiter_is_found_in_the_header(delimiter: str, newline: str) -> None:
    rows = ["category,item,price,vat_class,description", 'Mains,Soup,9,hot_food,"a, b; c"']
    text = newline.join(row.replace(",", delimiter, 4) for row in rows)
    [entry] = parse(read_csv(text.encode("utf-8-sig")), "GBP").entries
    assert entry.name == "Soup"


def test_a_tie_between_delimiters_is_decided_the_same_way_every_time() -> None:
    assert sniffed("nothing known here") == ","
    assert sniffed("item") == ","


def test_empty_rows_count_but_say_nothing() -> None:
    file = csv("", "Mains,Soup,9,hot_food", ",,,", "Mains,Pie,x,hot_food")
    assert [entry.row for entry in file.entries] == [3]
    assert rejections(file) == [(5, "price")]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",Soup,9,hot_food", "category"),
        ("Mains,,9,hot_food", "item"),
        ("Mains,Soup,,hot_food", "price"),
        ("Mains,Soup,9", "vat_class"),
        ("Mains,Soup,nine,hot_food", "price"),
        ("=1+1,Soup,9,hot_food", "category"),
        ("Mains,=cmd|' /C calc'!A0,9,hot_food", "item"),
        ("Mains,@SUM(A1),9,hot_food", "item"),
        ("Mains,+1,9,hot_food", "item"),
        (f"Mains,{'x' * 121},9,hot_food", "item"),
        (f"Mains,Soup,{'9' * 5000},hot_food", "price"),
    ],
)
def test_a_bad_cell_is_told_by_row_and_column(row: str, field: str) -> None:
    file = csv("Mains,Good,1,hot_food", row)
    assert rejections(file) == [(3, field)]
    assert all(each.detail for each in file.rejected)


def test_every_bad_cell_of_a_row_is_told() -> None:
    assert rejections(csv("Mains,,x,hot_food")) == [(2, "item"), (2, "price")]


def test_the_same_item_twice_is_told_on_the_second_row() -> None:
    file = csv("Mains,Soup,9,hot_food", "MAINS,soup ,8,hot_food", "Starters,Soup,7,hot_food")
    assert rejections(file) == [(3, "item")]
    assert "row 2" in file.rejected[0].detail


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("category,item,price", "vat_class"),
        ("category,item,price,vat_class,colour", "colour"),
        ("category,item,item,price,vat_class", "item"),
    ],
)
def test_a_wrong_header_is_told_on_row_1(header: str, field: str) -> None:
    assert rejections(csv("Mains,Soup,9,hot_food,x", header=header)) == [(1, field)]


def test_a_file_without_items_is_told() -> None:
    assert rejections(csv()) == [(2, "item")]
    assert {each.row for each in parse(read_csv(b""), "GBP").rejected} == {1}


def test_rejections_end_somewhere() -> None:
    assert len(csv(*["Mains,Soup,x,hot_food"] * (MAX_REJECTIONS + 50)).rejected) == MAX_REJECTIONS


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfecategory",
        b"category,item\x00,price",
        (HEADER + "\n" + '"Mains,Soup').encode(),
        ("x\n" * (MAX_ROWS + 2)).encode(),
        ("," * MAX_COLUMNS).encode(),
        (HEADER + "\n" + '"' + "x" * 200_000 + '",a,1,b').encode(),
    ],
)
def test_a_file_that_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableMenuFile):
        read_csv(content)


def test_as_many_rows_as_are_allowed_are_read() -> None:
    assert len(read_csv((HEADER + "\n" + "x\n" * MAX_ROWS).encode())) == MAX_ROWS + 1


def test_a_workbook_says_the_same_as_a_table() -> None:
    book = xlsx(
        ["category", "item", "price", "vat_class", "options", "available", "stock"],
        ["Mains", "Soup", 9.1, "hot_food", OPTIONS, True, 12],
        [None],
        ["Mains", 7, "8,50", "hot_food", None, False, None],
    )
    rows = read_xlsx(book)
    table = csv(
        f"Mains,Soup,9.1,hot_food,{OPTIONS},yes,12",
        "",
        'Mains,7,"8,50",hot_food,,no,',
        header=f"{HEADER},options,available,stock",
    )
    assert parse(rows, "GBP") == table
    assert [entry.price_minor for entry in table.entries] == [910, 850]


@settings(max_examples=10)
@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=50))
def test_a_number_in_a_workbook_is_the_price_that_was_typed(typed: list[int]) -> None:
    """Many numbers in few workbooks, which take long to write."""
    rows = [["Mains", "Soup", minor / 100, "hot_food"] for minor in typed]
    _, *read = read_xlsx(xlsx(HEADER.split(","), *rows))
    assert [cells.price(row[2], 2) for row in read] == typed


def test_formulas_in_a_workbook_are_refused() -> None:
    book = xlsx(HEADER.split(","), ["Mains", "Soup", "=1+1", "hot_food"], ["=A2", "Pie", 1, "hot_food"])
    assert rejections(parse(read_xlsx(book), "GBP")) == [(2, "price"), (3, "category")]


def test_a_date_in_a_workbook_is_no_price() -> None:
    book = xlsx(HEADER.split(","), ["Mains", "Soup", date(2026, 1, 1), "hot_food"])
    assert rejections(parse(read_xlsx(book), "GBP")) == [(2, "price")]


def repacked(change: Callable[[str, bytes], bytes], extra: dict[str, bytes] | None = None) -> bytes:
    """A good workbook with parts changed or added."""
    file = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(xlsx(HEADER.split(","), ["Mains", "Soup", 1, "hot_food"])))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
        for name, data in (extra or {}).items():
            target.writestr(name, data)
    return file.getvalue()


def in_sheet(change: Callable[[bytes], bytes]) -> bytes:
    return repacked(lambda name, data: change(data) if name == "xl/worksheets/sheet1.xml" else data)


def unchanged(name: str, data: bytes) -> bytes:
    return data


@pytest.mark.parametrize(
    "content",
    [
        b"not a zip",
        repacked(unchanged)[:-200],
        repacked(unchanged, {"xl/bomb.bin": b"0" * 20_000_000}),
        repacked(unchanged, {f"part{number}": b"x" for number in range(300)}),
        repacked(lambda name, data: b"" if name == "xl/workbook.xml" else data),
        in_sheet(lambda data: b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + data),
        in_sheet(lambda data: data[: len(data) // 2]),
        in_sheet(lambda data: data.replace(b'r="2"', b'r="900000"').replace(b'"A2"', b'"A900000"')),
    ],
    ids=["no-zip", "cut", "bomb", "parts", "no-book", "doctype", "half-xml", "far-row"],
)
def test_a_hostile_workbook_is_refused_quickly(content: bytes) -> None:
    with pytest.raises(UnreadableMenuFile):
        read_xlsx(content)


@pytest.mark.parametrize("claim", [b"A1:XFD1048576", b"A1:A1", b"Z90:Z99"])
def test_a_sheet_that_lies_about_its_size_is_read_by_what_is_in_it(claim: bytes) -> None:
    rows = read_xlsx(in_sheet(lambda data: data.replace(b'ref="A1:D2"', b'ref="' + claim + b'"')))
    assert [len(row) for row in rows] == [4, 4]


# -- plans ---------------------------------------------------------------------------------------------


def present(of: ImportPlan | None = None, **levels: StockLevel) -> Present:
    if of is None:
        return Present((), (), {}, CODES)
    return Present(of.categories, of.created, {UUID(key): level for key, level in levels.items()}, CODES)


def test_a_first_import_creates_everything_in_the_order_of_the_file() -> None:
    result = plan(csv("B,2,1,hot_food", "A,1,1,hot_food", "b,3,1,alcohol").entries, present(), new_id)
    assert [category.name for category in result.categories] == ["B", "A"]
    assert [(item.name, item.position) for item in result.created] == [("2", 10), ("1", 20), ("3", 30)]
    assert result.created[2].category_id == result.categories[0].id
    assert (result.updated, result.unchanged, result.rejected) == ([], 0, [])


def test_importing_the_same_file_again_changes_nothing() -> None:
    file = csv(
        f"Mains,Soup,9,hot_food,{OPTIONS},x,,50", header=f"{HEADER},options,description,available,stock"
    )
    first = plan(file.entries, present(), new_id)
    [soup] = first.created
    level = a_level(31, item_id=soup.id)
    second = plan(file.entries, Present(first.categories, first.created, {soup.id: level}, CODES), new_id)
    assert (second.unchanged, second.created, second.updated, second.stock) == (1, [], [], {})
    assert not second.changes


def test_a_changed_row_keeps_the_identity_of_item_group_and_option() -> None:
    first = plan(
        csv(f"Mains,Soup,9,hot_food,{OPTIONS}", header=f"{HEADER},options").entries, present(), new_id
    )
    changed = csv("mains,SOUP,9,hot_food,size(1-2): LARGE=2; Huge=3", header=f"{HEADER},options")
    second = plan(changed.entries, present(first), new_id)
    [old], [new] = first.created, second.updated
    assert (new.id, new.name, new.category_id) == (old.id, "SOUP", old.category_id)
    [group] = new.option_groups
    assert (group.id, group.max_choices) == (old.option_groups[0].id, 2)
    assert group.options[0].id == old.option_groups[0].options[1].id
    assert group.options[1].id not in {option.id for option in old.option_groups[0].options}


def test_an_option_without_brackets_keeps_its_allergens_and_empty_ones_take_them_off() -> None:
    categories: list[Category] = []
    items: list[Item] = []
    found = []
    for price in ("0.50[nuts,milk]", "0.60", "0.60[]"):
        rows = csv(f'Mains,Ice,5,hot_food,"Scoop(1): Pistachio={price}"', header=f"{HEADER},options")
        result = plan(rows.entries, Present(categories, items, {}, CODES), new_id)
        categories = categories or result.categories
        items = [*result.created, *result.updated]
        found.append(items[0].option_groups[0].options[0].allergens)
    assert found == [(7, 10), (7, 10), ()]


def test_columns_that_are_not_in_the_file_change_nothing() -> None:
    first = plan(
        csv("Mains,Soup,9,hot_food,good,milk", header=f"{HEADER},description,allergens").entries,
        present(),
        new_id,
    )
    second = plan(csv("Mains,Soup,10,hot_food").entries, present(first), new_id)
    [new] = second.updated
    assert (new.price_minor, new.description, new.allergens) == (1000, "good", (7,))


def test_what_an_item_may_not_be_is_told_by_column() -> None:
    file = csv(
        "Mains,Soup,9,luxury,A(3-2): x", "Mains,Pie,0.10,hot_food,L(0-1): x=-1", header=f"{HEADER},options"
    )
    result = plan(file.entries, present(), new_id)
    assert [(each.row, each.field) for each in result.rejected] == [
        (2, "vat_class"),
        (2, "options"),
        (3, "options"),
    ]


def test_the_count_in_a_file_is_where_counting_starts() -> None:
    header = f"{HEADER},stock,reorder_point,stock_policy"
    result = plan(csv("Mains,Soup,9,hot_food,50,5,allow", header=header).entries, present(), new_id)
    [soup] = result.created
    assert soup.stock_tracked
    assert result.stock == {soup.id: StockSetting(50, 5, StockPolicy.ALLOW)}
    level = replace(a_level(31, item_id=soup.id), reorder_point=5, policy=StockPolicy.ALLOW)
    now = Present(result.categories, result.created, {soup.id: level}, CODES)
    again = plan(csv("Mains,Soup,9,hot_food,80,6,", header=header).entries, now, new_id)
    assert again.stock == {soup.id: StockSetting(None, 6, StockPolicy.ALLOW)}


def test_a_reorder_point_needs_a_count() -> None:
    file = csv("Mains,Soup,9,hot_food,5", header=f"{HEADER},reorder_point")
    assert [(each.row, each.field) for each in plan(file.entries, present(), new_id).rejected] == [
        (2, "stock")
    ]


def test_new_categories_follow_those_that_are_there() -> None:
    there = Category(new_id(), "Mains", 25)
    item = Item(new_id(), there.id, "Soup", 900, "hot_food")
    result = plan(csv("Drinks,Cola,2,always_standard").entries, Present([there], [item], {}, CODES), new_id)
    assert [category.position for category in result.categories] == [30]
