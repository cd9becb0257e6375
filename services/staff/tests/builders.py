"""Restaurants, people and cards for the tests of staff."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fynlo.common.v1 import common_pb2

from chassis.ids import new_id
from services.staff.domain.employee import Employee
from services.staff.domain.restaurant import RestaurantCopy
from services.staff.domain.time_card import Timecard

LONDON = RestaurantCopy(version=1, currency_code="GBP", time_zone="Europe/London", day_cutoff_minutes=240)


def settings_message(
    restaurant_id: UUID, version: int = 1, time_zone: str = "Europe/London"
) -> common_pb2.RestaurantSettings:
    """What auth publishes of a restaurant."""
    return common_pb2.RestaurantSettings(
        restaurant_id=str(restaurant_id),
        version=version,
        name="Casa",
        currency_code="GBP",
        time_zone=time_zone,
        day_cutoff_minutes=240,
    )


def employee(name: str = "Mia", *, user_id: UUID | None = None, active: bool = True) -> Employee:
    """A server at 12.80 an hour."""
    return Employee(new_id(), name, user_id, "server", 1280, "GBP", active, version=1)


def open_card(worker: Employee, since: datetime) -> Timecard:
    """The card of a shift that goes on."""
    return Timecard(
        id=new_id(),
        employee_id=worker.id,
        employee_name=worker.name,
        clocked_in_at=since,
        clocked_out_at=None,
        time_zone="Europe/London",
        business_date=date(2026, 3, 2),
        flags=(),
        version=1,
    )


@dataclass(slots=True)
class Auth:
    """Stands for auth: knows one kind of restaurant and counts the questions."""

    asked: int = 0

    async def restaurant(self, restaurant_id: UUID) -> RestaurantCopy:
        """London."""
        self.asked += 1
        return LONDON
