"""What people do on the pages, in their words."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, TimeoutError, expect

from tools.demo import PASSWORD

LOG_IN_MS = 60_000
"""A log-in hashes a password, on machines that have better things to do."""


async def log_in(page: Page, email: str, device: str = "Till", password: str = PASSWORD) -> None:
    """Fills the form and presses Log in."""
    await page.goto("/login")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("radio", name=device).click()
    await page.get_by_role("button", name="Log in").click()


async def arrive(page: Page, path: str) -> None:
    """Waits for the page that follows a log-in. Raises AssertionError with what the person sees instead."""
    try:
        await page.wait_for_url(f"**{path}", wait_until="commit", timeout=LOG_IN_MS)
    except TimeoutError as error:
        shown = await page.locator("#page").inner_text()
        raise AssertionError(f"still at {page.url}, which shows: {shown}") from error


async def live(page: Page) -> None:
    """Waits until the page says that it is up to date."""
    await expect(page.locator("[data-connection=live]")).to_be_visible()


async def until(holds: Callable[[], Awaitable[object]], what: str, seconds: float = 45.0) -> None:
    """Asks again until it holds. Raises AssertionError with ``what`` that should have been."""
    give_up_at = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"not within {seconds} s: {what}")
        await asyncio.sleep(0.05)


STORED = "id => Object.entries(localStorage).some(([n, v]) => n.startsWith('fynlo.rt.') && v.includes(id))"


async def has_stored(page: Page, thing_id: str) -> bool:
    """Whether the device has stored a channel with this in it: a quarter of a second after it shows."""
    stored: bool = await page.evaluate(STORED, thing_id)
    return stored


async def caches(page: Page) -> list[str]:
    """Names of the channels that the device has stored."""
    names: list[str] = await page.evaluate("Object.keys(localStorage).filter(n => n.startsWith('fynlo.rt.'))")
    return names


class Till:
    """The till page of somebody who is logged in."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(cls, page: Page, email: str) -> "Till":
        """Logs in and waits for the menu."""
        await log_in(page, email)
        await arrive(page, "/till")
        await live(page)
        return cls(page)

    async def view(self, name: str) -> None:
        """Sell, Orders or Till."""
        await self.page.get_by_role("navigation", name="Views").get_by_role("button", name=name).click()

    def item(self, name: str) -> Locator:
        """A tile of the menu."""
        return self.page.locator(".item", has=self.page.locator(".item-name", has_text=name))

    async def category(self, name: str) -> None:
        """Shows a part of the menu."""
        await self.page.get_by_role("tab", name=name, exact=True).click()

    async def type(self, scope: Page | Locator, field: str, digits: str) -> None:
        """Types an amount or a number of pieces, digit by digit."""
        await scope.get_by_role("spinbutton", name=field).press_sequentially(digits)

    async def open_drawer(self, till: str, pence: str) -> None:
        """Opens the till with a float."""
        await self.view("Till")
        await self.page.get_by_role("textbox", name="Till").fill(till)
        await self.type(self.page, "Float in the drawer", pence)
        await self.page.get_by_role("button", name="Open till").click()
        await expect(self.page.get_by_role("button", name="Count and close")).to_be_visible()

    def dialog(self, name: str) -> Locator:
        """The dialog that is open."""
        return self.page.locator(f"dialog[data-dialog={name}]")

    def total(self) -> Locator:
        """What the basket costs, once the server has said so."""
        return self.page.locator(".totals:not(.pending) output[name=total]")

    async def send(self) -> None:
        """Sends the basket."""
        await self.page.locator(".basket-send .primary").click()

    def card(self, number: int) -> Locator:
        """An open order."""
        return self.page.locator(f".card[data-number='{number}']")


class Wall:
    """The kitchen display."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(cls, page: Page, email: str) -> "Wall":
        """Logs in and waits until it is up to date."""
        await log_in(page, email, "Kitchen display")
        await arrive(page, "/kitchen")
        await live(page)
        return cls(page)

    @property
    def tickets(self) -> Locator:
        """Every ticket that is to be cooked."""
        return self.page.locator("[data-ticket]")

    def ticket(self, number: int) -> Locator:
        """Tickets of an order."""
        return self.page.locator(f"[data-ticket][data-number='{number}']")

    async def shows(self, *numbers: int) -> None:
        """Exactly these orders are on the wall (each with one ticket), oldest first."""
        await expect(self.tickets).to_have_count(len(numbers))
        assert await self.numbers() == list(numbers)

    async def numbers(self) -> list[int]:
        """Order numbers as they hang, oldest first."""
        found: list[int] = await self.tickets.evaluate_all(
            "all => all.map(one => Number(one.dataset.number))"
        )
        return found
