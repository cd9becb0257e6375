"""One run of the whole system: servers, schemas, services, gateway, until a signal asks it to stop."""

import asyncio
import os
import signal
import sys
import time
import traceback
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local import keys, places, state
from deploy.local.console import Console
from deploy.local.embedded import (
    HOST,
    EmbeddedNats,
    EmbeddedServer,
    EmbeddedValkey,
    ServerFailed,
    refuse_used_ports,
)
from deploy.local.plan import Plan, ServerProgram, Urls, service_ports
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.provision import OWNER_ROLE, RolesTaken, provision
from deploy.local.settings import LOCAL_MAIL, LocalSettings
from deploy.local.supervisor import Stage, StartFailed, Supervisor

DATABASE = "fynlo"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
CANCEL_AGAIN_SECONDS = 1.0
SAME_REQUEST_SECONDS = 1.0
EXPECTED = (
    StartFailed,
    ServerFailed,
    keys.SecretsUnreadable,
    places.NoSuitablePlace,
    RolesTaken,
    asyncpg.PostgresError,
    ValueError,
    OSError,
)
"""Faults of the machine or the settings: their text suffices."""
DEMO_PASSWORD = "lunch-at-noon-2026"
NO_DEMO = (
    "  No demo restaurants were made, because the database is yours: everybody can read their passwords.",
    "  FYNLO_SEED_DEMO=yes makes them.",
)
DEMO_PEOPLE = (
    ("owner@demo.fynlo.test", "owner of Casa Demo"),
    ("manager@demo.fynlo.test", "manager"),
    ("till@demo.fynlo.test", "employee at the till"),
    ("platform@demo.fynlo.test", "platform owner"),
    ("owner@second.fynlo.test", "owner of Second Demo"),
)


async def run(settings: LocalSettings, plan_of: type[Plan] = Plan) -> int:
    """Run the processes of `plan_of` until a stop signal. 0 after a clean stop, 1 when it could not start."""
    colour = settings.coloured and sys.stdout.isatty()
    console = Console(sys.stdout, colour=colour, ids=settings.log_ids)
    try:
        held = state.lock(settings.data_dir)
    except state.AlreadyRunning as error:
        console.note(str(error), "error")
        return 1
    try:
        return await _Run(settings, console, plan_of).until_stopped()
    finally:
        held.release()


class _Run:
    def __init__(self, settings: LocalSettings, console: Console, plan_of: type[Plan]) -> None:
        self._settings = settings
        self._plan_of = plan_of
        self._console = console
        self._folder = settings.data_dir
        embedded = settings.database_url is None
        done = state.DoneSteps(self._folder / "postgres" if embedded else self._folder)
        self._supervisor = Supervisor(console, done, self._write_state)
        self._urls: Urls | None = None
        self._owner_url = ""
        self._bus_passwords: dict[str, str] = {}
        self._maintenance_url: str | None = None
        self._asked_at = 0.0
        self._up = False
        self._began = time.monotonic()
        self._stop = asyncio.Event()

    async def until_stopped(self) -> int:
        self._listen_for_signals()
        stopping = asyncio.create_task(self._stop.wait())
        running = asyncio.create_task(self._start_and_keep())
        await asyncio.wait([stopping, running], return_when=asyncio.FIRST_COMPLETED)
        code = self._outcome(running)
        stopping.cancel()
        while not running.done():
            # Again and again: what it waits for may have taken a cancellation for an answer.
            running.cancel()
            await asyncio.wait([running], timeout=CANCEL_AGAIN_SECONDS)
        self._console.note("stopping")
        await self._supervisor.stop()
        state.forget_run(self._folder)
        self._console.note("stopped; the data stays in " + str(self._folder))
        return code

    def _outcome(self, running: asyncio.Task[None]) -> int:
        if not running.done():
            return 0
        error = running.exception()
        assert error is not None
        if isinstance(error, EXPECTED):
            self._console.note(str(error), "error")
        else:
            self._console.note("".join(traceback.format_exception(error)), "error")
        return 1

    async def _start_and_keep(self) -> None:
        ended = state.end_leftovers(self._folder)
        if ended:
            self._console.note(f"ended what a killed run had left: {', '.join(ended)}", "warning")
        ports = service_ports(self._settings.replicas)
        await refuse_used_ports(self._server_ports() | self._plan_of.listens_on(ports))
        secrets = keys.kept_secrets(self._folder)
        self._bus_passwords = secrets.bus_passwords
        await self._start_servers(secrets)
        assert self._urls is not None
        admin = self._maintenance_url or self._urls.database
        await provision(
            admin,
            database_of(self._urls.database),
            secrets.passwords,
            reset_passwords=self._maintenance_url is not None or self._settings.reset_role_passwords,
        )
        self._owner_url = self._urls.database_as(OWNER_ROLE, secrets.passwords[OWNER_ROLE])
        plan = self._plan_of(self._settings, secrets, self._urls, ports)
        await self._supervisor.start(Stage([], [plan.migrate()]))
        # Together, because most of a start is each process reading code; the gateway waits for the others.
        seeding = [*plan.seed()] if self._has_demo else []
        await self._supervisor.start(Stage(plan.services()), Stage(plan.gateways(), seeding))
        self._up = True
        self._write_state()
        state.say_setup_done(self._folder)
        self._greet(ports["gateway"]["http"])
        await self._supervisor.watch()

    def _server_ports(self) -> dict[str, int]:
        """The ports of the servers that this run brings along."""
        settings, ports = self._settings, self._settings.server_ports
        servers = {
            "postgres": (settings.database_url, ports.postgres),
            "nats": (settings.nats_url, ports.nats),
            "valkey": (settings.redis_url, ports.valkey),
        }
        return {name: port for name, (url, port) in servers.items() if url is None}

    async def _start_servers(self, secrets: keys.Secrets) -> None:
        settings, folder, ports = self._settings, self._folder, self._settings.server_ports
        servers: list[EmbeddedServer] = []
        database, nats, redis = settings.database_url, settings.nats_url, settings.redis_url
        if database is None:
            servers.append(EmbeddedPostgres(folder / "postgres", ports.postgres))
        if nats is None:
            tls = settings.tls_of("nats")
            servers.append(EmbeddedNats(folder / "nats", ports.nats, secrets.bus_passwords, tls))
        if redis is None:
            servers.append(EmbeddedValkey(folder / "valkey", ports.valkey, secrets.valkey_passwords))
        await self._supervisor.start(Stage([ServerProgram(server) for server in servers]))
        by_name = {server.name: server.url for server in servers}
        if database is None:
            self._maintenance_url = by_name["postgres"]
            database = urlunsplit(urlsplit(by_name["postgres"])._replace(path=f"/{DATABASE}"))
        self._urls = Urls(
            database,
            nats or by_name["nats"],
            redis or by_name["valkey"],
            own_nats=nats is None,
            own_redis=redis is None,
        )

    @property
    def _has_demo(self) -> bool:
        asked = self._settings.database_url is None or self._settings.seed_demo
        return asked and self._settings.mail_adapter == LOCAL_MAIL

    def _demo(self) -> list[str]:
        lines = [f"  {address:<26} {what}" for address, what in DEMO_PEOPLE]
        return [*lines, f"  all with the password {DEMO_PASSWORD}"]

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        # nohup asks to outlive the terminal.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self._on_signal)

    def _on_signal(self) -> None:
        # One Ctrl-C can arrive twice, from the terminal and from make.
        now = time.monotonic()
        if not self._stop.is_set():
            self._asked_at = now
        elif now - self._asked_at > SAME_REQUEST_SECONDS:
            self._console.note("asked twice: ending everything at once", "warning")
            self._supervisor.kill()
        self._stop.set()

    def _write_state(self) -> None:
        facts: dict[str, object] = {"pid": os.getpid(), "data_dir": str(self._folder), "up": self._up}
        if self._urls is not None:
            urls = {
                "admin_database": self._urls.database,
                "owner_database": self._owner_url,
                "nats": self._urls.nats,
                "redis": self._urls.redis,
            }
            own = {f"nats_{name}": self._urls.nats_as(name, key) for name, key in self._bus_passwords.items()}
            facts["urls"] = urls | own
        keepers = self._supervisor.keepers
        facts["processes"] = {keeper.program.name: keeper.facts() for keeper in keepers}
        state.write_run(self._folder, facts)

    def _greet(self, gateway_port: int) -> None:
        base = f"http://{HOST}:{gateway_port}"
        lines = ["", f"  Fynlo POS is up after {time.monotonic() - self._began:.1f} s.", ""]
        places = {"Till": "/till", "Kitchen": "/kitchen", "API": "/api/v2", "API text": "/docs"}
        local_mail = self._settings.mail_adapter == LOCAL_MAIL
        if local_mail:
            places["Mail"] = "/outbox"
        lines += [*(f"  {name:<12} {base}{path}" for name, path in places.items()), ""]
        if local_mail:
            lines += [*(self._demo() if self._has_demo else NO_DEMO), ""]
        lines += [f"  Data in {self._folder}. Ctrl-C stops everything.", ""]
        self._console.plain("\n".join(lines))


def database_of(url: str) -> str:
    """The database that an address names. Raises ValueError when it names none."""
    name = urlsplit(url).path.lstrip("/")
    if not name:
        raise ValueError("FYNLO_DATABASE_URL must end with the name of a database.")
    return name
