"""Employees of the transaction's restaurant."""

from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.staff.domain.employee import Employee, UserAlreadyEmployed

LOCK_EMPLOYEE = """
SELECT id, name, user_id, job, hourly_rate_minor, currency_code, active, version
FROM employee WHERE restaurant_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
LOCK_USER = """
SELECT id, name, user_id, job, hourly_rate_minor, currency_code, active, version
FROM employee WHERE restaurant_id = $1 AND user_id = $2 FOR NO KEY UPDATE
"""
INSERT_EMPLOYEE = """
INSERT INTO employee
    (restaurant_id, id, name, user_id, job, hourly_rate_minor, currency_code, active, version, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
UPDATE_EMPLOYEE = """
UPDATE employee SET name = $3, user_id = $4, job = $5, hourly_rate_minor = $6, active = $7, version = $8
WHERE restaurant_id = $1 AND id = $2
"""


async def lock_employee(tx: Transaction, employee_id: UUID) -> Employee | None:
    """Until the transaction ends nobody else changes them or their cards."""
    row = await tx.fetchrow(LOCK_EMPLOYEE, tx.tenant, employee_id)
    return None if row is None else Employee(**dict(row))


async def lock_user(tx: Transaction, user_id: UUID) -> Employee | None:
    """As lock_employee, by the user they log in as."""
    row = await tx.fetchrow(LOCK_USER, tx.tenant, user_id)
    return None if row is None else Employee(**dict(row))


async def insert_employee(tx: Transaction, e: Employee, now: datetime) -> None:
    """Raises UserAlreadyEmployed."""
    try:
        await tx.execute(
            INSERT_EMPLOYEE,
            *(tx.tenant, e.id, e.name, e.user_id, e.job, e.hourly_rate_minor, e.currency_code),
            *(e.active, e.version, now),
        )
    except asyncpg.UniqueViolationError as error:
        raise UserAlreadyEmployed("Another employee logs in as this user.") from error


async def update_employee(tx: Transaction, e: Employee) -> None:
    """The next version of a locked employee. Raises UserAlreadyEmployed."""
    try:
        await tx.execute(
            UPDATE_EMPLOYEE,
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
        "SELECT id, name, user_id, job, hourly_rate_minor, currency_code, active, version"  # noqa: S608
        f" FROM employee WHERE {where} ORDER BY name, id LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [Employee(**dict(row)) for row in rows]
