"""What a line is made of: its chosen options, its portions, and what it takes of the stock of others."""

from collections.abc import Iterable
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from services.orders.domain.order.order import ChosenOption, Portion, StockUse


def options_of(messages: Iterable[orders_pb2.ChosenOption]) -> tuple[ChosenOption, ...]:
    """The way back."""
    return tuple(
        ChosenOption(
            UUID(option.option_id),
            option.name,
            option.quantity,
            option.price_delta_minor,
            _id(option.parent_option_id),
            option.is_size,
            _id(option.item_id),
            _id(option.category_id),
        )
        for option in messages
    )


def option_messages(options: Iterable[ChosenOption]) -> list[orders_pb2.ChosenOption]:
    """As the contract says them."""
    return [
        orders_pb2.ChosenOption(
            option_id=str(option.option_id),
            name=option.name,
            quantity=option.quantity,
            price_delta_minor=option.price_delta_minor,
            parent_option_id=str(option.parent_option_id or ""),
            is_size=option.is_size,
            item_id=str(option.item_id or ""),
            category_id=str(option.category_id or ""),
        )
        for option in options
    ]


def portions_of(messages: Iterable[orders_pb2.LinePortion]) -> tuple[Portion, ...]:
    """The way back."""
    return tuple(Portion(one.name, one.vat_rate_bp, one.gross_minor, one.vat_minor) for one in messages)


def portion_messages(portions: Iterable[Portion]) -> list[orders_pb2.LinePortion]:
    """As the contract says them."""
    return [
        orders_pb2.LinePortion(
            name=one.name,
            vat_rate_bp=one.vat_rate_bp,
            gross_minor=one.gross_minor,
            vat_minor=one.vat_minor,
        )
        for one in portions
    ]


def stock_uses_of(messages: Iterable[orders_pb2.LineStockUse]) -> tuple[StockUse, ...]:
    """The way back."""
    return tuple(StockUse(UUID(one.id), UUID(one.item_id), one.quantity) for one in messages)


def stock_use_messages(uses: Iterable[StockUse]) -> list[orders_pb2.LineStockUse]:
    """As the contract says them."""
    return [
        orders_pb2.LineStockUse(id=str(one.id), item_id=str(one.item_id), quantity=one.quantity)
        for one in uses
    ]


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None
