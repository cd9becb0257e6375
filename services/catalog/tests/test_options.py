"""Options of two levels, sizes and combos: what may be edited, what is kept, what it takes of the stock."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderCompleted, OrderPlaced

from chassis.db import Database
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.errors import InvalidMenu, ItemInUse
from services.catalog.domain.item import Item, check_item, lowest_price_minor
from services.catalog.domain.option import MAX_NESTED_GROUPS, MAX_STOCK_USE, Option, OptionGroup, StockUse
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.store import item as item_store
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import (
    a_category,
    a_group,
    a_restaurant,
    an_item,
    command,
    counted,
    saved,
)
from services.catalog.tests.test_consumers import hear
from services.catalog.wire.reservation import concerns_stock

CODES = frozenset(each.code for each in VAT_CLASSES)
BURGER, COLA = new_id(), new_id()


def option(name: str = "Chips", **changes: Any) -> Option:
    return replace(Option(new_id(), name), **changes)


def group(*options: Option, name: str = "Side", least: int = 0, most: int = 1, **changes: Any) -> OptionGroup:
    return replace(OptionGroup(new_id(), name, least, most, options), **changes)


def size(**changes: Any) -> OptionGroup:
    return replace(a_group("Size", 1, 1, Small=0, Large=150), is_size=True, **changes)


def slot(name: str = "Main", *item_ids: UUID, **changes: Any) -> OptionGroup:
    options = [option(f"Component {number}", item_id=one) for number, one in enumerate(item_ids or (BURGER,))]
    return group(*options, name=name, least=1, **changes)


MAIN = slot()
TWICE = option()


@pytest.mark.parametrize(
    "groups",
    [
        (size(), group(option(groups=(group(option("Mayo"), name="Sauce", most=2),)))),
        (group(option(vat_class="alcohol", stock_use=StockUse(COLA, MAX_STOCK_USE))),),
        (group(option(groups=tuple(group(option(), name=f"G{n}") for n in range(MAX_NESTED_GROUPS)))),),
        (MAIN, slot("Dip", COLA, ancillary_of=MAIN.id)),
        (slot("Main", BURGER, COLA), slot("Drink", COLA)),
        (group(option(allergens=(7,), may_contain=(10,))),),
    ],
    ids=["nested and sized", "own VAT and stock", "as many as may be", "ancillary", "slots", "traces"],
)
def test_options_within_the_rules_are_accepted(groups: tuple[OptionGroup, ...]) -> None:
    check_item(an_item(option_groups=groups, allergens=(2,), may_contain=(10,)), CODES)


THIRD = group(option(groups=(group(option("Sauce", groups=(group(option("Salt")),))),)))


@pytest.mark.parametrize(
    ("groups", "field", "code"),
    [
        ((THIRD,), "[0].options[0].option_groups[0].options", "too_deep"),
        ((group(option(vat_class="luxury")),), "[0].options[0].vat_class", "unknown_vat_class"),
        ((group(option(stock_use=StockUse(COLA, 0))),), "[0].options[0].stock_use.quantity", "out_of_range"),
        (
            (group(option(stock_use=StockUse(COLA, MAX_STOCK_USE + 1))),),
            "[0].options[0].stock_use.quantity",
            "out_of_range",
        ),
        ((group(option(allergens=(7,), may_contain=(7,))),), "[0].options[0].may_contain", "contained"),
        ((group(option(may_contain=(7, 7))),), "[0].options[0].may_contain", "repeated"),
        ((group(option()), size()), "[1].is_size", "not_first"),
        ((size(min_choices=0),), "[0].is_size", "not_one"),
        ((size(max_choices=2),), "[0].is_size", "not_one"),
        ((slot("Main", BURGER, is_size=True),), "[0].is_size", "slot"),
        ((group(option("A", item_id=BURGER), option("B")),), "[0].options", "mixed"),
        (
            (group(option(item_id=BURGER, vat_class="alcohol")),),
            "[0].options[0].item_id",
            "own_facts",
        ),
        ((slot("Dip", COLA, ancillary_of=MAIN.id), MAIN), "[0].ancillary_of", "no_main"),
        ((MAIN, group(option(), ancillary_of=MAIN.id)), "[1].ancillary_of", "no_main"),
        ((group(TWICE), group(TWICE, name="Other")), "", "repeated"),
        ((group(option(groups=(size(),))),), "[0].options[0].option_groups[0].is_size", "nested"),
        ((group(option(groups=(slot(),))),), "[0].options[0].option_groups[0].options", "nested"),
        (
            (
                group(
                    option(groups=tuple(group(option(), name=f"G{n}") for n in range(MAX_NESTED_GROUPS + 1)))
                ),
            ),
            "[0].options[0].option_groups",
            "too_many",
        ),
        (
            (group(option(groups=(a_group(least=2, most=1),))),),
            "[0].options[0].option_groups[0].min_choices",
            "more_than_max",
        ),
    ],
)
def test_options_that_break_a_rule_are_refused_by_field(
    groups: tuple[OptionGroup, ...], field: str, code: str
) -> None:
    with pytest.raises(InvalidMenu) as refused:
        check_item(an_item(option_groups=groups), CODES)
    assert [(error.field, error.code) for error in refused.value.fields] == [
        (f"item.option_groups{field}", code)
    ]


def test_traces_of_what_an_item_contains_need_not_be_said() -> None:
    with pytest.raises(InvalidMenu) as refused:
        check_item(an_item(allergens=(7,), may_contain=(7,)), CODES)
    assert [error.field for error in refused.value.fields] == ["item.may_contain"]


def test_the_lowest_price_goes_down_to_the_second_level() -> None:
    nested = a_group("Sauce", 0, 1, None_=-30, Mayo=20)
    must = a_group("Bread", 1, 1, White=10, Brown=15)
    side = group(option(price_delta_minor=50, groups=(nested, must)), least=1)
    assert lowest_price_minor(an_item(price_minor=500, option_groups=(side,))) == 500 + 50 - 30 + 10


# -- what an item keeps, and what options name -----------------------------------------------------------


async def a_menu(db: Database) -> tuple[UUID, Item, Item, Item]:
    """A burger, a cola of which ten are counted, and a meal of both with a nested sauce."""
    tenant = await a_restaurant(db)
    mains = await a_category(db, tenant)
    burger = await saved(db, tenant, an_item(mains.id, name="Burger"))
    cola = await counted(db, tenant, mains, 10, name="Cola")
    sauce = group(option("Mayo", allergens=(4,), may_contain=(9,), vat_class="cold_food"), name="Sauce")
    main = group(option("Burger", item_id=burger.id, groups=(sauce,)), name="Main", least=1)
    drink = group(option("Cola", item_id=cola.id), name="Drink", least=1, ancillary_of=main.id)
    shot = group(option("Shot of it", stock_use=StockUse(cola.id, 2)), name="Extra")
    meal = an_item(mains.id, name="Meal", may_contain=(10,), option_groups=(main, drink, shot))
    return tenant, burger, cola, await saved(db, tenant, meal)


async def read(db: Database, tenant: UUID, item_id: UUID) -> Item:
    async with db.transaction(tenant) as tx:
        found = await item_store.find_item(tx, item_id)
    assert found is not None
    return found


async def test_an_item_keeps_all_that_its_options_have(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant, _, _, meal = await a_menu(db)
    assert await read(db, tenant, meal.id) == meal
    sized = replace(meal, option_groups=(size(), *meal.option_groups))
    answer = await doing.update_item(db, command(tenant), sized)
    assert answer.item.option_groups[0].is_size
    assert (await read(db, tenant, meal.id)).option_groups == sized.option_groups


async def test_the_menu_and_its_delta_tell_them(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant, _, cola, meal = await a_menu(db)
    reader = doing.menu_reader(db, doing.nobody)
    whole = await reader.get(tenant)
    told = next(one for one in whole.menu.items if one.id == str(meal.id))
    assert list(told.may_contain) == [catalog_pb2.ALLERGEN_NUTS]
    main, drink, extra = told.option_groups
    assert main.options[0].option_groups[0].options[0].vat_class == "cold_food"
    assert drink.ancillary_of == main.id
    assert (extra.options[0].stock_use.item_id, extra.options[0].stock_use.quantity) == (str(cola.id), 2)
    changed = await doing.update_item(db, command(tenant), replace(meal, may_contain=(11,)))
    delta = await reader.get(tenant, changed.item.version - 1)
    assert [(one.id, list(one.may_contain)) for one in delta.menu.items] == [
        (str(meal.id), [catalog_pb2.ALLERGEN_PEANUTS])
    ]


async def test_an_option_names_only_what_is_on_the_menu(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant, _, cola, meal = await a_menu(db)
    nobody_s = group(option(stock_use=StockUse(new_id())), name="X")
    with pytest.raises(InvalidMenu) as refused:
        await doing.update_item(db, command(tenant), replace(meal, option_groups=(nobody_s,)))
    assert [error.code for error in refused.value.fields] == ["unknown_item"]
    elsewhere = await a_restaurant(db)
    theirs = an_item((await a_category(db, elsewhere)).id, option_groups=(slot("Drink", cola.id),))
    with pytest.raises(InvalidMenu):
        await doing.create_item(db, command(elsewhere), theirs)


async def test_a_combo_is_no_component_of_another(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant, burger, cola, meal = await a_menu(db)
    party = an_item(meal.category_id, name="Party", option_groups=(slot("Meal", meal.id),))
    for item in (party, replace(meal, option_groups=(slot("Itself", meal.id),))):
        with pytest.raises(InvalidMenu) as refused:
            if item is party:
                await doing.create_item(db, command(tenant), item)
            else:
                await doing.update_item(db, command(tenant), item)
        assert [error.code for error in refused.value.fields] == ["combo"]
    made_of_cola = replace(burger, option_groups=(slot("Drink", cola.id),))
    with pytest.raises(InvalidMenu) as refused:
        await doing.update_item(db, command(tenant), made_of_cola)
    assert "'Meal'" in refused.value.detail


async def test_what_options_name_is_not_deleted_before_them(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant, burger, cola, meal = await a_menu(db)
    for item in (burger, cola):
        with pytest.raises(ItemInUse, match="'Meal'"):
            await doing.delete_item(db, command(tenant), item.id)
    await doing.delete_item(db, command(tenant), meal.id)
    for item in (burger, cola):
        await doing.delete_item(db, command(tenant), item.id)


# -- what it takes of the stock --------------------------------------------------------------------------


def an_order(
    cola: Item, lifecycle: str = "VALIDATED", quantity: int = 2, version: int = 1
) -> orders_pb2.Order:
    """Of a line that takes two of the counted cola for each of its units, and is not counted itself."""
    line = orders_pb2.OrderLine(
        id=str(UUID(int=1)), item_id=str(UUID(int=2)), quantity=quantity, stock_tracked=False
    )
    line.stock_uses.add(id=str(UUID(int=3)), item_id=str(cola.id), quantity=2)
    return orders_pb2.Order(
        id=str(UUID(int=4)),
        version=version,
        lifecycle=orders_pb2.Lifecycle.Value(f"LIFECYCLE_{lifecycle}"),
        lines=[line],
    )


async def figures(db: Database, tenant: UUID) -> tuple[int, int]:
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    return level.on_hand, level.reserved


async def test_what_options_and_components_take_is_held_sold_and_given_back(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant, _, cola, _ = await a_menu(db)
    await hear(db, tenant, OrderPlaced(order=an_order(cola)))
    assert await figures(db, tenant) == (10, 4)
    done = an_order(cola, "DONE", version=2)
    await hear(db, tenant, OrderCompleted(order=done), OrderCompleted(order=done))
    assert await figures(db, tenant) == (6, 0)


@pytest.mark.parametrize(("wasted", "left"), [(False, (10, 0)), (True, (6, 0))])
async def test_a_cancelled_order_gives_back_or_wastes_what_its_options_took(
    service_database: OpenDatabase, wasted: bool, left: tuple[int, int]
) -> None:
    db = await service_database("catalog")
    tenant, _, cola, _ = await a_menu(db)
    gone = an_order(cola, "CANCELLED", version=2)
    await hear(db, tenant, OrderPlaced(order=an_order(cola)), OrderCancelled(order=gone, wasted=wasted))
    assert await figures(db, tenant) == left


async def test_fewer_units_of_a_line_hold_less(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant, _, cola, _ = await a_menu(db)
    fewer = an_order(cola, quantity=1, version=2)
    await hear(db, tenant, OrderPlaced(order=an_order(cola)), OrderPlaced(order=fewer))
    assert await figures(db, tenant) == (10, 2)


def test_an_order_that_takes_of_the_stock_only_by_its_options_concerns_it() -> None:
    order = an_order(an_item())
    assert concerns_stock(OrderPlaced(order=order))
    del order.lines[0].stock_uses[:]
    assert not concerns_stock(OrderPlaced(order=order))
