"""Tables: where they stand, and what goes on at them.

A table is one row that knows the orders that are open at it, written in the transaction that changes an order
in a way that its table is told of. An order without a table costs nothing here. Locks are taken in one order:
an order, its day, its tables by their ids.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from chassis.db.sweeps import Round
from chassis.telemetry import get_logger
from services.orders.domain import table as rules
from services.orders.domain.errors import StaleVersion, UnknownSection, UnknownTable
from services.orders.domain.order.change import Change
from services.orders.domain.order.order import AtTable
from services.orders.domain.table import Reservation, Table
from services.orders.store import table as store
from services.orders.store.restaurant import lock_copies
from services.orders.store.section import find_section
from services.orders.usecases.ports import Command, Dependencies
from services.orders.wire.table import table_removed, table_updated

CHANGING_BATCH = 100
"""Tables per round whose time has come, a transaction each."""

_log = get_logger("orders.floor")


async def list_tables(deps: Dependencies, tenant: UUID) -> list[Table]:
    """By name."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_tables(tx)


async def save_table(
    deps: Dependencies, command: Command, wanted: Table, is_new: bool, answer: Answer[Table, M]
) -> M:
    """Makes a table or moves one; ``wanted.version`` is what the caller saw, and what goes on stays.

    Raises TableNotFound, StaleVersion, UnknownSection, NameTaken, TooManyTables.
    """

    async def save(tx: Transaction) -> Table:
        await lock_copies(tx)  # the floor is drawn one change after another
        known = None if is_new else await store.lock_table(tx, wanted.id)
        if known is not None and known.version != wanted.version:
            raise StaleVersion("Somebody changed this table, or something else goes on there; read it again.")
        if await find_section(tx, wanted.layout.section_id) is None:
            raise UnknownSection(wanted.layout.section_id)
        if known is not None:
            return await _keep(tx, known, replace(known, layout=wanted.layout))
        rules.check_table_count(await store.count_tables(tx))
        made = replace(wanted, version=1)
        await store.insert_table(tx, made)
        tx.emit(table_updated(made), subject_id=str(made.id))
        return made

    return await execute(deps.db, command, answer, save)


async def delete_table(deps: Dependencies, command: Command, table_id: UUID, answer: Answer[None, M]) -> M:
    """Takes a table off the floor. Raises TableNotFound, TableOccupied, TableReserved."""

    async def delete(tx: Transaction) -> None:
        await lock_copies(tx)
        table = await store.lock_table(tx, table_id)
        rules.refuse_removal(table)
        await store.delete_table(tx, table_id)
        tx.emit(table_removed(table), subject_id=str(table_id))

    return await execute(deps.db, command, answer, delete)


async def clear_table(deps: Dependencies, command: Command, table_id: UUID, answer: Answer[Table, M]) -> M:
    """Somebody has cleared it. Raises TableNotFound, TableOccupied."""

    async def clear(tx: Transaction) -> Table:
        table = await store.lock_table(tx, table_id)
        return await _keep(tx, table, rules.cleared(table))

    return await execute(deps.db, command, answer, clear)


async def reserve_table(
    deps: Dependencies, command: Command, table_id: UUID, wanted: Reservation, answer: Answer[Table, M]
) -> M:
    """Guests are expected. Raises TableNotFound, TableReserved, ReservationOver, ReservationTooFar."""

    async def reserve(tx: Transaction) -> Table:
        table = await store.lock_table(tx, table_id)
        return await _keep(tx, table, rules.reserved(table, wanted, deps.clock.now()))

    return await execute(deps.db, command, answer, reserve)


async def cancel_reservation(
    deps: Dependencies, command: Command, table_id: UUID, answer: Answer[Table, M]
) -> M:
    """Nobody is expected any more. Raises TableNotFound."""

    async def cancel(tx: Transaction) -> Table:
        table = await store.lock_table(tx, table_id)
        return await _keep(tx, table, rules.unreserved(table))

    return await execute(deps.db, command, answer, cancel)


async def table_named(deps: Dependencies, tenant: UUID, table_id: UUID) -> AtTable:
    """How an order would remember the table that it names. Raises UnknownTable."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        table = await store.find_table(tx, table_id)
    if table is None:
        raise UnknownTable(table_id)
    return table.name


async def table_for(tx: Transaction, table_id: UUID) -> Table:
    """The table that an order names, locked. Raises UnknownTable."""
    found = await store.lock_tables(tx, [table_id])
    if not found:
        raise UnknownTable(table_id)
    return found[table_id]


async def lock_tables_of(tx: Transaction, changes: Iterable[Change]) -> None:
    """All tables that these changes concern, for ``tell_tables`` of each. Raises UnknownTable where one is
    not there any more."""
    wanted = {table_id for change in changes for table_id in _concerned(change)}
    found = await store.lock_tables(tx, wanted) if wanted else {}
    for missing in wanted - found.keys():
        raise UnknownTable(missing)


def _concerned(change: Change) -> set[UUID]:
    orders = (change.before, change.order)
    return {table_id for order in orders if order is not None for table_id in rules.tables_of(order)}


async def tell_tables(tx: Transaction, change: Change, locked: Mapping[UUID, Table] | None = None) -> None:
    """Tells the tables of an order what its change means for them; ``locked`` are those of which it is known
    that this transaction has them. Raises TableFull.
    """
    before = None if change.before is None else rules.seated_of(change.before)
    concerned = _concerned(change)
    stays = (
        change.before is not None
        and change.before.table == change.order.table
        and change.before.merged == change.order.merged
    )
    if not concerned or (stays and before == rules.seated_of(change.order)):
        return
    known = dict(locked or {})
    if concerned - known.keys():
        known |= await store.lock_tables(tx, concerned - known.keys())
    # A table of which nobody sat at it may have been taken away before the guests of a promised order come.
    for table_id in sorted(concerned & known.keys()):
        await _keep(tx, known[table_id], rules.followed(known[table_id], change.before, change.order))


class Changing:
    """Goes round through the tables that time makes others of: reservations that show, or are over."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(store.CHANGING_START, CHANGING_BATCH)

    async def sweep(self) -> int:
        """One batch; of how many tables something was told."""
        async with self._deps.db.transaction(None, readonly=True) as tx:
            at = self._deps.clock.now()
            found = await store.find_changing(tx, at, self._round.after, CHANGING_BATCH)
        return await self._round.settle(found, self._advance, _not_advanced)

    async def _advance(self, due: store.Changing) -> bool:
        _, tenant, table_id = due
        async with self._deps.db.transaction(tenant) as tx:
            table = await store.lock_table(tx, table_id)
            after = rules.advanced(table, self._deps.clock.now())
            await _keep(tx, table, after)
        return after != table


async def _keep(tx: Transaction, before: Table, after: Table) -> Table:
    """Stores and tells a table that is another one now, as the next version."""
    if after == before:
        return before
    kept = replace(after, version=before.version + 1)
    await store.update_table(tx, kept)
    tx.emit(table_updated(kept), subject_id=str(kept.id))
    return kept


async def _not_advanced(due: store.Changing, error: Exception) -> None:
    _, _, table_id = due
    _log.warning("a table's reservation was not looked at", table_id=str(table_id), error=repr(error))
