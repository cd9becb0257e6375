"""Orders as messages, requests as what a guest wants."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.ids import derived_id, parse_id
from chassis.instants import instant, timestamp
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.basket import WantedLine
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.order import AtTable, Line, Order, ServiceFlow, StateChange, Totals
from services.orders.domain.order.placing import WantedOrder
from services.orders.pricing import VatGroup
from services.orders.wire import enums
from services.orders.wire.actor import actor_message, actor_of
from services.orders.wire.check import split_message, split_of
from services.orders.wire.configured import (
    option_messages,
    options_of,
    portion_messages,
    portions_of,
    stock_use_messages,
    stock_uses_of,
)
from services.orders.wire.discount import discount_messages, discounts_of
from services.orders.wire.line import (
    life_of,
    override_message,
    override_of,
    refuse_unstorable,
    write_life,
)
from services.orders.wire.promise import (
    changed_of,
    elsewhere_of,
    promise_of,
    timing_of,
    wanted_promise,
    write_promise,
    write_timing,
)
from services.orders.wire.remark import remarks_of, write_remarks
from services.orders.wire.transfer import merged_into_of, merged_of, rounding_of, write_merging


def wanted_order(draft: orders_api.OrderDraft, own_id: UUID) -> WantedOrder:
    """What the request asks for; ``own_id`` is the order's where the client names none.

    Raises as wanted_lines.
    """
    order_id = parse_id(draft.id) if draft.id else own_id
    content_hash = hashlib.sha256(draft.SerializeToString(deterministic=True)).digest()
    return WantedOrder(
        id=order_id,
        service_flow=enums.SERVICE_FLOW_OF[draft.service_flow],
        order_type=enums.ORDER_TYPE_OF[draft.order_type],
        covers=draft.covers,
        menu_version=draft.menu_version,
        draft=draft.draft,
        lines=wanted_lines(draft.lines, order_id, content_hash),
        content_hash=content_hash,
        id_from_client=bool(draft.id),
        remarks=remarks_of(draft),
        table_id=parse_id(draft.table_id) if draft.table_id else None,
        customer_id=parse_id(draft.customer_id) if draft.customer_id else None,
        promise=wanted_promise(draft),
        customer_name=draft.customer_name.strip(),
    )


def wanted_lines(
    lines: Iterable[orders_api.DraftLine], order_id: UUID, asked_for: bytes
) -> tuple[WantedLine, ...]:
    """The lines that a request asks for. Those without an id get one from the order, what was asked for and
    their place in it: a retry asks for the same lines, and finds the goods that are held for them.

    Raises InvalidArgument (INVALID_ID, INVALID_TEXT).
    """
    return tuple(
        _wanted_line(line, parse_id(line.id) if line.id else derived_id(order_id, asked_for, index))
        for index, line in enumerate(lines)
    )


def order_message(order: Order) -> orders_pb2.Order:
    """The whole order, made once and then kept with it: it is stored, published and answered. Not to be
    changed.
    """
    if not isinstance(order.told, orders_pb2.Order):
        object.__setattr__(order, "told", _order_message(order))
    assert isinstance(order.told, orders_pb2.Order)
    return order.told


def order_of(message: orders_pb2.Order, row: Mapping[str, Any]) -> Order:
    """The order of a stored message. What its row has a column for is read from there; what follows from the
    rest is not read at all.
    """
    totals = message.totals
    vat = tuple(VatGroup(group.rate_bp, group.gross_minor, group.vat_minor) for group in message.vat)
    return Order(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        number=row["number"],
        lifecycle=Lifecycle(row["lifecycle"]),
        service_flow=ServiceFlow(row["service_flow"]),
        order_type=enums.ORDER_TYPE_OF[message.order_type],
        covers=message.covers,
        currency_code=message.currency_code,
        business_date=row["business_date"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        lines=tuple(_line_of(line) for line in message.lines),
        vat=vat,
        totals=Totals(
            goods_minor=totals.goods_minor,
            discount_minor=totals.discount_minor,
            service_charge_minor=totals.service_charge_minor,
            vat_minor=totals.vat_minor,
            total_minor=totals.total_minor,
            paid_minor=totals.paid_minor,
        ),
        bill_mode=enums.BILL_MODE_OF[message.bill_mode],
        menu_version=message.menu_version,
        placed_by=actor_of(message.placed_by),
        content_hash=row["content_hash"],
        history_rows=row["history_rows"],
        placed_at=row["placed_at"],
        completed_at=instant(message, "completed_at"),
        cancel_reason=row["cancel_reason"],
        remarks=remarks_of(message),
        table=None if row["table_id"] is None else AtTable(row["table_id"], message.table_name),
        discounts=discounts_of(message),
        service_charge_bp=message.service_charge_bp if message.HasField("service_charge_bp") else None,
        split=split_of(message.split, vat) if message.HasField("split") else None,
        split_version=message.split_version,
        customer_id=UUID(message.customer_id) if message.customer_id else None,
        invoice_number=message.invoice_number,
        merged=merged_of(message),
        merged_into=merged_into_of(message),
        rounding=rounding_of(message),
        promise=promise_of(message),
        customer_name=message.customer_name,
        changed=changed_of(message),
    )


def _order_message(order: Order) -> orders_pb2.Order:
    totals = order.totals
    message = orders_pb2.Order(
        id=str(order.id),
        restaurant_id=str(order.restaurant_id),
        number=order.number,
        state=enums.STATE[order.state],
        lifecycle=enums.LIFECYCLE[order.lifecycle],
        payment_state=enums.PAYMENT[order.payment],
        kitchen_state=enums.KITCHEN[order.kitchen],
        service_flow=enums.SERVICE_FLOW[order.service_flow],
        order_type=enums.ORDER_TYPE[order.order_type],
        table_id=str(order.table_id or ""),
        table_name=order.table_name,
        covers=order.covers,
        currency_code=order.currency_code,
        business_date=order.business_date.isoformat(),
        created_at=timestamp(order.created_at),
        updated_at=timestamp(order.updated_at),
        version=order.version,
        lines=[_line_message(line) for line in order.lines],
        vat=[_vat_message(group) for group in order.vat],
        totals=orders_pb2.OrderTotals(
            goods_minor=totals.goods_minor,
            discount_minor=totals.discount_minor,
            service_charge_minor=totals.service_charge_minor,
            vat_minor=totals.vat_minor,
            total_minor=totals.total_minor,
            paid_minor=totals.paid_minor,
            due_minor=totals.due_minor,
        ),
        bill_mode=enums.BILL_MODE[order.bill_mode],
        menu_version=order.menu_version,
        placed_by=actor_message(order.placed_by),
        completed_at=timestamp(order.completed_at),
        unsent_since=timestamp(order.unsent_since),
        discounts=discount_messages(order.discounts, order.lines),
        service_charge_bp=order.service_charge_bp,
        split_version=order.split_version,
        customer_id=str(order.customer_id or ""),
        invoice_number=order.invoice_number,
    )
    write_remarks(order.remarks, message)
    write_merging(order, message)
    write_promise(order, message)
    if order.split is not None:
        message.split.CopyFrom(split_message(order.split))
    return message


def quote_message(order: Order) -> orders_pb2.Order:
    """The bill of what would be placed: it has no id, and nobody has placed it."""
    message = orders_pb2.Order()
    message.CopyFrom(order_message(order))
    message.ClearField("id")
    message.ClearField("placed_by")
    return message


def history_message(change: StateChange) -> orders_pb2.StateChange:
    """One row of a history."""
    return orders_pb2.StateChange(
        sequence=change.sequence,
        axis=change.axis,
        from_value=change.from_value,
        to_value=change.to_value,
        command_id=change.command_id,
        actor=actor_message(change.actor),
        occurred_at=timestamp(change.occurred_at),
        recorded_at=timestamp(change.recorded_at),
        reason=change.reason,
    )


def _wanted_line(line: orders_api.DraftLine, line_id: UUID) -> WantedLine:
    refuse_unstorable(line.note, line.course, line.override_reason)
    return WantedLine(
        id=line_id,
        item_id=UUID(line.item_id),
        quantity=line.quantity,
        options=tuple(WantedOption(UUID(option.option_id), option.quantity or 1) for option in line.options),
        note=line.note,
        seat=line.seat,
        course=line.course,
        hold=line.hold,
        override_reason=line.override_reason.strip(),
    )


def _line_message(line: Line) -> orders_pb2.OrderLine:
    message = orders_pb2.OrderLine(
        id=str(line.id),
        item_id=str(line.item_id),
        category_id=str(line.category_id),
        name=line.name,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        options=option_messages(line.options),
        note=line.note,
        seat=line.seat,
        course=line.course,
        hold=line.hold,
        gross_minor=line.gross_minor,
        discount_minor=line.discount_minor,
        vat_rate_bp=line.vat_rate_bp,
        vat_minor=line.vat_minor,
        kitchen_state=enums.KITCHEN[line.kitchen],
        voided=line.voided,
        allergens=line.allergens,  # type: ignore[arg-type] # the numbers of the contract
        stock_tracked=line.stock_tracked,
        may_contain=line.may_contain or None,  # type: ignore[arg-type] # as allergens
        portions=portion_messages(line.portions) if line.portions else None,
        stock_uses=stock_use_messages(line.stock_uses) if line.stock_uses else None,
        override=override_message(line.override) if line.override is not None else None,
    )
    write_life(line, message)
    write_timing(line, message)
    return message


def _line_of(message: orders_pb2.OrderLine) -> Line:
    life = life_of(message)
    return Line(
        id=UUID(message.id),
        item_id=UUID(message.item_id),
        category_id=UUID(message.category_id),
        name=message.name,
        quantity=message.quantity,
        unit_price_minor=message.unit_price_minor,
        options=options_of(message.options),
        note=message.note,
        seat=message.seat,
        course=message.course,
        hold=message.hold,
        gross_minor=message.gross_minor,
        discount_minor=message.discount_minor,
        vat_rate_bp=message.vat_rate_bp,
        vat_minor=message.vat_minor,
        allergens=tuple(message.allergens),
        kitchen=enums.KITCHEN_OF[message.kitchen_state],
        voided=message.voided,
        stock_tracked=message.stock_tracked,
        voids=life.voids,
        added=life.added,
        changed=life.changed,
        moved_to=life.moved_to,
        moved_from=life.moved_from,
        may_contain=tuple(message.may_contain),
        portions=portions_of(message.portions),
        stock_uses=stock_uses_of(message.stock_uses),
        override=override_of(message),
        elsewhere=elsewhere_of(message),
        timing=timing_of(message),
    )


def _vat_message(group: VatGroup) -> orders_pb2.VatGroup:
    return orders_pb2.VatGroup(
        rate_bp=group.rate_bp, gross_minor=group.gross_minor, vat_minor=group.vat_minor
    )
