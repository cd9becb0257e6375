"""The menu and the stock."""

from collections.abc import Container, Mapping

from fynlo.catalog.v1 import catalog_pb2, catalog_service_pb2

from device_json.scalars import ALLERGEN, Json, instant


def menu(of: catalog_service_pb2.GetMenuResponse) -> Json:
    """The whole menu: categories in their order with their items, each with what is on sale now."""
    on_sale = frozenset(of.available_item_ids)
    left = {level.item_id: level.available for level in of.stock}
    by_category: dict[str, list[catalog_pb2.Item]] = {one.id: [] for one in of.menu.categories}
    for one in of.menu.items:
        if one.category_id in by_category:
            by_category[one.category_id].append(one)
    return {
        "version": of.menu.version,
        "currency": of.menu.currency_code,
        "categories": [
            {**category(one), "items": _items(by_category[one.id], on_sale, left)}
            for one in sorted(of.menu.categories, key=lambda one: (one.position, one.name))
        ],
    }


def menu_delta(of: catalog_service_pb2.GetMenuResponse, since_version: int) -> Json:
    """What changed after ``since_version``: flat lists of whole categories and items, and what is gone.

    ``available_item_ids`` and ``stock`` are complete, for hours and stock move without a new menu version.
    """
    on_sale = frozenset(of.available_item_ids)
    left = {level.item_id: level.available for level in of.stock}
    return {
        "version": of.menu.version,
        "since_version": since_version,
        "delta": True,
        "currency": of.menu.currency_code,
        "categories": [category(one) for one in of.menu.categories],
        "items": [item(one, on_sale, left) for one in of.menu.items],
        "removed_item_ids": list(of.removed_item_ids),
        "removed_category_ids": list(of.removed_category_ids),
        "available_item_ids": list(of.available_item_ids),
        "stock": [{"item_id": item_id, "stock_left": available} for item_id, available in left.items()],
    }


def category(of: catalog_pb2.Category) -> Json:
    """A category without its items."""
    return {"id": of.id, "name": of.name, "position": of.position, "version": of.version}


def item(
    of: catalog_pb2.Item,
    on_sale: Container[str] | None = None,
    stock_left: Mapping[str, int] | None = None,
) -> Json:
    """An item of the menu. ``on_sale``: the ids that can be ordered now (None: what the item itself says);
    ``stock_left``: units left by item id; an item that is not counted gets None.
    """
    return {
        "id": of.id,
        "category_id": of.category_id or None,
        "name": of.name,
        "description": of.description or None,
        "price_minor": of.price_minor,
        "vat_class": of.vat_class or None,
        "allergens": [ALLERGEN[allergen] for allergen in of.allergens],
        "available": of.available if on_sale is None else of.id in on_sale,
        "stock_tracked": of.stock_tracked,
        "stock_left": stock_left.get(of.id) if stock_left is not None and of.stock_tracked else None,
        "position": of.position,
        "version": of.version,
        "windows": [
            {
                "weekdays": list(window.weekdays),
                "from_minutes": window.from_minutes,
                "until_minutes": window.until_minutes,
            }
            for window in of.windows
        ],
        "option_groups": [
            {
                "id": group.id,
                "name": group.name,
                "min": group.min_choices,
                "max": group.max_choices,
                "options": [
                    {
                        "id": option.id,
                        "name": option.name,
                        "price_delta_minor": option.price_delta_minor,
                        "available": option.available,
                        "allergens": [ALLERGEN[allergen] for allergen in option.allergens],
                    }
                    for option in group.options
                ],
            }
            for group in of.option_groups
        ],
    }


def stock_level(of: catalog_pb2.StockLevel) -> Json:
    """The level of one counted item; absolute. available = on_hand - reserved."""
    return {
        "item_id": of.item_id,
        "item_name": of.item_name or None,
        "on_hand": of.on_hand,
        "reserved": of.reserved,
        "available": of.available,
        "reorder_point": of.reorder_point,
        "version": of.version,
        "tracked": not of.untracked,
        "updated_at": instant(of.updated_at) if of.HasField("updated_at") else None,
    }


def availability(item_id: str, item_name: str, available: bool, cause: str, menu_version: int) -> Json:
    """An item that was taken off, ran out, or came back."""
    return {
        "item_id": item_id,
        "item_name": item_name or None,
        "available": available,
        "cause": cause or None,
        "menu_version": menu_version or None,
    }


def menu_import(of: catalog_service_pb2.ImportMenuResponse) -> Json:
    """What an import did, or would do."""
    return {
        "created": of.created,
        "updated": of.updated,
        "unchanged": of.unchanged,
        "menu_version": of.menu_version or None,
        "rejected": [
            {"row": one.row, "field": one.field or None, "detail": one.detail} for one in of.rejected
        ],
    }


def _items(of: list[catalog_pb2.Item], on_sale: Container[str], left: Mapping[str, int]) -> list[Json]:
    return [item(one, on_sale, left) for one in sorted(of, key=lambda one: (one.position, one.name))]
