"""Limits, tokens, revocation and the end, over real sockets."""

import asyncio
import gc
import socket
import time
import weakref
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import events_pb2 as auth_events
from websockets.exceptions import InvalidStatus

from chassis.ids import new_id
from services.realtime.codes import Close
from services.realtime.tests.running import PATIENCE_SECONDS, Device, Running, until

STARVED_TRIES = 3

REFUSALS = 4
"""More than one call retries by itself."""


async def revoke(running: Running, kind: Any, identifier: str, at: datetime) -> None:
    revocation = auth_pb2.Revocation(kind=kind, id=identifier)
    revocation.valid_after.FromDatetime(at)
    message = auth_events.SessionsRevoked(revocation=revocation)
    subject = f"fynlo.auth.v1.SessionsRevoked.{running.rid}"
    await running.bus.publish(subject, message.SerializeToString())


async def test_a_revocation_closes_sockets_within_a_second(running: Running) -> None:
    other, _ = await running.hello("orders")
    took = []
    for _ in range(STARVED_TRIES):
        user = new_id()
        devices = [(await running.hello("orders", token=running.token(subject=user)))[0] for _ in range(5)]
        began = time.monotonic()
        await revoke(running, auth_pb2.REVOCATION_KIND_USER, str(user), datetime.now(UTC))
        assert [(await device.closed())[0] for device in devices] == [4502] * 5
        took.append(time.monotonic() - began)
        if took[-1] < 1.0:
            break
    assert min(took) < 1.0
    await other.send(t="ack")
    await other.quiet(0.1)
    assert other.socket.close_code is None


async def test_a_revoked_token_cannot_come_back(running: Running) -> None:
    user = new_id()
    token = running.token(subject=user)
    device, _ = await running.hello("orders", token=token)
    await revoke(running, auth_pb2.REVOCATION_KIND_USER, str(user), datetime.now(UTC))
    await device.closed()
    device, bye = await running.hello("orders", token=token)
    assert (bye["t"], bye["code"]) == ("bye", 4502)
    _, welcome = await running.hello("orders", token=running.token(subject=user))
    assert welcome["t"] == "welcome"


async def test_a_token_revoked_before_the_start_is_refused_by_the_first_socket(nats_url: str) -> None:
    running = Running(nats_url)
    user = new_id()
    token = running.token(subject=user)
    revocation = auth_pb2.Revocation(kind=auth_pb2.REVOCATION_KIND_USER, id=str(user))
    revocation.valid_after.FromDatetime(datetime.now(UTC))
    running.auth.revocations.append(revocation)
    running.auth.refusals_left = REFUSALS
    async with running:
        _, bye = await running.hello("orders", token=token)
        assert (bye["t"], bye["code"]) == ("bye", 4502)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"binary", 1003),
        (b"x" * 20_000, 1009),
        ("x" * 17_000, 1009),
        ("no json", 4500),
        ('{"t":"hello","v":9,"token":"x"}', 4500),
        ('{"t":"hello","id":1,"v":1,"token":"' + "x" * 9_000 + '"}', 1009),
        ('{"t":"sub","ch":"c"}', 4500),
        ('{"t":"hello","id":1,"v":1,"token":"forged"}', 4501),
    ],
)
async def test_what_breaks_the_protocol_closes_with_its_code(running: Running, data: Any, code: int) -> None:
    device = await running.open()
    await device.socket.send(data)
    assert (await device.closed())[0] == code


async def test_bad_utf_8_closes_with_1007(running: Running) -> None:
    device = await running.open()
    await device.socket.send(b'{"t":"\xff"}', text=True)
    assert (await device.closed())[0] == 1007


async def test_a_message_may_come_in_pieces_up_to_the_limit(running: Running) -> None:
    device = await running.open()
    hello = '{"t":"hello","id":1,"v":1,"token":"' + running.token() + '","subs":[]}'
    await device.socket.send([hello[:10], hello[10:200], hello[200:]])
    assert (await device.next())["t"] == "welcome"
    await device.socket.send(["{" + " " * 9_000, " " * 9_000 + "}"])
    assert (await device.closed())[0] == 1009


async def test_silence_after_the_upgrade_closes_with_4001(running: Running) -> None:
    device = await running.open()
    code, bye = await device.closed()
    assert code == 4001
    assert bye == {"t": "bye", "code": 4001, "reconnect": True, "why": "no_hello"}


async def test_a_flood_closes_with_4008(running: Running) -> None:
    device, _ = await running.hello()
    for _ in range(60):
        await device.socket.send('{"t":"ack"}')
    assert (await device.closed())[0] == 4008


async def test_a_flood_of_websocket_pings_closes_with_4008(running: Running) -> None:
    device, _ = await running.hello()
    for _ in range(60):
        await device.socket.ping()
    assert (await device.closed())[0] == 4008


async def test_a_websocket_ping_is_answered(running: Running) -> None:
    device, _ = await running.hello()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await (await device.socket.ping())


async def test_a_third_socket_of_a_device_replaces_the_first(running: Running) -> None:
    token = running.token()
    first, _ = await running.hello(device_id="till-1", token=token)
    await running.hello(device_id="till-1", token=token)
    _, welcome = await running.hello(device_id="till-1", token=token)
    assert welcome["t"] == "welcome"
    assert (await first.closed())[0] == 4509


async def test_a_full_restaurant_answers_4504(nats_url: str) -> None:
    async with Running(nats_url, connections_per_restaurant=2) as running:
        await running.hello()
        await running.hello()
        device, bye = await running.hello()
        assert bye["code"] == 4504
        assert (await device.closed())[0] == 4504


async def test_too_many_upgrades_are_told_when_to_come_back(nats_url: str) -> None:
    async with Running(nats_url, accepts_per_second=1) as running:
        told = await asyncio.gather(*(running.open() for _ in range(20)), return_exceptions=True)
        refused = [one.response for one in told if isinstance(one, InvalidStatus)]
        assert refused
        assert len(refused) + sum(isinstance(one, Device) for one in told) == 20
        assert {(one.status_code, one.headers["Retry-After"]) for one in refused} == {(429, "2")}


async def test_a_full_process_answers_503(nats_url: str) -> None:
    async with Running(nats_url, connections_max=1) as running:
        await running.open()
        with pytest.raises(InvalidStatus) as refused:
            await running.open()
        assert refused.value.response.status_code == 503


async def test_strangers_of_one_address_are_limited(nats_url: str) -> None:
    async with Running(nats_url, preauth_per_address=2, trusted_proxies=[]) as running:
        await running.open()
        await running.open()
        third = await running.open()
        assert (await third.closed())[0] == 4009


FORGED = (
    ["6.6.6.6, 198.51.100.4"],
    ["6.6.6.7", "198.51.100.4"],
    ["198.51.100.9, 6.6.6.8, 198.51.100.4:4711"],
    ["6.6.6.9, ::ffff:198.51.100.4"],
    ["127.0.0.1, 198.51.100.4, 127.0.0.2"],
)


@pytest.mark.parametrize("lines", FORGED)
async def test_a_stranger_behind_a_proxy_is_counted_by_its_own_address_whatever_it_claims(
    nats_url: str, lines: list[str]
) -> None:
    def said(lines: list[str]) -> dict[str, Any]:
        return {"additional_headers": [("X-Forwarded-For", line) for line in lines]}

    async with Running(nats_url, preauth_per_address=1, trusted_proxies=["127.0.0.0/8"]) as running:
        await running.open(**said(["198.51.100.4"]))
        again = await running.open(**said(lines))
        assert (await again.closed())[0] == 4009
        neighbour, welcome = await running.hello(**said(["198.51.100.5"]))
        assert welcome["t"] == "welcome"
        assert neighbour is not again


async def test_no_event_after_the_token_and_none_lost_over_a_new_one(running: Running) -> None:
    await running.order()
    device, _ = await running.hello(running.at("orders", 1), token=running.token(life=timedelta(seconds=4)))
    assert (await device.next("auth_req"))["in"] <= 4
    await running.order()
    assert (await device.events(1))[0]["s"] == 2
    await asyncio.sleep(4.1)
    await running.order()
    await device.quiet(0.5)
    user = running.engine.hub.sessions
    [identity] = [session.identity for session in user if session.identity is not None]
    assert identity.subject is not None
    fresh = running.token(subject=identity.subject)
    await device.send(t="auth", id=5, token=fresh)
    assert (await device.next("auth_ok"))["id"] == 5
    assert (await device.events(1))[0]["s"] == 3


async def test_a_drain_says_bye_with_a_time_to_come_back(running: Running) -> None:
    devices = [(await running.hello())[0] for _ in range(10)]
    stopping = asyncio.create_task(running.service.stop())
    byes = [await device.closed() for device in devices]
    await stopping
    assert {code for code, _ in byes} == {4000}
    waits = [bye["retry_ms"] for _, bye in byes if bye is not None]
    assert len(waits) == 10
    assert all(0 <= wait <= 5_000 for wait in waits)
    assert len(set(waits)) > 5
    with pytest.raises(OSError, match=r"refused|failed|closed"):
        await running.open()
    await running.start_service()


async def test_a_client_that_never_reads_is_let_go_and_others_do_not_wait(running: Running) -> None:
    await running.stock(1)
    lazy = await never_reading(running)
    honest, _ = await running.hello(running.at("inventory", 1))
    await honest.next("synced")
    reading = asyncio.create_task(honest.events(100))
    for number in range(2, 102):
        await running.stock(number, name="x" * 20_000)
    assert [frame["s"] for frame in await reading] == list(range(2, 102))
    assert len(running.engine.hub.delivery.slow) == 1
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(running.engine.hub.sessions) > 1:
            await asyncio.sleep(0.2)
            await honest.send(t="ack")
    assert not running.engine.hub.delivery.slow
    assert honest.socket.close_code is None
    lazy.close()


async def never_reading(running: Running) -> socket.socket:
    """A raw socket that says hello and then never reads."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.connect(("127.0.0.1", running.engine.sockets.port))
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    raw.sendall(
        f"GET /api/v2/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n"
        "Sec-WebSocket-Protocol: fynlo.rt.v1\r\n\r\n".encode()
    )
    await asyncio.sleep(0.2)
    channel, token = running.channel("inventory"), running.token()
    hello = f'{{"t":"hello","id":1,"v":1,"token":"{token}","subs":[{{"ch":"{channel}","e":"e1","s":1}}]}}'
    raw.sendall(bytes((0x81, 0x80 | 126)) + len(hello).to_bytes(2, "big") + bytes(4) + hello.encode())
    await until(lambda: len(running.engine.hub.sessions) == 1)
    return raw


async def test_an_unseen_ticket_is_reported_to_the_orders_service(running: Running) -> None:
    await running.order()
    display, _ = await running.hello(running.at("kitchen", 1), kind="kds")
    await running.order(number=2)
    [frame] = await display.events(1)
    await until(lambda: bool(running.kitchen.reports))
    [request] = running.kitchen.reports
    [report] = request.tickets
    assert report.ticket_id == frame["d"]["tickets"][0]["id"]
    assert (request.restaurant_id, report.revision, report.cause) == (running.rid, 1, "not_confirmed")
    assert (report.kitchen_epoch, report.kitchen_seq) == (frame["e"], frame["s"])


async def test_an_acknowledged_ticket_is_not_reported(running: Running) -> None:
    await running.order()
    display, _ = await running.hello(running.at("kitchen", 1), kind="kds")
    await running.order(number=2)
    await display.events(1)
    assert running.engine.alarms.waiting(running.rid) == 1
    await display.send(t="ack", ack={running.channel("kitchen"): 2})
    await display.quiet(0.5)
    await until(lambda: running.engine.alarms.waiting(running.rid) == 0)
    assert running.kitchen.reports == []


async def test_a_socket_that_is_gone_leaves_nothing_to_the_garbage_collector(running: Running) -> None:
    await running.order()
    gc.collect()
    gc.disable()
    try:
        left: list[weakref.ref[Any]] = []
        wires: list[weakref.ref[Any]] = []
        for how in ("asked", "dropped", "cut"):
            device, _ = await running.hello(running.at("orders", 0), running.at("kitchen", 0), "inventory")
            [session] = running.engine.hub.sessions
            left.append(weakref.ref(session))
            wires.append(weakref.ref(session.wire))
            if how == "asked":
                await device.close()
            elif how == "dropped":
                running.engine.hub.drop(session, Close.OVERLOAD)
            else:
                session.wire.abort()
            del session
            await until(lambda: not running.engine.hub.sessions)
            del device
        running.devices.clear()
        await until(lambda: not any(one() is not None for one in wires))
        # The timer wheel lets go of a session when its turn comes: a minute from now it has.
        running.engine.hub.tick(asyncio.get_running_loop().time() + 60)
        await until(lambda: not any(one() is not None for one in left))
        assert len(left) == 3
    finally:
        gc.enable()
