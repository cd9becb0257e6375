"""How an order begins: as a draft, placed at once, or placed from a draft."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.orders.domain.errors import EmptyOrder
from services.orders.domain.firing import fire_waiting
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.basket import Basket, WantedLine
from services.orders.domain.order.change import Change, Locked, Placed, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.order import NO_REMARKS, AtTable, Line, Order, Remarks, ServiceFlow
from services.orders.domain.order.promise import Promise
from services.orders.domain.station import Station


@dataclass(frozen=True, slots=True)
class WantedOrder:
    """An order as the client asks for it. ``menu_version`` is the menu it showed, 0 when it does not know."""

    id: UUID
    service_flow: ServiceFlow
    order_type: OrderType
    covers: int
    menu_version: int
    draft: bool
    lines: tuple[WantedLine, ...]
    content_hash: bytes
    id_from_client: bool = True
    remarks: Remarks = NO_REMARKS
    table_id: UUID | None = None
    customer_id: UUID | None = None
    promise: Promise | None = None
    customer_name: str = ""


def new_order(
    wanted: WantedOrder,
    basket: Basket,
    restaurant_id: UUID,
    stamp: Stamp,
    lifecycle: Lifecycle = Lifecycle.DRAFT,
    number: int = 0,
    placed_at: datetime | None = None,
    table: AtTable | None = None,
) -> Order:
    """A draft unless it is placed. Version 0: the change that stores it makes it version 1."""
    return Order(
        id=wanted.id,
        restaurant_id=restaurant_id,
        number=number,
        lifecycle=lifecycle,
        service_flow=wanted.service_flow,
        order_type=wanted.order_type,
        covers=wanted.covers,
        currency_code=basket.terms.currency_code,
        business_date=basket.terms.business_date,
        created_at=stamp.at,
        updated_at=stamp.at,
        version=0,
        lines=basket.lines,
        vat=basket.bill.vat_groups,
        totals=basket.totals,
        bill_mode=basket.terms.bill_mode,
        menu_version=basket.menu_version,
        placed_by=stamp.actor,
        content_hash=wanted.content_hash,
        placed_at=placed_at,
        remarks=wanted.remarks,
        table=table,
        discounts=basket.discounts,
        service_charge_bp=basket.service_charge_bp,
        customer_id=wanted.customer_id,
        promise=wanted.promise,
        customer_name=wanted.customer_name,
    )


def open_draft(
    wanted: WantedOrder, basket: Basket, restaurant_id: UUID, stamp: Stamp, table: AtTable | None = None
) -> Change:
    """A draft: priced for show, without number, stock or effect on the kitchen."""
    order = new_order(wanted, basket, restaurant_id, stamp, table=table)
    return change_of(None, order, (), stamp, [Updated("draft")])


def place(
    wanted: WantedOrder,
    basket: Basket,
    restaurant_id: UUID,
    number: int,
    stations: Sequence[Station],
    stamp: Stamp,
    table: AtTable | None = None,
) -> Change:
    """A new order with its number: prices are fixed and lines that need not wait go to the kitchen.

    A promise has its slot. Raises EmptyOrder, NoStation.
    """
    refuse_empty(basket.lines)
    order = new_order(
        wanted, basket, restaurant_id, stamp, Lifecycle.VALIDATED, number, placed_at=stamp.at, table=table
    )
    placed, tickets = fire_waiting(order, (), stations, stamp)
    return change_of(None, placed, tickets, stamp, [Placed()])


def validate(
    locked: Locked,
    basket: Basket,
    number: int,
    stations: Sequence[Station],
    stamp: Stamp,
    promise: Promise | None = None,
) -> Change:
    """A draft is placed, with the prices of now; ``promise`` is its own, with its slot.

    Raises IllegalTransition, EmptyOrder, NoStation.
    """
    order = locked.order
    if order.lifecycle is not Lifecycle.DRAFT:
        raise illegal(order, "validate")
    refuse_empty(basket.lines)
    valid = replace(
        order,
        number=number,
        lifecycle=Lifecycle.VALIDATED,
        lines=as_known(order, basket.lines),
        vat=basket.bill.vat_groups,
        totals=basket.totals,
        bill_mode=basket.terms.bill_mode,
        currency_code=basket.terms.currency_code,
        business_date=basket.terms.business_date,
        menu_version=basket.menu_version,
        placed_at=stamp.at,
        discounts=basket.discounts,
        service_charge_bp=basket.service_charge_bp,
        promise=promise,
    )
    placed, tickets = fire_waiting(valid, (), stations, stamp)
    return change_of(locked, placed, tickets, stamp, [Placed()])


def as_known(draft: Order, priced: Sequence[Line]) -> tuple[Line, ...]:
    """Lines of a draft that were priced anew, with when each came and what of it was changed."""
    known = {line.id: line for line in draft.lines}
    return tuple(
        replace(line, added=before.added, changed=before.changed)
        for line in priced
        for before in (known[line.id],)
    )


def refuse_empty(lines: Sequence[object]) -> None:
    """Raises EmptyOrder: only a draft may be empty."""
    if not lines:
        raise EmptyOrder("An order needs at least one line.")
