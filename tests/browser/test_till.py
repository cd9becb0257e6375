"""The till page in front of the whole system: sales, money, the drawer, and bad networks."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from chassis.ids import new_id
from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Till, Wall, live

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT_ORDERS = """Object.entries(localStorage).flatMap(
    ([name, value]) => (name.startsWith("fynlo.orders.") ? JSON.parse(value) : []))"""


def a_till() -> str:
    """A drawer's name that no other test uses."""
    return f"Front {new_id().hex[-6:]}"


async def row(report: Locator, name: str) -> str:
    """An amount of a report."""
    return await report.locator(f"[data-row={name}] td").inner_text()


async def sell_burgers(till: Till) -> None:
    """Two burgers at 14.50 + 1.50 with all that is asked, chips at 4.50: 36.50, paid at once."""
    await till.item("Burger").click()
    options = till.dialog("options")
    await expect(options).to_contain_text("Contains gluten, milk")
    await expect(options.locator(".primary")).to_be_disabled()
    await options.get_by_role("radio", name="Pink").click()
    await options.get_by_role("checkbox", name="Bacon").click()
    await options.get_by_role("checkbox", name="Egg").click()
    await expect(options.get_by_role("checkbox", name="Cheese")).to_be_disabled()
    await options.get_by_role("checkbox", name="Egg").click()
    await options.get_by_label("Note for the kitchen").fill("no onions")
    await options.get_by_role("button", name="One more", exact=True).click()
    await expect(options.locator(".primary")).to_have_text("Add · £32.00")
    await options.locator(".primary").click()
    await till.item("Chips").click()
    await expect(till.total()).to_have_text("£36.50")
    await expect(till.page.locator(".totals")).to_contain_text("£6.08")
    await till.page.get_by_role("radio", name="Pay now").click()
    await till.page.get_by_role("radio", name="Takeaway").click()
    await till.send()
    await expect(till.dialog("pay").locator("output[name=due]")).to_have_text("£36.50")
    await till.dialog("pay").get_by_role("button", name="£40.00").click()
    await expect(till.dialog("taken").locator("output[name=change]")).to_have_text("£3.50")
    await till.page.get_by_role("button", name="Done").click()


async def sell_a_cola_in_two_parts(till: Till) -> None:
    """A cola at 3.00, paid later: 1.00, then the rest."""
    await till.page.get_by_role("radio", name="Pay later").click()
    await till.category("Bar")
    await till.item("Cola").click()
    await till.send()
    await till.view("Orders")
    cola = till.card(2)
    await expect(cola).to_contain_text("£3.00 due")
    await cola.get_by_role("button", name="Pay").click()
    await till.dialog("pay").get_by_role("spinbutton", name="Given").press_sequentially("100")
    await till.dialog("pay").get_by_role("button", name="Take £1.00 as part payment").click()
    await expect(till.dialog("taken")).to_contain_text("£2.00 is still due")
    await till.page.get_by_role("button", name="Done").click()
    await expect(cola).to_contain_text("£2.00 due")
    await cola.get_by_role("button", name="Pay").click()
    await till.dialog("pay").get_by_role("button", name="Exact £2.00").click()
    await till.page.get_by_role("button", name="Done").click()


async def buy_milk(till: Till) -> None:
    """5.00 out of the drawer."""
    await till.view("Till")
    await till.page.get_by_role("button", name="Paid out").click()
    await till.type(till.dialog("move"), "Amount", "500")
    await till.dialog("move").get_by_label("Reason").fill("milk")
    await till.dialog("move").locator(".primary").click()
    await expect(till.dialog("move")).to_have_count(0)


async def test_a_whole_day_is_right_to_the_penny_on_the_z_report(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    page = till.page
    await till.open_drawer(a_till(), "10000")
    await till.view("Sell")
    await sell_burgers(till)
    await sell_a_cola_in_two_parts(till)
    await buy_milk(till)

    # 100.00 + 36.50 + 3.00 - 5.00 = 134.50.
    await page.get_by_role("button", name="X report").click()
    report = page.locator("[data-report=x]")
    await expect(report).to_be_visible()
    assert await row(report, "gross") == "£39.50"
    assert await row(report, "expected") == "£134.50"
    await till.dialog("report").get_by_role("button", name="Close").first.click()

    await page.get_by_role("button", name="Count and close").click()
    for piece, number in {"£50.00": 2, "£20.00": 1, "£10.00": 1, "£2.00": 2, "£0.50": 1}.items():
        await till.type(page, f"Pieces of {piece}", str(number))
    await page.get_by_role("button", name="Close with £134.50").click()
    report = page.locator("[data-report=z]")
    await expect(report).to_contain_text("Z report 1")
    shown = {name: await row(report, name) for name in ("gross", "net", "tender-cash", "cash-sales")}
    assert shown == dict.fromkeys(shown, "£39.50")
    assert await row(report, "expected") == await row(report, "counted") == "£134.50"
    assert await row(report, "variance") == "£0.00"
    await expect(report).to_contain_text("20 % of £39.50£6.58")
    z_report = await house.owner.get("/api/v2/z-reports/1")
    assert (z_report["gross_minor"], z_report["cash"]["variance_minor"]) == (3950, 0)


async def test_a_wrong_count_needs_a_reason_before_the_till_closes(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer(a_till(), "5000")
    await till.page.get_by_role("button", name="Count and close").click()
    dialog = till.dialog("close")
    await till.type(dialog, "Counted in all", "4000")
    await dialog.get_by_role("button", name="Close with £40.00").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Say why")
    await dialog.get_by_label("Reason").fill("a note is missing")
    await dialog.get_by_role("button", name="Close with £40.00").click()
    report = till.page.locator("[data-report=z]")
    await expect(report).to_contain_text("a note is missing")
    assert await row(report, "variance") == "-£10.00"


async def test_an_open_order_follows_the_kitchen_and_ends_when_it_is_served(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer(a_till(), "2000")
    order = await house.order(house.line("Burger"))
    await till.view("Orders")
    card = till.card(order["number"])
    await expect(card).to_have_attribute("data-state", "validated")
    await house.step_all("queued,preparing", "bump")
    await expect(till.page.get_by_text(f"Order {order['number']} is ready")).to_be_visible()
    await expect(card).to_have_attribute("data-state", "ready")
    await card.get_by_role("button", name="Pay").click()
    await till.dialog("pay").get_by_role("button", name="Exact £14.50").click()
    await till.page.get_by_role("button", name="Done").click()
    await expect(card).to_contain_text("Paid")
    await house.step_all("ready", "serve")
    await expect(card).to_have_count(0)
    await expect(till.page.locator(".closed-order")).to_contain_text("Done")


async def test_an_order_is_completed_by_hand_once_the_kitchen_is_done(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer(a_till(), "2000")
    order = await house.order(house.line("Chips"))
    await till.view("Orders")
    card = till.card(order["number"])
    await card.get_by_role("button", name="Pay").click()
    await till.dialog("pay").get_by_role("button", name="Exact £4.50").click()
    await till.page.get_by_role("button", name="Done").click()
    complete = card.get_by_role("button", name="Complete")
    await expect(complete).to_be_disabled()
    await house.step_all("queued,preparing", "bump")
    await complete.click()
    await expect(card).to_have_count(0)
    assert (await house.owner.get(f"/api/v2/orders/{order['id']}"))["state"] == "done"


async def test_stock_and_sold_out_show_as_they_change(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.category("Bar")
    await expect(till.item("Lager")).to_contain_text("3 left")
    await house.order(house.line("Lager", quantity=2))
    await expect(till.item("Lager")).to_contain_text("1 left")
    await till.item("Lager").click()
    await expect(till.item("Lager")).to_be_disabled()
    await till.page.get_by_role("button", name="Clear").click()
    await house.owner.put(
        f"/api/v2/menu/items/{house.items['Cola']['id']}/availability", {"available": False}
    )
    await expect(till.item("Cola")).to_contain_text("Sold out")
    await expect(till.item("Cola")).to_be_disabled()


async def test_an_order_whose_answer_is_lost_is_placed_once(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    keys: list[Any] = []

    async def lose_the_first_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            assert (await route.fetch()).status == 201
            await route.abort()
        else:
            await route.continue_()

    await till.page.route("**/api/v2/orders", lose_the_first_answer)
    await till.item("Chips").click()
    await till.send()
    await expect(till.page.get_by_text("Order 1 arrived after all")).to_be_visible()
    assert keys[0] == keys[1]
    assert [order["totals"]["total_minor"] for order in await house.orders()] == [450]
    assert await till.page.evaluate(KEPT_ORDERS) == []


async def test_an_order_outlives_a_dead_network_and_a_reload(desk: Desk, house: House) -> None:
    device = await desk.device()
    till = await Till.open(await desk.page(device), house.email)
    page = till.page
    await till.item("Chips").click()
    await expect(till.total()).to_have_text("£4.50")
    await page.route("**/api/v2/orders", lambda route: route.abort())
    await till.send()
    await expect(page.get_by_text("The order is kept here")).to_be_visible()
    await page.reload()
    await till.view("Orders")
    await expect(page.get_by_text("1 order waiting to be sent")).to_be_visible()
    assert await house.orders() == []
    await page.unroute("**/api/v2/orders")
    await expect(till.card(1)).to_be_visible()
    await expect(page.get_by_text("waiting to be sent")).to_have_count(0)
    assert len(await house.orders()) == 1


async def test_a_payment_whose_answer_is_lost_is_taken_once(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.open_drawer(a_till(), "2000")
    order = await house.order(house.line("Chips"))
    tries: list[str] = []

    async def lose_the_first_answer(route: Route) -> None:
        tries.append(route.request.headers["idempotency-key"])
        if len(tries) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await till.page.route("**/payments", lose_the_first_answer)
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Pay").click()
    await till.dialog("pay").get_by_role("button", name="£5.00").click()
    await expect(till.dialog("taken").locator("output[name=change]")).to_have_text("£0.50")
    assert len(set(tries)) == 1
    payments = await house.owner.get(f"/api/v2/orders/{order['id']}/payments")
    assert [payment["amount_minor"] for payment in payments["items"]] == [450]


async def test_a_basket_survives_a_reload(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    await till.item("Chips").click()
    await till.item("Chips").click()
    await till.page.reload()
    await live(till.page)
    await expect(till.total()).to_have_text("£9.00")


async def test_the_till_is_told_when_no_kitchen_display_has_seen_a_ticket(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    order = await house.order(house.line("Burger"))
    await asyncio.sleep(5)
    for _ in range(2):
        await house.order(house.line("Chips"))
    words = f"The kitchen has not seen order {order['number']}"
    alarm = till.page.get_by_role("alert").filter(has_text=words)
    # No display is connected: the server waits half a minute before it says so.
    await expect(alarm).to_contain_text("no display is connected", timeout=60_000)
    many = till.page.get_by_role("alert").filter(has_text="The kitchen has not seen 3 tickets")
    await expect(many).to_contain_text("Orders 1, 2, 3")
    await house.step_all("queued,preparing", "bump")
    await expect(many).to_have_count(0)
    await expect(alarm).to_have_count(0)


async def test_an_alarm_is_over_for_every_till_when_one_says_so_or_a_display_shows_the_ticket(
    desk: Desk, house: House
) -> None:
    one, other = [await Till.open(await desk.page(), house.email) for _ in range(2)]
    first, second = [(await house.order(house.line("Burger")))["number"] for _ in range(2)]

    def alarm(till: Till, number: int) -> Locator:
        words = f"The kitchen has not seen order {number}"
        return till.page.locator(".alarm").filter(has_text=words)

    for till in (one, other):
        for number in (first, second):
            await expect(alarm(till, number)).to_have_count(1, timeout=60_000)
    await alarm(one, first).get_by_role("button", name="They know").click()
    for till in (one, other):
        await expect(alarm(till, first)).to_have_count(0)
        await expect(alarm(till, second)).to_have_count(1)
    await other.page.reload()
    await live(other.page)
    await expect(alarm(other, second)).to_have_count(1)
    await expect(alarm(other, first)).to_have_count(0)
    fresh = await Till.open(await desk.page(), house.email)  # begins with a snapshot
    await expect(alarm(fresh, second)).to_have_count(1)
    await expect(alarm(fresh, first)).to_have_count(0)
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    await wall.shows(first, second)
    for till in (one, other, fresh):
        await expect(alarm(till, second)).to_have_count(0)


async def test_an_order_is_cancelled_with_a_reason(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    order = await house.order(house.line("Burger"))
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Details").click()
    await till.page.get_by_role("button", name="Cancel order").click()
    await till.page.get_by_label("Why is it cancelled?").fill("guest left")
    await till.page.get_by_role("button", name=f"Cancel order {order['number']}").click()
    await expect(till.card(order["number"])).to_have_count(0)
    assert (await house.owner.get(f"/api/v2/orders/{order['id']}"))["state"] == "cancelled"
