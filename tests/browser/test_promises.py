"""Orders for later and to take away: chosen at the till, seen in the kitchen."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from chassis.clock import SystemClock
from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_takeaway_is_promised_for_a_free_time_and_moved_to_another(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    page = till.page
    await till.category("Grill")
    await till.item("Chips").click()
    await page.get_by_role("radio", name="Takeaway").click()
    await page.get_by_role("button", name="For later").click()
    sheet = till.dialog("promise")
    await sheet.get_by_role("textbox", name="Name").fill("Ada")
    # Tomorrow has free times whenever this runs.
    await sheet.get_by_role("radiogroup", name="Day").get_by_role("radio").nth(1).click()
    await sheet.locator(".slot:not([disabled])").first.click()
    await sheet.get_by_role("button", name="For ").click()
    await expect(page.locator(".basket .promise")).to_contain_text("Ada")
    await till.send()
    await expect(page.get_by_role("button", name="For later")).to_be_visible()
    [order] = await house.orders()
    assert (order["customer_name"], order["order_type"], order["kitchen_state"]) == (
        "Ada",
        "takeaway",
        "held",
    )
    await till.view("Orders")
    await page.locator(f"[data-coming='{order['number']}']").click()
    shown = till.dialog("order")
    await shown.locator("button.promise").click()
    await sheet.locator(".slot:not([disabled])").nth(2).click()
    await sheet.get_by_role("button", name="For ").click()
    await expect(shown.locator("button.promise")).to_contain_text("04:30")
    [moved] = await house.orders()
    assert moved["scheduled_for"] > order["scheduled_for"]


async def test_an_order_that_was_sent_is_taken_away_after_all(desk: Desk, house: House) -> None:
    order = await house.order(house.line("Chips"))
    till = await Till.open(await desk.page(), house.email)
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Details").click()
    shown = till.dialog("order")
    await shown.get_by_role("radio", name="Takeaway").click()
    await expect(shown.get_by_role("radio", name="Takeaway")).to_be_checked()
    await expect(till.page.get_by_text(f"Order {order['number']} is takeaway now")).to_be_visible()
    [ticket] = await house.tickets()
    assert (ticket["order_type"], ticket["revision"]) == ("takeaway", 2)


async def test_the_kitchen_sees_what_comes_and_for_when_its_tickets_are(desk: Desk, house: House) -> None:
    later = SystemClock().now() + timedelta(hours=2)
    promised = {"scheduled_for": later.isoformat(), "customer_name": "Ada", "order_type": "takeaway"}
    first, _ = [await house.order(house.line("Chips"), **promised) for _ in range(2)]
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    coming = wall.page.get_by_role("list", name="Coming orders")
    await expect(coming.get_by_role("listitem")).to_have_count(1)
    await expect(coming).to_contain_text("2 at")
    await house.owner.post(f"/api/v2/orders/{first['id']}/fire", {})
    ticket = wall.ticket(first["number"])
    await expect(ticket.locator(".ticket-promise")).to_contain_text("for")
    await expect(ticket).to_contain_text("Takeaway")
