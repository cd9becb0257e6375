"""Menus by time of day and slots are kept on a page, by several people at once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from chassis.clock import SystemClock
from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import until
from tests.browser.test_manage_house import Manage

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVED = """async ([menu, times, zone]) => {
  const { isServed } = await import("/web/app/manage/hours/served.js");
  return times.map((at) => isServed(menu, Date.parse(at), zone));
}"""
NIGHT = {"weekdays": [5], "from_minutes": 90, "until_minutes": 105}
"""On Saturdays, in the hour that London leaves out in March and has twice in October."""


async def test_a_menu_has_hours_that_two_people_change_and_its_removal_is_undone(
    desk: Desk, house: House
) -> None:
    one = await Manage.open(await desk.page(), house.email, "Hours")
    await one.press("Add the first menu")
    form = one.dialog("timed-menu")
    await form.get_by_label("Name").fill("Late")
    await form.get_by_role("group", name="Items").get_by_label("Cola").check()
    # Far from now, and not at midnight.
    first = 3 if 6 <= datetime.now(UTC).hour < 23 else 12
    hours = [f"{first:02}:00", f"{first + 1:02}:00"]
    await one.press("Add hours", form)
    for field, time in zip(("From", "Until"), (hours[0], hours[0]), strict=True):
        await form.get_by_label(field).fill(time)
    await one.press("Add it", form)
    await expect(form.get_by_text("It ends when it begins.")).to_be_visible()
    await form.get_by_label("Until").fill(hours[1])
    await one.press("Add it", form)
    late = one.page.locator("[data-menu=Late]")
    await expect(late).to_have_attribute("data-served", "false")
    await expect(late.locator("[data-when]")).to_have_text(f"every day {hours[0]}–{hours[1]}")
    await expect(one.page.locator("[data-all-day] summary")).to_contain_text("3 items on none of them")

    # What the other one changed meanwhile stays, and is there at once.
    await one.press("Change Late")
    await form.get_by_role("group", name="Categories").get_by_label("Grill").check()
    other = await Manage.open(await desk.page(), house.email, "Hours")
    await other.press("Change Late")
    await other.press("Remove hours 1", other.dialog("timed-menu"))
    await other.press("Save", other.dialog("timed-menu"))
    await expect(late).to_have_attribute("data-served", "true")
    await one.press("Save", form)
    await expect(other.page.locator("[data-menu=Late]")).to_contain_text("Grill; Cola")
    [saved] = (await house.owner.get("/api/v2/menu/menus"))["items"]
    assert (saved["windows"], len(saved["category_ids"]), len(saved["item_ids"])) == ([], 1, 1)

    await house.owner.post("/api/v2/menu/menus", {"name": "Feast", "position": 1, "item_ids": []})
    menus = one.page.locator("[data-menu]")
    await expect(menus).to_have_count(2)
    await one.page.get_by_role("button", name="Move Feast").press("ArrowUp")
    await expect(menus.first).to_have_attribute("data-menu", "Feast")
    await expect(other.page.locator("[data-menu]").first).to_have_attribute("data-menu", "Feast")
    await one.press("Change Late")
    await one.press("Remove", form)
    await expect(other.page.locator("[data-menu=Late]")).to_have_count(0)
    await one.press("Undo")
    await expect(other.page.locator("[data-menu=Late]")).to_contain_text("Grill; Cola")

    # The hour that comes twice is one opening; a night ends on the day after.
    async def served(menu: Mapping[str, object], *times: str) -> list[bool]:
        whole = {"windows": [], "effective_from": None, "effective_until": None, **menu}
        answers: list[bool] = await one.page.evaluate(SERVED, [whole, times, "Europe/London"])
        return answers

    twice = {"windows": [{**NIGHT, "weekdays": [6]}]}
    times = ("2026-10-25T00:29Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:44Z")
    assert await served(twice, *times) == [False, True, True, True]
    assert await served(twice, "2026-10-25T01:45Z", "2026-03-29T01:00Z") == [False, False]
    over = {"windows": [{"weekdays": [4], "from_minutes": 1320, "until_minutes": 120}]}
    assert await served(over, "2026-11-27T22:00Z", "2026-11-28T01:59Z", "2026-11-28T02:00Z") == [
        True,
        True,
        False,
    ]
    days = {"effective_from": "2026-11-27", "effective_until": "2026-11-27"}
    assert await served(days, "2026-11-26T23:59Z", "2026-11-27T00:00Z", "2026-11-28T00:00Z") == [
        False,
        True,
        False,
    ]


async def test_a_slot_is_limited_by_the_owner_and_fills_before_the_eyes_of_a_manager(
    desk: Desk, house: House
) -> None:
    manager = await house.hires("Mara Manager", "manager")
    reader = await Manage.open(await desk.page(), manager.email, "Takeaway")
    await expect(reader.page.get_by_text("Only the owner changes it")).to_be_visible()
    await expect(reader.page.locator("[name=days-ahead]")).to_be_disabled()
    await expect(reader.page.get_by_role("button", name="Save")).to_have_count(0)

    owner = await Manage.open(await desk.page(), house.email, "Takeaway")
    other = await Manage.open(await desk.page(), house.email, "Takeaway")
    await other.page.locator("[name=days-ahead]").fill("3")
    await other.press("Save")
    await expect(other.page.get_by_text("tills promise by it")).to_be_visible()
    await owner.page.get_by_label("One slot lasts").select_option(label="2 hours")
    await owner.page.get_by_label("A slot takes so many and no more").check()
    await owner.page.locator("[name=takeaway-orders]").fill("1")
    await owner.page.get_by_label("Start quick dishes later").check()
    await owner.press("Save")
    await expect(owner.page.get_by_text("tills promise by it")).to_be_visible()
    await expect(owner.page.locator("[name=days-ahead]")).to_have_value("3")
    settings = await house.owner.get("/api/v2/slots/settings")
    assert settings["limits"] == [{"order_type": "takeaway", "orders": 1, "items": None}]
    assert (settings["slot_minutes"], settings["days_ahead"], settings["fire_together"]) == (120, 3, True)

    await reader.page.reload()
    soon = SystemClock().now() + timedelta(minutes=15)
    promised = {"scheduled_for": soon.isoformat(), "order_type": "takeaway"}
    await house.order(house.line("Chips", quantity=2), **promised)
    taken = reader.page.locator("[data-taken='1']")
    await expect(taken).to_contain_text("1 order, 2 items")
    await expect(taken).to_contain_text("Full")
    [order] = await house.orders()
    await house.owner.post(f"/api/v2/orders/{order['id']}/cancel", {"reason": "guest left"})
    await expect(taken).to_have_count(0)
    await reader.page.get_by_role("radio", name="Eat in").click()
    await expect(reader.page.locator(".slot-row").first).to_contain_text("Not limited")
    await until(house.orders, "the order")
