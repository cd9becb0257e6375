"""Employees: who works here."""

from dataclasses import dataclass, replace
from uuid import UUID

from chassis.errors import (
    AlreadyExists,
    FieldError,
    InvalidArgument,
    NotFound,
    Stale,
    Unprocessable,
)
from services.staff.domain.restaurant import RestaurantCopy


class EmployeeNotFound(NotFound):
    """There is no such employee in this restaurant, or the caller is none."""


class UserAlreadyEmployed(AlreadyExists):
    """Another employee of this restaurant logs in as that user."""


class StaleVersion(Stale):
    """The employee was changed since the caller read them."""


class CurrencyMismatch(Unprocessable):
    """Wages are in the restaurant's currency."""


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works here. ``hourly_rate_minor`` in minor units of ``currency_code``; ``user_id`` is who
    they log in as, if they do.
    """

    id: UUID
    name: str
    user_id: UUID | None
    job: str
    hourly_rate_minor: int
    currency_code: str
    active: bool
    version: int


def new_employee(wanted: Employee, restaurant: RestaurantCopy) -> Employee:
    """Version 1 of ``wanted``. Raises CurrencyMismatch, InvalidArgument."""
    return replace(_checked(wanted, restaurant), version=1)


def changed_employee(stored: Employee, wanted: Employee, restaurant: RestaurantCopy) -> Employee:
    """``wanted`` as the next version of ``stored``; ``stored`` itself where nothing changes.

    Raises StaleVersion, CurrencyMismatch, InvalidArgument.
    """
    if wanted.version != stored.version:
        raise StaleVersion(
            f"Version {wanted.version} was changed, it is {stored.version} now.",
            metadata={"version": str(stored.version)},
        )
    checked = _checked(wanted, restaurant)
    return stored if checked == stored else replace(checked, version=stored.version + 1)


def _checked(wanted: Employee, restaurant: RestaurantCopy) -> Employee:
    name = " ".join(wanted.name.split())
    if not name:
        raise InvalidArgument(
            "Who?",
            reason="VALIDATION_FAILED",
            fields=[FieldError("employee.name", "REQUIRED", "must not be blank")],
        )
    if wanted.currency_code not in ("", restaurant.currency_code):
        raise CurrencyMismatch(f"Wages here are in {restaurant.currency_code}.")
    job = " ".join(wanted.job.split())
    return replace(wanted, name=name, job=job, currency_code=restaurant.currency_code)
