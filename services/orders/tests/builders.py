"""Things to test with, each with sensible parts."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fynlo.catalog.v1 import catalog_pb2
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.ids import new_id
from services.orders.domain.menu import Item, Menu, Option, OptionGroup, OrderType, VatRate
from services.orders.domain.order.basket import Terms, WantedLine
from services.orders.domain.order.change import Stamp
from services.orders.domain.order.order import Actor, ServiceFlow
from services.orders.domain.order.placing import WantedOrder
from services.orders.domain.station import Station
from services.orders.pricing import BillMode

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MAINS, DRINKS = new_id(), new_id()
HOT = (VatRate(date(2022, 4, 1), 2000, 2000),)
COLD = (VatRate(date(2022, 4, 1), 2000, 0),)
MIA = Actor("0195f3a0-0000-7000-8000-000000000003", "Mia", "ipad-1")


def item(**overrides: Any) -> Item:
    """A hot main course at 10.00."""
    made = Item(
        id=new_id(),
        category_id=MAINS,
        name="Burger",
        price_minor=1000,
        vat_class="hot_food",
        allergens=(2, 7),
        available=True,
        windows=(),
        groups=(),
        stock_tracked=False,
        version=1,
    )
    return replace(made, **overrides)


def menu(*items: Item, version: int = 1) -> Menu:
    """A menu with two VAT classes."""
    return Menu(version, "GBP", {one.id: one for one in items}, {"hot_food": HOT, "cold_food": COLD})


def group(*options: Option, at_least: int = 0, at_most: int = 1) -> OptionGroup:
    """A group of options."""
    return OptionGroup(new_id(), "Extras", at_least, at_most, options)


def option(**overrides: Any) -> Option:
    """Cheese for 0.50."""
    return replace(Option(new_id(), "Cheese", 50, True), **overrides)


def line(of: Item, quantity: int = 1, **overrides: Any) -> WantedLine:
    """A line of an item."""
    return replace(WantedLine(new_id(), of.id, quantity), **overrides)


def wanted(*lines: WantedLine, **overrides: Any) -> WantedOrder:
    """An order of guests who eat in and pay later."""
    made = WantedOrder(
        id=new_id(),
        service_flow=ServiceFlow.PAY_LATER,
        order_type=OrderType.EAT_IN,
        covers=2,
        menu_version=0,
        draft=False,
        lines=lines,
        content_hash=b"hash",
    )
    return replace(made, **overrides)


def terms(**overrides: Any) -> Terms:
    """Noon in London, no service charge."""
    made = Terms(
        "GBP", BillMode.INCLUSIVE_OPTIONAL, 0, NOON.astimezone(ZoneInfo("Europe/London")), NOON.date()
    )
    return replace(made, **overrides)


def station(**overrides: Any) -> Station:
    """The default station."""
    return replace(Station(new_id(), "Kitchen", 0, frozenset(), True, 15 * 60, 1), **overrides)


def stamp(at: datetime = NOON, reason: str = "") -> Stamp:
    """The stamp of a command of Mia's."""
    return Stamp("cmd-1", MIA, at, reason)


def settings_message(restaurant_id: UUID, **overrides: Any) -> common_pb2.RestaurantSettings:
    """A restaurant in London with 12.5 % service."""
    made = common_pb2.RestaurantSettings(
        restaurant_id=str(restaurant_id),
        version=1,
        name="Casa",
        currency_code="GBP",
        time_zone="Europe/London",
        bill_mode=common_pb2.BILL_MODE_INCLUSIVE_OPTIONAL,
        service_charge_bp=1250,
        day_cutoff_minutes=240,
    )
    made.MergeFrom(common_pb2.RestaurantSettings(**overrides))
    return made


def item_message(**overrides: Any) -> catalog_pb2.Item:
    """A hot main course at 10.00, as catalog tells it."""
    made = catalog_pb2.Item(
        id=str(new_id()),
        category_id=str(MAINS),
        name="Burger",
        price_minor=1000,
        vat_class="hot_food",
        allergens=[catalog_pb2.ALLERGEN_MILK],
        available=True,
        version=1,
    )
    made.MergeFrom(catalog_pb2.Item(**overrides))
    return made


def menu_message(restaurant_id: UUID, *items: catalog_pb2.Item, version: int = 1) -> catalog_pb2.Menu:
    """A menu, as catalog tells it."""
    rates = {
        code: [catalog_pb2.VatRate(effective_from="2022-04-01", eat_in_bp=2000, takeaway_bp=takeaway)]
        for code, takeaway in (("hot_food", 2000), ("cold_food", 0))
    }
    return catalog_pb2.Menu(
        restaurant_id=str(restaurant_id),
        version=version,
        currency_code="GBP",
        time_zone="Europe/London",
        categories=[catalog_pb2.Category(id=str(MAINS), name="Mains", version=1)],
        items=items,
        vat_classes=[
            catalog_pb2.VatClass(code=code, name=code, rates=these) for code, these in rates.items()
        ],
    )


def draft_line(of: catalog_pb2.Item, quantity: int = 1, **overrides: Any) -> orders_api.DraftLine:
    """A line of an item, with an id of the client."""
    made = orders_api.DraftLine(id=str(new_id()), item_id=of.id, quantity=quantity)
    made.MergeFrom(orders_api.DraftLine(**overrides))
    return made


def draft(*lines: orders_api.DraftLine, **overrides: Any) -> orders_api.OrderDraft:
    """An order of guests who eat in and pay later, with an id of the client."""
    made = orders_api.OrderDraft(
        id=str(new_id()),
        service_flow=orders_pb2.SERVICE_FLOW_PAY_LATER,
        order_type=common_pb2.ORDER_TYPE_EAT_IN,
        covers=2,
        lines=lines,
    )
    made.MergeFrom(orders_api.OrderDraft(**overrides))
    return made
