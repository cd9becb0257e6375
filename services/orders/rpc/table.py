"""Tables."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any
from uuid import UUID

from fynlo.orders.v1 import floor_service_pb2 as floor_api
from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceServicer

from chassis.db.commands import Answer, M
from chassis.rpc import current_principal
from services.orders.domain.table import Table
from services.orders.rpc import deeds
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases import table as tables
from services.orders.usecases.ports import Dependencies
from services.orders.wire.table import table_message, wanted_reservation, wanted_table


def _with_table(reply: type[M]) -> Answer[Table, M]:
    made: Any = reply
    return Answer(reply, lambda table: made(table=table_message(table)))


def _deleted(_: None) -> floor_api.DeleteTableResponse:
    return floor_api.DeleteTableResponse()


SAVED = _with_table(floor_api.SaveTableResponse)
CLEARED = _with_table(floor_api.ClearTableResponse)
RESERVED = _with_table(floor_api.ReserveTableResponse)
UNRESERVED = _with_table(floor_api.CancelReservationResponse)
DELETED = Answer(floor_api.DeleteTableResponse, _deleted)


class TableRpc(FloorServiceServicer):
    """Where tables stand, and what people say of them."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListTables(
        self, request: floor_api.ListTablesRequest, context: Context
    ) -> floor_api.ListTablesResponse:
        found = await tables.list_tables(self._deps, current_principal().tenant)
        return floor_api.ListTablesResponse(tables=[table_message(table) for table in found])

    async def SaveTable(
        self, request: floor_api.SaveTableRequest, context: Context
    ) -> floor_api.SaveTableResponse:
        command, table = command_of("SaveTable", request), wanted_table(request.table)
        return await tables.save_table(self._deps, command, table, not request.table.id, SAVED)

    async def DeleteTable(
        self, request: floor_api.DeleteTableRequest, context: Context
    ) -> floor_api.DeleteTableResponse:
        command, table_id = command_of("DeleteTable", request), UUID(request.table_id)
        return await tables.delete_table(self._deps, command, table_id, DELETED)

    async def ClearTable(
        self, request: floor_api.ClearTableRequest, context: Context
    ) -> floor_api.ClearTableResponse:
        command, table_id = command_of("ClearTable", request), UUID(request.table_id)
        reply = await tables.clear_table(self._deps, command, table_id, CLEARED)
        deeds.tell_cleared(reply.table)
        return reply

    async def ReserveTable(
        self, request: floor_api.ReserveTableRequest, context: Context
    ) -> floor_api.ReserveTableResponse:
        command, table_id = command_of("ReserveTable", request), UUID(request.table_id)
        wanted = wanted_reservation(request)
        return await tables.reserve_table(self._deps, command, table_id, wanted, RESERVED)

    async def CancelReservation(
        self, request: floor_api.CancelReservationRequest, context: Context
    ) -> floor_api.CancelReservationResponse:
        command, table_id = command_of("CancelReservation", request), UUID(request.table_id)
        return await tables.cancel_reservation(self._deps, command, table_id, UNRESERVED)
