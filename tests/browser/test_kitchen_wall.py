"""The wall under wet, quick fingers: what hangs stays, what is bumped comes back, nothing is cut off."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import House
from tests.browser.pages import Wall, live, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLET = ViewportSize(width=1180, height=820)
TABLET_AT_200_PERCENT = ViewportSize(width=590, height=410)
WALL_AT_200_PERCENT = ViewportSize(width=960, height=540)
SIZES = [TABLET, WALL, TABLET_AT_200_PERCENT, WALL_AT_200_PERCENT]
Box = dict[str, float]
ARMED_SECONDS = 0.7
"""Sooner a tap on Undo is the second of a double tap."""


async def fingers(page: Page) -> Callable[[float, float], Awaitable[None]]:
    """Makes the screen one that is touched. Answers a tap at a place."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    async def tap(x: float, y: float) -> None:
        touch = {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
        await devtools.send("Input.dispatchTouchEvent", touch)
        await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    return tap


async def middle(button: Locator) -> tuple[float, float]:
    """Where a finger aims."""
    box: Any = await button.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def chips(house: House, count: int) -> list[int]:
    """Orders of one line each; answers their numbers."""
    return [(await house.order(house.line("Chips")))["number"] for _ in range(count)]


async def bumped(house: House) -> list[int]:
    """Orders whose ticket is ready, as the server knows it."""
    return [ticket["order_number"] for ticket in await house.tickets("ready")]


BOXES = """all => {
    const place = ({ x, y }) => ({ x, y });
    return Object.fromEntries(all.map(one => [one.dataset.number, place(one.getBoundingClientRect())]));
}"""


async def boxes(wall: Wall) -> dict[str, Box]:
    """Where each ticket hangs, by order number."""
    found: dict[str, Box] = await wall.tickets.evaluate_all(BOXES)
    return found


@pytest.mark.parametrize("button", ["Bump", "Start"])
async def test_a_double_tap_is_one_command(desk: Desk, house: House, button: str) -> None:
    wall = await Wall.open(await desk.page(size=TABLET), house.email)
    numbers = await chips(house, 8)
    await wall.shows(*numbers)
    tap = await fingers(wall.page)
    aim = await middle(wall.ticket(numbers[1]).get_by_role("button", name=button))
    for _ in range(4):
        await tap(*aim)
    if button == "Bump":
        await wall.shows(numbers[0], *numbers[2:])
        await until(lambda: expected(bumped(house), [numbers[1]]), "one ticket is bumped")
    else:
        await expect(wall.ticket(numbers[1])).to_have_attribute("data-state", "preparing")
        await until(lambda: in_state(house, "preparing", [numbers[1]]), "one ticket is started")
        await wall.shows(*numbers)


async def expected(answer: Awaitable[list[int]], numbers: list[int]) -> bool:
    """Whether these are the numbers."""
    return await answer == numbers


async def in_state(house: House, state: str, numbers: list[int]) -> bool:
    """Whether the tickets of these orders alone are in the state."""
    return [ticket["order_number"] for ticket in await house.tickets(state)] == numbers


async def test_what_hangs_stays_while_a_neighbour_goes_and_is_packed_afterwards(
    desk: Desk, house: House
) -> None:
    wall = await Wall.open(await desk.page(size=TABLET), house.email)
    numbers = await chips(house, 8)
    await wall.shows(*numbers)
    before = await boxes(wall)
    # Also what another display bumps moves nothing under a finger.
    await wall.page.evaluate(WATCH_MOVES)
    [ticket] = [ticket for ticket in await house.tickets() if ticket["order_number"] == numbers[0]]
    await house.owner.post(f"/api/v2/kitchen/tickets/{ticket['id']}/bump", {})
    await wall.shows(*numbers[1:])
    await expect(wall.page.locator("[data-gone]")).to_have_count(0)
    moved: Any = await wall.page.evaluate("window.moves")
    assert moved["after"] is not None
    assert moved["after"] >= 1_000
    # Packed without a gap: the second hangs where the first did.
    after = await boxes(wall)
    assert after[str(numbers[1])] == before[str(numbers[0])]


WATCH_MOVES = """() => {
    window.moves = { gone: null, after: null };
    const where = () => [...document.querySelectorAll("[data-ticket]")].map(
        one => [one.dataset.ticket, one.getBoundingClientRect().x + ":" + one.getBoundingClientRect().y]);
    const first = new Map(where());
    const look = () => {
        const now = where();
        if (window.moves.gone === null && now.length < first.size) window.moves.gone = performance.now();
        if (window.moves.after === null && now.some(([id, at]) => first.get(id) !== at))
            window.moves.after = performance.now() - window.moves.gone;
        requestAnimationFrame(look);
    };
    look();
}"""


async def test_a_bump_is_undone_in_its_place(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=TABLET), house.email)
    numbers = await chips(house, 5)
    await wall.shows(*numbers)
    before = await boxes(wall)
    tap = await fingers(wall.page)
    await tap(*await middle(wall.ticket(numbers[1]).get_by_role("button", name="Bump")))
    await wall.shows(numbers[0], *numbers[2:])
    undo = wall.page.locator(f"[data-gone='{numbers[1]}']").get_by_role("button", name="Undo")
    await asyncio.sleep(ARMED_SECONDS)
    await tap(*await middle(undo))
    await wall.shows(*numbers)
    await until(lambda: expected(bumped(house), []), "nothing is ready")
    assert await boxes(wall) == before


NOT_WHOLE = """() => [...document.querySelectorAll(".top > *, .top button, .bump")].filter(one => {
    const scroller = one.closest(".stations, .wall");
    const box = one.getBoundingClientRect();
    const sideways = box.left < 0 || box.right > innerWidth + 1;
    const outside = box.top < 0 || box.bottom > innerHeight;
    const cut = !scroller && (outside || one.scrollWidth > one.clientWidth + 1);
    return (sideways && !one.closest(".stations")) || (cut && !one.matches(".stations, .brand"));
}).map(one => one.outerHTML.slice(0, 80))"""
OVERLAPS = """all => {
    const boxes = all.map(one => one.getBoundingClientRect());
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    return boxes.flatMap((a, at) => boxes.slice(at + 1).filter(b => !apart(a, b))).length;
}"""
GAPS = """all => {
    const columns = Map.groupBy(all.map(one => one.getBoundingClientRect()), box => Math.round(box.x));
    return [...columns.values()].flatMap(boxes => boxes.sort((a, b) => a.y - b.y)
        .slice(1).map((box, at) => Math.round(box.y - boxes[at].bottom)));
}"""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']}x{size['height']}")
async def test_nothing_is_cut_off_at_any_size(desk: Desk, house: House, size: ViewportSize) -> None:
    for number in range(10):
        notes = range(4 if number % 3 == 0 else 1)
        await house.order(*(house.line("Burger", note=f"note {note}") for note in notes))
    wall = await Wall.open(await desk.page(size=size), house.email)
    await expect(wall.tickets).to_have_count(10)
    assert await wall.page.evaluate(NOT_WHOLE) == []
    assert await wall.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await wall.page.locator(".wall").evaluate("wall => wall.scrollWidth <= wall.clientWidth")
    assert await wall.tickets.evaluate_all(OVERLAPS) == 0
    assert set(await wall.tickets.evaluate_all(GAPS)) <= {12}
    bump, ticket = wall.page.locator(".bump").first, wall.tickets.first
    widths = [await one.evaluate("one => one.clientWidth") for one in (bump, ticket)]
    assert widths[0] > widths[1] * 0.85
    # The bar leaves most of the screen to the tickets.
    assert await wall.page.locator(".wall").evaluate("wall => wall.clientHeight > innerHeight / 2")


async def test_what_lies_below_is_counted_and_one_tap_away(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=TABLET_AT_200_PERCENT), house.email)
    numbers = await chips(house, 3)
    await expect(wall.page.get_by_role("button", name="2 more below")).to_be_visible()
    await wall.page.locator(".more").click()
    await expect(wall.ticket(numbers[1])).to_be_in_viewport(ratio=0.5)
    await wall.ticket(numbers[2]).scroll_into_view_if_needed()
    await expect(wall.page.locator(".more")).to_have_count(0)


async def test_the_arrows_follow_columns(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=TABLET), house.email)
    numbers = await chips(house, 5)
    await wall.shows(*numbers)
    keyboard = wall.page.keyboard
    await keyboard.press("1")
    await keyboard.press("ArrowDown")
    selected = wall.page.locator(".ticket.selected")
    where = await boxes(wall)
    below = str(await selected.get_attribute("data-number"))
    assert where[below]["x"] == where[str(numbers[0])]["x"]
    assert where[below]["y"] > where[str(numbers[0])]["y"]
    await keyboard.press("ArrowUp")
    await expect(selected).to_have_attribute("data-number", str(numbers[0]))


async def test_sound_is_on_after_the_first_touch_and_stays_off_when_turned_off(
    desk: Desk, house: House
) -> None:
    wall = await Wall.open(await desk.page(size=TABLET), house.email)
    page, sound = wall.page, wall.page.locator("[data-sound]")
    await page.reload()
    await live(page)
    await expect(sound).to_have_attribute("data-sound", "waiting")
    tap = await fingers(page)
    await tap(600, 500)
    await expect(sound).to_have_text("Sound on")
    await sound.click()
    await expect(sound).to_have_text("Sound off")
    await page.reload()
    await live(page)
    await tap(600, 500)
    await expect(sound).to_have_text("Sound off")


async def test_a_wall_that_starts_without_the_server_shows_its_last_tickets_and_says_of_when(
    desk: Desk, house: House
) -> None:
    device = await desk.device(TABLET)
    wall = await Wall.open(await desk.page(device), house.email)
    numbers = await chips(house, 3)
    await wall.shows(*numbers)
    heard = f"localStorage.getItem('fynlo.rt.heard.{house.rid}')"
    kept = f"JSON.parse(localStorage.getItem('fynlo.rt.1.restaurant:{house.rid}:kitchen'))"
    all_kept = f"{heard} && Object.keys({kept}?.state.tickets ?? {{}}).length === {len(numbers)}"
    await until(lambda: wall.page.evaluate(all_kept), "tickets and time are kept")
    # The files of the page are at hand, the server is not.
    await device.route("**/api/**", lambda route: route.abort())
    await wall.page.route_web_socket("**/api/v2/ws", lambda socket: socket.close())
    await wall.page.reload()
    await wall.shows(*numbers)
    alert = wall.page.get_by_role("alert")
    await expect(alert).to_contain_text("No connection")
    told = await wall.page.evaluate(
        f"new Date(Number({heard})).toLocaleTimeString('en-GB', {{hour: '2-digit', minute: '2-digit', "
        "timeZone: 'Europe/London'})"
    )
    await expect(alert).to_contain_text(f"the tickets of {told}")
