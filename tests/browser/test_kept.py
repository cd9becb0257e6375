"""What a device keeps: its session over a restart, its pages without a network, one session for all tabs."""

import asyncio
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall, arrive, has_stored, live, log_in, until
from tests.system import System
from tools.demo import PASSWORD, PLATFORM_OWNER

pytestmark = pytest.mark.asyncio(loop_scope="session")

HELD = "JSON.parse(localStorage.getItem('fynlo.session'))"
EXPIRE = f"""() => {{
    const expired = {{ ...{HELD}, expires_at: Date.now() - 1 }};
    localStorage.setItem("fynlo.session", JSON.stringify(expired));
}}"""
LATE_SECONDS = 4.0
"""Long enough for another tab to ask as well."""
LOG_IN_AGAIN = """async ({ email, password }) => {
    const { logIn } = await import("/web/app/session.js");
    await logIn(email, password);
}"""
SHELL_IS_KEPT = """async () => {
    const { version, files } = await (await fetch("/shell.json")).json();
    if (!navigator.serviceWorker.controller || !(await caches.has(`fynlo.shell.${version}`))) return false;
    const kept = await (await caches.open(`fynlo.shell.${version}`)).keys();
    return kept.length === files.length;
}"""


async def token(page: Page) -> str:
    """The access token that the device holds."""
    held: dict[str, Any] = await page.evaluate(HELD)
    return str(held["access_token"])


async def addresses(page: Page, path: str) -> list[str]:
    """What a page asks for until it shows something."""
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    await page.goto(path)
    await expect(page.locator("#page")).not_to_be_empty()
    return asked


async def is_refused(http: httpx.AsyncClient, system: System, access_token: str) -> bool:
    """Whether the server takes the token no more."""
    answer = await http.get(
        f"{system.base_url}/api/v2/me", headers={"Authorization": f"Bearer {access_token}"}
    )
    return answer.status_code == 401


@pytest.mark.parametrize("path", ["/kitchen", "/"])
async def test_a_restarted_screen_goes_on_without_a_password(desk: Desk, house: House, path: str) -> None:
    before = await desk.device(WALL)
    await Wall.open(await desk.page(before), house.email)
    kept = await before.storage_state()
    await before.close()
    page = await desk.page(await desk.device(WALL, kept))
    await page.goto(path)
    await arrive(page, "/kitchen")
    await live(page)
    await expect(page.get_by_text("All clear")).to_be_visible()
    # It is the same device, whose session goes on being refreshed.
    await page.evaluate(EXPIRE)
    await page.reload()
    await live(page)


async def test_two_tabs_share_a_session_and_refresh_it_once(desk: Desk, house: House) -> None:
    device = await desk.device()
    first, second = await desk.page(device), await desk.page(device)
    await Till.open(first, house.email)
    await second.goto("/till")
    await live(second)
    refreshes: list[str] = []

    async def answer_late(route: Route) -> None:
        refreshes.append(route.request.url)
        await asyncio.sleep(LATE_SECONDS)
        await route.continue_()

    await device.route("**/auth/refresh", answer_late)
    await first.evaluate(EXPIRE)
    await asyncio.gather(first.reload(), second.reload())
    for page in (first, second):
        await live(page)
        await expect(Till(page).item("Burger")).to_be_visible()
    assert len(refreshes) == 1
    assert await token(first) == await token(second)


async def test_a_log_out_in_one_tab_ends_the_other(desk: Desk, house: House) -> None:
    device = await desk.device()
    first, second = await desk.page(device), await desk.page(device)
    await Till.open(first, house.email)
    await second.goto("/till")
    await live(second)
    await second.get_by_role("button", name="Log out").click()
    for page in (first, second):
        await page.wait_for_url("**/login*")
        assert await page.evaluate(HELD) is None


async def test_a_log_in_in_one_tab_ends_the_session_of_before_and_the_other_tab_goes_on(
    desk: Desk, house: House, http: httpx.AsyncClient, system: System
) -> None:
    device = await desk.device()
    first, second = await desk.page(device), await desk.page(device)
    await Till.open(first, house.email)
    old = await token(first)
    await second.goto("/login")
    await expect(second.get_by_role("button", name="Log in as somebody else")).to_be_visible()
    await second.evaluate(LOG_IN_AGAIN, {"email": house.email, "password": PASSWORD})
    await until(lambda: is_refused(http, system, old), "the server refuses the token of before")
    await live(first)
    await asyncio.sleep(1)
    await live(first)
    assert first.url.endswith("/till")
    assert await token(first) == await token(second) != old


async def test_somebody_else_who_logs_in_ends_the_session_of_before(
    desk: Desk, house: House, http: httpx.AsyncClient, system: System
) -> None:
    page = await desk.page()
    await log_in(page, PLATFORM_OWNER)
    await expect(page.get_by_role("button", name=house.name)).to_be_visible()
    old = await token(page)
    assert not await is_refused(http, system, old)
    await page.get_by_role("button", name="Log in as somebody else").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    await until(lambda: is_refused(http, system, old), "the server refuses the token of before")


async def test_without_a_network_a_reload_shows_the_till_and_says_so(desk: Desk, house: House) -> None:
    device = await desk.device()
    till = await Till.open(await desk.page(device), house.email)
    page = till.page
    await till.item("Chips").click()
    await expect(till.total()).to_have_text("£4.50")
    await until(lambda: page.evaluate(SHELL_IS_KEPT), "the pages are kept")
    await device.set_offline(True)
    await page.reload()
    await expect(page.get_by_text("No connection since")).to_be_visible()
    await expect(page.get_by_text("nothing can be paid until then")).to_be_visible()
    await expect(till.item("Burger")).to_be_visible()
    await expect(page.locator(".line")).to_contain_text("Chips")
    await expect(till.page.locator("output[name=total]")).to_have_text("£4.50")
    await device.set_offline(False)
    await live(page)
    await expect(page.get_by_text("No connection since")).to_have_count(0)


async def test_without_a_network_a_reload_shows_the_kitchen_and_the_log_in(desk: Desk, house: House) -> None:
    device = await desk.device(WALL)
    order = await house.order(house.line("Chips"))
    wall = await Wall.open(await desk.page(device), house.email)
    page = wall.page
    await wall.shows(order["number"])
    await until(lambda: has_stored(page, order["id"]), "the ticket is stored")
    await until(lambda: page.evaluate(SHELL_IS_KEPT), "the pages are kept")
    await device.set_offline(True)
    await page.reload()
    await wall.shows(order["number"])
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await page.goto("/login")
    await expect(page.get_by_role("button", name="Log in as somebody else")).to_be_visible()
    await device.set_offline(False)
    await page.goto("/kitchen")
    await live(page)


async def test_what_is_kept_is_every_file_of_the_pages(
    desk: Desk, http: httpx.AsyncClient, system: System
) -> None:
    kept = set((await http.get(f"{system.base_url}/shell.json")).json()["files"])
    for path in ("/login", "/till", "/kitchen"):
        page = await desk.page()
        asked = await addresses(page, path)
        ours = {url.removeprefix(system.base_url).split("?")[0] for url in asked}
        assert {path for path in ours if not path.startswith("/api/")} - kept <= {"/shell.json", "/sw.js"}
