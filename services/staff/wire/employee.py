"""Employees in messages and events."""

from uuid import UUID

from fynlo.staff.v1 import events_pb2 as staff_events
from fynlo.staff.v1 import staff_pb2

from chassis.ids import new_id, parse_id
from services.staff.domain.employee import Employee


def employee_of(message: staff_pb2.Employee) -> Employee:
    """As the caller wants them; without an id a new one. Raises InvalidArgument (INVALID_ID)."""
    return Employee(
        id=parse_id(message.id) if message.id else new_id(),
        name=message.name,
        user_id=parse_id(message.user_id) if message.user_id else None,
        job=message.job,
        hourly_rate_minor=message.hourly_rate_minor,
        currency_code=message.currency_code,
        active=message.active,
        version=message.version,
    )


def employee_message(employee: Employee, restaurant_id: UUID) -> staff_pb2.Employee:
    """An employee."""
    return staff_pb2.Employee(
        id=str(employee.id),
        restaurant_id=str(restaurant_id),
        name=employee.name,
        user_id="" if employee.user_id is None else str(employee.user_id),
        job=employee.job,
        hourly_rate_minor=employee.hourly_rate_minor,
        currency_code=employee.currency_code,
        active=employee.active,
        version=employee.version,
    )


def employee_saved(employee: Employee, restaurant_id: UUID) -> staff_events.EmployeeSaved:
    """Somebody was added or changed."""
    return staff_events.EmployeeSaved(employee=employee_message(employee, restaurant_id))
