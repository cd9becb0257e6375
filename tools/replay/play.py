"""Sells planned orders: tills place and take cash while the kitchen bumps; then the tills are closed."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from chassis.ids import new_id
from tools.api import Device
from tools.replay.kitchen_display import KitchenDisplay
from tools.replay.menu_plan import MenuPlan, PlannedLine
from tools.replay.restaurant import FLOAT_MINOR, Restaurant, set_up

DISPLAY_SECONDS = 20.0
QUIET_SECONDS = 60.0
"""How long the last tickets and bumps may take after the last sale."""
NOTE_MINOR = 1_000
"""Guests pay with ten-pound notes and get change."""


@dataclass(slots=True)
class Result:
    """What was sold and seen. Latencies in seconds: from sending an order to its frame on the display."""

    orders: int = 0
    lines: int = 0
    units: int = 0
    total_minor: int = 0
    z_total_minor: int = 0
    z_numbers: list[int] = field(default_factory=list)
    tickets: int = 0
    bumped: int = 0
    duplicates: int = 0
    unseen: int = 0
    reconnects: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)

    def percentile_ms(self, percent: float) -> float:
        """A percentile of the latencies in milliseconds (nearest rank)."""
        ranked = sorted(self.latencies)
        if not ranked:
            return float("nan")
        return 1_000 * ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]

    @property
    def ok(self) -> bool:
        """Every order seen once, every penny in a Z report."""
        clean = not (self.mismatches or self.duplicates or self.unseen)
        return clean and self.total_minor == self.z_total_minor and self.bumped == self.tickets


async def play(
    base_url: str, http: httpx.AsyncClient, platform: Device, plan: MenuPlan, advance: Callable[[], None]
) -> Result:
    """Sells everything in ``plan`` in a restaurant made for it. ``advance`` is called once per order."""
    restaurant = await set_up(base_url, http, platform, plan)
    result = Result()
    sent: dict[str, float] = {}

    def on_accepted(order_id: str, arrived: float) -> None:
        if order_id in sent:
            result.latencies.append(arrived - sent[order_id])

    display = KitchenDisplay(restaurant.kitchen, on_accepted)
    showing = asyncio.create_task(display.run())
    try:
        async with asyncio.timeout(DISPLAY_SECONDS):
            await display.live.wait()
        started = time.perf_counter()
        waiting = iter(plan.orders)
        async with asyncio.TaskGroup() as group:
            for number, till in enumerate(restaurant.tills, start=1):
                group.create_task(_sell(restaurant, till, f"Till {number}", waiting, sent, result, advance))
        result.seconds = time.perf_counter() - started
        await _settle(display, set(sent))
    finally:
        if not showing.done():
            showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing
    await _close_tills(restaurant, result)
    result.tickets, result.bumped = len(display.tickets), display.bumped
    result.duplicates, result.reconnects = display.duplicates, display.reconnects
    result.unseen = len(set(sent) - display.accepted)
    return result


async def _sell(
    restaurant: Restaurant,
    till: Device,
    name: str,
    waiting: "object",
    sent: dict[str, float],
    result: Result,
    advance: Callable[[], None],
) -> None:
    session = await till.post("/api/v2/till-sessions", {"till": name, "opening_float_minor": FLOAT_MINOR})
    for lines in waiting:  # type: ignore[attr-defined]
        await _sell_one(restaurant, till, session["id"], lines, sent, result)
        advance()


async def _sell_one(
    restaurant: Restaurant,
    till: Device,
    session_id: str,
    lines: list[PlannedLine],
    sent: dict[str, float],
    result: Result,
) -> None:
    body = restaurant.order_body(lines)
    sent[body["id"]] = time.perf_counter()
    order = await till.post("/api/v2/orders", body)
    wanted = sum(line.gross_minor for line in lines)
    total = order["totals"]["total_minor"]
    if total != wanted:
        result.mismatches.append(f"order {order['number']}: {total} instead of {wanted}")
    tendered = -(-total // NOTE_MINOR) * NOTE_MINOR
    payment = {
        "id": str(new_id()),
        "method": "cash",
        "tendered_minor": tendered,
        "till_session_id": session_id,
    }
    paid = await till.post(f"/api/v2/orders/{order['id']}/payments", payment)
    if (paid["change_minor"] or 0) != tendered - total or paid["amount_minor"] != total:
        result.mismatches.append(f"order {order['number']}: change {paid['change_minor']} of {tendered}")
    result.orders += 1
    result.lines += len(order["lines"])
    result.units += sum(line["quantity"] for line in order["lines"])
    result.total_minor += total


async def _settle(display: KitchenDisplay, placed: set[str]) -> None:
    """Waits until the display has shown and bumped everything, or nothing more may be expected."""
    give_up_at = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < give_up_at:
        if placed <= display.accepted and display.bumped >= len(display.tickets):
            return
        await asyncio.sleep(0.1)


async def _close_tills(restaurant: Restaurant, result: Result) -> None:
    for till in restaurant.tills:
        page = await till.get("/api/v2/till-sessions?open=true&limit=200")
        for session in page["items"]:
            closed = await till.post(
                f"/api/v2/till-sessions/{session['id']}/close", {"counted_minor": session["expected_minor"]}
            )
            if closed["variance_minor"]:
                result.mismatches.append(f"{session['till']}: variance {closed['variance_minor']}")
            result.z_numbers.append(closed["z_report"]["number"])
    for number in result.z_numbers:
        report = await restaurant.owner.get(f"/api/v2/z-reports/{number}")
        result.z_total_minor += report["net_minor"]
    if sorted(result.z_numbers) != list(range(1, len(result.z_numbers) + 1)):
        result.mismatches.append(f"Z reports are numbered {sorted(result.z_numbers)}")
