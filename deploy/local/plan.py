"""Which processes make up a local Fynlo, with which ports and environment, in which order. Data, mostly."""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.access.bus import API_PREFIX
from deploy.local import state
from deploy.local.embedded import HOST, EmbeddedServer, refuse_used_port
from deploy.local.health import answers_ready
from deploy.local.keys import IMAGES, Secrets
from deploy.local.process import Child, Command, LineSink, launch_reading
from deploy.local.provision import OWNER_ROLE, SERVICES
from deploy.local.settings import (
    LOCAL_MAIL,
    REPOSITORY,
    LocalSettings,
    image_secrets,
    mail_secrets,
    port,
    process_environment,
)
from deploy.local.supervisor import Step

GATEWAY_PORT = 8080
GATEWAY_ADMIN_PORT = 7200
FIRST_GRPC_PORT = 7101
FIRST_ADMIN_PORT = 7201
REALTIME_SOCKET_PORT = 7107
REPLICA_PORTS = 20
"""From the ports of one replica to those of the next, where no variable says otherwise."""
DRAIN_GRACE_SECONDS = 5
"""How long a stopping process lets its requests and sockets finish: somebody waits at the keyboard."""
SERVICE_STOP_SECONDS = 15.0
"""After this a process that still runs is killed."""
SEED_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are. `database` is the administrator's address, which names the database to use."""

    database: str
    nats: str
    redis: str
    own_nats: bool = False
    own_redis: bool = False
    """Ours have an account for each process. To others everybody goes by the address that we were given."""

    def nats_as(self, process: str, password: str) -> str:
        """The address of NATS for one process."""
        return _with_login(self.nats, process, password) if self.own_nats else self.nats

    def redis_as(self, process: str, password: str) -> str:
        """The address of Valkey for one process."""
        return _with_login(self.redis, process, password) if self.own_redis else self.redis

    def database_as(self, role: str, password: str) -> str:
        """The address of the same database for `role`."""
        return _with_login(self.database, role, password)


def _with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """An embedded server as the supervisor sees it."""

    server: EmbeddedServer

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def ports(self) -> Mapping[str, int]:
        return {"tcp": self.server.port}

    async def launch(self, on_line: LineSink) -> Child:
        return await self.server.launch(on_line)

    async def ready(self) -> bool:
        return await self.server.ready()


@dataclass(frozen=True, slots=True)
class OwnProgram:
    """One of our processes. `ports` by use; ready when `GET /ready` on its port `admin` answers 200."""

    command: Command
    ports: Mapping[str, int]

    @property
    def name(self) -> str:
        return self.command.name

    async def launch(self, on_line: LineSink) -> Child:
        for use, number in self.ports.items():
            refuse_used_port(port_name(self.name, use), number)
        return launch_reading(self.command, on_line)

    async def ready(self) -> bool:
        return await answers_ready(HOST, self.ports["admin"])


def port_name(process: str, use: str) -> str:
    """The name of a port, from which its variable is made: `orders` for gRPC, `orders-admin`."""
    return process if use in ("grpc", "http") else f"{process}-{use}"


def replica_name(process: str, number: int) -> str:
    """What a replica of ``process`` is called here: the first by the name of the process alone."""
    return process if number == 1 else f"{process}-{number}"


def service_ports(replicas: int = 1) -> dict[str, dict[str, int]]:
    """Ports of the services and the gateway, by process and use; of every replica."""
    firsts = {
        service: {"grpc": FIRST_GRPC_PORT + index, "admin": FIRST_ADMIN_PORT + index}
        for index, service in enumerate(SERVICES)
    }
    firsts["realtime"]["socket"] = REALTIME_SOCKET_PORT
    firsts["gateway"] = {"http": GATEWAY_PORT, "admin": GATEWAY_ADMIN_PORT}
    ports = {}
    for number in range(1, replicas + 1):
        for process, uses in firsts.items():
            name, further = replica_name(process, number), (number - 1) * REPLICA_PORTS
            ports[name] = {use: port(port_name(name, use), first + further) for use, first in uses.items()}
    return ports


@dataclass(frozen=True, slots=True)
class Plan:
    """The processes of one run."""

    settings: LocalSettings
    secrets: Secrets
    urls: Urls
    ports: Mapping[str, Mapping[str, int]]

    @classmethod
    def listens_on(cls, ports: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """The ports of our own processes, by the names from which their variables are made."""
        return {port_name(name, use): number for name, uses in ports.items() for use, number in uses.items()}

    @property
    def _numbers(self) -> range:
        """The replicas of each process."""
        return range(1, self.settings.replicas + 1)

    def services(self) -> list[OwnProgram]:
        return [
            self._own(service, number, f"services.{service}", self._service_env(service, number))
            for number in self._numbers
            for service in SERVICES
        ]

    def gateways(self) -> list[OwnProgram]:
        return [self.gateway(number) for number in self._numbers]

    def gateway(self, number: int = 1) -> OwnProgram:
        """Its sockets are held by the realtime of the same number."""
        env = {
            "FYNLO_GATEWAY_PORT": str(self._ports_of("gateway", number)["http"]),
            "FYNLO_SETUP_DONE_FILE": str(state.setup_done_file(self.settings.data_dir)),
        } | self._image_folder()
        return self._own("gateway", number, "gateway", env)

    def migrate(self) -> Step:
        """Every schema up to date. Skipped when the embedded database has seen exactly these migrations."""
        command = self._once("migrate", "chassis.db.migrations", "upgrade", "all")
        # Another administrator's database may have been replaced or restored since: ask it every time.
        external = self.settings.database_url is not None
        return Step(command, None if external else fingerprint(_migration_files()))

    def seed(self) -> Iterator[Step]:
        """The demo restaurants, once for each database. Their people accept invitations from local mail:
        where mail leaves this machine there is no demo.
        """
        if util.find_spec("tools.seed") is not None and self.settings.mail_adapter == LOCAL_MAIL:
            host = urlsplit(self.urls.database).netloc.rpartition("@")[2]
            external = self.settings.database_url is not None
            yield Step(self._once("seed", "tools.seed"), f"{SEED_VERSION} {host if external else ''}".strip())

    def _own(self, process: str, number: int, module: str, additions: Mapping[str, str]) -> OwnProgram:
        ports = self._ports_of(process, number)
        env = self._env_of(process, number) | {"FYNLO_ADMIN_PORT": str(ports["admin"])} | dict(additions)
        command = Command(
            replica_name(process, number),
            (sys.executable, "-m", module),
            process_environment(env),
            cwd=REPOSITORY,
            stop_grace_seconds=SERVICE_STOP_SECONDS,
        )
        return OwnProgram(command, ports)

    def _ports_of(self, process: str, number: int) -> Mapping[str, int]:
        return self.ports[replica_name(process, number)]

    def _once(self, name: str, *module_and_words: str) -> Command:
        owner = self.urls.database_as(OWNER_ROLE, self.secrets.passwords[OWNER_ROLE])
        env = self._addresses() | {"FYNLO_GATEWAY_URL": self._gateway_url()}
        env |= (
            self._identity(name) if name in self.secrets.service_keys else {"FYNLO_OWNER_DATABASE_URL": owner}
        )
        return Command(
            name, (sys.executable, "-m", *module_and_words), process_environment(env), cwd=REPOSITORY
        )

    def _address_of(self, service: str) -> str:
        """All replicas of it, as gRPC names several; one is named as everywhere."""
        each = ",".join(f"{HOST}:{self._ports_of(service, number)['grpc']}" for number in self._numbers)
        return each if self.settings.replicas == 1 else f"ipv4:{each}"

    def _addresses(self, number: int = 1) -> dict[str, str]:
        """What every process may know."""
        addresses = {f"FYNLO_{service.upper()}_ADDRESS": self._address_of(service) for service in SERVICES}
        return addresses | {
            "FYNLO_REALTIME_SOCKET_ADDRESS": f"{HOST}:{self._ports_of('realtime', number)['socket']}",
            "FYNLO_SERVICE_PUBLIC_KEYS": json.dumps(self.secrets.public_service_keys),
            "FYNLO_MAIL_ADAPTER": self.settings.mail_adapter,
            "FYNLO_PUBLIC_URL": self.settings.public_url or self._gateway_url(),
            "FYNLO_JWKS": self.secrets.public_keys_json,
            "FYNLO_LOG_FORMAT": "json",
            "FYNLO_DRAIN_GRACE_SECONDS": str(DRAIN_GRACE_SECONDS),
        }

    def _identity(self, name: str) -> dict[str, str]:
        own = {"FYNLO_SERVICE_KEY": self.secrets.service_keys[name]}
        files = self.settings.tls_of(name)
        if files is None:
            return own
        return own | {
            "FYNLO_TLS_CERTIFICATE_FILE": str(files.certificate),
            "FYNLO_TLS_KEY_FILE": str(files.key),
            "FYNLO_TLS_CA_FILE": str(files.authority),
        }

    def _env_of(self, name: str, number: int) -> dict[str, str]:
        """What a process that runs all the time is told: its own key, its own users, nobody else's. Replicas
        are one process to everybody else.
        """
        env = self._addresses(number) | self._identity(name)
        env["FYNLO_NATS_URL"] = self.urls.nats_as(name, self.secrets.bus_passwords[name])
        if self.urls.own_nats:
            env["FYNLO_NATS_API_PREFIX"] = API_PREFIX
        if name in self.secrets.valkey_passwords:
            env["FYNLO_REDIS_URL"] = self.urls.redis_as(name, self.secrets.valkey_passwords[name])
        return env

    def _service_env(self, service: str, number: int) -> dict[str, str]:
        role = f"fynlo_{service}"
        ports = self._ports_of(service, number)
        env = {
            "FYNLO_DATABASE_URL": self.urls.database_as(role, self.secrets.passwords[role]),
            "FYNLO_GRPC_PORT": str(ports["grpc"]),
        }
        if "socket" in ports:
            env["FYNLO_REALTIME_SOCKET_PORT"] = str(ports["socket"])
            env["FYNLO_ALLOWED_ORIGINS"] = self.settings.allowed_origins or self._own_origins()
        if service == "auth":
            env["FYNLO_AUTH_SIGNING_KEYS"] = self.secrets.signing_keys_json
            env |= mail_secrets()
        if service == "catalog":
            env |= image_secrets() | self._image_folder()
        return env

    def _image_folder(self) -> dict[str, str]:
        """Where pictures lie, for those who write and show them; nothing, where a bucket has them."""
        if self.settings.images_in_bucket:
            return {}
        return {
            "FYNLO_IMAGES_DIR": str(self.settings.data_dir / "images"),
            "FYNLO_IMAGES_SECRET": self.secrets.shared[IMAGES],
        }

    def _gateway_url(self) -> str:
        return f"http://{HOST}:{self.ports['gateway']['http']}"

    def _own_origins(self) -> str:
        """The pages that the gateways serve, as a browser on this machine names them."""
        ports = [self._ports_of("gateway", number)["http"] for number in self._numbers]
        return json.dumps([f"http://{host}:{port}" for port in ports for host in (HOST, "localhost")])


def fingerprint(files: list[Path]) -> str:
    """Changes when one of `files` changes, comes or goes."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _migration_files() -> list[Path]:
    own = REPOSITORY.glob("services/*/migrations/**/*.py")
    shared = [REPOSITORY / "chassis/db" / name for name in ("migrations.py", "schema_version.py")]
    return [*own, *shared, *(REPOSITORY / "chassis/db/ddl").glob("**/*.py")]
