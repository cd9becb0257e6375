"""The days of a restaurant: the figures that its orders sum up to (written together with them), whether they
are published, and the tickets that outlive their day.
"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.day import Figures

FIND_FIGURES = """
SELECT placed, done, cancelled, gross_minor, paid_minor, tickets_open FROM order_day
WHERE restaurant_id = $1 AND business_date = $2
"""
FIND_UNPUBLISHED = "SELECT restaurant_id FROM orders_figures_unpublished($1, $2)"
# The days are locked in one order: publishers of two processes take turns.
TAKE_UNPUBLISHED = """
WITH taken AS (
    SELECT business_date FROM order_day WHERE restaurant_id = $1 AND unpublished
    ORDER BY business_date FOR UPDATE
)
UPDATE order_day SET unpublished = false FROM taken
WHERE restaurant_id = $1 AND order_day.business_date = taken.business_date RETURNING true
"""
FIND_DAY_RULES = "SELECT time_zone, day_cutoff_minutes FROM day_rules()"
FIND_PAST_DAY = """
SELECT restaurant_id, business_date, order_id FROM tickets_past_day($1, $2, $3, $4, $5, $6, $7, $8)
"""

PastDay = tuple[UUID, date, UUID]
"""(restaurant, business day, order), in the order in which a round goes through them."""
PAST_DAY_START: PastDay = (UUID(int=0), date.min, UUID(int=0))


async def find_figures(tx: Transaction, business_date: date) -> Figures:
    """The sum over all orders of the day."""
    row = await tx.fetchrow(FIND_FIGURES, tx.tenant, business_date)
    return Figures(**dict(row)) if row is not None else Figures()


async def find_unpublished(tx: Transaction, after: UUID, limit: int) -> list[UUID]:
    """Restaurants behind ``after`` whose figures have changed since they were published; needs no tenant."""
    return [row["restaurant_id"] for row in await tx.fetch(FIND_UNPUBLISHED, after, limit)]


async def take_unpublished(tx: Transaction) -> bool:
    """Marks the restaurant's figures as published, and locks the days that were not. False without any."""
    return bool(await tx.fetch(TAKE_UNPUBLISHED, tx.tenant))


async def find_day_rules(tx: Transaction) -> list[tuple[str, int]]:
    """(time zone, cut-off in minutes after midnight) of all restaurants; needs no tenant."""
    return [(row["time_zone"], row["day_cutoff_minutes"]) for row in await tx.fetch(FIND_DAY_RULES)]


async def find_past_day(
    tx: Transaction,
    days: Mapping[tuple[str, int], date],
    fired_before: datetime,
    after: PastDay,
    limit: int,
) -> list[PastDay]:
    """Orders after ``after`` with tickets of a day before the one that ``days`` names for the restaurant's
    rule; needs no tenant. One with tickets of two days is named twice.
    """
    zones, cutoffs = [zone for zone, _ in days], [cutoff for _, cutoff in days]
    found = await tx.fetch(FIND_PAST_DAY, zones, cutoffs, list(days.values()), fired_before, *after, limit)
    return [(row["restaurant_id"], row["business_date"], row["order_id"]) for row in found]
