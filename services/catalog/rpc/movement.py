"""Movements of stock, and what makes them by hand."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any
from uuid import UUID

from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from fynlo.catalog.v1.stock_service_pb2_grpc import StockServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, M, command_of
from chassis.ids import parse_id
from chassis.instants import instant
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_TIME, page_of
from services.catalog.domain.movement import MovementKind, Told
from services.catalog.domain.stock import StockLevel
from services.catalog.usecases.stock import ledger, recording
from services.catalog.wire.movement import filter_in, movement
from services.catalog.wire.stock import level, policy_in


def _with_level(reply: type[M]) -> Answer[StockLevel, M]:
    made: Any = reply
    return Answer(reply, lambda found: made(level=level(found)))


COUNTED = _with_level(stock_api.RecordCountResponse)
WASTED = _with_level(stock_api.RecordWasteResponse)
DELIVERED = _with_level(stock_api.RecordDeliveryResponse)
POLICY_SET = _with_level(stock_api.SetStockPolicyResponse)


class MovementRpc(StockServiceServicer):
    """The ledger, and telling of the shelf."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ListMovements(
        self, request: stock_api.ListMovementsRequest, context: object
    ) -> stock_api.ListMovementsResponse:
        """A page of movements, the newest first."""
        page, tenant = page_of(request, BY_TIME), current_principal().tenant
        found = await ledger.list_movements(self._db, tenant, filter_in(request), page.after, page.one_more)
        shown, following = page.cut(found, lambda one: (one.movement.occurred_at, one.movement.id))
        return stock_api.ListMovementsResponse(
            movements=[movement(each) for each in shown], next_cursor=following
        )

    async def RecordCount(
        self, request: stock_api.RecordCountRequest, context: object
    ) -> stock_api.RecordCountResponse:
        """What is on the shelf."""
        command, item_id = command_of("RecordCount", request), parse_id(request.item_id)
        told = self._told(MovementKind.COUNT, request)
        return await recording.record(self._db, command, item_id, told, COUNTED)

    async def RecordWaste(
        self, request: stock_api.RecordWasteRequest, context: object
    ) -> stock_api.RecordWasteResponse:
        """What was thrown away."""
        command, item_id = command_of("RecordWaste", request), parse_id(request.item_id)
        told = self._told(MovementKind.WASTE, request)
        return await recording.record(self._db, command, item_id, told, WASTED)

    async def RecordDelivery(
        self, request: stock_api.RecordDeliveryRequest, context: object
    ) -> stock_api.RecordDeliveryResponse:
        """What came."""
        command, item_id = command_of("RecordDelivery", request), parse_id(request.item_id)
        told = self._told(MovementKind.DELIVERY, request)
        return await recording.record(self._db, command, item_id, told, DELIVERED)

    async def SetStockPolicy(
        self, request: stock_api.SetStockPolicyRequest, context: object
    ) -> stock_api.SetStockPolicyResponse:
        """Under which rules an item is counted."""
        command, item_id = command_of("SetStockPolicy", request), parse_id(request.item_id)
        policy = policy_in(request.policy)
        return await recording.set_stock_policy(
            self._db, command, item_id, policy, request.reorder_point, POLICY_SET
        )

    def _told(
        self,
        kind: MovementKind,
        request: stock_api.RecordCountRequest
        | stock_api.RecordWasteRequest
        | stock_api.RecordDeliveryRequest,
    ) -> Told:
        actor: UUID | None = current_principal().subject
        occurred_at, reason = instant(request, "occurred_at"), request.reason.strip()
        return recording.told_now(self._db, kind, request.quantity, occurred_at, reason, actor)
