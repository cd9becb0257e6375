"""Options in their groups, of both levels."""

from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2

from chassis.ids import new_id, parse_id
from services.catalog.domain.option import Option, OptionGroup, StockUse
from services.catalog.wire.allergen import allergens, allergens_in


def group_in(message: catalog_pb2.OptionGroup) -> OptionGroup:
    """A group as a caller sent it; what has no id gets a new one. Raises InvalidArgument as ``item_in``."""
    return OptionGroup(
        own_id(message.id),
        message.name.strip(),
        message.min_choices,
        message.max_choices,
        tuple(_option_in(option) for option in message.options),
        message.is_size,
        parse_id(message.ancillary_of) if message.ancillary_of else None,
    )


def group(of: OptionGroup) -> catalog_pb2.OptionGroup:
    """As the contract says it."""
    return catalog_pb2.OptionGroup(
        id=str(of.id),
        name=of.name,
        min_choices=of.min_choices,
        max_choices=of.max_choices,
        options=[_option(option) for option in of.options],
        is_size=of.is_size,
        ancillary_of=str(of.ancillary_of or ""),
    )


def own_id(text: str) -> UUID:
    """The identity that a caller gave, else a new one. Raises InvalidArgument (INVALID_ID)."""
    return parse_id(text) if text else new_id()


def _option_in(message: catalog_pb2.Option) -> Option:
    return Option(
        own_id(message.id),
        message.name.strip(),
        message.price_delta_minor,
        message.available,
        allergens_in(message.allergens),
        allergens_in(message.may_contain),
        message.vat_class,
        _stock_use_in(message),
        tuple(_nested_group_in(each) for each in message.option_groups),
        parse_id(message.item_id) if message.item_id else None,
    )


def _nested_group_in(message: catalog_pb2.NestedOptionGroup) -> OptionGroup:
    options = tuple(
        Option(
            own_id(option.id),
            option.name.strip(),
            option.price_delta_minor,
            option.available,
            allergens_in(option.allergens),
            allergens_in(option.may_contain),
            option.vat_class,
            _stock_use_in(option),
        )
        for option in message.options
    )
    return OptionGroup(
        own_id(message.id), message.name.strip(), message.min_choices, message.max_choices, options
    )


def _stock_use_in(message: catalog_pb2.Option | catalog_pb2.NestedOption) -> StockUse | None:
    if not message.HasField("stock_use"):
        return None
    return StockUse(parse_id(message.stock_use.item_id), message.stock_use.quantity)


def _option(of: Option) -> catalog_pb2.Option:
    return catalog_pb2.Option(
        id=str(of.id),
        name=of.name,
        price_delta_minor=of.price_delta_minor,
        available=of.available,
        allergens=allergens(of.allergens),
        may_contain=allergens(of.may_contain),
        vat_class=of.vat_class,
        stock_use=_stock_use(of),
        option_groups=[_nested_group(each) for each in of.groups],
        item_id=str(of.item_id or ""),
    )


def _nested_group(of: OptionGroup) -> catalog_pb2.NestedOptionGroup:
    return catalog_pb2.NestedOptionGroup(
        id=str(of.id),
        name=of.name,
        min_choices=of.min_choices,
        max_choices=of.max_choices,
        options=[
            catalog_pb2.NestedOption(
                id=str(option.id),
                name=option.name,
                price_delta_minor=option.price_delta_minor,
                available=option.available,
                allergens=allergens(option.allergens),
                may_contain=allergens(option.may_contain),
                vat_class=option.vat_class,
                stock_use=_stock_use(option),
            )
            for option in of.options
        ],
    )


def _stock_use(of: Option) -> catalog_pb2.StockUse | None:
    if of.stock_use is None:
        return None
    return catalog_pb2.StockUse(item_id=str(of.stock_use.item_id), quantity=of.stock_use.quantity)
