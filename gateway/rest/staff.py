"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.staff.v1.
"""

from typing import Annotated, Final
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.staff.v1 import staff_pb2, staff_service_pb2
from fynlo_json import staff as staff_json
from pydantic import Field

from gateway.bodies import Body
from gateway.calls import Call
from gateway.plain import Route


class Employee(Body):
    """What Employee takes."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    user_id: UUID | None = None
    job: Annotated[str, Field(max_length=60)] | None = None
    hourly_rate_minor: Annotated[int, Field(ge=0, le=1000000)] = 0
    active: bool = True


def employee(of: Employee) -> staff_pb2.Employee:
    return staff_pb2.Employee(
        name=of.name,
        user_id=str(of.user_id or ""),
        job=of.job or "",
        hourly_rate_minor=of.hourly_rate_minor,
        active=of.active,
    )


class ClockInRequest(Body):
    """What ClockInRequest takes."""

    employee_id: UUID | None = None


class ClockOutRequest(Body):
    """What ClockOutRequest takes."""

    employee_id: UUID | None = None


def _save_employee(call: Call, body: Employee) -> staff_service_pb2.SaveEmployeeRequest:
    return staff_service_pb2.SaveEmployeeRequest(request_id=call.key, employee=employee(body))


def _save_employee_seen(call: Call, body: Employee) -> staff_service_pb2.SaveEmployeeRequest:
    request = staff_service_pb2.SaveEmployeeRequest(request_id=call.key, employee=employee(body))
    request.employee.id = call.id_of("employee_id")
    request.employee.version = call.version
    return request


def _list_employees(call: Call, body: None) -> staff_service_pb2.ListEmployeesRequest:
    return staff_service_pb2.ListEmployeesRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        include_inactive=call.flag("include_inactive"),
    )


def _clock_in(call: Call, body: ClockInRequest) -> staff_service_pb2.ClockInRequest:
    return staff_service_pb2.ClockInRequest(request_id=call.key, employee_id=str(body.employee_id or ""))


def _clock_out(call: Call, body: ClockOutRequest) -> staff_service_pb2.ClockOutRequest:
    return staff_service_pb2.ClockOutRequest(request_id=call.key, employee_id=str(body.employee_id or ""))


def _list_timecards(call: Call, body: None) -> staff_service_pb2.ListTimecardsRequest:
    return staff_service_pb2.ListTimecardsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        employee_id=call.query_id("employee_id"),
        open_only=call.flag("open"),
    )


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        verb="POST",
        path="/api/v2/employees",
        service="fynlo.staff.v1.StaffService",
        name="SaveEmployee",
        request=_save_employee,
        body=Employee,
        answer=lambda of: staff_json.employee(of.employee),
        status=201,
        key="optional",
        permission="staff.manage",
        etag=lambda of: f'"{of.employee.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/employees/{employee_id}",
        service="fynlo.staff.v1.StaffService",
        name="SaveEmployee",
        request=_save_employee_seen,
        body=Employee,
        answer=lambda of: staff_json.employee(of.employee),
        key="optional",
        permission="staff.manage",
        etag=lambda of: f'"{of.employee.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/employees",
        service="fynlo.staff.v1.StaffService",
        name="ListEmployees",
        request=_list_employees,
        answer=staff_json.list_employees_response,
        permission="staff.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/timecards/clock-in",
        service="fynlo.staff.v1.StaffService",
        name="ClockIn",
        request=_clock_in,
        body=ClockInRequest,
        answer=lambda of: staff_json.timecard(of.timecard),
        status=201,
        key="optional",
        permission="staff.clock",
    ),
    Route(
        verb="POST",
        path="/api/v2/timecards/clock-out",
        service="fynlo.staff.v1.StaffService",
        name="ClockOut",
        request=_clock_out,
        body=ClockOutRequest,
        answer=lambda of: staff_json.timecard(of.timecard),
        key="optional",
        permission="staff.clock",
    ),
    Route(
        verb="GET",
        path="/api/v2/timecards",
        service="fynlo.staff.v1.StaffService",
        name="ListTimecards",
        request=_list_timecards,
        answer=staff_json.list_timecards_response,
        permission="staff.read",
        reads=True,
    ),
)
