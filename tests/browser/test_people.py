"""A restaurant set up from nothing by links in mails, and people who look after their own passwords."""

import pytest
from playwright.async_api import Locator, Page, expect

from chassis.ids import new_id
from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till, arrive, live, log_in
from tools.demo import PASSWORD, PLATFORM_OWNER

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW_PASSWORD = "supper-at-nine-2026"
STORED = "JSON.stringify(sessionStorage) + JSON.stringify(localStorage)"


async def opened_from_mail(desk: Desk, address: str) -> Page:
    """The page behind the newest link to an address, found on the outbox page, on a device of its own."""
    outbox = await desk.page()
    await outbox.goto("/outbox")
    link = outbox.locator(f"[data-recipient='{address}']").get_by_role("link", name="Open the link").first
    await expect(link).to_be_visible()
    page = await desk.page()
    await page.goto(await link.get_attribute("href") or "")
    return page


async def accepts(page: Page, name: str, restaurant: str) -> None:
    """Fills the invitation of somebody new, and chooses the restaurant on the way to the till."""
    await expect(page.get_by_role("heading", name=f"Join {restaurant}")).to_be_visible()
    assert page.url.endswith("/invitation")  # the secret has left the address bar
    await page.get_by_label("Your name").fill(name)
    await page.get_by_label("Choose a password").fill(PASSWORD)
    await page.get_by_role("button", name="Accept and log in").click()
    await page.wait_for_url("**/login")
    await page.get_by_role("button", name=restaurant).click()
    await arrive(page, "/till")
    await live(page)


async def invites(page: Page, address: str, name: str, role: str) -> None:
    """Somebody on /people."""
    await page.get_by_label("E-mail").fill(address)
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Works as").select_option(role)
    await page.get_by_role("button", name="Send the invitation").click()
    await expect(person(page, address)).to_have_attribute("data-state", "pending")


def person(page: Page, address: str) -> Locator:
    """A line of the list."""
    return page.locator(f"[data-person='{address}']")


async def test_a_restaurant_is_set_up_from_nothing_by_links_in_mails(desk: Desk) -> None:
    token = new_id().hex[-12:]
    name = f"Trattoria {token}"
    owner, manager, waiter = (f"{who}-{token}@browser.fynlo.test" for who in ("owner", "manager", "waiter"))
    platform = await desk.page()
    await log_in(platform, PLATFORM_OWNER)
    await platform.get_by_role("button", name="Add a restaurant").click()
    await platform.get_by_label("Name of the restaurant").fill(name)
    await platform.get_by_label("Its owner's name").fill("Ona Owner")
    await platform.get_by_label("Its owner's e-mail").fill(owner)
    await platform.get_by_role("button", name="Add and invite the owner").click()
    await expect(platform.get_by_role("status")).to_contain_text(f"{name} is there")

    page = await opened_from_mail(desk, owner)
    await accepts(page, "Ona Owner", name)
    await page.get_by_role("link", name="People").click()
    await expect(person(page, owner)).to_have_attribute("data-state", "active")
    await invites(page, manager, "Mara Manager", "manager")
    await invites(page, waiter, "Will Waiter", "employee")

    mara = await opened_from_mail(desk, manager)
    await accepts(mara, "Mara Manager", name)
    await mara.get_by_role("link", name="People").click()
    roles = mara.get_by_label("Works as").locator("option")
    await expect(roles).to_have_text(["Team member", "Manager"])
    await accepts(await opened_from_mail(desk, waiter), "Will Waiter", name)
    await page.reload()
    await expect(person(page, waiter)).to_have_attribute("data-state", "active")

    till = await desk.page()
    await log_in(till, waiter)
    await arrive(till, "/till")
    await live(till)
    await expect(till.get_by_role("link", name="Account")).to_be_visible()


async def test_an_invitation_is_withdrawn_and_brought_back(desk: Desk, house: House) -> None:
    address = f"guest-{new_id().hex[-12:]}@browser.fynlo.test"
    page = (await Till.open(await desk.page(), house.email)).page
    await page.get_by_role("link", name="People").click()
    await invites(page, address, "Gia Guest", "employee")
    first = await opened_from_mail(desk, address)
    await expect(first.get_by_role("heading", name=f"Join {house.name}")).to_be_visible()
    await person(page, address).get_by_role("button", name="Withdraw").click()
    await expect(person(page, address)).to_have_count(0)
    await first.get_by_label("Choose a password").fill(PASSWORD)
    await first.get_by_role("button", name="Accept and log in").click()
    await expect(first.get_by_role("heading", name="does not work any more")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(person(page, address)).to_have_attribute("data-state", "pending")


async def test_a_forgotten_password_is_set_anew_and_ends_every_session(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    page = await desk.page()
    await page.goto("/login")
    await page.get_by_role("button", name="Forgot your password?").click()
    await page.get_by_label("E-mail").fill(house.email)
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("status")).to_contain_text("a link to set a new password is on its way")

    outbox = await desk.page()
    await outbox.goto("/outbox")
    mail = outbox.locator(f"[data-recipient='{house.email}']").filter(has_text="Set a new Fynlo password")
    secret = await mail.get_by_role("link").first.get_attribute("href") or ""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(secret)
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Save and log out everywhere").click()
    await expect(page.get_by_role("status")).to_contain_text("Your new password is set")
    # No request has the secret in its address, and the tab forgets it.
    token = secret.partition("#")[2]
    assert asked
    assert not [url for url in asked if token in url]
    assert token not in await page.evaluate(STORED)
    await till.page.wait_for_url("**/login?next=till")
    await log_in(till.page, house.email)
    await expect(till.page.get_by_role("alert")).to_contain_text("do not fit together")
    await log_in(till.page, house.email, password=NEW_PASSWORD)
    await arrive(till.page, "/till")
    # Once.
    await page.goto(secret)
    await page.get_by_label("New password").fill("another-one-2026")
    await page.get_by_role("button", name="Save and log out everywhere").click()
    await expect(page.get_by_role("heading", name="does not work any more")).to_be_visible()


async def test_a_person_changes_the_password_and_stays_logged_in(desk: Desk, house: House) -> None:
    other = await Till.open(await desk.page(), house.email)
    page = (await Till.open(await desk.page(), house.email)).page
    await page.get_by_role("link", name="People").click()
    await page.get_by_label("Present password").fill("not-the-password")
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_role("alert")).to_have_text("That is not your present password.")
    await page.get_by_label("Present password").fill(PASSWORD)
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_text("Your other devices are logged out.")).to_be_visible()
    await other.page.wait_for_url("**/login?next=till")
    await page.get_by_role("link", name="Till", exact=True).click()
    await live(page)
