"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.catalog.v1.
"""

from typing import Final

from fynlo.catalog.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    events_pb2,
    images_pb2,
    images_service_pb2,
    menu_hours_service_pb2,
    stock_pb2,
    stock_service_pb2,
    supplier_pb2,
)

from fynlo_json.scalars import EnumNames, Json, instant

ALLERGEN: Final = EnumNames(catalog_pb2.Allergen, "ALLERGEN_")
MENU_FORMAT: Final = EnumNames(catalog_pb2.MenuFormat, "MENU_FORMAT_")
MOVEMENT_KIND: Final = EnumNames(stock_pb2.MovementKind, "MOVEMENT_KIND_")
STOCK_POLICY: Final = EnumNames(catalog_pb2.StockPolicy, "STOCK_POLICY_")
STOCK_UNIT: Final = EnumNames(catalog_pb2.StockUnit, "STOCK_UNIT_")


def availability_window(of: catalog_pb2.AvailabilityWindow) -> Json:
    """When an item can be ordered, in the restaurant's time zone. No window at all: always."""
    return {
        "weekdays": list(of.weekdays),
        "from_minutes": of.from_minutes,
        "until_minutes": of.until_minutes,
    }


def category(of: catalog_pb2.Category) -> Json:
    return {
        "id": of.id,
        "name": of.name,
        "position": of.position,
        "version": of.version,
    }


def get_reorder_response(of: stock_service_pb2.GetReorderResponse) -> Json:
    return {
        "items": [reorder_suggestion(one) for one in of.suggestions],
        "suppliers": [supplier_total(one) for one in of.suppliers],
    }


def import_menu_response(of: catalog_service_pb2.ImportMenuResponse) -> Json:
    return {
        "created": of.created,
        "updated": of.updated,
        "unchanged": of.unchanged,
        "rejected": [import_rejection(one) for one in of.rejected],
        "menu_version": of.menu_version or None,
    }


def import_rejection(of: catalog_pb2.ImportRejection) -> Json:
    return {
        "row": of.row,
        "field": of.field or None,
        "detail": of.detail,
    }


def ingredient(of: stock_pb2.Ingredient) -> Json:
    """Stock that is not sold itself. Its level is that of its id."""
    return {
        "id": of.id,
        "name": of.name,
        "unit": STOCK_UNIT[of.unit],
        "version": of.version,
    }


def item(of: catalog_pb2.Item) -> Json:
    return {
        "id": of.id,
        "category_id": of.category_id or None,
        "name": of.name,
        "description": of.description or None,
        "price_minor": of.price_minor,
        "vat_class": of.vat_class or None,
        "allergens": [ALLERGEN[one] for one in of.allergens],
        "available": of.available,
        "windows": [availability_window(one) for one in of.windows],
        "option_groups": [option_group(one) for one in of.option_groups],
        "stock_tracked": of.stock_tracked,
        "position": of.position,
        "version": of.version,
        "stock_left": of.stock_left if of.HasField("stock_left") else None,
        "barcode": of.barcode or None,
        "plu": of.plu or None,
        **({"may_contain": [ALLERGEN[one] for one in of.may_contain]} if of.may_contain else {}),
        **({"returns_at": instant(of.returns_at)} if of.HasField("returns_at") else {}),
        **({"hours": sale_hours(of.hours)} if of.HasField("hours") else {}),
        **({"taken_off": of.taken_off} if of.taken_off else {}),
        **({"image": item_image(of.image)} if of.HasField("image") else {}),
        "preparation_minutes": of.preparation_minutes or None,
    }


def item_availability_changed(of: events_pb2.ItemAvailabilityChanged) -> Json:
    """An item was taken off or ran out (available false), or came back; or an option of one that is sold did."""
    return {
        "item_id": of.item_id,
        "item_name": of.item_name or None,
        "available": of.available,
        "cause": of.cause or None,
        "menu_version": of.menu_version or None,
    }


def item_image(of: images_pb2.ItemImage) -> Json:
    """The picture of an item in two sizes. An address that begins with / is on this server. What lies at an address never changes: another picture has another one."""
    return {
        "url": of.url,
        "thumbnail_url": of.thumbnail_url,
        "width": of.width,
        "height": of.height,
    }


def list_ingredients_response(of: stock_service_pb2.ListIngredientsResponse) -> Json:
    return {
        "items": [ingredient(one) for one in of.ingredients],
        "next_cursor": of.next_cursor or None,
    }


def list_movements_response(of: stock_service_pb2.ListMovementsResponse) -> Json:
    return {
        "items": [stock_movement(one) for one in of.movements],
        "next_cursor": of.next_cursor or None,
    }


def list_stock_response(of: catalog_service_pb2.ListStockResponse) -> Json:
    return {
        "items": [stock_level(one) for one in of.levels],
        "next_cursor": of.next_cursor or None,
    }


def list_suppliers_response(of: stock_service_pb2.ListSuppliersResponse) -> Json:
    return {
        "items": [supplier(one) for one in of.suppliers],
        "next_cursor": of.next_cursor or None,
    }


def list_timed_menus_response(of: menu_hours_service_pb2.ListTimedMenusResponse) -> Json:
    return {
        "items": [timed_menu(one) for one in of.menus],
        "next_cursor": of.next_cursor or None,
    }


def menu_changed(of: events_pb2.MenuChanged) -> Json:
    """The menu went from previous_version to version. Everything that changed, whole; a large change comes in parts (part 1 to parts) of the same version, in order. Devices are told the version, and ask for what changed since theirs."""
    return {
        "version": of.version,
        "previous_version": of.previous_version,
    }


def nested_option(of: catalog_pb2.NestedOption) -> Json:
    """An option of the second level: it opens no further group."""
    return {
        "id": of.id,
        "name": of.name,
        "price_delta_minor": of.price_delta_minor,
        "available": of.available,
        "allergens": [ALLERGEN[one] for one in of.allergens],
        **({"may_contain": [ALLERGEN[one] for one in of.may_contain]} if of.may_contain else {}),
        **({"vat_class": of.vat_class} if of.vat_class else {}),
        **({"stock_use": stock_use(of.stock_use)} if of.HasField("stock_use") else {}),
    }


def nested_option_group(of: catalog_pb2.NestedOptionGroup) -> Json:
    """What an option asks in its turn, once it is chosen."""
    return {
        "id": of.id,
        "name": of.name,
        "min": of.min_choices,
        "max": of.max_choices,
        "options": [nested_option(one) for one in of.options],
    }


def option(of: catalog_pb2.Option) -> Json:
    return {
        "id": of.id,
        "name": of.name,
        "price_delta_minor": of.price_delta_minor,
        "available": of.available,
        "allergens": [ALLERGEN[one] for one in of.allergens],
        **({"may_contain": [ALLERGEN[one] for one in of.may_contain]} if of.may_contain else {}),
        **({"vat_class": of.vat_class} if of.vat_class else {}),
        **({"stock_use": stock_use(of.stock_use)} if of.HasField("stock_use") else {}),
        **(
            {"option_groups": [nested_option_group(one) for one in of.option_groups]}
            if of.option_groups
            else {}
        ),
        **({"item_id": of.item_id} if of.item_id else {}),
    }


def option_group(of: catalog_pb2.OptionGroup) -> Json:
    """Where its options are items, the group is a slot of a combo and its options are components."""
    return {
        "id": of.id,
        "name": of.name,
        "min": of.min_choices,
        "max": of.max_choices,
        "options": [option(one) for one in of.options],
        **({"is_size": of.is_size} if of.is_size else {}),
        **({"ancillary_of": of.ancillary_of} if of.ancillary_of else {}),
    }


def recipe(of: stock_pb2.Recipe) -> Json:
    return {
        "item_id": of.item_id,
        "takes": [recipe_take(one) for one in of.takes],
        "version": of.version,
    }


def recipe_take(of: stock_pb2.RecipeTake) -> Json:
    return {
        "ingredient_id": of.ingredient_id,
        "quantity": of.quantity,
    }


def reorder_suggestion(of: supplier_pb2.ReorderSuggestion) -> Json:
    """What to order of one item or ingredient."""
    return {
        "item_id": of.item_id,
        "item_name": of.item_name,
        "unit": STOCK_UNIT[of.unit],
        "supplier_id": of.supplier_id,
        "supplier_name": of.supplier_name,
        "on_hand": of.on_hand,
        "on_order": of.on_order,
        "used": of.used,
        "days": of.days,
        "packs": of.packs,
        "pack_size": of.pack_size,
        "quantity": of.quantity,
        "cost_minor": of.cost_minor,
    }


def sale_hours(of: catalog_pb2.SaleHours) -> Json:
    """When an item is sold in the days to come, by its own windows and those of its menus: the time that is now and the next ones, the earliest first, 20 at most. None: it is not sold in these days."""
    return {
        "times": [sale_time(one) for one in of.times],
    }


def sale_time(of: catalog_pb2.SaleTime) -> Json:
    """From an instant on, until another."""
    return {
        "opens_at": instant(of.opens_at) if of.HasField("opens_at") else None,
        "closes_at": instant(of.closes_at) if of.HasField("closes_at") else None,
    }


def search_menu_response(of: catalog_service_pb2.SearchMenuResponse) -> Json:
    return {
        "items": [item(one) for one in of.items],
    }


def start_image_upload_response(of: images_service_pb2.StartImageUploadResponse) -> Json:
    return {
        "upload_id": of.upload_id,
        "upload_url": of.upload_url,
        "headers": upload_headers(of.headers),
        "expires_at": instant(of.expires_at) if of.HasField("expires_at") else None,
    }


def stock_changed(of: events_pb2.StockChanged) -> Json:
    """The absolute level of one item after a change."""
    return {
        "level": stock_level(of.level),
    }


def stock_level(of: catalog_pb2.StockLevel) -> Json:
    """The absolute level of one tracked item or ingredient. available = on_hand - reserved."""
    return {
        "item_id": of.item_id,
        "item_name": of.item_name or None,
        "on_hand": of.on_hand,
        "reserved": of.reserved,
        "available": of.available,
        "reorder_point": of.reorder_point,
        "version": of.version,
        "updated_at": instant(of.updated_at) if of.HasField("updated_at") else None,
        "tracked": not of.untracked,
        "policy": STOCK_POLICY[of.policy],
        "oversold": of.oversold,
        "counted_at": instant(of.counted_at) if of.HasField("counted_at") else None,
        "unit": STOCK_UNIT[of.unit],
    }


def stock_low(of: events_pb2.StockLow) -> Json:
    """Once per downward crossing of the reorder point."""
    return {
        "level": stock_level(of.level),
    }


def stock_movement(of: stock_pb2.StockMovement) -> Json:
    """One change of a level, kept for ever. The sums of quantity and of reserved over all movements of an item are its level."""
    return {
        "id": of.id,
        "item_id": of.item_id,
        "item_name": of.item_name or None,
        "kind": MOVEMENT_KIND[of.kind],
        "quantity": of.quantity,
        "reserved": of.reserved,
        "on_hand_after": of.on_hand_after,
        "order_id": of.order_id or None,
        "line_id": of.line_id or None,
        "revision": of.revision,
        "reason": of.reason or None,
        "actor_id": of.actor_id or None,
        "occurred_at": instant(of.occurred_at) if of.HasField("occurred_at") else None,
    }


def stock_oversold(of: events_pb2.StockOversold) -> Json:
    """More was promised or sold than there is: once, until there is enough again."""
    return {
        "level": stock_level(of.level),
    }


def stock_use(of: catalog_pb2.StockUse) -> Json:
    """What one of an option takes from the shelf: units of an item that is counted."""
    return {
        "item_id": of.item_id,
        "quantity": of.quantity,
    }


def supplier(of: supplier_pb2.Supplier) -> Json:
    """Who brings goods."""
    return {
        "id": of.id,
        "name": of.name,
        "lead_days": of.lead_days,
        "minimum_minor": of.minimum_minor,
        "version": of.version,
    }


def supplier_total(of: supplier_pb2.SupplierTotal) -> Json:
    """What the suggestions come to."""
    return {
        "supplier_id": of.supplier_id,
        "supplier_name": of.supplier_name,
        "lead_days": of.lead_days,
        "cost_minor": of.cost_minor,
        "minimum_minor": of.minimum_minor,
        "below_minimum": of.below_minimum,
    }


def supply(of: supplier_pb2.Supply) -> Json:
    """Where an item or ingredient comes from. Version 0: nobody has said it."""
    return {
        "item_id": of.item_id,
        "supplier_id": of.supplier_id or None,
        "pack_size": of.pack_size,
        "pack_cost_minor": of.pack_cost_minor,
        "safety_days": of.safety_days,
        "on_order": of.on_order,
        "version": of.version,
    }


def timed_menu(of: catalog_pb2.TimedMenu) -> Json:
    """A menu that is served at its times: breakfast, lunch, dinner. What is on such menus is sold while one of them is served; what is on none is sold whenever its own windows allow it."""
    return {
        "id": of.id,
        "name": of.name,
        "position": of.position,
        "windows": [availability_window(one) for one in of.windows],
        "effective_from": of.effective_from or None,
        "effective_until": of.effective_until or None,
        "category_ids": list(of.category_ids),
        "item_ids": list(of.item_ids),
        "version": of.version,
    }


def upload_headers(of: images_pb2.UploadHeaders) -> Json:
    """Header fields that an upload must have, as they are written. Content-Length is that of the body, which must have the bytes that were announced."""
    return {
        "Content-Type": of.content_type,
    }


def vat_class(of: catalog_pb2.VatClass) -> Json:
    return {
        "code": of.code,
        "name": of.name,
        "rates": [vat_rate(one) for one in of.rates],
    }


def vat_rate(of: catalog_pb2.VatRate) -> Json:
    """A rate pair from a date on; the newest that is not in the future counts."""
    return {
        "effective_from": of.effective_from,
        "eat_in_bp": of.eat_in_bp,
        "takeaway_bp": of.takeaway_bp,
    }
