"""Items that are made of ingredients: what orders take, what is left, and what the menu says of it."""

import asyncio
import random
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.db import Database, Transaction
from chassis.ids import new_id
from harness.fixtures import EventRecorder, OpenDatabase
from services.catalog.domain.errors import (
    IngredientInUse,
    InsufficientStock,
    InvalidMenu,
    NameTaken,
    NotCounted,
    OrderFinished,
    ReservationMismatch,
    StaleVersion,
    UnknownIngredient,
)
from services.catalog.domain.ingredient import Ingredient, StockUnit
from services.catalog.domain.item import Item
from services.catalog.domain.movement import MovementKind
from services.catalog.domain.recipe import Recipe, Take
from services.catalog.domain.reservation import StockOrder
from services.catalog.domain.stock import StockLine, StockPolicy
from services.catalog.rpc import ingredient as ingredient_rpc
from services.catalog.store import item as item_store
from services.catalog.store import reservation as reservation_store
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, an_item, command, counted, saved
from services.catalog.usecases import ingredient as ingredients
from services.catalog.usecases import reservation
from services.catalog.usecases.stock.ledger import check_ledger

EXPECTED = (InsufficientStock, ReservationMismatch, OrderFinished)


async def an_ingredient(
    db: Database, tenant: UUID, on_hand: int, unit: StockUnit = StockUnit.GRAM, name: str = ""
) -> UUID:
    wanted = Ingredient(new_id(), name or f"Ingredient {new_id()}", unit)
    await doing.save_ingredient(db, command(tenant), wanted)
    await doing.record(db, command(tenant), wanted.id, MovementKind.DELIVERY, on_hand)
    return wanted.id


async def made_of(db: Database, tenant: UUID, item: Item, takes: dict[UUID, int], version: int = 0) -> None:
    recipe = Recipe(item.id, tuple(Take(each, units) for each, units in takes.items()), version)
    await doing.set_recipe(db, command(tenant), recipe)


async def a_pizzeria(service_database: OpenDatabase) -> tuple[Database, UUID, Item, UUID, UUID]:
    """A pizza of 250 g of flour, of which there is 1 kg, and 80 ml of sauce, of which there is 1 l."""
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    pizza = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    flour = await an_ingredient(db, tenant, 1_000)
    sauce = await an_ingredient(db, tenant, 1_000, StockUnit.MILLILITRE)
    await made_of(db, tenant, pizza, {flour: 250, sauce: 80})
    return db, tenant, pizza, flour, sauce


async def figures(db: Database, tenant: UUID, item_id: UUID) -> tuple[int, int]:
    async with db.transaction(tenant) as tx:
        level = (await stock_store.lock_levels(tx, [item_id]))[item_id]
    return level.on_hand, level.reserved


async def menu(db: Database, tenant: UUID, item: Item) -> tuple[bool, int | None, bool]:
    """Whether it can be ordered, what is left, and whether its units are counted."""
    answer = await doing.menu_reader(db, doing.nobody).get(tenant)
    left = {level.item_id: level.available for level in answer.stock}
    [shown] = [each for each in answer.menu.items if each.id == str(item.id)]
    return str(item.id) in answer.available_item_ids, left.get(str(item.id)), shown.stock_tracked


async def complete(db: Database, tenant: UUID, order: StockOrder) -> None:
    async with db.transaction(tenant) as tx:
        await reservation.complete_order(tx, order, db.clock.now())


async def confirm(db: Database, tenant: UUID, order: StockOrder) -> None:
    async with db.transaction(tenant) as tx:
        await reservation.confirm_order(tx, order, db.clock.now())


async def test_an_order_takes_the_ingredients_of_its_items(service_database: OpenDatabase) -> None:
    db, tenant, pizza, flour, sauce = await a_pizzeria(service_database)
    order, line = new_id(), StockLine(new_id(), pizza.id, 2)
    for _ in range(2):
        levels = await reservation.reserve_stock(db, tenant, order, [line], "c")
        assert {level.item_id: level.reserved for level in levels} == {flour: 500, sauce: 160}
    assert await menu(db, tenant, pizza) == (True, 2, True)
    await complete(db, tenant, StockOrder(order, 2, (line,)))
    assert await figures(db, tenant, flour) == (500, 0)
    assert await figures(db, tenant, sauce) == (840, 0)
    assert await check_ledger(db, tenant) == []


async def test_the_scarcest_ingredient_limits_what_can_be_ordered(service_database: OpenDatabase) -> None:
    db, tenant, pizza, flour, sauce = await a_pizzeria(service_database)
    assert await menu(db, tenant, pizza) == (True, 4, True)
    await doing.record(db, command(tenant), sauce, MovementKind.COUNT, 239)
    assert await menu(db, tenant, pizza) == (True, 2, True)
    with pytest.raises(InsufficientStock) as refused:
        await reservation.reserve_stock(db, tenant, new_id(), [StockLine(new_id(), pizza.id, 3)], "c")
    assert refused.value.metadata == {str(sauce): "239"}
    assert await figures(db, tenant, flour) == (1_000, 0)
    await doing.set_stock_policy(db, command(tenant), sauce, StockPolicy.WARN, 0)
    assert await menu(db, tenant, pizza) == (True, 4, True)
    await reservation.reserve_stock(db, tenant, new_id(), [StockLine(new_id(), pizza.id, 4)], "c")
    assert await figures(db, tenant, sauce) == (239, 320)


async def test_an_item_is_told_to_be_out_once_its_ingredients_do_not_make_one_more(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db, tenant, pizza, flour, _ = await a_pizzeria(service_database)

    async def told() -> list[tuple[str, str]]:
        found = await event_recorder.of_type(db, catalog_events.ItemAvailabilityChanged, tenant)
        return [(each.item_id, each.cause) for each in found]

    await reservation.reserve_stock(db, tenant, new_id(), [StockLine(new_id(), pizza.id, 3)], "c")
    assert await told() == []
    last = new_id()
    await reservation.reserve_stock(db, tenant, last, [StockLine(new_id(), pizza.id, 1)], "c")
    assert await told() == [(str(pizza.id), "out_of_stock")]
    assert await menu(db, tenant, pizza) == (False, 0, True)
    await doing.record(db, command(tenant), flour, MovementKind.DELIVERY, 249)
    assert len(await told()) == 1
    await doing.record(db, command(tenant), flour, MovementKind.DELIVERY, 1)
    assert await told() == [(str(pizza.id), "out_of_stock"), (str(pizza.id), "restocked")]
    await doing.record(db, command(tenant), flour, MovementKind.WASTE, 250)
    await reservation.release_stock(db, tenant, last)
    assert [cause for _, cause in await told()][2:] == ["out_of_stock", "restocked"]
    assert await menu(db, tenant, pizza) == (True, 1, True)


async def test_an_order_keeps_the_amounts_with_which_it_reserved(service_database: OpenDatabase) -> None:
    db, tenant, pizza, flour, sauce = await a_pizzeria(service_database)
    order, line = new_id(), new_id()
    await reservation.reserve_stock(db, tenant, order, [StockLine(line, pizza.id, 2)], "c")
    await made_of(db, tenant, pizza, {flour: 300}, version=1)
    await confirm(db, tenant, StockOrder(order, 1, (StockLine(line, pizza.id, 3),)))
    assert (await figures(db, tenant, flour), await figures(db, tenant, sauce)) == (
        (1_000, 750),
        (1_000, 240),
    )
    await confirm(db, tenant, StockOrder(order, 2, (StockLine(line, pizza.id, 1),)))
    await complete(db, tenant, StockOrder(order, 3, (StockLine(line, pizza.id, 1),)))
    assert (await figures(db, tenant, flour), await figures(db, tenant, sauce)) == ((750, 0), (920, 0))
    later = StockLine(new_id(), pizza.id, 2)
    await reservation.reserve_stock(db, tenant, new_id(), [later], "c")
    assert await figures(db, tenant, flour) == (750, 600)
    assert await check_ledger(db, tenant) == []


async def test_an_item_with_a_recipe_is_not_counted_itself(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    flour = await an_ingredient(db, tenant, 100)
    held, line = new_id(), StockLine(new_id(), cake.id, 4)
    await reservation.reserve_stock(db, tenant, held, [line], "c")
    await made_of(db, tenant, cake, {flour: 10})
    assert await menu(db, tenant, cake) == (True, 10, True)
    for kind in (MovementKind.COUNT, MovementKind.DELIVERY):
        with pytest.raises(NotCounted):
            await doing.record(db, command(tenant), cake.id, kind, 1)
    await complete(db, tenant, StockOrder(held, 1, (line,)))
    assert await figures(db, tenant, cake.id) == (6, 0)
    async with db.transaction(tenant) as tx:
        current = await item_store.find_item(tx, cake.id)
    assert current is not None
    await doing.update_item(db, command(tenant), replace(current, price_minor=1))
    assert await menu(db, tenant, cake) == (True, 10, True)
    await made_of(db, tenant, cake, {}, version=1)
    assert await menu(db, tenant, cake) == (True, None, False)
    await doing.record(db, command(tenant), cake.id, MovementKind.COUNT, 3)
    assert await menu(db, tenant, cake) == (True, 3, True)
    assert await check_ledger(db, tenant) == []


async def test_a_recipe_names_ingredients_that_there_are_each_once_and_is_changed_as_it_was_seen(
    service_database: OpenDatabase,
) -> None:
    db, tenant, pizza, flour, _ = await a_pizzeria(service_database)
    with pytest.raises(UnknownIngredient):
        await made_of(db, tenant, pizza, {flour: 1, new_id(): 1}, version=1)
    with pytest.raises(StaleVersion) as stale:
        await made_of(db, tenant, pizza, {flour: 1})
    assert stale.value.metadata == {"current_version": "1"}
    with pytest.raises(InvalidMenu):
        await doing.set_recipe(db, command(tenant), Recipe(pizza.id, (Take(flour, 1), Take(flour, 2)), 1))
    await made_of(db, tenant, pizza, {flour: 500}, version=1)
    assert await menu(db, tenant, pizza) == (True, 2, True)


async def test_an_ingredient_keeps_its_unit_has_its_name_alone_and_stays_while_something_is_made_of_it(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db, tenant, _, flour, sauce = await a_pizzeria(service_database)
    butter = Ingredient(await an_ingredient(db, tenant, 5, name="Butter"), "Butter", StockUnit.GRAM, 1)
    with pytest.raises(NameTaken):
        await doing.save_ingredient(db, command(tenant), Ingredient(new_id(), "BUTTER", StockUnit.PIECE))
    with pytest.raises(InvalidMenu):
        await doing.save_ingredient(db, command(tenant), replace(butter, unit=StockUnit.PIECE), is_new=False)
    changed = await doing.save_ingredient(db, command(tenant), replace(butter, name="Ghee"), is_new=False)
    assert (changed.ingredient.name, changed.ingredient.version) == ("Ghee", 2)
    with pytest.raises(StaleVersion):
        await doing.save_ingredient(db, command(tenant), replace(butter, name="Oil"), is_new=False)
    with pytest.raises(IngredientInUse):
        await ingredients.delete_ingredient(db, command(tenant), flour, ingredient_rpc.DELETED)
    await ingredients.delete_ingredient(db, command(tenant), butter.id, ingredient_rpc.DELETED)
    with pytest.raises(UnknownIngredient):
        await doing.save_ingredient(db, command(tenant), replace(butter, version=3), is_new=False)
    last = (await event_recorder.of_type(db, catalog_events.StockChanged, tenant))[-1].level
    assert (last.item_id, last.untracked, last.unit) == (str(butter.id), True, catalog_pb2.STOCK_UNIT_GRAM)
    found = await ingredients.list_ingredients(db, tenant, None, 10)
    assert {each.id for each in found} == {flour, sauce}


@dataclass(frozen=True, slots=True)
class Kitchen:
    """Four ingredients, five dishes of three of them each, two cakes that are counted, and thirty orders."""

    db: Database
    tenant: UUID
    ingredients: list[UUID]
    orders: dict[UUID, tuple[StockLine, ...]]


async def a_kitchen(db: Database, chance: random.Random) -> Kitchen:
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    stock = [await an_ingredient(db, tenant, 600) for _ in range(4)]
    sold = [(await counted(db, tenant, category, 30)).id for _ in range(2)]
    for number in range(5):
        dish = await saved(db, tenant, an_item(category.id, name=f"Dish {number}"))
        takes = {each: chance.randint(1, 40) for each in chance.sample(stock, 3)}
        await made_of(db, tenant, dish, takes)
        sold.append(dish.id)
    lines = [StockLine(new_id(), chance.choice(sold), chance.randint(1, 3)) for _ in range(90)]
    orders = {new_id(): tuple(lines[start : start + 3]) for start in range(0, 90, 3)}
    return Kitchen(db, tenant, stock, orders)


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_sold_that_is_not_there_whatever_happens_at_once(
    service_database: OpenDatabase, seed: int
) -> None:
    chance = random.Random(seed)
    kitchen = await a_kitchen(await service_database("catalog"), chance)
    db, tenant = kitchen.db, kitchen.tenant
    turns = asyncio.Semaphore(8)

    async def one_order(order_id: UUID, lines: tuple[StockLine, ...]) -> None:
        await asyncio.sleep(chance.random() / 20)
        async with turns:
            await in_turn(order_id, lines)

    async def in_turn(order_id: UUID, lines: tuple[StockLine, ...]) -> None:
        try:
            await reservation.reserve_stock(db, tenant, order_id, lines, "c")
        except InsufficientStock:
            return
        steps = chance.choices(["confirm", "smaller", "again", "release"], k=2)
        steps.append(chance.choice(["complete", "complete", "cancel", "waste", "confirm"]))
        for version, step in enumerate(steps, start=1):
            await one_step(order_id, lines, step, version)

    async def one_step(order_id: UUID, lines: tuple[StockLine, ...], step: str, version: int) -> None:
        now = db.clock.now()
        if step == "again":
            try:
                await reservation.reserve_stock(db, tenant, order_id, lines, "c")
            except EXPECTED:
                return
        elif step == "release":
            # Who lets go has not placed the order: what follows would be a sale that cannot be refused.
            await reservation.release_stock(db, tenant, order_id)
            await one_step(order_id, lines, "again", version)
        else:
            kept = lines[:2] if step == "smaller" else ()
            async with db.transaction(tenant) as tx:
                found = await stock_held(tx, order_id)
                order = StockOrder(order_id, version, tuple(x for x in kept or lines if x.line_id in found))
                match step:
                    case "confirm" | "smaller":
                        await reservation.confirm_order(tx, order, now)
                    case "complete":
                        await reservation.complete_order(tx, order, now)
                    case _:
                        await reservation.cancel_order(tx, order, now, wasted=step == "waste")

    async def told() -> None:
        for _ in range(10):
            await asyncio.sleep(chance.random() / 20)
            kind = chance.choice([MovementKind.WASTE, MovementKind.DELIVERY])
            try:
                which, units = chance.choice(kitchen.ingredients), chance.randint(1, 50)
                await doing.record(db, command(tenant), which, kind, units)
            except InsufficientStock:
                continue

    await asyncio.gather(*(one_order(*each) for each in kitchen.orders.items()), told(), told())
    async with db.transaction(tenant) as tx:
        levels = await stock_store.level_page(tx, None, None)
    assert all(0 <= level.reserved <= level.on_hand for level in levels)
    assert await check_ledger(db, tenant) == []


async def stock_held(tx: Transaction, order_id: UUID) -> set[UUID]:
    """Lines of which an order holds something."""
    found = await reservation_store.find_reservation(tx, order_id)
    return set() if found is None else {line.line_id for line in found.active_lines}
