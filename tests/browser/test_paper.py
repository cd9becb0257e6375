"""Bills, receipts, customers and invoices at the till."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till

pytestmark = pytest.mark.asyncio(loop_scope="session")
NO_PRINTER = "window.print = () => { window.printed = (window.printed || 0) + 1; }"
"""A browser under test has no paper; what it would print is what stands in the dialog."""


async def opened(desk: Desk, house: House, number: int) -> tuple[Till, Locator]:
    page: Page = await desk.page()
    await page.add_init_script(NO_PRINTER)
    till = await Till.open(page, house.email)
    await till.view("Orders")
    await till.card(number).get_by_role("button", name="Details").click()
    return till, till.dialog("order")


async def test_a_bill_is_looked_at_first_and_printed_again_it_is_a_copy(desk: Desk, house: House) -> None:
    order = await house.order(house.line("Chips"))
    till, shown = await opened(desk, house, order["number"])
    await shown.get_by_role("button", name="Bill").click()
    sheet = till.dialog("receipt")
    paper = sheet.locator(".paper")
    await expect(paper).to_contain_text("PREVIEW")
    await expect(paper).to_contain_text("1 x Chips")
    await sheet.get_by_role("button", name="Print bill").click()
    await expect(paper).not_to_contain_text("PREVIEW")
    await expect(paper).not_to_contain_text("COPY")
    await sheet.get_by_role("button", name="Print another copy").click()
    await expect(paper).to_contain_text("COPY")
    await till.page.wait_for_function("window.printed === 2")


async def test_an_order_is_given_to_a_customer_who_is_found_or_new(desk: Desk, house: House) -> None:
    ada = await house.owner.post("/api/v2/customers", {"name": "Ada Okonkwo", "phone": "07700 900123"})
    order = await house.order(house.line("Chips"))
    till, shown = await opened(desk, house, order["number"])
    await shown.get_by_role("button", name="Customer").click()
    sheet = till.dialog("customer")
    await sheet.get_by_role("searchbox").fill("07700 9")
    await sheet.get_by_role("button").filter(has_text="Ada Okonkwo").click()
    await expect(shown.get_by_role("button", name="Ada Okonkwo")).to_be_visible()
    assert (await house.owner.get(f"/api/v2/orders/{order['id']}"))["customer_id"] == ada["id"]
    await shown.get_by_role("button", name="Ada Okonkwo").click()
    await sheet.get_by_role("searchbox").fill("Grace Hopper")
    await expect(sheet.get_by_text("Nobody is called so")).to_be_visible()
    await sheet.get_by_role("button", name="New customer").click()
    form = till.dialog("new-customer")
    await expect(form.get_by_label("Name")).to_have_value("Grace Hopper")
    await form.get_by_label("Telephone").fill("12")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("no telephone number")
    await form.get_by_label("Telephone").fill("020 7946 0123")
    await form.get_by_role("button", name="Save").click()
    await expect(shown.get_by_role("button", name="Grace Hopper")).to_be_visible()
    [grace] = (await house.owner.get("/api/v2/customers?q=grace"))["items"]
    assert (grace["phone"], grace["marketing_consent"]) == ("+442079460123", False)


async def test_an_order_that_is_done_is_invoiced(desk: Desk, house: House) -> None:
    order = await house.order(house.line("Chips"))
    session = await house.owner.post("/api/v2/till-sessions", {"till": "one", "opening_float_minor": 0})
    path = f"/api/v2/orders/{order['id']}"
    await house.owner.put(f"{path}/status", {"status": "ready"})
    await house.owner.post(f"{path}/payments", {"method": "cash", "till_session_id": session["id"]})
    till = await Till.open(await desk.page(), house.email)
    await till.view("Orders")
    card = till.card(order["number"])
    await card.get_by_role("button", name="Complete").click()
    await till.page.locator(".closed-order").filter(has_text=str(order["number"])).first.click()
    shown = till.dialog("order")
    await shown.get_by_role("button", name="Invoice").click()
    form = till.dialog("invoice")
    await form.get_by_label("Name").fill("Okonkwo Ltd")
    await form.get_by_label("Address").fill("4 Mill Lane\nLeeds")
    await form.get_by_role("button", name="Issue invoice").click()
    paper = till.dialog("invoiced").locator(".paper")
    await expect(paper).to_contain_text("VAT invoice 1")
    await expect(paper).to_contain_text("Okonkwo Ltd")
    await till.dialog("invoiced").get_by_role("button", name="Back").click()
    await expect(shown.get_by_role("button", name="Invoice 1")).to_be_visible()
