"""Row-level security of auth's tables, the migration, and what housekeeping deletes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db.migrations import revert_migrations, run_migrations, schema_differences
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases
from services.auth.domain.session import RefreshTokenInvalid
from services.auth.store import account as accounts
from services.auth.tests.builders import Town, new_town
from services.auth.usecases import housekeeping
from services.auth.usecases import session as sessions

TENANT_TABLES = ("restaurant", "membership", "session")


async def test_tenant_tables_force_row_level_security_and_the_role_cannot_escape(town: Town) -> None:
    async with town.ctx.db.transaction(None) as tx:
        rows = await tx.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r'"
            " AND relrowsecurity AND relforcerowsecurity AND relowner <> current_user::regrole"
        )
        bypasses = await tx.fetchval("SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert set(TENANT_TABLES) <= {row["relname"] for row in rows}
    assert bypasses is False


async def test_every_table_with_a_restaurant_is_a_tenant_table(town: Town) -> None:
    async with town.ctx.db.transaction(None) as tx:
        rows = await tx.fetch(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'auth'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND a.attname = 'restaurant_id' AND NOT c.relforcerowsecurity"
        )
    assert [row["relname"] for row in rows] == []


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_without_a_tenant_and_a_person_no_row_is_seen(town: Town, table: str) -> None:
    await town.restaurant()
    await town.log_in("casa")
    async with town.ctx.db.transaction(None) as tx:
        assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
    async with town.ctx.db.transaction(new_id()) as tx:
        assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_restaurant_sees_and_writes_its_own_rows_only(town: Town, table: str) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    await town.log_in("casa")
    await town.log_in("other")
    async with town.ctx.db.transaction(casa) as tx:
        found = {row["restaurant_id"] for row in await tx.fetch(f"SELECT restaurant_id FROM {table}")}
        assert found == {casa}
        assert await tx.execute(f"UPDATE {table} SET created_at = created_at WHERE true") != "UPDATE 0"
        tag = await tx.execute(f"UPDATE {table} SET created_at = now() WHERE restaurant_id = $1", other)
        assert tag == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with town.ctx.db.transaction(casa) as tx:
            await tx.execute(f"UPDATE {table} SET restaurant_id = $1", other)


async def test_a_person_sees_only_what_concerns_them_and_only_in_that_transaction(town: Town) -> None:
    casa, other = await town.restaurant("Casa"), await town.restaurant("Other")
    mia = await town.member(casa, "mia")
    await town.member(other, "ben")
    for who in ("mia", "ben", "casa"):
        await town.log_in(who)
    foreign = await new_town(town.ctx)
    await foreign.restaurant("Foreign")
    async with town.ctx.db.transaction(None) as tx:
        await accounts.begin_as(tx, mia)
        memberships = await tx.fetch("SELECT user_id FROM membership")
        restaurants = await tx.fetch("SELECT restaurant_id FROM restaurant")
        own_sessions = await tx.fetch("SELECT user_id FROM session")
        changed = await tx.execute("UPDATE membership SET role = 'restaurant_owner'")
    assert [row["user_id"] for row in memberships] == [mia]
    assert [row["restaurant_id"] for row in restaurants] == [casa]
    assert {row["user_id"] for row in own_sessions} == {mia}
    assert changed == "UPDATE 0"
    async with town.ctx.db.transaction(None) as tx:
        await accounts.begin_as(tx, town.owner_id)
        rows = await tx.fetch("SELECT restaurant_id FROM restaurant")
    assert {row["restaurant_id"] for row in rows} == {casa, other}
    for _ in range(30):  # every connection of the pool, also the one that was Mia's
        async with town.ctx.db.transaction(None) as tx:
            assert await tx.fetchval("SELECT count(*) FROM membership") == 0


async def test_the_role_can_neither_delete_sessions_nor_read_other_schemas_passwords(town: Town) -> None:
    for statement in ("DELETE FROM session", "DELETE FROM user_account", "TRUNCATE refresh_token"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with town.ctx.db.transaction(None) as tx:
                await tx.execute(statement)


async def test_housekeeping_deletes_what_nobody_can_need_and_nothing_else(
    town: Town, fake_clock: FakeClock
) -> None:
    await town.restaurant()
    old = await town.log_in("casa")
    await sessions.log_out(town.ctx, await town.caller(old), everywhere=False)
    fake_clock.advance(timedelta(days=20))
    young = await town.log_in("casa")
    fake_clock.advance(timedelta(days=18))
    assert await housekeeping.sweep(town.ctx) >= 2
    assert await housekeeping.sweep(town.ctx) == 0
    async with town.ctx.db.transaction(None) as tx:
        await accounts.begin_as(tx, old.standing.user.id)
        assert await tx.fetchval("SELECT count(*) FROM session") == 1
    assert await sessions.list_revocations(town.ctx.db) == []
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(town.ctx, old.refresh_token, "")
    await sessions.refresh(town.ctx, young.refresh_token, "")


async def test_the_schema_is_what_the_tables_say_and_can_be_taken_back(
    module_databases: ModuleDatabases,
) -> None:
    owner_url = await module_databases.owner_url("auth")
    assert await schema_differences("auth", owner_url) == []
    await revert_migrations("auth", owner_url)
    await run_migrations("auth", owner_url)
    assert await schema_differences("auth", owner_url) == []


async def test_sessions_that_a_switch_left_behind_end_with_the_migration_and_no_others(
    module_databases: ModuleDatabases,
) -> None:
    owner_url = await module_databases.owner_url("auth")
    await run_migrations("auth", owner_url)
    await revert_migrations("auth", owner_url, to="0002")
    connection = await asyncpg.connect(owner_url)
    kept: set[UUID] = set()
    try:
        person, log_in = new_id(), datetime(2026, 3, 2, 12, tzinfo=UTC)
        await connection.execute(
            "INSERT INTO auth.user_account (id, email, name, password_hash, created_at)"
            " VALUES ($1, $2, 'Mia', 'x', $3)",
            *(person, f"{person}@example.test", log_in),
        )
        await connection.execute("SELECT set_config('app.user_id', $1, false)", str(person))
        for minutes, end, device in (
            (0, 30, "ipad"),
            (1, 30, "ipad"),
            (2, 30, "ipad"),
            (0, 31, "ipad"),
            (0, 30, "kds"),
        ):
            session = new_id()
            await connection.execute(
                "INSERT INTO auth.session (id, user_id, client, device_id, created_at, expires_at)"
                " VALUES ($1, $2, 'ios', $3, $4, $5)",
                *(session, person, device, log_in + timedelta(minutes=minutes), log_in + timedelta(days=end)),
            )
            if minutes in (0, 2) and (minutes, end, device) != (0, 30, "ipad"):
                kept.add(session)
        await run_migrations("auth", owner_url)
        rows = await connection.fetch(
            "SELECT id FROM auth.session WHERE user_id = $1 AND ended_at IS NULL", person
        )
    finally:
        await connection.close()
    assert {row["id"] for row in rows} == kept
    assert len(kept) == 3
