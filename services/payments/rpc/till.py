"""Drawers, their sessions and their channel over gRPC."""

# ruff: noqa: N802 - methods have the names of the contract

from uuid import UUID

from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2

from chassis.auth.trust import Trust
from chassis.db import Database
from chassis.db.commands import Answer
from chassis.db.idempotency import key_of
from chassis.ids import parse_id
from chassis.messaging.channel_source import ChannelSource
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_TIME, page_of
from services.payments.domain.report import TillClosed
from services.payments.domain.till import TillSession
from services.payments.rpc.actor import actor_of
from services.payments.rpc.approval import Approvals
from services.payments.rpc.fields import Context
from services.payments.rpc.report import SERVICE, ReportRpc
from services.payments.usecases import till as tills
from services.payments.usecases.ports import Peers
from services.payments.wire.report import till_report
from services.payments.wire.till import drawer_kind_in, till_session


def _opened(session: TillSession) -> payments_api.OpenTillResponse:
    return payments_api.OpenTillResponse(session=till_session(session))


def _recorded(session: TillSession) -> payments_api.RecordDrawerEventResponse:
    return payments_api.RecordDrawerEventResponse(session=till_session(session))


def _closed(closed: TillClosed) -> payments_api.CloseTillResponse:
    return payments_api.CloseTillResponse(
        session=till_session(closed.session), report=till_report(closed.report)
    )


OPENED = Answer(payments_api.OpenTillResponse, _opened)
RECORDED = Answer(payments_api.RecordDrawerEventResponse, _recorded)
CLOSED = Answer(payments_api.CloseTillResponse, _closed)


class TillRpc(ReportRpc):
    """Drawers and their sessions; with the reports of them the whole TillService."""

    def __init__(self, db: Database, peers: Peers, trust: Trust) -> None:
        super().__init__(db)
        self._peers = peers
        self._approvals = Approvals(trust, SERVICE)

    async def OpenTill(
        self, request: payments_api.OpenTillRequest, context: Context
    ) -> payments_api.OpenTillResponse:
        principal = current_principal()
        command = tills.OpenTill(
            tenant=principal.tenant,
            key=key_of("OpenTill", request, principal),
            actor=actor_of(principal),
            till=request.till,
            opening_float_minor=request.opening_float_minor,
        )
        return await tills.open_till(self._db, self._peers, command, OPENED)

    async def GetTillSession(
        self, request: payments_api.GetTillSessionRequest, context: Context
    ) -> payments_api.GetTillSessionResponse:
        session_id = parse_id(request.till_session_id)
        session = await tills.get_till_session(self._db, current_principal().tenant, session_id)
        return payments_api.GetTillSessionResponse(session=till_session(session))

    async def ListTillSessions(
        self, request: payments_api.ListTillSessionsRequest, context: Context
    ) -> payments_api.ListTillSessionsResponse:
        page = page_of(request, BY_TIME)
        shown, following = await tills.list_till_sessions(
            self._db, current_principal().tenant, page, open_only=request.open_only
        )
        return payments_api.ListTillSessionsResponse(
            sessions=[till_session(one) for one in shown], next_cursor=following
        )

    async def RecordDrawerEvent(
        self, request: payments_api.RecordDrawerEventRequest, context: Context
    ) -> payments_api.RecordDrawerEventResponse:
        principal = current_principal()
        command = tills.RecordDrawerEvent(
            tenant=principal.tenant,
            key=key_of("RecordDrawerEvent", request, principal),
            actor=actor_of(principal),
            till_session_id=parse_id(request.till_session_id),
            kind=drawer_kind_in(request.kind),
            amount_minor=request.amount_minor,
            reason=request.reason,
            authority=await self._approvals.behind("RecordDrawerEvent", principal, request.approval),
        )
        return await tills.record_drawer_event(self._db, command, RECORDED)

    async def CloseTill(
        self, request: payments_api.CloseTillRequest, context: Context
    ) -> payments_api.CloseTillResponse:
        principal = current_principal()
        command = tills.CloseTill(
            tenant=principal.tenant,
            key=key_of("CloseTill", request, principal),
            actor=actor_of(principal),
            till_session_id=parse_id(request.till_session_id),
            counted_minor=request.counted_minor,
            reason=request.reason,
            carry_over_order_ids=frozenset(parse_id(order) for order in request.carry_over_order_ids),
            authority=await self._approvals.behind("CloseTill", principal, request.approval),
        )
        response = await tills.close_till(self._db, command, CLOSED)
        # Not kept with the answer: replays of answers that are older than these fields have them as well.
        response.expected_minor = response.session.expected_minor
        response.counted_minor = response.session.counted_minor
        response.variance_minor = response.session.variance_minor
        return response


class ChannelRpc(ChannelSource):
    """The channel ``tills`` for the realtime service."""

    async def snapshot(self, tenant: UUID, channel: str) -> channel_source_api.GetSnapshotResponse:
        """Sessions that are not closed."""
        found = await tills.tills_snapshot(self._db, tenant, channel)
        state = realtime_pb2.TillsState(sessions=[till_session(one) for one in found.sessions])
        return channel_source_api.GetSnapshotResponse(epoch=found.epoch, seq=found.seq, tills=state)
