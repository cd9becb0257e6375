"""A note to the kitchen on the whole order, from the till to the kitchen screen."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_note_is_written_in_the_basket_and_read_in_the_kitchen(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.category("Grill")
    await till.item("Chips").click()
    await till.page.get_by_role("button", name="Kitchen note").click()
    await till.dialog("note").get_by_role("textbox").fill("Birthday:\ncandles with the cake")
    await till.dialog("note").get_by_role("button", name="Save").click()
    noted = till.page.locator(".basket .order-note")
    await expect(noted).to_contain_text("candles with the cake")
    await till.page.reload()
    await expect(noted).to_contain_text("candles with the cake")
    await till.send()
    await expect(noted).to_have_count(0)  # it was this guest's, not the next one's
    [order] = [one for one in await house.orders() if one["note"]]
    assert order["note"] == "Birthday:\ncandles with the cake"
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    ticket = wall.ticket(order["number"])
    await expect(ticket.locator(".order-note")).to_contain_text("candles with the cake")
    await ticket.get_by_role("button", name="Bump").click()
    await expect(ticket).to_have_count(0)


async def test_a_note_that_is_written_later_reaches_the_open_ticket_and_goes_when_it_is_taken_away(
    desk: Desk, house: House
) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    order = await house.order(house.line("Chips"))
    on_wall = wall.ticket(order["number"]).locator(".order-note")
    await expect(wall.ticket(order["number"])).to_have_count(1)
    await expect(on_wall).to_have_count(0)
    till = await Till.open(await desk.page(), house.email)
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Details").click()
    shown, sheet = till.dialog("order"), till.dialog("note")
    await shown.get_by_role("button", name="Kitchen note").click()
    await sheet.get_by_role("textbox").fill("no hurry")
    await sheet.get_by_role("button", name="Save").click()
    await expect(shown.locator(".order-note")).to_contain_text("no hurry")
    await expect(on_wall).to_contain_text("no hurry")
    await shown.locator(".order-note").click()
    await expect(sheet.get_by_role("button", name="Save")).to_be_disabled()
    await sheet.get_by_role("button", name="No note").click()
    await expect(shown.get_by_role("button", name="Kitchen note")).to_be_visible()
    await expect(on_wall).to_have_count(0)
