"""A picture on the till: sent by a page, shown on the tile, loaded when it is looked at."""

import base64

import pytest
from playwright.async_api import expect

from services.catalog.tests.pictures import a_picture
from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEND = """async ([item, content]) => {
    const { uploadPicture } = await import("/web/app/picture.js");
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
    return uploadPicture(item, new File([bytes], "burger.jpg", { type: "image/jpeg" }));
}"""
REMOVE = """async (item) => (await import("/web/app/picture.js")).removePicture(item)"""


async def test_a_picture_that_is_sent_is_on_the_tile_and_goes_with_its_removal(
    desk: Desk, house: House
) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.category("Grill")
    burger, chips = till.item("Burger"), till.item("Chips")
    await expect(burger).to_be_visible()
    await expect(burger.locator("img")).to_have_count(0)
    content = base64.b64encode(a_picture((1600, 1200))).decode()
    item = await till.page.evaluate(SEND, [house.items["Burger"], content])
    # The menu is read again once a minute, and with the page.
    await till.page.reload()
    await till.category("Grill")
    picture = burger.locator("img")
    await expect(picture).to_have_js_property("naturalWidth", 320)
    await expect(picture).to_have_attribute("loading", "lazy")
    box = await picture.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(4 / 3, rel=0.02)
    await expect(chips.locator("img")).to_have_count(0)
    await burger.click()
    await expect(till.page.locator("dialog[open]")).to_be_visible()
    await till.page.keyboard.press("Escape")
    await till.page.evaluate(REMOVE, item)
    await till.page.reload()
    await till.category("Grill")
    await expect(burger).to_be_visible()
    await expect(burger.locator("img")).to_have_count(0)
