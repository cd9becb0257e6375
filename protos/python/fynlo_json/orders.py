"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.orders.v1.
"""

from typing import Final

from fynlo.orders.v1 import (
    checks_pb2,
    checks_service_pb2,
    customers_pb2,
    customers_service_pb2,
    discounts_pb2,
    discounts_service_pb2,
    documents_pb2,
    documents_service_pb2,
    events_pb2,
    floor_pb2,
    floor_service_pb2,
    kitchen_pb2,
    kitchen_service_pb2,
    lines_pb2,
    orders_pb2,
    orders_service_pb2,
    printing_pb2,
    printing_service_pb2,
    slots_pb2,
    slots_service_pb2,
    station_pb2,
    transfers_pb2,
)

from fynlo_json.catalog import ALLERGEN
from fynlo_json.common import BILL_MODE, ORDER_TYPE, actor
from fynlo_json.payments import method_cost
from fynlo_json.scalars import EnumNames, Json, instant

CHECK_KIND: Final = EnumNames(checks_pb2.CheckKind, "CHECK_KIND_")
CHECK_STATE: Final = EnumNames(checks_pb2.CheckState, "CHECK_STATE_")
DISCOUNT_KIND: Final = EnumNames(discounts_pb2.DiscountKind, "DISCOUNT_KIND_")
INVOICE_KIND: Final = EnumNames(documents_pb2.InvoiceKind, "INVOICE_KIND_")
KITCHEN_STATE: Final = EnumNames(orders_pb2.KitchenState, "KITCHEN_STATE_")
LIFECYCLE: Final = EnumNames(orders_pb2.Lifecycle, "LIFECYCLE_")
ORDER_STATE: Final = EnumNames(orders_pb2.OrderState, "ORDER_STATE_")
PAYMENT_STATE: Final = EnumNames(orders_pb2.PaymentState, "PAYMENT_STATE_")
PRINT_JOB_KIND: Final = EnumNames(printing_pb2.PrintJobKind, "PRINT_JOB_KIND_")
PRINT_JOB_STATE: Final = EnumNames(printing_pb2.PrintJobState, "PRINT_JOB_STATE_")
PRINTER_KIND: Final = EnumNames(printing_pb2.PrinterKind, "PRINTER_KIND_")
PROMOTION_SCOPE: Final = EnumNames(discounts_pb2.PromotionScope, "PROMOTION_SCOPE_")
SERVICE_FLOW: Final = EnumNames(orders_pb2.ServiceFlow, "SERVICE_FLOW_")
SPLIT_MODE: Final = EnumNames(checks_pb2.SplitMode, "SPLIT_MODE_")
TABLE_SHAPE: Final = EnumNames(floor_pb2.TableShape, "TABLE_SHAPE_")
TABLE_STATE: Final = EnumNames(floor_pb2.TableState, "TABLE_STATE_")
TICKET_ACTION: Final = EnumNames(orders_service_pb2.TicketAction, "TICKET_ACTION_")
TICKET_LINE_ACTION: Final = EnumNames(orders_service_pb2.TicketLineAction, "TICKET_LINE_ACTION_")


def all_day_item(of: kitchen_pb2.AllDayItem) -> Json:
    """So much of one thing is still to be made, over all tickets."""
    return {
        "item_id": of.item_id or None,
        "name": of.name,
        "options": [_chosen_option_of_all_day_item(one) for one in of.options],
        "quantity": of.quantity,
    }


def check(of: checks_pb2.Check) -> Json:
    """One bill of an order that is split. Once money is on it none of it changes but what is paid."""
    return {
        "id": of.id,
        "label": of.label,
        "lines": [check_line(one) for one in of.lines],
        "goods_minor": of.goods_minor,
        "discount_minor": of.discount_minor,
        "service_charge_minor": of.service_charge_minor,
        "vat_minor": of.vat_minor,
        "total_minor": of.total_minor,
        "paid_minor": of.paid_minor,
        "due_minor": of.due_minor,
        "state": CHECK_STATE[of.state],
        "kind": CHECK_KIND[of.kind],
        "seats": list(of.seats),
        "vat": [check_vat(one) for one in of.vat],
    }


def check_line(of: checks_pb2.CheckLine) -> Json:
    """A line of a check."""
    return {
        "line_id": of.line_id,
        "share": of.share,
    }


def check_vat(of: checks_pb2.CheckVat) -> Json:
    """All of a check that one VAT rate applies to: goods, and the service charge where it is taxed, with their VAT."""
    return {
        "rate_bp": of.rate_bp,
        "gross_minor": of.gross_minor,
        "vat_minor": of.vat_minor,
    }


def chosen_option(of: orders_pb2.ChosenOption) -> Json:
    return {
        "option_id": of.option_id,
        "name": of.name,
        "quantity": of.quantity,
        "price_delta_minor": of.price_delta_minor,
        **({"parent_option_id": of.parent_option_id} if of.parent_option_id else {}),
        **({"is_size": of.is_size} if of.is_size else {}),
        **({"item_id": of.item_id} if of.item_id else {}),
    }


def claim_print_job_response(of: printing_service_pb2.ClaimPrintJobResponse) -> Json:
    return {
        "job": print_job(of.job) if of.HasField("job") else None,
        "payload": of.payload or None,
    }


def coming_order(of: slots_pb2.ComingOrder) -> Json:
    """An order that was promised and is not handed over."""
    return {
        "order_id": of.order_id,
        "order_number": of.order_number or None,
        "order_type": ORDER_TYPE[of.order_type],
        "scheduled_for": instant(of.scheduled_for) if of.HasField("scheduled_for") else None,
        "customer_name": of.customer_name or None,
        "table": of.table_name or None,
        "items": of.items,
        "kitchen_at": instant(of.kitchen_at) if of.HasField("kitchen_at") else None,
        "fired": of.fired,
    }


def customer(of: customers_pb2.Customer) -> Json:
    """Somebody whom the restaurant knows by name. No event carries any of it."""
    return {
        "id": of.id,
        "name": of.name,
        "phone": of.phone or None,
        "email": of.email or None,
        "address": of.address or None,
        "vat_number": of.vat_number or None,
        "notes": of.notes or None,
        "marketing_consent": of.marketing_consent,
        "consent_source": of.consent_source or None,
        "consented_at": instant(of.consented_at) if of.HasField("consented_at") else None,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "version": of.version,
    }


def discount(of: discounts_pb2.Discount) -> Json:
    """What is taken off an order, by a person or by a promotion. They are taken off in the order: promotions on items, discounts of lines, promotions on orders, discounts of the order, comps; within each percentages before amounts."""
    return {
        "id": of.id,
        "kind": DISCOUNT_KIND[of.kind],
        "value_bp": of.value_bp or None,
        "value_minor": of.value_minor or None,
        "amount_minor": of.amount_minor,
        "line_id": of.line_id or None,
        "reason": of.reason or None,
        "by": actor(of.by) if of.HasField("by") else None,
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
        "given_at": instant(of.given_at) if of.HasField("given_at") else None,
        "promotion": {
            "id": of.promotion_id,
            "name": of.promotion_name or None,
        }
        if of.promotion_id
        else None,
        **({"of_order_id": of.of_order_id} if of.of_order_id else {}),
    }


def expo_order(of: kitchen_pb2.ExpoOrder) -> Json:
    """An order whose food is in the kitchen, or waits to be brought."""
    return {
        "order_id": of.order_id,
        "order_number": of.order_number or None,
        "table": of.table_name or None,
        "stations": [expo_station(one) for one in of.stations],
        "ready": of.ready,
    }


def expo_station(of: kitchen_pb2.ExpoStation) -> Json:
    """How far a station is with an order: its least advanced ticket."""
    return {
        "station_id": of.station_id,
        "name": of.name or None,
        "state": KITCHEN_STATE[of.state],
    }


def find_stations_of_item_response(of: kitchen_service_pb2.FindStationsOfItemResponse) -> Json:
    return {
        "items": [item_station(one) for one in of.stations],
    }


def get_all_day_response(of: kitchen_service_pb2.GetAllDayResponse) -> Json:
    return {
        "items": [all_day_item(one) for one in of.items],
    }


def get_expo_response(of: kitchen_service_pb2.GetExpoResponse) -> Json:
    return {
        "orders": [expo_order(one) for one in of.orders],
    }


def get_order_history_response(of: orders_service_pb2.GetOrderHistoryResponse) -> Json:
    return {
        "items": [state_change(one) for one in of.changes],
    }


def get_station_times_response(of: kitchen_service_pb2.GetStationTimesResponse) -> Json:
    return {
        "station_id": of.station_id,
        "target_seconds": of.target_seconds,
        "hours": [ready_times(one) for one in of.hours],
        "days": [ready_times(one) for one in of.days],
    }


def guest_allergy(of: orders_pb2.GuestAllergy) -> Json:
    """What a guest must not eat, as the guest says it. Health data: it is told to whoever takes or cooks the order."""
    return {
        "allergens": [ALLERGEN[one] for one in of.allergens],
        "text": of.text or None,
    }


def invoice(of: documents_pb2.Invoice) -> Json:
    """The numbered document of an order that is done, or its correction. It never changes. Amounts of a credit note are positive: they are what the customer gets back."""
    return {
        "id": of.id,
        "kind": INVOICE_KIND[of.kind],
        "number": of.number,
        "order_id": of.order_id,
        "order_number": of.order_number,
        "invoice_id": of.invoice_id or None,
        "invoice_number": of.invoice_number or None,
        "issued_at": instant(of.issued_at) if of.HasField("issued_at") else None,
        "business_date": of.business_date,
        "seller": party(of.seller),
        "customer": party(of.customer),
        "customer_id": of.customer_id or None,
        "currency": of.currency_code,
        "lines": [invoice_line(one) for one in of.lines],
        "vat": [vat_group(one) for one in of.vat],
        "vat_minor": of.vat_minor,
        "total_minor": of.total_minor,
        "issued_by": actor(of.issued_by) if of.HasField("issued_by") else None,
        "reason": of.reason or None,
    }


def invoice_line(of: documents_pb2.InvoiceLine) -> Json:
    return {
        "line_id": of.line_id,
        "name": of.name,
        "quantity": of.quantity,
        "amount_minor": of.amount_minor,
        "vat_rate_bp": of.vat_rate_bp,
        "vat_minor": of.vat_minor,
        "outside_vat": of.outside_vat,
    }


def item_station(of: kitchen_service_pb2.ItemStation) -> Json:
    return {
        "station_id": of.station_id,
        "name": of.name,
    }


def item_unrouted(of: events_pb2.ItemUnrouted) -> Json:
    """No station takes an item, and an order of it was not sent to the kitchen: for managers. Once, until stations change."""
    return {
        "item": unrouted_item(of.item),
    }


def items_routed(of: events_pb2.ItemsRouted) -> Json:
    """Stations have changed since these items went nowhere: whether they still do, the next order of them shows."""
    return {
        "item_ids": list(of.item_ids),
    }


def kitchen_order_ready(of: events_pb2.KitchenOrderReady) -> Json:
    """Everything that the kitchen had to make of an order is ready."""
    return {
        "order": order(of.order),
    }


def line_added(of: lines_pb2.LineAdded) -> Json:
    """With which version of its order a line came, and when."""
    return {
        "version": of.version,
        "at": instant(of.at) if of.HasField("at") else None,
    }


def line_moved_from(of: transfers_pb2.LineMovedFrom) -> Json:
    """Where a line of this order has come from."""
    return {
        "order_id": of.order_id,
        "order_number": of.order_number,
        "merged": of.merged,
    }


def line_moved_to(of: transfers_pb2.LineMovedTo) -> Json:
    """Where a line of this order has gone. It stays here as a line of which nothing is left."""
    return {
        "order_id": of.order_id,
        "order_number": of.order_number,
        "quantity": of.quantity,
    }


def line_portion(of: orders_pb2.LinePortion) -> Json:
    """A part of a line that has a VAT rate of its own: an option of another VAT class, or a component of a combo. The amounts of a line's portions add up to the line's."""
    return {
        "name": of.name,
        "vat_rate_bp": of.vat_rate_bp,
        "gross_minor": of.gross_minor,
        "vat_minor": of.vat_minor,
    }


def line_timing(of: slots_pb2.LineTiming) -> Json:
    """When the kitchen has to do with a line."""
    return {
        "preparation_minutes": of.preparation_minutes or None,
        "fire_at": instant(of.fire_at) if of.HasField("fire_at") else None,
    }


def line_void(of: lines_pb2.LineVoid) -> Json:
    """Units that were taken off a line: nobody pays for them."""
    return {
        "quantity": of.quantity,
        "gross_minor": of.gross_minor,
        "reason": of.reason,
        "voided_by": actor(of.voided_by),
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
        "voided_at": instant(of.voided_at) if of.HasField("voided_at") else None,
        "wasted": of.wasted,
    }


def list_checks_response(of: checks_service_pb2.ListChecksResponse) -> Json:
    return {
        "checks": [check(one) for one in of.checks],
    }


def list_coming_orders_response(of: slots_service_pb2.ListComingOrdersResponse) -> Json:
    return {
        "items": [coming_order(one) for one in of.orders],
    }


def list_customers_response(of: customers_service_pb2.ListCustomersResponse) -> Json:
    return {
        "items": [customer(one) for one in of.customers],
        "next_cursor": of.next_cursor or None,
    }


def list_invoices_response(of: documents_service_pb2.ListInvoicesResponse) -> Json:
    return {
        "items": [invoice(one) for one in of.invoices],
        "next_cursor": of.next_cursor or None,
    }


def list_orders_response(of: orders_service_pb2.ListOrdersResponse) -> Json:
    return {
        "items": [order(one) for one in of.orders],
        "next_cursor": of.next_cursor or None,
    }


def list_print_jobs_response(of: printing_service_pb2.ListPrintJobsResponse) -> Json:
    return {
        "items": [print_job(one) for one in of.jobs],
        "next_cursor": of.next_cursor or None,
    }


def list_printers_response(of: printing_service_pb2.ListPrintersResponse) -> Json:
    return {
        "items": [printer(one) for one in of.printers],
        "next_cursor": of.next_cursor or None,
    }


def list_promotions_response(of: discounts_service_pb2.ListPromotionsResponse) -> Json:
    return {
        "items": [promotion(one) for one in of.promotions],
        "next_cursor": of.next_cursor or None,
    }


def list_sections_response(of: floor_service_pb2.ListSectionsResponse) -> Json:
    return {
        "items": [section(one) for one in of.sections],
        "next_cursor": of.next_cursor or None,
    }


def list_slots_response(of: slots_service_pb2.ListSlotsResponse) -> Json:
    return {
        "items": [slot(one) for one in of.slots],
    }


def list_stations_response(of: orders_service_pb2.ListStationsResponse) -> Json:
    return {
        "items": [station(one) for one in of.stations],
        "next_cursor": of.next_cursor or None,
    }


def list_tables_response(of: floor_service_pb2.ListTablesResponse) -> Json:
    return {
        "items": [table(one) for one in of.tables],
        "next_cursor": of.next_cursor or None,
    }


def list_tickets_response(of: orders_service_pb2.ListTicketsResponse) -> Json:
    return {
        "items": [ticket(one) for one in of.tickets],
        "next_cursor": of.next_cursor or None,
    }


def merged_into(of: transfers_pb2.MergedInto) -> Json:
    """The order that this one is part of now."""
    return {
        "order_id": of.order_id,
        "number": of.number,
    }


def merged_order(of: transfers_pb2.MergedOrder) -> Json:
    """An order that is part of this one until they are taken apart."""
    return {
        "order_id": of.order_id,
        "number": of.number,
        "table": {
            "id": of.table_id,
            "name": of.table_name or None,
        }
        if of.table_id
        else None,
        "covers": of.covers or None,
    }


def metrics_updated(of: events_pb2.MetricsUpdated) -> Json:
    return {
        "metrics": restaurant_metrics(of.metrics),
    }


def order(of: orders_pb2.Order) -> Json:
    return {
        "id": of.id,
        "restaurant_id": of.restaurant_id,
        "number": of.number or None,
        "state": ORDER_STATE[of.state],
        "lifecycle": LIFECYCLE[of.lifecycle],
        "payment_state": PAYMENT_STATE[of.payment_state],
        "kitchen_state": KITCHEN_STATE[of.kitchen_state],
        "service_flow": SERVICE_FLOW[of.service_flow],
        "order_type": ORDER_TYPE[of.order_type],
        "table": {
            "id": of.table_id,
            "name": of.table_name or None,
        }
        if of.table_id
        else None,
        "covers": of.covers or None,
        "customer_id": of.customer_id or None,
        "currency": of.currency_code,
        "business_date": of.business_date,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "updated_at": instant(of.updated_at) if of.HasField("updated_at") else None,
        "version": of.version,
        "lines": [order_line(one) for one in of.lines],
        "vat": [vat_group(one) for one in of.vat],
        "totals": order_totals(of.totals),
        "bill_mode": BILL_MODE[of.bill_mode],
        "menu_version": of.menu_version or None,
        "placed_by": actor(of.placed_by) if of.HasField("placed_by") else None,
        "completed_at": instant(of.completed_at) if of.HasField("completed_at") else None,
        "unsent_since": instant(of.unsent_since) if of.HasField("unsent_since") else None,
        "guest_allergy": guest_allergy(of.guest_allergy) if of.HasField("guest_allergy") else None,
        "note": of.note or None,
        "discounts": [discount(one) for one in of.discounts],
        "invoice_number": of.invoice_number or None,
        "split": split(of.split) if of.HasField("split") else None,
        **({"merged": [merged_order(one) for one in of.merged]} if of.merged else {}),
        **({"merged_into": merged_into(of.merged_into)} if of.HasField("merged_into") else {}),
        "scheduled_for": instant(of.scheduled_for) if of.HasField("scheduled_for") else None,
        "customer_name": of.customer_name or None,
    }


def order_cancelled(of: events_pb2.OrderCancelled) -> Json:
    return {
        "order": order(of.order),
        "tickets": [ticket(one) for one in of.tickets],
        "reason": of.reason,
        "wasted": of.wasted,
    }


def order_completed(of: events_pb2.OrderCompleted) -> Json:
    return {
        "order": order(of.order),
    }


def order_line(of: orders_pb2.OrderLine) -> Json:
    return {
        "id": of.id or None,
        "item_id": of.item_id,
        "category_id": of.category_id or None,
        "name": of.name,
        "quantity": of.quantity,
        "unit_price_minor": of.unit_price_minor,
        "options": [chosen_option(one) for one in of.options],
        "note": of.note or None,
        "seat": of.seat or None,
        "course": of.course or None,
        "hold": of.hold,
        "gross_minor": of.gross_minor,
        "discount_minor": of.discount_minor,
        "vat_rate_bp": of.vat_rate_bp,
        "vat_minor": of.vat_minor,
        "kitchen_state": KITCHEN_STATE[of.kitchen_state],
        "voided": of.voided,
        "allergens": [ALLERGEN[one] for one in of.allergens],
        "voids": [line_void(one) for one in of.voids],
        "added": line_added(of.added) if of.HasField("added") else None,
        **({"may_contain": [ALLERGEN[one] for one in of.may_contain]} if of.may_contain else {}),
        **({"portions": [line_portion(one) for one in of.portions]} if of.portions else {}),
        **({"override": sale_override(of.override)} if of.HasField("override") else {}),
        **({"moved_to": line_moved_to(of.moved_to)} if of.HasField("moved_to") else {}),
        **({"moved_from": line_moved_from(of.moved_from)} if of.HasField("moved_from") else {}),
        "timing": line_timing(of.timing) if of.HasField("timing") else None,
    }


def order_payment_recorded(of: events_pb2.OrderPaymentRecorded) -> Json:
    """Money was booked on an order."""
    return {
        "order": order(of.order),
        "payment_id": of.payment_id,
        "method": of.method,
        "amount_minor": of.amount_minor,
        "tickets": [ticket(one) for one in of.tickets],
    }


def order_placed(of: events_pb2.OrderPlaced) -> Json:
    """An order left the draft stage: it is accepted and has a number. Exactly once per order. Tickets are those that it fired at once (pay_later); none for pay_first."""
    return {
        "order": order(of.order),
        "tickets": [ticket(one) for one in of.tickets],
    }


def order_totals(of: orders_pb2.OrderTotals) -> Json:
    return {
        "goods_minor": of.goods_minor,
        "discount_minor": of.discount_minor,
        "service_charge_minor": of.service_charge_minor,
        "vat_minor": of.vat_minor,
        "total_minor": of.total_minor,
        "paid_minor": of.paid_minor,
        "due_minor": of.due_minor,
    }


def order_updated(of: events_pb2.OrderUpdated) -> Json:
    """Anything else about an order changed; tickets are those that changed with it."""
    return {
        "order": order(of.order),
        "tickets": [ticket(one) for one in of.tickets],
        "cause": of.cause,
    }


def party(of: documents_pb2.Party) -> Json:
    """A name and an address as a document prints them."""
    return {
        "name": of.name,
        "address": of.address,
        "vat_number": of.vat_number or None,
    }


def print_job(of: printing_pb2.PrintJob) -> Json:
    """Something to be printed on one printer. Absolute: the newest version replaces all before it."""
    return {
        "id": of.id,
        "printer_id": of.printer_id,
        "printer_name": of.printer_name,
        "kind": PRINT_JOB_KIND[of.kind],
        "title": of.title,
        "order_id": of.order_id,
        "state": PRINT_JOB_STATE[of.state],
        "attempts": of.attempts,
        "error": of.error or None,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "next_at": instant(of.next_at) if of.HasField("next_at") else None,
        "rerouted_to": of.rerouted_to or None,
        "rerouted_from": of.rerouted_from or None,
        "version": of.version,
    }


def print_job_updated(of: events_pb2.PrintJobUpdated) -> Json:
    """A print job is new, or has moved. Whole: the newest version replaces all before it."""
    return {
        "job": print_job(of.job),
    }


def printer(of: printing_pb2.Printer) -> Json:
    """A printer of the restaurant that takes ESC/POS. Where it is in the house's network is known to its agent alone."""
    return {
        "id": of.id,
        "name": of.name,
        "kind": PRINTER_KIND[of.kind],
        "width": of.width,
        "station_id": of.station_id or None,
        "fallback_id": of.fallback_id or None,
        "version": of.version,
    }


def printer_removed(of: events_pb2.PrinterRemoved) -> Json:
    """There is no such printer any more. The version is newer than any that it had."""
    return {
        "printer_id": of.printer_id,
        "version": of.version,
    }


def printer_saved(of: events_pb2.PrinterSaved) -> Json:
    """A printer is new, or has changed."""
    return {
        "printer": printer(of.printer),
    }


def promotion(of: discounts_pb2.Promotion) -> Json:
    """A discount that the restaurant gives to everybody at certain times: a happy hour, a lunch deal. What is ordered in its time has it; what is ordered later has it not."""
    return {
        "id": of.id,
        "name": of.name,
        "kind": DISCOUNT_KIND[of.kind],
        "value_bp": of.value_bp or None,
        "value_minor": of.value_minor or None,
        "scope": PROMOTION_SCOPE[of.scope],
        "item_ids": list(of.item_ids),
        "category_ids": list(of.category_ids),
        "weekdays": list(of.weekdays),
        "from_minutes": of.from_minutes,
        "until_minutes": of.until_minutes,
        "effective_from": of.effective_from or None,
        "effective_until": of.effective_until or None,
        "active": of.active,
        "version": of.version,
    }


def quote(of: orders_service_pb2.Quote) -> Json:
    """What a basket costs, and what each way to pay would cost the restaurant: an answer of REST."""
    return {
        **_order_of_quote(of.order),
        "payment_costs": [method_cost(one) for one in of.payment_costs],
    }


def ready_times(of: station_pb2.ReadyTimes) -> Json:
    """How long tickets that were fired in an hour or on a business day took to be ready. Half of them took no longer than p50, nine of ten no longer than p90."""
    return {
        "starts_at": instant(of.starts_at) if of.HasField("starts_at") else None,
        "tickets": of.tickets,
        "p50_seconds": of.p50_seconds,
        "p90_seconds": of.p90_seconds,
    }


def reservation(of: floor_pb2.Reservation) -> Json:
    """That guests are expected at a table."""
    return {
        "from": instant(of.starts_at) if of.HasField("starts_at") else None,
        "minutes": of.minutes,
        "name": of.name,
    }


def restaurant_metrics(of: orders_pb2.RestaurantMetrics) -> Json:
    """Today's figures of a restaurant, for dashboards."""
    return {
        "business_date": of.business_date or None,
        "currency": of.currency_code or None,
        "orders_placed": of.orders_placed,
        "orders_open": of.orders_open,
        "orders_done": of.orders_done,
        "orders_cancelled": of.orders_cancelled,
        "gross_minor": of.gross_minor,
        "paid_minor": of.paid_minor,
        "tickets_open": of.tickets_open,
        "computed_at": instant(of.computed_at) if of.HasField("computed_at") else None,
    }


def sale_override(of: lines_pb2.SaleOverride) -> Json:
    """A line that was sold although it was not on sale then: outside its hours, or taken off."""
    return {
        "reason": of.reason,
        "by": actor(of.by),
        "approved_by": actor(of.approved_by) if of.HasField("approved_by") else None,
    }


def section(of: floor_pb2.Section) -> Json:
    """A part of the floor: a room, a terrace, the bar."""
    return {
        "id": of.id,
        "name": of.name,
        "position": of.position,
        "version": of.version,
    }


def section_removed(of: events_pb2.SectionRemoved) -> Json:
    """There is no such section any more. The version is newer than any that it had."""
    return {
        "section_id": of.section_id,
        "version": of.version,
    }


def section_saved(of: events_pb2.SectionSaved) -> Json:
    """A section is new, or has changed."""
    return {
        "section": section(of.section),
    }


def slot(of: slots_pb2.Slot) -> Json:
    """A time that can be promised, and what is left of it."""
    return {
        "starts_at": instant(of.starts_at) if of.HasField("starts_at") else None,
        "order_type": ORDER_TYPE[of.order_type],
        "orders": of.orders,
        "items": of.items,
        "orders_left": of.orders_left if of.HasField("orders_left") else None,
        "items_left": of.items_left if of.HasField("items_left") else None,
        "free": of.free,
    }


def slot_limit(of: slots_pb2.SlotLimit) -> Json:
    """How much of one order type may be promised for a slot."""
    return {
        "order_type": ORDER_TYPE[of.order_type],
        "orders": of.orders or None,
        "items": of.items or None,
    }


def slot_settings(of: slots_pb2.SlotSettings) -> Json:
    """When a restaurant promises orders, and how many."""
    return {
        "limited": of.limited,
        "slot_minutes": of.slot_minutes,
        "from_minutes": of.from_minutes,
        "until_minutes": of.until_minutes,
        "days_ahead": of.days_ahead,
        "limits": [slot_limit(one) for one in of.limits],
        "fire_together": of.fire_together,
        "version": of.version,
    }


def split(of: checks_pb2.Split) -> Json:
    """How the bill of an order is split. The kitchen knows nothing of it."""
    return {
        "mode": SPLIT_MODE[of.mode],
        "ways": of.ways or None,
        "checks": [check(one) for one in of.checks],
    }


def split_order_response(of: checks_service_pb2.SplitOrderResponse) -> Json:
    return {
        "checks": [check(one) for one in of.checks],
    }


def state_change(of: orders_pb2.StateChange) -> Json:
    return {
        "sequence": of.sequence,
        "axis": of.axis,
        "from": of.from_value or None,
        "to": of.to_value or None,
        "command_id": of.command_id or None,
        "actor": actor(of.actor) if of.HasField("actor") else None,
        "occurred_at": instant(of.occurred_at) if of.HasField("occurred_at") else None,
        "recorded_at": instant(of.recorded_at) if of.HasField("recorded_at") else None,
        "reason": of.reason or None,
    }


def station(of: orders_pb2.Station) -> Json:
    return {
        "id": of.id,
        "name": of.name,
        "position": of.position,
        "category_ids": list(of.category_ids),
        "is_default": of.is_default,
        "target_minutes": of.target_minutes,
        "version": of.version,
        "routes": [station_route(one) for one in of.routes],
        "target_seconds": of.target_seconds or None,
        "fallback_station_id": of.fallback_station_id or None,
        "closed": of.closed,
    }


def station_hours(of: station_pb2.StationHours) -> Json:
    """Hours of every day, in the restaurant's time zone."""
    return {
        "from_minutes": of.from_minutes,
        "until_minutes": of.until_minutes,
    }


def station_removed(of: events_pb2.StationRemoved) -> Json:
    """There is no such station any more. The version is newer than any that it had."""
    return {
        "station_id": of.station_id,
        "version": of.version,
    }


def station_route(of: station_pb2.StationRoute) -> Json:
    """Which lines a station gets: those that are all that the route names. It names something.

    Of the routes that a line fits, those count that say most of it: one with an option goes before one with the item, that before one with its category; between equals one with an order type goes first, then one with hours. Every station that has such a route gets the line, at most four of them, the first by position; where none has, the default station does."""
    return {
        "item_id": of.item_id or None,
        "category_id": of.category_id or None,
        "option_id": of.option_id or None,
        "order_types": [ORDER_TYPE[one] for one in of.order_types],
        "hours": station_hours(of.hours) if of.HasField("hours") else None,
    }


def station_saved(of: events_pb2.StationSaved) -> Json:
    return {
        "station": station(of.station),
    }


def table(of: floor_pb2.Table) -> Json:
    """A table where it stands, and what is going on at it. Absolute: the newest version replaces all before it."""
    return {
        "id": of.id,
        "name": of.name,
        "section_id": of.section_id,
        "seats": of.seats,
        "shape": TABLE_SHAPE[of.shape],
        "x": of.x,
        "y": of.y,
        "state": TABLE_STATE[of.state],
        "order_ids": list(of.order_ids),
        "covers": of.covers or None,
        "server_id": of.server_id or None,
        "reservation": reservation(of.reservation) if of.HasField("reservation") else None,
        "version": of.version,
        **({"joined_table_ids": list(of.joined_table_ids)} if of.joined_table_ids else {}),
    }


def table_removed(of: events_pb2.TableRemoved) -> Json:
    """There is no such table any more. The version is newer than any that it had."""
    return {
        "table_id": of.table_id,
        "version": of.version,
    }


def table_updated(of: events_pb2.TableUpdated) -> Json:
    """A table is new, stands elsewhere, or something else goes on at it. Whole: the newest version replaces all before it."""
    return {
        "table": table(of.table),
    }


def ticket(of: orders_pb2.Ticket) -> Json:
    """What one station gets of one order (and course). Absolute: the newest revision replaces all before it."""
    return {
        "id": of.id,
        "order_id": of.order_id,
        "order_number": of.order_number or None,
        "station_id": of.station_id,
        "station": of.station_name or None,
        "revision": of.revision,
        "state": KITCHEN_STATE[of.state],
        "course": of.course or None,
        "table": of.table_name or None,
        "order_type": ORDER_TYPE[of.order_type],
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "target_at": instant(of.target_at) if of.HasField("target_at") else None,
        "allergy": [ALLERGEN[one] for one in of.allergens],
        "lines": [ticket_line(one) for one in of.lines],
        "ready_at": instant(of.ready_at) if of.HasField("ready_at") else None,
        "acknowledged_at": instant(of.acknowledged_at) if of.HasField("acknowledged_at") else None,
        "business_date": of.business_date,
        "guest_allergy": guest_allergy(of.guest_allergy) if of.HasField("guest_allergy") else None,
        "allergy_acknowledged_at": instant(of.allergy_acknowledged_at)
        if of.HasField("allergy_acknowledged_at")
        else None,
        "note": of.note or None,
        "rerouted_from_station_id": of.rerouted_from_station_id or None,
        "rerouted_at": instant(of.rerouted_at) if of.HasField("rerouted_at") else None,
        **({"may_contain": [ALLERGEN[one] for one in of.may_contain]} if of.may_contain else {}),
        "scheduled_for": instant(of.scheduled_for) if of.HasField("scheduled_for") else None,
        **({"moved_from": ticket_moved_from(of.moved_from)} if of.HasField("moved_from") else {}),
    }


def ticket_alarm(of: orders_pb2.TicketAlarm) -> Json:
    """A ticket that the kitchen has not seen."""
    return {
        "ticket": ticket(of.ticket),
        "cause": of.cause or None,
        "raised_at": instant(of.raised_at) if of.HasField("raised_at") else None,
        "order_id": of.order_id,
        "order_number": of.order_number or None,
    }


def ticket_alarm_cleared(of: events_pb2.TicketAlarmCleared) -> Json:
    """The alarm is over, for all tills."""
    return {
        "ticket": ticket(of.ticket),
        "cause": of.cause,
        "acknowledged_by": actor(of.acknowledged_by),
    }


def ticket_late(of: events_pb2.TicketLate) -> Json:
    """A ticket is not ready in the time of its station. Once for each revision of it that is late."""
    return {
        "ticket": ticket(of.ticket),
    }


def ticket_line(of: orders_pb2.TicketLine) -> Json:
    return {
        "id": of.id,
        "name": of.name,
        "quantity": of.quantity,
        "options": [_chosen_option_of_ticket_line(one) for one in of.options],
        "note": of.note or None,
        "state": KITCHEN_STATE[of.state],
        "seat": of.seat or None,
        "item_id": of.item_id or None,
        "cancel_seen_quantity": of.cancel_seen_quantity,
        "revision": of.revision,
    }


def ticket_moved_from(of: transfers_pb2.TicketMovedFrom) -> Json:
    """Where the guests of a ticket sat, and on which order it was."""
    return {
        "order_number": of.order_number,
        "table": of.table_name or None,
    }


def ticket_undelivered(of: events_pb2.TicketUndelivered) -> Json:
    """An alarm at the tills: no display of its station has confirmed the ticket. It stands until TicketAlarmCleared."""
    return {
        "ticket": ticket(of.ticket),
        "cause": of.cause,
        "raised_at": instant(of.raised_at) if of.HasField("raised_at") else None,
        "kitchen_epoch": of.kitchen_epoch,
        "kitchen_seq": of.kitchen_seq,
    }


def ticket_updated(of: events_pb2.TicketUpdated) -> Json:
    """A ticket moved in the kitchen. The order is whole as well, because its derived state may have moved."""
    return {
        "ticket": ticket(of.ticket),
        "order": order(of.order),
        "cause": of.cause,
    }


def unrouted_item(of: station_pb2.UnroutedItem) -> Json:
    """An item that no station takes: an order of it was not sent to the kitchen."""
    return {
        "item_id": of.item_id,
        "name": of.name,
        "order_id": of.order_id or None,
        "order_number": of.order_number or None,
        "raised_at": instant(of.raised_at) if of.HasField("raised_at") else None,
    }


def vat_group(of: orders_pb2.VatGroup) -> Json:
    return {
        "rate_bp": of.rate_bp,
        "gross_minor": of.gross_minor,
        "vat_minor": of.vat_minor,
    }


def _chosen_option_of_all_day_item(of: orders_pb2.ChosenOption) -> Json:
    return {
        "option_id": of.option_id,
        "name": of.name,
        "quantity": of.quantity,
        **({"parent_option_id": of.parent_option_id} if of.parent_option_id else {}),
        **({"is_size": of.is_size} if of.is_size else {}),
        **({"item_id": of.item_id} if of.item_id else {}),
    }


def _order_of_quote(of: orders_pb2.Order) -> Json:
    return {
        "order_type": ORDER_TYPE[of.order_type],
        "currency": of.currency_code,
        "lines": [order_line(one) for one in of.lines],
        "vat": [vat_group(one) for one in of.vat],
        "totals": order_totals(of.totals),
        "bill_mode": BILL_MODE[of.bill_mode],
        "discounts": [discount(one) for one in of.discounts],
    }


def _chosen_option_of_ticket_line(of: orders_pb2.ChosenOption) -> Json:
    return {
        "option_id": of.option_id,
        "name": of.name,
        "quantity": of.quantity,
        **({"parent_option_id": of.parent_option_id} if of.parent_option_id else {}),
        **({"is_size": of.is_size} if of.is_size else {}),
        **({"item_id": of.item_id} if of.item_id else {}),
    }
