"""The HTTP application: routes, errors, documentation."""

from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import Problem
from gateway import problems, refusals
from gateway.calls import Gateway, gateway_of
from gateway.dispatch import Dispatch
from gateway.routes import (
    allergies,
    auth,
    health,
    invitations,
    kitchen,
    menu,
    orders,
    outbox,
    pages,
    parked,
    passwords,
    payments,
    realtime,
    restaurants,
    staff,
    stock,
)
from gateway.spec import openapi_of

ROUTES = (
    auth,
    passwords,
    menu,
    stock,
    orders,
    kitchen,
    allergies,
    payments,
    staff,
    restaurants,
    invitations,
    parked,
    realtime,
    health,
)
_CODES = {404: "not_found", 405: "method_not_allowed"}


def build_app(gateway: Gateway) -> FastAPI:
    """The application over ``gateway``'s services."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.gateway = gateway
    for module in ROUTES:
        app.include_router(module.routes)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]
    app.add_route("/openapi.json", _openapi, methods=["GET"], include_in_schema=False)
    pages.add_pages(app)
    return app


def served_app(gateway: Gateway) -> FastAPI:
    """The application as a process serves it: with the outbox where mail stays on this machine."""
    app = build_app(gateway)
    if gateway.settings.mail_adapter == "local":
        outbox.add_outbox(app)
    return app


def dispatch_of(app: FastAPI) -> Dispatch:
    """The short way to the routes of ``app``."""
    routes = [route for module in ROUTES for route in module.routes.routes if isinstance(route, APIRoute)]
    return Dispatch(app, routes, on_problem=_on_problem, on_http=_on_http_exception)


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


async def _openapi(request: Request) -> Response:
    document: dict[str, Any] = request.app.openapi()
    return Response(orjson.dumps(document), media_type="application/json")
