"""The schema and who may see what in it."""

from dataclasses import replace

import asyncpg
import pytest

from chassis.db.migrations import revert_migrations, run_migrations, schema_differences
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases, OpenDatabase
from services.catalog.domain.ingredient import Ingredient, StockUnit
from services.catalog.domain.recipe import Recipe, Take
from services.catalog.domain.supplier import Supplier
from services.catalog.domain.supply import Supply
from services.catalog.store import category as category_store
from services.catalog.store import item as item_store
from services.catalog.store import reservation as reservation_store
from services.catalog.store import restaurant as restaurant_store
from services.catalog.store import stock as stock_store
from services.catalog.store import vat as vat_store
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

TENANT_TABLES = (
    "restaurant",
    "menu",
    "category",
    "item",
    "vat_class",
    "stock",
    "stock_movement",
    "reservation",
    "ingredient",
    "recipe",
    "recipe_take",
    "supplier",
    "supply",
)


async def test_migrations_make_what_is_declared_and_can_be_undone(module_databases: ModuleDatabases) -> None:
    owner_url = await module_databases.owner_url("catalog")
    assert await schema_differences("catalog", owner_url) == []
    await revert_migrations("catalog", owner_url)
    await run_migrations("catalog", owner_url)
    assert await schema_differences("catalog", owner_url) == []


async def test_a_restaurant_sees_nothing_of_another(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    item = await counted(db, tenant, await a_category(db, tenant), 5)
    async with db.transaction(new_id()) as tx:
        assert await item_store.find_item(tx, item.id) is None
        assert await item_store.items(tx) == []
        assert await category_store.categories(tx) == ([], [])
        assert await vat_store.vat_classes(tx) == []
        assert await restaurant_store.find_restaurant(tx) is None
        assert await stock_store.levels(tx) == []
        assert await stock_store.lock_levels(tx, [item.id]) == {}


async def test_options_are_stored_with_their_allergens_and_those_of_before_have_none(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    group = a_group("Scoops", Vanilla=0, Pistachio=50)
    spiced = replace(group, options=(group.options[0], replace(group.options[1], allergens=(7, 10))))
    item = await saved(db, tenant, an_item((await a_category(db, tenant)).id, option_groups=(spiced,)))
    async with db.transaction(tenant) as tx:
        stored = await item_store.find_item(tx, item.id)
        assert stored is not None
        assert stored.option_groups == (spiced,)
        await tx.execute(
            "UPDATE item SET option_groups = jsonb_build_array(option_groups -> 0 #- '{allergens}')"
        )
        older = await item_store.find_item(tx, item.id)
    assert older is not None
    assert older.option_groups == (group,)


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_without_a_restaurant_no_row_is_seen(service_database: OpenDatabase, table: str) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    await counted(db, tenant, category, 5)
    flour, mill = Ingredient(new_id(), "Flour", StockUnit.GRAM), Supplier(new_id(), "Mill", 1)
    await doing.save_ingredient(db, command(tenant), flour)
    bread = await saved(db, tenant, an_item(category.id))
    await doing.set_recipe(db, command(tenant), Recipe(bread.id, (Take(flour.id, 500),)))
    await doing.save_supplier(db, command(tenant), mill)
    await doing.set_supply(db, command(tenant), Supply(flour.id, mill.id, 1_000, 150))
    async with db.transaction(tenant) as tx:
        await reservation_store.lock_reservation(tx, new_id(), db.clock.now())
    async with db.transaction(tenant) as tx:
        assert await tx.fetchval(f"SELECT count(*) FROM {table}") > 0
    async with db.transaction(None) as tx:
        assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_row_cannot_be_written_for_another_restaurant(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(new_id()) as tx:
            await tx.execute("INSERT INTO menu (restaurant_id, version) VALUES ($1, 1)", new_id())


@pytest.mark.parametrize("verb", ["UPDATE stock_movement SET quantity = 0", "DELETE FROM stock_movement"])
async def test_movements_are_history(service_database: OpenDatabase, verb: str) -> None:
    db = await service_database("catalog")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(new_id()) as tx:
            await tx.execute(verb)
