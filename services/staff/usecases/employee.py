"""Adding, changing and listing employees."""

from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from services.staff.domain.employee import Employee, EmployeeNotFound, changed_employee, new_employee
from services.staff.store import employee as store
from services.staff.usecases.ports import Restaurants
from services.staff.usecases.restaurant import restaurant_of
from services.staff.wire.employee import employee_saved


async def add_employee(
    db: Database, owner: Restaurants, command: Command, wanted: Employee, answer: Answer[Employee, M]
) -> M:
    """Raises UserAlreadyEmployed, CurrencyMismatch, InvalidArgument."""
    restaurant = await restaurant_of(db, command.tenant, owner)

    async def add(tx: Transaction) -> Employee:
        employee = new_employee(wanted, restaurant)
        await store.insert_employee(tx, employee, db.clock.now())
        _emit_saved(tx, command.tenant, employee)
        return employee

    return await execute(db, command, answer, add)


async def change_employee(
    db: Database, owner: Restaurants, command: Command, wanted: Employee, answer: Answer[Employee, M]
) -> M:
    """Raises EmployeeNotFound, StaleVersion, UserAlreadyEmployed, CurrencyMismatch, InvalidArgument."""
    restaurant = await restaurant_of(db, command.tenant, owner)

    async def change(tx: Transaction) -> Employee:
        stored = await store.lock_employee(tx, wanted.id)
        if stored is None:
            raise EmployeeNotFound("There is no such employee.")
        employee = changed_employee(stored, wanted, restaurant)
        if employee is not stored:
            await store.update_employee(tx, employee)
            _emit_saved(tx, command.tenant, employee)
        return employee

    return await execute(db, command, answer, change)


async def list_employees(
    db: Database, tenant: UUID, *, inactive_too: bool, after: UUID | None, limit: int
) -> list[Employee]:
    """By name."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await store.employees(tx, inactive_too=inactive_too, after=after, limit=limit)


def _emit_saved(tx: Transaction, tenant: UUID, employee: Employee) -> None:
    tx.emit(employee_saved(employee, tenant), subject_id=str(employee.id))
