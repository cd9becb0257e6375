"""The menu and its promotions, edited: from nothing, in another order, by two at once, and from a file."""

from collections.abc import Awaitable, Callable
from itertools import pairwise, product
from typing import Any

import httpx
import pytest
from playwright.async_api import FilePayload, Locator, Page, ViewportSize, expect

from tests.browser.conftest import Desk
from tests.browser.house import House, new_house
from tests.browser.pages import Till, live, log_in, until
from tools.api import Device

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK = ViewportSize(width=1180, height=820)
PHONE = ViewportSize(width=390, height=844)
FILE = """category,item,price,vat_class
Bar,Mild,4.00,alcohol
Bar,Stout,{price},alcohol
"""
PLACES = """async ([orders]) => {
  const { newPositions } = await import("/web/app/manage/menu/order.js");
  return orders.map((rows) => newPositions(rows));
}"""


async def manage(page: Page, email: str) -> Page:
    """Logs in and waits for the page."""
    await log_in(page, email)
    await page.wait_for_url("**/till")
    await page.goto("/manage")
    await live(page)
    return page


async def menu_of(house: House) -> list[dict[str, Any]]:
    """Its categories with their items."""
    categories: list[dict[str, Any]] = (await house.owner.get("/api/v2/menu"))["categories"]
    return categories


async def names(house: House) -> dict[str, list[str]]:
    """Category -> its items, as they are sold."""
    return {one["name"]: [item["name"] for item in one["items"]] for one in await menu_of(house)}


def row(page: Page, name: str) -> Locator:
    """An item of the list."""
    return page.locator(f".menu-row[data-item-name='{name}']")


def listed(page: Page, category: str) -> Locator:
    """The names under a category, as they stand."""
    return page.locator(f".menu-category[data-category='{category}'] .menu-item bdi")


async def reach(page: Page, target: Locator) -> None:
    """Tab until it has the focus. Raises AssertionError where it is not reached."""
    for _ in range(120):
        if await target.evaluate("one => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


async def add_by_keyboard(page: Page) -> None:
    """A category, and in it an item with a question, without a mouse."""
    keyboard = page.keyboard
    await reach(page, page.get_by_role("button", name="Add the first category"))
    await keyboard.press("Enter")
    await keyboard.type("Grill")
    await keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await keyboard.type("Burger")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await keyboard.type("1450")
    await keyboard.press("Enter")
    await expect(page.locator(".price[data-name=price]")).to_have_text("£14.50")
    await reach(page, page.locator("select[name=vat]"))
    await keyboard.type("Hot food")
    await reach(page, page.locator("input[name=barcode]"))
    await keyboard.type("5012345678901")
    await reach(page, page.get_by_role("button", name="milk: no"))
    await keyboard.press("Enter")
    await keyboard.press("ArrowRight")
    await keyboard.press("Enter")
    await keyboard.press("Enter")
    await reach(page, page.get_by_role("button", name="Add a question"))
    await keyboard.press("Enter")
    await reach(page, page.locator("input[name=group-name]"))
    await keyboard.type("Cooked")
    await reach(page, page.locator("input[name=option-name]"))
    await keyboard.type("Pink")
    # A check digit that is wrong: the server says so, at the field.
    await keyboard.press("Enter")
    barcode = page.locator("input[name=barcode]")
    await expect(barcode).to_have_attribute("aria-invalid", "true")
    await expect(barcode).to_be_focused()
    await barcode.press("ControlOrMeta+a")
    await keyboard.type("5012345678900")
    await keyboard.press("Enter")
    await expect(row(page, "Burger")).to_be_visible()


async def test_a_menu_is_built_from_nothing_by_keyboard_and_by_touch(
    desk: Desk, platform: Device, http: httpx.AsyncClient
) -> None:
    house = await new_house(platform, http, None)
    page = await manage(await desk.page(size=DESK), house.email)
    await expect(page.locator(".first-steps")).to_contain_text("Import a file, or add the first category")
    await add_by_keyboard(page)
    [grill] = await menu_of(house)
    [burger] = grill["items"]
    assert (burger["price_minor"], burger["vat_class"], burger["barcode"]) == (
        1450,
        "hot_food",
        "5012345678900",
    )
    assert (burger["allergens"], burger["may_contain"]) == (["milk"], ["molluscs"])
    [cooked] = burger["option_groups"]
    assert (cooked["name"], cooked["min"], cooked["options"][0]["name"]) == ("Cooked", 1, "Pink")
    # The preview is the till's own dialog, on what is typed.
    await page.locator(".preview .item").click()
    await expect(page.locator("dialog[data-dialog=options] .options legend")).to_contain_text("Cooked")
    await page.keyboard.press("Escape")

    phone = await manage(await desk.page(await desk.device(PHONE, touch=True)), house.email)
    await phone.get_by_role("button", name="Add an item to Grill").tap()
    await phone.get_by_label("Name", exact=True).fill("Chips")
    await phone.get_by_role("button", name="Price: Set a price").tap()
    for digit in ("4", "5", "0"):
        await phone.locator(".keypad").get_by_role("button", name=digit, exact=True).tap()
    await phone.get_by_role("button", name="Take it").tap()
    await phone.get_by_role("button", name="Add to the menu").tap()
    vat = phone.locator("select[name=vat]")
    await expect(vat).to_have_attribute("aria-invalid", "true")
    await vat.select_option("hot_food")
    await phone.get_by_role("button", name="Add to the menu").tap()
    await expect(phone.locator(".editor h2")).to_have_text("Chips")
    await phone.get_by_role("button", name="Menu", exact=True).first.tap()
    await expect(phone.locator("html")).to_have_js_property("scrollWidth", PHONE["width"])
    await expect(listed(page, "Grill")).to_have_text(["Burger", "Chips"])
    assert await names(house) == {"Grill": ["Burger", "Chips"]}


async def drag(page: Page, grip: Locator, target: Locator, *, after: bool) -> None:
    """By the grip onto the upper or the lower part of something."""
    start, end = await grip.bounding_box(), await target.bounding_box()
    assert start is not None
    assert end is not None
    await page.mouse.move(start["x"] + 15, start["y"] + 15)
    await page.mouse.down()
    for part in (0.3, 0.7, 1.0):
        goal = end["y"] + end["height"] * (0.8 if after else 0.2)
        await page.mouse.move(end["x"] + 40, start["y"] + (goal - start["y"]) * part)
    await page.mouse.up()


def is_menu(house: House, **wanted: list[str]) -> Callable[[], Awaitable[object]]:
    """Whether the server has these items in this order, and the categories too."""

    async def holds() -> object:
        return list((await names(house)).items()) == list(wanted.items())

    return holds


async def test_what_is_dragged_or_moved_by_arrow_keys_stands_there_for_everybody(
    desk: Desk, house: House
) -> None:
    page = await manage(await desk.page(size=DESK), house.email)
    till = await Till.open(await desk.page(), house.email)
    grip = ".grip"
    await drag(page, row(page, "Lager").locator(grip), row(page, "Cola"), after=False)
    await expect(listed(page, "Bar")).to_have_text(["Lager", "Cola"])
    await until(is_menu(house, Grill=["Burger", "Chips"], Bar=["Lager", "Cola"]), "the bar in its new order")
    await drag(page, row(page, "Chips").locator(grip), row(page, "Lager"), after=True)
    await until(is_menu(house, Grill=["Burger"], Bar=["Lager", "Chips", "Cola"]), "chips at the bar")
    await row(page, "Chips").locator(grip).focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".menu-list [role=status]")).to_have_text("Chips: place 1 of 3 in Bar")
    await page.keyboard.press("ArrowUp")
    await until(is_menu(house, Grill=["Burger", "Chips"], Bar=["Lager", "Cola"]), "chips at the grill again")
    await page.get_by_role("button", name="Move Bar: arrow up or down").focus()
    await page.keyboard.press("ArrowUp")
    await until(is_menu(house, Bar=["Lager", "Cola"], Grill=["Burger", "Chips"]), "the bar first")
    await expect(till.page.get_by_role("tab")).to_have_text(["Bar", "Grill"])

    await row(page, "Cola").get_by_role("button", name="Take Cola off (86)").click()
    await expect(till.item("Cola").locator(".badge")).to_have_text("Sold out")
    await page.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(till.item("Cola").locator(".badge")).to_have_count(0)

    ten = [{"id": f"{place}", "position": place} for place in range(10)]
    orders = [
        [*ten[1:], ten[0]],
        [ten[9], *ten[:9]],
        ten,
        [{**ten[0], "position": 5}, {**ten[1], "position": 5}],
    ]
    orders += [
        [{"id": f"{n}", "position": at} for n, at in enumerate(of)] for of in product(range(4), repeat=4)
    ]
    changed = await page.evaluate(PLACES, [orders])
    assert [len(places) for places in changed[:4]] == [1, 9, 0, 1]
    for rows, places in zip(orders, changed, strict=True):
        now = [places.get(one["id"], one["position"]) for one in rows]
        assert all(before < after for before, after in pairwise(now)), now


async def test_of_two_versions_of_an_item_each_field_is_chosen_and_nothing_typed_is_lost(
    desk: Desk, house: House
) -> None:
    page = await manage(await desk.page(size=DESK), house.email)
    await row(page, "Burger").locator(".menu-item").click()
    await page.get_by_label("Name", exact=True).fill("House burger")
    await page.get_by_label("Description").fill("With fries")
    await page.reload()
    await live(page)
    await expect(page.get_by_label("Name", exact=True)).to_have_value("House burger")
    other = await manage(await desk.page(size=DESK), house.email)
    await row(other, "Burger").locator(".menu-item").click()
    await other.get_by_label("Description").fill("With a salad")
    await other.locator("input[name=plu]").fill("77")
    await other.get_by_role("button", name="Save", exact=True).click()
    await expect(other.locator(".toast")).to_contain_text("is saved")

    await page.get_by_role("button", name="Save", exact=True).click()
    sheet = page.locator("dialog[data-dialog=compare]")
    await expect(sheet.locator("[data-field=name] dd")).to_have_text(["House burger", "Burger"])
    await expect(sheet.locator("[data-field=description] dd")).to_have_text(["With fries", "With a salad"])
    await expect(sheet.locator("[data-field=plu] [data-chosen=true] dd")).to_have_text("77")
    assert await sheet.locator(".compare").count() == 3
    await sheet.locator("[data-field=description]").get_by_role("radio", name="Theirs").click()
    await sheet.get_by_role("button", name="Save like this").click()
    await expect(row(other, "House burger")).to_be_visible()
    burger = next(
        item for one in await menu_of(house) for item in one["items"] if item["name"] == "House burger"
    )
    assert (burger["description"], burger["plu"]) == ("With a salad", "77")
    # One that was moved or taken off meanwhile says nothing else: no question is asked.
    await page.get_by_label("Name", exact=True).fill("Best burger")
    await house.owner.put(f"/api/v2/menu/items/{burger['id']}/availability", {"available": False})
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(row(page, "Best burger").locator(".off-button")).to_have_text("Off")


async def test_a_file_is_looked_at_before_it_is_imported_and_a_promotion_says_what_it_takes_off(
    desk: Desk, platform: Device, http: httpx.AsyncClient
) -> None:
    house = await new_house(platform, http, None)
    page = await manage(await desk.page(size=DESK), house.email)
    await page.get_by_role("button", name="Import a file").click()
    sheet = page.locator("dialog[data-dialog=import]")

    async def choose(price: str) -> None:
        content = FILE.format(price=price).encode()
        file = FilePayload(name="menu.csv", mimeType="text/csv", buffer=content)
        await sheet.get_by_label("Menu file").set_input_files(file)

    await choose("five pounds")
    await expect(sheet.locator(".rejections tbody td")).to_contain_text(["3", "price", "12.50"])
    await expect(sheet.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    await choose("5.00")
    await expect(sheet.locator("[data-row-kind=created] td")).to_have_text("2")
    assert await menu_of(house) == []
    await sheet.get_by_role("button", name="Import 2 rows").click()
    await expect(listed(page, "Bar")).to_have_text(["Mild", "Stout"])
    await page.get_by_role("button", name="Import or export").click()
    async with page.expect_download() as download:
        await sheet.get_by_role("button", name="CSV").click()
    assert (await download.value).suggested_filename.endswith(".csv")
    await page.keyboard.press("Escape")

    await page.get_by_role("button", name="Promotions").click()
    await page.get_by_role("button", name="Add the first promotion").click()
    form = page.locator("dialog[data-dialog=promotion]")
    await form.get_by_label("Name").fill("Beer week")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_text("Say how much is taken off.")).to_be_visible()
    await form.get_by_role("button", name="Percent off: Say how much").click()
    await page.keyboard.type("15")
    await page.keyboard.press("Enter")
    await form.get_by_role("group", name="Categories").get_by_role("button", name="Bar").click()
    await form.get_by_label("All day").check()
    await expect(form.locator("[data-example]")).to_contain_text("Mild at £4.00: £0.60 off, so £3.40")
    await form.get_by_role("button", name="Save").click()
    switch = page.get_by_role("switch", name="Beer week is on")
    await expect(switch).to_have_attribute("aria-checked", "true")
    mild = (await menu_of(house))[0]["items"][0]
    quote = {
        "service_flow": "pay_later",
        "order_type": "eat_in",
        "lines": [{"item_id": mild["id"], "quantity": 1}],
    }
    assert (await house.owner.post("/api/v2/orders/quote", quote))["totals"]["discount_minor"] == 60
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    assert (await house.owner.post("/api/v2/orders/quote", quote))["totals"]["discount_minor"] == 0
