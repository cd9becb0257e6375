"""Orders that the service has to see to by itself; over all restaurants, so without a tenant."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.db import Transaction

FIND_CANCELLING = "SELECT updated_at, restaurant_id, order_id FROM orders_cancelling_since($1, $2, $3, $4)"
FIND_UNPAID = "SELECT updated_at, restaurant_id, order_id FROM orders_unpaid_since($1, $2, $3, $4)"
FIND_TO_COMPLETE = "SELECT restaurant_id, ready_at, order_id FROM orders_to_complete($1, $2, $3, $4, $5)"
Due = tuple[datetime, UUID, UUID]
"""(last change, restaurant, order), oldest first."""
DUE_START: Due = (datetime.min.replace(tzinfo=UTC), UUID(int=0), UUID(int=0))

ToComplete = tuple[UUID, datetime, UUID]
"""(restaurant, when its last ticket became ready, order), in the order in which a round goes through them."""
TO_COMPLETE_START: ToComplete = (UUID(int=0), datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def find_cancelling(tx: Transaction, before: datetime, after: Due, limit: int) -> list[Due]:
    """Cancellations that hang since ``before``; needs no tenant."""
    return await _due(tx, FIND_CANCELLING, before, after, limit)


async def find_unpaid(tx: Transaction, before: datetime, after: Due, limit: int) -> list[Due]:
    """pay_first orders without any money since ``before``; needs no tenant."""
    return await _due(tx, FIND_UNPAID, before, after, limit)


async def find_to_complete(
    tx: Transaction, ready_before: datetime, after: ToComplete, limit: int
) -> list[ToComplete]:
    """Paid orders whose last ticket became ready before that; needs no tenant. One with several tickets is
    named several times.
    """
    found = await tx.fetch(FIND_TO_COMPLETE, ready_before, *after, limit)
    return [(row["restaurant_id"], row["ready_at"], row["order_id"]) for row in found]


async def _due(tx: Transaction, sql: str, before: datetime, after: Due, limit: int) -> list[Due]:
    at, _, order_id = after
    found = await tx.fetch(sql, before, at, order_id, limit)
    return [(row["updated_at"], row["restaurant_id"], row["order_id"]) for row in found]
