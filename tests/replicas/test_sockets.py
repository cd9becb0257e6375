"""What one replica does reaches the devices at the other."""

import asyncio
from itertools import cycle

from tests.e2e.shop import Socket, order_body, subscribed
from tests.replicas.house import House, eventually
from tools.api import Device
from tools.chaos.channel_store import ChannelStore
from tools.chaos.sockets import Follower

SECONDS = 60.0
ORDERS_MAX = 40


async def test_an_order_placed_at_either_replica_reaches_displays_on_the_sockets_of_both(
    house: House,
) -> None:
    tills = house.both_ways(await house.people().till())
    screens = [await house.people(door).kitchen() for door in (1, 2)]
    before = await house.served("orders", "PlaceOrder")
    async with (
        asyncio.timeout(SECONDS),
        subscribed(screens[0], "kitchen") as first,
        subscribed(screens[1], "kitchen") as second,
    ):
        placed = []
        for till in cycle(tills):
            placed.append((await till.post("/api/v2/orders", await order_body(till)))["id"])
            now = await house.served("orders", "PlaceOrder")
            served = [after - then for after, then in zip(now, before, strict=True)]
            if all(served):
                break
            assert len(placed) < ORDERS_MAX, f"the replicas placed {served}"
        assert sum(served) == len(placed)
        assert [await accepted(first, len(placed)), await accepted(second, len(placed))] == [placed, placed]


async def accepted(socket: Socket, count: int) -> list[str]:
    """The next orders that a display shows."""
    return [(await socket.event("order.accepted"))["d"]["order_id"] for _ in range(count)]


async def test_a_menu_changed_at_one_gateway_is_soon_shown_by_both(house: House) -> None:
    """Each keeps a copy, which it has read before the change."""
    doors = house.both_ways(await house.people().manager())
    for door in doors:
        await door.get("/api/v2/menu")
    item = await house.counted_item(3)
    for door in doors:

        async def shown(door: Device = door) -> bool:
            menu = await door.get("/api/v2/menu")
            return item["id"] in {one["id"] for category in menu["categories"] for one in category["items"]}

        await eventually(shown)


async def test_a_display_whose_realtime_dies_goes_on_at_the_other_without_a_gap(house: House) -> None:
    till = await house.people().till()
    screen = await house.people(2).kitchen()
    store = ChannelStore(screen.device_id, screen.restaurant_id, "kitchen")
    follower = Follower(screen, store, lambda low, high: low)
    following = asyncio.create_task(follower.run())
    try:
        async with asyncio.timeout(SECONDS):
            await follower.live.wait()
            placed = [(await till.post("/api/v2/orders", await order_body(till)))["id"] for _ in range(3)]
            screen.base_url = house.doors[0].base_url
            assert house.faults.kill("realtime-2")
            placed += [(await till.post("/api/v2/orders", await order_body(till)))["id"] for _ in range(3)]

            async def all_shown() -> bool:
                return set(placed) <= {one.order_id for one in store.applied}

            await eventually(all_shown)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert follower.connections >= 2
    assert follower.resumes >= 1
    assert store.gaps == []
    assert len(store.begun) == 1, "what it has is enough: no second snapshot"
    # Its snapshot may be a moment old: then what was placed just before comes as well.
    accepted_here = [one.order_id for one in store.applied if one.kind == "order.accepted"]
    assert [order_id for order_id in accepted_here if order_id in placed] == placed
