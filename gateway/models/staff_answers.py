"""Employees and the time clock, as OpenAPI shows them."""

from gateway.models.answers import Answer


class EmployeeOut(Answer):
    """Somebody who works here; the rate is per hour. ``version`` is what If-Match wants."""

    id: str
    restaurant_id: str
    name: str
    user_id: str | None
    job: str | None
    hourly_rate_minor: int
    currency: str
    active: bool
    version: int


class EmployeePage(Answer):
    items: list[EmployeeOut]
    next_cursor: str | None


class TimecardOut(Answer):
    """One shift; ``clocked_out_at`` and ``worked_minutes`` None while it lasts."""

    id: str
    restaurant_id: str
    employee_id: str
    employee_name: str | None
    clocked_in_at: str
    clocked_out_at: str | None
    time_zone: str
    worked_minutes: int | None
    flags: list[str]
    business_date: str
    version: int


class TimecardPage(Answer):
    items: list[TimecardOut]
    next_cursor: str | None
