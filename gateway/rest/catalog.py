"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.catalog.v1.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from fynlo.catalog.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    images_service_pb2,
    menu_hours_service_pb2,
    stock_pb2,
    stock_service_pb2,
    supplier_pb2,
)
from fynlo.common.v1 import common_pb2
from fynlo_json import catalog as catalog_json
from fynlo_json.catalog import ALLERGEN, MOVEMENT_KIND, STOCK_POLICY, STOCK_UNIT
from pydantic import AwareDatetime, Field

from chassis.instants import timestamp
from gateway.bodies import Body
from gateway.calls import Call
from gateway.plain import Route, nothing


class Category(Body):
    """What Category takes."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    position: Annotated[int, Field(ge=0, le=100000)] = 0


def category(of: Category) -> catalog_pb2.Category:
    return catalog_pb2.Category(
        name=of.name,
        position=of.position,
    )


class AvailabilityWindow(Body):
    """When an item can be ordered, in the restaurant's time zone. No window at all: always."""

    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7, default_factory=list)]
    from_minutes: Annotated[int, Field(ge=0, lt=1440)]
    until_minutes: Annotated[int, Field(ge=0, le=1440)]


def availability_window(of: AvailabilityWindow) -> catalog_pb2.AvailabilityWindow:
    return catalog_pb2.AvailabilityWindow(
        weekdays=of.weekdays,
        from_minutes=of.from_minutes,
        until_minutes=of.until_minutes,
    )


class StockUse(Body):
    """What one of an option takes from the shelf: units of an item that is counted."""

    item_id: UUID
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1


def stock_use(of: StockUse) -> catalog_pb2.StockUse:
    return catalog_pb2.StockUse(
        item_id=str(of.item_id),
        quantity=of.quantity,
    )


class NestedOption(Body):
    """An option of the second level: it opens no further group."""

    id: UUID | None = None
    name: Annotated[str, Field(min_length=1, max_length=120)]
    price_delta_minor: Annotated[int, Field(ge=-100000000, le=100000000)] = 0
    available: bool = True
    allergens: Annotated[
        list[
            Literal[
                "celery",
                "cereals_containing_gluten",
                "crustaceans",
                "eggs",
                "fish",
                "lupin",
                "milk",
                "molluscs",
                "mustard",
                "nuts",
                "peanuts",
                "sesame",
                "soya",
                "sulphites",
            ]
        ],
        Field(max_length=14, default_factory=list),
    ]
    may_contain: Annotated[
        list[
            Literal[
                "celery",
                "cereals_containing_gluten",
                "crustaceans",
                "eggs",
                "fish",
                "lupin",
                "milk",
                "molluscs",
                "mustard",
                "nuts",
                "peanuts",
                "sesame",
                "soya",
                "sulphites",
            ]
        ],
        Field(max_length=14, default_factory=list),
    ]
    vat_class: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")] | None = None
    stock_use: StockUse | None = None


def nested_option(of: NestedOption) -> catalog_pb2.NestedOption:
    return catalog_pb2.NestedOption(
        id=str(of.id or ""),
        name=of.name,
        price_delta_minor=of.price_delta_minor,
        available=of.available,
        allergens=[ALLERGEN.numbers[one] for one in of.allergens],
        may_contain=[ALLERGEN.numbers[one] for one in of.may_contain],
        vat_class=of.vat_class or "",
        stock_use=None if of.stock_use is None else stock_use(of.stock_use),
    )


class NestedOptionGroup(Body):
    """What an option asks in its turn, once it is chosen."""

    id: UUID | None = None
    name: Annotated[str, Field(min_length=1, max_length=120)]
    min: Annotated[int, Field(ge=0, le=100)] = 0
    max: Annotated[int, Field(ge=1, le=100)] = 1
    options: Annotated[list[NestedOption], Field(min_length=1, max_length=100)]


def nested_option_group(of: NestedOptionGroup) -> catalog_pb2.NestedOptionGroup:
    return catalog_pb2.NestedOptionGroup(
        id=str(of.id or ""),
        name=of.name,
        min_choices=of.min,
        max_choices=of.max,
        options=[nested_option(one) for one in of.options],
    )


class Option(Body):
    """What Option takes."""

    id: UUID | None = None
    name: Annotated[str, Field(min_length=1, max_length=120)]
    price_delta_minor: Annotated[int, Field(ge=-100000000, le=100000000)] = 0
    available: bool = True
    allergens: Annotated[
        list[
            Literal[
                "celery",
                "cereals_containing_gluten",
                "crustaceans",
                "eggs",
                "fish",
                "lupin",
                "milk",
                "molluscs",
                "mustard",
                "nuts",
                "peanuts",
                "sesame",
                "soya",
                "sulphites",
            ]
        ],
        Field(max_length=14, default_factory=list),
    ]
    may_contain: Annotated[
        list[
            Literal[
                "celery",
                "cereals_containing_gluten",
                "crustaceans",
                "eggs",
                "fish",
                "lupin",
                "milk",
                "molluscs",
                "mustard",
                "nuts",
                "peanuts",
                "sesame",
                "soya",
                "sulphites",
            ]
        ],
        Field(max_length=14, default_factory=list),
    ]
    vat_class: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")] | None = None
    stock_use: StockUse | None = None
    option_groups: Annotated[list[NestedOptionGroup], Field(max_length=10, default_factory=list)]
    item_id: UUID | None = None


def option(of: Option) -> catalog_pb2.Option:
    return catalog_pb2.Option(
        id=str(of.id or ""),
        name=of.name,
        price_delta_minor=of.price_delta_minor,
        available=of.available,
        allergens=[ALLERGEN.numbers[one] for one in of.allergens],
        may_contain=[ALLERGEN.numbers[one] for one in of.may_contain],
        vat_class=of.vat_class or "",
        stock_use=None if of.stock_use is None else stock_use(of.stock_use),
        option_groups=[nested_option_group(one) for one in of.option_groups],
        item_id=str(of.item_id or ""),
    )


class OptionGroup(Body):
    """Where its options are items, the group is a slot of a combo and its options are components."""

    id: UUID | None = None
    name: Annotated[str, Field(min_length=1, max_length=120)]
    min: Annotated[int, Field(ge=0, le=100)] = 0
    max: Annotated[int, Field(ge=1, le=100)] = 1
    options: Annotated[list[Option], Field(min_length=1, max_length=100)]
    is_size: bool = False
    ancillary_of: UUID | None = None


def option_group(of: OptionGroup) -> catalog_pb2.OptionGroup:
    return catalog_pb2.OptionGroup(
        id=str(of.id or ""),
        name=of.name,
        min_choices=of.min,
        max_choices=of.max,
        options=[option(one) for one in of.options],
        is_size=of.is_size,
        ancillary_of=str(of.ancillary_of or ""),
    )


class Item(Body):
    """What Item takes."""

    category_id: UUID
    name: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=1000)] | None = None
    price_minor: Annotated[int, Field(ge=0, le=100000000)]
    vat_class: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
    allergens: Annotated[
        list[
            Literal[
                "celery",
                "cereals_containing_gluten",
                "crustaceans",
                "eggs",
                "fish",
                "lupin",
                "milk",
                "molluscs",
                "mustard",
                "nuts",
                "peanuts",
                "sesame",
                "soya",
                "sulphites",
            ]
        ],
        Field(max_length=14, default_factory=list),
    ]
    available: bool = True
    windows: Annotated[list[AvailabilityWindow], Field(max_length=50, default_factory=list)]
    option_groups: Annotated[list[OptionGroup], Field(max_length=50, default_factory=list)]
    stock_tracked: bool | None = None
    position: Annotated[int, Field(ge=0, le=100000)] = 0
    barcode: Annotated[str, Field(pattern="^[0-9]{8,14}$")] | None = None
    plu: Annotated[str, Field(pattern="^[1-9][0-9]{0,5}$")] | None = None
    may_contain: Annotated[
        list[
            Literal[
                "celery",
                "cereals_containing_gluten",
                "crustaceans",
                "eggs",
                "fish",
                "lupin",
                "milk",
                "molluscs",
                "mustard",
                "nuts",
                "peanuts",
                "sesame",
                "soya",
                "sulphites",
            ]
        ],
        Field(max_length=14, default_factory=list),
    ]
    preparation_minutes: Annotated[int, Field(ge=1, le=240)] | None = None


def item(of: Item) -> catalog_pb2.Item:
    return catalog_pb2.Item(
        category_id=str(of.category_id),
        name=of.name,
        description=of.description or "",
        price_minor=of.price_minor,
        vat_class=of.vat_class,
        allergens=[ALLERGEN.numbers[one] for one in of.allergens],
        available=of.available,
        windows=[availability_window(one) for one in of.windows],
        option_groups=[option_group(one) for one in of.option_groups],
        stock_tracked=of.stock_tracked or False,
        position=of.position,
        barcode=of.barcode or "",
        plu=of.plu or "",
        may_contain=[ALLERGEN.numbers[one] for one in of.may_contain],
        preparation_minutes=of.preparation_minutes or 0,
    )


class SetItemAvailabilityRequest(Body):
    """What SetItemAvailabilityRequest takes."""

    available: bool
    returns_at: AwareDatetime | None = None
    until_next_day: bool = False


class CountStockRequest(Body):
    """What CountStockRequest takes."""

    on_hand: Annotated[int, Field(ge=0, le=1000000000)]
    reorder_point: Annotated[int, Field(ge=0, le=1000000000)] = 0


class StartImageUploadRequest(Body):
    """What StartImageUploadRequest takes."""

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    bytes: Annotated[int, Field(ge=1, le=8388608)]


class ConfirmImageUploadRequest(Body):
    """What ConfirmImageUploadRequest takes."""

    upload_id: UUID


class TimedMenu(Body):
    """A menu that is served at its times: breakfast, lunch, dinner. What is on such menus is sold while one of them is served; what is on none is sold whenever its own windows allow it."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    position: Annotated[int, Field(ge=0, le=100000)] = 0
    windows: Annotated[list[AvailabilityWindow], Field(max_length=50, default_factory=list)]
    effective_from: str | None = None
    effective_until: str | None = None
    category_ids: Annotated[list[UUID], Field(max_length=500, default_factory=list)]
    item_ids: Annotated[list[UUID], Field(max_length=1000, default_factory=list)]


def timed_menu(of: TimedMenu) -> catalog_pb2.TimedMenu:
    return catalog_pb2.TimedMenu(
        name=of.name,
        position=of.position,
        windows=[availability_window(one) for one in of.windows],
        effective_from=of.effective_from or "",
        effective_until=of.effective_until or "",
        category_ids=[str(one) for one in of.category_ids],
        item_ids=[str(one) for one in of.item_ids],
    )


class SetOptionAvailabilityRequest(Body):
    """What SetOptionAvailabilityRequest takes."""

    available: bool


class RecordCountRequest(Body):
    """What RecordCountRequest takes."""

    quantity: Annotated[int, Field(ge=0, le=1000000000)]
    reason: Annotated[str, Field(max_length=200)] | None = None
    occurred_at: AwareDatetime | None = None


class RecordWasteRequest(Body):
    """What RecordWasteRequest takes."""

    quantity: Annotated[int, Field(ge=1, le=1000000000)]
    reason: Annotated[str, Field(max_length=200)] | None = None
    occurred_at: AwareDatetime | None = None


class RecordDeliveryRequest(Body):
    """What RecordDeliveryRequest takes."""

    quantity: Annotated[int, Field(ge=1, le=1000000000)]
    reason: Annotated[str, Field(max_length=200)] | None = None
    occurred_at: AwareDatetime | None = None


class SetStockPolicyRequest(Body):
    """What SetStockPolicyRequest takes."""

    policy: Literal["block", "warn", "allow"]
    reorder_point: Annotated[int, Field(ge=0, le=1000000000)]


class Ingredient(Body):
    """Stock that is not sold itself. Its level is that of its id."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    unit: Literal["piece", "gram", "millilitre"]


def ingredient(of: Ingredient) -> stock_pb2.Ingredient:
    return stock_pb2.Ingredient(
        name=of.name,
        unit=STOCK_UNIT.numbers[of.unit],
    )


class RecipeTake(Body):
    """What RecipeTake takes."""

    ingredient_id: UUID
    quantity: Annotated[int, Field(gt=0, le=1000000)]


def recipe_take(of: RecipeTake) -> stock_pb2.RecipeTake:
    return stock_pb2.RecipeTake(
        ingredient_id=str(of.ingredient_id),
        quantity=of.quantity,
    )


class Recipe(Body):
    """What Recipe takes."""

    takes: Annotated[list[RecipeTake], Field(max_length=50, default_factory=list)]


def recipe(of: Recipe) -> stock_pb2.Recipe:
    return stock_pb2.Recipe(
        takes=[recipe_take(one) for one in of.takes],
    )


class Supplier(Body):
    """Who brings goods."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    lead_days: Annotated[int, Field(ge=0, le=365)]
    minimum_minor: Annotated[int, Field(ge=0, le=100000000)] = 0


def supplier(of: Supplier) -> supplier_pb2.Supplier:
    return supplier_pb2.Supplier(
        name=of.name,
        lead_days=of.lead_days,
        minimum_minor=of.minimum_minor,
    )


class Supply(Body):
    """Where an item or ingredient comes from. Version 0: nobody has said it."""

    supplier_id: UUID
    pack_size: Annotated[int, Field(gt=0, le=1000000)]
    pack_cost_minor: Annotated[int, Field(ge=0, le=100000000)]
    safety_days: Annotated[int, Field(ge=0, le=365)] = 0
    on_order: Annotated[int, Field(ge=0, le=1000000000)] = 0


def supply(of: Supply) -> supplier_pb2.Supply:
    return supplier_pb2.Supply(
        supplier_id=str(of.supplier_id),
        pack_size=of.pack_size,
        pack_cost_minor=of.pack_cost_minor,
        safety_days=of.safety_days,
        on_order=of.on_order,
    )


def _get_menu(call: Call, body: None) -> catalog_service_pb2.GetMenuRequest:
    return catalog_service_pb2.GetMenuRequest(
        since_version=call.number("since_version", 0, 9223372036854775807, default=0)
    )


def _search_menu(call: Call, body: None) -> catalog_service_pb2.SearchMenuRequest:
    return catalog_service_pb2.SearchMenuRequest(
        query=call.line("q", 100, 1), limit=call.number("limit", 1, 50, default=20)
    )


def _import_menu(call: Call, body: None) -> catalog_service_pb2.ImportMenuRequest:
    return catalog_service_pb2.ImportMenuRequest(request_id=call.key, dry_run=call.flag("dry_run"))


def _export_menu(call: Call, body: None) -> catalog_service_pb2.ExportMenuRequest:
    return catalog_service_pb2.ExportMenuRequest(format=call.one_of("format", ["csv", "xlsx", "json"]))


def _create_category(call: Call, body: Category) -> catalog_service_pb2.CreateCategoryRequest:
    return catalog_service_pb2.CreateCategoryRequest(request_id=call.key, category=category(body))


def _update_category_seen(call: Call, body: Category) -> catalog_service_pb2.UpdateCategoryRequest:
    request = catalog_service_pb2.UpdateCategoryRequest(request_id=call.key, category=category(body))
    request.category.id = call.id_of("category_id")
    request.category.version = call.version
    return request


def _delete_category(call: Call, body: None) -> catalog_service_pb2.DeleteCategoryRequest:
    return catalog_service_pb2.DeleteCategoryRequest(
        request_id=call.key, category_id=call.id_of("category_id")
    )


def _create_item(call: Call, body: Item) -> catalog_service_pb2.CreateItemRequest:
    return catalog_service_pb2.CreateItemRequest(request_id=call.key, item=item(body))


def _update_item_seen(call: Call, body: Item) -> catalog_service_pb2.UpdateItemRequest:
    request = catalog_service_pb2.UpdateItemRequest(
        request_id=call.key, item=item(body), keep_stock_tracked=body.stock_tracked is None
    )
    request.item.id = call.id_of("item_id")
    request.item.version = call.version
    return request


def _delete_item(call: Call, body: None) -> catalog_service_pb2.DeleteItemRequest:
    return catalog_service_pb2.DeleteItemRequest(request_id=call.key, item_id=call.id_of("item_id"))


def _set_item_availability(
    call: Call, body: SetItemAvailabilityRequest
) -> catalog_service_pb2.SetItemAvailabilityRequest:
    return catalog_service_pb2.SetItemAvailabilityRequest(
        request_id=call.key,
        item_id=call.id_of("item_id"),
        available=body.available,
        returns_at=timestamp(body.returns_at),
        until_next_day=body.until_next_day,
    )


def _list_stock(call: Call, body: None) -> catalog_service_pb2.ListStockRequest:
    return catalog_service_pb2.ListStockRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        )
    )


def _count_stock(call: Call, body: CountStockRequest) -> catalog_service_pb2.CountStockRequest:
    return catalog_service_pb2.CountStockRequest(
        request_id=call.key,
        item_id=call.id_of("item_id"),
        on_hand=body.on_hand,
        reorder_point=body.reorder_point,
    )


def _start_image_upload(
    call: Call, body: StartImageUploadRequest
) -> images_service_pb2.StartImageUploadRequest:
    return images_service_pb2.StartImageUploadRequest(
        request_id=call.key, item_id=call.id_of("item_id"), content_type=body.content_type, bytes=body.bytes
    )


def _confirm_image_upload_seen(
    call: Call, body: ConfirmImageUploadRequest
) -> images_service_pb2.ConfirmImageUploadRequest:
    request = images_service_pb2.ConfirmImageUploadRequest(
        request_id=call.key, item_id=call.id_of("item_id"), upload_id=str(body.upload_id)
    )
    request.version = call.version
    return request


def _remove_image_seen(call: Call, body: None) -> images_service_pb2.RemoveImageRequest:
    request = images_service_pb2.RemoveImageRequest(request_id=call.key, item_id=call.id_of("item_id"))
    request.version = call.version
    return request


def _list_timed_menus(call: Call, body: None) -> menu_hours_service_pb2.ListTimedMenusRequest:
    return menu_hours_service_pb2.ListTimedMenusRequest()


def _save_timed_menu(call: Call, body: TimedMenu) -> menu_hours_service_pb2.SaveTimedMenuRequest:
    return menu_hours_service_pb2.SaveTimedMenuRequest(request_id=call.key, menu=timed_menu(body))


def _save_timed_menu_seen(call: Call, body: TimedMenu) -> menu_hours_service_pb2.SaveTimedMenuRequest:
    request = menu_hours_service_pb2.SaveTimedMenuRequest(request_id=call.key, menu=timed_menu(body))
    request.menu.id = call.id_of("menu_id")
    request.menu.version = call.version
    return request


def _delete_timed_menu(call: Call, body: None) -> menu_hours_service_pb2.DeleteTimedMenuRequest:
    return menu_hours_service_pb2.DeleteTimedMenuRequest(request_id=call.key, menu_id=call.id_of("menu_id"))


def _set_option_availability(
    call: Call, body: SetOptionAvailabilityRequest
) -> menu_hours_service_pb2.SetOptionAvailabilityRequest:
    return menu_hours_service_pb2.SetOptionAvailabilityRequest(
        request_id=call.key,
        item_id=call.id_of("item_id"),
        option_id=call.id_of("option_id"),
        available=body.available,
    )


def _list_movements(call: Call, body: None) -> stock_service_pb2.ListMovementsRequest:
    return stock_service_pb2.ListMovementsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        ),
        item_id=call.query_id("item_id"),
        kinds=call.some_of("kind", MOVEMENT_KIND.numbers, 8),
        occurred_from=call.instant("from"),
        occurred_to=call.instant("to"),
    )


def _record_count(call: Call, body: RecordCountRequest) -> stock_service_pb2.RecordCountRequest:
    return stock_service_pb2.RecordCountRequest(
        request_id=call.key,
        item_id=call.id_of("item_id"),
        quantity=body.quantity,
        reason=body.reason or "",
        occurred_at=timestamp(body.occurred_at),
    )


def _record_waste(call: Call, body: RecordWasteRequest) -> stock_service_pb2.RecordWasteRequest:
    return stock_service_pb2.RecordWasteRequest(
        request_id=call.key,
        item_id=call.id_of("item_id"),
        quantity=body.quantity,
        reason=body.reason or "",
        occurred_at=timestamp(body.occurred_at),
    )


def _record_delivery(call: Call, body: RecordDeliveryRequest) -> stock_service_pb2.RecordDeliveryRequest:
    return stock_service_pb2.RecordDeliveryRequest(
        request_id=call.key,
        item_id=call.id_of("item_id"),
        quantity=body.quantity,
        reason=body.reason or "",
        occurred_at=timestamp(body.occurred_at),
    )


def _set_stock_policy(call: Call, body: SetStockPolicyRequest) -> stock_service_pb2.SetStockPolicyRequest:
    return stock_service_pb2.SetStockPolicyRequest(
        request_id=call.key,
        item_id=call.id_of("item_id"),
        policy=STOCK_POLICY.numbers[body.policy],
        reorder_point=body.reorder_point,
    )


def _list_ingredients(call: Call, body: None) -> stock_service_pb2.ListIngredientsRequest:
    return stock_service_pb2.ListIngredientsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        )
    )


def _save_ingredient(call: Call, body: Ingredient) -> stock_service_pb2.SaveIngredientRequest:
    return stock_service_pb2.SaveIngredientRequest(request_id=call.key, ingredient=ingredient(body))


def _save_ingredient_seen(call: Call, body: Ingredient) -> stock_service_pb2.SaveIngredientRequest:
    request = stock_service_pb2.SaveIngredientRequest(request_id=call.key, ingredient=ingredient(body))
    request.ingredient.id = call.id_of("ingredient_id")
    request.ingredient.version = call.version
    return request


def _delete_ingredient(call: Call, body: None) -> stock_service_pb2.DeleteIngredientRequest:
    return stock_service_pb2.DeleteIngredientRequest(
        request_id=call.key, ingredient_id=call.id_of("ingredient_id")
    )


def _get_recipe(call: Call, body: None) -> stock_service_pb2.GetRecipeRequest:
    return stock_service_pb2.GetRecipeRequest(item_id=call.id_of("item_id"))


def _set_recipe_seen(call: Call, body: Recipe) -> stock_service_pb2.SetRecipeRequest:
    request = stock_service_pb2.SetRecipeRequest(
        request_id=call.key, item_id=call.id_of("item_id"), recipe=recipe(body)
    )
    request.recipe.version = call.version
    return request


def _list_suppliers(call: Call, body: None) -> stock_service_pb2.ListSuppliersRequest:
    return stock_service_pb2.ListSuppliersRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        )
    )


def _save_supplier(call: Call, body: Supplier) -> stock_service_pb2.SaveSupplierRequest:
    return stock_service_pb2.SaveSupplierRequest(request_id=call.key, supplier=supplier(body))


def _save_supplier_seen(call: Call, body: Supplier) -> stock_service_pb2.SaveSupplierRequest:
    request = stock_service_pb2.SaveSupplierRequest(request_id=call.key, supplier=supplier(body))
    request.supplier.id = call.id_of("supplier_id")
    request.supplier.version = call.version
    return request


def _delete_supplier(call: Call, body: None) -> stock_service_pb2.DeleteSupplierRequest:
    return stock_service_pb2.DeleteSupplierRequest(request_id=call.key, supplier_id=call.id_of("supplier_id"))


def _get_supply(call: Call, body: None) -> stock_service_pb2.GetSupplyRequest:
    return stock_service_pb2.GetSupplyRequest(item_id=call.id_of("item_id"))


def _set_supply_seen(call: Call, body: Supply) -> stock_service_pb2.SetSupplyRequest:
    request = stock_service_pb2.SetSupplyRequest(
        request_id=call.key, item_id=call.id_of("item_id"), supply=supply(body)
    )
    request.supply.version = call.version
    return request


def _get_reorder(call: Call, body: None) -> stock_service_pb2.GetReorderRequest:
    return stock_service_pb2.GetReorderRequest()


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        verb="GET",
        path="/api/v2/menu",
        service="fynlo.catalog.v1.CatalogService",
        name="GetMenu",
        request=_get_menu,
        answer=None,
        permission="menu.read",
        reads=True,
        etag=lambda of: f'"{of.etag}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/menu/search",
        service="fynlo.catalog.v1.CatalogService",
        name="SearchMenu",
        request=_search_menu,
        answer=catalog_json.search_menu_response,
        permission="menu.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/menu/import",
        service="fynlo.catalog.v1.CatalogService",
        name="ImportMenu",
        request=_import_menu,
        answer=catalog_json.import_menu_response,
        key="optional",
        permission="menu.manage",
        seconds=20.0,
    ),
    Route(
        verb="GET",
        path="/api/v2/menu/export",
        service="fynlo.catalog.v1.CatalogService",
        name="ExportMenu",
        request=_export_menu,
        answer=nothing,
        permission="menu.manage",
        reads=True,
        seconds=20.0,
        file=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/menu/categories",
        service="fynlo.catalog.v1.CatalogService",
        name="CreateCategory",
        request=_create_category,
        body=Category,
        answer=lambda of: catalog_json.category(of.category),
        status=201,
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.category.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/menu/categories/{category_id}",
        service="fynlo.catalog.v1.CatalogService",
        name="UpdateCategory",
        request=_update_category_seen,
        body=Category,
        answer=lambda of: catalog_json.category(of.category),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.category.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/menu/categories/{category_id}",
        service="fynlo.catalog.v1.CatalogService",
        name="DeleteCategory",
        request=_delete_category,
        answer=nothing,
        key="optional",
        permission="menu.manage",
    ),
    Route(
        verb="POST",
        path="/api/v2/menu/items",
        service="fynlo.catalog.v1.CatalogService",
        name="CreateItem",
        request=_create_item,
        body=Item,
        answer=lambda of: catalog_json.item(of.item),
        status=201,
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.item.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/menu/items/{item_id}",
        service="fynlo.catalog.v1.CatalogService",
        name="UpdateItem",
        request=_update_item_seen,
        body=Item,
        answer=lambda of: catalog_json.item(of.item),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.item.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/menu/items/{item_id}",
        service="fynlo.catalog.v1.CatalogService",
        name="DeleteItem",
        request=_delete_item,
        answer=nothing,
        key="optional",
        permission="menu.manage",
    ),
    Route(
        verb="PUT",
        path="/api/v2/menu/items/{item_id}/availability",
        service="fynlo.catalog.v1.CatalogService",
        name="SetItemAvailability",
        request=_set_item_availability,
        body=SetItemAvailabilityRequest,
        answer=lambda of: catalog_json.item(of.item),
        key="optional",
        permission="stock.adjust",
        etag=lambda of: f'"{of.item.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/stock",
        service="fynlo.catalog.v1.CatalogService",
        name="ListStock",
        request=_list_stock,
        answer=catalog_json.list_stock_response,
        permission="menu.read",
        reads=True,
    ),
    Route(
        verb="PUT",
        path="/api/v2/stock/{item_id}",
        service="fynlo.catalog.v1.CatalogService",
        name="CountStock",
        request=_count_stock,
        body=CountStockRequest,
        answer=lambda of: catalog_json.stock_level(of.level),
        key="optional",
        permission="stock.adjust",
        etag=lambda of: f'"{of.level.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/menu/items/{item_id}/image",
        service="fynlo.catalog.v1.ImageService",
        name="StartImageUpload",
        request=_start_image_upload,
        body=StartImageUploadRequest,
        answer=catalog_json.start_image_upload_response,
        key="optional",
        permission="menu.manage",
    ),
    Route(
        verb="POST",
        path="/api/v2/menu/items/{item_id}/image/confirm",
        service="fynlo.catalog.v1.ImageService",
        name="ConfirmImageUpload",
        request=_confirm_image_upload_seen,
        body=ConfirmImageUploadRequest,
        answer=lambda of: catalog_json.item(of.item),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.item.version}"',
        seconds=20.0,
    ),
    Route(
        verb="DELETE",
        path="/api/v2/menu/items/{item_id}/image",
        service="fynlo.catalog.v1.ImageService",
        name="RemoveImage",
        request=_remove_image_seen,
        answer=lambda of: catalog_json.item(of.item),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.item.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/menu/menus",
        service="fynlo.catalog.v1.MenuHoursService",
        name="ListTimedMenus",
        request=_list_timed_menus,
        answer=catalog_json.list_timed_menus_response,
        permission="menu.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/menu/menus",
        service="fynlo.catalog.v1.MenuHoursService",
        name="SaveTimedMenu",
        request=_save_timed_menu,
        body=TimedMenu,
        answer=lambda of: catalog_json.timed_menu(of.menu),
        status=201,
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.menu.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/menu/menus/{menu_id}",
        service="fynlo.catalog.v1.MenuHoursService",
        name="SaveTimedMenu",
        request=_save_timed_menu_seen,
        body=TimedMenu,
        answer=lambda of: catalog_json.timed_menu(of.menu),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.menu.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/menu/menus/{menu_id}",
        service="fynlo.catalog.v1.MenuHoursService",
        name="DeleteTimedMenu",
        request=_delete_timed_menu,
        answer=nothing,
        key="optional",
        permission="menu.manage",
    ),
    Route(
        verb="PUT",
        path="/api/v2/menu/items/{item_id}/options/{option_id}/availability",
        service="fynlo.catalog.v1.MenuHoursService",
        name="SetOptionAvailability",
        request=_set_option_availability,
        body=SetOptionAvailabilityRequest,
        answer=lambda of: catalog_json.item(of.item),
        key="optional",
        permission="stock.adjust",
        etag=lambda of: f'"{of.item.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/stock/movements",
        service="fynlo.catalog.v1.StockService",
        name="ListMovements",
        request=_list_movements,
        answer=catalog_json.list_movements_response,
        permission="menu.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/stock/{item_id}/count",
        service="fynlo.catalog.v1.StockService",
        name="RecordCount",
        request=_record_count,
        body=RecordCountRequest,
        answer=lambda of: catalog_json.stock_level(of.level),
        key="optional",
        permission="stock.adjust",
        etag=lambda of: f'"{of.level.version}"',
    ),
    Route(
        verb="POST",
        path="/api/v2/stock/{item_id}/waste",
        service="fynlo.catalog.v1.StockService",
        name="RecordWaste",
        request=_record_waste,
        body=RecordWasteRequest,
        answer=lambda of: catalog_json.stock_level(of.level),
        key="optional",
        permission="stock.adjust",
        etag=lambda of: f'"{of.level.version}"',
    ),
    Route(
        verb="POST",
        path="/api/v2/stock/{item_id}/delivery",
        service="fynlo.catalog.v1.StockService",
        name="RecordDelivery",
        request=_record_delivery,
        body=RecordDeliveryRequest,
        answer=lambda of: catalog_json.stock_level(of.level),
        key="optional",
        permission="stock.adjust",
        etag=lambda of: f'"{of.level.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/stock/{item_id}/policy",
        service="fynlo.catalog.v1.StockService",
        name="SetStockPolicy",
        request=_set_stock_policy,
        body=SetStockPolicyRequest,
        answer=lambda of: catalog_json.stock_level(of.level),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.level.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/ingredients",
        service="fynlo.catalog.v1.StockService",
        name="ListIngredients",
        request=_list_ingredients,
        answer=catalog_json.list_ingredients_response,
        permission="menu.read",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/ingredients",
        service="fynlo.catalog.v1.StockService",
        name="SaveIngredient",
        request=_save_ingredient,
        body=Ingredient,
        answer=lambda of: catalog_json.ingredient(of.ingredient),
        status=201,
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.ingredient.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/ingredients/{ingredient_id}",
        service="fynlo.catalog.v1.StockService",
        name="SaveIngredient",
        request=_save_ingredient_seen,
        body=Ingredient,
        answer=lambda of: catalog_json.ingredient(of.ingredient),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.ingredient.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/ingredients/{ingredient_id}",
        service="fynlo.catalog.v1.StockService",
        name="DeleteIngredient",
        request=_delete_ingredient,
        answer=nothing,
        key="optional",
        permission="menu.manage",
    ),
    Route(
        verb="GET",
        path="/api/v2/menu/items/{item_id}/recipe",
        service="fynlo.catalog.v1.StockService",
        name="GetRecipe",
        request=_get_recipe,
        answer=lambda of: catalog_json.recipe(of.recipe),
        permission="menu.read",
        reads=True,
        etag=lambda of: f'"{of.recipe.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/menu/items/{item_id}/recipe",
        service="fynlo.catalog.v1.StockService",
        name="SetRecipe",
        request=_set_recipe_seen,
        body=Recipe,
        answer=lambda of: catalog_json.recipe(of.recipe),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.recipe.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/suppliers",
        service="fynlo.catalog.v1.StockService",
        name="ListSuppliers",
        request=_list_suppliers,
        answer=catalog_json.list_suppliers_response,
        permission="menu.manage",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/suppliers",
        service="fynlo.catalog.v1.StockService",
        name="SaveSupplier",
        request=_save_supplier,
        body=Supplier,
        answer=lambda of: catalog_json.supplier(of.supplier),
        status=201,
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.supplier.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/suppliers/{supplier_id}",
        service="fynlo.catalog.v1.StockService",
        name="SaveSupplier",
        request=_save_supplier_seen,
        body=Supplier,
        answer=lambda of: catalog_json.supplier(of.supplier),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.supplier.version}"',
    ),
    Route(
        verb="DELETE",
        path="/api/v2/suppliers/{supplier_id}",
        service="fynlo.catalog.v1.StockService",
        name="DeleteSupplier",
        request=_delete_supplier,
        answer=nothing,
        key="optional",
        permission="menu.manage",
    ),
    Route(
        verb="GET",
        path="/api/v2/stock/{item_id}/supply",
        service="fynlo.catalog.v1.StockService",
        name="GetSupply",
        request=_get_supply,
        answer=lambda of: catalog_json.supply(of.supply),
        permission="menu.manage",
        reads=True,
        etag=lambda of: f'"{of.supply.version}"',
    ),
    Route(
        verb="PUT",
        path="/api/v2/stock/{item_id}/supply",
        service="fynlo.catalog.v1.StockService",
        name="SetSupply",
        request=_set_supply_seen,
        body=Supply,
        answer=lambda of: catalog_json.supply(of.supply),
        key="optional",
        permission="menu.manage",
        etag=lambda of: f'"{of.supply.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/stock/reorder",
        service="fynlo.catalog.v1.StockService",
        name="GetReorder",
        request=_get_reorder,
        answer=catalog_json.get_reorder_response,
        permission="menu.manage",
        reads=True,
        accepts=("text/csv",),
    ),
)
