"""Option groups as the document in which an item keeps them.

An option is a list of four; what few options have stands beside them by the option's id: code of before reads
the lists, and passes over other keys.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from services.catalog.domain.option import Option, OptionGroup, StockUse


def groups_in(documents: Iterable[dict[str, Any]]) -> tuple[OptionGroup, ...]:
    """The groups of an item, or of an option."""
    return tuple(_group(document) for document in documents)


def group_documents(groups: Sequence[OptionGroup]) -> list[dict[str, Any]]:
    """As they are stored."""
    return [_group_document(group) for group in groups]


def _group(document: dict[str, Any]) -> OptionGroup:
    allergens, more = document.get("allergens", {}), document.get("more", {})
    options = tuple(
        Option(UUID(key), name, delta, on, tuple(allergens.get(key, ())), **_more(more.get(key)))
        for key, name, delta, on in document["options"]
    )
    ancillary_of = document.get("ancillary_of")
    return OptionGroup(
        UUID(document["id"]),
        document["name"],
        document["min"],
        document["max"],
        options,
        document.get("is_size", False),
        UUID(ancillary_of) if ancillary_of else None,
    )


def _more(document: dict[str, Any] | None) -> dict[str, Any]:
    if document is None:
        return {}
    taken, item_id = document.get("stock_use"), document.get("item_id")
    return {
        "may_contain": tuple(document.get("may_contain", ())),
        "vat_class": document.get("vat_class", ""),
        "stock_use": StockUse(UUID(taken[0]), taken[1]) if taken else None,
        "groups": groups_in(document.get("groups", ())),
        "item_id": UUID(item_id) if item_id else None,
    }


def _group_document(group: OptionGroup) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": str(group.id),
        "name": group.name,
        "min": group.min_choices,
        "max": group.max_choices,
        "options": [
            [str(each.id), each.name, each.price_delta_minor, each.available] for each in group.options
        ],
        "allergens": {str(each.id): list(each.allergens) for each in group.options if each.allergens},
    }
    more = {str(each.id): found for each in group.options if (found := _more_document(each))}
    if more:
        document["more"] = more
    if group.is_size:
        document["is_size"] = True
    if group.ancillary_of is not None:
        document["ancillary_of"] = str(group.ancillary_of)
    return document


def _more_document(option: Option) -> dict[str, Any]:
    """What it has of these; most have nothing."""
    taken = option.stock_use
    told = {
        "may_contain": list(option.may_contain),
        "vat_class": option.vat_class,
        "stock_use": [str(taken.item_id), taken.quantity] if taken is not None else None,
        "groups": group_documents(option.groups),
        "item_id": str(option.item_id) if option.item_id is not None else None,
    }
    return {name: value for name, value in told.items() if value}
