"""From whom what is counted comes, and how much of it was used."""

from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.catalog.domain.ingredient import StockUnit
from services.catalog.domain.supply import Stocked, Supply
from services.catalog.store.supplier import supplier_in

SUPPLY = """
SELECT item_id, supplier_id, pack_size, pack_cost_minor, safety_days, on_order, version AS supply_version
FROM supply WHERE restaurant_id = $1 AND item_id = $2
"""
LOCK_SUPPLY = """
SELECT item_id, supplier_id, pack_size, pack_cost_minor, safety_days, on_order, version AS supply_version
FROM supply WHERE restaurant_id = $1 AND item_id = $2 FOR UPDATE
"""
SAVE_SUPPLY = """
INSERT INTO supply (restaurant_id, item_id, supplier_id, pack_size, pack_cost_minor, safety_days, on_order,
    version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (restaurant_id, item_id) DO UPDATE SET supplier_id = excluded.supplier_id,
    pack_size = excluded.pack_size, pack_cost_minor = excluded.pack_cost_minor,
    safety_days = excluded.safety_days, on_order = excluded.on_order, version = excluded.version
"""
COMES_FROM = "SELECT EXISTS (SELECT 1 FROM supply WHERE restaurant_id = $1 AND supplier_id = $2)"
STOCKED = """
SELECT p.item_id, p.supplier_id, p.pack_size, p.pack_cost_minor, p.safety_days, p.on_order,
    p.version AS supply_version, d.id, d.name, d.lead_days, d.minimum_minor, d.version,
    coalesce(i.name, g.name) AS item_name, coalesce(g.unit, 'piece') AS unit, s.on_hand,
    (SELECT coalesce(-sum(m.quantity), 0)::bigint FROM stock_movement AS m
     WHERE m.restaurant_id = $1 AND m.item_id = p.item_id AND m.occurred_at >= $2
        AND m.kind IN ('sale', 'waste')) AS used,
    (SELECT min(m.occurred_at) FROM stock_movement AS m
     WHERE m.restaurant_id = $1 AND m.item_id = p.item_id) AS counted_since
FROM supply AS p
    JOIN supplier AS d ON d.restaurant_id = p.restaurant_id AND d.id = p.supplier_id
    JOIN stock AS s ON s.restaurant_id = p.restaurant_id AND s.item_id = p.item_id AND s.tracked
    LEFT JOIN item AS i ON i.restaurant_id = p.restaurant_id AND i.id = p.item_id
    LEFT JOIN ingredient AS g ON g.restaurant_id = p.restaurant_id AND g.id = p.item_id
WHERE p.restaurant_id = $1
"""


async def find_supply(tx: Transaction, item_id: UUID) -> Supply | None:
    """None where nobody has said where it comes from."""
    row = await tx.fetchrow(SUPPLY, tx.tenant, item_id)
    return None if row is None else _supply(row)


async def lock_supply(tx: Transaction, item_id: UUID) -> Supply | None:
    """The same, and nobody else changes it until the transaction ends."""
    row = await tx.fetchrow(LOCK_SUPPLY, tx.tenant, item_id)
    return None if row is None else _supply(row)


async def save_supply(tx: Transaction, supply: Supply) -> None:
    """A new or a changed one."""
    await tx.execute(
        SAVE_SUPPLY,
        tx.tenant,
        supply.item_id,
        supply.supplier_id,
        supply.pack_size,
        supply.pack_cost_minor,
        supply.safety_days,
        supply.on_order,
        supply.version,
    )


async def brings_something(tx: Transaction, supplier_id: UUID) -> bool:
    """Whether anything comes from a supplier."""
    return bool(await tx.fetchval(COMES_FROM, tx.tenant, supplier_id))


async def stocked(tx: Transaction, since: datetime, now: datetime) -> list[Stocked]:
    """Whatever is counted and comes from somebody, with what was used of it since then."""
    return [
        Stocked(
            row["item_name"],
            StockUnit(row["unit"]),
            row["on_hand"],
            row["used"],
            row["counted_since"] or now,
            _supply(row),
            supplier_in(row),
        )
        for row in await tx.fetch(STOCKED, tx.tenant, since)
    ]


def _supply(row: Record) -> Supply:
    return Supply(
        row["item_id"],
        row["supplier_id"],
        row["pack_size"],
        row["pack_cost_minor"],
        row["safety_days"],
        row["on_order"],
        row["supply_version"],
    )
