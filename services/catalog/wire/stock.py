"""Levels of stock."""

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.errors import InvalidArgument
from chassis.instants import timestamp
from services.catalog.domain.ingredient import StockUnit
from services.catalog.domain.stock import StockLevel, StockPolicy
from services.catalog.wire.ingredient import UNITS

_POLICIES = {
    StockPolicy.REFUSE: catalog_pb2.STOCK_POLICY_BLOCK,
    StockPolicy.WARN: catalog_pb2.STOCK_POLICY_WARN,
    StockPolicy.ALLOW: catalog_pb2.STOCK_POLICY_ALLOW,
}
_POLICY_OF: dict[int, StockPolicy] = {number: policy for policy, number in _POLICIES.items()}


def policy_in(number: int) -> StockPolicy:
    """The policy of a number. Raises InvalidArgument (UNKNOWN_POLICY)."""
    if number not in _POLICY_OF:
        raise InvalidArgument("The policy is block, warn or allow.", reason="UNKNOWN_POLICY")
    return _POLICY_OF[number]


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
        policy=_POLICIES[of.policy],
        oversold=of.is_oversold,
        counted_at=timestamp(of.counted_at),
        unit=UNITS[StockUnit(of.unit)],
    )


def stock_changed(of: StockLevel) -> catalog_events.StockChanged:
    """A level changed; always the whole of it."""
    return catalog_events.StockChanged(level=level(of))


def stock_low(of: StockLevel) -> catalog_events.StockLow:
    """A level fell to its reorder point."""
    return catalog_events.StockLow(level=level(of))


def stock_oversold(of: StockLevel) -> catalog_events.StockOversold:
    """More is promised or sold than there is."""
    return catalog_events.StockOversold(level=level(of))
