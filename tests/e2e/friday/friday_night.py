"""The evening itself: opens the house, lets everybody act at once, closes it, and reads what is true then."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from tests.e2e.friday.house import House, open_house
from tests.e2e.friday.kitchen import COOKS, Display
from tests.e2e.friday.notes import Json, Notes
from tests.e2e.friday.script import evening
from tests.e2e.friday.till import Till
from tools.api import Device, http_client

CONNECTIONS = 64
LIVE_SECONDS = 30.0
QUIET_SECONDS = 60.0
POLL_SECONDS = 0.2
PAGE = 200
SAID = 5
OPEN_STATES = "validated,paid,preparing,ready"
TICKET_STATES = "queued,preparing,ready,served,cancelled"


@dataclass
class Night:
    """What was done, and what is true afterwards."""

    house: House
    notes: Notes
    orders: dict[str, Json] = field(default_factory=dict)
    tickets: dict[str, Json] = field(default_factory=dict)
    """As the kitchen's service has them."""
    screens: list[Display] = field(default_factory=list)
    tills: list[Till] = field(default_factory=list)
    levels: dict[str, Json] = field(default_factory=dict)
    movements: list[Json] = field(default_factory=list)
    tables: list[Json] = field(default_factory=list)
    restless: list[str] = field(default_factory=list)
    """What had not come to its end after QUIET_SECONDS."""


async def friday(base_url: str) -> Night:
    """The whole evening. Raises what opening the house raises, and answers that the script does not know."""
    async with http_client(CONNECTIONS) as http:
        house = await open_house(base_url, http)
        night = Night(house, Notes())
        night.tills = [Till(house, night.notes, number) for number in range(len(house.tills))]
        night.screens = [
            Display(one, night.notes, number, len(house.displays))
            for number, one in enumerate(house.displays)
        ]
        guests = evening()
        await asyncio.gather(*(till.open() for till in night.tills))
        with _what_was_wrong(night.notes):
            async with _kitchen(night.screens):
                await asyncio.gather(
                    *(
                        till.serve([one for one in guests if one.till == number and not one.joins_others])
                        for number, till in enumerate(night.tills)
                    ),
                    _storeroom(night),
                )
                await _quiet(night)
        await asyncio.gather(*(till.close() for till in night.tills))
        await _look(night)
    return night


@contextlib.contextmanager
def _what_was_wrong(notes: Notes) -> Iterator[None]:
    """A bill that is wrong may end the evening, where nobody can pay it: it is said with what ended it."""
    try:
        yield
    except Exception as error:
        for one in notes.wrong[:SAID]:
            error.add_note(one)
        raise


@contextlib.asynccontextmanager
async def _kitchen(screens: list[Display]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.follower.run()) for one in screens]
    tasks += [asyncio.create_task(one.cook()) for one in screens for _ in range(COOKS)]
    try:
        async with asyncio.timeout(LIVE_SECONDS):
            for one in screens:
                await one.follower.live.wait()
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _storeroom(night: Night) -> None:
    """Goods come and are thrown away while they are sold."""
    house, notes = night.house, night.notes
    for step, name, quantity in (
        ("delivery", "Steak", 12),
        ("waste", "Tiramisu", 2),
        ("delivery", "Flour", 5_000),
        ("waste", "Mozzarella", 300),
        ("delivery", "Lager", 24),
        ("waste", "Lager", 1),
    ):
        await asyncio.sleep(1.0)
        body = {"quantity": quantity, "reason": "Friday"}
        await house.manager.post(f"/api/v2/stock/{house.items[name]}/{step}", body)
        notes.shelf[name] += quantity if step == "delivery" else -quantity
        notes.done[step] += 1


async def _quiet(night: Night) -> None:
    """Everything is cooked, every order has heard of its money and has ended, stock has heard of its end."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + QUIET_SECONDS
    night.restless = await _restless(night)
    while night.restless and loop.time() < give_up_at:
        await asyncio.sleep(POLL_SECONDS)
        night.restless = await _restless(night)


async def _restless(night: Night) -> list[str]:
    """What still happens or waits."""
    owner, screens = night.house.owner, night.screens
    restless = [f"display {one.screen.device}" for one in screens if not one.idle]
    restless = restless or [f"order {one['id']}" for one in await _open_orders(owner)]
    if not restless:
        levels = await everything(owner, "/api/v2/stock")
        restless = [f"{one['item_name']}: {one['reserved']} reserved" for one in levels if one["reserved"]]
    if not restless:
        kitchen = await owner.get(f"/api/v2/realtime/snapshot?ch={screens[0].screen.name}")
        seen = [(one.screen.epoch, one.screen.seq) for one in screens]
        restless = [f"screen at {at}" for at in seen if at != (kitchen["e"], kitchen["s"])]
    return restless


async def _open_orders(device: Device) -> list[Json]:
    found: list[Json] = (await device.get(f"/api/v2/orders?limit={PAGE}&state={OPEN_STATES}"))["items"]
    return found


async def everything(device: Device, path: str) -> list[Json]:
    """All pages of a list."""
    mark, found = "&" if "?" in path else "?", list[Json]()
    page = await device.get(f"{path}{mark}limit={PAGE}")
    while True:
        found += page["items"]
        if not page["next_cursor"]:
            return found
        page = await device.get(f"{path}{mark}limit={PAGE}&cursor={page['next_cursor']}")


async def _look(night: Night) -> None:
    owner = night.house.owner
    night.orders = {one["id"]: one for one in await everything(owner, "/api/v2/orders")}
    tickets = await everything(owner, f"/api/v2/kitchen/tickets?state={TICKET_STATES}")
    night.tickets = {one["id"]: one for one in tickets}
    night.levels = {one["item_id"]: one for one in await everything(owner, "/api/v2/stock")}
    night.movements = await everything(owner, "/api/v2/stock/movements")
    night.tables = await everything(owner, "/api/v2/floor/tables")
