"""The web pages: log-in, till, kitchen, manage, people. Static files with a strict policy; no build step."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
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
    "/manage": "manage.html",
    "/invitation": "invitation.html",
    "/reset": "reset.html",
    "/platform/parked": "parked.html",
    "/ui": "ui.html",
    # A worker rules over the paths below its own: this one keeps the pages for a device without a network.
    "/sw.js": "sw.js",
}
KEPT_PAGES = ("/", "/login", "/till", "/kitchen")
KEPT_FILES = frozenset({".css", ".js", ".svg", ".woff2"})
UNKNOWN_PAGE = "unknown.html"
API = "/api/"
REVALIDATE = {"Cache-Control": "no-cache"}


class Assets(StaticFiles):
    """Modules and styles; the browser asks each time whether they changed: a deploy is seen at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, revalidated."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        response = await super().get_response(path, scope)
        response.headers.update(REVALIDATE)
        return response


def add_pages(app: FastAPI) -> None:
    """Serves the pages that exist; the API does not depend on them."""
    for path, name in PAGES.items():
        app.add_route(path, page_of(WEB / name), methods=["GET"], include_in_schema=False)
    shell = shell_of(WEB)

    async def list_shell(_: Request) -> Response:
        return JSONResponse(shell, headers=REVALIDATE)

    app.add_route("/shell.json", list_shell, methods=["GET"], include_in_schema=False)
    app.mount("/web", Assets(directory=WEB, check_dir=False), name="web")


def shell_of(web: Path) -> dict[str, str | list[str]]:
    """What a device keeps to show its pages without a network: {version, files}, files as addresses.

    The version changes with any byte of any of them, so that what is kept is of one deploy, whole.
    """
    pages = {address: web / PAGES[address] for address in KEPT_PAGES}
    assets = {f"/web/{file.relative_to(web).as_posix()}": file for file in web.rglob("*") if _kept(file)}
    digest = hashlib.sha256()
    for address, file in sorted({**pages, **assets}.items()):
        digest.update(f"{address} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return {"version": digest.hexdigest()[:16], "files": [*pages, *sorted(assets)]}


def _kept(file: Path) -> bool:
    return file.suffix in KEPT_FILES and file.name != "sw.js" and file.is_file()


def page_of(file: Path) -> Callable[[Request], Awaitable[Response]]:
    """A route that answers with ``file``."""

    async def page(_: Request) -> Response:
        return FileResponse(file, headers=REVALIDATE)

    return page


def asked_by_a_person(request: Request) -> bool:
    """Whether a browser wants a page to show, and not a client of the interface its answer."""
    accepted = request.headers.get("accept", "").lower()
    return "text/html" in accepted and not f"{request.url.path}/".startswith(API)


def unknown_page() -> Response:
    """What a person sees at an address that is no page: where the pages are."""
    return FileResponse(WEB / UNKNOWN_PAGE, status_code=404, headers=REVALIDATE)
