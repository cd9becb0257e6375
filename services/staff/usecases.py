"""What staff can do: one function per capability, one transaction per effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from fynlo.staff.v1 import staff_service_pb2 as api

from chassis import replay
from chassis.db import Database, Transaction
from chassis.idempotency import IdempotencyKey
from chassis.ids import new_id
from chassis.rpc import mark_replayed
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
    db: Database, tenant: UUID, wanted: Employee, place: Place, key: IdempotencyKey, *, is_new: bool
) -> api.SaveEmployeeResponse:
    """Raises EmployeeNotFound, StaleVersion, UserAlreadyEmployed, CurrencyMismatch, InvalidArgument."""
    async with db.transaction(tenant) as tx:
        if stored_reply := await tx.claim(key):
            mark_replayed()
            return api.SaveEmployeeResponse.FromString(stored_reply.reply)
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
            tx.emit(wire.employee_saved(employee, tenant), subject_id=str(employee.id), command_id=key.key)
        response = api.SaveEmployeeResponse(employee=wire.employee_message(employee, tenant))
        tx.remember(response.SerializeToString())
    return response


async def clock_in(
    db: Database, tenant: UUID, worker: Worker, place: Place, key: IdempotencyKey
) -> api.ClockInResponse:
    """Opens a card, and closes one that was forgotten.

    Raises EmployeeNotFound, PermissionDenied, EmployeeInactive, AlreadyClockedIn.
    """
    async with db.transaction(tenant) as tx:
        if stored_reply := await tx.claim(key):
            mark_replayed()
            return api.ClockInResponse.FromString(stored_reply.reply)
        employee = await _worker(tx, worker)
        open_card = await store.open_card_of(tx, employee.id)
        clocked = domain.clock_in(employee, open_card, place, card_id=new_id(), now=db.clock.now())
        if clocked.closed is not None:
            await store.close_card(tx, clocked.closed)
            _emit_ended(tx, clocked.closed, tenant, key)
        await store.insert_card(tx, clocked.opened)
        tx.emit(
            wire.shift_started(clocked.opened, tenant),
            subject_id=str(clocked.opened.id),
            command_id=key.key,
        )
        response = api.ClockInResponse(timecard=wire.card_message(clocked.opened, tenant))
        tx.remember(response.SerializeToString())
    return response


async def clock_out(db: Database, tenant: UUID, worker: Worker, key: IdempotencyKey) -> api.ClockOutResponse:
    """Closes the open card. Raises EmployeeNotFound, PermissionDenied, NotClockedIn."""
    async with db.transaction(tenant) as tx:
        if stored_reply := await tx.claim(key):
            mark_replayed()
            return api.ClockOutResponse.FromString(stored_reply.reply)
        employee = await _worker(tx, worker)
        card = domain.clock_out(employee, await store.open_card_of(tx, employee.id), db.clock.now())
        await store.close_card(tx, card)
        _emit_ended(tx, card, tenant, key)
        response = api.ClockOutResponse(timecard=wire.card_message(card, tenant))
        tx.remember(response.SerializeToString())
    return response


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


def _emit_ended(tx: Transaction, card: Timecard, tenant: UUID, key: IdempotencyKey) -> None:
    tx.emit(wire.shift_ended(card, tenant), subject_id=str(card.id), command_id=key.key)
