"""What `make migrations` finds."""

import asyncpg
import pytest

from deploy.local.check_migrations import left_behind
from harness.fixtures import Infrastructure

MADE = {
    "CREATE TABLE shop.till (id int)": "relation till",
    "CREATE SEQUENCE shop.numbers": "relation numbers",
    "CREATE FUNCTION shop.ring() RETURNS int LANGUAGE sql AS 'SELECT 1'": "function ring",
    "CREATE TYPE shop.mood AS ENUM ('calm')": "type mood",
}


@pytest.fixture(autouse=True)
def postgres(infrastructure: Infrastructure) -> None:
    infrastructure.postgres()


@pytest.fixture
async def owner_url(infrastructure: Infrastructure) -> str:
    async def nothing(_: str) -> None:
        """The template stays empty."""

    return infrastructure.role_url("fynlo_owner", await infrastructure.clone("empty", nothing))


@pytest.mark.parametrize("statement", MADE)
async def test_what_a_downgrade_forgets_is_found(owner_url: str, statement: str) -> None:
    connection = await asyncpg.connect(owner_url)
    await connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.alembic_version (version_num text)")
    assert await left_behind("shop", owner_url) == []
    await connection.execute(statement)
    await connection.close()
    assert await left_behind("shop", owner_url) == [MADE[statement]]
