"""The only SQL of the service. Statements see the transaction's restaurant only."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.staff.domain import CardFilter, Employee, Place, Timecard, UserAlreadyEmployed

_EMPLOYEE = "id, name, user_id, job, hourly_rate_minor, currency_code, active, version"
_CARD = (
    "id, employee_id, employee_name, clocked_in_at, clocked_out_at, time_zone, business_date, flags, version"
)


# -- restaurants ---------------------------------------------------------------------------------------------


async def place_of(tx: Transaction) -> Place | None:
    """The copy of the restaurant; None while there is none."""
    row = await tx.fetchrow(
        "SELECT version, currency_code, time_zone, day_cutoff_minutes FROM restaurant"
        " WHERE restaurant_id = $1",
        tx.tenant,
    )
    return None if row is None else Place(**dict(row))


async def keep_place(tx: Transaction, place: Place) -> None:
    """Keeps the newest version, in whatever order they arrive."""
    await tx.execute(
        "INSERT INTO restaurant AS r (restaurant_id, version, currency_code, time_zone, day_cutoff_minutes)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (restaurant_id) DO UPDATE SET version = excluded.version,"
        " currency_code = excluded.currency_code, time_zone = excluded.time_zone,"
        " day_cutoff_minutes = excluded.day_cutoff_minutes WHERE r.version < excluded.version",
        *(tx.tenant, place.version, place.currency_code, place.time_zone, place.day_cutoff_minutes),
    )


# -- employees -----------------------------------------------------------------------------------------------


async def lock_employee(
    tx: Transaction, *, employee_id: UUID | None = None, user_id: UUID | None = None
) -> Employee | None:
    """By id or by the user they log in as. Until the transaction ends nobody else changes them or their
    cards.
    """
    row = await tx.fetchrow(
        f"SELECT {_EMPLOYEE} FROM employee WHERE restaurant_id = $1"  # noqa: S608
        " AND (id = $2 OR user_id = $3) FOR NO KEY UPDATE",
        *(tx.tenant, employee_id, user_id),
    )
    return None if row is None else Employee(**dict(row))


async def insert_employee(tx: Transaction, e: Employee, now: datetime) -> None:
    """Raises UserAlreadyEmployed."""
    try:
        await tx.execute(
            f"INSERT INTO employee (restaurant_id, {_EMPLOYEE}, created_at)"  # noqa: S608
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *(tx.tenant, e.id, e.name, e.user_id, e.job, e.hourly_rate_minor, e.currency_code),
            *(e.active, e.version, now),
        )
    except asyncpg.UniqueViolationError as error:
        raise UserAlreadyEmployed("Another employee logs in as this user.") from error


async def update_employee(tx: Transaction, e: Employee) -> None:
    """The next version of a locked employee. Raises UserAlreadyEmployed."""
    try:
        await tx.execute(
            "UPDATE employee SET name = $3, user_id = $4, job = $5, hourly_rate_minor = $6, active = $7,"
            " version = $8 WHERE restaurant_id = $1 AND id = $2",
            *(tx.tenant, e.id, e.name, e.user_id, e.job, e.hourly_rate_minor, e.active, e.version),
        )
    except asyncpg.UniqueViolationError as error:
        raise UserAlreadyEmployed("Another employee logs in as this user.") from error


async def employees(tx: Transaction, *, inactive_too: bool, after: UUID | None, limit: int) -> list[Employee]:
    """By name and id, after the last one seen."""
    where = Conditions(tx.tenant).add("restaurant_id = $1")
    if not inactive_too:
        where.add("active")
    if after is not None:
        seen = "SELECT seen.name, seen.id FROM employee seen WHERE seen.restaurant_id = $1"
        where.add(f"(name, id) > ({seen} AND seen.id = {{}})", after)
    rows = await tx.fetch(
        f"SELECT {_EMPLOYEE} FROM employee WHERE {where} ORDER BY name, id"  # noqa: S608
        f" LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [Employee(**dict(row)) for row in rows]


# -- time cards ----------------------------------------------------------------------------------------------


async def open_card_of(tx: Transaction, employee_id: UUID) -> Timecard | None:
    """The open card of a locked employee."""
    row = await tx.fetchrow(
        f"SELECT {_CARD} FROM timecard"  # noqa: S608
        " WHERE restaurant_id = $1 AND employee_id = $2 AND clocked_out_at IS NULL",
        tx.tenant,
        employee_id,
    )
    return None if row is None else _card(row)


async def insert_card(tx: Transaction, card: Timecard) -> None:
    """An open card. UniqueViolationError (timecard_open) where the worker has one."""
    await tx.execute(
        f"INSERT INTO timecard (restaurant_id, {_CARD}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",  # noqa: S608
        *(tx.tenant, card.id, card.employee_id, card.employee_name, card.clocked_in_at, card.clocked_out_at),
        *(card.time_zone, card.business_date, list(card.flags), card.version),
    )


async def close_card(tx: Transaction, card: Timecard) -> None:
    """Writes the end of an open card."""
    await tx.execute(
        "UPDATE timecard SET clocked_out_at = $3, flags = $4, version = $5"
        " WHERE restaurant_id = $1 AND id = $2 AND clocked_out_at IS NULL",
        *(tx.tenant, card.id, card.clocked_out_at, list(card.flags), card.version),
    )


async def cards(tx: Transaction, which: CardFilter, *, before: UUID | None, limit: int) -> list[Timecard]:
    """Newest first, before the last one seen."""
    where = Conditions(tx.tenant).add("restaurant_id = $1")
    if which.employee_id is not None:
        where.add("employee_id = {}", which.employee_id)
    if which.open_only:
        where.add("clocked_out_at IS NULL")
    if which.from_time is not None:
        where.add("clocked_in_at >= {}", which.from_time)
    if which.until_time is not None:
        where.add("clocked_in_at < {}", which.until_time)
    if before is not None:
        seen = "SELECT seen.clocked_in_at, seen.id FROM timecard seen WHERE seen.restaurant_id = $1"
        where.add(f"(clocked_in_at, id) < ({seen} AND seen.id = {{}})", before)
    rows = await tx.fetch(
        f"SELECT {_CARD} FROM timecard WHERE {where}"  # noqa: S608
        f" ORDER BY clocked_in_at DESC, id DESC LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return _cards(rows)


def _cards(rows: Sequence[asyncpg.Record]) -> list[Timecard]:
    return [_card(row) for row in rows]


def _card(row: asyncpg.Record) -> Timecard:
    return Timecard(**{**dict(row), "flags": tuple(row["flags"])})
