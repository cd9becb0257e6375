"""Employees and the time clock."""

from fastapi import Request
from fynlo.common.v1.common_pb2 import PageRequest
from fynlo.staff.v1 import staff_service_pb2 as messages
from fynlo.staff.v1.staff_pb2 import Employee
from fynlo_json import staff as staff_json
from starlette.responses import Response

from gateway import examples
from gateway.calls import if_match, path_id, reading, tagged, writing
from gateway.models import bodies
from gateway.models.staff_answers import EmployeeOut, EmployeePage, TimecardOut, TimecardPage
from gateway.spec import PAGE_QUERY, Errors, router, spec

routes = router()

_EMPLOYEE_ERRORS: Errors = (("409", "user_already_employed"), ("422", "currency_mismatch"))


@routes.get(
    "/employees",
    **spec(
        "List employees",
        tag="staff",
        permission="staff.read",
        answer=EmployeePage,
        example={"items": [examples.EMPLOYEE], "next_cursor": None},
        query=(*PAGE_QUERY, ("include_inactive", "true: also those who left")),
    ),
)
async def list_employees(request: Request) -> Response:
    """By name."""
    async with reading(request) as call:
        inactive = call.flag("include_inactive")
        reply = await call.services.staff.ListEmployees(
            messages.ListEmployeesRequest(page=PageRequest(**call.page()), include_inactive=inactive)
        )
        items = [staff_json.employee(one) for one in reply.employees]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.post(
    "/employees",
    **spec(
        "Add an employee",
        tag="staff",
        permission="staff.manage",
        status=201,
        answer=EmployeeOut,
        example=examples.EMPLOYEE,
        body=bodies.EmployeeIn,
        body_example=examples.EMPLOYEE_IN,
        errors=_EMPLOYEE_ERRORS,
        key="optional",
    ),
)
async def add_employee(request: Request) -> Response:
    """Somebody who works here and may or may not log in."""
    async with writing(request) as call:
        employee = _employee_of(await call.body(bodies.EmployeeIn))
        message = messages.SaveEmployeeRequest(request_id=call.key, employee=employee)
        reply = await call.write(call.services.staff.SaveEmployee(message))
        return call.answer(staff_json.employee(reply.employee), 201, tagged(reply.employee.version))


@routes.put(
    "/employees/{employee_id}",
    **spec(
        "Change an employee",
        tag="staff",
        permission="staff.manage",
        answer=EmployeeOut,
        example=examples.EMPLOYEE,
        body=bodies.EmployeeIn,
        body_example=examples.EMPLOYEE_IN,
        missing="employee_not_found",
        errors=_EMPLOYEE_ERRORS,
        key="optional",
        matches=True,
    ),
)
async def change_employee(request: Request) -> Response:
    """Nobody is deleted: active false keeps the records that the law wants kept."""
    async with writing(request) as call:
        employee = _employee_of(await call.body(bodies.EmployeeIn))
        employee.id = call.id_of("employee_id")
        employee.version = if_match(request)
        message = messages.SaveEmployeeRequest(request_id=call.key, employee=employee)
        reply = await call.write(call.services.staff.SaveEmployee(message))
        return call.answer(staff_json.employee(reply.employee), headers=tagged(reply.employee.version))


@routes.post(
    "/timecards/clock-in",
    **spec(
        "Clock in",
        tag="staff",
        permission="staff.clock",
        status=201,
        answer=TimecardOut,
        example=examples.TIMECARD,
        body=bodies.ClockIn,
        body_example={},
        errors=(("404", "employee_not_found"), ("409", "already_clocked_in"), ("409", "employee_inactive")),
        key="optional",
    ),
)
async def clock_in(request: Request) -> Response:
    """Oneself, or another person with staff.manage."""
    async with writing(request) as call:
        body = await call.body(bodies.ClockIn)
        message = messages.ClockInRequest(request_id=call.key, employee_id=str(body.employee_id or ""))
        reply = await call.write(call.services.staff.ClockIn(message))
        return call.answer(staff_json.timecard(reply.timecard), 201)


@routes.post(
    "/timecards/clock-out",
    **spec(
        "Clock out",
        tag="staff",
        permission="staff.clock",
        answer=TimecardOut,
        example=examples.TIMECARD,
        body=bodies.ClockIn,
        body_example={},
        errors=(("404", "employee_not_found"), ("409", "not_clocked_in")),
        key="optional",
    ),
)
async def clock_out(request: Request) -> Response:
    """Minutes are counted in UTC, so a night when the clocks change is paid right."""
    async with writing(request) as call:
        body = await call.body(bodies.ClockIn)
        message = messages.ClockOutRequest(request_id=call.key, employee_id=str(body.employee_id or ""))
        reply = await call.write(call.services.staff.ClockOut(message))
        return call.answer(staff_json.timecard(reply.timecard))


@routes.get(
    "/timecards",
    **spec(
        "List time cards",
        tag="staff",
        permission="staff.read",
        answer=TimecardPage,
        errors=(("404", "not_found"),),
        example={"items": [examples.TIMECARD], "next_cursor": None},
        query=(*PAGE_QUERY, ("employee_id", "cards of one person"), ("open", "true: only open cards")),
    ),
)
async def list_timecards(request: Request) -> Response:
    """Newest first."""
    async with reading(request) as call:
        query = request.query_params
        reply = await call.services.staff.ListTimecards(
            messages.ListTimecardsRequest(
                page=PageRequest(**call.page()),
                employee_id=path_id(query["employee_id"]) if "employee_id" in query else "",
                open_only=call.flag("open"),
            )
        )
        items = [staff_json.timecard(card) for card in reply.timecards]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


def _employee_of(body: bodies.EmployeeIn) -> Employee:
    return Employee(
        name=body.name,
        user_id=str(body.user_id or ""),
        job=body.job,
        hourly_rate_minor=body.hourly_rate_minor,
        active=body.active,
    )
