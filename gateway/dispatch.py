"""The way from a request to its route: one look-up, then the route's own function.

FastAPI declares the routes and writes their document; its own way to a function passes eight layers (exit
stacks, dependency solving, a regular expression per route) that our functions, which take the bare request,
have no use for: a third of what a small answer cost. What is not found here goes FastAPI's way and gets its
answers (405, 404, pages, documents).
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import cast

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis.errors import Problem

Endpoint = Callable[[Request], Awaitable[Response]]
OnError = Callable[[Request, Exception], Awaitable[Response]]


class Dispatch:
    """An ASGI application in front of ``app``, whose routes are ``routes``. ``on_problem`` answers for a
    Problem, ``on_http`` for an HTTPException.
    """

    def __init__(
        self, app: FastAPI, routes: Iterable[APIRoute], *, on_problem: OnError, on_http: OnError
    ) -> None:
        self._app = app
        self._on_problem = on_problem
        self._on_http = on_http
        self._exact: dict[tuple[str, str], APIRoute] = {}
        self._patterns: dict[tuple[str, int], list[tuple[list[str], APIRoute]]] = {}
        for route in routes:
            for method in route.methods or ():
                self._add(method, route)

    def _add(self, method: str, route: APIRoute) -> None:
        if "{" not in route.path:
            self._exact.setdefault((method, route.path), route)
            return
        if ":" in route.path:
            raise ValueError(f"{route.path}: path parameters are plain segments here")
        parts = route.path.split("/")
        self._patterns.setdefault((method, len(parts)), []).append((parts, route))

    def find(self, method: str, path: str) -> tuple[APIRoute, dict[str, str]] | None:
        """The route of a request and its path parameters."""
        route = self._exact.get((method, path))
        if route is not None:
            return route, {}
        given = path.split("/")
        for parts, candidate in self._patterns.get((method, len(given)), ()):
            found = _matched(parts, given)
            if found is not None:
                return candidate, found
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        found = self.find(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], scope["path_params"] = found
        scope["app"] = self._app
        request = Request(scope, receive, send)
        try:
            response = await cast(Endpoint, found[0].endpoint)(request)
        except Problem as problem:
            response = await self._on_problem(request, problem)
        except HTTPException as error:
            response = await self._on_http(request, error)
        await response(scope, receive, send)


def _matched(parts: list[str], given: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for part, text in zip(parts, given, strict=True):
        if part.startswith("{"):
            if not text:
                return None
            params[part[1:-1]] = text
        elif part != text:
            return None
    return params
