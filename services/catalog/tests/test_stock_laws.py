"""The laws of stock under any sequence of commands and events, on Postgres, beside a model that keeps no
secrets.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from chassis.db import Database
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.errors import InsufficientStock, OrderFinished, ReservationMismatch
from services.catalog.domain.reservation import ACTIVE, StockOrder
from services.catalog.domain.stock import StockLine
from services.catalog.store import reservation as reservation_store
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, command, counted
from services.catalog.usecases import reservation

OPENING = 60
STEPS = 120
ORDERS = 12
EXPECTED = (InsufficientStock, ReservationMismatch, OrderFinished)


@dataclass
class Shop:
    """A restaurant, its items and the baskets of its orders."""

    db: Database
    tenant: UUID
    items: list[UUID]
    baskets: dict[UUID, tuple[StockLine, ...]] = field(default_factory=dict)


async def a_shop(service_database: OpenDatabase, chance: random.Random) -> Shop:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    shop = Shop(db, tenant, [(await counted(db, tenant, category, OPENING)).id for _ in range(3)])
    for _ in range(ORDERS):
        lines = [StockLine(new_id(), chance.choice(shop.items), chance.randint(1, 6)) for _ in range(3)]
        shop.baskets[new_id()] = tuple(lines)
    return shop


async def one_step(shop: Shop, verb: str, order_id: UUID, version: int) -> None:
    """What is refused with a reason has no effect; anything else is a failure of the test."""
    order = StockOrder(order_id, version, shop.baskets[order_id])
    now = shop.db.clock.now()
    try:
        match verb:
            case "reserve":
                await reservation.reserve_stock(shop.db, shop.tenant, order_id, order.lines, "c")
            case "release":
                await reservation.release_stock(shop.db, shop.tenant, order_id)
            case "confirm":
                async with shop.db.transaction(shop.tenant) as tx:
                    await reservation.confirm_order(tx, order, now)
            case "complete":
                async with shop.db.transaction(shop.tenant) as tx:
                    await reservation.complete_order(tx, order, now)
            case _:
                async with shop.db.transaction(shop.tenant) as tx:
                    await reservation.cancel_order(tx, order, now, wasted=verb == "waste")
    except EXPECTED:
        return


async def check(shop: Shop) -> None:
    """opening - sold - wasted = on hand; reserved = what active reservations hold; a line leaves the shelf
    once.
    """
    async with shop.db.transaction(shop.tenant) as tx:
        levels = {level.item_id: level for level in await stock_store.levels(tx)}
        movements = await tx.fetch(
            "SELECT item_id, kind, quantity, reserved, order_id, line_id FROM stock_movement"
        )
        held = [await reservation_store.find_reservation(tx, order_id) for order_id in shop.baskets]
    lines = [line for each in held if each is not None and each.state in ACTIVE for line in each.lines]
    for item_id in shop.items:
        own = [row for row in movements if row["item_id"] == item_id]
        gone = -sum(row["quantity"] for row in own if row["kind"] in ("sale", "waste"))
        assert OPENING - gone == levels[item_id].on_hand
        assert sum(row["quantity"] for row in own) == levels[item_id].on_hand
        assert sum(row["reserved"] for row in own) == levels[item_id].reserved
        assert levels[item_id].reserved == sum(line.quantity for line in lines if line.item_id == item_id)
    taken = [
        (row["order_id"], row["line_id"]) for row in movements if row["order_id"] and row["quantity"] != 0
    ]
    assert len(taken) == len(set(taken))


def fits(lines: tuple[StockLine, ...], left: dict[UUID, int]) -> bool:
    """Whether there is enough of every item for the whole basket."""
    wanted: Counter[UUID] = Counter()
    for line in lines:
        wanted[line.item_id] += line.quantity
    return all(quantity <= left[item_id] for item_id, quantity in wanted.items())


def script(chance: random.Random, shop: Shop) -> list[tuple[str, UUID, int]]:
    verbs = ["reserve", "reserve", "reserve", "release", "confirm", "confirm", "complete", "cancel", "waste"]
    orders = list(shop.baskets)
    return [(chance.choice(verbs), chance.choice(orders), chance.randint(1, 4)) for _ in range(STEPS)]


@pytest.mark.parametrize("seed", range(5))
async def test_the_laws_hold_after_every_step(service_database: OpenDatabase, seed: int) -> None:
    chance = random.Random(seed)
    shop = await a_shop(service_database, chance)
    for number, (verb, order_id, version) in enumerate(script(chance, shop)):
        await one_step(shop, verb, order_id, version)
        if number % 10 == 0:
            await check(shop)
    await check(shop)


@pytest.mark.parametrize("seed", range(3))
async def test_the_laws_hold_when_everything_happens_at_once(
    service_database: OpenDatabase, seed: int
) -> None:
    chance = random.Random(1000 + seed)
    shop = await a_shop(service_database, chance)
    await asyncio.gather(*(one_step(shop, *step) for step in script(chance, shop)))
    await check(shop)


async def test_without_sales_that_cannot_be_refused_nothing_is_oversold(
    service_database: OpenDatabase,
) -> None:
    chance = random.Random(7)
    shop = await a_shop(service_database, chance)
    # Three times as many orders as there are goods for.
    for _ in range(80):
        shop.baskets[new_id()] = tuple(
            StockLine(new_id(), chance.choice(shop.items), chance.randint(1, 6)) for _ in range(3)
        )
    await asyncio.gather(*(one_step(shop, "reserve", order_id, 1) for order_id in shop.baskets))
    await check(shop)
    async with shop.db.transaction(shop.tenant) as tx:
        left = {level.item_id: level.available for level in await stock_store.levels(tx)}
        held = {order_id: await reservation_store.find_reservation(tx, order_id) for order_id in shop.baskets}
    assert all(available >= 0 for available in left.values())
    refused = [lines for order_id, lines in shop.baskets.items() if held[order_id] is None]
    assert refused
    # Goods only went: a basket that was refused for its own sake would still be too large for what is left.
    assert not [lines for lines in refused if fits(lines, left)]


async def test_counting_between_sales_keeps_the_sum_of_movements(service_database: OpenDatabase) -> None:
    chance = random.Random(3)
    shop = await a_shop(service_database, chance)
    for order_id in shop.baskets:
        await one_step(shop, "complete", order_id, 1)
        await doing.count_stock(shop.db, command(shop.tenant), shop.items[0], chance.randint(0, 99), 0)
    async with shop.db.transaction(shop.tenant) as tx:
        levels = {level.item_id: level.on_hand for level in await stock_store.levels(tx)}
        rows = await tx.fetch("SELECT item_id, sum(quantity)::bigint AS total FROM stock_movement GROUP BY 1")
    assert {row["item_id"]: row["total"] for row in rows} == levels
