"""The events that the catalog publishes are those of the golden examples, to the letter."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from fynlo.catalog.v1 import events_pb2 as catalog_events
from google.protobuf import json_format
from google.protobuf.message import Message

from services.catalog.domain.category import Category
from services.catalog.domain.item import Item
from services.catalog.domain.menu import MenuChange
from services.catalog.domain.option import Option, OptionGroup, StockUse
from services.catalog.domain.stock import AvailabilityCause, StockLevel, StockPolicy
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.domain.vat import VatClass, VatRate
from services.catalog.domain.window import AvailabilityWindow
from services.catalog.wire.item import item as item_message
from services.catalog.wire.item import item_availability_changed, item_in
from services.catalog.wire.menu import menu_changed
from services.catalog.wire.stock import stock_changed, stock_low, stock_oversold

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
RESTAURANT = UUID("0198c0de-0000-7000-8000-000000000001")
MAINS = UUID("0198c0de-0000-7000-8000-000000000010")
MARGHERITA = UUID("0198c0de-0000-7000-8000-000000000011")
CAKE = UUID("0198c0de-0000-7000-8000-000000000012")
GONE = UUID("0198c0de-0000-7000-8000-000000000013")
GONE_CATEGORY = UUID("0198c0de-0000-7000-8000-000000000014")
SIZE = UUID("0198c0de-0000-7000-8000-000000000020")
SMALL = UUID("0198c0de-0000-7000-8000-000000000021")
LARGE = UUID("0198c0de-0000-7000-8000-000000000022")

SIDES, SALAD, DIPS, DIP, CRUST, THIN = (
    UUID(f"0198c0de-0000-7000-8000-0000000000{number}") for number in range(23, 29)
)
LARGE_OPTION = Option(
    LARGE,
    "Large",
    150,
    False,
    (10,),
    (11,),
    "cold_food",
    StockUse(CAKE, 2),
    (OptionGroup(CRUST, "Crust", 0, 1, (Option(THIN, "Thin", -20, allergens=(2,), may_contain=(13,)),)),),
)
ITEM = Item(
    id=MARGHERITA,
    category_id=MAINS,
    name="Margherita",
    price_minor=950,
    vat_class="hot_food",
    description="Tomato, mozzarella",
    allergens=(2, 7),
    windows=(AvailabilityWindow((0, 1, 2, 3, 4), 720, 900),),
    option_groups=(
        OptionGroup(SIZE, "Size", 1, 1, (Option(SMALL, "Small"), LARGE_OPTION), is_size=True),
        OptionGroup(SIDES, "Side", 1, 1, (Option(SALAD, "Salad", item_id=CAKE),)),
        OptionGroup(DIPS, "Dip", 0, 1, (Option(DIP, "Dip", item_id=CAKE),), ancillary_of=SIDES),
    ),
    may_contain=(11,),
    stock_tracked=False,
    position=10,
    version=7,
    barcode="5012345678900",
    plu="101",
    preparation_minutes=12,
)
VAT = VatClass("hot_food", "Hot food", (VatRate(date(2022, 4, 1), 2000, 2000),), 7)
TIMED = TimedMenu(
    UUID("0198c0de-0000-7000-8000-000000000015"),
    "Lunch",
    10,
    (AvailabilityWindow((0, 1), 720, 900),),
    date(2026, 3, 1),
    None,
    frozenset({GONE_CATEGORY}),
    frozenset({GONE}),
    7,
)
CHANGE = MenuChange(
    (Category(MAINS, "Mains", 10, 7),),
    (ITEM,),
    (VAT,),
    (GONE,),
    (GONE_CATEGORY,),
    (TIMED,),
    (UUID("0198c0de-0000-7000-8000-000000000016"),),
)
NOON, NIGHT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC), datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
LEVEL = StockLevel(CAKE, "Cheesecake", 12, 4, 10, 31, NOON, counted_at=NIGHT)
LOW = replace(LEVEL, reorder_point=8)
OVERSOLD = replace(LEVEL, on_hand=4, reserved=6, version=35, policy=StockPolicy.WARN)

BUILT: dict[str, Message] = {
    "MenuChanged": menu_changed(RESTAURANT, 7, CHANGE)[0],
    "StockChanged": stock_changed(LEVEL),
    "StockLow": stock_low(LOW),
    "StockOversold": stock_oversold(OVERSOLD),
    "ItemAvailabilityChanged": item_availability_changed(
        CAKE, "Cheesecake", AvailabilityCause.OUT_OF_STOCK, 7
    ),
}


@pytest.mark.parametrize("name", BUILT)
def test_the_golden_example_is_what_is_published(name: str) -> None:
    golden = json_format.Parse((EXAMPLES / f"{name}.json").read_text(), type(BUILT[name])())
    assert golden == BUILT[name]


def test_every_event_of_the_catalog_has_an_example() -> None:
    assert set(BUILT) == set(catalog_events.DESCRIPTOR.message_types_by_name)


@pytest.mark.parametrize("item", [ITEM, replace(ITEM, option_groups=(), windows=(), available=False)])
def test_an_item_comes_back_from_the_wire_as_it_went(item: Item) -> None:
    assert item_in(item_message(item)) == item


def test_what_has_no_identity_yet_gets_one() -> None:
    message = item_message(ITEM)
    message.id = ""
    message.option_groups[0].id = ""
    message.option_groups[0].options[0].id = ""
    message.option_groups[0].options[1].option_groups[0].id = ""
    made = item_in(message)
    assert made.id != MARGHERITA
    assert made.option_groups[0].id != SIZE
    assert made.option_groups[0].options[1].groups[0].id != CRUST
    assert [
        option.id == other
        for option, other in zip(made.option_groups[0].options, (SMALL, LARGE), strict=True)
    ] == [
        False,
        True,
    ]


def test_parts_hold_everything_once_and_stay_small() -> None:
    items = tuple(replace(ITEM, description="x" * 900, name=f"Item {number}") for number in range(400))
    change = replace(CHANGE, items=items)
    parts = menu_changed(RESTAURANT, 7, change)
    assert len(parts) > 2
    assert all(part.ByteSize() < 100_000 for part in parts)
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert [item.name for part in parts for item in part.items] == [item.name for item in items]
    assert sum(len(part.categories) for part in parts) == 1
    assert sum(len(part.removed_item_ids) for part in parts) == 1
