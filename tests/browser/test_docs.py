"""The documentation, as a developer uses it who has never seen the system."""

import json

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import arrive, log_in
from tools.demo import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_newcomer_finds_one_operation_by_its_link_and_tries_it(desk: Desk, house: House) -> None:
    page = await desk.page()
    await page.goto("/docs#get-api-v2-me")
    operation = page.locator("#get-api-v2-me")
    await expect(operation).to_have_attribute("open", "")
    await expect(operation.get_by_role("button", name="Send GET")).to_be_disabled()
    await operation.get_by_role("link", name="log in").click()
    await page.wait_for_url("**/login?next=docs")
    await page.get_by_label("E-mail").fill(house.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await arrive(page, "/docs")
    await page.goto("/docs#get-api-v2-me")
    await operation.get_by_role("button", name="Send GET").click()
    answer = operation.get_by_role("status")
    await expect(answer).to_contain_text("200")
    assert json.loads(await answer.locator("pre").inner_text())["restaurant"]["name"] == house.name
    await expect(page.locator("#step-1 pre")).to_contain_text("/api/v2/auth/login")
    await expect(page.locator("#states")).to_be_attached()


async def test_a_body_that_is_no_json_is_refused_before_it_is_sent(desk: Desk, house: House) -> None:
    page = await desk.page()
    await log_in(page, house.email)
    await arrive(page, "/till")
    await page.goto("/docs#post-api-v2-orders")
    form = page.get_by_role("form", name="Try Place an order")
    await form.get_by_label("Body").fill('{"lines": [}')
    await form.get_by_role("button", name="Send POST").click()
    await expect(form.get_by_role("alert")).to_contain_text("The body is no JSON")
    await expect(form.get_by_role("status")).to_have_count(0)
