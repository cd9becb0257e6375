"""LinesService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import lines_service_pb2 as lines_api
from fynlo.orders.v1.lines_service_pb2_grpc import LinesServiceServicer

from chassis.auth.trust import Trust
from chassis.rpc import current_principal
from services.orders.domain.approval import UNAPPROVED
from services.orders.rpc import deeds
from services.orders.rpc.approval import Approvals
from services.orders.rpc.asking import Context, command_of, with_order
from services.orders.usecases.order.line import add_lines, change_line, void_line
from services.orders.usecases.ports import Dependencies
from services.orders.wire.line import edit_of
from services.orders.wire.order import wanted_lines

SERVICE = lines_api.DESCRIPTOR.services_by_name["LinesService"].full_name
ADDED = with_order(lines_api.AddLinesResponse)
VOIDED = with_order(lines_api.VoidLineResponse)
CHANGED = with_order(lines_api.ChangeLineResponse)


class LinesRpc(LinesServiceServicer):
    """Lines of an order that is there already."""

    def __init__(self, deps: Dependencies, trust: Trust) -> None:
        self._deps = deps
        self._approvals = Approvals(trust, SERVICE)

    async def AddLines(
        self, request: lines_api.AddLinesRequest, context: Context
    ) -> lines_api.AddLinesResponse:
        command, order_id = command_of("AddLines", request), UUID(request.order_id)
        # Lines without an id are the request's own: the same lines under another key are others.
        asked_for = f"{command.key.scope}:{command.key.key}".encode() + command.key.request_hash
        wanted = wanted_lines(request.lines, order_id, asked_for)
        authority = UNAPPROVED
        if any(line.override_reason for line in wanted):
            authority = await self._approvals.behind("AddLines", current_principal(), request.approval)
        reply = await add_lines(self._deps, command, order_id, wanted, request.menu_version, ADDED, authority)
        deeds.tell_lines_added(reply.order)
        return reply

    async def VoidLine(
        self, request: lines_api.VoidLineRequest, context: Context
    ) -> lines_api.VoidLineResponse:
        principal = current_principal()
        return await void_line(
            self._deps,
            command_of("VoidLine", request),
            UUID(request.order_id),
            UUID(request.line_id),
            request.quantity,
            request.reason.strip(),
            await self._approvals.behind("VoidLine", principal, request.approval),
            VOIDED,
        )

    async def ChangeLine(
        self, request: lines_api.ChangeLineRequest, context: Context
    ) -> lines_api.ChangeLineResponse:
        command, order_id = command_of("ChangeLine", request), UUID(request.order_id)
        reply = await change_line(
            self._deps, command, order_id, UUID(request.line_id), edit_of(request), CHANGED
        )
        deeds.tell_line_changed(reply.order)
        return reply
