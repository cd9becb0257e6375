import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import asyncpg
import nats
import pytest
import structlog
from nats.aio.client import Client as NatsClient

from chassis.clock import FakeClock
from chassis.db import Database, connection_options, prepare_connection
from chassis.ids import new_id
from chassis.messaging.stream import STREAM, ensure_stream
from chassis.telemetry.logs import configure_logging
from chassis.tests import probe
from harness.fixtures import ModuleDatabases

OpenProbe = Callable[..., Awaitable[Database]]


@pytest.fixture
async def probe_url(module_databases: ModuleDatabases) -> str:
    """The probe's database as its service role."""
    name = await module_databases.name(probe.SCHEMA, probe.build)
    return module_databases.infrastructure.role_url(probe.ROLE, name)


@pytest.fixture
async def open_probe(probe_url: str, fake_clock: FakeClock) -> AsyncIterator[OpenProbe]:
    """Opens the probe's database, as often as a test wants."""
    opened: list[Database] = []

    async def connect(pool_size: int = 5) -> Database:
        database = await Database.connect(
            probe_url, schema=probe.SCHEMA, clock=fake_clock, pool_size=pool_size
        )
        opened.append(database)
        return database

    yield connect
    for database in opened:
        await database.close()


@pytest.fixture
async def db(open_probe: OpenProbe) -> Database:
    """The probe's database with five connections."""
    return await open_probe()


@pytest.fixture
async def durable(nats_client: NatsClient) -> str:
    """A consumer of the test's own on an empty stream."""
    await ensure_stream(nats_client)
    await nats_client.jetstream().delete_stream(STREAM)
    return f"probe-{new_id()}"


@pytest.fixture
async def admin(module_databases: ModuleDatabases, probe_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to the probe's database: sees all rows, ends sessions."""
    assert module_databases.infrastructure.admin_url is not None
    connection = await asyncpg.connect(
        module_databases.infrastructure.admin_url,
        database=await module_databases.name(probe.SCHEMA),
        **connection_options(probe.SCHEMA),
    )
    await prepare_connection(connection)
    yield connection
    await connection.close()


@contextmanager
def logs_to(lines: StringIO, form: str = "json") -> Iterator[StringIO]:
    """Sends what is logged meanwhile to ``lines``."""
    handlers, level = logging.root.handlers, logging.root.level
    configure_logging("probe", form=form, level="info", stream=lines)
    yield lines
    structlog.reset_defaults()
    logging.root.handlers = handlers
    logging.root.setLevel(level)


@pytest.fixture
def log_lines() -> Iterator[StringIO]:
    """What is logged during the test, one JSON object per line."""
    with logs_to(StringIO()) as lines:
        yield lines


async def connect_nats(url: str) -> NatsClient:
    """A client as the services have it: it reconnects for ever, here quickly and silently."""

    async def quiet(_: Exception) -> None:
        """Tests take servers away on purpose."""

    return await nats.connect(
        url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, connect_timeout=1, error_cb=quiet
    )


@pytest.fixture
async def nats_client(nats_url: str) -> AsyncIterator[NatsClient]:
    """A client of this module's NATS."""
    client = await connect_nats(nats_url)
    yield client
    await client.close()
