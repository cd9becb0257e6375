"""Between the contracts and the dataclasses, both ways."""

from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.staff.v1 import events_pb2 as staff_events
from fynlo.staff.v1 import staff_pb2
from fynlo.staff.v1 import staff_service_pb2 as staff_api

from chassis.ids import new_id, parse_id
from chassis.instants import instant, timestamp
from services.staff.domain import CardFilter, Employee, Place, Timecard

# -- read ----------------------------------------------------------------------------------------------------


def place_of(settings: common_pb2.RestaurantSettings) -> Place:
    """The part of a restaurant's settings that matters here."""
    return Place(
        version=settings.version,
        currency_code=settings.currency_code,
        time_zone=settings.time_zone,
        day_cutoff_minutes=settings.day_cutoff_minutes,
    )


def employee_of(message: staff_pb2.Employee) -> Employee:
    """As the caller wants them; without an id a new one. Raises InvalidArgument (INVALID_ID)."""
    return Employee(
        id=parse_id(message.id) if message.id else new_id(),
        name=message.name,
        user_id=_id(message.user_id),
        job=" ".join(message.job.split()),
        hourly_rate_minor=message.hourly_rate_minor,
        currency_code=message.currency_code,
        active=message.active,
        version=message.version,
    )


def filter_of(request: staff_api.ListTimecardsRequest) -> CardFilter:
    """Raises InvalidArgument (INVALID_ID)."""
    return CardFilter(
        employee_id=_id(request.employee_id),
        open_only=request.open_only,
        from_time=instant(request, "from_time"),
        until_time=instant(request, "until_time"),
    )


def _id(text: str) -> UUID | None:
    return parse_id(text) if text else None


# -- written -------------------------------------------------------------------------------------------------


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


def card_message(card: Timecard, restaurant_id: UUID) -> staff_pb2.Timecard:
    """A time card."""
    return staff_pb2.Timecard(
        id=str(card.id),
        restaurant_id=str(restaurant_id),
        employee_id=str(card.employee_id),
        employee_name=card.employee_name,
        clocked_in_at=timestamp(card.clocked_in_at),
        clocked_out_at=timestamp(card.clocked_out_at),
        time_zone=card.time_zone,
        worked_minutes=card.worked_minutes,
        flags=card.flags,
        business_date=card.business_date.isoformat(),
        version=card.version,
    )


# -- events --------------------------------------------------------------------------------------------------


def employee_saved(employee: Employee, restaurant_id: UUID) -> staff_events.EmployeeSaved:
    """Somebody was added or changed."""
    return staff_events.EmployeeSaved(employee=employee_message(employee, restaurant_id))


def shift_started(card: Timecard, restaurant_id: UUID) -> staff_events.ShiftStarted:
    """A card was opened."""
    return staff_events.ShiftStarted(timecard=card_message(card, restaurant_id))


def shift_ended(card: Timecard, restaurant_id: UUID) -> staff_events.ShiftEnded:
    """A card was closed, by its worker or because it was forgotten."""
    return staff_events.ShiftEnded(timecard=card_message(card, restaurant_id))
