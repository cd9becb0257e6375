"""What goes wrong at a till in a full house: slips of the finger, forgotten orders, refusals."""

import asyncio

import httpx
import pytest
from playwright.async_api import Locator, ViewportSize, expect

from chassis.ids import new_id
from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till
from tests.system import System
from tools.api import Device
from tools.demo import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLET = ViewportSize(width=1180, height=820)
PHONE = ViewportSize(width=390, height=844)
EMPLOYEE = "till@demo.fynlo.test"
FORGOTTEN_MS = 90_000
"""A till raises its hand after a minute."""

# An element is in front when a finger on its middle meets it.
IN_FRONT = """one => {
    const { left, top, width, height } = one.getBoundingClientRect();
    const met = document.elementFromPoint(left + width / 2, top + height / 2);
    return one === met || one.contains(met);
}"""


async def quantities(till: Till) -> list[str]:
    """Names and numbers of the lines of the basket."""
    lines = till.page.locator(".line")
    names = await lines.locator(".line-name").all_inner_texts()
    numbers = await lines.locator("output").all_inner_texts()
    return [f"{number} {name}" for name, number in zip(names, numbers, strict=True)]


async def test_an_order_that_nobody_cooks_says_so_and_raises_its_hand_on_every_till(
    desk: Desk, house: House
) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer("Front", "10000")
    await till.view("Sell")
    await till.item("Chips").click()
    await till.page.get_by_role("radio", name="Pay now").click()
    await till.send()
    await expect(till.dialog("pay")).to_contain_text("The kitchen starts when it is paid")
    await till.page.keyboard.press("Escape")
    await till.view("Orders")
    await expect(till.card(1)).to_contain_text("Not in the kitchen")
    other = await Till.open(await desk.page(), house.email)
    alarm = other.page.get_by_role("alert").filter(has_text="Order 1 is not in the kitchen")
    for page in (till.page, other.page):
        hand = page.get_by_role("alert").filter(has_text="Order 1 is not in the kitchen")
        await expect(hand).to_contain_text("It waits for its payment", timeout=FORGOTTEN_MS)
    await alarm.get_by_role("button", name="Send now").click()
    await expect(alarm).to_have_count(0)
    await expect(till.page.get_by_text("Order 1 is not in the kitchen")).to_have_count(0)
    await expect(till.card(1)).not_to_contain_text("Not in the kitchen")
    assert [line["name"] for ticket in await house.tickets() for line in ticket["lines"]] == ["Chips"]
    # It is cooked and still has to be paid.
    await expect(till.card(1)).to_contain_text("£4.50 due")


async def test_what_is_held_back_can_be_sent_now(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    order = await house.order({**house.line("Chips"), "hold": True})
    await till.view("Orders")
    card = till.card(order["number"])
    await expect(card.locator("[data-unfired=fire]")).to_be_visible()
    await card.get_by_role("button", name="Send now").click()
    await expect(card.locator("[data-unfired]")).to_have_count(0)
    assert len(await house.tickets()) == 1


async def test_clearing_and_removing_can_be_undone(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.item("Chips").click()
    await till.item("Chips").click()
    await till.category("Bar")
    await till.item("Cola").click()
    await till.page.get_by_role("button", name="Clear").click()
    await expect(till.page.locator(".line")).to_have_count(0)
    await till.page.get_by_role("button", name="Undo").click()
    await expect(till.page.locator(".line")).to_have_count(2)
    assert await quantities(till) == ["2 Chips", "1 Cola"]
    await till.page.locator(".line", has_text="Cola").get_by_role("button", name="One less").click()
    await expect(till.page.locator(".line")).to_have_count(1)
    await till.page.get_by_role("button", name="Undo").click()
    await expect(till.page.locator(".line")).to_have_count(2)


async def many_lines(till: Till, number: int) -> Locator:
    """Fills the basket with chips that each say something else; the newest line."""
    for index in range(number):
        await till.item("Burger").click()
        options = till.dialog("options")
        await options.get_by_role("radio", name="Pink").click()
        await options.get_by_label("Note for the kitchen").fill(f"for guest {index + 1}")
        await till.page.keyboard.press("Enter")
        await expect(till.page.locator(".line")).to_have_count(index + 1)
    return till.page.locator(".line").last


async def test_the_newest_line_is_in_view_on_a_tablet(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(size=TABLET), house.email)
    newest = await many_lines(till, 9)
    await expect(newest).to_contain_text("for guest 9")
    await expect(newest).to_be_in_viewport(ratio=0.99)
    assert await newest.evaluate(IN_FRONT)


async def test_a_phone_has_the_basket_one_tap_away(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(size=PHONE), house.email)
    page = till.page
    await till.item("Chips").click()
    await till.item("Chips").click()
    bar = page.get_by_role("button", name="2 items · £9.00")
    await expect(bar).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await bar.click()
    await expect(page.locator(".line")).to_be_in_viewport(ratio=1)
    await till.send()
    await expect(page.get_by_text("Order 1 is on its way")).to_be_visible()
    await expect(till.item("Chips")).to_be_in_viewport()
    assert await till.item("Chips").evaluate(IN_FRONT)


async def test_takeaway_is_not_carried_over_to_the_next_guest(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.item("Chips").click()
    await till.page.get_by_role("radio", name="Takeaway").click()
    await till.send()
    await expect(till.page.get_by_text("Order 1 is on its way")).to_be_visible()
    await expect(till.page.get_by_role("radio", name="Eat in")).to_have_attribute("aria-checked", "true")
    await till.item("Chips").click()
    await till.send()
    await expect(till.page.get_by_text("Order 2 is on its way")).to_be_visible()
    assert {order["number"]: order["order_type"] for order in await house.orders()} == {
        1: "takeaway",
        2: "eat_in",
    }


async def test_an_option_is_taken_twice_where_its_group_takes_two(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.item("Burger").click()
    options = till.dialog("options")
    await options.get_by_role("radio", name="Pink").click()
    await options.get_by_role("checkbox", name="Bacon").click()
    await options.get_by_role("button", name="One more Bacon").click()
    await expect(options.get_by_role("button", name="One more Bacon")).to_be_disabled()
    await expect(options.get_by_role("checkbox", name="Egg")).to_be_disabled()
    await options.locator(".primary").click()
    await expect(till.page.locator(".line")).to_contain_text("2 × Bacon +£3.00")
    await expect(till.total()).to_have_text("£17.50")
    await till.send()
    await expect(till.page.get_by_text("Order 1 is on its way")).to_be_visible()
    [order] = await house.orders()
    chosen = {option["name"]: option["quantity"] for option in order["lines"][0]["options"]}
    assert chosen == {"Pink": 1, "Bacon": 2}


async def half_paid(till: Till, device: Device, item: str) -> int:
    """An order of which 1.00 has been paid in cash at this till: its number."""
    menu = await device.get("/api/v2/menu")
    [sold] = [one for part in menu["categories"] for one in part["items"] if one["name"] == item]
    line = {"item_id": sold["id"], "quantity": 1, "options": []}
    body = {"service_flow": "pay_later", "order_type": "eat_in", "lines": [line]}
    number: int = (await device.post("/api/v2/orders", body))["number"]
    await till.view("Orders")
    await till.card(number).get_by_role("button", name="Pay").click()
    await till.type(till.dialog("pay"), "Given", "100")
    await till.dialog("pay").get_by_role("button", name="as part payment").click()
    await till.page.get_by_role("button", name="Done").click()
    return number


async def count_and_close(till: Till, pence: str) -> Locator:
    """Tries to close the till with this count: the refusal."""
    await till.view("Till")
    await till.page.get_by_role("button", name="Count and close").click()
    dialog = till.dialog("close")
    await till.type(dialog, "Counted in all", pence)
    await dialog.get_by_role("button", name="Close with").click()
    return dialog.get_by_role("alert")


async def test_a_till_with_open_orders_names_them_and_leads_to_them(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer("Front", "10000")
    number = await half_paid(till, house.owner, "Chips")
    refusal = await count_and_close(till, "10100")
    await expect(refusal).to_contain_text(f"Order {number}: £3.50 due")
    assert await refusal.evaluate(IN_FRONT)
    await refusal.get_by_role("button", name=f"Order {number}").click()
    await till.dialog("pay").get_by_role("button", name="Exact £3.50").click()
    await till.page.get_by_role("button", name="Done").click()
    await till.page.get_by_role("button", name="Count and close").click()
    await till.type(till.dialog("close"), "Counted in all", "10450")
    await till.page.keyboard.press("Enter")
    await expect(till.page.locator("[data-report=z]")).to_be_visible()


async def test_a_manager_carries_an_order_over_and_the_till_closes(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer("Front", "10000")
    await half_paid(till, house.owner, "Chips")
    refusal = await count_and_close(till, "10100")
    await refusal.get_by_role("button", name="Carry over 1 order and close").click()
    await expect(till.page.locator("[data-report=z]")).to_be_visible()


async def test_whoever_may_not_carry_an_order_over_alone_is_told_who_approves_it(
    desk: Desk, system: System, http: httpx.AsyncClient
) -> None:
    device = Device(system.base_url, http, EMPLOYEE, PASSWORD, f"dev-{new_id()}")
    await device.log_in()
    till = await Till.open(await desk.page(), EMPLOYEE)
    await till.open_drawer(f"Front {new_id().hex[-6:]}", "10000")
    number = await half_paid(till, device, "Cola")
    refusal = await count_and_close(till, "10100")
    await expect(refusal).to_contain_text(f"Order {number}")
    await expect(refusal).to_contain_text("a manager or the owner approves that it is carried over")


async def test_the_cancellation_of_a_paid_order_is_refused_in_front_of_the_dialog(
    desk: Desk, house: House
) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer("Front", "10000")
    order = await house.order(house.line("Chips"))
    await till.view("Orders")
    card = till.card(order["number"])
    await card.get_by_role("button", name="Pay").click()
    await till.dialog("pay").get_by_role("button", name="Exact £4.50").click()
    await till.page.get_by_role("button", name="Done").click()
    await card.get_by_role("button", name="Details").click()
    dialog = till.dialog("order")
    await dialog.get_by_role("button", name="Cancel order").click()
    await dialog.get_by_label("Why is it cancelled?").fill("guest left")
    await dialog.get_by_role("button", name=f"Cancel order {order['number']}").click()
    refusal = dialog.get_by_role("alert")
    await expect(refusal).to_contain_text("£4.50 has been paid")
    await asyncio.sleep(0.5)
    assert await refusal.evaluate(IN_FRONT)


async def test_notices_are_drawn_in_front_of_the_dialog_that_is_open(desk: Desk) -> None:
    page = await desk.page()
    await page.goto("/ui")
    await page.get_by_role("button", name="Ask something").click()
    await page.get_by_role("button", name="Say something").click()
    notice = page.locator(".toast", has_text="Said in front of the dialog")
    await expect(notice).to_be_visible()
    await asyncio.sleep(0.5)
    dismiss = notice.get_by_role("button", name="Dismiss")
    assert await dismiss.evaluate(IN_FRONT)
    await dismiss.click()
    await expect(notice).to_have_count(0)
