"""The menu and its import, which are no plain calls: one is kept in memory, the other is a file."""

import orjson
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.catalog_pb2 import MENU_FORMAT_CSV, MENU_FORMAT_JSON, MENU_FORMAT_XLSX
from fynlo_json.catalog import import_menu_response
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import InvalidArgument
from gateway.bodies import JSON, UPLOAD_BYTES_MAX, read_bounded
from gateway.calls import Call
from gateway.menu_cache import CachedMenu, packed_tag
from gateway.menu_document import menu_changes, whole_menu
from gateway.plain import Route

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS = {"text/csv": MENU_FORMAT_CSV, XLSX_TYPE: MENU_FORMAT_XLSX, JSON: MENU_FORMAT_JSON}


async def get_menu(request: Request, route: Route) -> Response:
    """Answers 304 to If-None-Match while nothing of it moved: prices, options, stock, hours."""
    call = await route.enter(request)
    packs = takes_gzip(request)
    if request.scope["query_string"] and "since_version" in request.query_params:
        asked: catalog_api.GetMenuRequest = await route.asked(call)
        menu = await _menu(call, route, asked.since_version)
        # The menu's own tag, for the next question with If-None-Match.
        etag = menu.etag
    else:
        menu = await _menu(call, route, None)
        etag = packed_tag(menu.etag) if packs else menu.etag
        seen = request.headers.get("if-none-match")
        if seen is not None and seen in (menu.etag, etag):
            fields = {"ETag": seen, "Vary": "Accept-Encoding"}
            return call.mark(Response(status_code=304, headers=fields))
    body, headers = await menu.content(packs)
    return call.mark(Response(body, media_type=JSON, headers={"ETag": etag, **headers}))


async def _menu(call: Call, route: Route, since: int | None) -> CachedMenu:
    """The menu of the caller's restaurant; what changed since a version, where that is not too old."""
    assert call.principal is not None
    restaurant_id, menus = str(call.principal.tenant), call.gateway.menus
    held = menus.fresh(restaurant_id, since)
    if held is not None:
        return held
    asked_at, known = menus.now(), menus.whole(restaurant_id) if since is None else None
    message = catalog_api.GetMenuRequest(
        since_version=since or 0, known_etag="" if known is None else known.etag.strip('"')
    )
    method = call.services.method(route.service, route.name, message)
    reply: catalog_api.GetMenuResponse = await method(message)
    if known is not None and reply.not_modified:
        return menus.confirm(known, asked_at)
    shown = whole_menu(reply) if since is None or not reply.delta else menu_changes(reply, since)
    body = orjson.dumps(shown)
    return menus.put(restaurant_id, since, CachedMenu(f'"{reply.etag}"', body, asked_at))


def takes_gzip(request: Request) -> bool:
    """Whether the client names gzip among the codings that it takes, and not with a weight of nothing."""
    for coding in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def import_menu(request: Request, route: Route) -> Response:
    """All rows or none: while a row is rejected nothing is imported. The same file again changes nothing."""
    call = await route.enter(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _FORMATS:
        known = " or ".join(_FORMATS)
        raise InvalidArgument(f"send the file itself as {known}", reason="UNSUPPORTED_MEDIA_TYPE")
    content = await read_bounded(request, UPLOAD_BYTES_MAX)
    if not content:
        raise InvalidArgument("this file is empty", reason="UNREADABLE_MENU_FILE")
    message: catalog_api.ImportMenuRequest = await route.asked(call)
    message.content, message.format = content, _FORMATS[media_type]
    method = call.services.method(route.service, route.name, message)
    reply = await call.write(method(message, timeout=route.seconds))
    call.wrote(route.service)
    return call.answer(import_menu_response(reply))
