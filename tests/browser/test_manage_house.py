"""The house is kept on a page: floor, kitchen, shelf and printers, by several people at once."""

import re

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till, arrive, live, log_in
from tests.browser.test_tables import draw, tile

pytestmark = pytest.mark.asyncio(loop_scope="session")
UPRIGHT = ViewportSize(width=820, height=1180)


class Manage:
    """The management page of somebody who is logged in."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(cls, page: Page, email: str, panel: str) -> "Manage":
        """Logs in and goes to a panel."""
        await log_in(page, email)
        await arrive(page, "/till")
        await page.goto(f"/manage#{panel.lower()}")
        await live(page)
        return cls(page)

    async def press(self, name: str, within: Page | Locator | None = None) -> None:
        """Presses a button."""
        await (within or self.page).get_by_role("button", name=name, exact=True).click()

    def dialog(self, name: str) -> Locator:
        """The dialog that is open."""
        return self.page.locator(f"dialog[data-dialog={name}]")

    async def tab(self, name: str) -> None:
        """Shows a part of a panel, or of a dialog."""
        await self.page.get_by_role("tab", name=name, exact=True).click()


async def test_a_floor_is_drawn_from_nothing_by_two_people_who_lose_nothing(desk: Desk, house: House) -> None:
    one = await Manage.open(await desk.page(), house.email, "Floor")
    await one.press("Add a section")
    await one.page.get_by_label("Name").fill("Terrace")
    await one.press("Add it")
    await one.press("Add several")
    await one.press("Add 4 tables")
    await expect(one.page.locator(".drawing .table")).to_have_count(4)
    other = await Manage.open(await desk.page(), house.email, "Floor")
    await expect(other.page.locator(".drawing .table")).to_have_count(4)

    # Both see at once what either moves, by hand or by keys.
    box = await tile(one.page, "1").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await one.page.mouse.move(*middle)
    await one.page.mouse.down()
    await one.page.mouse.move(middle[0] + 150, middle[1] + 220, steps=5)
    await one.page.mouse.up()
    await expect(one.page.get_by_role("button", name="Undo")).to_be_visible()
    await expect(form_of(one)).to_have_count(0)  # the end of a drag is no tap
    tables = {table["name"]: table for table in (await house.owner.get("/api/v2/floor/tables"))["items"]}
    moved = tables["1"]
    assert moved["y"] > 500
    assert moved["x"] % 25 == 0
    await expect(tile(other.page, "1")).to_have_attribute("style", re.compile(rf"{moved['x'] / 10:g}%"))
    await tile(other.page, "2").press("ArrowDown")
    await expect(other.page.get_by_text("Table 2 is moved")).to_be_visible()

    # A form that was open meanwhile keeps what others changed, and shows what both did.
    async def changed(to: Manage, table: str, name: str, seats: str) -> None:
        await tile(to.page, table).click()
        await form_of(to).get_by_label("Name or number").fill(name)
        await form_of(to).get_by_label("Seats").fill(seats)
        await to.press("Save", form_of(to))
        await expect(tile(to.page, name)).to_be_visible()

    await tile(one.page, "3").click()
    await changed(other, "3", "Window", "8")
    await form_of(one).get_by_role("radio", name="Round").click()
    await one.press("Save", form_of(one))
    await expect(tile(other.page, "Window")).to_have_class("table round")
    await expect(tile(other.page, "Window")).to_contain_text("8 seats")
    await house.order(house.line("Chips"), table_id=tables["3"]["id"])
    await expect(tile(one.page, "Window")).to_have_attribute("data-state", "occupied")
    await tile(one.page, "Window").click()
    await expect(form_of(one)).to_contain_text("1 order open at it")
    await form_of(one).get_by_label("Name or number").fill("Bay")
    await changed(other, "Window", "Corner", "8")
    await one.press("Save", form_of(one))
    await expect(form_of(one).get_by_role("alert")).to_contain_text("name: Corner")
    await one.press("Save mine over it", form_of(one))
    await expect(tile(other.page, "Bay")).to_have_attribute("data-state", "occupied")


def form_of(manage: Manage) -> Locator:
    """The form of a table."""
    return manage.dialog("table-form")


async def test_where_something_goes_is_told_while_its_station_is_changed(desk: Desk, house: House) -> None:
    owner = await Manage.open(await desk.page(), house.email, "Kitchen")
    manager = await house.hires("Mara Manager", "manager")
    reader = await Manage.open(await desk.page(), manager.email, "Kitchen")
    await expect(reader.page.get_by_text("Only the owner changes them")).to_be_visible()
    await expect(reader.page.get_by_role("button", name="Change Bar")).to_have_count(0)
    await reader.page.locator("[name=tested-item]").select_option(label="Chips")
    goes = reader.page.locator("[data-goes-to]")
    await expect(goes).to_have_attribute("data-goes-to", "Grill")

    await owner.press("Change Bar")
    station = owner.dialog("station")
    await owner.press("Add what it gets", station)
    route = owner.dialog("route")
    await route.get_by_role("radio", name="Item").click()
    await route.locator("[name=goods]").select_option(label="Chips")
    await route.get_by_label("Takeaway").check()
    await owner.press("Add it", route)
    await station.locator("[name=minutes]").fill("4")
    await station.locator("[name=seconds]").fill("30")
    await station.locator("[name=closed]").check()
    await owner.press("Save", station)
    await expect(owner.page.locator("[data-station=Bar]")).to_contain_text("Ready in 4 min 30 s")
    await expect(goes).to_have_attribute("data-goes-to", "Grill")  # eaten in it says less
    await reader.page.get_by_role("radio", name="Takeaway").click()
    await expect(goes).to_contain_text("goes nowhere")  # closed, and nobody takes over

    rows = reader.page.locator("[data-station]")
    await expect(rows.nth(0)).to_have_attribute("data-station", "Bar")
    await owner.page.get_by_role("button", name="Move Bar").press("ArrowDown")
    await expect(rows.nth(0)).to_have_attribute("data-station", "Grill")
    await expect(rows.nth(1)).to_have_attribute("data-station", "Bar")


async def test_the_shelf_is_counted_emptied_and_filled_and_the_order_list_follows(
    desk: Desk, house: House
) -> None:
    one = await Manage.open(await desk.page(), house.email, "Stock")
    other = await Manage.open(await desk.page(), house.email, "Stock")
    left = other.page.locator("[data-level=Lager] .left")
    await expect(left).to_have_text("3")
    await one.press("Count and more: Lager")
    shelf = one.dialog("shelf")
    await expect(shelf.locator("[data-expected]")).to_have_count(0)  # it is counted blind
    await one.page.keyboard.type("24")
    await one.press("Save the count", shelf)
    await expect(one.page.get_by_text("21 more than expected")).to_be_visible()
    await expect(left).to_have_text("24")
    await one.press("Count and more: Lager")
    await one.tab("Waste")
    await one.page.keyboard.type("23")
    await one.press("Dropped", shelf)
    await one.press("Save the waste", shelf)
    await other.page.get_by_role("radio", name="Low 1").click()
    await expect(left).to_have_text("1")

    await one.tab("Suppliers")
    await one.press("Add a supplier")
    await one.page.get_by_label("Name").fill("Brewery")
    await one.press("Add it")
    await one.tab("Ingredients")
    await one.press("Add an ingredient")
    await one.page.get_by_label("Name").fill("Beef")
    await one.press("Add it")
    await one.press("Count and more: Beef")
    await one.tab("Delivery")
    await one.page.keyboard.type("500")
    await one.press("Save the delivery", shelf)
    await expect(other.page.get_by_role("radio", name="All 2")).to_be_visible()
    await one.tab("Recipes")
    await one.press("Recipe of Burger")
    recipe = one.dialog("recipe")
    await recipe.get_by_label("One unit also takes").select_option(label="Beef")
    await recipe.locator("[name=take]").fill("180")
    await one.press("Save the recipe", recipe)
    await expect(one.page.locator("[data-recipe=Burger]")).to_contain_text("enough for 2")

    await one.tab("On the shelf")
    await one.press("Count and more: Lager")
    await one.tab("Movements")
    await expect(shelf.locator("[data-move=waste]")).to_contain_text("Dropped")
    await one.tab("Supply")
    await shelf.locator("[name=supplier]").select_option(label="Brewery")
    await shelf.get_by_label("In a pack").fill("24")
    await shelf.get_by_label("Days to spare").fill("30")
    await one.press("Save", shelf)
    await one.tab("To order")
    await expect(one.page.locator("[data-reorder=Lager]")).to_contain_text("24")
    async with one.page.expect_download() as download:
        await one.press("Download the list (CSV)")
    assert "Lager" in (await (await download.value).path()).read_text()


async def test_paper_that_did_not_come_out_is_said_at_the_till_and_printed_elsewhere(
    desk: Desk, house: House
) -> None:
    manage = await Manage.open(await desk.page(), house.email, "Printers")
    for name in ("Counter", "Bar"):
        await manage.press("Add a printer")
        await manage.dialog("printer").get_by_label("Name").fill(name)
        await manage.press("Add it")
        await expect(manage.page.locator(f"[data-printer={name}]")).to_be_visible()
    order = await house.order(house.line("Chips"))
    printers = {one["name"]: one for one in (await house.owner.get("/api/v2/printers"))["items"]}
    body = {"order_id": order["id"], "printer_id": printers["Counter"]["id"]}
    job = await house.owner.post("/api/v2/print-jobs", body)
    await expect(manage.page.locator("[data-printer=Counter]")).to_contain_text("1 to print")
    till = await Till.open(await desk.page(), house.email)
    await expect(till.page.locator("[data-print-alarm]")).to_have_count(0)  # an agent has a minute
    await manage.press("Change Counter")
    await manage.press("Remove")
    await expect(manage.dialog("printer")).to_contain_text("1 job of it will have failed")
    await manage.press("Remove it")
    await expect(till.page.locator("[data-print-alarm]")).to_contain_text("1 paper not printed")
    await till.page.locator("[data-print-alarm]").get_by_role("button", name="Show").click()
    paper = till.dialog("printing").locator("[data-state=failed]")
    await paper.get_by_label(f"Where {job['title']} is printed").select_option(label="Bar")
    await paper.get_by_role("button", name="Try again").click()
    await expect(till.page.get_by_text(f"{job['title']} is on its way to Bar")).to_be_visible()
    await till.page.keyboard.press("Escape")
    await expect(till.page.locator("[data-print-alarm]")).to_have_count(0)
    await expect(manage.page.locator("[data-printer=Bar]")).to_contain_text("1 to print")


async def test_a_table_is_reserved_at_the_till_and_given_back(desk: Desk, house: House) -> None:
    await draw(house, "4", "7")
    till = await Till.open(await desk.page(size=UPRIGHT), house.email)
    assert await till.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    other = await Till.open(await desk.page(), house.email)
    await other.view("Tables")
    await till.view("Tables")
    await till.page.get_by_role("button", name="Reservations").click()
    sheet = till.dialog("reservations")
    await sheet.get_by_label("Name").fill("Ada")
    await sheet.locator("[name=table]").select_option(label="7 · 4 seats")
    await sheet.get_by_role("button", name="Reserve it").click()
    await expect(sheet.locator("[data-reservation='7']")).to_contain_text("Ada")
    await expect(tile(other.page, "7")).to_have_attribute("data-state", "reserved")
    await tile(other.page, "7").click()
    await expect(other.dialog("table")).to_contain_text("Ada is expected at")
    await sheet.get_by_role("button", name="Cancel the reservation of Ada").click()
    await expect(sheet).to_contain_text("Nobody is expected")
    await expect(other.dialog("table").locator("[data-expected]")).to_have_count(0)
    await expect(tile(other.page, "7")).to_have_attribute("data-state", "free")
