"""One sale with mutual TLS between all processes, and nothing but TLS on their ports."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import grpc
import nats
import nats.errors
import pytest
from fynlo.auth.v1.auth_service_pb2 import GetJwksRequest
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub

from harness.tls import Authority
from tests.conftest import People
from tests.e2e.shop import FLOAT_MINOR, open_till, order_body, pay_cash, subscribed
from tests.e2e.test_first_sale import payment_state
from tests.system import SERVICES, System, running_system

SECONDS = 120.0
PROCESSES = (*SERVICES, "gateway", "seed", "nats", "visitor")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the certificates of one installation."""
    return Authority(tmp_path_factory.mktemp("tls"), "installation").folder_for(PROCESSES)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, authority: Path) -> Iterator[System]:
    """A system of these tests' own, which speaks TLS."""
    with running_system(
        tmp_path_factory.mktemp("tls-system") / "data", {"FYNLO_TLS_DIR": str(authority)}
    ) as it:
        yield it


async def test_an_order_is_sold_with_tls_between_all_processes(people: People) -> None:
    till, display = await people.till(), await people.kitchen()
    session = await open_till(till)
    async with asyncio.timeout(SECONDS), subscribed(display, "kitchen") as kitchen:
        order = await till.post("/api/v2/orders", await order_body(till))
        accepted = await kitchen.event("order.accepted", order_id=order["id"])
        for ticket in accepted["d"]["tickets"]:
            await display.post(f"/api/v2/kitchen/tickets/{ticket['id']}/bump", {})
    total = order["totals"]["total_minor"]
    await pay_cash(till, order, session["id"], total)
    assert await payment_state(till, order["id"], "paid") == "paid"
    completed = await till.post(f"/api/v2/orders/{order['id']}/complete", {})
    assert completed["state"] == "done"
    counted = {"counted_minor": FLOAT_MINOR + total}
    closed = await till.post(f"/api/v2/till-sessions/{session['id']}/close", counted)
    assert closed["variance_minor"] == 0


def credentials(folder: Path, process: str | None) -> grpc.ChannelCredentials:
    """Those of ``process``; None: of somebody who has no certificate."""
    authority = (folder / "ca.pem").read_bytes()
    if process is None:
        return grpc.ssl_channel_credentials(authority)
    key, certificate = ((folder / f"{process}.{ending}").read_bytes() for ending in ("key", "pem"))
    return grpc.ssl_channel_credentials(authority, key, certificate)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_grpc_port_hears_nobody_without_a_certificate_of_ours(
    service: str, system: System, authority: Path
) -> None:
    address = f"127.0.0.1:{system.ports[service]}"
    unheard = {"plain": grpc.aio.insecure_channel(address)}
    unheard["nameless"] = grpc.aio.secure_channel(address, credentials(authority, None))
    for way, channel in unheard.items():
        async with channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await AuthServiceStub(channel).GetJwks(GetJwksRequest(), timeout=SECONDS)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE, way
    async with grpc.aio.secure_channel(address, credentials(authority, "visitor")) as channel:
        if service == "auth":
            assert (await AuthServiceStub(channel).GetJwks(GetJwksRequest(), timeout=SECONDS)).jwks_json
        else:
            await asyncio.wait_for(channel.channel_ready(), SECONDS)


async def answer_of(port: int, context: ssl.SSLContext | None) -> bytes:
    """What the socket port says to a request; empty where it hangs up."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(b"GET /api/v2/ws HTTP/1.1\r\nHost: x\r\n\r\n")
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(200), SECONDS)
        writer.close()
    except (OSError, ssl.SSLError):
        return b""
    return answer


async def test_the_port_of_device_sockets_hears_only_the_gateway(system: System, authority: Path) -> None:
    port = system.ports["realtime-socket"]
    context = ssl.create_default_context(cafile=str(authority / "ca.pem"))
    assert not (await answer_of(port, None)).startswith(b"HTTP")
    assert not (await answer_of(port, context)).startswith(b"HTTP")
    context.load_cert_chain(authority / "gateway.pem", authority / "gateway.key")
    assert (await answer_of(port, context)).startswith(b"HTTP")


async def test_nats_wants_a_certificate_beside_the_password(system: System, authority: Path) -> None:
    urls = system.state()["urls"]
    assert isinstance(urls, dict)
    secure = str(urls["nats_orders"])
    assert secure.startswith("tls://")
    context = ssl.create_default_context(cafile=str(authority / "ca.pem"))
    for url, tls in ((secure.replace("tls://", "nats://"), None), (secure, context)):
        with pytest.raises((nats.errors.Error, OSError)):
            await nats.connect(url, tls=tls, allow_reconnect=False, connect_timeout=5)
    context.load_cert_chain(authority / "orders.pem", authority / "orders.key")
    client = await nats.connect(secure, tls=context, allow_reconnect=False)
    await client.close()
