"""A stolen service: its key against every gRPC method, its user against Valkey, its role against schemas."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import pytest
import redis.asyncio as redis
from google.protobuf import message_factory
from google.protobuf.descriptor import ServiceDescriptor
from redis.exceptions import RedisError

from chassis.auth import ServiceIdentity
from chassis.clock import SystemClock
from chassis.db.migrations import migrated_services, run_migrations
from chassis.errors import Problem
from chassis.rpc import acting_for, open_channel
from deploy.access.events import PROCESSES
from deploy.access.valkey import KEYS
from deploy.local import places
from deploy.local.embedded import EmbeddedValkey, free_port
from deploy.local.provision import SERVICE_ROLES
from gateway.limits import Limit, RateLimiter
from harness.fixtures import Infrastructure
from harness.rpc import PUBLIC_KEYS, Peer, key_for_tests, serving
from tests.access.contracts import method_options, services

CALLERS = (*PROCESSES, "seed")
CALL_SECONDS = 60.0
RULES = method_options()
FOREIGN_COMMANDS = (
    "FLUSHALL", "FLUSHDB", "KEYS *", "SCAN 0", "CONFIG GET *", "ACL LIST", "ACL WHOAMI", "INFO", "MONITOR",
    "SUBSCRIBE x", "PUBLISH x y", "CLIENT LIST", "CLIENT KILL ID 1", "SHUTDOWN NOSAVE", "DBSIZE",
    "SCRIPT FLUSH", "FUNCTION LIST", "REPLICAOF NO ONE", "DEL gcra:x", "EXPIRE gcra:x 1", "RANDOMKEY",
    "SELECT 1", "GET other", "SET other 1", "EVAL return(redis.call('GET','other')) 0",
    "EVAL return(redis.call('DEL','gcra:x')) 0",
)  # fmt: skip


def register_all(service: ServiceDescriptor) -> Any:
    """Registers an empty answer for every method, as generated code would: only the guard can refuse."""

    def register(_: object, server: Any) -> None:
        handlers = {}
        for method in service.methods:
            reply = message_factory.GetMessageClass(method.output_type)

            async def unary(_request: object, _context: object, reply: Any = reply) -> object:
                return reply()

            handlers[method.name] = grpc.unary_unary_rpc_method_handler(
                unary,
                message_factory.GetMessageClass(method.input_type).FromString,
                reply.SerializeToString,
            )
        server.add_registered_method_handlers(service.full_name, handlers)

    return register


@pytest.fixture
async def peers() -> AsyncIterator[dict[str, tuple[ServiceDescriptor, Peer]]]:
    """Every gRPC service of the contracts behind the real guard, each as the process that has its package."""
    async with AsyncExitStack() as stack:
        made = {}
        for service in services():
            owner = service.full_name.split(".")[1]
            peer = await stack.enter_async_context(
                serving(register_all(service), object(), clock=SystemClock(), service_name=owner)
            )
            made[service.full_name] = service, peer
        yield made


async def outcome(peer: Peer, service: ServiceDescriptor, method: str, identity: ServiceIdentity) -> str:
    """OK, or the reason of the refusal. INVALID_ARGUMENT counts as let in: contract rules come later."""
    owner = service.full_name.split(".")[1]
    address = f"127.0.0.1:{peer.server.port}"
    described = service.methods_by_name[method]
    async with open_channel(address, peer=owner, identity=identity, call_seconds=CALL_SECONDS) as channel:
        call = channel.unary_unary(
            f"/{service.full_name}/{method}",
            request_serializer=message_factory.GetMessageClass(described.input_type).SerializeToString,
            response_deserializer=message_factory.GetMessageClass(described.output_type).FromString,
        )
        request = message_factory.GetMessageClass(described.input_type)()
        try:
            with acting_for(uuid4(), budget_seconds=CALL_SECONDS):
                await call(request)
        except Problem as problem:
            return "OK" if problem.kind.name == "INVALID_ARGUMENT" else problem.reason
    return "OK"


@pytest.mark.parametrize("thief", CALLERS)
async def test_a_key_opens_only_the_methods_that_name_its_owner(
    thief: str, peers: dict[str, tuple[ServiceDescriptor, Peer]]
) -> None:
    identity = ServiceIdentity(thief, key_for_tests(thief), SystemClock(), peers=PUBLIC_KEYS)
    opened, expected = set(), set()
    for name, (service, peer) in peers.items():
        for method in service.methods:
            rule = RULES[f"/{name}/{method.name}"]
            if rule.public or thief in rule.callers:
                expected.add(f"{name}/{method.name}")
            if await outcome(peer, service, method.name, identity) == "OK":
                opened.add(f"{name}/{method.name}")
    assert opened == expected


async def test_realtime_cannot_say_that_it_is_orders(
    peers: dict[str, tuple[ServiceDescriptor, Peer]],
) -> None:
    forger = ServiceIdentity("orders", key_for_tests("realtime"), SystemClock(), peers=PUBLIC_KEYS)
    service, peer = peers["fynlo.payments.v1.PaymentsService"]
    assert await outcome(peer, service, "CloseBill", forger) == "SERVICE_IDENTITY_INVALID"
    own = ServiceIdentity("realtime", key_for_tests("realtime"), SystemClock(), peers=PUBLIC_KEYS)
    assert await outcome(peer, service, "CloseBill", own) == "CALLER_REFUSED"


async def test_a_service_can_name_no_other_restaurant_than_it_signed_for(
    peers: dict[str, tuple[ServiceDescriptor, Peer]],
) -> None:
    service, peer = peers["fynlo.orders.v1.OrdersService"]
    described = service.methods_by_name["GetOrder"]
    identity = ServiceIdentity("payments", key_for_tests("payments"), SystemClock(), peers=PUBLIC_KEYS)
    address = f"127.0.0.1:{peer.server.port}"
    request = message_factory.GetMessageClass(described.input_type)(
        order_id=str(uuid4()), restaurant_id=str(uuid4())
    )
    async with open_channel(address, peer="orders", identity=identity, call_seconds=CALL_SECONDS) as channel:
        call = channel.unary_unary(
            "/fynlo.orders.v1.OrdersService/GetOrder",
            request_serializer=type(request).SerializeToString,
            response_deserializer=message_factory.GetMessageClass(described.output_type).FromString,
        )
        with acting_for(uuid4(), budget_seconds=CALL_SECONDS), pytest.raises(Problem) as refused:
            await call(request)
        assert refused.value.reason == "OTHER_RESTAURANT"


@pytest.fixture
def valkey() -> Iterator[EmbeddedValkey]:
    """The server with the users of an installation."""
    folder = places.temporary_folder(None)
    server = EmbeddedValkey(
        Path(folder) / "valkey", free_port(), {name: f"password-of-{name}" for name in KEYS}
    )
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


async def test_the_gateways_user_limits_rates_and_can_do_nothing_else(valkey: EmbeddedValkey) -> None:
    url = f"redis://gateway:password-of-gateway@127.0.0.1:{valkey.port}/0"
    limiter = RateLimiter(url, timeout_seconds=CALL_SECONDS)
    verdict = await limiter.take((Limit("probe", 1.0, 5), "someone"))
    assert verdict.remaining == 4
    assert await limiter.ping()
    await limiter.close()
    for command in FOREIGN_COMMANDS:
        client = redis.from_url(url)
        with pytest.raises(RedisError, match=r"(?i)permission|NOPERM|ACL"):
            await client.execute_command(*command.split(" "))  # type: ignore[no-untyped-call]
        await client.aclose()


async def test_nobody_else_has_a_user_and_the_operator_only_looks(valkey: EmbeddedValkey) -> None:
    for name in [*(process for process in PROCESSES if process not in KEYS), "default", "fynlo"]:
        client = redis.Redis(port=valkey.port, username=name, password=f"password-of-{name}")
        with pytest.raises(redis.AuthenticationError):
            await client.ping()
        await client.aclose()
    operator = redis.from_url(valkey.url)
    assert await operator.ping()
    with pytest.raises(RedisError, match="permission"):
        await operator.get("gcra:x")
    await operator.aclose()


@pytest.fixture(scope="module")
def everything(infrastructure: Infrastructure) -> str:
    """A database with all schemas; its name."""
    infrastructure.postgres()

    async def migrate(owner_url: str) -> None:
        for service in migrated_services():
            await run_migrations(service, owner_url)

    return asyncio.run(infrastructure.clone("everything", migrate))


@pytest.mark.parametrize("role", SERVICE_ROLES)
async def test_a_role_reaches_no_schema_but_its_own(
    role: str, everything: str, infrastructure: Infrastructure
) -> None:
    connection = await asyncpg.connect(infrastructure.role_url(role, everything))
    try:
        foreign = await connection.fetch(
            "SELECT format('%I.%I', nspname, relname) AS name FROM pg_class"
            " JOIN pg_namespace AS n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'p', 'v', 'S') AND nspname = ANY($1) AND 'fynlo_' || nspname <> $2",
            list(migrated_services()),
            role,
        )
        assert len(foreign) > 20
        for [name] in foreign:
            for statement in (f"SELECT * FROM {name}", f"DELETE FROM {name}", f"DROP TABLE {name}"):
                with pytest.raises(asyncpg.PostgresError, match=r"permission denied|must be owner|is not a"):
                    await connection.execute(statement)
        for schema in ("public", *(one for one in migrated_services() if f"fynlo_{one}" != role)):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"CREATE TABLE {schema}.mine (id int)")
        for other in (*SERVICE_ROLES, "fynlo_owner", "postgres"):
            if other != role:
                with pytest.raises(asyncpg.PostgresError):
                    await connection.execute(f"SET ROLE {other}")
    finally:
        await connection.close()
