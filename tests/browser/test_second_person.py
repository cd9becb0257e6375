"""What one may not do alone at the till: somebody else approves it on the spot, and nothing of them stays."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, Request, Route, ViewportSize, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import LOG_IN_MS, Till, live, until
from tests.system import System
from tools.api import Device
from tools.demo import MANAGER, PASSWORD, PLATFORM_OWNER

pytestmark = pytest.mark.asyncio(loop_scope="session")

FLOAT = "10000"
EIGHTY = "8000"
"""Pence: above the 50.00 that one person pays out alone."""
TABLET = ViewportSize(width=1180, height=820)
PHONE = ViewportSize(width=390, height=844)
TARGET_PX = 44
TABS = 12
"""More than a dialog has stops."""
GIVES_UP_MS = 60_000
STORED = "JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"
HELD = "JSON.parse(localStorage.getItem('fynlo.session'))"
MOVES = "**/drawer-events"
LOG_IN = "**/auth/login"
INSIDE = """() => {
    const inside = document.querySelector("[data-dialog=approval]");
    return document.activeElement === document.body || inside.contains(document.activeElement);
}"""


@dataclass
class Crew:
    """An employee at a till with 100.00 in the drawer, and the people around."""

    till: Till
    desk: Desk
    employee: Device
    manager: Device
    house: House

    @property
    def page(self) -> Page:
        """The till's page."""
        return self.till.page

    @property
    def approval(self) -> Locator:
        """The dialog that asks for somebody else."""
        return self.till.dialog("approval")

    async def pays_out(self, pence: str = EIGHTY, reason: str = "a plumber") -> Locator:
        """Presses Record: the dialog of the movement."""
        await self.page.get_by_role("button", name="Paid out").click()
        move = self.till.dialog("move")
        await self.till.type(move, "Amount", pence)
        await move.get_by_label("Reason").fill(reason)
        await move.locator(".primary").click()
        return move

    async def approves(self, email: str, password: str = PASSWORD) -> None:
        """Somebody types who they are and presses Approve."""
        await self.approval.get_by_label("Their e-mail").fill(email)
        await self.approval.get_by_label("Their password").fill(password)
        await self.approval.get_by_role("button", name="Approve", exact=True).click()

    async def moved(self) -> list[dict[str, Any]]:
        """What the server has of the drawer."""
        [session] = (await self.manager.get("/api/v2/till-sessions?open=true"))["items"]
        report = await self.manager.get(f"/api/v2/till-sessions/{session['id']}/x-report")
        events: list[dict[str, Any]] = report["drawer_events"]
        return events


def body_of(sent: Request) -> dict[str, Any]:
    """The JSON of a command."""
    body: dict[str, Any] = sent.post_data_json or {}
    return body


@pytest_asyncio.fixture(loop_scope="session")
async def crew(desk: Desk, house: House) -> AsyncIterator[Crew]:
    """A till of an employee, and a manager who is somewhere else."""
    employee = await house.hires("Eli Employee")
    manager = await house.hires("Mara Manager", "manager")
    till = await Till.open(await desk.page(size=TABLET), employee.email)
    await till.open_drawer("Front", FLOAT)
    yield Crew(till, desk, employee, manager, house)


async def test_a_pay_out_above_the_limit_is_approved_on_the_spot_under_the_same_key(crew: Crew) -> None:
    sent: list[Request] = []
    crew.page.on("request", lambda one: sent.append(one) if "/drawer-events" in one.url else None)
    move = await crew.pays_out()
    await expect(crew.approval).to_contain_text(
        "Paying out £80.00 is above what you may do alone (£50.00 in all while this till is open)."
        " A manager or the owner signs in here to approve it."
    )
    await crew.approves(crew.manager.email)
    await expect(crew.page.locator("dialog")).to_have_count(0, timeout=LOG_IN_MS)
    await expect(move).to_have_count(0)
    first, second = sent
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    approved = body_of(second)
    assert approved.pop("approval")["token"]
    assert approved == body_of(first)
    [event] = await crew.moved()
    assert (event["amount_minor"], event["reason"]) == (8_000, "a plumber")
    assert (event["actor"]["name"], event["approved_by"]["name"]) == ("Eli Employee", "Mara Manager")
    row = crew.page.locator("[data-event=paid_out]")
    await expect(row).to_contain_text("a plumber")
    await expect(row).to_contain_text("Eli Employee, approved by Mara Manager")
    await expect(row).to_contain_text("-£80.00")


async def test_nothing_of_whoever_approved_stays_and_no_tab_notices(
    crew: Crew, system: System, http: httpx.AsyncClient
) -> None:
    other = await crew.desk.page(crew.page.context)
    await other.goto("/till")
    await live(other)
    before = await crew.page.evaluate(HELD)
    for page in (crew.page, other):
        await page.evaluate("window.untouched = true")
    tokens: list[str] = []

    def listen(sent: Request) -> None:
        if "/drawer-events" in sent.url and "approval" in body_of(sent):
            tokens.append(body_of(sent)["approval"]["token"])

    crew.page.on("request", listen)
    await crew.pays_out()
    await crew.approves(crew.manager.email)
    await expect(crew.page.locator("dialog")).to_have_count(0, timeout=LOG_IN_MS)
    [token] = tokens

    async def ended() -> bool:
        held = {"Authorization": f"Bearer {token}"}
        return (await http.get(f"{system.base_url}/api/v2/me", headers=held)).status_code == 401

    await until(ended, "the manager's session is over")
    for page in (crew.page, other):
        assert await page.evaluate("window.untouched")
        assert await page.evaluate(HELD) == before
        kept = await page.evaluate(STORED)
        for secret in (token, PASSWORD, crew.manager.email):
            assert secret not in kept
        await live(page)
    await other.get_by_role("navigation", name="Views").get_by_role("button", name="Till").click()
    await expect(other.locator("[data-event=paid_out]")).to_contain_text("Mara Manager")
    assert (await crew.manager.get("/api/v2/me"))["user"]["name"] == "Mara Manager"


async def test_whoever_may_not_approve_is_told_in_the_dialog_and_nothing_is_lost(crew: Crew) -> None:
    colleague = await crew.house.hires("Coe Colleague")
    move = await crew.pays_out()
    dialog = crew.approval
    for email, password, words, field in (
        (crew.manager.email, "not the password", "That e-mail and password do not fit together", "password"),
        (colleague.email, PASSWORD, "This person may not approve it either", "e-mail"),
        (crew.employee.email, PASSWORD, "That is you. Somebody else has to approve it", "e-mail"),
        (MANAGER, PASSWORD, "This person does not work here", "password"),
    ):
        await crew.approves(email, password)
        await expect(dialog.get_by_role("alert")).to_contain_text(words, timeout=LOG_IN_MS)
        await expect(dialog.get_by_label("Their password")).to_have_value("")
        await expect(dialog.get_by_label(f"Their {field}")).to_be_focused()
        await expect(dialog.get_by_label("Their e-mail")).to_have_value(email)
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    await expect(move.get_by_role("alert")).to_contain_text("Nobody has approved it yet")
    await expect(move.get_by_role("spinbutton", name="Amount")).to_have_text("£80.00")
    await expect(move.get_by_label("Reason")).to_have_value("a plumber")
    await expect(move.locator(".primary")).to_be_focused()
    assert await crew.moved() == []
    # And it goes on from there.
    await move.locator(".primary").click()
    await crew.approves(crew.manager.email)
    await expect(move).to_have_count(0, timeout=LOG_IN_MS)
    assert len(await crew.moved()) == 1


async def test_an_approval_is_given_with_the_keyboard_alone(crew: Crew) -> None:
    keyboard, dialog = crew.page.keyboard, crew.approval
    await crew.page.get_by_role("button", name="Paid out").focus()
    await keyboard.press("Enter")
    amount = crew.till.dialog("move").get_by_role("spinbutton", name="Amount")
    await expect(amount).to_be_focused()
    await keyboard.type(EIGHTY)
    await keyboard.press("Enter")
    # No reason was given, and what is approved needs one.
    await expect(dialog.get_by_label("Reason")).to_be_focused()
    for way in ("Tab", "Shift+Tab"):
        for _ in range(TABS):
            await keyboard.press(way)
            assert await crew.page.evaluate(INSIDE)
    await keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(amount).to_be_focused()
    await expect(amount).to_have_text("£80.00")
    await keyboard.press("Enter")
    await expect(dialog.get_by_label("Reason")).to_be_focused()
    await keyboard.type("a plumber")
    await keyboard.press("Tab")
    await keyboard.type(crew.manager.email)
    await keyboard.press("Tab")
    await keyboard.type(PASSWORD)
    await keyboard.press("Enter")
    await expect(crew.page.locator("dialog")).to_have_count(0, timeout=LOG_IN_MS)
    await expect(crew.page.get_by_role("button", name="Paid out")).to_be_focused()
    [event] = await crew.moved()
    assert (event["reason"], event["approved_by"]["name"]) == ("a plumber", "Mara Manager")


async def test_without_a_network_nobody_is_logged_in_and_the_next_try_goes_on(crew: Crew) -> None:
    move = await crew.pays_out()
    await crew.page.route(LOG_IN, lambda route: route.abort())
    await crew.approves(crew.manager.email)
    alert = crew.approval.get_by_role("alert")
    await expect(alert).to_contain_text("No connection to the server, so nothing was done")
    await crew.page.unroute(LOG_IN)
    await crew.approval.get_by_label("Their password").fill(PASSWORD)
    await crew.page.keyboard.press("Enter")
    await expect(move).to_have_count(0, timeout=LOG_IN_MS)
    assert len(await crew.moved()) == 1


async def test_an_approved_pay_out_whose_answer_is_lost_is_done_once_even_after_a_cancel(crew: Crew) -> None:
    async def lose_the_answers(route: Route) -> None:
        if "approval" in body_of(route.request):
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    move = await crew.pays_out(reason="")
    await crew.page.route(MOVES, lose_the_answers)
    await crew.approval.get_by_label("Reason").fill("a plumber")
    await crew.approves(crew.manager.email)
    alert = crew.approval.get_by_role("alert")
    await expect(alert).to_contain_text("we do not know yet whether it was done", timeout=GIVES_UP_MS)
    await expect(crew.approval.get_by_label("Reason")).not_to_be_editable()
    await crew.page.keyboard.press("Escape")
    await expect(move.get_by_role("alert")).to_contain_text("we do not know yet whether it was done")
    await crew.page.unroute(MOVES)
    await move.locator(".primary").click()
    await expect(move).to_have_count(0)
    assert [(one["amount_minor"], one["reason"]) for one in await crew.moved()] == [(8_000, "a plumber")]


async def test_whoever_works_in_several_restaurants_approves_for_this_one(crew: Crew) -> None:
    move = await crew.pays_out()
    await crew.approves(PLATFORM_OWNER)
    await expect(move).to_have_count(0, timeout=LOG_IN_MS)
    assert len(await crew.moved()) == 1


async def test_a_refusal_that_no_approval_lifts_is_said_where_it_was_asked(crew: Crew) -> None:
    move = await crew.pays_out("6000")
    other = {"kind": "drop", "amount_minor": 9_000, "reason": "to the safe"}
    [session] = (await crew.manager.get("/api/v2/till-sessions?open=true"))["items"]
    await crew.manager.post(f"/api/v2/till-sessions/{session['id']}/drawer-events", other)
    await crew.approves(crew.manager.email)
    await expect(crew.approval).to_have_count(0, timeout=LOG_IN_MS)
    await expect(move.get_by_role("alert")).to_contain_text("There is not that much in the drawer")


async def test_a_count_that_does_not_fit_is_closed_by_who_counted_and_approved_by_another(crew: Crew) -> None:
    await crew.page.get_by_role("button", name="Count and close").click()
    dialog = crew.till.dialog("close")
    await crew.till.type(dialog, "Counted in all", "9000")
    await dialog.get_by_role("button", name="Close with £90.00").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Say why")
    await dialog.get_by_label("Reason").fill("a note is missing")
    await dialog.get_by_role("button", name="Close with £90.00").click()
    await expect(crew.approval).to_contain_text("the count differs by more than £5.00")
    await expect(crew.approval).not_to_contain_text("£10.00")
    await crew.approves(crew.manager.email)
    report = crew.page.locator("[data-report=z]")
    await expect(report.locator("[data-row=approved-by]")).to_contain_text("Mara", timeout=LOG_IN_MS)
    await expect(report.locator("[data-row=variance]")).to_contain_text("-£10.00")


async def test_an_employee_carries_an_order_over_with_an_approval(crew: Crew) -> None:
    order = await crew.house.order(crew.house.line("Chips"))
    await crew.till.view("Orders")
    await crew.till.card(order["number"]).get_by_role("button", name="Pay").click()
    await crew.till.type(crew.till.dialog("pay"), "Given", "100")
    await crew.till.dialog("pay").get_by_role("button", name="as part payment").click()
    await crew.page.get_by_role("button", name="Done").click()
    await crew.till.view("Till")
    await crew.page.get_by_role("button", name="Count and close").click()
    dialog = crew.till.dialog("close")
    await crew.till.type(dialog, "Counted in all", "10100")
    await dialog.get_by_role("button", name="Close with £101.00").click()
    await dialog.get_by_role("button", name="Carry over 1 order and close").click()
    await expect(crew.approval).to_contain_text("orders that are paid in part are carried over")
    await crew.approval.get_by_label("Reason").fill("they stay for dessert")
    await crew.approves(crew.manager.email)
    await expect(crew.page.locator("[data-report=z]")).to_contain_text("Mara", timeout=LOG_IN_MS)


@pytest.mark.parametrize("size", [TABLET, PHONE], ids=["tablet", "phone"])
async def test_the_dialog_fits_the_screen_and_the_finger(crew: Crew, size: ViewportSize) -> None:
    await crew.page.set_viewport_size(size)
    await crew.pays_out(reason="")
    await expect(crew.approval).to_be_visible()
    for touched in await crew.approval.locator("button, input").all():
        await touched.scroll_into_view_if_needed()
        box = await touched.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= TARGET_PX
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
