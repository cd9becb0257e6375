"""The whole service over real sockets, real NATS and real gRPC."""

import asyncio
from datetime import timedelta

import pytest
from websockets.exceptions import InvalidStatus

from chassis.ids import new_id
from services.realtime.tests.running import PATIENCE_SECONDS, Running


async def test_an_event_reaches_a_device_that_follows_its_channel(running: Running) -> None:
    await running.order()
    device, welcome = await running.hello(running.at("kitchen", 1))
    assert welcome["subs"][0]["st"] == "live"
    assert (await device.next("synced"))["s"] == 1
    order_id = await running.order(number=42)
    frame = (await device.events(1))[0]
    assert (frame["k"], frame["s"], frame["e"], frame["cid"]) == ("order.accepted", 2, "e1", "cmd")
    assert frame["d"]["order_id"] == order_id
    assert frame["d"]["tickets"][0]["state"] == "queued"


async def test_a_resume_brings_exactly_what_was_missed(running: Running) -> None:
    for _ in range(5):
        await running.order()
    device, welcome = await running.hello(running.at("orders", 2))
    assert welcome["subs"][0]["st"] == "resumed"
    assert [frame["s"] for frame in await device.events(3)] == [3, 4, 5]
    assert (await device.next())["t"] == "synced"


async def test_the_owner_replays_what_neither_ring_nor_stream_has(running: Running) -> None:
    for _ in range(5):
        await running.order(publish=False)
    device, welcome = await running.hello(running.at("orders", 1))
    assert welcome["subs"][0]["st"] == "resumed"
    assert [frame["s"] for frame in await device.events(4)] == [2, 3, 4, 5]


async def test_a_hole_in_the_feed_is_healed_in_order(running: Running) -> None:
    await running.order()
    device, _ = await running.hello(running.at("kitchen", 1))
    await running.order(publish=False)
    await running.order(publish=False)
    await running.order()
    assert [frame["s"] for frame in await device.events(3)] == [2, 3, 4]


async def test_another_epoch_is_answered_with_a_snapshot(running: Running) -> None:
    await running.order()
    old = running.at("orders", 1) | {"e": "e0"}
    _, welcome = await running.hello(old)
    assert welcome["subs"][0] == {"ch": running.channel("orders"), "e": "e1", "s": 1, "st": "snapshot"}


async def test_a_log_that_is_gone_is_answered_with_a_snapshot(running: Running) -> None:
    running.owner.first[running.rid, "orders"] = 100
    await running.order(publish=False)
    _, welcome = await running.hello(running.at("orders", 5))
    assert welcome["subs"][0]["st"] == "snapshot"


async def test_while_the_owner_is_away_the_stream_answers(running: Running) -> None:
    for _ in range(4):
        await running.order()
    running.owner.down = True
    await running.service.stop()
    await running.start_service()
    running.engine.hub.channels.clear()
    device, welcome = await running.hello(running.at("orders", 2))
    assert welcome["subs"][0]["st"] == "resumed"
    assert [frame["s"] for frame in await device.events(2)] == [3, 4]


async def test_an_owner_that_is_there_and_cannot_replay_means_a_snapshot(running: Running) -> None:
    for _ in range(4):
        await running.order(publish=False)
    running.owner.broken = True
    _, welcome = await running.hello(running.at("orders", 2))
    assert (welcome["subs"][0]["st"], welcome["subs"][0]["s"]) == ("snapshot", 4)


async def test_an_owner_that_is_away_means_another_try(running: Running) -> None:
    await running.order(publish=False)
    running.owner.down = True
    _, welcome = await running.hello(running.at("orders", 0))
    [entry] = welcome["subs"]
    assert (entry["st"], entry["code"], entry["temp"]) == ("denied", "unavailable", True)
    running.owner.down = False
    device, welcome = await running.hello(running.at("orders", 0))
    assert welcome["subs"][0]["st"] == "resumed"
    assert [frame["s"] for frame in await device.events(1)] == [1]


async def test_a_new_process_is_warm_before_it_takes_devices(running: Running) -> None:
    for _ in range(3):
        await running.order()
    await running.service.stop()
    await running.start_service()
    device, welcome = await running.hello(running.at("kitchen", 0))
    assert welcome["subs"][0]["st"] == "resumed"
    assert [frame["s"] for frame in await device.events(3)] == [1, 2, 3]
    assert running.owner.calls == 0


async def test_another_restaurants_channel_is_denied(running: Running) -> None:
    other = {"ch": f"restaurant:{new_id()}:orders"}
    _, welcome = await running.hello(other)
    assert (welcome["subs"][0]["st"], welcome["subs"][0]["code"]) == ("denied", "forbidden")


async def test_a_missing_permission_denies_its_channel_only(running: Running) -> None:
    token = running.token(permissions=frozenset({"realtime.subscribe", "kitchen.read"}))
    _, welcome = await running.hello("kitchen", "orders", "metrics", token=token)
    assert [entry["st"] for entry in welcome["subs"]] == ["snapshot", "denied", "denied"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"subprotocols": None}, 426),
        ({"subprotocols": ["graphql-ws"]}, 426),
        ({"origin": "https://evil.example"}, 403),
    ],
)
async def test_a_wrong_upgrade_is_refused(running: Running, options: dict[str, object], status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await running.open(**options)
    assert refused.value.response.status_code == status


async def test_a_query_is_refused(running: Running) -> None:
    running.url += "?token=secret"
    with pytest.raises(InvalidStatus) as refused:
        await running.open()
    assert refused.value.response.status_code == 400


async def test_a_browser_token_needs_an_allowed_origin(running: Running) -> None:
    device, frame = await running.hello("orders", token=running.token(client="web"))
    assert (frame["t"], frame["code"]) == ("bye", 4501)
    assert (await device.closed())[0] == 4501
    _, welcome = await running.hello(
        "orders", token=running.token(client="web"), origin="https://till.example"
    )
    assert welcome["t"] == "welcome"


async def test_an_expired_and_a_forged_token_are_told_apart(running: Running) -> None:
    expired = running.token(life=timedelta(seconds=-1), issued_at=running.clock.now() - timedelta(minutes=5))
    device, _ = await running.hello("orders", token=expired)
    assert (await device.closed())[0] == 4401
    forged = running.token()[:-6] + "AAAAAA"
    device, _ = await running.hello("orders", token=forged)
    assert (await device.closed())[0] == 4501


async def test_two_devices_get_the_same_events(running: Running) -> None:
    await running.order()
    devices = [(await running.hello(running.at("orders", 1)))[0] for _ in range(2)]
    await asyncio.gather(*(running.order() for _ in range(10)))
    first, second = [await device.events(10) for device in devices]
    assert first == second
    assert [frame["s"] for frame in first] == list(range(2, 12))


async def test_two_processes_give_the_same_frames_and_share_their_displays(running: Running) -> None:
    await running.order()
    here, _ = await running.hello(running.at("kitchen", 1), kind="kds")
    first_service, first_engine = running.service, running.engine
    await running.start_service()
    there, _ = await running.hello(running.at("kitchen", 1), kind="kds")
    await running.order(number=2)
    assert await here.events(1) == await there.events(1)
    await there.send(t="ack", ack={running.channel("kitchen"): 2})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while first_engine.alarms.waiting(running.rid):  # noqa: ASYNC110 - looks at what has no event
            await asyncio.sleep(0.05)
    assert running.kitchen.reports == []
    await here.close()
    await first_service.stop()


async def test_a_device_that_changes_processes_misses_nothing(running: Running) -> None:
    await running.order()
    device, _ = await running.hello(running.at("orders", 1))
    await running.order()
    assert [frame["s"] for frame in await device.events(1)] == [2]
    first_service = running.service
    await running.start_service()
    await first_service.stop()
    code, bye = await device.closed()
    assert (code, bye is not None and bye["reconnect"]) == (4000, True)
    await running.order()
    device, welcome = await running.hello(running.at("orders", 2))
    assert welcome["subs"][0]["st"] == "resumed"
    assert [frame["s"] for frame in await device.events(1)] == [3]
