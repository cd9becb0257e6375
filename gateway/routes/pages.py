"""The web pages: log-in, till, kitchen, people. Static files with a strict policy; there is no build step."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).resolve().parents[2] / "web"
# What a visitor types -> the file.
PAGES = {
    "/": "login.html",
    "/login": "login.html",
    "/till": "till.html",
    "/kitchen": "kitchen.html",
    "/docs": "docs.html",
    "/people": "people.html",
    "/invitation": "invitation.html",
    "/reset": "reset.html",
}
REVALIDATE = {"Cache-Control": "no-cache"}


class Assets(StaticFiles):
    """Modules and styles; the browser asks each time whether they changed: a deploy is seen at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, revalidated."""
        response = await super().get_response(path, scope)
        response.headers.update(REVALIDATE)
        return response


def add_pages(app: FastAPI) -> None:
    """Serves the pages that exist; the API does not depend on them."""
    for path, name in PAGES.items():
        app.add_route(path, page_of(WEB / name), methods=["GET"], include_in_schema=False)
    app.mount("/web", Assets(directory=WEB, check_dir=False), name="web")


def page_of(file: Path) -> Callable[[Request], Awaitable[Response]]:
    """A route that answers with ``file``."""

    async def page(_: Request) -> Response:
        return FileResponse(file, headers=REVALIDATE)

    return page
