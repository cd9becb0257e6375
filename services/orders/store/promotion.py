"""Promotions."""

from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.orders.domain.discount import DiscountKind
from services.orders.domain.errors import NameTaken, PromotionNotFound, StaleVersion
from services.orders.domain.hours import Window
from services.orders.domain.promotion import PROMOTIONS_MAX, Promotion, Scope

FIND_PROMOTIONS = f"""
SELECT id, name, kind, value, scope, item_ids, category_ids, weekdays, from_minutes, until_minutes,
    effective_from, effective_until, active, version
FROM promotion WHERE restaurant_id = $1 ORDER BY name_key LIMIT {PROMOTIONS_MAX}
"""  # noqa: S608
COUNT_PROMOTIONS = "SELECT count(*) FROM promotion WHERE restaurant_id = $1"
INSERT_PROMOTION = """
INSERT INTO promotion (restaurant_id, id, name, name_key, kind, value, scope, item_ids, category_ids,
    weekdays, from_minutes, until_minutes, effective_from, effective_until, active, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)
"""
UPDATE_PROMOTION = """
UPDATE promotion SET name = $3, name_key = $4, kind = $5, value = $6, scope = $7, item_ids = $8,
    category_ids = $9, weekdays = $10, from_minutes = $11, until_minutes = $12, effective_from = $13,
    effective_until = $14, active = $15, version = version + 1
WHERE restaurant_id = $1 AND id = $2 AND version = $16 RETURNING version
"""
PROMOTION_EXISTS = "SELECT true FROM promotion WHERE restaurant_id = $1 AND id = $2"
DELETE_PROMOTION = "DELETE FROM promotion WHERE restaurant_id = $1 AND id = $2 RETURNING true"


async def find_promotions(tx: Transaction) -> list[Promotion]:
    """By name; at most PROMOTIONS_MAX."""
    return [_promotion_in(row) for row in await tx.fetch(FIND_PROMOTIONS, tx.tenant)]


async def count_promotions(tx: Transaction) -> int:
    """How many the restaurant has."""
    return int(await tx.fetchval(COUNT_PROMOTIONS, tx.tenant))


async def insert_promotion(tx: Transaction, promotion: Promotion) -> None:
    """A new promotion, version 1. Raises NameTaken."""
    try:
        await tx.execute(INSERT_PROMOTION, *_values(tx, promotion))
    except asyncpg.UniqueViolationError as error:
        raise _taken(promotion) from error


async def update_promotion(tx: Transaction, promotion: Promotion) -> int:
    """The new version; ``promotion.version`` is what the caller saw.

    Raises PromotionNotFound, StaleVersion, NameTaken.
    """
    try:
        version = await tx.fetchval(UPDATE_PROMOTION, *_values(tx, promotion), promotion.version)
    except asyncpg.UniqueViolationError as error:
        raise _taken(promotion) from error
    if version is not None:
        return int(version)
    if await tx.fetchval(PROMOTION_EXISTS, tx.tenant, promotion.id) is None:
        raise PromotionNotFound("There is no such promotion.")
    raise StaleVersion("Somebody changed this promotion; read it again.")


async def delete_promotion(tx: Transaction, promotion_id: UUID) -> bool:
    """False where there is none."""
    return await tx.fetchval(DELETE_PROMOTION, tx.tenant, promotion_id) is not None


def _taken(promotion: Promotion) -> NameTaken:
    return NameTaken(f"Another promotion is called {promotion.name}.")


def _values(tx: Transaction, promotion: Promotion) -> list[object]:
    """$1 to $15."""
    return [
        tx.tenant,
        promotion.id,
        promotion.name,
        promotion.name_key,
        promotion.kind.value,
        promotion.value,
        promotion.scope.value,
        sorted(promotion.item_ids),
        sorted(promotion.category_ids),
        sorted(promotion.window.weekdays),
        promotion.window.from_minutes,
        promotion.window.until_minutes,
        promotion.effective_from,
        promotion.effective_until,
        promotion.active,
    ]


def _promotion_in(row: Record) -> Promotion:
    return Promotion(
        id=row["id"],
        name=row["name"],
        kind=DiscountKind(row["kind"]),
        value=row["value"],
        scope=Scope(row["scope"]),
        item_ids=frozenset(row["item_ids"]),
        category_ids=frozenset(row["category_ids"]),
        window=Window(frozenset(row["weekdays"]), row["from_minutes"], row["until_minutes"]),
        effective_from=row["effective_from"],
        effective_until=row["effective_until"],
        active=row["active"],
        version=row["version"],
    )
