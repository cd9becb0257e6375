"""Levels of a restaurant that counted before movements told of reservations."""

import asyncpg

from chassis.clock import FakeClock
from chassis.db import connection_options
from chassis.db.migrations import revert_migrations, run_migrations
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases, OpenDatabase
from services.catalog.store import stock as stock_store
from services.catalog.tests.builders import a_category, a_restaurant, counted
from services.catalog.usecases.stock.ledger import check_ledger

BEFORE = "0006"
RESERVE = """
INSERT INTO reservation (restaurant_id, order_id, state, order_version, lines, updated_at)
VALUES ($1, $2, 'confirmed', 1, $3, $4)
"""


async def test_a_level_from_before_begins_with_what_no_movement_says_of_it(
    module_databases: ModuleDatabases, service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    cake, cola = await counted(db, tenant, category, 10), await counted(db, tenant, category, 20)
    await db.close()
    owner_url = await module_databases.owner_url("catalog")
    await revert_migrations("catalog", owner_url, to=BEFORE)
    assert module_databases.infrastructure.admin_url is not None
    admin = await asyncpg.connect(
        module_databases.infrastructure.admin_url,
        database=await module_databases.name("catalog"),
        **connection_options("catalog"),
    )
    try:
        lines = f'[["{new_id()}", "{cake.id}", 4]]'
        await admin.execute(RESERVE, tenant, new_id(), lines, fake_clock.now())
        await admin.execute("UPDATE stock SET reserved = 4, on_hand = 12 WHERE item_id = $1", cake.id)
    finally:
        await admin.close()
    await run_migrations("catalog", owner_url)
    db = await service_database("catalog")
    assert await check_ledger(db, tenant) == []
    async with db.transaction(tenant) as tx:
        levels = {level.item_id: level for level in await stock_store.levels(tx)}
        opened = await tx.fetch(
            "SELECT item_id, quantity, reserved FROM stock_movement WHERE kind = 'opening'"
        )
    assert [tuple(row) for row in opened] == [(cake.id, 2, 4)]
    assert (levels[cake.id].on_hand, levels[cake.id].reserved) == (12, 4)
    assert levels[cola.id].counted_at == fake_clock.now()
