"""What is off for now: taken off and put back by people, and back by itself at its time."""

from datetime import datetime, time, timedelta
from uuid import UUID

from chassis.clock import business_date
from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from services.catalog.domain.availability import DueReturn, check_return, put_back, taken_off, with_option
from services.catalog.domain.item import Item
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.domain.window import zone_named
from services.catalog.store import item as item_store
from services.catalog.usecases.item import item_of, replace_item
from services.catalog.usecases.menu.edit import Edit

MINUTES_PER_HOUR = 60


async def set_item_availability(
    db: Database,
    command: Command,
    item_id: UUID,
    available: bool,
    answer: Answer[Item, M],
    returns_at: datetime | None = None,
) -> M:
    """Takes an item off ("86"), perhaps until a time, or puts it back; as it was: no new version.

    Raises UnknownItem, InvalidReturn.
    """

    async def work(tx: Transaction) -> Item:
        now = db.clock.now()
        check_return(returns_at, available, now)
        edit = await Edit.begin(tx, now)
        current = await item_of(tx, item_id)
        wanted = put_back(current) if available else taken_off(current, returns_at)
        return await replace_item(edit, current, wanted)

    return await execute(db, command, answer, work)


async def set_option_availability(
    db: Database, command: Command, item_id: UUID, option_id: UUID, available: bool, answer: Answer[Item, M]
) -> M:
    """Takes an option of an item off, or puts it back. Raises UnknownItem, UnknownOption, MenuTooLarge."""

    async def work(tx: Transaction) -> Item:
        edit = await Edit.begin(tx, db.clock.now())
        current = await item_of(tx, item_id)
        return await replace_item(edit, current, with_option(current, option_id, available))

    return await execute(db, command, answer, work)


def next_day_begins(restaurant: RestaurantCopy, now: datetime) -> datetime:
    """When the business day after that of ``now`` begins; ``restaurant`` as auth answers it."""
    assert restaurant.day_cutoff_minutes is not None
    cutoff = time(*divmod(restaurant.day_cutoff_minutes, MINUTES_PER_HOUR))
    day = business_date(now, restaurant.time_zone, cutoff) + timedelta(days=1)
    return datetime.combine(day, cutoff, zone_named(restaurant.time_zone))


async def due_returns(db: Database, after: DueReturn, limit: int) -> list[DueReturn]:
    """Items of all restaurants that are to be back by now, the longest due first, behind ``after``."""
    async with db.transaction(None, readonly=True) as tx:
        return await item_store.due_returns(tx, db.clock.now(), after, limit)


async def bring_back(db: Database, due: DueReturn) -> bool:
    """Puts an item back whose time has come. False: somebody was there before, or wants it later."""
    async with db.transaction(due.restaurant_id) as tx:
        edit = await Edit.begin(tx, db.clock.now())
        item = await item_store.find_item(tx, due.item_id)
        if item is None or item.returns_at is None or edit.now < item.returns_at:
            return False
        await replace_item(edit, item, put_back(item))
        return True
