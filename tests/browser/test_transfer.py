"""Guests who move, and tables that become one: at the till, on the floor and in the kitchen."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall
from tests.browser.test_tables import draw, tile

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_guest_takes_the_food_to_another_table_and_the_kitchen_is_told(
    desk: Desk, house: House
) -> None:
    tables = await draw(house, "4", "7")
    burger, chips = {**house.line("Burger"), "seat": 1}, {**house.line("Chips"), "seat": 2}
    order = await house.order(burger, chips, table_id=tables["4"]["id"], covers=2)
    till = await Till.open(await desk.page(), house.email)
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    await expect(wall.ticket(order["number"])).to_contain_text("Chips")
    await till.view("Tables")
    await tile(till.page, "4").click()
    await till.dialog("order").get_by_role("button", name="Move").click()
    choice = till.dialog("transfer")
    await choice.get_by_role("radio", name="Seats").click()
    await expect(choice.locator("[data-table='7']")).to_be_disabled()
    await choice.locator("[data-part='2']").click()
    await choice.locator("[data-table='7']").click()
    await expect(tile(till.page, "7")).to_contain_text("£4.50")
    await expect(tile(till.page, "4")).to_contain_text("£14.50")
    moved = wall.ticket(order["number"] + 1)
    await expect(moved).to_contain_text("Table 7")
    await expect(moved).to_contain_text(f"Was order {order['number']} · table 4")
    await expect(wall.ticket(order["number"])).not_to_contain_text("Chips")


async def test_two_tables_become_one_bill_and_are_taken_apart_again(desk: Desk, house: House) -> None:
    tables = await draw(house, "4", "7")
    first, second = [
        await house.order(house.line("Chips"), table_id=tables[name]["id"], covers=2) for name in ("4", "7")
    ]
    till = await Till.open(await desk.page(), house.email)
    await till.view("Tables")
    await tile(till.page, "4").click()
    sheet = till.dialog("order")
    await sheet.get_by_role("button", name="Merge").click()
    await till.dialog("merge").locator(f"[data-order='{second['number']}']").click()
    await till.dialog("merge").get_by_role("button", name="One bill of £9.00").click()
    await expect(sheet).to_contain_text(f"Together with order {second['number']} (table 7)")
    await till.page.keyboard.press("Escape")
    await expect(tile(till.page, "7")).to_contain_text("with 4")
    await tile(till.page, "7").click()
    await expect(sheet).to_contain_text(f"Order {first['number']}")
    await sheet.get_by_role("button", name="Take apart").click()
    await expect(sheet.locator(".merged-note")).to_have_count(0)
    await till.page.keyboard.press("Escape")
    await expect(tile(till.page, "7")).to_contain_text("£4.50")
    await expect(tile(till.page, "4")).not_to_contain_text("with 7")
