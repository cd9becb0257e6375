"""The operators' list over several services: one order, one cursor, and a service that is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.operations.v1.parked_events_service_pb2_grpc import add_ParkedEventsServiceServicer_to_server
from httpx import ASGITransport, AsyncClient, Response

from chassis.auth import Revocations, TokenVerifier
from chassis.clock import FakeClock
from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.aside import Aside, Backoff, Failed
from chassis.messaging.inbox import Consumer
from chassis.messaging.parked_rpc import ParkedEventsRpc
from chassis.rpc import Refusals
from deploy.access.events import CONSUMES
from gateway.admission import Admission
from gateway.app import build_app, dispatch_of
from gateway.calls import Gateway, Limits
from gateway.edge import Edge
from gateway.limits import Limit, RateLimiter
from gateway.services import CONSUMERS, Services
from gateway.settings import GatewaySettings
from harness.fixtures import OpenDatabase
from harness.rpc import TokenMint, keys_for_tests, serving

NOBODY = "127.0.0.1:1"
PEERS = ("auth", "catalog", "orders", "payments", "staff", "realtime", "realtime_socket")
THERE = ("orders", "staff")
PATH = "/api/v2/platform/parked"
EVENT = RestaurantUpdated.DESCRIPTOR.full_name


class House:
    """A gateway before the orders and the staff service; catalog is away, and payments takes calls and says
    nothing.
    """

    def __init__(self, gateway: Gateway, mint: TokenMint, databases: dict[str, Database]) -> None:
        self.gateway = gateway
        self.databases = databases
        operator = mint.principal(permissions=frozenset({"platform.operate"}), restaurant_id=None)
        self.token = mint.token(operator)

    async def send(self, method: str, path: str, body: Any = None) -> Response:
        admission = Admission(address=Limit("address", 1_000, 1_000), requests=10)
        app: Any = Edge(dispatch_of(build_app(self.gateway)), admission, tls_terminated=False)
        transport = ASGITransport(app=app, client=("192.0.2.7", 1))
        headers = {"authorization": f"Bearer {self.token}"}
        async with AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
            return await client.request(method, path, json=body)

    async def park(self, service: str) -> UUID:
        msg_id = new_id()
        failed = Failed(msg_id, f"{EVENT}.{new_id()}", {}, b"", 8, ValueError("no"), counted=True)
        await Aside(self.databases[service], service, Backoff(max_failures=1)).put(failed)
        return msg_id


@pytest.fixture
async def house(fake_clock: FakeClock, service_database: OpenDatabase) -> AsyncIterator[House]:
    nothing: Any = None
    mint = TokenMint(fake_clock)
    addresses: dict[str, Any] = {f"{peer}_address": NOBODY for peer in PEERS}
    databases = {service: await service_database(service) for service in THERE}

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with AsyncExitStack() as stack:
        silent = await stack.enter_async_context(await asyncio.start_server(say_nothing, "127.0.0.1", 0))
        addresses["payments_address"] = f"127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        for service, db in databases.items():
            servicer = ParkedEventsRpc(Consumer(db, nothing, durable=service, handlers={}))
            register = add_ParkedEventsServiceServicer_to_server
            peer = await stack.enter_async_context(
                serving(register, servicer, clock=fake_clock, mint=mint, service_name=service)
            )
            addresses[f"{service}_address"] = f"127.0.0.1:{peer.server.port}"
        settings = GatewaySettings(
            **keys_for_tests("gateway"), admin_port=0, gateway_port=0, nats_url="nats://unused", **addresses
        )
        gateway = Gateway(
            settings,
            Services(settings),
            TokenVerifier(mint.fetch_keys, fake_clock),
            Revocations(fake_clock),
            RateLimiter(None),
            Limits.of(settings),
            Refusals(fake_clock),
        )
        yield House(gateway, mint, databases)
        await gateway.services.close()


def test_the_operators_list_asks_every_service_that_consumes() -> None:
    assert set(CONSUMERS) == set(CONSUMES)


async def test_pages_of_all_services_hold_everything_once_newest_first(
    house: House, fake_clock: FakeClock
) -> None:
    parked = []
    for number in range(7):
        service = THERE[number % 3 % 2]
        parked.append((service, str(await house.park(service))))
        fake_clock.advance(timedelta(seconds=number % 2))
    for limit in (1, 2, 3, 50):
        found, cursor = [], ""
        while cursor is not None:
            page = (await house.send("GET", f"{PATH}?limit={limit}&cursor={cursor}")).json()
            assert len(page["items"]) <= limit
            found += [(one["service"], one["id"]) for one in page["items"]]
            cursor = page["next_cursor"]
        assert found == parked[::-1], limit


async def test_a_cursor_of_one_services_list_is_refused_by_anothers_and_by_that_of_all(house: House) -> None:
    for service in (*THERE, *THERE):
        await house.park(service)
    for asked, others in (
        (f"service={THERE[0]}", (f"service={THERE[1]}", "")),
        ("", (f"service={THERE[0]}",)),
    ):
        page = (await house.send("GET", f"{PATH}?limit=1&{asked}")).json()
        cursor = page["next_cursor"]
        assert (await house.send("GET", f"{PATH}?cursor={cursor}&{asked}")).status_code == 200
        for other in others:
            refused = await house.send("GET", f"{PATH}?cursor={cursor}&{other}")
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor"), (asked, other)


async def test_a_service_that_is_away_is_named_and_the_others_are_shown(house: House) -> None:
    msg_id = str(await house.park("staff"))
    answer = await house.send("GET", PATH)
    assert answer.status_code == 200
    assert msg_id in [one["id"] for one in answer.json()["items"]]
    parked = {one["service"]: one["parked"] for one in answer.json()["services"]}
    assert set(parked) == set(CONSUMERS)
    assert (parked["catalog"], parked["payments"]) == (None, None)
    assert parked["staff"] >= 1
    assert parked["orders"] is not None
    refused = await house.send("POST", f"{PATH}/catalog/{msg_id}/retry")
    assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
    other = await house.send("GET", f"{PATH}?service=auth")
    assert (other.status_code, other.json()["code"]) == (422, "invalid_query")


async def test_an_event_is_settled_in_the_service_that_parked_it_and_nowhere_else(house: House) -> None:
    msg_id = await house.park("staff")
    reason = {"reason": "it was noted by hand"}
    elsewhere = await house.send("POST", f"{PATH}/orders/{msg_id}/discard", reason)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "parked_event_not_found")
    short = await house.send("POST", f"{PATH}/staff/{msg_id}/discard", {"reason": "x"})
    assert (short.status_code, short.json()["code"]) == (422, "invalid_body")
    blank = await house.send("POST", f"{PATH}/staff/{msg_id}/discard", {"reason": "    "})
    assert (blank.status_code, blank.json()["code"]) == (422, "validation_failed")
    assert (await house.send("GET", f"{PATH}/staff/{msg_id}")).json()["body"] == "{}"
    assert (await house.send("POST", f"{PATH}/staff/{msg_id}/discard", reason)).json() == {}
    gone = await house.send("GET", f"{PATH}/staff/{msg_id}")
    assert (gone.status_code, gone.json()["code"]) == (404, "parked_event_not_found")
