"""Every statement of a service's store is one that Postgres understands, over the tables as they are."""

import pytest

from harness.fixtures import ModuleDatabases
from harness.statements import refused_statements, statements_of

STATEMENTS_MIN = {"auth": 60, "catalog": 25, "orders": 30, "payments": 30, "staff": 8}
"""As many are found at least: a store whose statements are no constants any more is not passed over."""


@pytest.mark.parametrize("service", STATEMENTS_MIN)
async def test_every_statement_of_the_store_can_be_prepared(
    module_databases: ModuleDatabases, service: str
) -> None:
    statements = statements_of(service)
    assert len(statements) >= STATEMENTS_MIN[service]
    assert await refused_statements(module_databases, service, statements) == {}


async def test_a_statement_that_the_schema_does_not_know_is_told(module_databases: ModuleDatabases) -> None:
    wrong = {"X": "SELECT no_such_column FROM timecard"}
    assert list(await refused_statements(module_databases, "staff", wrong)) == ["X"]
