"""Money in every field where people type it: whatever they type, no point and no comma changes an amount."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Locator, ViewportSize, expect

from tests.browser.conftest import Desk
from tests.browser.house import House
from tests.browser.pages import Till

pytestmark = pytest.mark.asyncio(loop_scope="session")

TWELVE_FIFTY = "1250"
PASTE = """(field, text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    const how = { clipboardData: data, bubbles: true, cancelable: true };
    field.dispatchEvent(new ClipboardEvent("paste", how));
}"""
Opened = Callable[[Till, House], Awaitable[Locator]]


async def the_float(till: Till, house: House) -> Locator:
    await till.view("Till")
    return till.page.get_by_role("spinbutton", name="Float in the drawer")


async def a_movement(till: Till, house: House) -> Locator:
    await till.open_drawer("Front", "10000")
    await till.page.get_by_role("button", name="Paid out").click()
    return till.dialog("move").get_by_role("spinbutton", name="Amount")


async def the_cash_given(till: Till, house: House) -> Locator:
    await till.open_drawer("Front", "10000")
    order = await house.order(house.line("Chips"))
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Pay").click()
    return till.dialog("pay").get_by_role("spinbutton", name="Given")


async def the_count(till: Till, house: House) -> Locator:
    await till.open_drawer("Front", "10000")
    await till.page.get_by_role("button", name="Count and close").click()
    return till.dialog("close").get_by_role("spinbutton", name="Counted in all")


FIELDS: list[Opened] = [the_float, a_movement, the_cash_given, the_count]


@pytest_asyncio.fixture(loop_scope="session", params=FIELDS, ids=lambda opened: opened.__name__)
async def field(request: pytest.FixtureRequest, desk: Desk, house: House) -> AsyncIterator[Locator]:
    """Each field of money, empty."""
    till = await Till.open(await desk.page(), house.email)
    yield await request.param(till, house)


async def test_a_comma_a_point_or_neither_is_the_same_amount(field: Locator) -> None:
    for typed in ("12,50", "12.50", "1250", "£12.50", "1 250", "0012,50"):
        await field.focus()
        await field.page.keyboard.type(typed)
        await expect(field).to_have_attribute("data-value", TWELVE_FIFTY)
        await expect(field).to_have_text("£12.50")
        await field.press("Delete")
        await expect(field).to_have_attribute("data-value", "")


async def test_the_keypad_types_the_same_as_the_keyboard(field: Locator) -> None:
    pad = field.page.get_by_role("group", name="Number pad").last
    for key in ("1", "2", "5", "0"):
        await pad.get_by_role("button", name=key, exact=True).click()
    await expect(field).to_have_attribute("data-value", TWELVE_FIFTY)
    await pad.get_by_role("button", name="Delete").click()
    await expect(field).to_have_text("£1.25")
    await pad.get_by_role("button", name="00", exact=True).click()
    allowed = await field.get_attribute("aria-valuemax")
    await expect(field).to_have_text("£1.25" if allowed == "10000" else "£125.00")


async def test_what_is_pasted_or_dictated_is_visibly_not_taken(field: Locator) -> None:
    for text in ("12,50", "12.50", "1,250.00"):
        await field.evaluate(PASTE, text)
        await expect(field.page.get_by_text("Pasted text is not taken")).to_be_visible()
        await expect(field).to_have_attribute("data-value", "")
        await field.focus()
        # As an input method or dictation would: text that no key typed.
        await field.page.keyboard.insert_text(text)
        await expect(field).to_have_text("£0.00")


async def test_no_page_has_a_text_field_for_money(field: Locator) -> None:
    inputs = await field.page.locator("input").evaluate_all("all => all.map(one => one.name)")
    assert not {"amount", "float", "tendered", "counted"} & set(inputs)


async def test_twenty_and_enter_in_the_payment_neither_closes_it_nor_takes_twenty_pence(
    desk: Desk, house: House
) -> None:
    till = await Till.open(await desk.page(), house.email)
    field = await the_cash_given(till, house)
    await expect(field).to_be_focused()
    await till.page.keyboard.type("20")
    await till.page.keyboard.press("Enter")
    await expect(till.dialog("pay")).to_contain_text("£0.20 is less than what is due")
    await till.page.keyboard.type("00")
    await expect(till.dialog("pay")).to_contain_text("Change £15.50")
    await till.page.keyboard.press("Enter")
    await expect(till.dialog("taken").locator("output[name=change]")).to_have_text("£15.50")
    await till.page.keyboard.press("Enter")
    await expect(till.page.locator("dialog")).to_have_count(0)


async def test_a_bound_is_shown_before_it_is_met_and_holds(desk: Desk, house: House) -> None:
    till = await Till.open(await desk.page(), house.email)
    field = await the_cash_given(till, house)
    # Chips cost 4.50: nobody gives more than the note that covers it and one more.
    await expect(till.dialog("pay")).to_contain_text("Up to £100.00")
    await field.press_sequentially("450000")
    await expect(field).to_have_text("£45.00")
    await expect(till.dialog("pay")).to_contain_text("Not taken: Up to £100.00")


async def tap(button: Locator) -> None:
    """A finger where the button is now: a driver's click would first scroll what stays at the foot."""
    box = await button.bounding_box()
    assert box is not None
    await button.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


async def test_on_a_phone_the_keypad_stays_beside_every_field_of_the_count(desk: Desk, house: House) -> None:
    phone = ViewportSize(width=390, height=844)
    till = await Till.open(await desk.page(size=phone), house.email)
    await the_count(till, house)
    dialog = till.dialog("close")
    for field in await dialog.get_by_role("spinbutton").all():
        await field.click()
        await tap(dialog.get_by_role("button", name="7", exact=True))
        await expect(field).to_have_attribute("data-value", "7")
        await expect(field).to_be_in_viewport(ratio=1)
        # The total is the sum of the pieces as soon as there are any.
        await tap(dialog.get_by_role("button", name="Delete"))
