"""Promotions. Orders are priced with copies of them, so whoever changes one tells every process."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from services.orders.domain.errors import PromotionNotFound
from services.orders.domain.promotion import Promotion, check_promotion
from services.orders.store import promotion as store
from services.orders.store.restaurant import lock_copies, note_promotions
from services.orders.usecases.ports import Command, Dependencies


async def list_promotions(deps: Dependencies, tenant: UUID) -> list[Promotion]:
    """By name."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_promotions(tx)


async def save_promotion(
    deps: Dependencies, command: Command, promotion: Promotion, is_new: bool, answer: Answer[Promotion, M]
) -> M:
    """Makes or changes a promotion.

    Raises PromotionNotFound, StaleVersion, NameTaken, and as domain check_promotion.
    """

    async def save(tx: Transaction) -> Promotion:
        await lock_copies(tx)  # promotions change one after another
        check_promotion(promotion, await store.count_promotions(tx) if is_new else 0)
        version = 1
        if is_new:
            await store.insert_promotion(tx, promotion)
        else:
            version = await store.update_promotion(tx, promotion)
        await _tell(tx, deps, command)
        audit(tx, "orders.promotion_saved", promotion_id=promotion.id, promotion_version=version)
        return replace(promotion, version=version)

    return await execute(deps.db, command, answer, save)


async def delete_promotion(
    deps: Dependencies, command: Command, promotion_id: UUID, answer: Answer[None, M]
) -> M:
    """Raises PromotionNotFound."""

    async def delete(tx: Transaction) -> None:
        await lock_copies(tx)
        if not await store.delete_promotion(tx, promotion_id):
            raise PromotionNotFound("There is no such promotion.")
        await _tell(tx, deps, command)
        audit(tx, "orders.promotion_removed", promotion_id=promotion_id)

    return await execute(deps.db, command, answer, delete)


async def _tell(tx: Transaction, deps: Dependencies, command: Command) -> None:
    await note_promotions(tx)
    tx.after_commit(partial(deps.copies.forget, command.tenant))
