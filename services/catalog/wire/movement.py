"""Movements of stock."""

from fynlo.catalog.v1 import stock_pb2
from fynlo.catalog.v1 import stock_service_pb2 as stock_api

from chassis.ids import parse_id
from chassis.instants import instant, timestamp
from services.catalog.domain.movement import BookedMovement, MovementFilter, MovementKind

_KINDS = {kind: stock_pb2.MovementKind.Value(f"MOVEMENT_KIND_{kind.name}") for kind in MovementKind}
_KIND_OF = {number: kind for kind, number in _KINDS.items()}


def movement(of: BookedMovement) -> stock_pb2.StockMovement:
    """As the contract says it."""
    booked = of.movement
    return stock_pb2.StockMovement(
        id=str(booked.id),
        item_id=str(booked.item_id),
        item_name=of.item_name,
        kind=_KINDS[booked.kind],
        quantity=booked.quantity,
        reserved=booked.reserved,
        on_hand_after=booked.on_hand_after,
        order_id=str(booked.order_id or ""),
        line_id=str(booked.line_id or ""),
        revision=booked.revision,
        reason=booked.reason,
        actor_id=str(booked.actor_id or ""),
        occurred_at=timestamp(booked.occurred_at),
    )


def filter_in(request: stock_api.ListMovementsRequest) -> MovementFilter:
    """Which movements are asked for. Raises InvalidArgument (INVALID_ID, INVALID_TIME)."""
    return MovementFilter(
        parse_id(request.item_id) if request.item_id else None,
        tuple(_KIND_OF[number] for number in request.kinds),
        instant(request, "occurred_from"),
        instant(request, "occurred_to"),
    )
