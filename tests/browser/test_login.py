"""The log-in page, the session it makes, and the documentation page."""

import json

import httpx
import pytest
from playwright.async_api import Request, Route, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall, arrive, caches, live, log_in, until
from tests.system import System
from tools.demo import PASSWORD, PLATFORM_OWNER

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKENS = """() => {
    const kept = JSON.parse(localStorage.getItem("fynlo.session"));
    const elsewhere = JSON.stringify(sessionStorage) + document.cookie + location.href;
    return kept === null ? null : [kept.access_token, kept.refresh_token].map(t => elsewhere.includes(t));
}"""

EXPIRE = """() => {
    const held = JSON.parse(localStorage.getItem("fynlo.session"));
    localStorage.setItem("fynlo.session", JSON.stringify({ ...held, expires_at: Date.now() - 1 }));
}"""


async def test_a_wrong_password_is_told_kindly_and_opens_nothing(desk: Desk, house: House) -> None:
    page = await desk.page()
    await log_in(page, house.email, password="not-the-password")
    await expect(page.get_by_role("alert")).to_have_text("That e-mail and password do not fit together.")
    assert await page.get_by_label("Password").input_value() == ""
    assert await page.evaluate(TOKENS) is None
    await page.goto("/till")
    await page.wait_for_url("**/login?next=till")


async def test_a_log_in_that_a_busy_server_did_not_answer_is_tried_again(desk: Desk, house: House) -> None:
    page = await desk.page()
    tries: list[str] = []

    async def busy_at_first(route: Route) -> None:
        tries.append(route.request.url)
        if len(tries) == 1:
            problem = {"code": "deadline_exceeded", "status": 504, "detail": "no answer in time"}
            await route.fulfill(status=504, json=problem)
        else:
            await route.continue_()

    await page.route("**/auth/login", busy_at_first)
    await log_in(page, house.email)
    await arrive(page, "/till")
    assert len(tries) == 2


async def test_one_log_in_leads_where_the_device_belongs(desk: Desk, house: House) -> None:
    await Till.open(await desk.page(), house.email)
    wall = await Wall.open(await desk.page(), house.email)
    await expect(wall.page.get_by_text("All clear")).to_be_visible()


async def test_a_page_without_a_session_asks_for_one_and_comes_back(desk: Desk, house: House) -> None:
    page = await desk.page()
    await page.goto("/kitchen")
    await page.wait_for_url("**/login?next=kitchen")
    await page.get_by_label("E-mail").fill(house.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/kitchen")
    await expect(page.get_by_text("All clear")).to_be_visible()


async def test_a_platform_owner_chooses_the_restaurant(desk: Desk, house: House) -> None:
    page = await desk.page()
    await log_in(page, PLATFORM_OWNER)
    await page.get_by_role("button", name=house.name).click()
    await page.wait_for_url("**/till")
    await live(page)
    await expect(Till(page).item("Burger")).to_be_visible()


async def test_tokens_stay_in_one_place_and_a_log_out_leaves_nothing(
    desk: Desk, house: House, http: httpx.AsyncClient, system: System
) -> None:
    till = await Till.open(await desk.page(), house.email)
    page = till.page
    assert await page.evaluate(TOKENS) == [False, False]
    token = await page.evaluate("JSON.parse(localStorage.getItem('fynlo.session')).access_token")
    await until(lambda: caches(page), "the channels are stored")
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/login*")
    assert await page.evaluate(TOKENS) is None
    assert await caches(page) == []

    async def refused() -> bool:
        me = f"{system.base_url}/api/v2/me"
        answer = await http.get(me, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code == 401

    # The page does not wait for the server's answer.
    await until(refused, "the server refuses the old token")


@pytest.mark.parametrize("expired", [False, True])
async def test_logging_in_as_somebody_else_ends_the_session_on_the_server(
    desk: Desk, house: House, http: httpx.AsyncClient, system: System, expired: bool
) -> None:
    page = await desk.page()
    await log_in(page, PLATFORM_OWNER)
    await expect(page.get_by_role("button", name="Log in as somebody else")).to_be_visible()
    token = await page.evaluate("JSON.parse(localStorage.getItem('fynlo.session')).access_token")
    if expired:
        await page.evaluate(EXPIRE)
        await page.reload()
    await page.get_by_role("button", name="Log in as somebody else").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    assert await page.evaluate(TOKENS) is None

    async def refused() -> bool:
        me = f"{system.base_url}/api/v2/me"
        answer = await http.get(me, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code == 401 and answer.json()["code"] == "token_revoked"

    await until(refused, "the server refuses the old token")


async def test_a_browser_that_somebody_logged_in_with_is_known_after_the_log_out(
    desk: Desk, house: House
) -> None:
    page = await desk.page()
    sent: list[dict[str, str]] = []

    def note(request: Request) -> None:
        if "/auth/login" in request.url:
            sent.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    await Till.open(page, house.email)
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/login*")
    await log_in(page, house.email)
    await arrive(page, "/till")
    known = await page.evaluate("localStorage.getItem('fynlo.device_secret')")
    assert [body.get("device_secret") for body in sent] == [None, known]
    assert known


async def test_an_old_token_is_replaced_once_however_many_ask(desk: Desk, house: House) -> None:
    page = await desk.page()
    await Till.open(page, house.email)
    refreshes: list[str] = []
    page.on("request", lambda sent: refreshes.append(sent.url) if "/auth/refresh" in sent.url else None)
    await page.evaluate(EXPIRE)
    # Menu, socket and snapshots all want a token at once.
    await page.reload()
    await live(page)
    await expect(Till(page).item("Burger")).to_be_visible()
    assert len(refreshes) == 1


async def test_a_session_that_is_ended_elsewhere_ends_here_at_once(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await until(lambda: caches(till.page), "the channels are stored")
    await house.owner.post("/api/v2/auth/logout", {"everywhere": True})
    await till.page.wait_for_url("**/login?next=till")
    assert await caches(till.page) == []


async def test_the_documentation_shows_and_finds_every_operation(
    desk: Desk, http: httpx.AsyncClient, system: System
) -> None:
    paths = (await http.get(f"{system.base_url}/openapi.json")).json()["paths"]
    page = await desk.page()
    await page.goto("/docs")
    await expect(page.locator(".operation")).to_have_count(sum(len(methods) for methods in paths.values()))
    await page.get_by_label("Search").fill("till_already_open")
    await expect(page.locator(".operation")).to_have_count(1)
    shown = page.locator(".operation")
    await expect(shown).to_contain_text("/api/v2/till-sessions")
    await expect(shown).to_contain_text("till.operate")
    await expect(shown).to_contain_text("opening_float_minor")
