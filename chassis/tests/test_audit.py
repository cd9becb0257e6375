"""An audit says who acted, by a record and a line at every log level, and never what did not happen."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.audit import audit
from chassis.db.audit_chain import verify_chain
from chassis.db.audit_records import FACTS_MAX_BYTES, NO_RESTAURANT
from chassis.ids import new_id
from chassis.rpc import inbound, mark_replayed
from chassis.telemetry.logs import REDACTED, configure_logging
from chassis.tests import probe
from chassis.tests.conftest import OpenProbe, logs_to
from chassis.tests.probe import ThingMade
from harness.fixtures import START
from harness.rpc import TokenMint

REPOSITORY = Path(__file__).resolve().parents[2]
WRITERS = 50


def written(lines: StringIO) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in lines.getvalue().split("\n") if line]
    return [line for line in found if line.get("part") == "audit"]


async def records(admin: asyncpg.Connection, tenant: UUID) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await admin.fetch(
        "SELECT * FROM audit_record WHERE restaurant_id = $1 ORDER BY seq", tenant
    )
    return rows


async def test_a_record_and_its_line_say_who_did_what_where_and_on_which_device(
    db: Database, admin: asyncpg.Connection
) -> None:
    principal = TokenMint(FakeClock(START)).principal(device_id="ipad-7")
    tenant, till = principal.restaurant_id, new_id()
    assert tenant is not None
    with logs_to(StringIO()) as lines, inbound(budget_seconds=9, principal=principal, request_id="req-1"):
        async with db.transaction(tenant) as tx:
            audit(tx, "payments.till_opened", till_session_id=till, opening_float_minor=5000)
    [line], [record] = written(lines), await records(admin, tenant)
    assert (line["event"], line["part"]) == ("payments.till_opened", "audit")
    assert (line["actor"], line["session_id"]) == (str(principal.subject), str(principal.session_id))
    assert (line["device_id"], line["restaurant_id"]) == ("ipad-7", str(tenant))
    assert (line["request_id"], line["till_session_id"]) == ("req-1", str(till))
    assert line["opening_float_minor"] == 5000
    assert (record["event"], record["actor"]) == (line["event"], line["actor"])
    assert (record["device_id"], record["at"]) == ("ipad-7", START)
    assert (record["trace_id"], record["request_id"]) == (line["trace_id"], "req-1")
    assert json.loads(record["facts"]) == {
        "session_id": line["session_id"],
        "till_session_id": str(till),
        "opening_float_minor": 5000,
    }


async def test_no_level_of_the_other_logs_switches_it_off(db: Database) -> None:
    with logs_to(StringIO()) as lines:
        configure_logging("probe", form="json", level="error", stream=lines)
        async with db.transaction(None) as tx:
            audit(tx, "auth.log_in_refused", user_id=None, failures=3)
    assert [line["event"] for line in written(lines)] == ["auth.log_in_refused"]


async def test_a_replayed_answer_is_not_written_down_again(db: Database, admin: asyncpg.Connection) -> None:
    tenant = new_id()
    with logs_to(StringIO()) as lines, inbound(budget_seconds=9):
        async with db.transaction(tenant) as tx:
            audit(tx, "payments.till_opened")
            mark_replayed()
            audit(tx, "payments.till_opened")
    assert len(written(lines)) == len(await records(admin, tenant)) == 1


async def test_what_is_rolled_back_leaves_neither_record_nor_line_nor_gap(
    db: Database, admin: asyncpg.Connection
) -> None:
    tenant = new_id()
    with logs_to(StringIO()) as lines:
        for number in range(3):
            try:
                async with db.transaction(tenant) as tx:
                    audit(tx, "payments.till_opened", number=number)
                    if number == 1:
                        await tx.execute("SELECT 1 / 0")
            except asyncpg.DivisionByZeroError:
                continue
    assert [line["number"] for line in written(lines)] == [0, 2]
    kept = await records(admin, tenant)
    assert [(record["seq"], json.loads(record["facts"])) for record in kept] == [
        (1, {"number": 0}),
        (2, {"number": 2}),
    ]


async def test_a_secret_that_slips_in_is_neither_written_nor_kept(
    db: Database, admin: asyncpg.Connection
) -> None:
    tenant = new_id()
    with logs_to(StringIO()) as lines:
        async with db.transaction(tenant) as tx:
            audit(tx, "auth.logged_in", refresh_token="canary", changes={"password": ["canary", "canary"]})
    [line], [record] = written(lines), await records(admin, tenant)
    assert "canary" not in lines.getvalue() + record["facts"]
    assert line["refresh_token"] == json.loads(record["facts"])["refresh_token"] == REDACTED


async def test_facts_that_are_too_much_for_a_record_are_refused(db: Database) -> None:
    with pytest.raises(ValueError, match="too much"):
        async with db.transaction(None) as tx:
            audit(tx, "auth.settings_changed", changes=["x" * 1_000] * (FACTS_MAX_BYTES // 1_000 + 1))


async def test_an_event_and_its_audit_are_one_round_trip_and_one_fate(
    db: Database, admin: asyncpg.Connection
) -> None:
    tenant = new_id()
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(name="soup"), subject_id="x", channels=["kitchen"])
        audit(tx, "orders.order_cancelled", order_id="x")
    at = await admin.fetchrow(
        "SELECT o.xmin = r.xmin AS together FROM outbox o JOIN audit_record r USING (restaurant_id)"
        " WHERE restaurant_id = $1",
        tenant,
    )
    assert at["together"]


async def test_parallel_writers_of_two_replicas_make_one_chain(
    open_probe: OpenProbe, admin: asyncpg.Connection
) -> None:
    replicas, tenant = [await open_probe(), await open_probe()], new_id()

    async def write(number: int) -> None:
        async with replicas[number % 2].transaction(tenant) as tx:
            if number % 4 == 0:  # others have no channel's lock that would put them in line
                tx.emit(ThingMade(), subject_id=str(number), channels=["kitchen"])
            audit(tx, "orders.order_cancelled", number=number)
            audit(tx, "orders.order_cancelled", number=number, again=True)

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    chain = await verify_chain(admin, probe.SCHEMA, tenant)
    assert (chain.records, chain.broken) == (2 * WRITERS, None)
    numbers = [json.loads(record["facts"])["number"] for record in await records(admin, tenant)]
    assert numbers[::2] == numbers[1::2]
    assert set(numbers) == set(range(WRITERS))


DIES_AT_ITS_LINE = """
import asyncio, os, signal, sys, uuid
import structlog
from chassis.db.audit import audit
from chassis.clock import SystemClock
from chassis.db import Database

def die(logger, method, event):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(url, tenant):
    structlog.configure(processors=[die])
    db = await Database.connect(url, schema="probe", clock=SystemClock())
    async with db.transaction(uuid.UUID(tenant)) as tx:
        audit(tx, "payments.till_opened", float_minor=5000)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_that_dies_before_its_line_has_left_the_record(
    probe_url: str, admin: asyncpg.Connection
) -> None:
    tenant = new_id()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DIES_AT_ITS_LINE, probe_url, str(tenant)),
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'protos' / 'python'}"},
        stdout=PIPE,
    )
    out, _ = await process.communicate()
    assert (process.returncode, out) == (-9, b"")
    assert [record["event"] for record in await records(admin, tenant)] == ["payments.till_opened"]


async def test_what_belongs_to_no_restaurant_has_a_chain_of_its_own(
    db: Database, admin: asyncpg.Connection
) -> None:
    before = len(await records(admin, NO_RESTAURANT))
    async with db.transaction(None) as tx:
        audit(tx, "auth.platform_created")
    assert len(await records(admin, NO_RESTAURANT)) == before + 1
    assert (await verify_chain(admin, probe.SCHEMA, NO_RESTAURANT)).broken is None
