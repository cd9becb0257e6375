"""What moved in the drawer, as the till shows it: to all what was done, and to a blind count no more."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till, live

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = re.compile(r"\d\d:\d\d$")


def movements(page: Page) -> Locator:
    """The list."""
    return page.get_by_role("region", name="In and out of the drawer")


async def move(till: Till, kind: str, pence: str, reason: str) -> None:
    """Moves cash beside a sale."""
    await till.page.get_by_role("button", name=kind).click()
    await till.type(till.dialog("move"), "Amount", pence)
    await till.dialog("move").get_by_label("Reason").fill(reason)
    await till.dialog("move").locator(".primary").click()
    await expect(till.dialog("move")).to_have_count(0)


async def test_every_movement_of_the_open_till_is_listed_newest_first_with_who_and_why(
    desk: Desk, house: House
) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer("Front", "10000")
    await move(till, "Paid in", "2000", "change")
    await move(till, "Paid out", "500", "milk")
    await move(till, "Drop to safe", "3000", "notes")
    await till.page.get_by_role("button", name="Open drawer").click()
    rows = movements(till.page).locator("[data-event]")
    await expect(rows).to_have_count(5)
    kinds = await rows.evaluate_all("all => all.map(one => one.dataset.event)")
    assert kinds == ["no_sale", "drop", "paid_out", "paid_in", "float"]
    for row, words, amount in zip(
        await rows.all(),
        (
            "Opened without a sale",
            "Drop to safe · notes",
            "Paid out · milk",
            "Paid in · change",
            "Opening float",
        ),
        ("–", "-£30.00", "-£5.00", "£20.00", "£100.00"),
        strict=True,
    ):
        await expect(row).to_contain_text(words)
        await expect(row).to_contain_text("Ona Owner")
        await expect(row.locator(".sum")).to_have_text(amount)
        await expect(row.locator("time")).to_have_text(CLOCK)


async def test_whoever_reads_reports_sees_the_cash_as_it_stands_while_others_sell(
    desk: Desk, house: House
) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer("Front", "10000")
    standing = movements(till.page).locator(".standing")
    await expect(standing.locator("[data-row=expected]")).to_contain_text("£100.00")
    order = await house.order(house.line("Chips"))
    [session] = (await house.owner.get("/api/v2/till-sessions?open=true"))["items"]
    await house.owner.post(
        f"/api/v2/orders/{order['id']}/payments", {"method": "cash", "till_session_id": session["id"]}
    )
    await expect(standing.locator("[data-row=cash-sales]")).to_contain_text("£4.50")
    await expect(standing.locator("[data-row=expected]")).to_contain_text("£104.50")


async def test_who_counts_blind_is_shown_neither_sales_nor_what_should_be_there(
    desk: Desk, house: House
) -> None:
    employee = await house.hires("Eli Employee")
    till = await Till.open(await desk.page(), employee.email)
    await till.open_drawer("Front", "10000")
    order = await house.order(house.line("Chips"))
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Pay").click()
    await till.dialog("pay").get_by_role("button", name="Exact £4.50").click()
    await till.page.get_by_role("button", name="Done").click()
    await till.view("Till")
    await move(till, "Paid out", "500", "milk")
    listed = movements(till.page)
    await expect(listed.locator("[data-event=paid_out]")).to_contain_text("milk")
    await expect(listed).to_contain_text("it is counted blind")
    for shown in ("£4.50", "£99.50", "£104.50"):
        await expect(till.page.locator("main")).not_to_contain_text(shown)
    await expect(till.page.get_by_role("button", name="X report")).to_have_count(0)


async def test_the_list_says_when_it_is_of_before_and_follows_when_the_network_is_back(
    desk: Desk, house: House
) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer("Front", "10000")
    await expect(movements(till.page).locator("[data-event=float]")).to_be_visible()
    await till.page.route("**/x-report", lambda route: route.abort())
    await move(till, "Paid out", "500", "milk")
    await expect(movements(till.page)).to_contain_text("This is what was known. No connection")
    await till.page.unroute("**/x-report")
    await till.view("Sell")
    await till.view("Till")
    await expect(movements(till.page).locator("[data-event=paid_out]")).to_contain_text("milk")
    await expect(movements(till.page)).not_to_contain_text("This is what was known")
    await live(till.page)
