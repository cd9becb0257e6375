"""The kitchen display in front of the whole system: it shows every ticket, whatever happens to it."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.conftest import WALL, Desk
from tests.browser.house import GRILL_MINUTES, House, new_house
from tests.browser.pages import Till, Wall, live, until
from tests.system import System
from tools.api import Device

pytestmark = pytest.mark.asyncio(loop_scope="session")

INSTANT_MS = 7_000
"""An event takes milliseconds. One that is not sent is missed at the next heartbeat, 8 s at the least."""
Frame = dict[str, Any]


async def rewrite_frames(page: Page, change: Callable[[Frame], Frame | None]) -> None:
    """Puts somebody between the page and the server who changes what the server says (None: drops it)."""

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def from_server(text: str | bytes) -> None:
            frame = change(json.loads(text))
            if frame is not None:
                socket.send(json.dumps(frame))

        server.on_message(from_server)

    await page.route_web_socket("**/api/v2/ws", between)


def count_snapshots(page: Page) -> list[str]:
    """Grows by every snapshot that the page asks for."""
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "/realtime/snapshot" in sent.url else None)
    return asked


def sent_frames(page: Page) -> list[Frame]:
    """Grows by every frame that the page sends."""
    frames: list[Frame] = []

    def keep(payload: str | bytes) -> None:
        frames.append(json.loads(payload))

    page.on("websocket", lambda socket: socket.on("framesent", keep))
    return frames


async def test_a_ticket_appears_at_once_with_all_that_a_cook_must_know(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    await expect(wall.page.get_by_text("All clear")).to_be_visible()
    order = await house.order(house.line("Burger", note="sauce aside", quantity=2))
    ticket = wall.ticket(order["number"])
    await expect(ticket).to_be_visible(timeout=INSTANT_MS)
    await expect(ticket.locator(".contains")).to_have_text("Contains gluten, milk")
    await expect(ticket.locator(".quantity")).to_have_text("2")
    await expect(ticket).to_contain_text("Burger")
    await expect(ticket).to_contain_text("Pink")
    await expect(ticket).to_contain_text("sauce aside")
    await expect(ticket).to_contain_text("Eat in")
    await expect(ticket).to_have_attribute("data-age", "green")


async def test_the_station_filter_shows_its_tickets_only_and_stays(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    page, frames = wall.page, sent_frames(wall.page)
    grill = await house.order(house.line("Chips"))
    bar = await house.order(house.line("Cola"))
    await wall.shows(grill["number"], bar["number"])
    stations = page.get_by_role("navigation", name="Stations")
    await stations.get_by_role("button", name="Bar").click()
    await wall.shows(bar["number"])
    await live(page)
    # The server is told, for it watches whether a station's display has seen a ticket.
    hellos = [frame["device"]["stations"] for frame in frames if frame["t"] == "hello"]
    assert hellos == [[house.stations["Bar"]]]
    await page.reload()
    await live(page)
    await wall.shows(bar["number"])
    await stations.get_by_role("button", name="All").click()
    await wall.shows(grill["number"], bar["number"])


async def test_the_colour_says_how_late_a_ticket_is(desk: Desk, house: House) -> None:
    ages = {"Chips": 0, "Cola": GRILL_MINUTES * 0.75, "Burger": GRILL_MINUTES + 1}

    def older(frame: Frame) -> Frame:
        for ticket in frame.get("d", {}).get("tickets", []) if frame["t"] == "ev" else []:
            earlier = timedelta(minutes=ages[ticket["lines"][0]["name"]])
            for name in ("created_at", "target_at"):
                ticket[name] = (datetime.fromisoformat(ticket[name]) - earlier).isoformat()
        return frame

    page = await desk.page(size=WALL)
    await rewrite_frames(page, older)
    wall = await Wall.open(page, house.email)
    colours = {"Chips": "green", "Cola": "amber", "Burger": "red"}
    for name, colour in colours.items():
        order = await house.order(house.line(name))
        await expect(wall.ticket(order["number"])).to_have_attribute("data-age", colour)
    # Oldest first: the late one hangs in front.
    assert await wall.numbers() == [3, 2, 1]


async def test_bumping_and_recalling_by_touch(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    page = wall.page
    order = await house.order(house.line("Burger"), house.line("Chips"))
    ticket = wall.ticket(order["number"])
    await ticket.get_by_role("button", name="Start").click()
    await expect(ticket).to_have_attribute("data-state", "preparing")
    line = ticket.locator("[data-line]").nth(1)
    await line.click()
    await expect(line).to_have_attribute("data-state", "ready")
    await until(lambda: lines_are(house, ["preparing", "ready"]), "the server knows what is ready")
    await ticket.get_by_role("button", name="Bump").click()
    await expect(ticket).to_have_count(0)
    await until(lambda: lines_are(house, ["ready", "ready"]), "the ticket is bumped")
    await page.get_by_role("banner").get_by_role("button", name="Recall").click()
    await page.locator(f"[data-recall='{order['number']}']").click()
    await expect(ticket).to_have_attribute("data-state", "preparing")
    await until(lambda: lines_are(house, ["preparing", "preparing"]), "the ticket is recalled")


async def lines_are(house: House, states: list[str]) -> bool:
    """Whether the lines of the only ticket are in these states."""
    (ticket,) = await house.tickets()
    return [line["state"] for line in ticket["lines"]] == states


async def test_the_keyboard_is_enough(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    page = wall.page
    first, second, third = [(await house.order(house.line("Chips")))["number"] for _ in range(3)]
    await wall.shows(first, second, third)
    await page.keyboard.press("2")
    await page.keyboard.press("Space")
    await wall.shows(first, third)
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("s")
    await expect(wall.ticket(first)).to_have_attribute("data-state", "preparing")
    await page.keyboard.press("Space")
    await wall.shows(third)
    await page.keyboard.press("r")
    await wall.shows(first, third)
    await until(lambda: only(lambda: house.tickets("ready"), second), "only the second is ready")


async def only(tickets: Callable[[], Any], number: int) -> bool:
    """Whether these are the tickets of one order alone."""
    return [ticket["order_number"] for ticket in await tickets()] == [number]


async def test_a_cancelled_ticket_stays_until_a_cook_has_seen_it(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    order = await house.order(house.line("Burger"))
    ticket = wall.ticket(order["number"])
    await ticket.get_by_role("button", name="Start").click()
    await expect(ticket).to_have_attribute("data-state", "preparing")
    await house.owner.post(f"/api/v2/orders/{order['id']}/cancel", {"reason": "guest left"})
    await expect(ticket).to_contain_text("stop cooking")
    await wall.page.reload()
    await live(wall.page)
    second = await Wall.open(await desk.page(size=WALL), house.email)
    for one in (wall, second):
        await expect(one.ticket(order["number"])).to_contain_text("stop cooking")
    await ticket.get_by_role("button", name="Seen").click()
    for one in (wall, second):
        await expect(one.ticket(order["number"])).to_have_count(0)
    await second.page.reload()
    await live(second.page)
    await expect(second.ticket(order["number"])).to_have_count(0)


async def test_a_reload_in_the_middle_misses_nothing_and_needs_no_snapshot(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    page = wall.page
    numbers = [(await house.order(house.line("Chips")))["number"] for _ in range(3)]
    await wall.shows(*numbers)
    await asyncio.sleep(0.5)
    snapshots, frames = count_snapshots(page), sent_frames(page)

    async def more() -> list[int]:
        return [(await house.order(house.line("Cola")))["number"] for _ in range(5)]

    later, _ = await asyncio.gather(more(), page.reload())
    await live(page)
    await wall.shows(*numbers, *later)
    assert snapshots == []
    (hello,) = [frame for frame in frames if frame["t"] == "hello"]
    assert hello["subs"][0]["s"] >= 3
    await page.reload()
    await live(page)
    await wall.shows(*numbers, *later)


OVERLAPS = """all => {
    const boxes = all.map(one => one.getBoundingClientRect());
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    return boxes.flatMap((a, at) => boxes.slice(at + 1).filter(b => !apart(a, b))).length;
}"""
CUT_OFF = "all => all.filter(one => one.scrollHeight > one.clientHeight + 1).length"


async def test_a_full_wall_cuts_no_ticket_off(desk: Desk, house: House) -> None:
    wall = await Wall.open(await desk.page(), house.email)
    long = [house.line("Burger", note=f"note {number}") for number in range(4)]
    for number in range(16):
        await house.order(*(long if number % 3 == 0 else long[:1]))
    await expect(wall.tickets).to_have_count(16)
    assert await wall.tickets.evaluate_all(OVERLAPS) == 0
    assert await wall.tickets.evaluate_all(CUT_OFF) == 0
    # The keys reach what lies below the screen.
    for _ in range(16):
        await wall.page.keyboard.press("ArrowRight")
    selected = wall.page.locator(".ticket.selected")
    await expect(selected).to_have_attribute("data-number", "16")
    await expect(selected).to_be_in_viewport(ratio=0.9)


async def test_what_is_acknowledged_is_stored(desk: Desk, house: House) -> None:
    page = await desk.page(size=WALL)
    frames = sent_frames(page)
    wall = await Wall.open(page, house.email)
    order = await house.order(house.line("Chips"))
    await expect(wall.ticket(order["number"])).to_be_visible()
    kitchen = f"restaurant:{house.rid}:kitchen"

    async def acknowledged() -> Any:
        kept = json.loads(await page.evaluate(f"localStorage.getItem('fynlo.rt.1.{kitchen}')") or "{}")
        acked = max(
            (frame["ack"][kitchen] for frame in frames if kitchen in frame.get("ack", {})), default=-1
        )
        held = [ticket["order_number"] for ticket in kept.get("state", {}).get("tickets", {}).values()]
        # Never an acknowledgement of something that is not stored.
        assert acked <= kept.get("s", acked)
        return order["number"] in held and acked == kept["s"]

    await until(acknowledged, "the ticket is stored and acknowledged")


async def test_a_lost_network_misses_nothing_and_says_so_meanwhile(desk: Desk, house: House) -> None:
    device = await desk.device(WALL)
    wall = await Wall.open(await desk.page(device), house.email)
    page = wall.page
    first = (await house.order(house.line("Chips")))["number"]
    await wall.shows(first)
    snapshots = count_snapshots(page)
    await device.set_offline(True)
    await expect(page.locator("[data-connection=live]")).to_have_count(0)
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    # What is bumped meanwhile counts here at once, and there as soon as the network is back.
    await wall.ticket(first).get_by_role("button", name="Bump").click()
    await wall.shows()
    missed = [(await house.order(house.line("Cola")))["number"] for _ in range(4)]
    await device.set_offline(False)
    await live(page)
    await wall.shows(*missed)
    await until(lambda: only(lambda: house.tickets("ready"), first), "the bump arrived")
    assert snapshots == []


async def test_a_killed_gateway_misses_nothing(desk: Desk, house: House, system: System) -> None:
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    first = (await house.order(house.line("Chips")))["number"]
    await wall.shows(first)
    snapshots = count_snapshots(wall.page)
    processes: Any = system.state()["processes"]
    os.kill(processes["gateway"]["pid"], signal.SIGKILL)
    await expect(wall.page.locator("[data-connection=live]")).to_have_count(0)
    await until(lambda: asyncio.to_thread(system.healthy), "the supervisor brings the gateway back", 60)
    missed = [(await house.order(house.line("Cola")))["number"] for _ in range(3)]
    await live(wall.page)
    await wall.shows(first, *missed)
    assert snapshots == []


async def test_a_frame_that_is_lost_on_the_way_is_asked_for_again(desk: Desk, house: House) -> None:
    lost: list[int] = []

    def lose_two(frame: Frame) -> Frame | None:
        if frame["t"] == "ev" and frame["d"]["order_number"] in (2, 4) and frame["s"] not in lost:
            lost.append(frame["s"])
            return None
        return frame

    page = await desk.page(size=WALL)
    await rewrite_frames(page, lose_two)
    wall = await Wall.open(page, house.email)
    # The second is missed when the third comes; the fourth is the last, so only the heartbeat tells of it.
    numbers = [(await house.order(house.line("Chips")))["number"] for _ in range(4)]
    await wall.shows(*numbers)
    assert len(lost) == 2


CORPUS = [
    "<script>window.pwned = 1</script>",
    '"><img src=x onerror="window.pwned = 1">',
    "<svg/onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "</li></ul><h1>OWNED</h1>",
    '=HYPERLINK("http://evil.test","x")',
    "\u202eesrever\u202c and \u2066isolate",
    "emoji 👩‍🍳🌶️ and \U0001f9c0",
    "Ünïcödé – 日本語 العربية",
]
HOSTILE_NAME = "<b onclick=alert(1)>Soup</b> {{7*7}}"
HOSTILE_MENU = f"""category,item,description,price,vat_class,allergens,options,stock,reorder_point
<i>Grill</i>,{HOSTILE_NAME},<script>window.pwned=1</script>,5.00,hot_food,milk,,,
"""
FOREIGN = "#page :is(script, svg, h1, b[onclick], i:not(.dot), img:not([src='/web/icon.svg']))"
SHOWN_PLAIN = """all => all.map(one => one.textContent)"""


def seen(text: str) -> str:
    """How a hostile text is shown: characters that turn the text around them are made visible instead."""
    unruly = "\u202e\u202c\u2066"
    return "".join("\ufffd" if character in unruly else character for character in text)


async def test_hostile_text_is_text(desk: Desk, platform: Device, http: httpx.AsyncClient) -> None:
    house = await new_house(platform, http, HOSTILE_MENU)
    wall = await Wall.open(await desk.page(size=WALL), house.email)
    till = await Till.open(await desk.page(), house.email)
    await expect(till.item(HOSTILE_NAME)).to_be_visible()
    order = await house.order(*(house.line(HOSTILE_NAME, note=note) for note in CORPUS))
    ticket = wall.ticket(order["number"])
    await expect(ticket.locator(".said")).to_have_count(len(CORPUS))
    assert await ticket.locator(".said").evaluate_all(SHOWN_PLAIN) == [seen(note) for note in CORPUS]
    assert set(await ticket.locator(".what > bdi").evaluate_all(SHOWN_PLAIN)) == {HOSTILE_NAME}
    await till.view("Orders")
    await till.card(order["number"]).get_by_role("button", name="Details").click()
    await expect(till.dialog("order").locator(".note")).to_have_count(len(CORPUS))
    assert await till.dialog("order").locator(".note").evaluate_all(SHOWN_PLAIN) == [seen(n) for n in CORPUS]
    for page in (wall.page, till.page):
        assert await page.evaluate("window.pwned") is None
        assert await page.locator(FOREIGN).count() == 0
