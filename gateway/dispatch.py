"""The way from a request to its route: one look-up, then the route's own function.

FastAPI declares the routes and writes their document; its own way to a function passes eight layers (exit
stacks, dependency solving, a regular expression per route) that our functions, which take the bare request,
have no use for: a third of what a small answer cost. A path that is not found here goes FastAPI's way and
gets its answers (404, pages, documents).

A path is one resource: the one that spells it out, else the one whose parameters fit. So `/orders/quote` is
never an order with the id "quote", and a method that its resource does not have is a 405 that names those
that it has.
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
from gateway.plain import Handler

Methods = dict[str, APIRoute]
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
        self._exact: dict[str, Methods] = {}
        self._patterns: dict[int, list[tuple[list[str], Methods]]] = {}
        for route in routes:
            for method in route.methods or ():
                self._methods_of(route).setdefault(method, route)
        for resources in self._patterns.values():
            resources.sort(key=lambda resource: [part.startswith("{") for part in resource[0]])

    def _methods_of(self, route: APIRoute) -> Methods:
        if "{" not in route.path:
            return self._exact.setdefault(route.path, {})
        if ":" in route.path:
            raise ValueError(f"{route.path}: path parameters are plain segments here")
        parts = route.path.split("/")
        resources = self._patterns.setdefault(len(parts), [])
        for known, methods in resources:
            if known == parts:
                return methods
        resources.append((parts, {}))
        return resources[-1][1]

    def resource(self, path: str) -> tuple[Methods, dict[str, str]] | None:
        """The routes of a path by method, and its parameters."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods, {}
        given = path.split("/")
        for parts, candidate in self._patterns.get(len(given), ()):
            found = _matched(parts, given)
            if found is not None:
                return candidate, found
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        found = self.resource(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        methods, scope["path_params"] = found
        scope["app"] = self._app
        request = Request(scope, receive, send)
        route = methods.get(scope["method"])
        try:
            if route is None:
                raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
            scope["route"] = route
            response = await cast(Handler, route.endpoint)(request)
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
