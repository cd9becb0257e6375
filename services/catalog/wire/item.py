"""Items with their options and hours of sale."""

from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.ids import parse_id
from chassis.instants import timestamp
from services.catalog.domain.item import Item
from services.catalog.domain.item_number import one_form
from services.catalog.domain.search import FoundItem
from services.catalog.domain.stock import AvailabilityCause
from services.catalog.wire.allergen import allergens, allergens_in
from services.catalog.wire.image import image
from services.catalog.wire.option import group, group_in, own_id
from services.catalog.wire.window import window_in, window_messages


def item_in(message: catalog_pb2.Item) -> Item:
    """An item as a caller sent it; what has no id gets a new one.

    Raises InvalidArgument (INVALID_ID, UNKNOWN_ALLERGEN).
    """
    return Item(
        id=own_id(message.id),
        category_id=parse_id(message.category_id),
        name=message.name.strip(),
        price_minor=message.price_minor,
        vat_class=message.vat_class,
        description=message.description.strip(),
        allergens=allergens_in(message.allergens),
        available=message.available,
        windows=tuple(window_in(window) for window in message.windows),
        option_groups=tuple(group_in(each) for each in message.option_groups),
        stock_tracked=message.stock_tracked,
        position=message.position,
        version=message.version,
        barcode=one_form(message.barcode),
        plu=message.plu,
        may_contain=allergens_in(message.may_contain),
        preparation_minutes=message.preparation_minutes,
    )


def item(of: Item) -> catalog_pb2.Item:
    """As the contract says it."""
    return catalog_pb2.Item(
        id=str(of.id),
        category_id=str(of.category_id),
        name=of.name,
        description=of.description,
        price_minor=of.price_minor,
        vat_class=of.vat_class,
        allergens=allergens(of.allergens),
        available=of.available,
        windows=window_messages(of.windows),
        option_groups=[group(each) for each in of.option_groups],
        stock_tracked=of.stock_tracked,
        position=of.position,
        version=of.version,
        barcode=of.barcode,
        plu=of.plu,
        may_contain=allergens(of.may_contain),
        returns_at=timestamp(of.returns_at),
        taken_off=not of.available,
        preparation_minutes=of.preparation_minutes,
        image=image(of.image),
    )


def found_item(of: FoundItem) -> catalog_pb2.Item:
    """As the menu tells it now."""
    message = item(of.item)
    message.available = of.available
    if of.item.stock_tracked and of.left is not None:
        message.stock_left = of.left
    return message


def item_bytes(of: Item) -> int:
    """How much an item takes on the wire."""
    return item(of).ByteSize()


def item_availability_changed(
    item_id: UUID, item_name: str, cause: AvailabilityCause, menu_version: int
) -> catalog_events.ItemAvailabilityChanged:
    """An item can no longer be ordered, or can again."""
    return catalog_events.ItemAvailabilityChanged(
        item_id=str(item_id),
        item_name=item_name,
        available=cause.is_back,
        cause=cause.value,
        menu_version=menu_version,
    )
