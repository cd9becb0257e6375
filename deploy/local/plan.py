"""Which processes make up a local Fynlo, with which ports and environment, in which order. Data, mostly."""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.local import state
from deploy.local.embedded import HOST, EmbeddedServer, refuse_used_port
from deploy.local.health import answers_ready
from deploy.local.keys import Secrets
from deploy.local.process import Child, Command, LineSink, launch_reading
from deploy.local.provision import OWNER_ROLE, SERVICES
from deploy.local.settings import (
    LOCAL_MAIL,
    REPOSITORY,
    LocalSettings,
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

    def database_as(self, role: str, password: str) -> str:
        """The address of the same database for `role`."""
        parts = urlsplit(self.database)
        host = parts.netloc.rpartition("@")[2]
        login = f"{quote(role, safe='')}:{quote(password, safe='')}"
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


def service_ports() -> dict[str, dict[str, int]]:
    """Ports of the services and the gateway, by process and use."""
    ports = {
        service: {
            "grpc": port(service, FIRST_GRPC_PORT + index),
            "admin": port(f"{service}-admin", FIRST_ADMIN_PORT + index),
        }
        for index, service in enumerate(SERVICES)
    }
    ports["realtime"]["socket"] = port("realtime-socket", REALTIME_SOCKET_PORT)
    ports["gateway"] = {
        "http": port("gateway", GATEWAY_PORT),
        "admin": port("gateway-admin", GATEWAY_ADMIN_PORT),
    }
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

    def services(self) -> list[OwnProgram]:
        return [self._own(service, f"services.{service}", self._service_env(service)) for service in SERVICES]

    def gateway(self) -> OwnProgram:
        env = {
            "FYNLO_GATEWAY_PORT": str(self.ports["gateway"]["http"]),
            "FYNLO_SETUP_DONE_FILE": str(state.setup_done_file(self.settings.data_dir)),
        }
        return self._own("gateway", "gateway", env)

    def migrate(self) -> Step:
        """Every schema up to date. Skipped when the embedded database has seen exactly these migrations."""
        command = self._once("migrate", "chassis.migrations", "upgrade", "all")
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

    def _own(self, name: str, module: str, additions: Mapping[str, str]) -> OwnProgram:
        env = self._shared_env() | {"FYNLO_ADMIN_PORT": str(self.ports[name]["admin"])} | dict(additions)
        command = Command(
            name,
            (sys.executable, "-m", module),
            process_environment(env),
            cwd=REPOSITORY,
            stop_grace_seconds=SERVICE_STOP_SECONDS,
        )
        return OwnProgram(command, self.ports[name])

    def _once(self, name: str, *module_and_words: str) -> Command:
        owner = self.urls.database_as(OWNER_ROLE, self.secrets.passwords[OWNER_ROLE])
        env = self._shared_env() | {
            "FYNLO_OWNER_DATABASE_URL": owner,
            "FYNLO_GATEWAY_URL": self._gateway_url(),
        }
        return Command(
            name, (sys.executable, "-m", *module_and_words), process_environment(env), cwd=REPOSITORY
        )

    def _shared_env(self) -> dict[str, str]:
        addresses = {
            f"FYNLO_{service.upper()}_ADDRESS": f"{HOST}:{self.ports[service]['grpc']}"
            for service in SERVICES
        }
        return addresses | {
            "FYNLO_REALTIME_SOCKET_ADDRESS": f"{HOST}:{self.ports['realtime']['socket']}",
            "FYNLO_NATS_URL": self.urls.nats,
            "FYNLO_REDIS_URL": self.urls.redis,
            "FYNLO_SERVICE_SECRET": self.secrets.service_secret,
            "FYNLO_MAIL_ADAPTER": self.settings.mail_adapter,
            "FYNLO_PUBLIC_URL": self.settings.public_url or self._gateway_url(),
            "FYNLO_JWKS": self.secrets.public_keys_json,
            "FYNLO_LOG_FORMAT": "json",
            "FYNLO_DRAIN_GRACE_SECONDS": str(DRAIN_GRACE_SECONDS),
        }

    def _service_env(self, service: str) -> dict[str, str]:
        role = f"fynlo_{service}"
        ports = self.ports[service]
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
        return env

    def _gateway_url(self) -> str:
        return f"http://{HOST}:{self.ports['gateway']['http']}"

    def _own_origins(self) -> str:
        """The pages that the gateway serves, as a browser on this machine names them."""
        port_of_pages = self.ports["gateway"]["http"]
        return json.dumps([f"http://{host}:{port_of_pages}" for host in (HOST, "localhost")])


def fingerprint(files: list[Path]) -> str:
    """Changes when one of `files` changes, comes or goes."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _migration_files() -> list[Path]:
    own = REPOSITORY.glob("services/*/migrations/**/*.py")
    shared = (REPOSITORY / "chassis" / name for name in ("migrations.py", "ddl.py"))
    return [*own, *(path for path in shared if path.exists())]
