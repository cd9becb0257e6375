"""The menu and its import, which are no plain calls: one is kept in memory, the other is a file."""

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo_json.catalog import import_menu_response
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import InvalidArgument
from gateway.bodies import UPLOAD_BYTES_MAX, read_bounded
from gateway.calls import JSON
from gateway.menu_cache import packed_tag
from gateway.menu_reading import current, delta_answer, takes_gzip
from gateway.plain import Route

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS = {"text/csv": catalog_pb2.MENU_FORMAT_CSV, XLSX_TYPE: catalog_pb2.MENU_FORMAT_XLSX}


async def get_menu(request: Request, route: Route) -> Response:
    """Answers 304 to If-None-Match while nothing of it moved: prices, options, stock, hours."""
    async with route.enter(request) as call:
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


async def import_menu(request: Request, route: Route) -> Response:
    """All rows or none: while a row is rejected nothing is imported. The same file again changes nothing."""
    async with route.enter(request) as call:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _FORMATS:
            raise InvalidArgument(
                f"send the file itself as text/csv or {XLSX_TYPE}", reason="UNSUPPORTED_MEDIA_TYPE"
            )
        content = await read_bounded(request, UPLOAD_BYTES_MAX)
        if not content:
            raise InvalidArgument("this file is empty", reason="UNREADABLE_MENU_FILE")
        message: catalog_api.ImportMenuRequest = await route.asked(call)
        message.content, message.format = content, _FORMATS[media_type]
        method = call.services.method(route.service, route.name, message)
        reply = await call.write(method(message, timeout=route.seconds))
        call.wrote(route.service)
        return call.answer(import_menu_response(reply))
