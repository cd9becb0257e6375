"""What staff can do: one function per capability, one transaction per effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from fynlo.staff.v1 import staff_service_pb2 as staff_api
from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.db.commands import Command, execute
from chassis.ids import new_id
from chassis.messaging import replay
from services.staff import domain, store, wire
from services.staff.domain import CardFilter, Employee, EmployeeNotFound, Place, Timecard

OPEN_CARDS_MAX = 2_000
"""A snapshot holds at most this many open cards, the newest; no restaurant has so many people at work."""

AskAuth = Callable[[UUID], Awaitable[Place]]
"""Reads a restaurant where it is owned. Raises NotFound, Unavailable."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Whose card: the employee named by id, or the employee that the user ``user_id`` is."""

    employee_id: UUID | None
    user_id: UUID | None
    others_allowed: Callable[[], None]
    """Raises PermissionDenied where the caller may not touch the card of somebody else."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Open cards at a position of the channel."""

    epoch: str
    seq: int
    cards: list[Timecard]


async def place_of(db: Database, tenant: UUID, ask: AskAuth) -> Place:
    """The copy of the restaurant; where it is missing it is read and kept. Raises what ``ask`` raises."""
    async with db.transaction(tenant, readonly=True) as tx:
        found = await store.place_of(tx)
    if found is not None:
        return found
    read = await ask(tenant)
    async with db.transaction(tenant) as tx:
        await store.keep_place(tx, read)
    return read


async def save_employee(
    db: Database, command: Command, wanted: Employee, place: Place, *, is_new: bool
) -> staff_api.SaveEmployeeResponse:
    """Raises EmployeeNotFound, StaleVersion, UserAlreadyEmployed, CurrencyMismatch, InvalidArgument."""

    async def save(tx: Transaction) -> staff_api.SaveEmployeeResponse:
        if is_new:
            employee = domain.new_employee(wanted, place)
            await store.insert_employee(tx, employee, db.clock.now())
            changed = True
        else:
            stored = await store.lock_employee(tx, employee_id=wanted.id)
            if stored is None:
                raise EmployeeNotFound("There is no such employee.")
            employee = domain.changed_employee(stored, wanted, place)
            changed = employee is not stored
            if changed:
                await store.update_employee(tx, employee)
        if changed:
            tx.emit(wire.employee_saved(employee, command.tenant), subject_id=str(employee.id))
        return staff_api.SaveEmployeeResponse(employee=wire.employee_message(employee, command.tenant))

    return await execute(db, command, staff_api.SaveEmployeeResponse, save)


async def clock_in(db: Database, command: Command, worker: Worker, place: Place) -> staff_api.ClockInResponse:
    """Opens a card, and closes one that was forgotten.

    Raises EmployeeNotFound, PermissionDenied, EmployeeInactive, AlreadyClockedIn.
    """

    async def punch(tx: Transaction) -> staff_api.ClockInResponse:
        employee = await _worker(tx, worker)
        open_card = await store.open_card_of(tx, employee.id)
        clocked = domain.clock_in(employee, open_card, place, card_id=new_id(), now=db.clock.now())
        if clocked.closed is not None:
            await store.close_card(tx, clocked.closed)
            _emit(tx, command.tenant, clocked.closed, wire.shift_ended)
        await store.insert_card(tx, clocked.opened)
        _emit(tx, command.tenant, clocked.opened, wire.shift_started)
        return staff_api.ClockInResponse(timecard=wire.card_message(clocked.opened, command.tenant))

    return await execute(db, command, staff_api.ClockInResponse, punch)


async def clock_out(db: Database, command: Command, worker: Worker) -> staff_api.ClockOutResponse:
    """Closes the open card. Raises EmployeeNotFound, PermissionDenied, NotClockedIn."""

    async def punch(tx: Transaction) -> staff_api.ClockOutResponse:
        employee = await _worker(tx, worker)
        card = domain.clock_out(employee, await store.open_card_of(tx, employee.id), db.clock.now())
        await store.close_card(tx, card)
        _emit(tx, command.tenant, card, wire.shift_ended)
        return staff_api.ClockOutResponse(timecard=wire.card_message(card, command.tenant))

    return await execute(db, command, staff_api.ClockOutResponse, punch)


async def list_employees(
    db: Database, tenant: UUID, *, inactive_too: bool, after: UUID | None, limit: int
) -> list[Employee]:
    """By name."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await store.employees(tx, inactive_too=inactive_too, after=after, limit=limit)


async def list_timecards(
    db: Database, tenant: UUID, which: CardFilter, *, before: UUID | None, limit: int
) -> list[Timecard]:
    """Newest first."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await store.cards(tx, which, before=before, limit=limit)


async def snapshot(db: Database, tenant: UUID, channel: str) -> Snapshot:
    """The open cards and the position at which they hold, read together."""
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        epoch, seq = await replay.position(tx, channel)
        cards = await store.cards(tx, CardFilter(open_only=True), before=None, limit=OPEN_CARDS_MAX)
    return Snapshot(epoch, seq, cards)


async def _worker(tx: Transaction, worker: Worker) -> Employee:
    """The employee, locked: punches of one worker take turns."""
    if worker.employee_id is None:
        employee = await store.lock_employee(tx, user_id=worker.user_id)
    else:
        employee = await store.lock_employee(tx, employee_id=worker.employee_id)
        if employee is None or employee.user_id is None or employee.user_id != worker.user_id:
            worker.others_allowed()
    if employee is None:
        raise EmployeeNotFound("There is no such employee.")
    return employee


def _emit(
    tx: Transaction, tenant: UUID, card: Timecard, event_of: Callable[[Timecard, UUID], Message]
) -> None:
    tx.emit(event_of(card, tenant), subject_id=str(card.id))
