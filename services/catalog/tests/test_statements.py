"""Every statement of the store is one that Postgres understands, over the tables as they are."""

from harness.fixtures import ModuleDatabases
from harness.statements import refused_statements, statements_of


async def test_every_statement_of_the_store_can_be_prepared(module_databases: ModuleDatabases) -> None:
    statements = statements_of("catalog")
    assert len(statements) > 25, "the store's statements are found"
    assert await refused_statements(module_databases, "catalog", statements) == {}
