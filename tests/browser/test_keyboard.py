"""A sale without a mouse: the focus is where one types, and stays where one works."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


def marked(page: Page) -> Locator:
    """What has the focus."""
    return page.locator(":focus")


async def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        await page.keyboard.press(key)


async def test_a_sale_is_made_with_the_keyboard_alone(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    page = till.page
    await till.open_drawer("Front", "10000")
    await press(page, "1", "/")
    await expect(marked(page)).to_have_attribute("type", "search")
    await page.keyboard.type("chi")
    await expect(till.item("Burger")).to_have_count(0)
    await press(page, "Enter")
    # The focus stays in the tiles, so that the next Enter is the next item.
    await expect(marked(page)).to_contain_text("Chips")
    await press(page, "Enter")
    await expect(till.total()).to_have_text("£9.00")
    await page.get_by_role("radio", name="Pay later").focus()
    await press(page, "ArrowRight")
    await expect(page.get_by_role("radio", name="Pay now")).to_have_attribute("aria-checked", "true")
    await press(page, "s")
    await expect(marked(page)).to_have_text("Pay £9.00")
    await press(page, "Enter")
    await expect(till.dialog("pay").get_by_role("spinbutton", name="Given")).to_be_focused()
    await page.keyboard.type("1000")
    await press(page, "Enter")
    await expect(till.dialog("taken").locator("output[name=change]")).to_have_text("£1.00")
    await press(page, "Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    [order] = await house.orders()
    assert order["totals"]["total_minor"] == 900
    await until(lambda: house.paid(order["id"]), "the order is paid")


async def test_the_focus_returns_to_the_tile_when_its_options_are_chosen(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    page = till.page
    await till.item("Burger").focus()
    await press(page, "Enter")
    await expect(marked(page)).to_contain_text("Pink")
    await press(page, "ArrowRight")
    await expect(marked(page)).to_contain_text("Well done")
    await press(page, "Space", "Enter")
    await expect(till.page.locator(".line")).to_contain_text("Well done")
    await expect(marked(page)).to_contain_text("Burger")


async def test_arrows_move_in_tabs_tiles_and_lists(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    page = till.page
    await page.get_by_role("tab", name="Grill").focus()
    await press(page, "ArrowRight")
    await expect(page.get_by_role("tab", name="Bar")).to_have_attribute("aria-selected", "true")
    await expect(till.item("Cola")).to_be_visible()
    await till.item("Cola").focus()
    await press(page, "ArrowRight")
    await expect(marked(page)).to_contain_text("Lager")
    await press(page, "Enter", "Home")
    await expect(marked(page)).to_contain_text("Cola")
    await press(page, "Enter", "b")
    await expect(marked(page)).to_contain_text("Lager")
    await press(page, "ArrowDown")
    await expect(marked(page)).to_contain_text("Cola")


async def test_the_last_one_taken_leaves_the_focus_in_the_tiles(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.category("Bar")
    await till.item("Lager").focus()
    for _ in range(4):
        await till.page.keyboard.press("Enter")
    # Three are there.
    await expect(till.page.locator(".line output")).to_have_text("3")
    await expect(till.item("Lager")).to_be_disabled()
    await expect(marked(till.page)).to_contain_text("Lager")


async def test_a_question_mark_lists_the_keys(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await press(till.page, "?")
    await expect(till.dialog("keys")).to_contain_text("Find an item")
    await press(till.page, "Enter")
    await expect(till.page.locator("dialog")).to_have_count(0)


async def test_no_dialog_opens_on_the_button_that_closes_it(desk: Desk) -> None:
    page = await desk.page()
    await page.goto("/ui")
    for name in ("Ask something", "Approve", "Keys"):
        await page.get_by_role("button", name=name).click()
        await expect(page.locator("dialog")).to_be_visible()
        assert await marked(page).get_attribute("aria-label") != "Close"
        await press(page, "Escape")
        await expect(marked(page)).to_have_text(name)
