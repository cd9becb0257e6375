"""The gRPC face of staff: parse, use case, serialise."""

import base64
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.realtime.v1 import channel_source_service_pb2 as channels_api
from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceServicer
from fynlo.realtime.v1.realtime_pb2 import ChannelEvent, StaffState
from fynlo.staff.v1 import staff_service_pb2 as api
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceServicer

from chassis import replay
from chassis.auth import PrincipalKind
from chassis.db import Database
from chassis.errors import InvalidArgument, NotFound
from chassis.idempotency import key_of
from chassis.ids import parse_id
from chassis.rpc import current_principal
from services.staff import usecases, wire
from services.staff.usecases import CHANNEL, AskAuth, Worker, place_of

PAGE_DEFAULT = 50
PAGE_MAX = 200
REPLAY_DEFAULT = 500

_OUTCOMES = {
    replay.ReplayOutcome.EVENTS: channels_api.REPLAY_OUTCOME_EVENTS,
    replay.ReplayOutcome.TOO_OLD: channels_api.REPLAY_OUTCOME_TOO_OLD,
    replay.ReplayOutcome.EPOCH_MISMATCH: channels_api.REPLAY_OUTCOME_EPOCH_CHANGED,
}


class UnknownChannel(NotFound):
    """staff owns the channel staff and no other."""


class StaffRpc(StaffServiceServicer):
    """fynlo.staff.v1.StaffService."""

    def __init__(self, db: Database, ask_auth: AskAuth) -> None:
        self._db = db
        self._ask_auth = ask_auth

    async def SaveEmployee(  # noqa: N802
        self, request: api.SaveEmployeeRequest, context: object
    ) -> api.SaveEmployeeResponse:
        """A new employee, or the next version of one."""
        principal = current_principal()
        place = await place_of(self._db, principal.tenant, self._ask_auth)
        return await usecases.save_employee(
            self._db,
            principal.tenant,
            wire.employee_of(request.employee),
            place,
            key_of("SaveEmployee", request, principal),
            is_new=not request.employee.id,
        )

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
        principal = current_principal()
        place = await place_of(self._db, principal.tenant, self._ask_auth)
        key = key_of("ClockIn", request, principal)
        return await usecases.clock_in(self._db, principal.tenant, _worker(request.employee_id), place, key)

    async def ClockOut(self, request: api.ClockOutRequest, context: object) -> api.ClockOutResponse:  # noqa: N802
        """The caller's card, or another person's."""
        principal = current_principal()
        key = key_of("ClockOut", request, principal)
        return await usecases.clock_out(self._db, principal.tenant, _worker(request.employee_id), key)

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


class StaffChannels(ChannelSourceServiceServicer):
    """What realtime asks the owner of the channel ``staff``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ReplayChannel(  # noqa: N802
        self, request: channels_api.ReplayChannelRequest, context: object
    ) -> channels_api.ReplayChannelResponse:
        """Events after a position, without a gap."""
        _check_channel(request.channel)
        page = await replay.replay(
            self._db,
            parse_id(request.restaurant_id),
            request.channel,
            request.epoch,
            request.from_seq,
            request.limit or REPLAY_DEFAULT,
        )
        return channels_api.ReplayChannelResponse(
            outcome=_OUTCOMES[page.outcome],
            epoch=page.epoch,
            head_seq=page.head_seq,
            events=[
                ChannelEvent(
                    seq=event.seq,
                    type=event.type,
                    payload=event.payload,
                    message_id=str(event.msg_id),
                    command_id=event.command_id or "",
                    occurred_at=wire.timestamp(event.created_at),
                )
                for event in page.events
            ],
        )

    async def GetSnapshot(  # noqa: N802
        self, request: channels_api.GetSnapshotRequest, context: object
    ) -> channels_api.GetSnapshotResponse:
        """Open cards, and the position at which they hold."""
        _check_channel(request.channel)
        principal = current_principal()
        is_person = principal.kind is PrincipalKind.USER or not request.restaurant_id
        tenant = principal.tenant if is_person else parse_id(request.restaurant_id)
        snapshot = await usecases.snapshot(self._db, tenant)
        state = StaffState(timecards=[wire.card_message(card, tenant) for card in snapshot.cards])
        return channels_api.GetSnapshotResponse(epoch=snapshot.epoch, seq=snapshot.seq, staff=state)


def _worker(employee_id: str) -> Worker:
    principal = current_principal()
    named = parse_id(employee_id) if employee_id else None
    return Worker(named, principal.subject, lambda: principal.require("staff.manage"))


def _check_channel(name: str) -> None:
    if name != CHANNEL:
        raise UnknownChannel(f"staff has no channel {name!r}.")


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
