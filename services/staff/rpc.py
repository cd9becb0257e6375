"""The gRPC face of staff: parse, use case, serialise."""

import base64
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse
from fynlo.realtime.v1.realtime_pb2 import StaffState
from fynlo.staff.v1 import staff_service_pb2 as api
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceServicer

from chassis.channel_source import ChannelSource
from chassis.commands import command_of
from chassis.db import Database
from chassis.errors import InvalidArgument
from chassis.ids import parse_id
from chassis.rpc import current_principal
from services.staff import usecases, wire
from services.staff.usecases import AskAuth, Worker, place_of

PAGE_DEFAULT = 50
PAGE_MAX = 200


class StaffRpc(StaffServiceServicer):
    """fynlo.staff.v1.StaffService."""

    def __init__(self, db: Database, ask_auth: AskAuth) -> None:
        self._db = db
        self._ask_auth = ask_auth

    async def SaveEmployee(  # noqa: N802
        self, request: api.SaveEmployeeRequest, context: object
    ) -> api.SaveEmployeeResponse:
        """A new employee, or the next version of one."""
        command, wanted = command_of("SaveEmployee", request), wire.employee_of(request.employee)
        place = await place_of(self._db, command.tenant, self._ask_auth)
        is_new = not request.employee.id
        return await usecases.save_employee(self._db, command, wanted, place, is_new=is_new)

    async def ListEmployees(  # noqa: N802
        self, request: api.ListEmployeesRequest, context: object
    ) -> api.ListEmployeesResponse:
        """A page of employees by name."""
        tenant, limit = current_principal().tenant, _limit(request.page)
        found = await usecases.list_employees(
            self._db,
            tenant,
            inactive_too=request.include_inactive,
            after=_after(request.page),
            limit=limit + 1,
        )
        page = found[:limit]
        return api.ListEmployeesResponse(
            employees=[wire.employee_message(each, tenant) for each in page],
            next_cursor=_cursor(page[-1].id) if len(found) > limit else "",
        )

    async def ClockIn(self, request: api.ClockInRequest, context: object) -> api.ClockInResponse:  # noqa: N802
        """The caller's card, or another person's."""
        command, worker = command_of("ClockIn", request), _worker(request.employee_id)
        place = await place_of(self._db, command.tenant, self._ask_auth)
        return await usecases.clock_in(self._db, command, worker, place)

    async def ClockOut(self, request: api.ClockOutRequest, context: object) -> api.ClockOutResponse:  # noqa: N802
        """The caller's card, or another person's."""
        command, worker = command_of("ClockOut", request), _worker(request.employee_id)
        return await usecases.clock_out(self._db, command, worker)

    async def ListTimecards(  # noqa: N802
        self, request: api.ListTimecardsRequest, context: object
    ) -> api.ListTimecardsResponse:
        """A page of cards, newest first."""
        tenant, limit = current_principal().tenant, _limit(request.page)
        found = await usecases.list_timecards(
            self._db,
            tenant,
            wire.filter_of(request),
            before=_after(request.page),
            limit=limit + 1,
        )
        page = found[:limit]
        return api.ListTimecardsResponse(
            timecards=[wire.card_message(each, tenant) for each in page],
            next_cursor=_cursor(page[-1].id) if len(found) > limit else "",
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


def _limit(page: common_pb2.PageRequest) -> int:
    return min(page.limit or PAGE_DEFAULT, PAGE_MAX)


def _cursor(last_id: UUID) -> str:
    return base64.urlsafe_b64encode(last_id.bytes).decode()


def _after(page: common_pb2.PageRequest) -> UUID | None:
    """The last thing of the page before. Raises InvalidArgument (INVALID_CURSOR)."""
    if not page.cursor:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(page.cursor))
    except ValueError:
        raise InvalidArgument("This is no cursor of this list.", reason="INVALID_CURSOR") from None
