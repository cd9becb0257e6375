"""Over a service written to disk for the test: its schema is ``staff``, whose role every installation has."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import services
from chassis.db.migrations import (
    migrations_folder,
    revert_migrations,
    run_migrations,
    schema_differences,
)
from chassis.db.schema_version import BadMigration
from harness.fixtures import Infrastructure

SERVICE = "staff"
FIRST = """
import sqlalchemy as sa
from alembic import op
from chassis.db.migrations import create_chassis_schema, drop_chassis_schema, protect_tenant_table

revision = "0001"
down_revision = None

def upgrade() -> None:
    create_chassis_schema(op, "staff")
    op.create_table("shift", sa.Column("restaurant_id", sa.Uuid(), primary_key=True),
                    sa.Column("name", sa.Text(), primary_key=True), schema="staff")
    protect_tenant_table(op, "staff", "shift")

def downgrade() -> None:
    op.drop_table("shift", schema="staff")
    drop_chassis_schema(op, "staff")
"""
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"

def upgrade() -> None:
    op.add_column("shift", sa.Column("{column}", sa.Text()), schema="staff")

def downgrade() -> None:
    op.drop_column("shift", "{column}", schema="staff")
"""
OWN_ROWS = """
from alembic import op
from chassis.db.migrations import see_own_rows

revision = "0002"
down_revision = "0001"

def upgrade() -> None:
    see_own_rows(op, "staff")

def downgrade() -> None:
    pass
"""
OPERATED = OWN_ROWS.replace("see_own_rows", "operate_parked_events")
NOT_OPERATED = """
DROP TABLE staff.chassis_version;
DROP INDEX staff.inbox_parked_newest;
DROP FUNCTION staff.parked_page, staff.parked_retry, staff.parked_discard;
INSERT INTO staff.inbox VALUES
    ('staff', '00000000-0000-0000-0000-000000000002', 'parked', now(), NULL, 9, 'ValueError()');
INSERT INTO staff.inbox_parked
    (consumer, msg_id, subject, headers, payload, attempts, failures, error, parked_at)
VALUES ('staff', '00000000-0000-0000-0000-000000000002', 'fynlo.auth.v1.RestaurantUpdated.platform', '{}', '',
        9, 9, 'ValueError()', now());
"""
AUDIT = OWN_ROWS.replace("see_own_rows", "keep_audit_records")
WITHOUT_AUDIT = """
DROP TABLE staff.chassis_version;
DROP TABLE staff.audit_record, staff.audit_head;
DROP FUNCTION staff.audit_append, staff.audit_text, staff.audit_refuse_change;
"""
AS_IT_WAS = """
DROP TABLE staff.chassis_version;
DROP INDEX staff.inbox_parked_due;
ALTER TABLE staff.inbox DROP CONSTRAINT inbox_status, DROP COLUMN restaurant_id CASCADE;
ALTER TABLE staff.inbox ADD CONSTRAINT inbox_status CHECK (status IN ('handled', 'parked'));
ALTER TABLE staff.inbox_parked DROP COLUMN restaurant_id CASCADE, DROP COLUMN failures;
ALTER TABLE staff.inbox DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE staff.inbox_parked DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE staff.outbox DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant ON staff.outbox;
DROP POLICY owner ON staff.outbox;
DROP FUNCTION staff.inbox_due, staff.inbox_aside, staff.outbox_page;
DROP FUNCTION staff.chassis_sweep_rows;
INSERT INTO staff.inbox VALUES
    ('staff', '00000000-0000-0000-0000-000000000001', 'handled', now(), now(), 1, NULL),
    ('staff', '00000000-0000-0000-0000-000000000002', 'parked', now(), NULL, 9, 'ValueError()');
INSERT INTO staff.inbox_parked VALUES ('staff', '00000000-0000-0000-0000-000000000002',
    'fynlo.auth.v1.RestaurantUpdated.0195d3c4-0000-7000-8000-00000000000a', '{}', '', 9, 'ValueError()',
    now());
"""
STORE = """
import sqlalchemy as sa
from chassis.db.tables import chassis_tables

metadata = sa.MetaData(schema="staff")
chassis_tables(metadata, "staff")
shift = sa.Table("shift", metadata, sa.Column("restaurant_id", sa.Uuid, primary_key=True),
                 sa.Column("name", sa.Text, primary_key=True), *[sa.Column(name, sa.Text) for name in
                 {columns}])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A package ``services.staff`` that lies elsewhere for the length of the test."""
    package = tmp_path / SERVICE
    (package / "migrations" / "versions").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "migrations" / "env.py").write_text(
        f'from chassis.db.migrations import run_env\n\nrun_env("{SERVICE}")\n'
    )
    write(package, "0001_pre_shifts.py", FIRST)
    kept = {
        name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith(f"services.{SERVICE}")
    }
    services.__path__.insert(0, str(tmp_path))
    importlib.invalidate_caches()
    yield package
    services.__path__.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith(f"services.{SERVICE}")]:
        del sys.modules[name]
    sys.modules.update(kept)


def write(package: Path, name: str, text: str) -> None:
    (package / "migrations" / "versions" / name).write_text(text)


def declare(package: Path, columns: list[str]) -> None:
    (package / "store").mkdir(exist_ok=True)
    (package / "store" / "tables.py").write_text(STORE.format(columns=columns))


def add_later(package: Path, *revisions: tuple[str, str]) -> None:
    for number, (phase, column) in enumerate(revisions, 2):
        text = LATER.format(number=f"{number:04}", before=f"{number - 1:04}", column=column)
        write(package, f"{number:04}_{phase}_{column}.py", text)


@pytest.fixture
async def owner_url(folder: Path, infrastructure: Infrastructure) -> str:
    async def nothing(_: str) -> None:
        """The template stays empty: this test migrates for itself."""

    infrastructure_url = infrastructure.admin_url
    assert infrastructure_url is not None
    return infrastructure.role_url("fynlo_owner", await infrastructure.clone("empty", nothing))


@pytest.fixture(autouse=True)
def postgres(infrastructure: Infrastructure) -> None:
    infrastructure.postgres()


async def execute(owner_url: str, script: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()


async def row_of(owner_url: str, sql: str) -> asyncpg.Record:
    connection = await asyncpg.connect(owner_url)
    try:
        found: asyncpg.Record = await connection.fetchrow(sql)
    finally:
        await connection.close()
    return found


async def columns(owner_url: str) -> list[str]:
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'staff' AND table_name = 'shift' ORDER BY ordinal_position"
        )
    finally:
        await connection.close()
    return [row["column_name"] for row in rows]


async def leftovers(owner_url: str) -> set[str]:
    """Every relation and function in the schema."""
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch(
            "SELECT relname AS name FROM pg_class WHERE relnamespace = 'staff'::regnamespace"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'staff'::regnamespace"
        )
    finally:
        await connection.close()
    return {row["name"] for row in rows}


async def test_the_folder_of_a_service_is_found(folder: Path) -> None:
    assert migrations_folder(SERVICE) == folder / "migrations"
    assert migrations_folder("nosuch") is None


async def test_up_down_up_leaves_nothing_in_between(folder: Path, owner_url: str) -> None:
    await run_migrations(SERVICE, owner_url)
    assert await columns(owner_url) == ["restaurant_id", "name"]
    await revert_migrations(SERVICE, owner_url)
    assert await leftovers(owner_url) == {"alembic_version", "alembic_version_pkc"}
    await run_migrations(SERVICE, owner_url)
    assert await columns(owner_url) == ["restaurant_id", "name"]


async def test_a_schema_that_equals_its_declaration_has_no_differences(folder: Path, owner_url: str) -> None:
    declare(folder, columns=[])
    await run_migrations(SERVICE, owner_url)
    assert await schema_differences(SERVICE, owner_url) == []


async def test_a_column_that_no_migration_makes_is_found(folder: Path, owner_url: str) -> None:
    declare(folder, columns=["forgotten"])
    await run_migrations(SERVICE, owner_url)
    differences = await schema_differences(SERVICE, owner_url)
    assert len(differences) == 1
    assert "add_column" in differences[0]
    assert "forgotten" in differences[0]


async def test_the_pre_phase_stops_before_the_first_pending_post(folder: Path, owner_url: str) -> None:
    await run_migrations(SERVICE, owner_url)
    add_later(folder, ("pre", "two"), ("post", "three"))
    for _ in range(2):
        await run_migrations(SERVICE, owner_url, pre_only=True)
        assert await columns(owner_url) == ["restaurant_id", "name", "two"]
    await run_migrations(SERVICE, owner_url)
    assert await columns(owner_url) == ["restaurant_id", "name", "two", "three"]


async def test_a_pre_behind_a_pending_post_is_refused_and_nothing_is_half_done(
    folder: Path, owner_url: str
) -> None:
    await run_migrations(SERVICE, owner_url)
    add_later(folder, ("pre", "two"), ("post", "three"), ("pre", "four"))
    with pytest.raises(BadMigration, match=r"0004_pre_four .* waits for 0003_post_three"):
        await run_migrations(SERVICE, owner_url, pre_only=True)
    assert await columns(owner_url) == ["restaurant_id", "name"]
    await run_migrations(SERVICE, owner_url)
    assert await columns(owner_url) == ["restaurant_id", "name", "two", "three", "four"]


async def test_a_new_schema_has_no_old_code_to_wait_for(folder: Path, owner_url: str) -> None:
    add_later(folder, ("post", "two"), ("pre", "three"))
    await run_migrations(SERVICE, owner_url, pre_only=True)
    assert await columns(owner_url) == ["restaurant_id", "name", "two", "three"]


@pytest.mark.parametrize("name", ["0001_shifts.py", "0002_pre_shifts.py", "1_pre_shifts.py"])
async def test_a_version_file_that_does_not_say_when_it_runs_is_refused(
    folder: Path, owner_url: str, name: str
) -> None:
    versions = folder / "migrations" / "versions"
    (versions / "0001_pre_shifts.py").rename(versions / name)
    with pytest.raises(BadMigration):
        await run_migrations(SERVICE, owner_url)


@pytest.mark.parametrize("unfinished", [False, True])
async def test_a_schema_from_before_gets_its_policies_and_keeps_what_it_parked(
    folder: Path, owner_url: str, infrastructure: Infrastructure, unfinished: bool
) -> None:
    write(folder, "0002_pre_own_rows.py", OWN_ROWS)
    declare(folder, columns=[])
    await run_migrations(SERVICE, owner_url, to="0001", chassis_to="0001")
    await execute(owner_url, AS_IT_WAS)
    if unfinished:
        # What a concurrent build leaves behind that was cut short.
        await execute(owner_url, "CREATE INDEX inbox_parked_due ON staff.inbox_parked (consumer, retry_at)")
        database = owner_url.rsplit("/", 1)[-1]
        admin = f"{str(infrastructure.admin_url).rsplit('/', 1)[0]}/{database}"
        broken = (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'staff.inbox_parked_due'::regclass"
        )
        await execute(admin, f"SET allow_system_table_mods = on; {broken}")
    await run_migrations(SERVICE, owner_url)
    assert await schema_differences(SERVICE, owner_url) == []
    parked = await row_of(owner_url, "SELECT * FROM staff.parked_page(10, false, NULL, NULL, NULL, NULL)")
    assert (parked["failures"], parked["retry_at"]) == (9, None)
    assert str(parked["restaurant_id"]) == "0195d3c4-0000-7000-8000-00000000000a"
    forced = await row_of(
        owner_url,
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'staff'::regnamespace AND relforcerowsecurity",
    )
    assert forced[0] == 11
    index = await row_of(
        owner_url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'staff.inbox_parked_due'::regclass"
    )
    assert index["indisvalid"]


@pytest.mark.parametrize("there_already", [False, True])
async def test_a_schema_from_before_gets_its_audit_records(
    folder: Path, owner_url: str, there_already: bool
) -> None:
    write(folder, "0002_pre_audit.py", AUDIT)
    declare(folder, columns=[])
    await run_migrations(SERVICE, owner_url, to="0001", chassis_to="0001")
    if not there_already:
        await execute(owner_url, WITHOUT_AUDIT)
        assert await schema_differences(SERVICE, owner_url) != []
    await run_migrations(SERVICE, owner_url)
    assert await schema_differences(SERVICE, owner_url) == []
    kept = await row_of(owner_url, "SELECT tgenabled FROM pg_trigger WHERE tgname = 'audit_kept'")
    assert kept["tgenabled"] == b"O"


async def test_operators_can_settle_what_a_schema_from_before_has_parked(
    folder: Path, owner_url: str
) -> None:
    write(folder, "0002_pre_parked.py", OPERATED)
    declare(folder, columns=[])
    await run_migrations(SERVICE, owner_url, to="0001", chassis_to="0001")
    await execute(owner_url, NOT_OPERATED)
    assert await schema_differences(SERVICE, owner_url) != []
    await run_migrations(SERVICE, owner_url)
    assert await schema_differences(SERVICE, owner_url) == []
    page = "SELECT * FROM staff.parked_page(10, false, NULL, NULL, NULL, NULL)"
    parked = await row_of(owner_url, page)
    discarded = await row_of(
        owner_url, f"SELECT * FROM staff.parked_discard(ARRAY['{parked['msg_id']}'::uuid])"
    )
    assert discarded["subject"] == "fynlo.auth.v1.RestaurantUpdated.platform"
    assert (await row_of(owner_url, "SELECT status FROM staff.inbox"))["status"] == "discarded"
