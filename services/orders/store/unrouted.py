"""Items that no station takes, a row each until stations change."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Record, Transaction
from services.orders.domain.unrouted import UNROUTED_MAX, Unrouted

# $2..$6 each an array; what is known already stays as it was.
INSERT_UNROUTED = f"""
INSERT INTO unrouted_item (restaurant_id, item_id, name, order_id, order_number, raised_at)
SELECT $1, u.item_id, u.name, u.order_id, u.order_number, u.raised_at
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::timestamptz[])
    AS u (item_id, name, order_id, order_number, raised_at)
WHERE (SELECT count(*) FROM unrouted_item WHERE restaurant_id = $1) < {UNROUTED_MAX}
ON CONFLICT (restaurant_id, item_id) DO NOTHING
RETURNING item_id, name, order_id, order_number, raised_at
"""  # noqa: S608
FIND_UNROUTED = f"""
SELECT item_id, name, order_id, order_number, raised_at FROM unrouted_item WHERE restaurant_id = $1
ORDER BY raised_at DESC, item_id LIMIT {UNROUTED_MAX}
"""  # noqa: S608
DELETE_UNROUTED = "DELETE FROM unrouted_item WHERE restaurant_id = $1 RETURNING item_id"


async def insert_unrouted(tx: Transaction, found: Sequence[Unrouted]) -> list[Unrouted]:
    """Those of them that are news."""
    columns = [
        [one.item_id for one in found],
        [one.name for one in found],
        [one.order_id for one in found],
        [one.order_number for one in found],
        [one.raised_at for one in found],
    ]
    return [_unrouted_in(row) for row in await tx.fetch(INSERT_UNROUTED, tx.tenant, *columns)]


async def find_unrouted(tx: Transaction) -> list[Unrouted]:
    """Newest first, at most UNROUTED_MAX."""
    return [_unrouted_in(row) for row in await tx.fetch(FIND_UNROUTED, tx.tenant)]


async def delete_unrouted(tx: Transaction) -> list[UUID]:
    """All of the restaurant; whose rows they were."""
    return [row["item_id"] for row in await tx.fetch(DELETE_UNROUTED, tx.tenant)]


def _unrouted_in(row: Record) -> Unrouted:
    return Unrouted(row["item_id"], row["name"], row["order_id"], row["order_number"], row["raised_at"])
