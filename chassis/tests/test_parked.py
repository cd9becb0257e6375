"""The operators' command, as a process, with the service's URL and with the owner's."""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.aside import Aside, Backoff, Failed
from chassis.tests import probe
from harness.fixtures import ModuleDatabases

REPOSITORY = Path(__file__).resolve().parents[2]


async def command(*words: str, **environment: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FYNLO_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chassis.messaging.parked", *words),
        cwd=REPOSITORY,
        env={**kept, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'protos' / 'python'}", **environment},
        stdout=PIPE,
        stderr=STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def park(db: Database, *, failures: int = 1, kind: str = "fynlo.probe.v1.ThingMade") -> UUID:
    """An event that is parked at its first failure, or waits for its next try."""
    msg_id, subject = new_id(), f"{kind}.{new_id()}"
    failed = Failed(msg_id, subject, {}, b"", 1, ValueError("no soup"), counted=True)
    await Aside(db, "kitchen", Backoff(max_failures=failures)).put(failed)
    return msg_id


async def state(admin: asyncpg.Connection, msg_id: UUID) -> tuple[str, bool, bool]:
    """The inbox's status, whether it is set aside, whether it will be tried again."""
    status = await admin.fetchval("SELECT status FROM inbox WHERE msg_id = $1", msg_id)
    row = await admin.fetchrow("SELECT retry_at FROM inbox_parked WHERE msg_id = $1", msg_id)
    return status, row is not None, row is not None and row["retry_at"] is not None


@pytest.fixture(params=["FYNLO_DATABASE_URL", "FYNLO_OWNER_DATABASE_URL"])
async def url(
    request: pytest.FixtureRequest, module_databases: ModuleDatabases, probe_url: str
) -> dict[str, str]:
    if request.param == "FYNLO_DATABASE_URL":
        return {request.param: probe_url}
    name = await module_databases.name(probe.SCHEMA)
    return {request.param: module_databases.infrastructure.role_url("fynlo_owner", name)}


async def test_the_list_shows_what_is_parked_and_what_waits(db: Database, url: dict[str, str]) -> None:
    parked, waiting = await park(db), await park(db, failures=8)
    code, text = await command("list", **url)
    assert code == 0, text
    first, second = (text[text.index(str(msg_id)) :].splitlines() for msg_id in (parked, waiting))
    assert "kitchen" in first[0]
    assert "parked; 1 tries, 1 failures" in first[1]
    assert "no soup" in first[2]
    assert "tried again at" in second[1]
    assert re.search(r"\d+ parked, \d+ wait for their next try", text)


async def test_a_retry_asks_for_the_named_ones_or_for_all(
    db: Database, url: dict[str, str], admin: asyncpg.Connection
) -> None:
    one, two = await park(db), await park(db)
    code, text = await command("retry", str(one), **url)
    assert (code, text.splitlines()[-1]) == (0, "1 will be tried again")
    assert await state(admin, one) == ("parked", True, True)
    assert await state(admin, two) == ("parked", True, False)
    code, text = await command("retry", "--all", **url)
    assert code == 0, text
    assert await state(admin, two) == ("parked", True, True)
    code, text = await command("retry", **url)
    assert code != 0
    assert "--all" in text


async def test_a_retry_of_a_type_asks_for_no_other(
    db: Database, url: dict[str, str], admin: asyncpg.Connection
) -> None:
    made, broken = await park(db), await park(db, kind="fynlo.probe.v1.ThingBroken")
    code, text = await command("retry", "--type", "fynlo.probe.v1.ThingBroken", **url)
    assert code == 0, text
    assert await state(admin, broken) == ("parked", True, True)
    assert await state(admin, made) == ("parked", True, False)


async def test_what_is_discarded_is_gone_and_stays_without_effect(
    db: Database, url: dict[str, str], admin: asyncpg.Connection
) -> None:
    msg_id = await park(db)
    code, text = await command("discard", str(msg_id), **url)
    assert code != 0
    assert "--reason" in text
    assert await state(admin, msg_id) == ("parked", True, False)
    code, text = await command("discard", str(msg_id), "--reason", "the ticket was made by hand", **url)
    assert (code, text.splitlines()[-1]) == (0, "1 discarded")
    assert await state(admin, msg_id) == ("discarded", False, False)


async def test_what_the_command_did_is_recorded_with_who_ran_it_and_why(
    db: Database, url: dict[str, str], admin: asyncpg.Connection
) -> None:
    msg_id = await park(db)
    await command("retry", str(msg_id), **url)
    await command("discard", str(msg_id), "--reason", "the ticket was made by hand", **url)
    rows = await admin.fetch("SELECT event, actor, facts FROM audit_record ORDER BY seq DESC LIMIT 2")
    told = [(row["event"], row["actor"], json.loads(row["facts"])) for row in reversed(rows)]
    common = {"consumer": "kitchen", "event_id": str(msg_id), "type": "fynlo.probe.v1.ThingMade"}
    assert [event for event, _, _ in told] == ["events.parked_retried", "events.parked_discarded"]
    assert all(actor.startswith("operator:") for _, actor, _ in told)
    for _, _, facts in told:
        assert UUID(facts.pop("event_restaurant_id"))
    assert [facts for _, _, facts in told] == [
        {**common, "events": 1},
        {**common, "reason": "the ticket was made by hand"},
    ]


async def test_without_an_address_the_command_says_what_it_needs() -> None:
    code, text = await command("list")
    assert code != 0
    assert "FYNLO_OWNER_DATABASE_URL" in text
