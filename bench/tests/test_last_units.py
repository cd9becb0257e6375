"""However many want them, the last units are sold once each."""

from bench.scenarios.last_units import BUYERS, UNITS, a_catalog, a_command, an_item, rush, sell_for
from chassis.ids import new_id
from services.catalog.domain.category import Category
from services.catalog.rpc.category import CREATED
from services.catalog.usecases.category import create_category


async def test_two_hundred_buyers_get_fifty_units_and_sellers_sell() -> None:
    assert (BUYERS, UNITS) == (200, 50)
    async with a_catalog() as db:
        tenant, category_id = new_id(), new_id()
        await create_category(db, a_command(tenant), Category(category_id, "Cakes"), CREATED)
        sold, seconds = await rush(db, tenant, await an_item(db, tenant, category_id, UNITS))
        assert (sold, seconds > 0) == (UNITS, True)
        assert await sell_for(db, tenant, await an_item(db, tenant, category_id, 3), 0.2) == 3
