"""The clock and its cards."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse
from fynlo.staff.v1 import staff_service_pb2 as staff_api
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from chassis.messaging.channel_source import ChannelSource
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.staff.domain.time_card import Timecard
from services.staff.usecases import time_card as usecases
from services.staff.usecases.ports import Restaurants
from services.staff.usecases.time_card import Worker
from services.staff.wire.time_card import card_message, filter_of, snapshot_response


class TimeCardRpc(StaffServiceServicer):
    """Punching and listing."""

    def __init__(self, db: Database, owner: Restaurants) -> None:
        self._db = db
        self._owner = owner

    async def ClockIn(self, request: staff_api.ClockInRequest, context: object) -> staff_api.ClockInResponse:
        """The caller's card, or another person's."""
        command, worker = command_of("ClockIn", request), _worker(request.employee_id)
        answer: Answer[Timecard, staff_api.ClockInResponse] = Answer(
            staff_api.ClockInResponse,
            lambda card: staff_api.ClockInResponse(timecard=card_message(card, command.tenant)),
        )
        return await usecases.clock_in(self._db, self._owner, command, worker, answer)

    async def ClockOut(
        self, request: staff_api.ClockOutRequest, context: object
    ) -> staff_api.ClockOutResponse:
        """The caller's card, or another person's."""
        command, worker = command_of("ClockOut", request), _worker(request.employee_id)
        answer: Answer[Timecard, staff_api.ClockOutResponse] = Answer(
            staff_api.ClockOutResponse,
            lambda card: staff_api.ClockOutResponse(timecard=card_message(card, command.tenant)),
        )
        return await usecases.clock_out(self._db, command, worker, answer)

    async def ListTimecards(
        self, request: staff_api.ListTimecardsRequest, context: object
    ) -> staff_api.ListTimecardsResponse:
        """A page of cards, newest first."""
        tenant, page = current_principal().tenant, page_of(request, BY_ID)
        found = await usecases.list_timecards(
            self._db,
            tenant,
            filter_of(request),
            before=page.after,
            limit=page.one_more,
        )
        shown, following = page.cut(found, lambda one: one.id)
        return staff_api.ListTimecardsResponse(
            timecards=[card_message(each, tenant) for each in shown],
            next_cursor=following,
        )


class StaffChannels(ChannelSource):
    """What realtime asks the owner of the channel ``staff``."""

    async def snapshot(self, tenant: UUID, channel: str) -> GetSnapshotResponse:
        """Open cards, and the position at which they hold."""
        return snapshot_response(await usecases.open_cards(self._db, tenant, channel), tenant)


def _worker(employee_id: str) -> Worker:
    principal = current_principal()
    named = parse_id(employee_id) if employee_id else None
    return Worker(named, principal.subject, lambda: principal.require("staff.manage"))
