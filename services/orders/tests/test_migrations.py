from chassis.migrations import revert_migrations, run_migrations, schema_differences
from chassis.testing import ModuleDatabases


async def test_the_migrated_schema_is_the_declared_one_and_can_be_taken_back(
    module_databases: ModuleDatabases,
) -> None:
    url = await module_databases.owner_url("orders")
    assert await schema_differences("orders", url) == []
    await revert_migrations("orders", url)
    await run_migrations("orders", url)
    assert await schema_differences("orders", url) == []
