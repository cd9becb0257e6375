"""The menu as devices read it: items in their categories, each with what is on sale and what is left now, and
when it is sold where that is not always.
"""

from collections.abc import Iterable
from typing import NamedTuple

from fynlo.catalog.v1.catalog_pb2 import Item
from fynlo.catalog.v1.catalog_service_pb2 import GetMenuResponse
from fynlo_json.catalog import category, item, sale_hours, vat_class
from fynlo_json.scalars import Json


def whole_menu(of: GetMenuResponse) -> Json:
    """Categories in their order with their items."""
    now = _now(of)
    by_category: dict[str, list[Item]] = {one.id: [] for one in of.menu.categories}
    for one in of.menu.items:
        if one.category_id in by_category:
            by_category[one.category_id].append(one)
    return {
        "version": of.menu.version,
        "currency": of.menu.currency_code,
        "categories": [
            category(one) | {"items": _items(sorted(by_category[one.id], key=_place), now)}
            for one in sorted(of.menu.categories, key=lambda one: (one.position, one.name))
        ],
        "vat_classes": [vat_class(one) for one in of.menu.vat_classes],
    }


def menu_changes(of: GetMenuResponse, since_version: int) -> Json:
    """What changed after ``since_version``: flat lists of whole categories and items, and what is gone.

    ``available_item_ids`` and ``stock`` are complete, for hours and stock move without a new menu version.
    """
    now = _now(of)
    return {
        "version": of.menu.version,
        "since_version": since_version,
        "delta": True,
        "currency": of.menu.currency_code,
        "categories": [category(one) for one in of.menu.categories],
        "items": _items(of.menu.items, now),
        "removed_item_ids": list(of.removed_item_ids),
        "removed_category_ids": list(of.removed_category_ids),
        "available_item_ids": list(of.available_item_ids),
        "stock": [{"item_id": item_id, "stock_left": available} for item_id, available in now.left.items()],
    }


class _Now(NamedTuple):
    """The ids of what can be ordered now; by item id the units left, and the hours of what has some."""

    on_sale: frozenset[str]
    left: dict[str, int]
    hours: dict[str, Json]


def _now(of: GetMenuResponse) -> _Now:
    return _Now(
        frozenset(of.available_item_ids),
        {level.item_id: level.available for level in of.stock},
        {item_id: sale_hours(group.hours) for group in of.hours for item_id in group.item_ids},
    )


def _items(of: Iterable[Item], now: _Now) -> list[Json]:
    shown = []
    for one in of:
        as_json = item(one)
        as_json["available"] = one.id in now.on_sale
        as_json["stock_left"] = now.left.get(one.id) if one.stock_tracked else None
        if one.id in now.hours:
            as_json["hours"] = now.hours[one.id]
        shown.append(as_json)
    return shown


def _place(of: Item) -> tuple[int, str]:
    return of.position, of.name
