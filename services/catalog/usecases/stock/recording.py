"""What somebody tells of the shelf: counted, thrown away, delivered."""

from datetime import datetime
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from chassis.ids import new_id
from services.catalog.domain.movement import MovementKind, Since, Told, book_told, moment
from services.catalog.domain.stock import LevelChange, StockLevel, StockPolicy, StockSetting, set_policy
from services.catalog.store import movement as movement_store
from services.catalog.store import stock as stock_store
from services.catalog.usecases.stock.announcing import announce
from services.catalog.usecases.stock.counting import begin_counting, locked_level
from services.catalog.usecases.supply import take_in


async def record(
    db: Database, command: Command, item_id: UUID, told: Told, answer: Answer[StockLevel, M]
) -> M:
    """Books it. An item that was not counted is from its first count on.

    Raises UnknownItem, NotCounted, InsufficientStock, MenuTooLarge.
    """

    async def work(tx: Transaction) -> StockLevel:
        now = db.clock.now()
        _keep_record(tx, item_id, told)
        if told.kind is MovementKind.COUNT:
            begun = await begin_counting(tx, item_id, StockSetting(told.quantity), now)
            if begun is not None:
                return begun
        before = await locked_level(tx, item_id)
        since = Since() if told.at >= now else await movement_store.since(tx, item_id, told.at)
        after, movements = book_told(before, told, since, now, new_id)
        changes = [LevelChange(before, after)]
        await stock_store.book(tx, now, changes, movements)
        await announce(tx, changes)
        if told.kind is MovementKind.DELIVERY:
            await take_in(tx, item_id, told.quantity)
        return after

    return await execute(db, command, answer, work)


def _keep_record(tx: Transaction, item_id: UUID, told: Told) -> None:
    facts = {"item_id": item_id, "quantity": told.quantity, "occurred_at": told.at}
    if told.kind is MovementKind.COUNT:
        audit(tx, "catalog.stock_counted", **facts)
    elif told.kind is MovementKind.WASTE:
        audit(tx, "catalog.stock_wasted", **facts)
    else:
        audit(tx, "catalog.stock_delivered", **facts)


def told_now(
    db: Database,
    kind: MovementKind,
    quantity: int,
    occurred_at: datetime | None,
    reason: str,
    actor: UUID | None,
) -> Told:
    """What is told now of a moment that is not long ago. Raises OccurredAtOutOfRange."""
    return Told(kind, quantity, moment(occurred_at, db.clock.now()), reason, actor)


async def set_stock_policy(
    db: Database,
    command: Command,
    item_id: UUID,
    policy: StockPolicy,
    reorder_point: int,
    answer: Answer[StockLevel, M],
) -> M:
    """Counts an item under other rules. Raises UnknownItem, NotCounted."""

    async def work(tx: Transaction) -> StockLevel:
        now = db.clock.now()
        before = await locked_level(tx, item_id)
        after = set_policy(before, policy, reorder_point, now)
        if after is not before:
            changes = [LevelChange(before, after)]
            await stock_store.book(tx, now, changes)
            await announce(tx, changes)
            facts = {"policy": policy.value, "reorder_point": reorder_point}
            audit(tx, "catalog.stock_policy_set", item_id=item_id, **facts)
        return after

    return await execute(db, command, answer, work)
