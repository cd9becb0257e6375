"""The menu and the settings of a restaurant, as copies of other services' messages."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.common.v1 import common_pb2

from chassis.clock import business_date
from services.orders.domain.menu import Item, Menu, Option, OptionGroup, VatRate, Window
from services.orders.pricing import BillMode
from services.orders.wire import enums

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class Settings:
    """How a restaurant sells."""

    version: int
    currency_code: str
    time_zone: str
    bill_mode: BillMode
    service_charge_bp: int
    day_cutoff_minutes: int
    auto_complete: bool


def day_of(settings: Settings, at: datetime) -> date:
    """The business day that it is in the restaurant at the instant ``at``."""
    return business_date(at, settings.time_zone, cutoff_of(settings.day_cutoff_minutes))


def cutoff_of(minutes: int) -> time:
    """When a business day begins, given in minutes after midnight."""
    return time(*divmod(minutes, MINUTES_PER_HOUR))


def settings_of(message: common_pb2.RestaurantSettings) -> Settings:
    """An unspecified bill mode is the default of the United Kingdom: inclusive, service optional."""
    return Settings(
        version=message.version,
        currency_code=message.currency_code,
        time_zone=message.time_zone,
        bill_mode=enums.BILL_MODE_OF.get(message.bill_mode, BillMode.INCLUSIVE_OPTIONAL),
        service_charge_bp=message.service_charge_bp,
        day_cutoff_minutes=message.day_cutoff_minutes,
        auto_complete=message.auto_complete,
    )


def menu_of(message: catalog_pb2.Menu) -> Menu:
    """The menu, indexed for orders."""
    return Menu(
        version=message.version,
        currency_code=message.currency_code,
        items={UUID(item.id): _item(item) for item in message.items},
        vat_classes={vat.code: _rates(vat) for vat in message.vat_classes},
    )


def apply_change(menu: catalog_pb2.Menu, change: catalog_events.MenuChanged) -> None:
    """Brings a copy to the version of ``change`` (or of a part of it); what is named replaces what was."""
    _replace_items(menu, list(change.items), set(change.removed_item_ids))
    _replace_categories(menu, list(change.categories), set(change.removed_category_ids))
    _replace_vat_classes(menu, list(change.vat_classes))
    menu.version = change.version


def apply_answer(menu: catalog_pb2.Menu, answer: catalog_api.GetMenuResponse) -> None:
    """Brings a copy to what catalog answered, whole or as a delta."""
    if not answer.delta:
        menu.CopyFrom(answer.menu)
        return
    _replace_items(menu, list(answer.menu.items), set(answer.removed_item_ids))
    _replace_categories(menu, list(answer.menu.categories), set(answer.removed_category_ids))
    _replace_vat_classes(menu, list(answer.menu.vat_classes))
    menu.version = answer.menu.version


def _replace_items(menu: catalog_pb2.Menu, items: list[catalog_pb2.Item], removed: set[str]) -> None:
    gone = removed | {item.id for item in items}
    kept = [item for item in menu.items if item.id not in gone]
    del menu.items[:]
    menu.items.extend([*kept, *items])


def _replace_categories(
    menu: catalog_pb2.Menu, categories: list[catalog_pb2.Category], removed: set[str]
) -> None:
    gone = removed | {category.id for category in categories}
    kept = [category for category in menu.categories if category.id not in gone]
    del menu.categories[:]
    menu.categories.extend([*kept, *categories])


def _replace_vat_classes(menu: catalog_pb2.Menu, classes: list[catalog_pb2.VatClass]) -> None:
    gone = {vat.code for vat in classes}
    kept = [vat for vat in menu.vat_classes if vat.code not in gone]
    del menu.vat_classes[:]
    menu.vat_classes.extend([*kept, *classes])


def _item(item: catalog_pb2.Item) -> Item:
    return Item(
        id=UUID(item.id),
        category_id=UUID(item.category_id),
        name=item.name,
        price_minor=item.price_minor,
        vat_class=item.vat_class,
        allergens=tuple(item.allergens),
        available=item.available,
        windows=tuple(
            Window(frozenset(window.weekdays), window.from_minutes, window.until_minutes)
            for window in item.windows
        ),
        groups=tuple(_group(group) for group in item.option_groups),
        stock_tracked=item.stock_tracked,
        version=item.version,
    )


def _group(group: catalog_pb2.OptionGroup) -> OptionGroup:
    return OptionGroup(
        id=UUID(group.id),
        name=group.name,
        min_choices=group.min_choices,
        max_choices=group.max_choices,
        options=tuple(
            Option(
                UUID(option.id),
                option.name,
                option.price_delta_minor,
                option.available,
                tuple(option.allergens),
            )
            for option in group.options
        ),
    )


def _rates(vat: catalog_pb2.VatClass) -> tuple[VatRate, ...]:
    rates = [
        VatRate(date.fromisoformat(rate.effective_from), rate.eat_in_bp, rate.takeaway_bp)
        for rate in vat.rates
    ]
    return tuple(sorted(rates, key=lambda rate: rate.effective_from))
