"""Menus: what is answered of one, and the events that tell its changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import events_pb2 as catalog_events
from google.protobuf.message import Message

from services.catalog.domain.item import Item
from services.catalog.domain.menu import MenuChange, MenuState, OnSale
from services.catalog.wire.category import category
from services.catalog.wire.item import item
from services.catalog.wire.stock import level
from services.catalog.wire.timed_menu import sale_hours, timed_menu
from services.catalog.wire.vat import vat_class

PART_BYTES = 80_000
"""Of one MenuChanged: well below 100 KB with what surrounds it."""


EVERYTHING = -1
"""The version after which everything changed."""


class MenuMessages:
    """Menus as GetMenu answers them."""

    def item(self, of: Item) -> catalog_pb2.Item:
        """One item."""
        return item(of)

    def whole(
        self,
        state: MenuState,
        items: Mapping[UUID, catalog_pb2.Item],
        sale: OnSale,
        etag: str,
        menu: catalog_api.GetMenuResponse | None,
    ) -> catalog_api.GetMenuResponse:
        """All of it; ``menu`` is an answer with the same menu and another stock."""
        return catalog_api.GetMenuResponse(
            menu=_menu(state, items, EVERYTHING) if menu is None else menu.menu,
            stock=[level(each) for each in state.levels],
            available_item_ids=[str(each) for each in sale.item_ids],
            etag=etag,
            hours=[
                catalog_pb2.ItemsHours(hours=sale_hours(times), item_ids=[str(each) for each in item_ids])
                for times, item_ids in sale.hours.items()
            ],
        )

    def since(
        self,
        state: MenuState,
        items: Mapping[UUID, catalog_pb2.Item],
        version: int,
        whole: catalog_api.GetMenuResponse,
    ) -> catalog_api.GetMenuResponse:
        """What changed after menu version ``version``; stock and what is on sale as in ``whole``."""
        return catalog_api.GetMenuResponse(
            menu=_menu(state, items, version),
            delta=True,
            removed_item_ids=[str(each.id) for each in state.removed_items if each.version > version],
            removed_category_ids=[
                str(each.id) for each in state.removed_categories if each.version > version
            ],
            stock=whole.stock,
            available_item_ids=whole.available_item_ids,
            etag=whole.etag,
            hours=whole.hours,
            removed_timed_menu_ids=[
                str(each.id) for each in state.removed_timed_menus if each.version > version
            ],
        )

    def unchanged(self, etag: str) -> catalog_api.GetMenuResponse:
        """That what the caller has still stands."""
        return catalog_api.GetMenuResponse(etag=etag, not_modified=True)


@dataclass(slots=True)
class _Part:
    categories: list[catalog_pb2.Category] = field(default_factory=list)
    items: list[catalog_pb2.Item] = field(default_factory=list)
    vat_classes: list[catalog_pb2.VatClass] = field(default_factory=list)
    removed_item_ids: list[str] = field(default_factory=list)
    removed_category_ids: list[str] = field(default_factory=list)
    timed_menus: list[catalog_pb2.TimedMenu] = field(default_factory=list)
    removed_timed_menu_ids: list[str] = field(default_factory=list)
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
            timed_menus=part.timed_menus,
            removed_timed_menu_ids=part.removed_timed_menu_ids,
        )
        for number, part in enumerate(parts, start=1)
    ]


def _pieces(change: MenuChange) -> Iterator[tuple[str, Message | str]]:
    yield from (("vat_classes", vat_class(each)) for each in change.vat_classes)
    yield from (("categories", category(each)) for each in change.categories)
    yield from (("items", item(each)) for each in change.items)
    yield from (("removed_item_ids", str(each)) for each in change.removed_item_ids)
    yield from (("removed_category_ids", str(each)) for each in change.removed_category_ids)
    yield from (("timed_menus", timed_menu(each)) for each in change.timed_menus)
    yield from (("removed_timed_menu_ids", str(each)) for each in change.removed_timed_menu_ids)


def _menu(state: MenuState, items: Mapping[UUID, catalog_pb2.Item], since: int) -> catalog_pb2.Menu:
    return catalog_pb2.Menu(
        restaurant_id=str(state.restaurant_id),
        version=state.stamp.menu,
        currency_code=state.restaurant.currency_code,
        time_zone=state.restaurant.time_zone,
        categories=[category(each) for each in state.categories_since(since)],
        items=[items[each.id] for each in state.items_since(since)],
        vat_classes=[vat_class(each) for each in state.vat_classes if each.version > since],
        timed_menus=[timed_menu(each) for each in state.timed_menus_since(since)],
    )
