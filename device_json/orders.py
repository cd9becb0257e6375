"""Orders, tickets, stations and the day's figures."""

from fynlo.orders.v1 import orders_pb2

from device_json.scalars import (
    ALLERGEN,
    BILL_MODE,
    KITCHEN_STATE,
    LIFECYCLE,
    ORDER_STATE,
    ORDER_TYPE,
    PAYMENT_STATE,
    SERVICE_FLOW,
    Json,
    actor,
    instant,
)


def order(of: orders_pb2.Order) -> Json:
    """An order, whole. ``number`` is None for a draft; ``table`` is {id, name} or None."""
    return {
        "id": of.id or None,
        "number": of.number or None,
        "restaurant_id": of.restaurant_id or None,
        "state": ORDER_STATE[of.state],
        "lifecycle": LIFECYCLE[of.lifecycle],
        "payment_state": PAYMENT_STATE[of.payment_state],
        "kitchen_state": KITCHEN_STATE[of.kitchen_state],
        "service_flow": SERVICE_FLOW[of.service_flow],
        "order_type": ORDER_TYPE[of.order_type],
        "table": {"id": of.table_id, "name": of.table_name or None} if of.table_id else None,
        "covers": of.covers or None,
        "customer_id": of.customer_id or None,
        "currency": of.currency_code,
        "business_date": of.business_date or None,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "updated_at": instant(of.updated_at) if of.HasField("updated_at") else None,
        "completed_at": instant(of.completed_at) if of.HasField("completed_at") else None,
        "unsent_since": instant(of.unsent_since) if of.HasField("unsent_since") else None,
        "placed_by": actor(of.placed_by) if of.HasField("placed_by") else None,
        "version": of.version,
        "menu_version": of.menu_version or None,
        "bill_mode": BILL_MODE[of.bill_mode],
        "lines": [_line(line) for line in of.lines],
        "vat": [
            {"rate_bp": group.rate_bp, "gross_minor": group.gross_minor, "vat_minor": group.vat_minor}
            for group in of.vat
        ],
        "totals": _totals(of.totals),
        "guest_allergy": _guest_allergy(of.guest_allergy) if of.HasField("guest_allergy") else None,
    }


def quote(of: orders_pb2.Order) -> Json:
    """The bill of a basket that is no order yet."""
    whole = order(of)
    return {name: whole[name] for name in ("currency", "order_type", "bill_mode", "lines", "vat", "totals")}


def ticket(of: orders_pb2.Ticket) -> Json:
    """What one station gets of one order. No amounts and nobody's name: it hangs in a kitchen."""
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
        "business_date": of.business_date or None,
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "target_at": instant(of.target_at) if of.HasField("target_at") else None,
        "ready_at": instant(of.ready_at) if of.HasField("ready_at") else None,
        "acknowledged_at": instant(of.acknowledged_at) if of.HasField("acknowledged_at") else None,
        "allergy": [ALLERGEN[allergen] for allergen in of.allergens],
        "lines": [_ticket_line(line) for line in of.lines],
        "guest_allergy": _guest_allergy(of.guest_allergy) if of.HasField("guest_allergy") else None,
        "allergy_acknowledged_at": (
            instant(of.allergy_acknowledged_at) if of.HasField("allergy_acknowledged_at") else None
        ),
    }


def ticket_alarm(of: orders_pb2.TicketAlarm) -> Json:
    """A ticket that the kitchen has not seen, as the event that told it and as snapshots repeat it."""
    return {
        "order_id": of.ticket.order_id,
        "order_number": of.ticket.order_number or None,
        "ticket": ticket(of.ticket),
        "cause": of.cause or None,
        "raised_at": instant(of.raised_at) if of.HasField("raised_at") else None,
    }


def station(of: orders_pb2.Station) -> Json:
    """A kitchen station."""
    return {
        "id": of.id,
        "name": of.name,
        "position": of.position,
        "category_ids": list(of.category_ids),
        "is_default": of.is_default,
        "target_minutes": of.target_minutes,
        "version": of.version,
    }


def state_change(of: orders_pb2.StateChange) -> Json:
    """One row of an order's history."""
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


def metrics(of: orders_pb2.RestaurantMetrics) -> Json:
    """Today's figures of a restaurant."""
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


def _guest_allergy(of: orders_pb2.GuestAllergy) -> Json:
    return {"allergens": [ALLERGEN[allergen] for allergen in of.allergens], "text": of.text or None}


def _line(of: orders_pb2.OrderLine) -> Json:
    return {
        "id": of.id or None,
        "item_id": of.item_id,
        "category_id": of.category_id or None,
        "name": of.name,
        "quantity": of.quantity,
        "unit_price_minor": of.unit_price_minor,
        "options": [
            {
                "option_id": option.option_id,
                "name": option.name,
                "quantity": option.quantity,
                "price_delta_minor": option.price_delta_minor,
            }
            for option in of.options
        ],
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
        "allergens": [ALLERGEN[allergen] for allergen in of.allergens],
    }


def _ticket_line(of: orders_pb2.TicketLine) -> Json:
    return {
        "id": of.id,
        "name": of.name,
        "quantity": of.quantity,
        "options": [
            {"option_id": option.option_id, "name": option.name, "quantity": option.quantity}
            for option in of.options
        ],
        "note": of.note or None,
        "seat": of.seat or None,
        "state": KITCHEN_STATE[of.state],
    }


def _totals(of: orders_pb2.OrderTotals) -> Json:
    return {
        "goods_minor": of.goods_minor,
        "discount_minor": of.discount_minor,
        "service_charge_minor": of.service_charge_minor,
        "vat_minor": of.vat_minor,
        "total_minor": of.total_minor,
        "paid_minor": of.paid_minor,
        "due_minor": of.due_minor,
    }
