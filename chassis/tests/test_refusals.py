"""Whoever is refused access leaves a record with a count, however often and whatever they try."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import grpc
import pytest

from chassis.auth.refusals import flush, into
from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.audit_records import NO_RESTAURANT
from chassis.errors import PermissionDenied, Problem, Unauthenticated, Unavailable
from chassis.ids import new_id
from chassis.rpc import Counted, Refusals, Report
from chassis.rpc.refusals import KINDS_MAX, OTHERS
from chassis.tests.rpc_probe import PERMISSION, Probe, Stub, register, request
from harness.fixtures import START
from harness.rpc import TOKEN_LIFE, Peer, serving

FLOOD = 40
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def peer(fake_clock: FakeClock) -> AsyncIterator[Peer]:
    async with serving(register, Probe(), clock=fake_clock) as made:
        yield made


async def told(admin: asyncpg.Connection, chain: UUID) -> list[tuple[str | None, dict[str, object]]]:
    rows = await admin.fetch(
        "SELECT actor, facts FROM audit_record WHERE restaurant_id = $1 AND event = 'access.refused'"
        " ORDER BY seq",
        chain,
    )
    return [(row["actor"], json.loads(row["facts"])) for row in rows]


async def test_a_flood_of_refusals_of_one_person_is_one_record_with_a_count(
    peer: Peer, db: Database, admin: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    with peer.as_user(["staff.read"]) as ada:
        for _ in range(FLOOD):
            with pytest.raises(PermissionDenied):
                await Stub(peer.channel).Guarded(request())
    assert ada.restaurant_id is not None
    await flush(peer.server.refusals, into(db))
    assert await told(admin, ada.restaurant_id) == []  # its minute is not over
    fake_clock.advance(MINUTE)
    await flush(peer.server.refusals, into(db))
    await flush(peer.server.refusals, into(db))
    [(actor, facts)] = await told(admin, ada.restaurant_id)
    assert actor == str(ada.subject)
    assert facts == {
        "by": "probe",
        "reason": "PERMISSION_MISSING",
        "permission": PERMISSION,
        "address": "",
        "method": "fynlo.probe.v1.ProbeService/Guarded",
        "minute": START.isoformat(),
        "count": FLOOD,
    }


async def test_each_person_and_each_minute_has_a_record_of_its_own(
    peer: Peer, db: Database, admin: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    restaurant = new_id()
    for _ in range(2):
        for _ in range(2):
            with peer.as_user([], restaurant_id=restaurant), pytest.raises(PermissionDenied):
                await Stub(peer.channel).Guarded(request())
        fake_clock.advance(MINUTE)
    await flush(peer.server.refusals, into(db))
    found = await told(admin, restaurant)
    assert [facts["count"] for _, facts in found] == [1, 1, 1, 1]
    assert len({actor for actor, _ in found}) == 4
    assert len({facts["minute"] for _, facts in found}) == 2


async def test_who_is_not_known_is_counted_too_and_a_token_that_has_ended_is_not(
    peer: Peer, db: Database, admin: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    before = len(await told(admin, NO_RESTAURANT))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}") as bare:
        for method in ("Guarded", "Guarded", "ServiceOnly"):
            with pytest.raises(grpc.aio.AioRpcError):
                await getattr(Stub(bare), method)(request())
    with peer.as_user([PERMISSION]):
        fake_clock.advance(TOKEN_LIFE + MINUTE)
        with pytest.raises(Unauthenticated):
            await Stub(peer.channel).Guarded(request())
    await flush(peer.server.refusals, into(db), everything=True)
    found = (await told(admin, NO_RESTAURANT))[before:]
    assert {(actor, facts["reason"], facts["count"]) for actor, facts in found} == {
        (None, "TOKEN_MISSING", 2),
        (None, "SERVICE_ONLY", 1),
    }


async def test_what_a_peer_has_refused_is_counted_there_alone(peer: Peer, fake_clock: FakeClock) -> None:
    with peer.as_user([]), pytest.raises(PermissionDenied) as refused:
        await Stub(peer.channel).Guarded(request())
    here = Refusals(fake_clock)
    here.note(refused.value, None, method="GET /menu")
    here.close_minutes(everything=True)
    assert not here.waiting


async def test_a_report_whose_answer_is_lost_is_written_once(
    db: Database, admin: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    refusals, lost = Refusals(fake_clock), [True]
    before = len(await told(admin, NO_RESTAURANT))

    async def write(report: Report) -> None:
        await into(db)(report)
        if lost.pop() if lost else False:
            raise Unavailable("no answer in time")

    refusals.note(PermissionDenied("no"), None, method="GET /menu", address="192.0.2.1")
    await flush(refusals, write, everything=True)
    assert len(refusals.waiting) == 1
    await flush(refusals, write, everything=True)
    assert not refusals.waiting
    found = (await told(admin, NO_RESTAURANT))[before:]
    assert [facts["address"] for _, facts in found] == ["192.0.2.1"]


async def test_a_flood_from_everywhere_is_bounded_and_still_counted(fake_clock: FakeClock) -> None:
    refusals = Refusals(fake_clock)
    written: list[Counted] = []
    problem: Problem = Unauthenticated("who?", reason="TOKEN_INVALID")

    async def write(report: Report) -> None:
        written.extend(report.refusals)

    async def nobody(report: Report) -> None:
        raise Unavailable("auth is away")

    for _ in range(3):
        for number in range(KINDS_MAX + FLOOD):
            refusals.note(problem, None, method="GET /menu", address=f"2001:db8:{number:x}::")
        fake_clock.advance(MINUTE)
        await flush(refusals, nobody)
    await flush(refusals, write, everything=True)
    assert len(written) <= 2 * (KINDS_MAX + 1)
    assert sum(counted.count for counted in written) == 3 * (KINDS_MAX + FLOOD)
    assert OTHERS in {counted.refusal.reason for counted in written}
