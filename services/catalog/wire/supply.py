"""Supply, and what to order."""

import csv
import io
from collections.abc import Sequence
from uuid import UUID

from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from fynlo.catalog.v1 import supplier_pb2

from chassis.ids import parse_id
from services.catalog.domain.menu_file.guard import guarded
from services.catalog.domain.supply import Suggestion, SupplierTotal, Supply, totals
from services.catalog.wire.ingredient import UNITS

CSV_TYPE = "text/csv"
FILE_NAME = "purchase-list.csv"
BYTE_ORDER_MARK = "\ufeff"
COLUMNS = ("supplier", "item", "packs", "pack_size", "unit", "quantity", "cost_minor", "on_hand", "on_order")


def supply_in(item_id: str, message: supplier_pb2.Supply) -> Supply:
    """As the caller wants it. Raises InvalidArgument (INVALID_ID)."""
    return Supply(
        parse_id(item_id),
        parse_id(message.supplier_id),
        message.pack_size,
        message.pack_cost_minor,
        message.safety_days,
        message.on_order,
        message.version,
    )


def supply(item_id: UUID, of: Supply | None) -> supplier_pb2.Supply:
    """As the contract says it; version 0 where nobody has said it."""
    if of is None:
        return supplier_pb2.Supply(item_id=str(item_id))
    return supplier_pb2.Supply(
        item_id=str(of.item_id),
        supplier_id=str(of.supplier_id),
        pack_size=of.pack_size,
        pack_cost_minor=of.pack_cost_minor,
        safety_days=of.safety_days,
        on_order=of.on_order,
        version=of.version,
    )


def reorder(found: Sequence[Suggestion]) -> stock_api.GetReorderResponse:
    """Suggestions, and what they come to by supplier."""
    return stock_api.GetReorderResponse(
        suggestions=[_suggestion(each) for each in found], suppliers=[_total(each) for each in totals(found)]
    )


def purchase_list(found: Sequence[Suggestion]) -> stock_api.GetReorderResponse:
    """The same as a file, without a cell that a spreadsheet program would run."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for each in found:
        stocked = each.stocked
        names = (guarded(stocked.supplier.name), guarded(stocked.item_name))
        pack = (each.packs, stocked.supply.pack_size, stocked.unit, each.quantity, each.cost_minor)
        writer.writerow((*names, *pack, stocked.on_hand, stocked.supply.on_order))
    content = (BYTE_ORDER_MARK + file.getvalue()).encode()
    return stock_api.GetReorderResponse(content=content, media_type=CSV_TYPE, file_name=FILE_NAME)


def _suggestion(of: Suggestion) -> supplier_pb2.ReorderSuggestion:
    stocked = of.stocked
    return supplier_pb2.ReorderSuggestion(
        item_id=str(stocked.supply.item_id),
        item_name=stocked.item_name,
        unit=UNITS[stocked.unit],
        supplier_id=str(stocked.supplier.id),
        supplier_name=stocked.supplier.name,
        on_hand=stocked.on_hand,
        on_order=stocked.supply.on_order,
        used=stocked.used,
        days=of.days,
        packs=of.packs,
        pack_size=stocked.supply.pack_size,
        quantity=of.quantity,
        cost_minor=of.cost_minor,
    )


def _total(of: SupplierTotal) -> supplier_pb2.SupplierTotal:
    return supplier_pb2.SupplierTotal(
        supplier_id=str(of.supplier.id),
        supplier_name=of.supplier.name,
        lead_days=of.supplier.lead_days,
        cost_minor=of.cost_minor,
        minimum_minor=of.supplier.minimum_minor,
        below_minimum=of.is_below_minimum,
    )
