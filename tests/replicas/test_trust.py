"""What one replica learns of a person counts at the other: revocations, wrong guesses, rate limits."""

import asyncio
import json
import time
from pathlib import Path

from fynlo.orders.v1.orders_service_pb2 import ListOrdersRequest
from fynlo.orders.v1.orders_service_pb2_grpc import OrdersServiceStub

from chassis.auth import ServiceIdentity
from chassis.clock import SystemClock
from chassis.errors import Problem
from chassis.ids import new_id
from chassis.rpc import inbound, open_channel
from deploy.local.plan import replica_name
from tests.e2e.shop import Socket, subscribed
from tests.replicas.conftest import LOGIN_BURST, LOGIN_PER_SECOND
from tests.replicas.house import NUMBERS, House, eventually
from tools.api import Device

FREE_GUESSES = 5
SECONDS = 60.0
FLOOD = 80
FLOODS_MAX = 40


async def test_a_log_out_at_one_gateway_counts_at_every_replica_and_ends_the_sockets_of_both(
    house: House,
) -> None:
    till = await house.people().till()
    doors = house.both_ways(till)
    async with (
        asyncio.timeout(SECONDS),
        subscribed(doors[0], "orders", kind="ipad") as first,
        subscribed(doors[1], "orders", kind="ipad") as second,
    ):
        assert [await status(door) for door in doors] == [200, 200]
        assert await refusals(house, till) == [None, None]
        await log_out(doors[0])
        assert [await farewell(first), await farewell(second)] == [4502, 4502]
        for door in doors:
            await eventually(lambda door=door: refuses(door))  # type: ignore[misc]
        assert [await status(door) for door in doors * 5] == [401] * 10
        await eventually(lambda: everybody_refuses(house, till))


async def log_out(device: Device) -> None:
    headers = {"Authorization": f"Bearer {device.access_token}"}
    answer = await device.http.post(f"{device.base_url}/api/v2/auth/logout", json={}, headers=headers)
    assert answer.is_success, answer.text


async def status(device: Device) -> int:
    headers = {"Authorization": f"Bearer {device.access_token}"}
    return (await device.http.get(f"{device.base_url}/api/v2/me", headers=headers)).status_code


async def refuses(device: Device) -> bool:
    return await status(device) == 401


async def farewell(socket: Socket) -> int:
    while (frame := await socket.frame())["t"] != "bye":
        pass
    return int(frame["code"])


async def everybody_refuses(house: House, device: Device) -> bool:
    return await refusals(house, device) == ["TOKEN_REVOKED"] * 2


async def refusals(house: House, device: Device) -> list[str | None]:
    """Why each replica of orders refuses the token, asked as the gateway would."""
    keys = json.loads((Path(house.system.data_dir) / "secrets.json").read_text())["service_keys"]
    identity = ServiceIdentity("gateway", keys["gateway"], SystemClock(), peers={})
    found: list[str | None] = []
    for name in ("orders", "orders-2"):
        address = f"127.0.0.1:{house.system.ports[name]}"
        async with open_channel(address, peer="orders", identity=identity) as channel:
            with inbound(budget_seconds=10, token=device.access_token):
                try:
                    await OrdersServiceStub(channel).ListOrders(ListOrdersRequest())
                except Problem as problem:
                    found.append(problem.reason)
                else:
                    found.append(None)
    return found


async def test_wrong_guesses_are_counted_over_both_replicas(house: House) -> None:
    before = await house.served("auth", "LogIn")
    where = "198.51.100.7"
    statuses = [await guess(house, number, where) for number in range(FREE_GUESSES + 3)]
    assert statuses == [401] * FREE_GUESSES + [429] * 3
    served = [now - then for now, then in zip(await house.served("auth", "LogIn"), before, strict=True)]
    assert all(served), f"one replica alone answered: {served}"


async def guess(house: House, number: int, where: str) -> int:
    body = {"email": "owner@second.fynlo.test", "password": "wrong", "device_id": f"dev-{new_id()}"}
    url = f"{house.doors[number % 2].base_url}/api/v2/auth/login"
    answer = await house.http.post(url, json={**body, "client": "ios"}, headers={"X-Forwarded-For": where})
    return answer.status_code


async def test_a_rate_limit_holds_over_both_gateways(house: House) -> None:
    """Whoever asks at both gets no more than at one, but for what a gateway judges alone where the machine is
    too busy for Valkey to answer in time: that it counts.
    """
    began, asked, allowed, where = time.monotonic(), 0, 0, "203.0.113.9"
    alone_before = await judged_alone(house)
    for flood in range(FLOODS_MAX):
        answers = await asyncio.gather(*(knock(house, number, where) for number in range(FLOOD)))
        asked += FLOOD
        allowed += sum(answer != 429 for answer in answers)
        granted = LOGIN_BURST + LOGIN_PER_SECOND * (time.monotonic() - began) + 1
        alone = await judged_alone(house) - alone_before
        assert allowed - alone <= granted, f"{allowed} of {asked} passed, {alone} alone, in flood {flood}"
        if all(answer == 429 for answer in answers[-10:]):
            break
    assert allowed < asked


async def judged_alone(house: House) -> float:
    """How many requests the gateways have judged without Valkey."""
    names = [replica_name("gateway", number) for number in NUMBERS]
    return sum([await house.counted(name, "gateway_rate_local_total") for name in names])


async def knock(house: House, number: int, where: str) -> int:
    """What is counted and then refused for its body: whoever is let in costs so little that a slow machine is
    not slower than what the limit gives back.
    """
    url = f"{house.doors[number % 2].base_url}/api/v2/auth/refresh"
    return (await house.http.post(url, json={}, headers={"X-Forwarded-For": where})).status_code
