"""Discounts at the till: given, approved on the spot, taken back; and promotions in the basket."""

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import LOG_IN_MS, Till
from tools.demo import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLET = ViewportSize(width=1180, height=820)


async def opened(till: Till, number: int) -> Locator:
    """The order's dialog."""
    await till.view("Orders")
    await till.card(number).get_by_role("button", name="Details").click()
    return till.dialog("order")


async def gives(
    till: Till, digits: str, *, kind: str = "Percent", what: str = "", reason: str = "waited long"
) -> None:
    """Fills the dialog and presses its button."""
    await till.dialog("order").get_by_role("button", name="Discount", exact=True).click()
    sheet = till.dialog("discount")
    if what:
        await sheet.get_by_role("radio", name=what).click()
    await sheet.get_by_role("radio", name=kind).click()
    if digits:
        await till.type(sheet, "Amount off" if kind == "Amount" else "Percent off", digits)
    await sheet.get_by_label("Why").fill(reason)
    await sheet.get_by_role("button", name="Give discount").click()


async def test_a_line_and_the_order_are_discounted_and_each_is_taken_back_and_given_again(
    desk: Desk, house: House
) -> None:
    order = await house.order(house.line("Chips", quantity=2), house.line("Cola"), order_type="takeaway")
    till = await Till.open(await desk.page(size=TABLET), house.email)
    shown = await opened(till, order["number"])
    await gives(till, "100", kind="Amount", what="2 × Chips")
    await gives(till, "10")
    rows = shown.locator("[data-discount]")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("£1.00 off")
    await expect(rows.nth(0)).to_contain_text("Chips · waited long")
    await expect(rows.nth(1)).to_contain_text("-£1.10")
    await expect(shown.locator("tfoot")).to_contain_text("Total£9.90")
    await rows.nth(0).get_by_role("button", name="Take back").click()
    await expect(rows).to_have_count(1)
    await expect(shown.locator("tfoot")).to_contain_text("Total£10.80")
    await till.page.get_by_role("button", name="Undo").last.click()
    await expect(rows).to_have_count(2)
    await expect(shown.locator("tfoot")).to_contain_text("Total£9.90")
    [stored] = await house.orders()
    assert stored["totals"]["total_minor"] == 990
    assert {one["reason"] for one in stored["discounts"]} == {"waited long"}


async def test_above_one_s_cap_a_manager_approves_on_the_spot_and_only_the_owner_what_is_on_the_house(
    desk: Desk, house: House
) -> None:
    employee, manager = await house.hires("Eli Employee"), await house.hires("Mara Manager", "manager")
    order = await house.order(house.line("Chips"), order_type="takeaway")
    till = await Till.open(await desk.page(size=TABLET), employee.email)
    shown = await opened(till, order["number"])
    await gives(till, "20")
    approval = till.dialog("approval")
    await expect(approval).to_contain_text("20 % off is more than you may take off alone (10 %).")
    await approval.get_by_label("Their e-mail").fill(manager.email)
    await approval.get_by_label("Their password").fill(PASSWORD)
    await approval.get_by_role("button", name="Approve", exact=True).click()
    row = shown.locator("[data-discount]")
    await expect(row).to_contain_text("Eli Employee · approved by Mara Manager", timeout=LOG_IN_MS)
    await expect(shown.locator("tfoot")).to_contain_text("Total£3.60")
    await gives(till, "", kind="On the house")
    await approval.get_by_label("Their e-mail").fill(manager.email)
    await approval.get_by_label("Their password").fill(PASSWORD)
    await approval.get_by_role("button", name="Approve", exact=True).click()
    await expect(approval.get_by_role("alert")).to_contain_text("The owner may", timeout=LOG_IN_MS)
    await approval.get_by_label("Their e-mail").fill(house.email)
    await approval.get_by_label("Their password").fill(PASSWORD)
    await approval.get_by_role("button", name="Approve", exact=True).click()
    await expect(shown.locator("tfoot")).to_contain_text("Total£0.00", timeout=LOG_IN_MS)


async def test_a_promotion_is_named_in_the_basket_before_it_is_sent_and_on_the_order(
    desk: Desk, house: House
) -> None:
    happy = {"name": "Happy hour", "kind": "percent", "value_bp": 2000, "scope": "order"}
    await house.owner.post("/api/v2/promotions", happy)
    till = await Till.open(await desk.page(size=TABLET), house.email)
    await till.category("Grill")
    await till.item("Chips").click()
    await till.page.get_by_role("radio", name="Takeaway").click()
    await expect(till.total()).to_have_text("£3.60")
    await expect(till.page.locator(".sum.discount")).to_contain_text("Happy hour")
    await till.send()
    await expect(till.page.get_by_text("Order 1 is on its way")).to_be_visible()
    [stored] = await house.orders()
    shown = await opened(till, stored["number"])
    row = shown.locator("[data-discount]")
    await expect(row).to_contain_text("Happy hour")
    await expect(row).to_contain_text("-£0.90")
    await expect(row.get_by_role("button")).to_have_count(0)
