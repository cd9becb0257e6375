"""The menu as catalog tells it, and the copy of it in catalog's own encoding."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.instants import instant
from services.orders.domain.hours import TimedMenu, Window
from services.orders.domain.menu import Item, Menu, MenuNews, MenuPart, Option, OptionGroup, VatRate


def menu_kept(kept: bytes) -> Menu:
    """The menu, indexed for orders."""
    message = catalog_pb2.Menu.FromString(kept)
    return Menu(
        version=message.version,
        currency_code=message.currency_code,
        items={UUID(item.id): _item(item) for item in message.items},
        vat_classes={vat.code: _rates(vat) for vat in message.vat_classes},
        timed_menus=tuple(_timed_menu(menu) for menu in message.timed_menus),
    )


def news_in(answer: catalog_api.GetMenuResponse) -> MenuNews:
    """What catalog answers."""
    return MenuNews(answer.menu.version, not answer.delta, answer.SerializeToString())


def part_in(event: catalog_events.MenuChanged) -> MenuPart:
    """What catalog announces: a change, or one part of it."""
    return MenuPart(
        version=event.version,
        part=event.part or 1,
        parts=event.parts or 1,
        previous_version=event.previous_version,
        payload=event.SerializeToString(),
    )


def with_news(kept: bytes | None, news: MenuNews) -> bytes:
    """The copy as it is after what catalog answered; what is named replaces what was."""
    answer = catalog_api.GetMenuResponse.FromString(news.payload)
    if news.is_whole:
        return answer.menu.SerializeToString()
    menu = catalog_pb2.Menu.FromString(kept or b"")
    _replace_items(menu, list(answer.menu.items), set(answer.removed_item_ids))
    _replace_categories(menu, list(answer.menu.categories), set(answer.removed_category_ids))
    _replace_vat_classes(menu, list(answer.menu.vat_classes))
    _replace_timed_menus(menu, list(answer.menu.timed_menus), set(answer.removed_timed_menu_ids))
    menu.version = answer.menu.version
    return menu.SerializeToString()


def with_changes(kept: bytes, parts: Iterable[MenuPart]) -> bytes:
    """The copy as it is after these changes, which follow it."""
    menu = catalog_pb2.Menu.FromString(kept)
    for part in parts:
        change = catalog_events.MenuChanged.FromString(part.payload)
        _replace_items(menu, list(change.items), set(change.removed_item_ids))
        _replace_categories(menu, list(change.categories), set(change.removed_category_ids))
        _replace_vat_classes(menu, list(change.vat_classes))
        _replace_timed_menus(menu, list(change.timed_menus), set(change.removed_timed_menu_ids))
        menu.version = change.version
    return menu.SerializeToString()


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


def _replace_timed_menus(
    menu: catalog_pb2.Menu, timed_menus: list[catalog_pb2.TimedMenu], removed: set[str]
) -> None:
    gone = removed | {each.id for each in timed_menus}
    kept = [each for each in menu.timed_menus if each.id not in gone]
    del menu.timed_menus[:]
    menu.timed_menus.extend([*kept, *timed_menus])


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
        windows=_windows(item.windows),
        groups=tuple(_group(group) for group in item.option_groups),
        stock_tracked=item.stock_tracked,
        version=item.version,
        may_contain=tuple(item.may_contain),
        returns_at=instant(item, "returns_at"),
        preparation_minutes=item.preparation_minutes,
    )


def _timed_menu(menu: catalog_pb2.TimedMenu) -> TimedMenu:
    return TimedMenu(
        windows=_windows(menu.windows),
        first_day=date.fromisoformat(menu.effective_from) if menu.effective_from else None,
        last_day=date.fromisoformat(menu.effective_until) if menu.effective_until else None,
        category_ids=frozenset(UUID(each) for each in menu.category_ids),
        item_ids=frozenset(UUID(each) for each in menu.item_ids),
    )


def _windows(windows: Iterable[catalog_pb2.AvailabilityWindow]) -> tuple[Window, ...]:
    return tuple(Window(frozenset(one.weekdays), one.from_minutes, one.until_minutes) for one in windows)


def _group(group: catalog_pb2.OptionGroup) -> OptionGroup:
    return OptionGroup(
        id=UUID(group.id),
        name=group.name,
        min_choices=group.min_choices,
        max_choices=group.max_choices,
        options=tuple(
            replace(
                _option(option),
                groups=tuple(_nested_group(each) for each in option.option_groups),
                item_id=UUID(option.item_id) if option.item_id else None,
            )
            for option in group.options
        ),
        is_size=group.is_size,
        ancillary_of=UUID(group.ancillary_of) if group.ancillary_of else None,
    )


def _nested_group(group: catalog_pb2.NestedOptionGroup) -> OptionGroup:
    options = tuple(_option(option) for option in group.options)
    return OptionGroup(UUID(group.id), group.name, group.min_choices, group.max_choices, options)


def _option(option: catalog_pb2.Option | catalog_pb2.NestedOption) -> Option:
    taken = option.stock_use
    return Option(
        id=UUID(option.id),
        name=option.name,
        price_delta_minor=option.price_delta_minor,
        available=option.available,
        allergens=tuple(option.allergens),
        may_contain=tuple(option.may_contain),
        vat_class=option.vat_class,
        takes=taken.quantity,
        takes_of=UUID(taken.item_id) if taken.item_id else None,
    )


def _rates(vat: catalog_pb2.VatClass) -> tuple[VatRate, ...]:
    rates = [
        VatRate(date.fromisoformat(rate.effective_from), rate.eat_in_bp, rate.takeaway_bp)
        for rate in vat.rates
    ]
    return tuple(sorted(rates, key=lambda rate: rate.effective_from))
