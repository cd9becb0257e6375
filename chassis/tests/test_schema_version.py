"""The chassis' part of a schema: one file changes it for every service. Here it is that of ``staff``."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from chassis.db.ddl import revisions
from chassis.db.migrations import (
    migrated_services,
    revert_chassis,
    revert_migrations,
    run_migrations,
    schema_differences,
)
from chassis.db.schema_version import BadMigration, all_revisions
from chassis.ids import new_id
from harness.fixtures import Infrastructure

SERVICE = "staff"
NEXT = f"{int(all_revisions()[-1].number) + 1:04}"
LAST = all_revisions()[-1].number
PLANTED = """
INDEXES = {"inbox_shelf": "inbox (shelf)"}

def upgrade(schema, role):
    return [f"ALTER TABLE {schema}.inbox ADD COLUMN shelf text NOT NULL DEFAULT 'first'",
            f"CREATE TABLE {schema}.shelf (name text PRIMARY KEY)",
            f"GRANT SELECT ON {schema}.shelf TO {role}"]

def downgrade(schema, role):
    return [f"DROP TABLE {schema}.shelf", f"ALTER TABLE {schema}.inbox DROP COLUMN shelf"]
"""
ROW = "INSERT INTO staff.inbox VALUES ('c', gen_random_uuid(), 'handled', now(), now(), 1)"
SHELVES = "SELECT shelf FROM staff.inbox"
SHELF_INDEX = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('staff.inbox_shelf')"


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Path]:
    """A folder whose files are the chassis' next revisions for the length of the test."""
    before = set(sys.modules)
    revisions.__path__.append(str(tmp_path))
    yield tmp_path
    revisions.__path__.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith(revisions.__name__) and name not in before]:
        del sys.modules[name]


@pytest.fixture
def next_revision(planted: Path) -> str:
    """Its number."""
    (planted / f"{NEXT}_pre_shelves.py").write_text(PLANTED)
    return NEXT


@pytest.fixture(autouse=True)
def postgres(infrastructure: Infrastructure) -> None:
    infrastructure.postgres()


@pytest.fixture
async def owner_url(infrastructure: Infrastructure) -> str:
    async def nothing(_: str) -> None:
        """The template stays empty: these tests migrate for themselves."""

    return infrastructure.role_url("fynlo_owner", await infrastructure.clone("empty", nothing))


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def version(owner: asyncpg.Connection) -> tuple[str, bool]:
    row = await owner.fetchrow("SELECT version, indexed FROM staff.chassis_version")
    return row["version"], row["indexed"]


async def test_every_service_gets_the_newest(owner_url: str, owner: asyncpg.Connection) -> None:
    for service in migrated_services():
        await run_migrations(service, owner_url)
        found = await owner.fetchval(f"SELECT version FROM {service}.chassis_version")
        assert found == LAST
        assert await schema_differences(service, owner_url) == []


async def test_one_file_changes_a_schema_that_is_there_and_one_that_is_not(
    owner_url: str, owner: asyncpg.Connection, next_revision: str
) -> None:
    await run_migrations(SERVICE, owner_url, chassis_to=LAST)
    assert await version(owner) == (LAST, True)
    await owner.execute(ROW)
    await run_migrations(SERVICE, owner_url)
    await run_migrations("catalog", owner_url)
    assert await version(owner) == (next_revision, True)
    assert [row["shelf"] for row in await owner.fetch(SHELVES)] == ["first"]
    assert await owner.fetchval(SHELF_INDEX)
    assert await owner.fetchval("SELECT version FROM catalog.chassis_version") == next_revision
    assert await owner.fetch("SELECT shelf FROM catalog.inbox") == []


async def test_a_schema_of_a_services_last_revision_before_the_version_is_upgraded_with_its_rows(
    owner_url: str, owner: asyncpg.Connection, next_revision: str
) -> None:
    """It counts as the baseline as it is: what it lacks, here a function, it goes on lacking."""
    await run_migrations(SERVICE, owner_url, to="0005", chassis_to="0001")
    await owner.execute("DROP TABLE staff.chassis_version")
    await owner.execute("DROP FUNCTION staff.parked_discard")
    await owner.execute(ROW)
    await run_migrations(SERVICE, owner_url)
    assert await version(owner) == (next_revision, True)
    assert [row["shelf"] for row in await owner.fetch(SHELVES)] == ["first"]
    assert await owner.fetchval("SELECT to_regproc('staff.parked_discard')") is None


async def test_replies_are_found_on_either_side_of_the_revision_that_keeps_them_in_events(
    owner_url: str, owner: asyncpg.Connection
) -> None:
    numbers = [one.number for one in all_revisions()]
    at = next(n for n, one in enumerate(all_revisions()) if one.module.__name__.endswith("replies_in_events"))
    await run_migrations(SERVICE, owner_url, chassis_to=numbers[at - 1])
    commit = (
        "SELECT staff.outbox_commit(now(), ARRAY[$1::text], ARRAY['a'], ARRAY[$2::uuid], ARRAY[$3::bytea],"
        " ARRAY[''], ARRAY[NULL], NULL, $4, $5, 'hash', $6)"
    )
    find = "SELECT stored_hash, stored_reply FROM staff.idempotency_claim($1, 'key')"
    await owner.execute(f"SET app.restaurant_id = '{new_id()}'")
    await owner.fetchval(commit, "t", new_id(), b"of before", "whole", "key", b"of before")
    await run_migrations(SERVICE, owner_url)
    async with owner.transaction():
        event_id = new_id()
        await owner.fetchval(commit, "t", event_id, b"<of now>", None, None, None)
        refer = "SELECT staff.idempotency_refer(now(), 'referred', 'key', 'hash', $1, 2, 6)"
        await owner.fetchval(refer, event_id)
    assert tuple(await owner.fetchrow(find, "whole")) == (b"hash", b"of before")
    assert tuple(await owner.fetchrow(find, "referred")) == (b"hash", b"of now")
    await revert_chassis(SERVICE, owner_url, to=numbers[at - 1])
    assert tuple(await owner.fetchrow(find, "whole")) == (b"hash", b"of before")
    assert tuple(await owner.fetchrow(find, "referred")) == (b"hash", b"of now")
    policies = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'staff.idempotency'::regclass"
    assert await owner.fetchval(policies)
    await run_migrations(SERVICE, owner_url)
    assert tuple(await owner.fetchrow(find, "referred")) == (b"hash", b"of now")


@pytest.mark.parametrize("earlier", ["0001", "0002", "0003", "0004"])
async def test_a_schema_of_any_earlier_revision_is_caught_up(
    owner_url: str, owner: asyncpg.Connection, earlier: str
) -> None:
    await run_migrations(SERVICE, owner_url, to=earlier, chassis_to="0001")
    await owner.execute("DROP TABLE staff.chassis_version, staff.audit_record, staff.audit_head")
    await owner.execute("DROP FUNCTION staff.parked_discard, staff.idempotency_claim_new")
    await owner.execute(ROW)
    await run_migrations(SERVICE, owner_url)
    assert await version(owner) == (LAST, True)
    assert await schema_differences(SERVICE, owner_url) == []
    assert await owner.fetchval("SELECT count(*) FROM staff.inbox") == 1
    assert await owner.fetchval("SELECT to_regproc('staff.idempotency_claim_new')") is not None


async def test_a_change_can_be_taken_back_alone_and_with_all_the_rest(
    owner_url: str, owner: asyncpg.Connection, next_revision: str
) -> None:
    await run_migrations(SERVICE, owner_url)
    await revert_chassis(SERVICE, owner_url, to=LAST)
    assert await version(owner) == (LAST, True)
    assert await schema_differences(SERVICE, owner_url) == []
    await run_migrations(SERVICE, owner_url)
    assert await version(owner) == (next_revision, True)
    await revert_migrations(SERVICE, owner_url)
    left = await owner.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'staff'::regnamespace")
    assert {row["relname"] for row in left} == {"alembic_version", "alembic_version_pkc"}


async def test_a_schema_that_never_had_a_version_can_be_taken_down(
    owner_url: str, owner: asyncpg.Connection
) -> None:
    await run_migrations(SERVICE, owner_url, chassis_to="0001")
    await owner.execute("DROP TABLE staff.chassis_version")
    await revert_migrations(SERVICE, owner_url)
    left = await owner.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'staff'::regnamespace")
    assert {row["relname"] for row in left} == {"alembic_version", "alembic_version_pkc"}


async def test_an_index_that_was_cut_short_is_built_by_the_next_run(
    owner_url: str, owner: asyncpg.Connection, next_revision: str
) -> None:
    await run_migrations(SERVICE, owner_url)
    await owner.execute("DROP INDEX staff.inbox_shelf")
    await owner.execute("UPDATE staff.chassis_version SET indexed = false")
    await run_migrations(SERVICE, owner_url)
    assert await version(owner) == (next_revision, True)
    assert await owner.fetchval(SHELF_INDEX)


async def test_migrations_at_once_take_turns_while_an_index_is_built_concurrently(
    owner_url: str, owner: asyncpg.Connection, next_revision: str
) -> None:
    """Nobody waits in a statement for his turn: the index of another would wait for that statement."""
    await run_migrations(SERVICE, owner_url, chassis_to=LAST)
    await asyncio.gather(*(run_migrations(SERVICE, owner_url) for _ in range(3)))
    assert await version(owner) == (next_revision, True)
    assert await owner.fetchval(SHELF_INDEX)


async def test_before_the_roll_out_nothing_runs_that_is_for_afterwards(
    owner_url: str, owner: asyncpg.Connection, planted: Path
) -> None:
    (planted / f"{NEXT}_post_shelves.py").write_text(PLANTED)
    await run_migrations(SERVICE, owner_url, chassis_to=LAST)
    await run_migrations(SERVICE, owner_url, pre_only=True)
    assert await version(owner) == (LAST, True)
    await run_migrations(SERVICE, owner_url)
    assert await version(owner) == (NEXT, True)


async def test_a_pre_behind_a_pending_post_is_refused_before_the_roll_out(
    owner_url: str, owner: asyncpg.Connection, planted: Path
) -> None:
    await run_migrations(SERVICE, owner_url, chassis_to=LAST)
    (planted / f"{NEXT}_post_shelves.py").write_text(PLANTED)
    (planted / f"{int(NEXT) + 1:04}_pre_more.py").write_text(PLANTED.replace("shelf", "rack"))
    with pytest.raises(BadMigration, match=r"_pre_more .* waits for .*_post_shelves"):
        await run_migrations(SERVICE, owner_url, pre_only=True)
    assert await version(owner) == (LAST, True)


async def test_a_version_that_only_newer_code_knows_is_left_alone(
    owner_url: str, owner: asyncpg.Connection
) -> None:
    await run_migrations(SERVICE, owner_url)
    await owner.execute("UPDATE staff.chassis_version SET version = '9000'")
    await run_migrations(SERVICE, owner_url)
    assert await version(owner) == ("9000", True)


@pytest.mark.parametrize("name", [f"{NEXT}_shelves.py", "9000_pre_shelves.py", "shelves.py"])
async def test_a_file_that_does_not_say_when_it_runs_is_refused(
    owner_url: str, planted: Path, name: str
) -> None:
    (planted / name).write_text(PLANTED)
    with pytest.raises(BadMigration, match="NNNN"):
        await run_migrations(SERVICE, owner_url)
