"""Lines of an order that was sent: more of them, fewer of them, and two people who change one."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall
from tools.demo import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def opened(desk: Desk, email: str, number: int) -> tuple[Till, Locator]:
    """The till of somebody with the order's dialog open."""
    till = await Till.open(await desk.page(), email)
    await till.view("Orders")
    await till.card(number).get_by_role("button", name="Details").click()
    return till, till.dialog("order")


async def test_items_are_added_to_an_order_that_was_sent_and_a_round_is_repeated(
    desk: Desk, house: House
) -> None:
    order = await house.order(house.line("Chips"))
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    till, shown = await opened(desk, house.email, order["number"])
    await shown.get_by_role("button", name="Add items").click()
    await expect(till.page.locator(".adding-to")).to_contain_text(f"order {order['number']}")
    await till.page.reload()
    await expect(till.page.locator(".adding-to")).to_contain_text(f"order {order['number']}")
    await till.category("Grill")
    await till.item("Chips").click()
    await till.item("Chips").click()
    await till.page.get_by_role("button", name=f"Add to order {order['number']}").click()
    await expect(till.page.locator(".adding-to")).to_have_count(0)
    await expect(wall.ticket(order["number"]).locator(".ticket-line")).to_have_count(2)
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Details").click()
    await shown.get_by_role("button", name="Repeat a round").click()
    await expect(shown.locator(".bill-line")).to_have_count(3)
    stored = await house.owner.get(f"/api/v2/orders/{order['id']}")
    assert [line["quantity"] for line in stored["lines"]] == [1, 2, 2]
    assert len(await house.orders()) == 1


async def test_a_void_before_fire_can_be_taken_back(desk: Desk, house: House) -> None:
    order = await house.order({**house.line("Chips", quantity=3), "hold": True})
    till, shown = await opened(desk, house.email, order["number"])
    await shown.locator(".bill-line").click()
    sheet = till.dialog("line")
    await sheet.get_by_role("button", name="Void…").click()
    await sheet.get_by_role("button", name="One less Chips").click()
    await sheet.get_by_role("button", name="Changed their mind").click()
    await sheet.get_by_role("button", name="Void 2 × Chips").click()
    await expect(shown.locator(".bill .off")).to_have_text("2 voided")
    await till.page.get_by_role("button", name="Undo").click()
    await expect(shown.locator("tr[data-line] td").first).to_have_text("3 ×")


async def test_after_fire_a_manager_approves_it_on_the_spot_and_the_kitchen_sees_it(
    desk: Desk, house: House
) -> None:
    anna, mara = await house.hires("Anna"), await house.hires("Mara", "manager")
    order = await house.order(house.line("Chips", quantity=2))
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    till, shown = await opened(desk, anna.email, order["number"])
    await shown.locator(".bill-line").click()
    sheet = till.dialog("line")
    await sheet.get_by_role("button", name="Void…").click()
    await sheet.get_by_role("button", name="One less Chips").click()
    await sheet.get_by_role("button", name="Kitchen error").click()
    await sheet.get_by_role("button", name="Void 1 × Chips").click()
    approval = till.dialog("approval")
    await approval.get_by_label("Their e-mail").fill(mara.email)
    await approval.get_by_label("Their password").fill(PASSWORD)
    await approval.get_by_role("button", name="Approve", exact=True).click()
    await expect(shown.locator(".bill .off")).to_have_text("1 voided")
    await expect(wall.ticket(order["number"]).locator(".ticket-line.cancelled")).to_have_count(1)


async def test_who_changes_what_somebody_else_changed_meanwhile_sees_both_and_chooses(
    desk: Desk, house: House
) -> None:
    order = await house.order({**house.line("Chips"), "hold": True})
    till, shown = await opened(desk, house.email, order["number"])
    await shown.locator(".bill-line").click()
    sheet = till.dialog("line")
    await sheet.get_by_label("Note for the kitchen").fill("no salt")
    path = f"/api/v2/orders/{order['id']}/lines/{order['lines'][0]['id']}"
    await house.owner.request("PATCH", path, {"note": "extra salt", "base_version": order["version"]})
    await sheet.get_by_role("button", name="Save").click()
    conflict = sheet.locator(".conflict")
    await expect(conflict).to_contain_text("Keep theirs: extra salt")
    await conflict.get_by_role("button", name="Use mine: no salt").click()
    await expect(shown.locator(".note")).to_have_text("no salt")
