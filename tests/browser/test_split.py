"""One order, several bills at the till: it is split in each way, and each guest pays."""

from typing import Any

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = [
    ViewportSize(width=1180, height=820),
    ViewportSize(width=820, height=1180),
    ViewportSize(width=390, height=844),
]
WIDER_THAN_ITSELF = "dialog => dialog.scrollWidth > dialog.clientWidth"


async def opened(
    desk: Desk, house: House, size: ViewportSize | None = None, **order: Any
) -> tuple[Till, Locator]:
    """A till with an open drawer that shows how an order of a burger, chips and two colas can be split."""
    lines = [
        house.line("Burger") | {"seat": 1},
        house.line("Chips") | {"seat": 2},
        house.line("Cola", quantity=2),
    ]
    placed = await house.order(*lines, covers=3, **order)
    till = await Till.open(await desk.page(size=size), house.email)
    await till.open_drawer("Front", "10000")
    await till.view("Orders")
    await till.page.get_by_role("button", name=f"Order {placed['number']}", exact=True).click()
    await till.dialog("order").get_by_role("button", name="Split").click()
    return till, till.dialog("split")


def totals(split: Locator) -> Locator:
    """What the checks come to."""
    return split.locator(".check output")


async def pay_exactly(till: Till, check: Locator) -> None:
    """The whole of a check, in cash."""
    await check.locator(".check-pay").click()
    await till.dialog("pay").get_by_role("button", name="Exact").click()
    await till.dialog("taken").get_by_role("button", name="Done").click()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']}x{size['height']}")
async def test_an_order_is_split_evenly_and_everybody_pays(
    desk: Desk, house: House, size: ViewportSize
) -> None:
    till, split = await opened(desk, house, size)
    await expect(split.locator("output").first).to_have_text("3")  # as many as there are guests
    await split.get_by_role("button", name="One less guest").click()
    await split.get_by_role("button", name="Split in 2").click()
    await expect(totals(split)).to_have_text(["£12.50", "£12.50"])
    tickets = await house.tickets()
    for index in (0, 1):
        await pay_exactly(till, split.locator(".check").nth(index))
        await expect(split.locator(".check[data-state=paid]")).to_have_count(index + 1)
        assert not await split.evaluate(WIDER_THAN_ITSELF)
    [order] = await house.orders()
    assert order["totals"]["due_minor"] == 0
    assert [check["state"] for check in order["split"]["checks"]] == ["paid", "paid"]
    assert await house.tickets() == tickets


async def test_lines_are_tapped_onto_checks_and_one_of_several_is_shared(desk: Desk, house: House) -> None:
    till, split = await opened(desk, house)
    await split.get_by_role("radio", name="By item").click()
    await split.get_by_role("button", name="Burger").click()
    await split.get_by_role("button", name="Cola").click()
    await split.get_by_role("radio", name="Check 2").click()
    await split.get_by_role("button", name="Cola").click()
    await expect(split.get_by_role("button", name="Cola")).to_contain_text("½ each: check 1, 2")
    await expect(split).to_contain_text("1 line nobody’s yet")
    await split.get_by_role("button", name="Split", exact=True).click()
    await expect(totals(split)).to_have_text(["£17.50", "£3.00", "£4.50"])
    await expect(split.locator(".check").nth(1)).to_contain_text("1/2 of 2 Cola")
    await expect(split.locator(".check").nth(2)).to_contain_text("Rest")
    await pay_exactly(till, split.locator(".check").nth(1))
    await split.get_by_role("button", name="Split another way").click()
    await expect(split).to_contain_text("1 check with money on stay")
    await split.get_by_role("radio", name="Evenly").click()
    await split.get_by_role("button", name="One less guest").click()
    await split.get_by_role("button", name="Split in 2").click()
    await expect(totals(split)).to_have_text(["£3.00", "£11.00", "£11.00"])


async def test_seats_have_their_own_checks_and_what_is_nobodys_is_shared(desk: Desk, house: House) -> None:
    _, split = await opened(desk, house)
    await split.get_by_role("radio", name="By seat").click()
    await expect(split).to_contain_text("1 line at no seat")
    await split.get_by_role("button", name="Split by seat").click()
    await expect(split.locator(".check")).to_contain_text(["Seat 1", "Seat 2"])
    await expect(totals(split)).to_have_text(["£17.50", "£7.50"])


async def test_amounts_are_typed_with_the_keyboard_alone(desk: Desk, house: House) -> None:
    till, split = await opened(desk, house)
    page = till.page
    await split.get_by_role("radio", name="Evenly").focus()
    await page.keyboard.press("End")
    await expect(split.get_by_role("radio", name="By amount")).to_have_attribute("aria-checked", "true")
    await split.get_by_role("spinbutton", name="Somebody pays").focus()
    await page.keyboard.type("9999")
    await expect(split).to_contain_text("Not taken: Up to £25.00")
    await page.keyboard.press("Delete")
    for pence in ("1000", "600"):
        await page.keyboard.type(pence)
        await page.keyboard.press("Enter")
    await expect(split.locator("output[name=left]")).to_have_text("£9.00")
    await page.keyboard.press("Enter")
    await expect(totals(split)).to_have_text(["£10.00", "£6.00", "£9.00"])
    await split.locator(".check-pay").first.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(till.dialog("pay").locator("output[name=due]")).to_have_text("£6.00")
    await page.keyboard.type("1000")
    await page.keyboard.press("Enter")
    await expect(till.dialog("taken").locator("output[name=change]")).to_have_text("£4.00")
    await page.keyboard.press("Enter")
    await expect(split.locator(".check").nth(1)).to_have_attribute("data-state", "paid")


async def test_another_till_sees_the_checks_and_one_bill_is_one_again(desk: Desk, house: House) -> None:
    _, split = await opened(desk, house)
    other = await Till.open(await desk.page(), house.email)
    await other.view("Orders")
    await split.get_by_role("button", name="Split in 3").click()
    [order] = await house.orders()
    card = other.card(order["number"])
    await expect(card).to_contain_text("0 of 3 checks paid")
    await card.get_by_role("button", name="Pay").click()
    await expect(totals(other.dialog("split"))).to_have_text(["£8.34", "£8.33", "£8.33"])
    await split.get_by_role("button", name="One bill").click()
    await expect(card).not_to_contain_text("checks")
    [order] = await house.orders()
    assert order["split"] is None


async def test_each_guest_gets_the_paper_of_his_check(desk: Desk, house: House) -> None:
    till, split = await opened(desk, house)
    await split.get_by_role("button", name="Split in 3").click()
    await split.get_by_role("button", name="Bill of Check 1 of 3").click()
    paper = till.dialog("receipt").locator(".paper")
    await expect(paper).to_contain_text("PREVIEW")
    await expect(paper).to_contain_text("Your part of 25.00")
    await till.dialog("receipt").get_by_role("button", name="Back").click()
    await pay_exactly(till, split.locator(".check").nth(0))
    await till.page.evaluate("window.print = () => {}")
    await split.get_by_role("button", name="Receipt of Check 1 of 3").click()
    await expect(paper).to_contain_text("£8.34")
    for mark in (expect(paper).not_to_contain_text, expect(paper).to_contain_text):
        await till.dialog("receipt").get_by_role("button", name="Print").click()
        await mark("COPY")
    await expect(till.dialog("receipt").get_by_role("button", name="Print another copy")).to_be_enabled()


async def test_a_till_that_split_too_late_is_shown_how_the_other_one_did(desk: Desk, house: House) -> None:
    _, split = await opened(desk, house)
    await split.get_by_role("button", name="Split in 3").click()
    await split.get_by_role("button", name="Split another way").click()
    [order] = await house.orders()
    await house.owner.put(f"/api/v2/orders/{order['id']}/split", {"mode": "even", "ways": 4})
    await split.get_by_role("button", name="One less guest").click()
    await split.get_by_role("button", name="Split in 2").click()
    await expect(split.get_by_role("alert")).to_contain_text(
        "meanwhile: evenly by 4. Yours was: evenly by 2."
    )
    await expect(totals(split)).to_have_text(["£6.25"] * 4)
    await split.get_by_role("button", name="Split another way").click()
    await split.get_by_role("button", name="One less guest").click()
    await split.get_by_role("button", name="Split in 2").click()
    await expect(totals(split)).to_have_text(["£12.50", "£12.50"])


async def test_a_check_that_is_split_anew_meanwhile_is_not_paid(desk: Desk, house: House) -> None:
    till, split = await opened(desk, house)
    await split.get_by_role("button", name="Split in 3").click()
    await split.locator(".check-pay").first.click()
    [order] = await house.orders()
    await house.owner.put(f"/api/v2/orders/{order['id']}/split", {"mode": "even", "ways": 2})
    await expect(till.dialog("pay")).to_contain_text("This check is another one now.")
    await till.dialog("pay").get_by_role("button", name="Close").click()
    await expect(totals(split)).to_have_text(["£12.50", "£12.50"])
