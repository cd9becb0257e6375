"""The pytest plugin of the whole repository: real Postgres, NATS and Valkey for whoever asks for them.

Servers start when the first test needs one. Under xdist the controller starts one Postgres for all workers,
and every worker its own NATS and Valkey. FYNLO_DATABASE_URL (an administrator's), FYNLO_NATS_URL and
FYNLO_REDIS_URL replace the embedded ones; tests then create databases beside yours and DELETE the stream
FYNLO_EVENTS, so point them at servers for tests only, and run without xdist when NATS is replaced.

Each service has a template database, migrated once per run; a test module gets a copy of its own. Tests of
one module share it and keep apart by using a restaurant each.
"""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg
import nats
import pytest
from google.protobuf import symbol_database
from google.protobuf.message import Message
from nats.js.errors import NotFoundError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.clock import Clock, FakeClock
from chassis.db import Database, connection_options, prepare_connection
from chassis.db.migrations import run_migrations
from chassis.messaging.stream import STREAM
from deploy.local import places, provision
from deploy.local.embedded import EmbeddedNats, EmbeddedServer, EmbeddedValkey, free_port
from deploy.local.postgres import EmbeddedPostgres
from harness.outbox import NUMBER

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Where the fake clock begins: a Monday noon, outside summer time."""
TEMPLATE_LOCK = 0x74706C
POOL_SIZE = 5
SERVER_ATTEMPTS = 3

Build = Callable[[str], Awaitable[None]]
M = TypeVar("M", bound=Message)


class TestServers(BaseSettings):
    """Servers that replace the embedded ones."""

    __test__ = False
    model_config = SettingsConfigDict(env_prefix="FYNLO_", extra="ignore")
    database_url: str | None = None
    nats_url: str | None = None
    redis_url: str | None = None


@dataclass(slots=True)
class Infrastructure:
    """The servers of this process and the databases made on Postgres in this run."""

    run_id: str
    passwords: dict[str, str]
    admin_url: str | None
    nats_url: str | None
    redis_url: str | None
    _started: list[tuple[EmbeddedServer, Path]] = field(default_factory=list)

    def postgres(self) -> str:
        """An administrator's URL. Call outside a running event loop, as all that start servers."""
        self.admin_url = self.admin_url or self._start(EmbeddedPostgres)
        return self.admin_url

    def nats(self) -> str:
        """The NATS of this process."""
        self.nats_url = self.nats_url or self._start(EmbeddedNats)
        return self.nats_url

    def redis(self) -> str:
        """The Valkey of this process."""
        self.redis_url = self.redis_url or self._start(EmbeddedValkey)
        return self.redis_url

    def stop(self) -> None:
        """Ends every server that this process started and removes its data."""
        for server, folder in self._started:
            asyncio.run(server.stop())
            shutil.rmtree(folder, ignore_errors=True)
        self._started.clear()

    def role_url(self, role: str, database: str) -> str:
        """How ``role`` reaches ``database``."""
        assert self.admin_url is not None
        return _with_login(self.admin_url, role, self.passwords[role], database)

    async def clone(self, name: str, build: Build) -> str:
        """The name of a new database, copied from a template that ``build(owner_url)`` fills once per run."""
        assert self.admin_url is not None
        template, clone = (
            f"fynlo_test_{self.run_id}_{name}",
            f"fynlo_test_{self.run_id}_{secrets.token_hex(6)}",
        )
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK)
            if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", template):
                unfinished = f"{template}_{secrets.token_hex(4)}"
                await provision.provision(self.admin_url, unfinished, self.passwords)
                await build(self.role_url(provision.OWNER_ROLE, unfinished))
                await admin.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{template}"')
            await admin.execute(
                f'CREATE DATABASE "{clone}" TEMPLATE "{template}" OWNER {provision.OWNER_ROLE}'
            )
        finally:
            await admin.close()
        return clone

    async def drop(self, databases: list[str]) -> None:
        """Removes databases, ending whoever is still connected."""
        admin = await asyncpg.connect(self.admin_url)
        try:
            for name in databases:
                await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await admin.close()

    async def drop_all(self) -> None:
        """Removes every database of this run, for servers that outlive it."""
        admin = await asyncpg.connect(self.admin_url)
        try:
            rows = await admin.fetch(
                "SELECT datname FROM pg_database WHERE datname LIKE $1", f"fynlo_test_{self.run_id}_%"
            )
        finally:
            await admin.close()
        await self.drop([row["datname"] for row in rows])

    def _start(self, kind: type[EmbeddedServer]) -> str:
        folder = places.temporary_folder(places.server_account())
        server = asyncio.run(_start_on_free_port(kind, folder))
        self._started.append((server, folder))
        if kind is EmbeddedPostgres:
            asyncio.run(_trade_durability_for_speed(server.url))
        return server.url


async def _start_on_free_port(kind: type[EmbeddedServer], folder: Path) -> EmbeddedServer:
    for attempt in range(1, SERVER_ATTEMPTS + 1):
        server = kind(folder / kind.name, free_port())
        try:
            await server.start()
        except Exception:  # the port may have been taken in between; the last attempt says what is wrong
            if attempt == SERVER_ATTEMPTS:
                raise
        else:
            return server
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _trade_durability_for_speed(admin_url: str) -> None:
    """The data of a test run need not survive a power cut. A killed server still recovers what it
    committed.
    """
    admin = await asyncpg.connect(admin_url)
    try:
        for setting in ("fsync", "full_page_writes"):
            await admin.execute(f"ALTER SYSTEM SET {setting} = off")
        await admin.execute("SELECT pg_reload_conf()")
    finally:
        await admin.close()


def _with_login(url: str, role: str, password: str, database: str) -> str:
    rest = url.split("://", 1)[1]
    host = rest.rsplit("@", 1)[-1].split("/", 1)[0]
    return f"postgresql://{role}:{password}@{host}/{database}"


# -- one set of servers for all processes of a run -------------------------------------------------------

_infrastructure = pytest.StashKey[Infrastructure]()


def pytest_configure(config: pytest.Config) -> None:
    shared: dict[str, Any] = getattr(config, "workerinput", {}).get("fynlo_infrastructure", {})
    outside = TestServers()
    config.stash[_infrastructure] = Infrastructure(
        run_id=shared.get("run_id") or secrets.token_hex(4),
        passwords=shared.get("passwords") or {role: secrets.token_hex(16) for role in provision.ROLES},
        admin_url=shared.get("admin_url") or outside.database_url,
        nats_url=outside.nats_url,
        redis_url=outside.redis_url,
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    mine = node.config.stash[_infrastructure]
    node.workerinput["fynlo_infrastructure"] = {
        "run_id": mine.run_id,
        "passwords": mine.passwords,
        "admin_url": mine.postgres(),
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    mine = config.stash.get(_infrastructure, None)
    if mine is None:
        return
    if TestServers().database_url and mine.admin_url and not hasattr(config, "workerinput"):
        asyncio.run(mine.drop_all())
    mine.stop()


# -- fixtures --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def infrastructure(pytestconfig: pytest.Config) -> Infrastructure:
    """The servers, not yet started."""
    return pytestconfig.stash[_infrastructure]


@dataclass(slots=True)
class ModuleDatabases:
    """The databases of one test module, by service."""

    infrastructure: Infrastructure
    names: dict[str, str] = field(default_factory=dict)

    async def name(self, service: str, build: Build | None = None) -> str:
        """The database of ``service`` in this module, made at the first call."""
        if service not in self.names:

            async def migrate(owner_url: str) -> None:
                await run_migrations(service, owner_url)

            self.names[service] = await self.infrastructure.clone(service, build or migrate)
        return self.names[service]

    async def service_url(self, service: str) -> str:
        """The database of ``service`` as its role ``fynlo_<service>``."""
        return self.infrastructure.role_url(f"fynlo_{service}", await self.name(service))

    async def owner_url(self, service: str) -> str:
        """The database of ``service`` as the owner of its schema."""
        return self.infrastructure.role_url(provision.OWNER_ROLE, await self.name(service))


@pytest.fixture(scope="module")
def module_databases(infrastructure: Infrastructure) -> Iterator[ModuleDatabases]:
    """URLs of this module's databases, for tests that start processes or look beneath the chassis."""
    infrastructure.postgres()
    databases = ModuleDatabases(infrastructure)
    yield databases
    asyncio.run(infrastructure.drop(list(databases.names.values())))


class OpenDatabase(Protocol):
    """``db = await service_database("orders")``, connected as the role fynlo_orders."""

    def __call__(
        self, service: str, *, clock: Clock | None = None, pool_size: int = POOL_SIZE
    ) -> Awaitable[Database]: ...


@pytest.fixture
async def service_database(
    module_databases: ModuleDatabases, fake_clock: FakeClock
) -> AsyncIterator[OpenDatabase]:
    """Opens this module's database of a service; closed after the test, the rows stay until the module
    ends.
    """
    opened: list[Database] = []

    async def open_database(
        service: str, *, clock: Clock | None = None, pool_size: int = POOL_SIZE
    ) -> Database:
        database = await Database.connect(
            await module_databases.service_url(service),
            schema=service,
            clock=clock or fake_clock,
            pool_size=pool_size,
        )
        opened.append(database)
        return database

    yield open_database
    for database in opened:
        await database.close()


@pytest.fixture(scope="module")
def nats_url(infrastructure: Infrastructure) -> str:
    """NATS with JetStream and without the stream of an earlier module."""
    url = infrastructure.nats()
    asyncio.run(_forget_stream(url))
    return url


async def _forget_stream(url: str) -> None:
    client = await nats.connect(url)
    try:
        await client.jetstream().delete_stream(STREAM)
    except NotFoundError:
        return
    finally:
        await client.close()


@pytest.fixture(scope="module")
def redis_url(infrastructure: Infrastructure) -> str:
    """Valkey. Tests use keys of their own: nothing is flushed."""
    return infrastructure.redis()


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that stands at START until the test advances it."""
    return FakeClock(START)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """A row of the outbox, its payload parsed."""

    restaurant_id: UUID | None
    type: str
    subject_id: str
    message: Message
    channels: list[str]
    positions: list[tuple[str, str, int]]
    command_id: str | None
    created_at: datetime


EVENTS = """
SELECT o.*, n.positions AS given FROM outbox AS o LEFT JOIN outbox_numbered AS n USING (id, created_at)
WHERE $1::uuid IS NULL OR o.restaurant_id = $1 ORDER BY o.id
"""


@dataclass(frozen=True, slots=True)
class EventRecorder:
    """What a service has emitted, read from its outbox with an administrator's eyes. Reading gives events
    their positions, where no relay has.
    """

    admin_url: str

    async def events(self, db: Database, tenant: UUID | None = None) -> list[RecordedEvent]:
        """Everything emitted (for one restaurant if given), oldest first."""
        admin = await asyncpg.connect(
            self.admin_url, database=db.url.rsplit("/", 1)[-1], **connection_options(db.schema)
        )
        try:
            await prepare_connection(admin)
            await admin.execute(NUMBER)
            rows = await admin.fetch(EVENTS, tenant)
        finally:
            await admin.close()
        return [_recorded(row) for row in rows]

    async def of_type(self, db: Database, kind: type[M], tenant: UUID | None = None) -> list[M]:
        """The messages of one type, oldest first."""
        recorded = await self.events(db, tenant)
        return [event.message for event in recorded if isinstance(event.message, kind)]


def _recorded(row: asyncpg.Record) -> RecordedEvent:
    message = symbol_database.Default().GetSymbol(row["type"])()
    message.ParseFromString(row["payload"])
    positions = [(channel, epoch, seq) for channel, epoch, seq in row["given"] or row["positions"]]
    return RecordedEvent(
        restaurant_id=row["restaurant_id"],
        type=row["type"],
        subject_id=row["subject_id"],
        message=message,
        channels=[channel for channel, _, _ in positions],
        positions=positions,
        command_id=row["command_id"],
        created_at=row["created_at"],
    )


@pytest.fixture
def event_recorder(infrastructure: Infrastructure) -> EventRecorder:
    """Reads what services emitted."""
    return EventRecorder(infrastructure.postgres())
