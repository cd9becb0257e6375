"""Between the contracts and the domain, and from what happened to the events that say so."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.orders.v1 import orders_pb2
from google.protobuf.message import Message

from chassis.errors import InvalidArgument
from chassis.ids import new_id, parse_id
from chassis.instants import timestamp
from services.catalog.domain.menu import (
    AvailabilityWindow,
    Category,
    Item,
    MenuChange,
    Option,
    OptionGroup,
    VatClass,
)
from services.catalog.domain.reservations import PlacedOrder
from services.catalog.domain.stock import AvailabilityCause, StockLevel, StockLine
from services.catalog.menu_file.entries import Rejection

PART_BYTES = 80_000
"""Of one MenuChanged: well below 100 KB with what surrounds it."""
_BACK = frozenset({AvailabilityCause.PUT_BACK, AvailabilityCause.RESTOCKED})


# -- in ---------------------------------------------------------------------------------------------------


def category_of(message: catalog_pb2.Category) -> Category:
    """A category as a caller sent it; without an id it gets a new one."""
    return Category(_own_id(message.id), message.name.strip(), message.position, message.version)


def item_of(message: catalog_pb2.Item) -> Item:
    """An item as a caller sent it; what has no id gets a new one. Raises InvalidArgument (INVALID_ID)."""
    return Item(
        id=_own_id(message.id),
        category_id=parse_id(message.category_id),
        name=message.name.strip(),
        price_minor=message.price_minor,
        vat_class=message.vat_class,
        description=message.description.strip(),
        allergens=tuple(_allergens(message.allergens)),
        available=message.available,
        windows=tuple(_window(window) for window in message.windows),
        option_groups=tuple(_group_of(group) for group in message.option_groups),
        stock_tracked=message.stock_tracked,
        position=message.position,
        version=message.version,
    )


def stock_line_of(message: catalog_pb2.StockLine) -> StockLine:
    """A line that is to be reserved."""
    return StockLine(parse_id(message.line_id), parse_id(message.item_id), message.quantity)


def placed_order_of(message: orders_pb2.Order) -> PlacedOrder:
    """What stock needs to know of an order."""
    lines = tuple(
        StockLine(parse_id(line.id), parse_id(line.item_id), line.quantity)
        for line in message.lines
        if not line.voided and line.quantity > 0
    )
    return PlacedOrder(parse_id(message.id), message.version, lines)


def _own_id(text: str) -> UUID:
    return parse_id(text) if text else new_id()


def _allergens(numbers: Iterable[int]) -> Iterator[int]:
    known = catalog_pb2.Allergen.values()
    for number in sorted(numbers):
        if number == catalog_pb2.ALLERGEN_UNSPECIFIED or number not in known:
            raise InvalidArgument(f"{number} is no allergen", reason="UNKNOWN_ALLERGEN")
        yield int(number)


def _window(message: catalog_pb2.AvailabilityWindow) -> AvailabilityWindow:
    return AvailabilityWindow(tuple(sorted(message.weekdays)), message.from_minutes, message.until_minutes)


def _group_of(message: catalog_pb2.OptionGroup) -> OptionGroup:
    options = tuple(
        Option(
            _own_id(option.id),
            option.name.strip(),
            option.price_delta_minor,
            option.available,
            tuple(_allergens(option.allergens)),
        )
        for option in message.options
    )
    return OptionGroup(
        _own_id(message.id), message.name.strip(), message.min_choices, message.max_choices, options
    )


# -- out --------------------------------------------------------------------------------------------------


def category_message(category: Category) -> catalog_pb2.Category:
    """As the contract says it."""
    return catalog_pb2.Category(
        id=str(category.id), name=category.name, position=category.position, version=category.version
    )


def item_message(item: Item) -> catalog_pb2.Item:
    """As the contract says it."""
    return catalog_pb2.Item(
        id=str(item.id),
        category_id=str(item.category_id),
        name=item.name,
        description=item.description,
        price_minor=item.price_minor,
        vat_class=item.vat_class,
        allergens=_allergen_values(item.allergens),
        available=item.available,
        windows=[
            catalog_pb2.AvailabilityWindow(
                weekdays=window.weekdays,
                from_minutes=window.from_minutes,
                until_minutes=window.until_minutes,
            )
            for window in item.windows
        ],
        option_groups=[_group_message(group) for group in item.option_groups],
        stock_tracked=item.stock_tracked,
        position=item.position,
        version=item.version,
    )


def _group_message(group: OptionGroup) -> catalog_pb2.OptionGroup:
    return catalog_pb2.OptionGroup(
        id=str(group.id),
        name=group.name,
        min_choices=group.min_choices,
        max_choices=group.max_choices,
        options=[
            catalog_pb2.Option(
                id=str(option.id),
                name=option.name,
                price_delta_minor=option.price_delta_minor,
                available=option.available,
                allergens=_allergen_values(option.allergens),
            )
            for option in group.options
        ],
    )


def _allergen_values(numbers: Iterable[int]) -> list[catalog_pb2.Allergen.ValueType]:
    return [catalog_pb2.Allergen.ValueType(number) for number in numbers]


def vat_class_message(vat_class: VatClass) -> catalog_pb2.VatClass:
    """As the contract says it."""
    return catalog_pb2.VatClass(
        code=vat_class.code,
        name=vat_class.name,
        rates=[
            catalog_pb2.VatRate(
                effective_from=rate.effective_from.isoformat(),
                eat_in_bp=rate.eat_in_bp,
                takeaway_bp=rate.takeaway_bp,
            )
            for rate in vat_class.rates
        ],
    )


def level_message(level: StockLevel) -> catalog_pb2.StockLevel:
    """As the contract says it."""
    return catalog_pb2.StockLevel(
        item_id=str(level.item_id),
        item_name=level.item_name,
        on_hand=level.on_hand,
        reserved=level.reserved,
        available=level.available,
        reorder_point=level.reorder_point,
        version=level.version,
        updated_at=timestamp(level.updated_at),
        untracked=not level.tracked,
    )


def rejection_message(rejection: Rejection) -> catalog_pb2.ImportRejection:
    """As the contract says it."""
    return catalog_pb2.ImportRejection(row=rejection.row, field=rejection.field, detail=rejection.detail)


# -- events -----------------------------------------------------------------------------------------------


def availability_event(
    item_id: UUID, item_name: str, cause: AvailabilityCause, menu_version: int
) -> catalog_events.ItemAvailabilityChanged:
    """An item that can no longer be ordered, or can again."""
    return catalog_events.ItemAvailabilityChanged(
        item_id=str(item_id),
        item_name=item_name,
        available=cause in _BACK,
        cause=cause.value,
        menu_version=menu_version,
    )


@dataclass(slots=True)
class _Part:
    categories: list[catalog_pb2.Category] = field(default_factory=list)
    items: list[catalog_pb2.Item] = field(default_factory=list)
    vat_classes: list[catalog_pb2.VatClass] = field(default_factory=list)
    removed_item_ids: list[str] = field(default_factory=list)
    removed_category_ids: list[str] = field(default_factory=list)
    bytes: int = 0


def menu_changed(restaurant_id: UUID, version: int, change: MenuChange) -> list[catalog_events.MenuChanged]:
    """The change that led to ``version``, in as few parts as keep each below PART_BYTES."""
    parts = [_Part()]
    for name, value in _pieces(change):
        size = len(value) if isinstance(value, str) else value.ByteSize()
        if parts[-1].bytes and parts[-1].bytes + size > PART_BYTES:
            parts.append(_Part())
        getattr(parts[-1], name).append(value)
        # Each entry of a repeated field costs a tag and a length.
        parts[-1].bytes += size + 8
    return [
        catalog_events.MenuChanged(
            restaurant_id=str(restaurant_id),
            version=version,
            previous_version=version - 1,
            part=number,
            parts=len(parts),
            categories=part.categories,
            items=part.items,
            vat_classes=part.vat_classes,
            removed_item_ids=part.removed_item_ids,
            removed_category_ids=part.removed_category_ids,
        )
        for number, part in enumerate(parts, start=1)
    ]


def _pieces(change: MenuChange) -> Iterator[tuple[str, Message | str]]:
    yield from (("vat_classes", vat_class_message(each)) for each in change.vat_classes)
    yield from (("categories", category_message(each)) for each in change.categories)
    yield from (("items", item_message(each)) for each in change.items)
    yield from (("removed_item_ids", str(each)) for each in change.removed_item_ids)
    yield from (("removed_category_ids", str(each)) for each in change.removed_category_ids)


def import_response(
    created: int, updated: int, unchanged: int, rejected: Sequence[Rejection], menu_version: int
) -> catalog_api.ImportMenuResponse:
    """What an import did, or would do."""
    return catalog_api.ImportMenuResponse(
        created=created,
        updated=updated,
        unchanged=unchanged,
        rejected=[rejection_message(rejection) for rejection in rejected],
        menu_version=menu_version,
    )
