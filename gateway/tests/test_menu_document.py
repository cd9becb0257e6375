from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.menu_document import menu_changes, whole_menu


def test_a_menu_lists_its_categories_in_order_with_what_is_on_sale_and_left() -> None:
    answer = catalog_api.GetMenuResponse(
        menu=catalog_pb2.Menu(
            version=5,
            currency_code="GBP",
            categories=[
                catalog_pb2.Category(id="c2", name="Drinks", position=2),
                catalog_pb2.Category(id="c1", name="Food", position=1),
            ],
            items=[
                catalog_pb2.Item(id="i2", category_id="c1", name="B", position=2, available=True),
                catalog_pb2.Item(
                    id="i1", category_id="c1", name="A", position=1, available=True, stock_tracked=True
                ),
            ],
        ),
        stock=[catalog_pb2.StockLevel(item_id="i1", available=3)],
        available_item_ids=["i1"],
    )
    shown = whole_menu(answer)
    assert [one["id"] for one in shown["categories"]] == ["c1", "c2"]
    food = shown["categories"][0]["items"]
    assert [(one["id"], one["available"], one["stock_left"]) for one in food] == [
        ("i1", True, 3),
        ("i2", False, None),
    ]
    assert (shown["version"], shown["currency"]) == (5, "GBP")


def test_a_menu_tells_what_somebody_took_off_from_what_is_out_of_hours() -> None:
    answer = catalog_api.GetMenuResponse(
        menu=catalog_pb2.Menu(
            categories=[catalog_pb2.Category(id="c1", name="Food")],
            items=[
                catalog_pb2.Item(id="off", category_id="c1", name="A"),
                catalog_pb2.Item(id="breakfast", category_id="c1", name="B", available=True),
            ],
            vat_classes=[catalog_pb2.VatClass(code="alcohol", name="Alcoholic drinks")],
        )
    )
    shown = whole_menu(answer)
    assert [one["available"] for one in shown["categories"][0]["items"]] == [False, False]
    assert [one["name"] for one in shown["vat_classes"]] == ["Alcoholic drinks"]


def test_a_sold_out_item_has_none_left_rather_than_an_unknown_number() -> None:
    answer = catalog_api.GetMenuResponse(
        menu=catalog_pb2.Menu(items=[catalog_pb2.Item(id="i1", stock_tracked=True)]),
        stock=[catalog_pb2.StockLevel(item_id="i1", available=0)],
    )
    assert menu_changes(answer, 1)["items"][0]["stock_left"] == 0


def test_an_item_says_when_it_is_sold_where_that_is_not_always() -> None:
    opens, closes = Timestamp(seconds=1_772_452_800), Timestamp(seconds=1_772_463_600)
    lunch = catalog_pb2.SaleHours(times=[catalog_pb2.SaleTime(opens_at=opens, closes_at=closes)])
    answer = catalog_api.GetMenuResponse(
        menu=catalog_pb2.Menu(items=[catalog_pb2.Item(id=each) for each in ("pie", "feast", "tea")]),
        available_item_ids=["tea"],
        hours=[
            catalog_pb2.ItemsHours(hours=lunch, item_ids=["pie"]),
            catalog_pb2.ItemsHours(hours=catalog_pb2.SaleHours(), item_ids=["feast"]),
        ],
    )
    pie, feast, tea = menu_changes(answer, 1)["items"]
    assert pie["hours"] == {
        "times": [{"opens_at": "2026-03-02T12:00:00.000Z", "closes_at": "2026-03-02T15:00:00.000Z"}]
    }
    assert feast["hours"] == {"times": []}
    assert "hours" not in tea
