"""What is not sold now is grey before it is in a basket, and comes back by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till, until
from tools.demo import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_closed_item_is_grey_and_a_manager_lets_it_be_sold(desk: Desk, house: House) -> None:
    now = datetime.now(UTC)
    hours = {
        "weekdays": [],
        "from_minutes": ((now.hour + 3) % 24) * 60,
        "until_minutes": ((now.hour + 4) % 24) * 60,
    }
    menu = {"name": "Later", "windows": [hours], "item_ids": [house.items["Cola"]["id"]]}
    await house.owner.post("/api/v2/menu/menus", menu)
    waiter = await house.hires("Wanda Waiter")
    till = await Till.open(await desk.page(), waiter.email)
    await till.category("Bar")
    cola = till.item("Cola")
    await expect(cola).to_have_attribute("aria-disabled", "true")
    await expect(cola.locator(".badge")).to_contain_text("From ")
    await cola.click(force=True)
    await expect(till.page.locator(".basket .line")).to_have_count(0)
    await cola.focus()
    await cola.press("Shift+Enter")
    await till.page.get_by_label("Sell it all the same").fill("for a regular")
    await till.page.keyboard.press("Enter")
    await expect(till.page.locator(".basket .line")).to_contain_text("for a regular")
    await till.send()
    await till.page.get_by_label("Their e-mail").fill(house.email)
    await till.page.get_by_label("Their password").fill(PASSWORD)
    await till.page.get_by_role("button", name="Approve").click()
    await until(house.orders, "an order")
    [order] = await house.orders()
    [line] = order["lines"]
    assert line["override"]["reason"] == "for a regular"
    assert line["override"]["approved_by"] is not None


async def test_what_is_sold_out_until_a_time_is_back_on_every_till_then(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.category("Grill")
    chips = till.item("Chips")
    await chips.click(button="right")
    await till.page.get_by_role("button", name="Sold out until tomorrow").click()
    await expect(chips.locator(".badge")).to_contain_text("Sold out until ")
    path = f"/api/v2/menu/items/{house.items['Chips']['id']}/availability"
    back = datetime.now(UTC) + timedelta(seconds=2)
    await house.owner.put(path, {"available": False, "returns_at": back.isoformat()})
    await expect(chips).to_have_attribute("aria-disabled", "false")
    assert datetime.now(UTC) >= back
