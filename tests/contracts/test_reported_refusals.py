"""What gateway and realtime report, auth keeps: once, in the chain of the restaurant that it belongs to."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import grpc
import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub, add_AuthServiceServicer_to_server
from fynlo.auth.v1.events_pb2 import SessionsRevoked
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.auth.refusals import flush, to_auth
from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.audit_chain import verify_chain
from chassis.db.audit_records import NO_RESTAURANT
from chassis.errors import PermissionDenied, Unauthenticated
from chassis.ids import new_id
from chassis.messaging.channels import SUBSCRIBE
from chassis.rpc import Refusals, asker_of, inbound
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.rpc import Peer, StandInAuth, TokenMint, serving
from services.auth.rpc.services import AuthRpc
from services.auth.tests import builders
from services.realtime.codes import Close
from services.realtime.tests.running import Running

FLOOD = 20
"""Frames of one connection in a moment that are no flood to the socket's own limit."""


@pytest.fixture
async def db(service_database: OpenDatabase) -> Database:
    return await service_database("auth")


@pytest.fixture
async def peer(db: Database, fake_clock: FakeClock) -> AsyncIterator[Peer]:
    servicer = AuthRpc(builders.context(db))
    async with serving(add_AuthServiceServicer_to_server, servicer, clock=fake_clock) as made:
        yield made


async def kept(db: Database, tenant: UUID | None) -> list[tuple[str | None, object, object]]:
    async with db.transaction(tenant, readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT actor, facts FROM audit_record WHERE event = 'access.refused' ORDER BY seq"
        )
    told = [(row["actor"], json.loads(row["facts"])) for row in rows]
    return [(actor, facts["by"], facts["count"]) for actor, facts in told]


async def test_the_gateways_refusals_are_kept_by_auth(
    peer: Peer, db: Database, fake_clock: FakeClock, module_databases: ModuleDatabases
) -> None:
    refusals, somebody = Refusals(fake_clock), peer.mint.principal()
    missing = PermissionDenied("no", reason="PERMISSION_MISSING", metadata={"permission": "menu.read"})
    with inbound(budget_seconds=9, principal=somebody) as call:
        for _ in range(5):
            refusals.note(missing, asker_of(call), method="GET /api/v2/menu")
    refusals.note(Unauthenticated("who?", reason="TOKEN_MISSING"), None, method="GET /", address="192.0.2.7")
    refusals.close_minutes(everything=True)
    reports = list(refusals.waiting)
    await flush(refusals, to_auth(peer.channel))
    for report in reports:
        await to_auth(peer.channel)(report)
    assert await kept(db, somebody.restaurant_id) == [(str(somebody.subject), "gateway", 5)]
    assert await kept(db, None) == [(None, "gateway", 1)]
    owner = await asyncpg.connect(await module_databases.owner_url("auth"))
    try:
        for chain in (somebody.restaurant_id, NO_RESTAURANT):
            assert chain is not None
            assert (await verify_chain(owner, "auth", chain)).broken is None
    finally:
        await owner.close()


class KeepingAuth(StandInAuth):
    """Knows the keys of the test's tokens; what is reported to it the service itself takes."""

    def __init__(self, mint: TokenMint, db: Database) -> None:
        super().__init__(mint)
        self._service = AuthRpc(builders.context(db))

    async def ReportRefusals(
        self, request: auth_api.ReportRefusalsRequest, context: object
    ) -> auth_api.ReportRefusalsResponse:
        return await self._service.ReportRefusals(request, context)


@pytest.fixture
async def running(nats_url: str, db: Database) -> AsyncIterator[Running]:
    """Realtime with sockets, and auth, each behind its real guard."""
    made = Running(nats_url)
    made.auth = KeepingAuth(made.mint, db)  # type: ignore[abstract]
    async with made:
        yield made


Told = tuple[str | None, str | None, str, str, str]


async def told(running: Running, db: Database, tenant: UUID | None, address: str = "") -> dict[Told, int]:
    """Actor, device, reason, permission, what was asked -> count, as auth has it when realtime has stopped:
    it writes what it still counts.
    """
    await running.service.stop()
    async with db.transaction(tenant, readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT actor, device_id, facts FROM audit_record WHERE event = 'access.refused' ORDER BY seq"
        )
    found: dict[Told, int] = {}
    for row in rows:
        facts = json.loads(row["facts"])
        if (facts["by"], facts["address"]) == ("realtime", address):
            one = (row["actor"], row["device_id"], facts["reason"], facts["permission"], facts["method"])
            found[one] = found.get(one, 0) + facts["count"]
    return found


async def test_a_flood_of_refused_subscriptions_is_told_as_two_numbers_of_one_person(
    running: Running, db: Database
) -> None:
    ada = new_id()
    token = running.token(permissions=frozenset({SUBSCRIBE, "kitchen.read"}), subject=ada)
    # What a client says of its device is not taken for it: it could be another name each time.
    for device_id in ("one", "another"):
        device, _ = await running.hello("kitchen", "orders", token=token, device_id=device_id)
        for number in range(FLOOD):
            await device.send(t="sub", id=number, ch=f"restaurant:{new_id()}:orders")
            assert (await device.next("sub_ok"))["code"] == "forbidden"
    assert await told(running, db, UUID(running.rid)) == {
        (str(ada), None, "PERMISSION_MISSING", "orders.read", "WS sub orders"): 2,
        (str(ada), None, "OTHER_RESTAURANT", "", "WS sub orders"): 2 * FLOOD,
    }


async def test_a_token_that_does_not_hold_is_told_by_the_address_of_its_socket(
    running: Running, db: Database
) -> None:
    ada, address = new_id(), "192.0.2.81"
    token = running.token(subject=ada)
    device, _ = await running.hello("orders", token=token)
    revocation = auth_pb2.Revocation(kind=auth_pb2.REVOCATION_KIND_USER, id=str(ada))
    revocation.valid_after.FromDatetime(running.clock.now())
    message = SessionsRevoked(revocation=revocation).SerializeToString()
    await running.bus.publish(f"fynlo.auth.v1.SessionsRevoked.{running.rid}", message)
    assert (await device.closed())[0] == Close.REVOKED
    for shown in (token, running.token()[:-6] + "AAAAAA"):
        headers = {"X-Forwarded-For": address}
        device, _ = await running.hello("orders", token=shown, additional_headers=headers)
        await device.closed()
    assert await told(running, db, None, address) == {
        (None, None, "TOKEN_REVOKED", "", "WS hello"): 1,
        (None, None, "TOKEN_INVALID", "", "WS hello"): 1,
    }


async def test_whoever_shows_the_token_of_somebody_else_on_an_open_socket_is_named(
    running: Running, db: Database
) -> None:
    ada = new_id()
    device, _ = await running.hello(
        "orders", token=running.token(subject=ada, device_id="till-1"), device_id="till-1"
    )
    await device.send(t="auth", id=2, token=running.token(subject=new_id()))
    assert (await device.closed())[0] == Close.MISMATCH
    assert await told(running, db, UUID(running.rid)) == {
        (str(ada), "till-1", "OTHER_HOLDER", "", "WS auth"): 1,
    }


async def test_nobody_but_a_service_reports(peer: Peer, db: Database) -> None:
    report = auth_api.ReportRefusalsRequest(request_id="1")
    report.refusals.add(reason="PERMISSION_MISSING", count=1, minute=Timestamp())
    owner = peer.mint.principal(permissions=frozenset({"session.own"}), role="platform_owner")
    before = len(await kept(db, None))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}") as bare:
        token = (("authorization", f"Bearer {peer.mint.token(owner)}"),)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await AuthServiceStub(bare).ReportRefusals(report, metadata=token)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert len(await kept(db, None)) == before
