"""Audit records: nobody but their function adds one, nobody changes one, and whoever does it all the same is
found out.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.db import Database
from chassis.db.audit import audit
from chassis.db.audit_chain import PAGE_ROWS, verify_chain
from chassis.db.audit_records import FIRST_PREVIOUS, Record, facts_text, framed
from chassis.ids import new_id
from chassis.tests import probe
from harness.fixtures import ModuleDatabases

REPOSITORY = Path(__file__).resolve().parents[2]
MANY = 100_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
FACTS = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT, max_size=5)

EVERY_WAY = [
    "INSERT INTO audit_record SELECT * FROM audit_record",
    "INSERT INTO audit_record SELECT * FROM audit_record ON CONFLICT (restaurant_id, seq)"
    " DO UPDATE SET at = now()",
    "UPDATE audit_record SET actor = 'nobody'",
    "DELETE FROM audit_record",
    "TRUNCATE audit_record",
    "MERGE INTO audit_record USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
    "SELECT * FROM audit_record FOR UPDATE",
    "COPY audit_record FROM '/dev/null'",
    "INSERT INTO audit_head VALUES (gen_random_uuid(), 0, '')",
    "UPDATE audit_head SET seq = 0",
    "DELETE FROM audit_head",
    "TRUNCATE audit_head",
    "ALTER TABLE audit_record DISABLE TRIGGER audit_kept",
    "ALTER TABLE audit_record NO FORCE ROW LEVEL SECURITY",
    "DROP TRIGGER audit_kept ON audit_record",
    "DROP TABLE audit_record",
    "SET LOCAL session_replication_role = 'replica'",
    "CREATE OR REPLACE FUNCTION probe.audit_refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    "SET LOCAL ROLE fynlo_owner",
]


async def tell(db: Database, tenant: UUID, count: int) -> None:
    for number in range(count):
        async with db.transaction(tenant) as tx:
            audit(tx, "payments.drawer_opened", number=number, amount_minor=100 * number)


@pytest.mark.parametrize("statement", EVERY_WAY)
async def test_the_role_of_a_service_can_change_no_record(
    db: Database, admin: asyncpg.Connection, statement: str
) -> None:
    tenant = new_id()
    await tell(db, tenant, 2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(tenant) as tx:
            await tx.execute(statement)
    chain = await verify_chain(admin, probe.SCHEMA, tenant)
    assert (chain.records, chain.broken) == (2, None)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_record SET actor = 'x'", "DELETE FROM audit_record", "TRUNCATE audit_record"]
)
async def test_the_owner_and_the_administrator_are_refused_too_and_told_what_there_is_to_do(
    db: Database, admin: asyncpg.Connection, module_databases: ModuleDatabases, statement: str
) -> None:
    await tell(db, new_id(), 1)
    name = await module_databases.name(probe.SCHEMA)
    owner = await asyncpg.connect(module_databases.infrastructure.role_url("fynlo_owner", name))
    try:
        await owner.execute("SET search_path = probe")
        for connection in (owner, admin):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added") as refused:
                await connection.execute(statement)
            assert "kept for good" in (refused.value.hint or "")
    finally:
        await owner.close()


async def test_a_restaurant_sees_and_lengthens_its_own_chain_only(db: Database) -> None:
    one, two = new_id(), new_id()
    for tenant in (one, two):
        await tell(db, tenant, 1)
    for tenant, seen in ((one, {one}), (new_id(), set())):
        async with db.transaction(tenant, readonly=True) as tx:
            for table in ("audit_record", "audit_head"):
                rows = await tx.fetch(f"SELECT restaurant_id FROM {table}")
                assert {row["restaurant_id"] for row in rows} == seen


# -- what an administrator does to it --------------------------------------------------------------------

SWAP = (
    "UPDATE audit_record SET seq = -seq WHERE restaurant_id = $1 AND seq IN (4, 5);"
    " UPDATE audit_record SET seq = 9 + seq WHERE restaurant_id = $1 AND seq IN (-4, -5)"
)
COPIED = "SELECT restaurant_id, {}, at, event, actor, device_id, facts, trace_id, request_id, {}, hash"
INSERT = f"INSERT INTO audit_record {COPIED.format('seq + 6', 'hash')} FROM audit_record WHERE seq = 4"

TAMPERED = {
    "changed": ("UPDATE audit_record SET facts = '{}' WHERE restaurant_id = $1 AND seq = 4", 4),
    "dated back": (
        "UPDATE audit_record SET at = at - interval '1 us' WHERE restaurant_id = $1 AND seq = 4",
        4,
    ),
    "its actor left out": ("UPDATE audit_record SET actor = '' WHERE restaurant_id = $1 AND seq = 4", 4),
    "deleted": ("DELETE FROM audit_record WHERE restaurant_id = $1 AND seq = 4", 4),
    "deleted at the start": ("DELETE FROM audit_record WHERE restaurant_id = $1 AND seq = 1", 1),
    "deleted at the end": ("DELETE FROM audit_record WHERE restaurant_id = $1 AND seq = 9", 9),
    "all deleted": ("DELETE FROM audit_record WHERE restaurant_id = $1", 1),
    "reordered": (SWAP, 4),
    "inserted at the end": (f"{INSERT} AND restaurant_id = $1", 10),
    "the head taken back": ("UPDATE audit_head SET seq = 8 WHERE restaurant_id = $1", 8),
    "the head removed": ("DELETE FROM audit_head WHERE restaurant_id = $1", 10),
}


async def tamper(admin: asyncpg.Connection, script: str, tenant: UUID) -> None:
    async with admin.transaction():
        await admin.execute("ALTER TABLE audit_record DISABLE TRIGGER audit_kept")
        for statement in script.split(";"):
            await admin.execute(statement, tenant)
        await admin.execute("ALTER TABLE audit_record ENABLE TRIGGER audit_kept")


@pytest.mark.parametrize("how", list(TAMPERED))
async def test_a_record_that_an_administrator_tampers_with_is_found_and_named(
    db: Database, admin: asyncpg.Connection, how: str
) -> None:
    tenant, (script, seq) = new_id(), TAMPERED[how]
    await tell(db, tenant, 9)
    assert (await verify_chain(admin, probe.SCHEMA, tenant)).broken is None
    await tamper(admin, script, tenant)
    broken = (await verify_chain(admin, probe.SCHEMA, tenant)).broken
    assert broken is not None
    assert broken.seq == seq


async def test_a_record_made_to_fit_itself_does_not_fit_its_neighbours(
    db: Database, admin: asyncpg.Connection
) -> None:
    tenant = new_id()
    await tell(db, tenant, 9)
    row = await admin.fetchrow("SELECT * FROM audit_record WHERE restaurant_id = $1 AND seq = 4", tenant)
    forged = Record(**{**dict(row), "facts": '{"amount_minor":1}'})
    change = "UPDATE audit_record SET facts = '{\"amount_minor\":1}', hash = decode('%s', 'hex')"
    script = change % forged.expected_hash(probe.SCHEMA).hex() + " WHERE restaurant_id = $1 AND seq = 4"
    await tamper(admin, script, tenant)
    broken = (await verify_chain(admin, probe.SCHEMA, tenant)).broken
    assert broken is not None
    assert broken.seq == 5


async def command(url: str, *words: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FYNLO_")}
    paths = {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'protos' / 'python'}"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chassis.db.audit_chain", "verify", *words),
        cwd=REPOSITORY,
        env={**kept, **paths, "FYNLO_OWNER_DATABASE_URL": url, "COLUMNS": "200"},
        stdout=PIPE,
        stderr=STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_the_command_says_what_is_broken_and_ends_with_one(
    db: Database, admin: asyncpg.Connection, module_databases: ModuleDatabases
) -> None:
    # A database where nothing else is broken.
    name = await module_databases.infrastructure.clone(probe.SCHEMA, probe.build)
    module_databases.names["whole"] = name
    url = module_databases.infrastructure.role_url("fynlo_owner", name)
    role = module_databases.infrastructure.role_url(probe.ROLE, name)
    whole = await Database.connect(role, schema=probe.SCHEMA, clock=db.clock)
    one, two = new_id(), new_id()
    try:
        for tenant in (one, two):
            await tell(whole, tenant, 3)
    finally:
        await whole.close()
    code, out = await command(url)
    assert (code, out.strip()) == (0, "2 chains, 6 records that fit, 0 chains broken")
    owner = await asyncpg.connect(url)
    try:
        await owner.execute("SET search_path = probe")
        await tamper(owner, "UPDATE audit_record SET event = 'x' WHERE restaurant_id = $1 AND seq = 2", two)
    finally:
        await owner.close()
    code, out = await command(url, probe.SCHEMA, "--heads")
    assert code == 1
    assert f"BROKEN probe, {two}: record 2 x of " in out
    assert f"probe, {one}: 3 records, head " in out
    assert "2 chains, 4 records that fit, 1 chains broken" in out
    code, out = await command(url, "nowhere")
    assert code == 2
    assert "has no audit records" in out


# -- the text that is hashed -----------------------------------------------------------------------------


@given(facts=FACTS)
def test_the_same_facts_have_the_same_text_in_whatever_order_they_come(facts: dict[str, object]) -> None:
    assert facts_text(facts) == facts_text(dict(reversed(facts.items())))


@given(first=st.lists(st.none() | TEXT, max_size=5), second=st.lists(st.none() | TEXT, max_size=5))
def test_different_fields_never_have_the_same_text(first: list[str | None], second: list[str | None]) -> None:
    assert (framed(*first) == framed(*second)) == (first == second)


async def test_python_and_postgres_make_the_same_text_and_hash(admin: asyncpg.Connection) -> None:
    made: list[tuple[Record, list[str | None]]] = []

    @settings(max_examples=200)
    @given(
        st.builds(
            Record,
            restaurant_id=st.uuids(),
            seq=st.integers(1, 2**62),
            at=st.integers(0, 2**52).map(lambda at: EPOCH + timedelta(microseconds=at)),
            event=TEXT,
            actor=st.none() | TEXT,
            device_id=st.none() | TEXT,
            facts=FACTS.map(facts_text),
            trace_id=st.none() | TEXT,
            request_id=st.none() | TEXT,
            previous_hash=st.just(FIRST_PREVIOUS),
            hash=st.just(b""),
        )
    )
    def collect(record: Record) -> None:
        told = [record.event, record.actor, record.device_id]
        made.append((record, [*told, record.facts, record.trace_id, record.request_id]))

    collect()
    for record, fields in made:
        text = await admin.fetchval(
            "SELECT audit_text(ARRAY['probe', $1::uuid::text, $2::bigint::text,"
            " (extract(epoch FROM $3::timestamptz) * 1000000)::bigint::text]"
            " || $4::text[] || ARRAY[encode($5::bytea, 'hex')])",
            *(record.restaurant_id, record.seq, record.at, fields, record.previous_hash),
        )
        assert text == record.hashed_text("probe")


async def test_a_long_chain_is_verified_in_pages(admin: asyncpg.Connection) -> None:
    tenant, batch = new_id(), 5_000
    start = datetime(2026, 3, 2, tzinfo=UTC)
    for number in range(MANY // batch):
        async with admin.transaction():
            await admin.execute("SELECT set_config('app.restaurant_id', $1, true)", str(tenant))
            await admin.execute(
                "SELECT audit_append($1, $2, $3, $3, $4, 'trace', NULL)",
                start + timedelta(microseconds=number),
                ["payments.payment_taken"] * batch,
                ["somebody"] * batch,
                ['{"amount_minor":1250}'] * batch,
            )
    chain = await verify_chain(admin, probe.SCHEMA, tenant)
    assert PAGE_ROWS < MANY
    assert (chain.records, chain.broken) == (MANY, None)
    await tamper(
        admin, "UPDATE audit_record SET actor = 'me' WHERE restaurant_id = $1 AND seq = 99999", tenant
    )
    broken = (await verify_chain(admin, probe.SCHEMA, tenant)).broken
    assert broken is not None
    assert broken.seq == MANY - 1
