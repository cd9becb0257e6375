"""The enumerations of the contract and those of the domain, both ways."""

from enum import StrEnum
from typing import Any, TypeVar

from fynlo.catalog.v1 import catalog_pb2
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import checks_pb2, discounts_pb2, documents_pb2, floor_pb2, orders_pb2, printing_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from services.orders.domain.check import CheckKind, CheckState, SplitMode
from services.orders.domain.discount import DiscountKind
from services.orders.domain.invoice import InvoiceKind
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment, State
from services.orders.domain.order.order import ServiceFlow
from services.orders.domain.print_job import PrintJobKind, PrintJobState
from services.orders.domain.printer import PrinterKind
from services.orders.domain.promotion import Scope
from services.orders.domain.table import TableShape, TableState
from services.orders.domain.ticket import LineStep, TicketStep
from services.orders.pricing import BillMode

E = TypeVar("E", bound=StrEnum)


def _table(kind: type[E], enum: Any, prefix: str) -> dict[E, Any]:
    return {member: enum.Value(f"{prefix}_{member.name}") for member in kind}


def _reverse(table: dict[E, Any]) -> dict[int, E]:
    return {number: member for member, number in table.items()}


ORDER_TYPE = _table(OrderType, common_pb2.OrderType, "ORDER_TYPE")
BILL_MODE = _table(BillMode, common_pb2.BillMode, "BILL_MODE")
SERVICE_FLOW = _table(ServiceFlow, orders_pb2.ServiceFlow, "SERVICE_FLOW")
LIFECYCLE = _table(Lifecycle, orders_pb2.Lifecycle, "LIFECYCLE")
PAYMENT = _table(Payment, orders_pb2.PaymentState, "PAYMENT_STATE")
KITCHEN = _table(Kitchen, orders_pb2.KitchenState, "KITCHEN_STATE")
STATE = _table(State, orders_pb2.OrderState, "ORDER_STATE")
TICKET_STEP = _table(TicketStep, orders_api.TicketAction, "TICKET_ACTION")
LINE_STEP = _table(LineStep, orders_api.TicketLineAction, "TICKET_LINE_ACTION")
TABLE_SHAPE = _table(TableShape, floor_pb2.TableShape, "TABLE_SHAPE")
TABLE_STATE = _table(TableState, floor_pb2.TableState, "TABLE_STATE")
DISCOUNT_KIND = _table(DiscountKind, discounts_pb2.DiscountKind, "DISCOUNT_KIND")
PROMOTION_SCOPE = _table(Scope, discounts_pb2.PromotionScope, "PROMOTION_SCOPE")
SPLIT_MODE = _table(SplitMode, checks_pb2.SplitMode, "SPLIT_MODE")
CHECK_STATE = _table(CheckState, checks_pb2.CheckState, "CHECK_STATE")
CHECK_KIND = _table(CheckKind, checks_pb2.CheckKind, "CHECK_KIND")
INVOICE_KIND = _table(InvoiceKind, documents_pb2.InvoiceKind, "INVOICE_KIND")
PRINTER_KIND = _table(PrinterKind, printing_pb2.PrinterKind, "PRINTER_KIND")
PRINT_JOB_KIND = _table(PrintJobKind, printing_pb2.PrintJobKind, "PRINT_JOB_KIND")
PRINT_JOB_STATE = _table(PrintJobState, printing_pb2.PrintJobState, "PRINT_JOB_STATE")
ALLERGENS: dict[int, str] = {
    number: name.removeprefix("ALLERGEN_").removeprefix("CEREALS_CONTAINING_").lower()
    for name, number in catalog_pb2.Allergen.items()
    if number
}
"""What the fourteen are called on paper, by their numbers."""
ORDER_TYPE_OF = _reverse(ORDER_TYPE)
BILL_MODE_OF = _reverse(BILL_MODE)
SERVICE_FLOW_OF = _reverse(SERVICE_FLOW)
STATE_OF = _reverse(STATE)
KITCHEN_OF = _reverse(KITCHEN)
TICKET_STEP_OF = _reverse(TICKET_STEP)
LINE_STEP_OF = _reverse(LINE_STEP)
SPLIT_MODE_OF = _reverse(SPLIT_MODE)
CHECK_KIND_OF = _reverse(CHECK_KIND)
TABLE_SHAPE_OF = _reverse(TABLE_SHAPE)
DISCOUNT_KIND_OF = _reverse(DISCOUNT_KIND)
PROMOTION_SCOPE_OF = _reverse(PROMOTION_SCOPE)
INVOICE_KIND_OF = _reverse(INVOICE_KIND)
PRINTER_KIND_OF = _reverse(PRINTER_KIND)
