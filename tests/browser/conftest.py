"""Chromium in front of the running system. Every page must be silent: no error, no breach of its policy."""

import shutil
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    StorageState,
    ViewportSize,
    async_playwright,
    expect,
)

from chassis.ids import new_id
from tests.browser.house import House, new_house
from tests.system import System
from tools.api import Device, http_client
from tools.demo import PASSWORD, PLATFORM_OWNER

# First the one that draws no windows of its own, which costs less.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, NAMES) if path), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 45_000
"""A machine under load is slow, and these are no speed tests."""
IPAD = ViewportSize(width=1024, height=768)
WALL = ViewportSize(width=1920, height=1080)
# What the browser itself says of an answer that is no success, or of a socket that does not open.
BROWSERS_OWN = ("Failed to load resource", "WebSocket connection to")

expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser of the system's own Chromium."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: the browser tests need it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


class Desk:
    """Opens pages on devices of their own and listens to what they complain about."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self._browser = browser
        self._base_url = base_url
        self._devices: list[BrowserContext] = []
        self.complaints: list[str] = []

    async def device(
        self, size: ViewportSize | None = None, kept: StorageState | None = None, *, touch: bool = False
    ) -> BrowserContext:
        """A device: its storage is shared by its pages and by nobody else. ``kept``: what it stored before it
        was restarted; ``touch``: it has a screen for fingers.
        """
        context = await self._browser.new_context(
            base_url=self._base_url,
            viewport=size or IPAD,
            locale="en-GB",
            storage_state=kept,
            has_touch=touch,
        )
        context.set_default_timeout(PATIENCE_MS)
        self._devices.append(context)
        return context

    async def close(self) -> None:
        """Puts every device away."""
        for context in self._devices:
            await context.close()

    async def page(self, context: BrowserContext | None = None, size: ViewportSize | None = None) -> Page:
        """A page on a device (a new one unless it is named)."""
        page = await (context or await self.device(size)).new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"{error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(BROWSERS_OWN):
            self.complaints.append(message.text)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chromium: Browser, system: System) -> AsyncIterator[Desk]:
    """Pages; fails the test when one of them complained."""
    desk = Desk(chromium, system.base_url)
    yield desk
    await desk.close()
    assert not desk.complaints


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A connection pool for the whole run: its tests share one event loop, as they share a browser."""
    async with http_client() as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def platform(system: System, http: httpx.AsyncClient) -> Device:
    """The platform owner, who makes a restaurant for each test."""
    device = Device(system.base_url, http, PLATFORM_OWNER, PASSWORD, f"dev-{new_id()}")
    await device.log_in()
    return device


@pytest_asyncio.fixture(loop_scope="session")
async def house(platform: Device, http: httpx.AsyncClient) -> House:
    """A restaurant for this test alone."""
    return await new_house(platform, http)
