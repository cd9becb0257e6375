"""The days of a restaurant: the figures that its orders sum up to (written by ``orders``), and whether they
are published.
"""

from datetime import date
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.figures import Figures

SELECT_DAY = """
SELECT placed, done, cancelled, gross_minor, paid_minor, tickets_open FROM order_day
WHERE restaurant_id = $1 AND business_date = $2
"""
SELECT_UNPUBLISHED = "SELECT restaurant_id FROM orders_figures_unpublished($1, $2)"
# The days are locked in one order: publishers of two processes take turns.
TAKE_UNPUBLISHED = """
WITH taken AS (
    SELECT business_date FROM order_day WHERE restaurant_id = $1 AND unpublished
    ORDER BY business_date FOR UPDATE
)
UPDATE order_day SET unpublished = false FROM taken
WHERE restaurant_id = $1 AND order_day.business_date = taken.business_date RETURNING true
"""


async def find_figures(tx: Transaction, business_date: date) -> Figures:
    """The sum over all orders of the day."""
    row = await tx.fetchrow(SELECT_DAY, tx.tenant, business_date)
    return Figures(**dict(row)) if row is not None else Figures()


async def find_unpublished(tx: Transaction, after: UUID, limit: int) -> list[UUID]:
    """Restaurants behind ``after`` whose figures have changed since they were published; needs no tenant."""
    return [row["restaurant_id"] for row in await tx.fetch(SELECT_UNPUBLISHED, after, limit)]


async def take_unpublished(tx: Transaction) -> bool:
    """Marks the restaurant's figures as published, and locks the days that were not. False without any."""
    return bool(await tx.fetch(TAKE_UNPUBLISHED, tx.tenant))
