"""What services could not handle, as the operators of the platform see it and settle it."""

import json
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Locator, Page, expect

from deploy.local.state import owner_database_url
from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till, log_in, until
from tests.e2e.walk.shop import old_news, park
from tests.system import System
from tools.demo import PASSWORD, PLATFORM_OWNER

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/platform/parked"
EVENT = "fynlo.auth.v1.RestaurantUpdated"
REASON = "the restaurant was renamed by hand"


def row(page: Page, event_id: str) -> Locator:
    """An event of the list."""
    return page.locator(f"[data-event='{event_id}']")


async def parked(system: System, house: House) -> str:
    """An event that staff has parked; its id."""
    return await park(system.data_dir, "staff", f"{EVENT}.{house.rid}", old_news(house.rid))


async def in_staff(data_dir: Path, statement: str, *arguments: object) -> list[asyncpg.Record]:
    """Rows of the staff service's schema."""
    connection = await asyncpg.connect(owner_database_url(data_dir))
    try:
        await connection.execute("SET search_path = staff")
        return list(await connection.fetch(statement, *arguments))
    finally:
        await connection.close()


async def status(system: System, event_id: str) -> str:
    """What the inbox says of an event."""
    [found] = await in_staff(system.data_dir, "SELECT status FROM inbox WHERE msg_id = $1", event_id)
    return str(found["status"])


async def test_the_platform_owner_is_alarmed_and_retries_one_event_and_discards_another(
    desk: Desk, house: House, system: System
) -> None:
    tried, dropped = [await parked(system, house) for _ in range(2)]
    page = await desk.page()
    await log_in(page, PLATFORM_OWNER)
    alarm = page.get_by_role("alert").filter(has_text="parked")
    await expect(alarm).to_be_visible()
    assert int(await alarm.get_attribute("data-parked") or 0) >= 2
    await alarm.get_by_role("link", name="Parked events").click()
    await page.wait_for_url(f"**{PATH}")

    await page.get_by_role("radio", name="staff").click()
    event = row(page, tried)
    await expect(event).to_contain_text("RestaurantUpdated")
    await expect(event).to_contain_text("the till is closed (ValueError)")
    await expect(event).to_contain_text(house.rid)
    await event.get_by_role("button", name="Show what it says").click()
    await expect(event.locator("pre")).to_contain_text('"currency_code": "GBP"')
    await event.get_by_role("button", name="Try again").click()
    await expect(event).to_have_count(0)
    await until(lambda: handled(system, tried), "the retried event is handled")

    await row(page, dropped).get_by_role("button", name="Discard").click()
    dialog = page.locator("dialog[data-dialog=discard]")
    await expect(dialog.get_by_role("button", name="Discard for good")).to_be_disabled()
    await dialog.get_by_label("Why").fill(REASON)
    await dialog.get_by_role("button", name="Discard for good").click()
    await expect(row(page, dropped)).to_have_count(0)
    assert await status(system, dropped) == "discarded"
    [told] = await in_staff(
        system.data_dir,
        "SELECT actor, facts FROM audit_record WHERE event = 'events.parked_discarded' AND facts LIKE $1",
        f"%{dropped}%",
    )
    facts = json.loads(told["facts"])
    assert told["actor"]
    assert (facts["reason"], facts["type"], facts["event_restaurant_id"]) == (REASON, EVENT, house.rid)


async def handled(system: System, event_id: str) -> bool:
    return await status(system, event_id) == "handled"


async def test_all_events_of_a_type_are_tried_again_with_one_tap(
    desk: Desk, house: House, system: System
) -> None:
    events = [await parked(system, house) for _ in range(3)]
    page = await desk.page()
    await page.goto(PATH)
    await page.wait_for_url("**/login?next=parked")
    await page.get_by_label("E-mail").fill(PLATFORM_OWNER)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(f"**{PATH}")
    await row(page, events[0]).get_by_role("button", name="Try all RestaurantUpdated").click()
    for event_id in events:
        await expect(row(page, event_id)).to_have_count(0)

    async def all_handled() -> bool:
        return all([await handled(system, event_id) for event_id in events])

    await until(all_handled, "all of them are handled")


async def test_nobody_but_an_operator_sees_or_settles_an_event(
    desk: Desk, house: House, system: System
) -> None:
    event_id = await parked(system, house)
    page = (await Till.open(await desk.page(), house.email)).page
    await page.goto(PATH)
    await expect(page.get_by_role("alert")).to_contain_text("for the operators of the platform")
    await expect(page.locator("[data-event]")).to_have_count(0)
    api = f"{system.base_url}/api/v2{PATH}"
    headers = {"Authorization": f"Bearer {house.owner.access_token}"}
    for method, path, body in (
        ("GET", "", None),
        ("GET", f"/staff/{event_id}", None),
        ("POST", f"/staff/{event_id}/retry", None),
        ("POST", f"/staff/{event_id}/discard", {"reason": REASON}),
        ("POST", "/staff/retry", {"type": EVENT}),
    ):
        answer = await house.owner.http.request(method, api + path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing"), path
    assert await status(system, event_id) == "parked"
