"""The menu, its import and its stock."""

from fastapi import Request
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as messages
from fynlo_json import catalog as catalog_json
from starlette.responses import Response

from chassis.errors import InvalidArgument
from gateway import examples
from gateway.allergens import chosen_allergens
from gateway.bodies import UPLOAD_BYTES_MAX, read_bounded
from gateway.calls import JSON, Call, if_match, reading, tagged, writing
from gateway.menu_cache import packed_tag
from gateway.menu_reading import cache_of, current, delta_answer, takes_gzip
from gateway.models import bodies
from gateway.models.menu_answers import (
    CategoryOut,
    ImportOut,
    ItemOut,
    MenuDeltaOut,
    MenuOut,
)
from gateway.spec import VALUE_ERRORS, Errors, router, spec

routes = router()
IMPORT_SECONDS = 20.0
"""What an import may take in all, the upload included."""
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS = {"text/csv": catalog_pb2.MENU_FORMAT_CSV, XLSX_TYPE: catalog_pb2.MENU_FORMAT_XLSX}
_MENU_ERRORS: Errors = (("409", "name_taken"), ("422", "invalid_menu"), ("422", "menu_too_large"))


@routes.get(
    "/menu",
    **spec(
        "The menu as it is sold now",
        tag="menu",
        permission="menu.read",
        answer=MenuOut | MenuDeltaOut,
        example=examples.MENU,
        query=(("since_version", "answers only what changed after that version"),),
        cached=True,
    ),
)
async def get_menu(request: Request) -> Response:
    """Answers 304 to If-None-Match while nothing of it moved: prices, options, stock, hours."""
    async with reading(request) as call:
        assert call.principal is not None
        call.principal.require("menu.read")
        if request.scope["query_string"] and "since_version" in request.query_params:
            return await delta_answer(call, request.query_params["since_version"])
        menu = await current(call)
        packs = takes_gzip(request)
        etag = packed_tag(menu.etag) if packs else menu.etag
        asked = request.headers.get("if-none-match")
        if asked is not None and asked in (menu.etag, etag):
            return call.mark(Response(status_code=304, headers={"ETag": asked, "Vary": "Accept-Encoding"}))
        body, headers = await menu.content(packs)
        return call.mark(Response(body, media_type=JSON, headers={"ETag": etag, **headers}))


@routes.post(
    "/menu/import",
    **spec(
        "Import a menu from CSV or XLSX",
        tag="menu",
        permission="menu.manage",
        answer=ImportOut,
        example=examples.IMPORT,
        errors=(
            ("413", "body_too_large"),
            ("415", "unsupported_media_type"),
            ("422", "unreadable_menu_file"),
            ("422", "menu_too_large"),
            *VALUE_ERRORS,
        ),
        query=(("dry_run", "true: says what it would do and does nothing"),),
        upload={
            "required": True,
            "content": {
                # Bytes, which have no schema (OpenAPI 3.1, "Considerations for File Uploads").
                "text/csv": {"example": examples.MENU_CSV},
                XLSX_TYPE: {},
            },
        },
        key="optional",
    ),
)
async def import_menu(request: Request) -> Response:
    """All rows or none: while a row is rejected nothing is imported. The same file again changes nothing."""
    async with writing(request, budget_seconds=IMPORT_SECONDS) as call:
        assert call.principal is not None
        call.principal.require("menu.manage")  # before the file is looked at, or read
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _FORMATS:
            raise InvalidArgument(
                f"send the file itself as text/csv or {XLSX_TYPE}", reason="UNSUPPORTED_MEDIA_TYPE"
            )
        content = await read_bounded(request, UPLOAD_BYTES_MAX)
        if not content:
            raise InvalidArgument("this file is empty", reason="UNREADABLE_MENU_FILE")
        reply = await call.write(
            call.services.catalog.ImportMenu(
                messages.ImportMenuRequest(
                    request_id=call.key,
                    content=content,
                    format=_FORMATS[media_type],
                    dry_run=call.flag("dry_run"),
                ),
                timeout=IMPORT_SECONDS,
            )
        )
        moved(call)
        return call.answer(catalog_json.import_menu_response(reply))


@routes.post(
    "/menu/categories",
    **spec(
        "Add a category",
        tag="menu",
        permission="menu.manage",
        status=201,
        answer=CategoryOut,
        example=examples.CATEGORY,
        body=bodies.CategoryIn,
        body_example={"name": "Desserts", "position": 4},
        errors=_MENU_ERRORS,
        key="optional",
    ),
)
async def add_category(request: Request) -> Response:
    """At the position given."""
    async with writing(request) as call:
        body = await call.body(bodies.CategoryIn)
        category = catalog_pb2.Category(name=body.name, position=body.position)
        message = messages.CreateCategoryRequest(request_id=call.key, category=category)
        reply = await call.write(call.services.catalog.CreateCategory(message))
        moved(call)
        return call.answer(catalog_json.category(reply.category), 201, tagged(reply.category.version))


@routes.put(
    "/menu/categories/{category_id}",
    **spec(
        "Change a category",
        tag="menu",
        permission="menu.manage",
        answer=CategoryOut,
        example=examples.CATEGORY,
        body=bodies.CategoryIn,
        body_example={"name": "Sweet things", "position": 4},
        missing="unknown_category",
        errors=_MENU_ERRORS,
        key="optional",
        matches=True,
    ),
)
async def change_category(request: Request) -> Response:
    """Name and position."""
    async with writing(request) as call:
        body = await call.body(bodies.CategoryIn)
        category = catalog_pb2.Category(
            id=call.id_of("category_id"), name=body.name, position=body.position, version=if_match(request)
        )
        message = messages.UpdateCategoryRequest(request_id=call.key, category=category)
        reply = await call.write(call.services.catalog.UpdateCategory(message))
        moved(call)
        return call.answer(catalog_json.category(reply.category), headers=tagged(reply.category.version))


@routes.delete(
    "/menu/categories/{category_id}",
    **spec(
        "Remove a category",
        tag="menu",
        permission="menu.manage",
        answer=None,
        example={},
        missing="unknown_category",
        errors=(("409", "category_not_empty"),),
        key="optional",
    ),
)
async def delete_category(request: Request) -> Response:
    """Refused while items are in it."""
    async with writing(request) as call:
        message = messages.DeleteCategoryRequest(request_id=call.key, category_id=call.id_of("category_id"))
        await call.write(call.services.catalog.DeleteCategory(message))
        moved(call)
        return call.answer({})


@routes.post(
    "/menu/items",
    **spec(
        "Add an item",
        tag="menu",
        permission="menu.manage",
        status=201,
        answer=ItemOut,
        example=examples.ITEM,
        body=bodies.ItemIn,
        body_example=examples.ITEM_IN,
        errors=(("404", "unknown_category"), *_MENU_ERRORS),
        key="optional",
    ),
)
async def add_item(request: Request) -> Response:
    """On sale at once, unless it is added with available false."""
    async with writing(request) as call:
        message = messages.CreateItemRequest(
            request_id=call.key, item=_item_of(await call.body(bodies.ItemIn))
        )
        reply = await call.write(call.services.catalog.CreateItem(message))
        moved(call)
        return call.answer(catalog_json.item(reply.item), 201, tagged(reply.item.version))


@routes.put(
    "/menu/items/{item_id}",
    **spec(
        "Change an item",
        tag="menu",
        permission="menu.manage",
        answer=ItemOut,
        example=examples.ITEM,
        body=bodies.ItemIn,
        body_example=examples.ITEM_IN,
        missing="unknown_item",
        errors=(("404", "unknown_category"), *_MENU_ERRORS),
        key="optional",
        matches=True,
    ),
)
async def change_item(request: Request) -> Response:
    """The whole item; orders that were placed keep their prices."""
    async with writing(request) as call:
        body = await call.body(bodies.ItemIn)
        item = _item_of(body)
        item.id = call.id_of("item_id")
        item.version = if_match(request)
        message = messages.UpdateItemRequest(
            request_id=call.key, item=item, keep_stock_tracked=body.stock_tracked is None
        )
        reply = await call.write(call.services.catalog.UpdateItem(message))
        moved(call)
        return call.answer(catalog_json.item(reply.item), headers=tagged(reply.item.version))


@routes.delete(
    "/menu/items/{item_id}",
    **spec(
        "Remove an item",
        tag="menu",
        permission="menu.manage",
        answer=None,
        example={},
        missing="unknown_item",
        key="optional",
    ),
)
async def delete_item(request: Request) -> Response:
    """It stays on orders that have it."""
    async with writing(request) as call:
        message = messages.DeleteItemRequest(request_id=call.key, item_id=call.id_of("item_id"))
        await call.write(call.services.catalog.DeleteItem(message))
        moved(call)
        return call.answer({})


def moved(call: Call) -> None:
    """Whoever changed the menu sees the change in its next read."""
    assert call.principal is not None
    cache_of(call).expire(str(call.principal.tenant))


def _item_of(body: bodies.ItemIn) -> catalog_pb2.Item:
    return catalog_pb2.Item(
        category_id=str(body.category_id),
        name=body.name,
        description=body.description,
        price_minor=body.price_minor,
        vat_class=body.vat_class,
        allergens=chosen_allergens(body.allergens),
        available=body.available,
        stock_tracked=bool(body.stock_tracked),
        windows=[
            catalog_pb2.AvailabilityWindow(
                weekdays=window.weekdays, from_minutes=window.from_minutes, until_minutes=window.until_minutes
            )
            for window in body.windows
        ],
        option_groups=[_group_of(group) for group in body.option_groups],
        position=body.position,
    )


def _group_of(group: bodies.OptionGroupIn) -> catalog_pb2.OptionGroup:
    return catalog_pb2.OptionGroup(
        id=str(group.id or ""),
        name=group.name,
        min_choices=group.min,
        max_choices=group.max,
        options=[
            catalog_pb2.Option(
                id=str(option.id or ""),
                name=option.name,
                price_delta_minor=option.price_delta_minor,
                available=option.available,
                allergens=chosen_allergens(option.allergens),
            )
            for option in group.options
        ],
    )
