"""A Postgres of somebody else's: nothing is put into it, and nothing of it changed, that nobody asked for."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local import places
from deploy.local.embedded import free_port
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.tests.test_run import WAIT_SECONDS, Operator


@pytest.fixture
def cluster() -> Iterator[EmbeddedPostgres]:
    """A server that two installations know."""
    folder = places.temporary_folder(places.server_account())
    server = EmbeddedPostgres(folder / "postgres", free_port())
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
def operators() -> Iterator[tuple[Operator, Operator]]:
    """Two people with an installation each."""
    both = tuple(Operator(places.temporary_folder(places.server_account())) for _ in range(2))
    yield both[0], both[1]
    for operator in both:
        for process in operator.started:
            process.terminate()
            process.wait(timeout=WAIT_SECONDS)
            assert process.stdout is not None
            process.stdout.close()


def url_of(cluster: EmbeddedPostgres, database: str) -> str:
    return cluster.url.rpartition("/")[0] + f"/{database}"


async def make_database(cluster: EmbeddedPostgres, name: str) -> None:
    admin = await asyncpg.connect(cluster.url)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()


def can_log_in(url: str) -> bool:
    async def try_it() -> bool:
        try:
            connection = await asyncpg.connect(url)
        except asyncpg.InvalidPasswordError:
            return False
        await connection.close()
        return True

    return asyncio.run(try_it())


def test_two_installations_on_one_cluster_leave_each_other_alone(
    cluster: EmbeddedPostgres, operators: tuple[Operator, Operator]
) -> None:
    first, second = operators
    for name in ("one", "two"):
        asyncio.run(make_database(cluster, name))
    _, told = first.start_up(FYNLO_DATABASE_URL=url_of(cluster, "one"))
    assert "FYNLO_SEED_DEMO=yes" in told
    assert "demo.fynlo.test" not in told
    assert "seed ran" not in first.journal
    owner = first.facts["urls"]["owner_database"]
    assert can_log_in(owner)

    refused = second.start(FYNLO_DATABASE_URL=url_of(cluster, "two"))
    said, _ = refused.communicate(timeout=WAIT_SECONDS)
    assert refused.returncode == 1
    assert "fynlo_owner" in said
    for way_on in ("secrets.json", "FYNLO_RESET_ROLE_PASSWORDS=yes"):
        assert way_on in said
    assert can_log_in(owner)

    second.start_up(FYNLO_DATABASE_URL=url_of(cluster, "two"), FYNLO_RESET_ROLE_PASSWORDS="yes")
    assert can_log_in(second.facts["urls"]["owner_database"])
    assert not can_log_in(owner)


def test_the_secrets_of_the_first_let_a_second_installation_in(
    cluster: EmbeddedPostgres, operators: tuple[Operator, Operator]
) -> None:
    first, second = operators
    for name in ("one", "two"):
        asyncio.run(make_database(cluster, name))
    first.start_up(FYNLO_DATABASE_URL=url_of(cluster, "one"))
    held: Path = first.folder / "secrets.json"
    (second.folder / "secrets.json").write_text(held.read_text())
    _, told = second.start_up(FYNLO_DATABASE_URL=url_of(cluster, "two"), FYNLO_SEED_DEMO="yes")
    assert "owner@demo.fynlo.test" in told
    assert "seed ran" in second.journal
    assert can_log_in(first.facts["urls"]["owner_database"])
