"""Menus as devices read them: from this gateway's memory while they stand, else from the catalog."""

import time

import orjson
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import InvalidArgument
from gateway.calls import JSON, Call
from gateway.menu_cache import CachedMenu, MenuCache
from gateway.menu_document import menu_changes, whole_menu
from gateway.numbers import INT64_MAX, whole_number

CATALOG = "fynlo.catalog.v1.CatalogService"


def cache_of(call: Call) -> MenuCache:
    """The process's rendered menus."""
    cache: MenuCache = call.gateway.caches["menu"]
    return cache


def takes_gzip(request: Request) -> bool:
    """Whether the client names gzip among the codings that it takes, and not with a weight of nothing."""
    for coding in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def current(call: Call) -> CachedMenu:
    """The whole menu of the caller's restaurant."""
    assert call.principal is not None
    restaurant_id = str(call.principal.tenant)
    cache = cache_of(call)
    held = cache.fresh(restaurant_id)
    if held is not None:
        return held
    asked_at = time.monotonic()
    known = cache.known_etag(restaurant_id)
    reply = await _asked(call, catalog_api.GetMenuRequest(known_etag=known.strip('"')))
    if reply.not_modified:
        confirmed = cache.confirmed(restaurant_id)
        if confirmed is not None:
            return confirmed
        reply = await _asked(call, catalog_api.GetMenuRequest())
    body = orjson.dumps(whole_menu(reply))
    return cache.put(restaurant_id, f'"{reply.etag}"', body, asked_at)


async def delta_answer(call: Call, since: str) -> Response:
    """What changed since a version; the whole menu where that is too old. Raises InvalidArgument."""
    version = whole_number(since, 0, INT64_MAX)
    if version is None:
        raise InvalidArgument("since_version is a menu's version", reason="INVALID_QUERY")
    assert call.principal is not None
    restaurant_id = str(call.principal.tenant)
    delta = cache_of(call).fresh_delta(restaurant_id, version)
    if delta is None:
        asked_at = time.monotonic()
        reply = await _asked(call, catalog_api.GetMenuRequest(since_version=version))
        whole = not reply.delta
        body = orjson.dumps(whole_menu(reply) if whole else menu_changes(reply, version))
        delta = cache_of(call).put_delta(restaurant_id, version, f'"{reply.etag}"', body, asked_at)
    # The tag is that of the menu, for the next question with If-None-Match.
    body, headers = await delta.content(takes_gzip(call.request))
    return call.mark(Response(body, media_type=JSON, headers={"ETag": delta.etag, **headers}))


async def _asked(call: Call, message: catalog_api.GetMenuRequest) -> catalog_api.GetMenuResponse:
    reply: catalog_api.GetMenuResponse = await call.services.method(CATALOG, "GetMenu", message)(message)
    return reply
