"""From whom what is counted comes, and what to order."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from services.catalog.domain.menu import check_version
from services.catalog.domain.supply import Suggestion, Supply, suggest, usage_since
from services.catalog.store import supply as store
from services.catalog.store.stock import is_stocked
from services.catalog.usecases.item import item_of
from services.catalog.usecases.stock.counting import locked_level
from services.catalog.usecases.supplier import locked_supplier


async def get_supply(db: Database, tenant: UUID, item_id: UUID) -> Supply | None:
    """None where nobody has said where it comes from. Raises UnknownItem."""
    async with db.transaction(tenant, readonly=True) as tx:
        found = await store.find_supply(tx, item_id)
        if found is None and not await is_stocked(tx, item_id):
            await item_of(tx, item_id)
        return found


async def set_supply(db: Database, command: Command, wanted: Supply, answer: Answer[Supply, M]) -> M:
    """Says where it comes from; the caller saw ``wanted.version``, 0 where nobody has said it.

    Raises UnknownItem, NotCounted, UnknownSupplier, StaleVersion.
    """

    async def work(tx: Transaction) -> Supply:
        await locked_level(tx, wanted.item_id)
        await locked_supplier(tx, wanted.supplier_id)
        current = await store.lock_supply(tx, wanted.item_id)
        check_version(wanted.version, current.version if current is not None else 0)
        if wanted == current:
            return current
        saved = replace(wanted, version=wanted.version + 1)
        await store.save_supply(tx, saved)
        return saved

    return await execute(db, command, answer, work)


async def take_in(tx: Transaction, item_id: UUID, quantity: int) -> None:
    """Goods came: less is on order."""
    supply = await store.lock_supply(tx, item_id)
    if supply is not None and supply.on_order:
        after = supply.delivered(quantity)
        await store.save_supply(tx, replace(after, version=supply.version + 1))


async def suggestions(db: Database, tenant: UUID) -> list[Suggestion]:
    """What to order now."""
    now = db.clock.now()
    async with db.transaction(tenant, readonly=True) as tx:
        return suggest(await store.stocked(tx, usage_since(now), now), now)
