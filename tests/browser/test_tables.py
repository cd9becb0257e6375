"""The floor at the till: who sits where, what they owe, and where the next guests go."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def draw(house: House, *names: str, section: str = "Terrace") -> dict[str, dict[str, Any]]:
    """A section with these tables in a row."""
    room = await house.owner.post("/api/v2/floor/sections", {"name": section})
    made = {}
    for number, name in enumerate(names):
        where = {"x": 150 + 250 * number, "y": 300, "shape": ["round", "square", "rectangle"][number % 3]}
        body = {"name": name, "section_id": room["id"], "seats": 4, **where}
        made[name] = await house.owner.post("/api/v2/floor/tables", body)
    return made


def tile(page: Page, name: str) -> Locator:
    return page.locator(f".table[data-table='{name}']")


async def test_a_free_table_is_tapped_and_the_order_goes_there(desk: Desk, house: House) -> None:
    await draw(house, "4", "7")
    till = await Till.open(await desk.page(), house.email)
    other = await Till.open(await desk.page(), house.email)
    await other.view("Tables")
    await till.view("Tables")
    await tile(till.page, "7").click()
    await expect(till.page.locator(".basket-table")).to_contain_text("Table 7")
    await till.category("Grill")
    await till.item("Chips").click()
    await till.page.reload()
    await expect(till.page.locator(".basket-table")).to_contain_text("Table 7")
    await till.send()
    await expect(till.page.locator(".basket-table.chosen")).to_have_count(0)  # it was this guest's
    await expect(tile(other.page, "7")).to_have_attribute("data-state", "occupied")
    await expect(tile(other.page, "7")).to_contain_text("£4.50")
    await expect(tile(other.page, "4")).to_have_attribute("data-state", "free")
    [order] = await house.orders()
    assert order["table"]["name"] == "7"
    await tile(other.page, "7").click()
    await expect(other.dialog("order")).to_contain_text(f"Order {order['number']}")


async def test_guests_are_moved_and_the_table_that_they_left_is_cleared(desk: Desk, house: House) -> None:
    tables = await draw(house, "4", "7")
    order = await house.order(house.line("Chips"), table_id=tables["4"]["id"], covers=3)
    till = await Till.open(await desk.page(), house.email)
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    await expect(wall.ticket(order["number"])).to_contain_text("4")
    await till.view("Tables")
    await expect(tile(till.page, "4")).to_contain_text("3 guests")
    await tile(till.page, "4").click()
    await till.dialog("order").get_by_role("button", name="Move").click()
    choice = till.dialog("transfer")
    await expect(choice.locator("[data-table='4']")).to_be_disabled()
    await choice.locator("[data-table='7']").click()
    await expect(tile(till.page, "7")).to_have_attribute("data-state", "occupied")
    await expect(tile(till.page, "4")).to_have_attribute("data-state", "dirty")
    await expect(wall.ticket(order["number"])).to_contain_text("7")
    await tile(till.page, "4").click()
    await till.dialog("table").get_by_role("button", name="It is cleared").click()
    await expect(tile(till.page, "4")).to_have_attribute("data-state", "free")


async def test_of_several_orders_at_a_table_one_is_chosen_or_another_begun(desk: Desk, house: House) -> None:
    tables = await draw(house, "4")
    orders = [await house.order(house.line("Chips"), table_id=tables["4"]["id"]) for _ in range(2)]
    till = await Till.open(await desk.page(), house.email)
    await till.view("Tables")
    await expect(tile(till.page, "4")).to_contain_text("£9.00")
    await tile(till.page, "4").click()
    sheet = till.dialog("table")
    await expect(sheet.locator(".table-orders button")).to_have_count(2)
    await sheet.get_by_role("button", name=f"Order {orders[1]['number']}").click()
    await expect(till.dialog("order")).to_contain_text(f"Order {orders[1]['number']}")
    await till.page.keyboard.press("Escape")
    await tile(till.page, "4").click()
    await sheet.get_by_role("button", name="Another order here").click()
    await expect(till.page.locator(".basket-table")).to_contain_text("Table 4")


async def test_what_is_taken_away_goes_to_no_table(desk: Desk, house: House) -> None:
    await draw(house, "4")
    till = await Till.open(await desk.page(), house.email)
    await till.view("Tables")
    await tile(till.page, "4").click()
    await till.page.get_by_role("radio", name="Takeaway").click()
    await expect(till.page.get_by_role("button", name="Choose a table")).to_be_visible()


async def test_a_house_without_tables_sells_as_before(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await expect(till.page.get_by_role("button", name="Choose a table")).to_have_count(0)
    await till.category("Grill")
    await till.item("Chips").click()
    await till.send()
    await till.view("Tables")
    await expect(till.page.get_by_text("No tables are drawn yet")).to_be_visible()
    [order] = await house.orders()
    assert order["table"] is None
