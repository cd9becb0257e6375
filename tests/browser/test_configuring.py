"""Sizes, questions that an option asks in its turn, and combos, from till to kitchen."""

import httpx
import pytest
from playwright.async_api import ViewportSize, expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House, new_house
from tests.browser.pages import Till, Wall
from tools.api import Device

pytestmark = pytest.mark.asyncio(loop_scope="session")

MENU = """category,item,price,vat_class,allergens,may_contain,options,nested_options,stock,reorder_point
Deals,Meal deal,5.00,always_standard,,,"Main(1-1): Sandwich=0{is Food > Sandwich}; \
Burger=1.00{is Food > Burger} | Side(1-1): Chips=0; Salad=0[celery] | \
Drink(1-1): Cola=0{is Drinks > Cola}; Juice=0.30{is Drinks > Juice}",\
"Side > Chips > Sauce(1-1): Ketchup=0; Satay=0.20[peanuts, ?soya]",,
Food,Sandwich,3.60,cold_food,gluten,nuts,,,,
Food,Burger,4.20,hot_food,"gluten, milk",,,,,
Drinks,Cola,1.20,always_standard,,,,,2,0
Drinks,Juice,1.20,always_standard,,,,,,
Drinks,Latte,3.00,hot_food,milk,soya,"Size(1-1 size): Small=0; Large=0.80 | Milk(0-1): Oat=0.40[gluten]",,,
"""
PHONE = ViewportSize(width=390, height=844)
MAGENTA = "rgb(242, 166, 255)"


async def a_cafe(platform: Device, http: httpx.AsyncClient) -> House:
    """A restaurant with deals."""
    return await new_house(platform, http, MENU)


async def test_a_combo_is_chosen_slot_by_slot_and_its_kitchen_and_bar_get_their_components(
    desk: Desk, platform: Device, http: httpx.AsyncClient
) -> None:
    cafe = await a_cafe(platform, http)
    till = await Till.open(await desk.page(), cafe.email)
    await till.item("Meal deal").click()
    sheet = till.dialog("options")
    add = sheet.locator(".primary")
    await expect(add).to_be_disabled()
    await sheet.get_by_role("radio", name="Sandwich").click()
    await expect(sheet.locator(".allergens")).to_have_text("Contains gluten")
    await expect(sheet.locator(".traces")).to_have_text("May contain nuts")
    await expect(sheet.locator(".nested")).to_have_count(0)
    await sheet.get_by_role("radio", name="Chips").click()
    await expect(sheet.locator(".nested legend")).to_contain_text("Sauce")
    await sheet.get_by_role("radio", name="Satay").click()
    await expect(sheet.locator(".allergens")).to_have_text("Contains gluten, peanuts")
    await expect(sheet.locator(".traces")).to_have_text("May contain nuts, soya")
    # Quiet: magenta is the guest's alone.
    for quiet in (".allergens", ".traces"):
        await expect(sheet.locator(quiet)).not_to_have_css("background-color", MAGENTA)
    await sheet.get_by_role("radio", name="Cola").click()
    await expect(add).to_have_text("Add · £5.20")
    await add.click()
    await till.page.get_by_role("radio", name="Takeaway").click()
    await expect(till.total()).to_have_text("£5.20")
    await till.send()
    wall = await Wall.open(await desk.page(size=WALL), cafe.email)
    await expect(wall.tickets).to_have_count(2)
    shown = [await one.locator(".picked bdi").all_inner_texts() for one in await wall.tickets.all()]
    assert sorted(shown) == [["Cola"], ["Sandwich", "Chips", "Satay"]]
    [order] = await cafe.orders()
    [line] = order["lines"]
    assert [part["name"] for part in line["portions"]] == ["Sandwich", "Cola"]
    assert sum(part["gross_minor"] for part in line["portions"]) == 520
    assert sum(part["vat_minor"] for part in line["portions"]) == line["vat_minor"]


async def test_an_answer_that_is_changed_takes_its_questions_along(
    desk: Desk, platform: Device, http: httpx.AsyncClient
) -> None:
    cafe = await a_cafe(platform, http)
    till = await Till.open(await desk.page(size=PHONE), cafe.email)
    await till.item("Meal deal").click()
    sheet = till.dialog("options")
    for name in ("Burger", "Chips", "Satay", "Juice"):
        await sheet.get_by_role("radio", name=name).click()
    await sheet.get_by_role("radio", name="Salad").click()
    await expect(sheet.locator(".nested")).to_have_count(0)
    await expect(sheet.locator(".primary")).to_have_text("Add · £6.30")
    await sheet.locator(".primary").click()
    await till.page.locator(".basket-bar").click()
    await till.page.locator(".line-text").click()
    await expect(sheet.get_by_role("radio", name="Salad")).to_be_checked()
    await expect(sheet.locator(".primary")).to_have_text("Change · £6.30")


async def test_a_size_is_asked_first_by_its_price_and_stands_beside_the_name(
    desk: Desk, platform: Device, http: httpx.AsyncClient
) -> None:
    cafe = await a_cafe(platform, http)
    till = await Till.open(await desk.page(), cafe.email)
    await till.category("Drinks")
    await expect(till.item("Latte")).to_contain_text("from £3.00")
    await till.item("Latte").focus()
    await till.page.keyboard.press("Enter")
    sheet = till.dialog("options")
    await expect(sheet.locator(".options").first).to_contain_text("Size")
    await expect(sheet.get_by_role("radio", name="Large")).to_contain_text("£3.80")
    await expect(sheet.get_by_role("radio", name="Small")).to_be_focused()
    await till.page.keyboard.press("ArrowRight")
    await till.page.keyboard.press("Space")
    await expect(sheet.get_by_role("radio", name="Large")).to_be_checked()
    await till.page.keyboard.press("Enter")
    await expect(sheet).to_have_count(0)
    await expect(till.page.locator(".line-name")).to_have_text("Latte · Large")


async def test_a_component_that_is_sold_out_cannot_be_chosen(
    desk: Desk, platform: Device, http: httpx.AsyncClient
) -> None:
    cafe = await a_cafe(platform, http)
    till = await Till.open(await desk.page(), cafe.email)
    deal = cafe.items["Meal deal"]
    ids = {
        option["name"]: option["id"]
        for group in deal["option_groups"]
        for option in (
            *group["options"],
            *(n for o in group["options"] for g in o.get("option_groups", ()) for n in g["options"]),
        )
    }
    chosen = [{"option_id": ids[name]} for name in ("Sandwich", "Chips", "Ketchup", "Cola")]
    await cafe.order({"item_id": deal["id"], "quantity": 2, "options": chosen})
    await till.item("Meal deal").click()
    cola = till.dialog("options").get_by_role("radio", name="Cola")
    await expect(cola).to_be_disabled()
    await expect(cola).to_contain_text("Sold out")
