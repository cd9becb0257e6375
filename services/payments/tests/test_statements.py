"""Every statement of the store is one that Postgres understands, over the tables as they are."""

from harness.fixtures import ModuleDatabases
from harness.statements import refusals, statements_of

STORE = "services.payments.store"


async def test_every_statement_of_the_store_can_be_prepared(module_databases: ModuleDatabases) -> None:
    assert len(statements_of(STORE)) > 30, "the store's statements are found"
    url = await module_databases.service_url("payments")
    assert await refusals(STORE, url, "payments") == {}
