"""Sweeps over all restaurants cost their batch.

Over 3 * 10^5 reservations, a third of them expired, 10^5 pictures and uploads, all due, and 10^5 items.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from chassis.clock import FakeClock
from chassis.db import connection_options
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.reads import reading
from services.catalog.domain.availability import FIRST_RETURN
from services.catalog.domain.reservation import StockOrder
from services.catalog.image_sweeper import IMAGES_PER_SWEEP, UPLOADS_PER_SWEEP, ImageSweeper
from services.catalog.images.folder import FolderStore
from services.catalog.store import stock as stock_store
from services.catalog.sweeper import HOLDS_PER_SWEEP, RETURNS_PER_SWEEP, HoldSweeper, ReturnSweeper
from services.catalog.tests.builders import a_category, a_restaurant, counted
from services.catalog.usecases.availability import due_returns
from services.catalog.usecases.stock import counting

RESERVATIONS = 300_000
HELD = 100_000
FILL_SECONDS = 300
SWEEPS = 3
FILL = f"""
INSERT INTO reservation (restaurant_id, order_id, state, order_version, lines, expires_at, updated_at)
SELECT $1, gen_random_uuid(), CASE WHEN n <= {HELD} THEN 'held' ELSE 'committed' END, 0,
    jsonb_build_array(jsonb_build_array(gen_random_uuid(), $2::uuid, 1)),
    CASE WHEN n <= {HELD} THEN $3::timestamptz - make_interval(secs => n) END, $3
FROM generate_series(1, {RESERVATIONS}) AS n
"""
ITEMS = 100_000
RETURNING = 300
FILL_ITEMS = f"""
INSERT INTO item (restaurant_id, id, category_id, name, name_key, description, price_minor, vat_class,
    allergens, available, windows, option_groups, stock_tracked, position, wire_bytes, version, returns_at)
SELECT $1, gen_random_uuid(), $2, 'Dish ' || n, 'dish ' || n, '', 100, 'hot_food', '{{}}', n > {RETURNING},
    '[]', '[]', false, 0, 10, 1, CASE WHEN n <= {RETURNING} THEN $3::timestamptz END
FROM generate_series(1, $4::int) AS n
"""
IMAGES = 100_000
FILL_IMAGES = f"""
INSERT INTO image (restaurant_id, hash, width, height, state, checked_at)
SELECT $1, lpad(to_hex(n), 40, '0'), 4, 3, 'stored', $2::timestamptz - make_interval(days => 3, secs => n)
FROM generate_series(1, {IMAGES}) AS n
"""
FILL_UPLOADS = f"""
INSERT INTO image_upload (restaurant_id, id, item_id, content_type, bytes, remove_at)
SELECT $1, gen_random_uuid(), gen_random_uuid(), 'image/png', 9, $2::timestamptz - make_interval(secs => n)
FROM generate_series(1, {IMAGES}) AS n
"""
RESERVED = "UPDATE stock SET reserved = $3 WHERE restaurant_id = $1 AND item_id = $2"


async def unknown(_restaurant_id: UUID, _order_id: UUID) -> StockOrder | None:
    """Orders has not heard of the order: its guest never placed it."""
    return None


@asynccontextmanager
async def filling(databases: ModuleDatabases) -> AsyncIterator[asyncpg.Connection]:
    """An administrator who fills tables; then the planner learns what is in them."""
    assert databases.infrastructure.admin_url is not None
    filler = await asyncpg.connect(
        databases.infrastructure.admin_url,
        database=await databases.name("catalog"),
        **connection_options("catalog"),
    )
    try:
        await filler.execute("SET statement_timeout = 0")
        yield filler
        await filler.execute("ANALYZE", timeout=FILL_SECONDS)
    finally:
        await filler.close()


async def test_a_sweep_of_holds_costs_its_batch_however_many_have_expired(
    module_databases: ModuleDatabases, service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("catalog", pool_size=1)
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), HELD)
    async with filling(module_databases) as filler:
        await filler.execute(FILL, tenant, cake.id, fake_clock.now(), timeout=FILL_SECONDS)
        await filler.execute(RESERVED, tenant, cake.id, HELD)
    sweeper = HoldSweeper(db, unknown)
    for _ in range(SWEEPS):
        async with reading(db) as read:
            assert await sweeper.sweep() == HOLDS_PER_SWEEP
        assert read.rows["reservation"] <= 10 * HOLDS_PER_SWEEP
        assert read.rows["stock_movement"] <= 10 * HOLDS_PER_SWEEP
        assert {"reservation", "stock_movement"}.isdisjoint(read.scanned)
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    assert level.reserved == HELD - SWEEPS * HOLDS_PER_SWEEP
    assert await counting.list_levels(db, tenant, stock_store.FIRST_ID, 10) == [level]


async def test_a_sweep_of_returns_costs_its_batch_however_many_items_there_are(
    module_databases: ModuleDatabases, service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("catalog", pool_size=1)
    # The due ones are in a restaurant of usual size: a menu is locked and weighed for each of them.
    tenant, crowd = await a_restaurant(db), await a_restaurant(db)
    mains, others = await a_category(db, tenant), await a_category(db, crowd)
    async with filling(module_databases) as filler:
        later = fake_clock.now() + timedelta(days=1)
        await filler.execute(FILL_ITEMS, crowd, others.id, later, ITEMS, timeout=FILL_SECONDS)
        await filler.execute(FILL_ITEMS, tenant, mains.id, fake_clock.now(), RETURNING, timeout=FILL_SECONDS)
    async with reading(db) as read:
        assert len(await due_returns(db, FIRST_RETURN, RETURNS_PER_SWEEP)) == RETURNS_PER_SWEEP
    assert read.rows["item"] <= 2 * RETURNS_PER_SWEEP
    assert "item" not in read.scanned
    sweeper = ReturnSweeper(db)
    assert [await sweeper.sweep() for _ in range(3)] == [RETURNS_PER_SWEEP, RETURNING - RETURNS_PER_SWEEP, 0]


async def test_a_sweep_of_pictures_costs_its_batch_however_many_are_due(
    module_databases: ModuleDatabases, service_database: OpenDatabase, fake_clock: FakeClock, tmp_path: Path
) -> None:
    db = await service_database("catalog", pool_size=1)
    tenant = await a_restaurant(db)
    async with filling(module_databases) as filler:
        await filler.execute(FILL_IMAGES, tenant, fake_clock.now(), timeout=FILL_SECONDS)
        await filler.execute(FILL_UPLOADS, tenant, fake_clock.now(), timeout=FILL_SECONDS)
    sweeper = ImageSweeper(db, FolderStore(tmp_path, "of-a-test-that-sends-nothing"))
    for _ in range(SWEEPS):
        async with reading(db) as read:
            assert await sweeper.sweep() == IMAGES_PER_SWEEP + UPLOADS_PER_SWEEP
        assert read.rows["image"] <= 10 * IMAGES_PER_SWEEP
        assert read.rows["image_upload"] <= 10 * UPLOADS_PER_SWEEP
        assert {"image", "image_upload"}.isdisjoint(read.scanned)
