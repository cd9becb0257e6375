"""The HTTP application: routes, errors, documentation."""

from functools import cache, partial
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import Problem
from gateway import plain, problems, refusals
from gateway.calls import Gateway, gateway_of
from gateway.dispatch import Dispatch
from gateway.rest.table import ROUTES
from gateway.routes import health, images, menu, outbox, pages, parked, quotes, realtime

DOCUMENT = Path(__file__).parent / "rest" / "openapi.json"
HAND_WRITTEN = {
    "GetMenu": menu.get_menu,
    "ImportMenu": menu.import_menu,
    "QuoteOrder": quotes.quote_order,
    "ListParked": parked.list_parked,
    "GetSnapshot": realtime.get_snapshot,
}
"""Methods that are no plain call."""
_CODES = {404: "not_found", 405: "method_not_allowed"}


def build_app(gateway: Gateway) -> FastAPI:
    """The application over ``gateway``'s services."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.gateway = gateway
    for route in ROUTES:
        app.add_api_route(route.path, _function_of(route), methods=[route.verb], response_model=None)
    for path, function in health.HANDLERS.items():
        app.add_api_route(path, function, methods=["GET"], response_model=None)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.openapi = document  # type: ignore[method-assign]
    app.add_route("/openapi.json", _openapi, methods=["GET"], include_in_schema=False)
    pages.add_pages(app)
    return app


def served_app(gateway: Gateway) -> FastAPI:
    """The application as a process serves it: with the outbox where mail stays on this machine, and with the
    pictures where they do.
    """
    app = build_app(gateway)
    if gateway.settings.mail_adapter == "local":
        outbox.add_outbox(app)
    if gateway.settings.images_dir is not None:
        images.add_images(app, gateway.settings.images_dir, gateway.settings.images_secret.get_secret_value())
    return app


def dispatch_of(app: FastAPI) -> Dispatch:
    """The short way to the routes of ``app``."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    return Dispatch(app, routes, on_problem=_on_problem, on_http=_on_http_exception)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, made of the contracts."""
    made: dict[str, Any] = orjson.loads(DOCUMENT.read_bytes())
    return made


@cache
def _document_bytes() -> bytes:
    """As it is sent: anybody may ask for it."""
    return orjson.dumps(document())


def _function_of(route: plain.Route) -> plain.Handler:
    by_hand = HAND_WRITTEN.get(route.name)
    return plain.handler_of(route) if by_hand is None else partial(by_hand, route=route)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    refusals.note(gateway_of(request).refusals, request, error)
    return problems.of_problem(error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and pages.asked_by_a_person(request):
        return pages.unknown_page()
    code = _CODES.get(error.status_code, "refused")
    detail = f"{request.method} {request.url.path[:200]} is not part of this interface"
    return problems.answer(problems.document(error.status_code, code, detail), error.headers)


async def _openapi(_: Request) -> Response:
    return Response(_document_bytes(), media_type="application/json")
