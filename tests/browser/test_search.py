"""Finding an item at the till: by what one types, and by a scanner, which types too."""

import asyncio
import time

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY_SECONDS = 0.004
"""Between the keys of a scanner, by its own clock, however busy this machine is."""
COLA, ALE, BURGER = "5449000000996", "5012345678900", "96385074"
MENU = f"""category,item,description,price,vat_class,options,stock,barcode,plu
Grill,Jalapeño Poppers,With sour cream,6.50,hot_food,,,,11
Grill,Cheese Burger,With chips,14.50,hot_food,Cooked(1-1): Pink=0; Well done=0,,{BURGER},12
Grill,Chicken Wings,,8.50,hot_food,,,,
Bar,Cola,330 ml,3.00,always_standard,,,{COLA},
Bar,Pale Ale,330 ml,5.20,alcohol,,0,{ALE},
"""


async def a_till(desk: Desk, house: House, size: ViewportSize | None = None) -> Till:
    await house.furnish(MENU)
    return await Till.open(await desk.page(size=size), house.email)


def field(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Find an item")


def lines(page: Page) -> Locator:
    return page.locator(".basket .line-text")


async def scan(page: Page, digits: str) -> None:
    """As a scanner does it: digits and Enter, wherever the focus is, none waiting for the one before."""
    at = time.time()
    keyboard = await page.context.new_cdp_session(page)
    keys = [{"key": one, "text": one, "windowsVirtualKeyCode": ord(one)} for one in digits]
    keys.append({"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13})
    await asyncio.gather(
        *(
            keyboard.send(
                "Input.dispatchKeyEvent", {"type": kind, "timestamp": at + place * KEY_SECONDS, **key}
            )
            for place, key in enumerate(keys)
            for kind in ("keyDown", "keyUp")
        )
    )
    await keyboard.detach()


async def test_a_misspelt_name_is_found_and_taken_with_the_keyboard(desk: Desk, house: House) -> None:
    till = await a_till(desk, house)
    page = till.page
    await page.keyboard.press("/")
    await expect(field(page)).to_be_focused()
    await page.keyboard.type("jalapneo")
    await expect(till.item("Jalapeño Poppers")).to_be_visible()
    await expect(page.locator(".item")).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await expect(till.item("Jalapeño Poppers")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(lines(page)).to_contain_text(["Jalapeño Poppers"])
    await page.keyboard.press("/")
    # Typed over: the field was marked whole. Enter before the answer waits for it.
    await page.keyboard.type("wings chiken")
    await page.keyboard.press("Enter")
    await expect(lines(page)).to_contain_text(["Jalapeño Poppers", "Chicken Wings"])


async def test_what_is_not_on_the_menu_is_said(desk: Desk, house: House) -> None:
    till = await a_till(desk, house)
    await field(till.page).fill("zebra")
    await expect(till.page.locator(".items .empty")).to_contain_text("Nothing on the menu is called “zebra”")
    await expect(till.page.get_by_role("status").filter(has_text="Nothing found")).to_have_count(1)
    await till.page.keyboard.press("Escape")
    await expect(till.item("Cheese Burger")).to_be_visible()


async def test_a_scan_into_the_field_adds_the_item_and_the_next_one_follows(desk: Desk, house: House) -> None:
    till = await a_till(desk, house)
    page = till.page
    await page.keyboard.press("/")
    await scan(page, COLA)
    await expect(field(page)).to_have_value("")
    await scan(page, COLA)
    await expect(till.item("Cola")).to_have_count(0)  # the category that is shown has none
    await expect(lines(page)).to_have_count(1)
    await expect(page.locator(".basket .line")).to_contain_text("2")
    await scan(page, "12")
    await expect(till.dialog("options")).to_contain_text("Cheese Burger")


async def test_a_scan_is_heard_wherever_nobody_types_and_changes_no_view(desk: Desk, house: House) -> None:
    till = await a_till(desk, house)
    page = till.page
    await till.view("Orders")
    await scan(page, COLA)
    await expect(lines(page)).to_contain_text(["Cola"])
    await expect(page.get_by_role("button", name="Sell")).to_have_attribute("aria-current", "page")
    # The button that has the focus is not pressed by the scanner's Enter.
    await page.get_by_role("tab", name="Bar").click()
    await till.item("Cola").focus()
    await scan(page, BURGER)
    await expect(till.dialog("options")).to_contain_text("Cheese Burger")
    await page.keyboard.press("Escape")
    await expect(lines(page)).to_have_count(1)
    await page.keyboard.press("2")
    await expect(page.get_by_role("button", name="Orders")).to_have_attribute("aria-current", "page")


async def test_a_scan_says_what_is_sold_out_and_what_nothing_has(desk: Desk, house: House) -> None:
    till = await a_till(desk, house)
    page = till.page
    await scan(page, ALE)
    await expect(page.get_by_text("Sold out: Pale Ale")).to_be_visible()
    await scan(page, "4006381333931")
    await expect(page.get_by_text("No item has the number 4006381333931.")).to_be_visible()
    await expect(lines(page)).to_have_count(0)


@pytest.mark.parametrize("size", [ViewportSize(width=1180, height=820), ViewportSize(width=390, height=844)])
async def test_the_search_fits_the_screen(desk: Desk, house: House, size: ViewportSize) -> None:
    till = await a_till(desk, house, size)
    await field(till.page).fill("burgr")
    await expect(till.item("Cheese Burger")).to_be_visible()
    wide = await till.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size["width"]
