"""Sizes, nested groups, combos, VAT classes and stock links in a menu file."""

from collections.abc import Sequence

import pytest

from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.category import Category
from services.catalog.domain.item import Item
from services.catalog.domain.menu_file.cells import BadCell
from services.catalog.domain.menu_file.entries import MenuFile, parse
from services.catalog.domain.menu_file.option_cells import nested_groups, option_groups
from services.catalog.domain.menu_file.plan import ImportPlan, Present, plan
from services.catalog.domain.menu_file.telling import ToldMenu, rows_of
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.menu_file.table import read_csv
from services.catalog.menu_file.writing import written
from services.catalog.tests import doing
from services.catalog.tests.builders import a_restaurant, command

CODES = frozenset(each.code for each in VAT_CLASSES)
MENU = """category,item,price,vat_class,allergens,may_contain,options,nested_options
Deals,Meal,5.00,cold_food,,nuts,"Main(1-1): Sandwich=0{is Cold > Sandwich}; Wrap=0.50{is Cold > Wrap}\
 | Dip(0-1 with 1): Aioli=0{is Cold > Dip} |\
 Extra(0-2): Shot=1.00[?nuts]{vat alcohol}{takes 2 Drinks > Cola}",\
"Main > Wrap > Sauce(0-1): Mayo=0.20[eggs, ?milk]; None=0"
Cold,Sandwich,3.60,cold_food,milk,,,
Cold,Wrap,3.80,cold_food,,,,
Cold,Dip,0.60,always_standard,eggs,,,
Drinks,Cola,1.20,always_standard,,,Size(1-1 size): Small=0; Large=0.80,
"""


def read(text: str) -> MenuFile:
    return parse(read_csv(text.encode()), "GBP")


def planned(text: str, categories: Sequence[Category] = (), items: Sequence[Item] = ()) -> ImportPlan:
    return plan(read(text).entries, Present(categories, items, {}, CODES), new_id)


def by_name(of: ImportPlan) -> dict[str, Item]:
    return {item.name: item for item in (*of.created, *of.updated)}


def test_a_row_says_sizes_components_and_links_also_to_rows_below_it() -> None:
    done = planned(MENU)
    assert done.rejected == []
    items = by_name(done)
    meal, cola = items["Meal"], items["Cola"]
    main, dip, extra = meal.option_groups
    assert [option.item_id for option in main.options] == [items["Sandwich"].id, items["Wrap"].id]
    assert (dip.ancillary_of, dip.options[0].item_id) == (main.id, items["Dip"].id)
    [shot] = extra.options
    assert shot.stock_use is not None
    assert (shot.vat_class, shot.stock_use.item_id, shot.stock_use.quantity) == ("alcohol", cola.id, 2)
    assert (shot.allergens, shot.may_contain, meal.may_contain) == ((), (10,), (10,))
    [sauce] = main.options[1].groups
    assert (sauce.name, sauce.options[0].allergens, sauce.options[0].may_contain) == ("Sauce", (4,), (7,))
    assert (cola.option_groups[0].is_size, cola.option_groups[0].options[1].price_delta_minor) == (True, 80)


def test_it_comes_out_as_it_went_in_and_again_changes_nothing() -> None:
    first = planned(MENU)
    rows = list(rows_of(ToldMenu("GBP", first.categories, first.created, {})))
    content = written(rows, "csv").decode()
    second = plan(read(content).entries, Present((), (), {}, CODES), new_id)
    assert (
        written(list(rows_of(ToldMenu("GBP", second.categories, second.created, {}))), "csv").decode()
        == content
    )
    again = planned(content, first.categories, first.created)
    assert (again.unchanged, again.updated, again.rejected) == (5, [], [])


def test_braces_that_are_not_there_keep_the_links_and_empty_ones_take_them_off() -> None:
    first = planned(MENU)
    old = by_name(first)["Meal"]
    kept = "category,item,price,vat_class,options\nDeals,Meal,5.00,cold_food,{0}\n"
    without = planned(kept.format("Extra(0-2): Shot=1.00"), first.categories, first.created)
    [option] = by_name(without)["Meal"].option_groups[0].options
    assert option == old.option_groups[2].options[0]
    cleared = planned(kept.format("Extra(0-2): Shot=1.00[]{}"), first.categories, first.created)
    [option] = by_name(cleared)["Meal"].option_groups[0].options
    assert (option.vat_class, option.stock_use, option.may_contain) == ("", None, ())


def test_a_column_of_the_second_level_that_is_not_there_changes_nothing_and_an_empty_one_clears() -> None:
    first = planned(MENU)
    same = (
        "category,item,price,vat_class,options\n"
        'Deals,Meal,6.00,cold_food,"Main(1-1): Sandwich=0; Wrap=0.50"\n'
    )
    changed = by_name(planned(same, first.categories, first.created))["Meal"]
    assert [group.name for group in changed.option_groups[0].options[1].groups] == ["Sauce"]
    empty = "category,item,price,vat_class,nested_options\nDeals,Meal,6.00,cold_food,\n"
    changed = by_name(planned(empty, first.categories, first.created))["Meal"]
    assert [option.groups for option in changed.option_groups[0].options] == [(), ()]


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        ('Deals,X,5,cold_food,"Main(1): A=0{is Cold > Nothing}",', "options", "neither on the menu nor"),
        ('Deals,X,5,cold_food,"Main(1): A=0{is Deals > X}",', "options", "components"),
        (
            'Deals,X,5,cold_food,"Main(1): A=0","Main > B > Sauce(1): Mayo=0"',
            "nested_options",
            "no option 'B'",
        ),
        ('Deals,X,5,cold_food,"Main(1): A=0{vat luxury}",', "options", "vat_class"),
        ('Deals,X,5,cold_food,"Size(0-1 size): A=0",', "options", "exactly one size"),
    ],
)
def test_what_a_file_may_not_say_is_told_by_row_and_column(row: str, column: str, word: str) -> None:
    done = planned(f"category,item,price,vat_class,options,nested_options\n{row}\n")
    assert [(each.row, each.field) for each in done.rejected][:1] == [(2, column)]
    assert word in done.rejected[0].detail


@pytest.mark.parametrize(
    "cell",
    [
        "Main(1): A=0{vat}",
        "Main(1): A=0{is Cold}",
        "Main(1): A=0{is Cold > A > B}",
        "Main(1): A=0{takes 0 Cold > A}",
        "Main(1): A=0{takes 1001 Cold > A}",
        "Main(1): A=0{takes Cold > A}",
        "Main(1): A=0{colour red}",
        "Main(1 with 1): A=0",
        "Main(1 huge): A=0",
        "Main(1): A=0[?pepper]",
    ],
)
def test_a_cell_of_options_that_means_nothing_is_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        option_groups(cell, 2)


@pytest.mark.parametrize("cell", ["Sauce(1): Mayo=0", "Main > Sauce(1): Mayo=0", "A > B > C(1 size): D=0"])
def test_a_nested_group_needs_the_way_to_it(cell: str) -> None:
    with pytest.raises(BadCell):
        nested_groups(cell, 2)


def test_a_name_with_braces_and_no_amount_is_a_name() -> None:
    [group] = option_groups(r"Tea(1): Earl {grey}; A \> B=1; Mint {fresh}=0.50", 2)
    assert [option.name for option in group.options] == ["Earl {grey}", "A > B", "Mint {fresh}"]


async def test_a_file_with_a_combo_is_imported_whole(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    done = await doing.import_menu(db, command(tenant), MENU.encode())
    assert (done.created, list(done.rejected)) == (5, [])
    again = await doing.import_menu(db, command(tenant), MENU.encode())
    assert (again.unchanged, again.updated) == (5, 0)
