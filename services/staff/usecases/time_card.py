"""The clock: opening, closing and listing time cards."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from chassis.ids import new_id
from chassis.messaging import replay
from services.staff.domain import time_card as rules
from services.staff.domain.employee import Employee, EmployeeNotFound
from services.staff.domain.time_card import CardFilter, OpenCards, Timecard
from services.staff.store import employee as employees
from services.staff.store import time_card as store
from services.staff.usecases.ports import Restaurants
from services.staff.usecases.restaurant import restaurant_of
from services.staff.wire.time_card import shift_ended, shift_started

OPEN_CARDS_MAX = 2_000
"""A snapshot holds at most this many open cards, the newest; no restaurant has so many people at work."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Whose card: the employee named by id, or the employee that the user ``user_id`` is."""

    employee_id: UUID | None
    user_id: UUID | None
    others_allowed: Callable[[], None]
    """Raises PermissionDenied where the caller may not touch the card of somebody else."""


async def clock_in(
    db: Database, owner: Restaurants, command: Command, worker: Worker, answer: Answer[Timecard, M]
) -> M:
    """Opens a card, and closes one that was forgotten.

    Raises EmployeeNotFound, PermissionDenied, EmployeeInactive, AlreadyClockedIn.
    """
    restaurant = await restaurant_of(db, command.tenant, owner)

    async def punch(tx: Transaction) -> Timecard:
        employee = await _lock_worker(tx, worker)
        open_card = await store.open_card_of(tx, employee.id)
        clocked = rules.clock_in(employee, open_card, restaurant, card_id=new_id(), now=db.clock.now())
        if clocked.closed is not None:
            await _close(tx, command.tenant, clocked.closed)
        await store.insert_card(tx, clocked.opened)
        tx.emit(shift_started(clocked.opened, command.tenant), subject_id=str(clocked.opened.id))
        return clocked.opened

    return await execute(db, command, answer, punch)


async def clock_out(db: Database, command: Command, worker: Worker, answer: Answer[Timecard, M]) -> M:
    """Closes the open card. Raises EmployeeNotFound, PermissionDenied, NotClockedIn."""

    async def punch(tx: Transaction) -> Timecard:
        employee = await _lock_worker(tx, worker)
        card = rules.clock_out(employee, await store.open_card_of(tx, employee.id), db.clock.now())
        await _close(tx, command.tenant, card)
        return card

    return await execute(db, command, answer, punch)


async def list_timecards(
    db: Database, tenant: UUID, which: CardFilter, *, before: UUID | None, limit: int
) -> list[Timecard]:
    """Newest first."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await store.cards(tx, which, before=before, limit=limit)


async def open_cards(db: Database, tenant: UUID, channel: str) -> OpenCards:
    """The open cards and the position at which they hold, read together."""
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        epoch, seq = await replay.position(tx, channel)
        cards = await store.cards(tx, CardFilter(open_only=True), before=None, limit=OPEN_CARDS_MAX)
    return OpenCards(epoch, seq, cards)


async def _close(tx: Transaction, tenant: UUID, card: Timecard) -> None:
    await store.close_card(tx, card)
    tx.emit(shift_ended(card, tenant), subject_id=str(card.id))


async def _lock_worker(tx: Transaction, worker: Worker) -> Employee:
    """The employee, locked: punches of one worker take turns."""
    if worker.employee_id is not None:
        employee = await employees.lock_employee(tx, worker.employee_id)
        if employee is None or employee.user_id is None or employee.user_id != worker.user_id:
            worker.others_allowed()
    else:
        employee = None if worker.user_id is None else await employees.lock_user(tx, worker.user_id)
    if employee is None:
        raise EmployeeNotFound("There is no such employee.")
    return employee
