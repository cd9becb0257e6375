"""Employees."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.staff.v1 import staff_service_pb2 as staff_api
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.staff.domain.employee import Employee
from services.staff.usecases import employee as usecases
from services.staff.usecases.ports import Restaurants
from services.staff.wire.employee import employee_message, employee_of


class EmployeeRpc(StaffServiceServicer):
    """Saving and listing."""

    def __init__(self, db: Database, owner: Restaurants) -> None:
        self._db = db
        self._owner = owner

    async def SaveEmployee(
        self, request: staff_api.SaveEmployeeRequest, context: object
    ) -> staff_api.SaveEmployeeResponse:
        """A new employee, or the next version of one."""
        command, wanted = command_of("SaveEmployee", request), employee_of(request.employee)
        answer: Answer[Employee, staff_api.SaveEmployeeResponse] = Answer(
            staff_api.SaveEmployeeResponse,
            lambda saved: staff_api.SaveEmployeeResponse(employee=employee_message(saved, command.tenant)),
        )
        save = usecases.change_employee if request.employee.id else usecases.add_employee
        return await save(self._db, self._owner, command, wanted, answer)

    async def ListEmployees(
        self, request: staff_api.ListEmployeesRequest, context: object
    ) -> staff_api.ListEmployeesResponse:
        """A page of employees by name."""
        tenant, page = current_principal().tenant, page_of(request, BY_ID)
        found = await usecases.list_employees(
            self._db,
            tenant,
            inactive_too=request.include_inactive,
            after=page.after,
            limit=page.one_more,
        )
        shown, following = page.cut(found, lambda one: one.id)
        return staff_api.ListEmployeesResponse(
            employees=[employee_message(each, tenant) for each in shown],
            next_cursor=following,
        )
