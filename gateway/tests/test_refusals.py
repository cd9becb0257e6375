"""What the gateway refuses by itself is counted, for auth to keep; what a service refuses is not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from chassis.auth import Revocations, TokenVerifier
from chassis.clock import FakeClock
from chassis.rpc import Refusals
from chassis.rpc.refusals import Counted
from gateway.admission import Admission
from gateway.app import build_app, dispatch_of
from gateway.calls import Gateway, Limits
from gateway.edge import Edge
from gateway.limits import Limit, RateLimiter
from gateway.services import Services
from gateway.settings import GatewaySettings
from harness.rpc import TokenMint, keys_for_tests

NOBODY = "127.0.0.1:1"
PEERS = ("auth", "catalog", "orders", "payments", "staff", "realtime", "realtime_socket")


@pytest.fixture
def mint(fake_clock: FakeClock) -> TokenMint:
    return TokenMint(fake_clock)


@pytest.fixture
async def gateway(mint: TokenMint) -> AsyncIterator[Gateway]:
    addresses: dict[str, Any] = {f"{peer}_address": NOBODY for peer in PEERS}
    settings = GatewaySettings(
        **keys_for_tests("gateway"), admin_port=0, gateway_port=0, nats_url="nats://unused", **addresses
    )
    clock = mint.clock
    made = Gateway(
        settings,
        Services(settings),
        TokenVerifier(mint.fetch_keys, clock),
        Revocations(clock),
        RateLimiter(None),
        Limits.of(settings),
        Refusals(clock),
    )
    yield made
    await made.services.close()


async def status(gateway: Gateway, path: str, token: str = "") -> int:
    admission = Admission(address=Limit("address", 1_000, 1_000), requests=10)
    app: Any = Edge(dispatch_of(build_app(gateway)), admission, tls_terminated=False)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    transport = ASGITransport(app=app, client=("192.0.2.7", 1))
    async with AsyncClient(transport=transport, base_url="http://gateway") as client:
        return (await client.get(path, headers=headers)).status_code


def counted(gateway: Gateway) -> list[Counted]:
    gateway.refusals.close_minutes(everything=True)
    return [one for report in gateway.refusals.waiting for one in report.refusals]


async def test_a_person_without_the_permission_is_counted_with_person_and_permission(
    gateway: Gateway, mint: TokenMint
) -> None:
    somebody = mint.principal(permissions=frozenset({"staff.clock"}))
    for _ in range(3):
        assert await status(gateway, "/api/v2/menu", mint.token(somebody)) == 403
    [one] = counted(gateway)
    assert (one.count, one.method) == (3, "GET /api/v2/menu")
    assert (one.refusal.actor, one.refusal.restaurant_id) == (str(somebody.subject), somebody.restaurant_id)
    assert (one.refusal.permission, one.refusal.device_id) == ("menu.read", "test-device")


async def test_who_shows_no_token_or_a_false_one_is_counted_by_address(
    gateway: Gateway, mint: TokenMint, fake_clock: FakeClock
) -> None:
    false = TokenMint(fake_clock, key_id=mint.key_id)
    for token in ("", "", false.token(false.principal())):
        assert await status(gateway, "/api/v2/menu", token) == 401
    found = counted(gateway)
    assert {(one.refusal.reason, one.count) for one in found} == {("TOKEN_MISSING", 2), ("TOKEN_INVALID", 1)}
    assert {(one.refusal.address, one.refusal.actor) for one in found} == {("192.0.2.7", "")}


async def test_what_is_not_refused_for_who_asks_is_not_counted(gateway: Gateway, mint: TokenMint) -> None:
    may = mint.principal(permissions=frozenset({"menu.read", "orders.read"}))
    assert await status(gateway, "/api/v2/orders?limit=0", mint.token(may)) == 422
    assert await status(gateway, "/api/v2/nothing") == 404
    assert counted(gateway) == []
