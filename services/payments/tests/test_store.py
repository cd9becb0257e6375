"""What the database itself refuses, whatever the code does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.migrations import revert_migrations, run_migrations, schema_differences
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases, OpenDatabase
from services.payments.domain.errors import ZReportTampered
from services.payments.tests.world import World, world_of
from services.payments.usecases.report import get_z_report, verify_z_reports

APPEND_ONLY = ["payment", "ledger_transaction", "ledger_entry", "drawer_event", "z_report"]
TENANT_TABLES = [*APPEND_ONLY, "restaurant", "bill", "till_session", "z_counter"]
ROLE = "fynlo_payments"

INSERT_TRANSACTION = """
INSERT INTO ledger_transaction (restaurant_id, id, kind, business_date, created_at, actor_id)
VALUES ($1, $2, 'drop', '2026-03-02', now(), $2)
"""
INSERT_ENTRY = """
INSERT INTO ledger_entry (restaurant_id, transaction_id, position, account, currency_code, debit_minor,
    credit_minor, business_date) VALUES ($1, $2, $3, 'safe', $4, $5, $6, '2026-03-02')
"""


@dataclass
class Traded:
    """A restaurant with one of everything."""

    world: World
    owner_url: str

    async def as_owner(self, sql: str, *args: object) -> Any:
        """Runs a statement as the owner of the schema, inside this tenant."""
        owner = await asyncpg.connect(self.owner_url)
        try:
            async with owner.transaction():
                await owner.execute(f"SET LOCAL app.restaurant_id = '{self.world.restaurant_id}'")
                await owner.execute("SET LOCAL search_path = payments")
                return await owner.execute(sql, *args)
        finally:
            await owner.close()


@pytest.fixture
async def traded(
    service_database: OpenDatabase, module_databases: ModuleDatabases, fake_clock: FakeClock
) -> AsyncIterator[Traded]:
    async with world_of(await service_database("payments"), fake_clock) as world:
        till = await world.open_till()
        await world.pay(world.order(1000), tendered=2000)
        await world.close(till, 6000)
        yield Traded(world, await module_databases.owner_url("payments"))


async def enter(db: Database, tenant: UUID, *entries: tuple[str, int, int], of: UUID | None = None) -> UUID:
    """Writes entries past the domain."""
    transaction_id = of or new_id()
    async with db.transaction(tenant) as tx:
        if of is None:
            await tx.execute(INSERT_TRANSACTION, tenant, transaction_id)
        for position, (currency, debit, credit) in enumerate(entries, 1 if of is None else 10):
            await tx.execute(INSERT_ENTRY, tenant, transaction_id, position, currency, debit, credit)
    return transaction_id


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET restaurant_id = restaurant_id", "DELETE FROM {}", "TRUNCATE {}"]
)
async def test_money_facts_cannot_be_changed(traded: Traded, table: str, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        async with traded.world.db.transaction(traded.world.restaurant_id) as tx:
            await tx.execute(statement.format(table))
    cascade = " CASCADE" if statement.startswith("TRUNCATE") else ""
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await traded.as_owner(statement.format(table) + cascade)


async def test_a_balanced_transaction_is_accepted_and_an_unbalanced_one_refused(traded: Traded) -> None:
    db, tenant = traded.world.db, traded.world.restaurant_id
    written = await enter(db, tenant, ("GBP", 100, 0), ("GBP", 0, 60), ("GBP", 0, 40))
    for wrong in (
        [("GBP", 100, 0), ("GBP", 0, 99)],
        [("GBP", 100, 0)],
        [("GBP", 100, 0), ("EUR", 0, 100)],
        [],
    ):
        with pytest.raises(asyncpg.CheckViolationError, match="not balanced"):
            await enter(db, tenant, *wrong)
    with pytest.raises(asyncpg.CheckViolationError, match="not balanced"):
        await enter(db, tenant, ("GBP", 1, 0), of=written)
    assert (
        await traded.world.fetchval("SELECT count(*) FROM ledger_entry WHERE transaction_id = $1", written)
        == 3
    )


@pytest.mark.parametrize(("debit", "credit"), [(0, 0), (5, 5), (-5, 0)])
async def test_an_entry_has_one_side(traded: Traded, debit: int, credit: int) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="ledger_entry_one_side"):
        await enter(traded.world.db, traded.world.restaurant_id, ("GBP", debit, credit))


async def test_an_entry_needs_its_transaction(traded: Traded) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await enter(traded.world.db, traded.world.restaurant_id, ("GBP", 5, 0), ("GBP", 0, 5), of=new_id())


async def test_leaving_the_tenant_before_the_commit_does_not_hide_an_imbalance(traded: Traded) -> None:
    tenant, transaction_id = traded.world.restaurant_id, new_id()
    with pytest.raises(asyncpg.CheckViolationError, match="not balanced"):
        async with traded.world.db.transaction(tenant) as tx:
            await tx.execute(INSERT_TRANSACTION, tenant, transaction_id)
            await tx.execute(INSERT_ENTRY, tenant, transaction_id, 1, "GBP", 100, 0)
            await tx.execute("SELECT set_config('app.restaurant_id', $1, true)", str(new_id()))


async def test_a_session_cannot_be_opened_past_the_code(traded: Traded) -> None:
    await traded.world.open_till("Front")
    with pytest.raises(asyncpg.UniqueViolationError, match="till_session_one_open"):
        async with traded.world.db.transaction(traded.world.restaurant_id) as tx:
            await tx.execute(
                "INSERT INTO till_session (restaurant_id, id, till, state, currency_code, business_date,"
                " opened_at, opening_float_minor, expected_minor, opened_by_id, opened_by_name,"
                " opened_by_device) VALUES ($1, $2, 'Front', 'opening', 'GBP', '2026-03-02', now(), 0, 0,"
                " $2, '', '')",
                traded.world.restaurant_id,
                new_id(),
            )


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_another_tenant_sees_and_touches_nothing(traded: Traded, table: str) -> None:
    db = traded.world.db
    assert await traded.world.fetchval(f"SELECT count(*) FROM {table}") > 0
    for tenant in (new_id(), None):
        async with db.transaction(tenant) as tx:
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with db.transaction(new_id()) as tx:
            await tx.execute(INSERT_TRANSACTION, traded.world.restaurant_id, new_id())


async def test_every_table_of_the_schema_is_protected(traded: Traded) -> None:
    unprotected = await traded.world.fetchval(
        "SELECT array_agg(relname::text) FROM pg_class"
        " JOIN information_schema.columns ON table_name = relname AND table_schema = 'payments'"
        " AND column_name = 'restaurant_id'"
        " WHERE relnamespace = 'payments'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert unprotected is None


async def test_a_report_altered_by_a_superuser_is_noticed(
    traded: Traded, module_databases: ModuleDatabases
) -> None:
    world = traded.world
    assert await verify_z_reports(world.db, world.restaurant_id) == 1
    admin_url = module_databases.infrastructure.postgres()
    database = module_databases.names["payments"]
    admin = await asyncpg.connect(admin_url, database=database)
    try:
        async with admin.transaction():
            await admin.execute("SET LOCAL session_replication_role = replica")
            done = await admin.execute(
                "UPDATE payments.z_report"
                " SET content = replace(content, '\"net_minor\":1000', '\"net_minor\":900')"
                " WHERE restaurant_id = $1",
                world.restaurant_id,
            )
    finally:
        await admin.close()
    assert done == "UPDATE 1"
    with pytest.raises(ZReportTampered):
        await verify_z_reports(world.db, world.restaurant_id)
    with pytest.raises(ZReportTampered):
        await get_z_report(world.db, world.restaurant_id, 1)


async def test_reports_missing_at_the_end_are_noticed(
    traded: Traded, module_databases: ModuleDatabases
) -> None:
    world = traded.world
    await world.close(await world.open_till(), 5000)
    admin = await asyncpg.connect(
        module_databases.infrastructure.postgres(), database=module_databases.names["payments"]
    )
    try:
        async with admin.transaction():
            await admin.execute("SET LOCAL session_replication_role = replica")
            await admin.execute(
                "DELETE FROM payments.z_report WHERE restaurant_id = $1 AND number = 2", world.restaurant_id
            )
    finally:
        await admin.close()
    with pytest.raises(ZReportTampered):
        await verify_z_reports(world.db, world.restaurant_id)


async def test_the_tables_are_as_declared_and_migrations_go_both_ways(
    module_databases: ModuleDatabases,
) -> None:
    owner_url = await module_databases.owner_url("payments")
    assert await schema_differences("payments", owner_url) == []
    await revert_migrations("payments", owner_url)
    await run_migrations("payments", owner_url)
    assert await schema_differences("payments", owner_url) == []
