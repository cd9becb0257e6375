"""A search among 10^5 customers reads what it shows, however many begin alike."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.clock import FakeClock
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.reads import reading
from services.orders.store.customer import SEARCH_WINDOW
from services.orders.tests.stand_ins import world_of
from services.orders.tests.world import World
from services.orders.usecases import customer as customers

EACH = 100_000
SMITHS = 20
"""One in so many is called Smith."""
FILL_SECONDS = 300
PAGE = 50
# The names of n: a first name of its own, and a surname that many share.
FILL = """
INSERT INTO customer (restaurant_id, id, version, name, name_key, phone, email, address, vat_number, notes,
    consented_at, consent_source, created_at, words)
SELECT $1::uuid, md5($1::uuid::text || n)::uuid, 1, who.name, who.name, '+' || who.phone, '', '', '', '',
    NULL, '', now(), E'\\n' || who.phone || E'\\n' || who.name || E'\\n' || who.first || E'\\n' || who.last
FROM generate_series(1, $2::int) AS n, LATERAL (
    SELECT 'g' || md5(n::text) AS first, '4420' || lpad(n::text, 8, '0') AS phone,
        CASE WHEN n % $3::int = 0 THEN 'smith' ELSE 'x' || md5('l' || n) END AS last
) AS part, LATERAL (SELECT part.first || ' ' || part.last AS name, part.*) AS who
"""
WORDS = """
INSERT INTO customer_word (restaurant_id, word, customer_id)
SELECT restaurant_id, word, id FROM customer, unnest(string_to_array(ltrim(words, E'\\n'), E'\\n')) AS word
WHERE restaurant_id = $1
"""


@pytest.fixture
async def crowd(
    module_databases: ModuleDatabases, service_database: OpenDatabase, fake_clock: FakeClock
) -> AsyncIterator[World]:
    """A restaurant with EACH customers, beside one with as many, on a database of one connection."""
    async with world_of(await service_database("orders", pool_size=1), fake_clock) as made:
        admin_url = module_databases.infrastructure.admin_url
        assert admin_url is not None
        filler = await asyncpg.connect(admin_url, database=await module_databases.name("orders"))
        try:
            await filler.execute("SET search_path = orders")
            for tenant in (made.tenant, made.another().tenant):
                await filler.execute(FILL, tenant, EACH, SMITHS, timeout=FILL_SECONDS)
                await filler.execute(WORDS, tenant, timeout=FILL_SECONDS)
            await filler.execute("ANALYZE", timeout=FILL_SECONDS)
        finally:
            await filler.close()
        yield made


async def test_among_many_customers_a_search_reads_a_range_of_words_and_a_page_costs_a_page(
    crowd: World,
) -> None:
    first = (await customers.list_customers(crowd.deps, crowd.tenant, None, 1))[0]
    queries = {
        first.name: 1,
        first.phone: 1,
        f"0{first.phone.removeprefix('+44')}": 0,
        "smith": PAGE,
        "smith g": PAGE,
        "g": PAGE,
        "0044 20": PAGE,
        "nobody at all": 0,
    }
    for query, hits in queries.items():
        async with reading(crowd.deps.db) as read:
            found = await customers.search_customers(crowd.deps, crowd.tenant, query, PAGE)
        assert len(found) == hits, query
        assert read.scanned == {}, query
        assert read.rows["customer_word"] <= 2 * SEARCH_WINDOW + 2, query
        assert read.rows["customer"] <= 2 * SEARCH_WINDOW + 2, query
    async with reading(crowd.deps.db) as read:
        shown = await customers.list_customers(crowd.deps, crowd.tenant, None, PAGE)
    async with reading(crowd.deps.db) as again:
        await customers.list_customers(crowd.deps, crowd.tenant, shown[-1].id, PAGE)
    for one in (read, again):
        assert one.rows["customer"] <= PAGE + 1
        assert one.scanned == {}
