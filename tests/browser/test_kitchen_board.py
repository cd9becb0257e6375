"""The kitchen display over all tickets: what is to be made, how far each order is, what is off."""

from typing import Any

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall, live, until
from tests.browser.test_kitchen import rewrite_frames
from tests.browser.test_kitchen_wall import fingers, middle
from tools.api import Refused

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLET = ViewportSize(width=1180, height=820)
UPRIGHT = ViewportSize(width=820, height=1180)
Frame = dict[str, Any]
SIDEWAYS = "document.documentElement.scrollWidth <= innerWidth"


def thing(wall: Wall, name: str) -> Locator:
    """What is to be made of it."""
    return wall.page.locator(f"[data-all-day='{name}'] .quantity")


@pytest.mark.parametrize(
    "size", [WALL, TABLET, UPRIGHT], ids=lambda size: f"{size['width']}x{size['height']}"
)
async def test_what_is_to_be_made_is_summed_beside_the_wall_and_stays_over_a_reload(
    desk: Desk, house: House, size: ViewportSize
) -> None:
    wall = await Wall.open(await desk.page(size=size), house.email)
    first = await house.order(house.line("Chips", quantity=2), house.line("Cola"))
    await house.order(house.line("Chips", quantity=3))
    await wall.page.get_by_role("button", name="All day").click()
    await expect(thing(wall, "Chips")).to_have_text("5")
    await expect(thing(wall, "Cola")).to_have_text("1")
    assert await wall.page.evaluate(SIDEWAYS)
    rail, hung = wall.page.locator(".all-day"), wall.page.locator(".wall")
    boxes: list[Any] = [await one.bounding_box() for one in (rail, hung)]
    beside = boxes[1]["x"] + boxes[1]["width"] <= boxes[0]["x"] + 1
    assert beside or boxes[1]["y"] + boxes[1]["height"] <= boxes[0]["y"] + 1
    answer = await house.owner.get(f"/api/v2/kitchen/all-day?station_id={house.stations['Grill']}")
    assert [(one["name"], one["quantity"]) for one in answer["items"]] == [("Chips", 5)]
    await wall.page.reload()
    await live(wall.page)
    stations = wall.page.get_by_role("navigation", name="Stations")
    await stations.get_by_role("button", name="Grill").click()
    await expect(thing(wall, "Cola")).to_have_count(0)
    await wall.ticket(first["number"]).get_by_role("button", name="Bump").click()
    await expect(thing(wall, "Chips")).to_have_text("3")
    await wall.page.get_by_role("button", name="All day").click()
    await expect(rail).to_have_count(0)


async def test_expo_sees_every_station_and_serves_what_is_ready(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=TABLET), house.email)
    page = wall.page
    order = await house.order(house.line("Burger"), house.line("Cola"))
    other = await house.order(house.line("Chips"))
    await expect(wall.tickets).to_have_count(3)
    # By key, as on a bump bar.
    await page.keyboard.press("e")
    row, second = (page.locator(f"[data-expo='{one['number']}']") for one in (order, other))
    await expect(row).to_have_attribute("data-ready", "false")
    await expect(row.get_by_role("button")).to_be_disabled()
    await expect(row.locator("[data-state=queued]")).to_have_count(2)
    for ticket in await house.tickets():
        if ticket["order_number"] == order["number"]:
            await house.owner.post(f"/api/v2/kitchen/tickets/{ticket['id']}/bump", {})
    await expect(row).to_have_attribute("data-ready", "true")
    await expect(second).to_have_attribute("data-ready", "false")
    # Nobody bumps what they do not see.
    await page.keyboard.press("Space")
    answer = (await house.owner.get("/api/v2/kitchen/expo"))["orders"]
    assert [(one["order_number"], one["ready"]) for one in answer] == [(1, True), (2, False)]
    tap = await fingers(page)
    await tap(*await middle(row.get_by_role("button", name="Served")))
    await expect(row).to_have_count(0)

    async def served() -> bool:
        return [one["order_number"] for one in await house.tickets()] == [other["number"]]

    await until(served, "the order is served and the other still queued")
    assert [one["state"] for one in await house.tickets()] == ["queued"]
    await page.get_by_role("button", name="Expo").click()
    await wall.shows(other["number"])


async def test_what_is_off_on_a_ticket_stays_until_a_cook_has_seen_it(desk: Desk, house: House) -> None:
    def less(frame: Frame) -> Frame:
        """As if the burger had been taken off the ticket, until somebody has acknowledged it."""
        for ticket in frame.get("d", {}).get("tickets", []) if frame["t"] == "ev" else []:
            burger = ticket["lines"][0]
            seen = burger["quantity"] if ticket["acknowledged_at"] else 0
            ticket["lines"][0] = burger | {"state": "cancelled", "cancel_seen_quantity": seen}
        return frame

    page = await desk.page(size=TABLET)
    await rewrite_frames(page, less)
    wall = await Wall.open(page, house.email)
    order = await house.order(house.line("Burger", quantity=3), house.line("Chips"))
    ticket = wall.ticket(order["number"])
    off = ticket.locator(".part-off")
    await expect(off).to_contain_text("3 × Burger")
    await expect(ticket.locator("[data-line][data-state=cancelled]")).to_be_disabled()
    await ticket.get_by_role("button", name="Bump").click()
    await expect(ticket).to_have_attribute("data-state", "ready")
    await expect(off).to_be_visible()
    await off.get_by_role("button", name="Seen").click()
    await expect(ticket).to_have_count(0)
    [acknowledged] = await house.tickets("ready")
    assert acknowledged["acknowledged_at"] is not None


async def test_a_removed_station_leaves_the_bar_and_a_display_that_chose_it_shows_all(
    desk: Desk, house: House
) -> None:
    wall = await Wall.open(await desk.page(size=TABLET), house.email)
    stations = wall.page.get_by_role("navigation", name="Stations")
    await stations.get_by_role("button", name="Bar").click()
    chips = await house.order(house.line("Chips"))
    await wall.shows()
    await house.owner.request("DELETE", f"/api/v2/kitchen/stations/{house.stations['Bar']}", None)
    await expect(stations.get_by_role("button", name="Bar")).to_have_count(0)
    await wall.shows(chips["number"])


async def changed(house: House, station: Frame, **changes: Any) -> Frame:
    """The station with these changes, as its owner makes them."""
    owner, told = house.owner, ("name", "position", "category_ids", "target_seconds")
    answer = await owner.http.put(
        f"{owner.base_url}/api/v2/kitchen/stations/{station['id']}",
        json={name: station[name] for name in told} | changes,
        headers={"Authorization": f"Bearer {owner.access_token}", "If-Match": f'"{station["version"]}"'},
    )
    assert answer.is_success, answer.text
    kept: Frame = answer.json()
    return kept


async def test_managers_are_told_of_what_no_station_takes_until_one_does(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    waiter = await house.hires("Wanda Waiter")
    her_till = await Till.open(await desk.page(), waiter.email)
    stations = {one["name"]: one for one in (await house.owner.get("/api/v2/kitchen/stations"))["items"]}
    closed = await changed(house, stations["Bar"], closed=True)
    with pytest.raises(Refused) as refused:
        await house.order(house.line("Cola"))
    assert (refused.value.status, refused.value.code) == (409, "no_station")
    assert "Cola" in refused.value.problem["detail"]
    alarm = till.page.locator("[data-unrouted='Cola']")
    await expect(alarm).to_be_visible()
    await till.page.reload()
    await expect(alarm).to_be_visible()
    await expect(her_till.page.locator("[data-unrouted]")).to_have_count(0)
    await changed(house, closed, closed=False)
    await expect(alarm).to_have_count(0)
    await house.order(house.line("Cola"))
