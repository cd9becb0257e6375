"""Suppliers."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from fynlo.catalog.v1.stock_service_pb2_grpc import StockServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.catalog.domain.supplier import Supplier
from services.catalog.usecases import supplier as suppliers
from services.catalog.wire.supplier import supplier, supplier_in


def _saved(found: Supplier) -> stock_api.SaveSupplierResponse:
    return stock_api.SaveSupplierResponse(supplier=supplier(found))


def _deleted(_: None) -> stock_api.DeleteSupplierResponse:
    return stock_api.DeleteSupplierResponse()


SAVED = Answer(stock_api.SaveSupplierResponse, _saved)
DELETED = Answer(stock_api.DeleteSupplierResponse, _deleted)


class SupplierRpc(StockServiceServicer):
    """Listing, saving and removing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ListSuppliers(
        self, request: stock_api.ListSuppliersRequest, context: object
    ) -> stock_api.ListSuppliersResponse:
        """A page of suppliers by id."""
        page, tenant = page_of(request, BY_ID), current_principal().tenant
        found = await suppliers.list_suppliers(self._db, tenant, page.after, page.one_more)
        shown, following = page.cut(found, lambda one: one.id)
        return stock_api.ListSuppliersResponse(
            suppliers=[supplier(each) for each in shown], next_cursor=following
        )

    async def SaveSupplier(
        self, request: stock_api.SaveSupplierRequest, context: object
    ) -> stock_api.SaveSupplierResponse:
        """A new supplier, or one as the caller wants it."""
        command, wanted = command_of("SaveSupplier", request), supplier_in(request.supplier)
        return await suppliers.save_supplier(self._db, command, wanted, not request.supplier.id, SAVED)

    async def DeleteSupplier(
        self, request: stock_api.DeleteSupplierRequest, context: object
    ) -> stock_api.DeleteSupplierResponse:
        """A supplier of whom nothing comes."""
        command, supplier_id = command_of("DeleteSupplier", request), parse_id(request.supplier_id)
        return await suppliers.delete_supplier(self._db, command, supplier_id, DELETED)
