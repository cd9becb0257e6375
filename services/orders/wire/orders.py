"""Orders and tickets as messages, requests as what a guest wants."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.ids import derived_id, new_id, parse_id
from chassis.instants import timestamp
from services.orders.domain.errors import UnknownCustomer, UnknownTable
from services.orders.domain.figures import Figures
from services.orders.domain.kitchen import Station, Ticket, TicketLine
from services.orders.domain.order import Actor, ChosenOption, GuestAllergy, Line, Order, StateChange
from services.orders.domain.placing import WantedLine, WantedOption, WantedOrder
from services.orders.pricing import VatGroup
from services.orders.wire import enums


def wanted_order(draft: orders_api.OrderDraft, own_id: UUID) -> WantedOrder:
    """What the request asks for; ``own_id`` is the order's where the client names none.

    Lines without an id get one from the order, what was asked for and their place in it: a retry asks for the
    same lines, and finds the goods that are held for them. Raises InvalidArgument (INVALID_ID), UnknownTable
    and UnknownCustomer: there are none of either yet.
    """
    if draft.table_id:
        raise UnknownTable(f"There is no table {draft.table_id}.")
    if draft.customer_id:
        raise UnknownCustomer(f"There is no customer {draft.customer_id}.")
    order_id = parse_id(draft.id) if draft.id else own_id
    content_hash = hashlib.sha256(draft.SerializeToString(deterministic=True)).digest()
    return WantedOrder(
        id=order_id,
        service_flow=enums.SERVICE_FLOW_OF[draft.service_flow],
        order_type=enums.ORDER_TYPE_OF[draft.order_type],
        covers=draft.covers,
        menu_version=draft.menu_version,
        draft=draft.draft,
        lines=tuple(
            _wanted_line(line, parse_id(line.id) if line.id else derived_id(order_id, content_hash, index))
            for index, line in enumerate(draft.lines)
        ),
        content_hash=content_hash,
        id_from_client=bool(draft.id),
        guest_allergy=guest_allergy_of(draft.guest_allergy),
    )


def guest_allergy_of(message: orders_pb2.GuestAllergy) -> GuestAllergy | None:
    """None where neither an allergen nor a word is said."""
    said = GuestAllergy(tuple(sorted(set(message.allergens))), message.text.strip())
    return said if said.allergens or said.text else None


def order_message(order: Order) -> orders_pb2.Order:
    """The whole order."""
    totals = order.totals
    return orders_pb2.Order(
        id=str(order.id),
        restaurant_id=str(order.restaurant_id),
        number=order.number,
        state=enums.STATE[order.state],
        lifecycle=enums.LIFECYCLE[order.lifecycle],
        payment_state=enums.PAYMENT[order.payment],
        kitchen_state=enums.KITCHEN[order.kitchen],
        service_flow=enums.SERVICE_FLOW[order.service_flow],
        order_type=enums.ORDER_TYPE[order.order_type],
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
        guest_allergy=_allergy_message(order.guest_allergy),
    )


def ticket_message(ticket: Ticket) -> orders_pb2.Ticket:
    """The whole ticket."""
    return orders_pb2.Ticket(
        id=str(ticket.id),
        order_id=str(ticket.order_id),
        order_number=ticket.order_number,
        station_id=str(ticket.station_id),
        station_name=ticket.station_name,
        revision=ticket.revision,
        state=enums.KITCHEN[ticket.state],
        course=ticket.course,
        order_type=enums.ORDER_TYPE[ticket.order_type],
        created_at=timestamp(ticket.created_at),
        target_at=timestamp(ticket.target_at),
        allergens=ticket.allergens,  # type: ignore[arg-type] # the numbers of the contract
        lines=[_ticket_line_message(line) for line in ticket.lines],
        ready_at=timestamp(ticket.ready_at),
        acknowledged_at=timestamp(ticket.acknowledged_at),
        business_date=ticket.business_date,
        guest_allergy=_allergy_message(ticket.guest_allergy),
        allergy_acknowledged_at=timestamp(ticket.allergy_acknowledged_at),
    )


def alarm_message(ticket: Ticket) -> orders_pb2.TicketAlarm:
    """The alarm of a ticket that is in alarm."""
    assert ticket.alarm is not None
    shown = ticket_message(ticket)
    return orders_pb2.TicketAlarm(
        ticket=shown,
        cause=ticket.alarm.cause,
        raised_at=timestamp(ticket.alarm.raised_at),
        order_id=shown.order_id,
        order_number=shown.order_number,
    )


def station_message(station: Station) -> orders_pb2.Station:
    """The whole station."""
    return orders_pb2.Station(
        id=str(station.id),
        name=station.name,
        position=station.position,
        category_ids=sorted(str(category) for category in station.category_ids),
        is_default=station.is_default,
        target_minutes=station.target_minutes,
        version=station.version,
    )


def wanted_station(station: orders_pb2.Station) -> Station:
    """Without an id: a new one, version 0. Raises InvalidArgument (INVALID_ID)."""
    return Station(
        id=parse_id(station.id) if station.id else new_id(),
        name=station.name.strip(),
        position=station.position,
        category_ids=frozenset(parse_id(category) for category in station.category_ids),
        is_default=station.is_default,
        target_minutes=station.target_minutes,
        version=station.version if station.id else 0,
    )


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


def metrics_message(
    figures: Figures, business_date: str, currency_code: str, computed_at: datetime
) -> orders_pb2.RestaurantMetrics:
    """The figures of a day."""
    return orders_pb2.RestaurantMetrics(
        business_date=business_date,
        currency_code=currency_code,
        orders_placed=figures.placed,
        orders_open=figures.placed - figures.done - figures.cancelled,
        orders_done=figures.done,
        orders_cancelled=figures.cancelled,
        gross_minor=figures.gross_minor,
        paid_minor=figures.paid_minor,
        tickets_open=figures.tickets_open,
        computed_at=timestamp(computed_at),
    )


def actor_message(actor: Actor) -> common_pb2.Actor:
    """Who did it."""
    return common_pb2.Actor(user_id=actor.user_id, name=actor.name, device_id=actor.device_id)


def _allergy_message(allergy: GuestAllergy | None) -> orders_pb2.GuestAllergy | None:
    if allergy is None:
        return None
    allergens = allergy.allergens
    return orders_pb2.GuestAllergy(allergens=allergens, text=allergy.text)  # type: ignore[arg-type] # numbers


def _wanted_line(line: orders_api.DraftLine, line_id: UUID) -> WantedLine:
    return WantedLine(
        id=line_id,
        item_id=UUID(line.item_id),
        quantity=line.quantity,
        options=tuple(WantedOption(UUID(option.option_id), option.quantity or 1) for option in line.options),
        note=line.note,
        seat=line.seat,
        course=line.course,
        hold=line.hold,
    )


def _line_message(line: Line) -> orders_pb2.OrderLine:
    return orders_pb2.OrderLine(
        id=str(line.id),
        item_id=str(line.item_id),
        category_id=str(line.category_id),
        name=line.name,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        options=_option_messages(line.options),
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
    )


def _ticket_line_message(line: TicketLine) -> orders_pb2.TicketLine:
    return orders_pb2.TicketLine(
        id=str(line.id),
        name=line.name,
        quantity=line.quantity,
        options=_option_messages(line.options),
        note=line.note,
        state=enums.KITCHEN[line.state],
        seat=line.seat,
    )


def _option_messages(options: Iterable[ChosenOption]) -> list[orders_pb2.ChosenOption]:
    return [
        orders_pb2.ChosenOption(
            option_id=str(option.option_id),
            name=option.name,
            quantity=option.quantity,
            price_delta_minor=option.price_delta_minor,
        )
        for option in options
    ]


def _vat_message(group: VatGroup) -> orders_pb2.VatGroup:
    return orders_pb2.VatGroup(
        rate_bp=group.rate_bp, gross_minor=group.gross_minor, vat_minor=group.vat_minor
    )
