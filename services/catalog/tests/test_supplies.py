"""Suppliers, and what to order of them."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.errors import (
    NameTaken,
    NotCounted,
    StaleVersion,
    SupplierInUse,
    UnknownItem,
    UnknownSupplier,
)
from services.catalog.domain.ingredient import StockUnit
from services.catalog.domain.movement import MovementKind
from services.catalog.domain.supplier import Supplier
from services.catalog.domain.supply import USAGE_DAYS_MAX, Stocked, Supply, suggest
from services.catalog.rpc import supplier as supplier_rpc
from services.catalog.tests import doing
from services.catalog.tests.builders import NOON, a_category, a_restaurant, an_item, command, counted, saved
from services.catalog.usecases import supplier as suppliers
from services.catalog.usecases.supply import get_supply, suggestions
from services.catalog.wire.supply import purchase_list, reorder

DAY = timedelta(days=1)
MERCATO = Supplier(new_id(), "Mercato", 2, 5_000)


def of(
    used: int,
    on_hand: int = 0,
    on_order: int = 0,
    *,
    days: int = 10,
    safety: int = 1,
    pack: int = 1,
    lead: int = 2,
) -> Stocked:
    """So many used in so many days."""
    supply = Supply(new_id(), MERCATO.id, pack, 250, safety, on_order, 1)
    supplier = replace(MERCATO, lead_days=lead)
    return Stocked("Flour", StockUnit.GRAM, on_hand, used, NOON - days * DAY, supply, supplier)


@pytest.mark.parametrize(
    ("stocked", "quantity"),
    [
        (of(100), 30),
        (of(100, on_hand=30), None),
        (of(100, on_hand=29), 1),
        (of(100, on_hand=20, on_order=9), 1),
        (of(100, on_hand=-5), 35),
        (of(101), 31),
        (of(100, pack=12), 36),
        (of(100, on_hand=29, pack=12), 12),
        (of(100, on_hand=1_000), None),
        (of(100, lead=0, safety=0), None),
        (of(0), None),
        (of(280, days=28), 30),
        (of(280, days=400), 30),
        (of(10, days=0), 30),
    ],
)
def test_a_suggestion_covers_the_days_until_the_delivery_in_whole_packs(
    stocked: Stocked, quantity: int | None
) -> None:
    found = [each.quantity for each in suggest([stocked], NOON)]
    assert found == ([] if quantity is None else [quantity])


numbers = st.integers(0, 100_000)


@given(
    numbers, numbers, numbers, st.integers(1, 60), st.integers(0, 30), st.integers(1, 500), st.integers(0, 30)
)
def test_a_suggestion_is_the_fewest_packs_that_are_enough(
    used: int, on_hand: int, on_order: int, days: int, safety: int, pack: int, lead: int
) -> None:
    stocked = of(used, on_hand, on_order, days=days, safety=safety, pack=pack, lead=lead)
    found = suggest([stocked], NOON)
    suggested = found[0].quantity if found else 0
    over = min(days, USAGE_DAYS_MAX)
    missing = used * (lead + safety) / over - on_hand - on_order
    assert suggested % pack == 0
    assert suggested >= missing - 1e-6
    assert not suggested or suggested - pack < missing + 1


async def a_larder(service_database: OpenDatabase) -> tuple[Database, UUID, UUID, Supplier]:
    """Ten cakes counted in a restaurant with a supplier."""
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10, name="=Cake()")
    supplier = Supplier(new_id(), "+Mercato", 2, 5_000)
    await doing.save_supplier(db, command(tenant), supplier)
    return db, tenant, cake.id, replace(supplier, version=1)


async def test_what_was_used_is_suggested_of_its_supplier(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant, cake, supplier = await a_larder(service_database)
    await doing.set_supply(db, command(tenant), Supply(cake, supplier.id, 6, 900, 1))
    assert await suggestions(db, tenant) == []
    fake_clock.advance(2 * DAY)
    await doing.record(db, command(tenant), cake, MovementKind.WASTE, 8)
    [suggestion] = await suggestions(db, tenant)
    # 8 in 2 days are 4 a day, for 3 days; 2 are there.
    assert (suggestion.days, suggestion.packs, suggestion.quantity, suggestion.cost_minor) == (
        2,
        2,
        12,
        1_800,
    )
    told = reorder([suggestion])
    assert (told.suggestions[0].used, told.suggestions[0].item_name) == (8, "=Cake()")
    assert [(each.cost_minor, each.below_minimum) for each in told.suppliers] == [(1_800, True)]
    fake_clock.advance(USAGE_DAYS_MAX * DAY + DAY)
    assert await suggestions(db, tenant) == []


async def test_the_purchase_list_has_no_cell_that_a_spreadsheet_program_runs(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant, cake, supplier = await a_larder(service_database)
    await doing.set_supply(db, command(tenant), Supply(cake, supplier.id, 6, 900, 1))
    fake_clock.advance(DAY)
    await doing.record(db, command(tenant), cake, MovementKind.WASTE, 10)
    file = purchase_list(await suggestions(db, tenant))
    assert (file.media_type, file.file_name) == ("text/csv", "purchase-list.csv")
    header, row = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    found = dict(zip(header, row, strict=True))
    assert (found["supplier"], found["item"]) == ("'+Mercato", "'=Cake()")
    assert (found["packs"], found["quantity"], found["cost_minor"]) == ("5", "30", "4500")
    assert stock_api.GetReorderResponse(content=file.content).content == file.content


async def test_a_delivery_lowers_what_is_on_order(service_database: OpenDatabase) -> None:
    db, tenant, cake, supplier = await a_larder(service_database)
    await doing.set_supply(db, command(tenant), Supply(cake, supplier.id, 6, 900, on_order=12))
    await doing.record(db, command(tenant), cake, MovementKind.DELIVERY, 5)
    found = await get_supply(db, tenant, cake)
    assert found is not None
    assert (found.on_order, found.version) == (7, 2)
    await doing.record(db, command(tenant), cake, MovementKind.DELIVERY, 20)
    found = await get_supply(db, tenant, cake)
    assert found is not None
    assert found.on_order == 0


async def test_a_supply_names_what_is_counted_and_a_supplier_and_is_changed_as_it_was_seen(
    service_database: OpenDatabase,
) -> None:
    db, tenant, cake, supplier = await a_larder(service_database)
    supply = Supply(cake, supplier.id, 6, 900)
    soup = await saved(db, tenant, an_item((await a_category(db, tenant, "Soups")).id))
    with pytest.raises(NotCounted):
        await doing.set_supply(db, command(tenant), replace(supply, item_id=soup.id))
    with pytest.raises(UnknownItem):
        await doing.set_supply(db, command(tenant), replace(supply, item_id=new_id()))
    with pytest.raises(UnknownSupplier):
        await doing.set_supply(db, command(tenant), replace(supply, supplier_id=new_id()))
    assert await get_supply(db, tenant, cake) is None
    assert await get_supply(db, tenant, soup.id) is None
    with pytest.raises(UnknownItem):
        await get_supply(db, tenant, new_id())
    await doing.set_supply(db, command(tenant), supply)
    with pytest.raises(StaleVersion):
        await doing.set_supply(db, command(tenant), replace(supply, pack_size=12))
    await doing.set_supply(db, command(tenant), replace(supply, pack_size=12, version=1))
    assert await get_supply(db, tenant, cake) == replace(supply, pack_size=12, version=2)


async def test_a_supplier_has_its_name_alone_and_stays_while_something_comes_from_it(
    service_database: OpenDatabase,
) -> None:
    db, tenant, cake, supplier = await a_larder(service_database)
    with pytest.raises(NameTaken):
        await doing.save_supplier(db, command(tenant), Supplier(new_id(), "+mercato", 1))
    changed = await doing.save_supplier(db, command(tenant), replace(supplier, lead_days=5), is_new=False)
    assert (changed.supplier.lead_days, changed.supplier.version) == (5, 2)
    with pytest.raises(StaleVersion):
        await doing.save_supplier(db, command(tenant), replace(supplier, lead_days=6), is_new=False)
    await doing.set_supply(db, command(tenant), Supply(cake, supplier.id, 6, 900))
    with pytest.raises(SupplierInUse):
        await suppliers.delete_supplier(db, command(tenant), supplier.id, supplier_rpc.DELETED)
    other = Supplier(new_id(), "Mill", 1)
    await doing.save_supplier(db, command(tenant), other)
    await suppliers.delete_supplier(db, command(tenant), other.id, supplier_rpc.DELETED)
    with pytest.raises(UnknownSupplier):
        await suppliers.delete_supplier(db, command(tenant), other.id, supplier_rpc.DELETED)
    found = await suppliers.list_suppliers(db, tenant, None, 10)
    assert [each.id for each in found] == [supplier.id]
