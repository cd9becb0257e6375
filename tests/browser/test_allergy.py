"""A guest's allergy from till to kitchen: it alone is loud, and no food is ready before it is read."""

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House, new_house
from tests.browser.pages import Till, Wall
from tools.api import Device

pytestmark = pytest.mark.asyncio(loop_scope="session")

MENU = """category,item,description,price,vat_class,allergens,options,stock,reorder_point
Desserts,Ice cream,Two scoops,5.50,always_standard,"milk, eggs",\
"Scoops(2-2): Vanilla=0; Pistachio=0.50[nuts]",,
Desserts,Fruit salad,,4.50,cold_food,,,,
"""
MAGENTA = "rgb(242, 166, 255)"


async def test_a_coeliac_s_order_on_till_and_kitchen_screen(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.category("Grill")
    await till.item("Chips").click()
    await till.page.get_by_role("button", name="Guest allergy").click()
    sheet = till.dialog("allergy")
    await expect(sheet.get_by_role("checkbox")).to_have_count(14)
    await sheet.get_by_role("checkbox", name="gluten").click()
    await sheet.get_by_role("textbox", name="In the guest's words").fill("coeliac, no shared fryer")
    await sheet.get_by_role("button", name="Save").click()
    said = till.page.locator(".basket .guest-allergy")
    await expect(said).to_contain_text("gluten · coeliac, no shared fryer")
    await expect(said).to_have_css("background-color", MAGENTA)
    await till.send()
    await expect(said).to_have_count(0)  # it was this guest's, not the next one's
    plain = await house.order(house.line("Burger"))
    [order] = [one for one in await house.orders() if one["guest_allergy"]]
    assert order["guest_allergy"] == {
        "allergens": ["cereals_containing_gluten"],
        "text": "coeliac, no shared fryer",
    }
    await till.view("Orders")
    await expect(till.card(order["number"]).locator(".guest-allergy")).to_contain_text("coeliac")

    wall = await Wall.open(await desk.page(size=WALL), house.email)
    ticket = wall.ticket(order["number"])
    banner = ticket.locator(".guest-allergy")
    await expect(banner).to_contain_text("gluten · coeliac, no shared fryer")
    await expect(banner).to_have_css("background-color", MAGENTA)
    quiet = wall.ticket(plain["number"])
    await expect(quiet.locator(".contains")).to_have_text("Contains gluten, milk")
    await expect(quiet.locator(".guest-allergy")).to_have_count(0)
    await expect(quiet.locator(".contains")).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    await ticket.get_by_role("button", name="Bump").click()
    await expect(wall.page.get_by_text("acknowledge it first")).to_be_visible()
    await ticket.locator(".ticket-line").first.click()
    [waits] = [one for one in await house.tickets() if one["order_id"] == order["id"]]
    assert (waits["state"], waits["allergy_acknowledged_at"]) == ("queued", None)
    await banner.get_by_role("button", name="Acknowledge").click()
    await expect(banner).to_contain_text("Acknowledged")
    await ticket.get_by_role("button", name="Bump").click()
    await expect(ticket).to_have_count(0)


async def test_an_allergy_that_is_said_later_reaches_even_the_food_that_is_ready(
    desk: Desk, house: House
) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    order = await house.order(house.line("Chips"))
    ticket = wall.ticket(order["number"])
    await ticket.get_by_role("button", name="Bump").click()
    await expect(ticket).to_have_count(0)
    till = await Till.open(await desk.page(), house.email)
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Details").click()
    await till.dialog("order").get_by_role("button", name="Guest allergy").click()
    await till.dialog("allergy").get_by_role("checkbox", name="nuts", exact=True).click()
    await till.dialog("allergy").get_by_role("button", name="Save").click()
    await expect(till.dialog("order").locator(".guest-allergy")).to_contain_text("nuts")
    await expect(ticket.locator(".guest-allergy")).to_contain_text("nuts")
    await ticket.get_by_role("button", name="Acknowledge").click()
    await expect(ticket).to_have_count(0)
    [ready] = [one for one in await house.tickets() if one["order_id"] == order["id"]]
    assert ready["state"] == "ready"
    assert ready["allergy_acknowledged_at"]


async def test_the_allergens_of_the_options_are_those_of_the_food(
    desk: Desk, platform: Device, http: httpx.AsyncClient
) -> None:
    ice_house = await new_house(platform, http, MENU)
    till = await Till.open(await desk.page(), ice_house.email)
    await till.item("Ice cream").click()
    sheet = till.dialog("options")
    await expect(sheet.locator(".allergens")).to_have_text("Contains eggs, milk")
    await sheet.get_by_role("checkbox", name="Pistachio").click()
    await expect(sheet.locator(".allergens")).to_have_text("Contains eggs, milk, nuts")
    await sheet.get_by_role("button", name="One more").first.click()
    await sheet.locator(".primary").click()
    await till.send()
    wall = await Wall.open(await desk.page(size=WALL), ice_house.email)
    await expect(wall.tickets.first.locator(".contains")).to_have_text("Contains eggs, milk, nuts")
