from datetime import UTC, datetime, timedelta

import asyncpg

from chassis.db.migrations import revert_migrations, run_migrations, schema_differences
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases
from services.orders.tests.builders import settings_message

RESTAURANT = """
INSERT INTO orders.restaurant
    (restaurant_id, settings_version, settings, menu_version, menu_wanted, stations_version)
VALUES ($1, 1, $2, 0, 0, 0)
"""
TICKET = """
INSERT INTO orders.ticket
    (restaurant_id, id, order_id, order_number, station_id, station_name, revision, state, course,
    order_type, business_date, created_at, target_at, allergens, lines, undelivered_revision)
VALUES ($1, $2, $2, 1, $2, '', 2, $3, '', 'takeaway', $4, $5, $5, '[]', '[]', 0)
"""


async def test_the_migrated_schema_is_the_declared_one_and_can_be_taken_back(
    module_databases: ModuleDatabases,
) -> None:
    url = await module_databases.owner_url("orders")
    assert await schema_differences("orders", url) == []
    await revert_migrations("orders", url)
    await run_migrations("orders", url)
    assert await schema_differences("orders", url) == []


async def test_restaurants_keep_their_day_and_old_cancelled_tickets_count_as_seen(
    module_databases: ModuleDatabases,
) -> None:
    url = await module_databases.owner_url("orders")
    await revert_migrations("orders", url, to="0004")
    tenant, now = new_id(), datetime.now(UTC)
    tickets = {}
    admin = await asyncpg.connect(
        module_databases.infrastructure.admin_url, database=await module_databases.name("orders")
    )
    try:
        settings = settings_message(tenant, time_zone="Asia/Tokyo", day_cutoff_minutes=300)
        await admin.execute(RESTAURANT, tenant, settings.SerializeToString())
        for state, days in (("cancelled", 9), ("cancelled", 0), ("queued", 9)):
            tickets[state, days] = new_id()
            at = now - timedelta(days=days)
            await admin.execute(TICKET, tenant, tickets[state, days], state, at.date(), at)
        await run_migrations("orders", url)
        day = await admin.fetchrow("SELECT time_zone, day_cutoff_minutes FROM orders.restaurant")
        assert tuple(day) == ("Asia/Tokyo", 300)
        seen = await admin.fetch("SELECT id FROM orders.ticket WHERE acknowledged_at IS NOT NULL")
        assert [row["id"] for row in seen] == [tickets["cancelled", 9]]
    finally:
        await admin.close()
    assert await schema_differences("orders", url) == []
