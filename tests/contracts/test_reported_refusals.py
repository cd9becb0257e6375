"""What the gateway reports, auth keeps: once, in the chain of the restaurant that it belongs to."""

import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import asyncpg
import grpc
import pytest
from fynlo.auth.v1 import auth_service_pb2 as api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub, add_AuthServiceServicer_to_server
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.audit_chain import verify_chain
from chassis.audit_records import NO_RESTAURANT
from chassis.clock import FakeClock
from chassis.db import Database
from chassis.errors import PermissionDenied, Unauthenticated
from chassis.refusals import flush
from chassis.rpc import Refusals, inbound
from chassis.testing import ModuleDatabases, OpenDatabase
from chassis.testing_rpc import Peer, serving
from gateway.refusals import to_auth
from gateway.services import Services
from services.auth.rpc import AuthRpc
from services.auth.tests import builders


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
            refusals.note(missing, call, method="GET /api/v2/menu")
    refusals.note(Unauthenticated("who?", reason="TOKEN_MISSING"), None, method="GET /", address="192.0.2.7")
    services = cast(Services, SimpleNamespace(auth=AuthServiceStub(peer.channel)))
    refusals.close_minutes(everything=True)
    reports = list(refusals.waiting)
    await flush(refusals, to_auth(services))
    for report in reports:
        await to_auth(services)(report)
    assert await kept(db, somebody.restaurant_id) == [(str(somebody.subject), "gateway", 5)]
    assert await kept(db, None) == [(None, "gateway", 1)]
    owner = await asyncpg.connect(await module_databases.owner_url("auth"))
    try:
        for chain in (somebody.restaurant_id, NO_RESTAURANT):
            assert chain is not None
            assert (await verify_chain(owner, "auth", chain)).broken is None
    finally:
        await owner.close()


async def test_nobody_but_a_service_reports(peer: Peer, db: Database) -> None:
    report = api.ReportRefusalsRequest(request_id="1")
    report.refusals.add(reason="PERMISSION_MISSING", count=1, minute=Timestamp())
    owner = peer.mint.principal(permissions=frozenset({"session.own"}), role="platform_owner")
    before = len(await kept(db, None))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}") as bare:
        token = (("authorization", f"Bearer {peer.mint.token(owner)}"),)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await AuthServiceStub(bare).ReportRefusals(report, metadata=token)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert len(await kept(db, None)) == before
