"""The statements of store/ on the migrated schema."""

from harness.fixtures import ModuleDatabases
from harness.statements import refused_statements, statements_of


async def test_postgres_prepares_every_statement_of_staff(module_databases: ModuleDatabases) -> None:
    statements = statements_of("staff")
    assert "services.staff.store.time_card.CLOSE_CARD" in statements
    assert await refused_statements(module_databases, "staff", statements) == {}


async def test_a_statement_that_the_schema_does_not_know_is_told(module_databases: ModuleDatabases) -> None:
    wrong = {"X": "SELECT no_such_column FROM timecard"}
    assert list(await refused_statements(module_databases, "staff", wrong)) == ["X"]
