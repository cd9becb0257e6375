"""Levels of stock."""

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.instants import timestamp
from services.catalog.domain.stock import StockLevel


def level(of: StockLevel) -> catalog_pb2.StockLevel:
    """As the contract says it."""
    return catalog_pb2.StockLevel(
        item_id=str(of.item_id),
        item_name=of.item_name,
        on_hand=of.on_hand,
        reserved=of.reserved,
        available=of.available,
        reorder_point=of.reorder_point,
        version=of.version,
        updated_at=timestamp(of.updated_at),
        untracked=not of.tracked,
    )


def stock_changed(of: StockLevel) -> catalog_events.StockChanged:
    """A level changed; always the whole of it."""
    return catalog_events.StockChanged(level=level(of))


def stock_low(of: StockLevel) -> catalog_events.StockLow:
    """A level fell to its reorder point."""
    return catalog_events.StockLow(level=level(of))
