"""Two of everything: two replicas of a service's messaging in one test world, and what goes wrong with them.

    async with two_replicas(build, service) as world:
        await world.restart_postgres()
        await world.kill_leader()

Postgres and NATS are the world's own, so that a test may take them away. A replica has connections and clock
of its own, as a process has; what only a process can suffer (to be stopped for a while) takes one
(chassis.tests.replica).
"""

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg
import nats
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient

from chassis.clock import SystemClock
from chassis.db import Database, connection_options, prepare_connection
from chassis.messaging.inbox import Consumer, Handler, Subscription
from chassis.messaging.relay import OutboxRelay
from chassis.messaging.stream import STREAM, durable_of
from deploy.local import places, provision
from deploy.local.embedded import EmbeddedNats, EmbeddedServer, free_port
from deploy.local.postgres import EmbeddedPostgres
from harness.fixtures import Build

DATABASE = "fynlo_two"
POOL_SIZE = 5
QUICK: Mapping[str, Any] = {"first_delay_seconds": 0.05, "ack_wait_seconds": 2.0, "retry_poll_seconds": 0.5}
"""A consumer as in production, but for its waits."""
_LOCK_HOLDER = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (classid::bigint << 32 | objid::bigint) = hashtextextended('fynlo-relay:' || $1, 0)
"""


class JumpingClock:
    """The machine's clock with an error that a test changes, in either direction."""

    def __init__(self) -> None:
        self.error = timedelta(0)

    def now(self) -> datetime:
        """The instant that this replica believes in."""
        return SystemClock().now() + self.error


@dataclass(frozen=True, slots=True)
class Probed:
    """The service whose messaging runs twice."""

    schema: str
    role: str
    durable: str
    handlers: Mapping[type[Message], Handler | Subscription]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the consumer, beside QUICK."""


@dataclass(slots=True)
class Replica:
    """One process' worth: pool, connection to NATS, relay, consumer, clock."""

    db: Database
    bus: NatsClient
    clock: JumpingClock
    relay: OutboxRelay
    consumer: Consumer
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def start(cls, database_url: str, nats_url: str, service: Probed) -> Self:
        """Connects and begins to publish and to consume."""
        clock = JumpingClock()
        db = await Database.connect(database_url, schema=service.schema, clock=clock, pool_size=POOL_SIZE)
        bus = await quiet_client(nats_url)
        options: dict[str, Any] = {**QUICK, **service.options}
        consumer = Consumer(db, bus, durable=service.durable, handlers=service.handlers, **options)
        replica = cls(db, bus, clock, OutboxRelay(db, bus, clock, reconcile_seconds=1.0), consumer)
        replica._tasks = [
            asyncio.create_task(replica.relay.run()),
            asyncio.create_task(replica.consumer.run()),
        ]
        return replica

    async def stop(self) -> None:
        """Ends it as a stop signal would."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.bus.close()
        await self.db.close()


@dataclass(slots=True)
class TwoReplicas:
    """The world of a test. ``replicas`` has two of them at the start."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats
    service: Probed
    database_url: str
    replicas: list[Replica] = field(default_factory=list)

    async def start_replica(self) -> Replica:
        """One more."""
        replica = await Replica.start(self.database_url, self.nats.url, self.service)
        self.replicas.append(replica)
        return replica

    async def restart_replica(self, replica: Replica) -> Replica:
        """Ends one and starts another in its place: what it knew by itself is gone."""
        self.replicas.remove(replica)
        await replica.stop()
        return await self.start_replica()

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection: sees all rows, ends sessions."""
        connection = await asyncpg.connect(
            self.postgres.url, database=DATABASE, **connection_options(self.service.schema)
        )
        try:
            await prepare_connection(connection)
            yield connection
        finally:
            await connection.close()

    async def kill_leader(self) -> None:
        """Ends the session by which the leading relay leads."""
        async with self.admin() as admin:
            for row in await admin.fetch(_LOCK_HOLDER, self.service.schema):
                await admin.fetchval("SELECT pg_terminate_backend($1)", row["pid"])

    async def restart_postgres(self) -> None:
        """Ends every session and starts again."""
        await self.postgres.stop()
        await self.postgres.start()

    async def lose_stream(self) -> None:
        """NATS comes back with an empty store."""
        await self.nats.stop()
        shutil.rmtree(self.nats.data_dir / "jetstream")
        await self.nats.start()

    async def in_stream(self) -> list[str]:
        """The ids of the events in the stream, in its order, as often as they are there."""
        client = await quiet_client(self.nats.url)
        try:
            jetstream = client.jetstream()
            state = (await jetstream.stream_info(STREAM)).state
            found = []
            for seq in range(max(1, state.first_seq), state.last_seq + 1):
                message = await jetstream.get_msg(STREAM, seq, direct=True)
                found.append((message.headers or {})["ce-id"])
            return found
        finally:
            await client.close()

    async def is_quiet(self) -> bool:
        """Whether everything is published and handled, or parked."""
        async with self.admin() as admin:
            busy = await admin.fetchval(
                "SELECT (SELECT waiting > 0 FROM outbox_backlog(1))"
                " OR EXISTS (SELECT FROM inbox_parked WHERE retry_at IS NOT NULL)"
            )
        client = await quiet_client(self.nats.url)
        try:
            durables = [
                durable_of(self.service.durable, kind.DESCRIPTOR.full_name) for kind in self.service.handlers
            ]
            infos = [await client.jetstream().consumer_info(STREAM, durable) for durable in durables]
        finally:
            await client.close()
        return not busy and not any((info.num_pending or 0) + (info.num_ack_pending or 0) for info in infos)

    async def parked(self) -> list[UUID]:
        """What waits for an operator."""
        async with self.admin() as admin:
            return [row["msg_id"] for row in await admin.fetch("SELECT msg_id FROM inbox_parked")]


@contextlib.asynccontextmanager
async def two_replicas(build: Build, service: Probed, *, inside: int = 2) -> AsyncIterator[TwoReplicas]:
    """A world whose database ``build(owner_url)`` fills; ``inside`` replicas run in this process."""
    folder = places.temporary_folder(places.server_account())
    started: list[EmbeddedServer] = []
    world: TwoReplicas | None = None
    try:
        postgres = EmbeddedPostgres(folder / "postgres", free_port())
        bus = EmbeddedNats(folder / "nats", free_port())
        for starting in (postgres, bus):
            await starting.start()
            started.append(starting)
        passwords = {role: secrets.token_hex(16) for role in provision.ROLES}
        await provision.provision(postgres.url, DATABASE, passwords)
        owner = provision.OWNER_ROLE
        await build(postgres.database_url(owner, passwords[owner], DATABASE))
        url = postgres.database_url(service.role, passwords[service.role], DATABASE)
        world = TwoReplicas(postgres, bus, service, url)
        for _ in range(inside):
            await world.start_replica()
        yield world
    finally:
        if world is not None:
            await asyncio.gather(*(replica.stop() for replica in world.replicas))
        for server in reversed(started):
            await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def quiet_client(url: str) -> NatsClient:
    """A client that reconnects for ever and says nothing of it: tests take servers away on purpose."""

    async def quiet(_: Exception) -> None:
        return None

    return await nats.connect(
        url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, connect_timeout=1, error_cb=quiet
    )
