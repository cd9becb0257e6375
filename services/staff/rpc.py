"""The gRPC face of staff: parse, use case, serialise."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse
from fynlo.realtime.v1.realtime_pb2 import StaffState
from fynlo.staff.v1 import staff_service_pb2 as staff_api
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceServicer

from chassis.db import Database
from chassis.db.commands import command_of
from chassis.ids import parse_id
from chassis.messaging.channel_source import ChannelSource
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.staff import usecases, wire
from services.staff.usecases import AskAuth, Worker, place_of


class StaffRpc(StaffServiceServicer):
    """fynlo.staff.v1.StaffService."""

    def __init__(self, db: Database, ask_auth: AskAuth) -> None:
        self._db = db
        self._ask_auth = ask_auth

    async def SaveEmployee(
        self, request: staff_api.SaveEmployeeRequest, context: object
    ) -> staff_api.SaveEmployeeResponse:
        """A new employee, or the next version of one."""
        command, wanted = command_of("SaveEmployee", request), wire.employee_of(request.employee)
        place = await place_of(self._db, command.tenant, self._ask_auth)
        is_new = not request.employee.id
        return await usecases.save_employee(self._db, command, wanted, place, is_new=is_new)

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
            employees=[wire.employee_message(each, tenant) for each in shown],
            next_cursor=following,
        )

    async def ClockIn(self, request: staff_api.ClockInRequest, context: object) -> staff_api.ClockInResponse:
        """The caller's card, or another person's."""
        command, worker = command_of("ClockIn", request), _worker(request.employee_id)
        place = await place_of(self._db, command.tenant, self._ask_auth)
        return await usecases.clock_in(self._db, command, worker, place)

    async def ClockOut(
        self, request: staff_api.ClockOutRequest, context: object
    ) -> staff_api.ClockOutResponse:
        """The caller's card, or another person's."""
        command, worker = command_of("ClockOut", request), _worker(request.employee_id)
        return await usecases.clock_out(self._db, command, worker)

    async def ListTimecards(
        self, request: staff_api.ListTimecardsRequest, context: object
    ) -> staff_api.ListTimecardsResponse:
        """A page of cards, newest first."""
        tenant, page = current_principal().tenant, page_of(request, BY_ID)
        found = await usecases.list_timecards(
            self._db,
            tenant,
            wire.filter_of(request),
            before=page.after,
            limit=page.one_more,
        )
        shown, following = page.cut(found, lambda one: one.id)
        return staff_api.ListTimecardsResponse(
            timecards=[wire.card_message(each, tenant) for each in shown],
            next_cursor=following,
        )


class StaffChannels(ChannelSource):
    """What realtime asks the owner of the channel ``staff``."""

    async def snapshot(self, tenant: UUID, channel: str) -> GetSnapshotResponse:
        """Open cards, and the position at which they hold."""
        snapshot = await usecases.snapshot(self._db, tenant, channel)
        state = StaffState(timecards=[wire.card_message(card, tenant) for card in snapshot.cards])
        return GetSnapshotResponse(epoch=snapshot.epoch, seq=snapshot.seq, staff=state)


def _worker(employee_id: str) -> Worker:
    principal = current_principal()
    named = parse_id(employee_id) if employee_id else None
    return Worker(named, principal.subject, lambda: principal.require("staff.manage"))
