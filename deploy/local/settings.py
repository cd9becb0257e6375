"""Every variable that `make run` and the embedded servers read.

The only module of deploy/local that sees the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
POSTGRES_PORT = 54320
NATS_PORT = 42220
VALKEY_PORT = 63790
LOCAL_MAIL = "local"
MAIL_SECRETS = ("FYNLO_SMTP_PASSWORD", "FYNLO_RESEND_API_KEY")


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """Loopback ports of the embedded servers."""

    postgres: int = POSTGRES_PORT
    nats: int = NATS_PORT
    valkey: int = VALKEY_PORT


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What a run is told from outside. A URL replaces the embedded server of its kind."""

    data_dir: Path
    server_ports: ServerPorts
    database_url: str | None
    nats_url: str | None
    redis_url: str | None
    coloured: bool
    reset_agreed: bool
    allowed_origins: str | None = None
    """JSON list of the origins whose pages may open sockets. None: the gateway's own on this machine."""
    mail_adapter: str = LOCAL_MAIL
    """local: mail stays on this machine, on the page /outbox and in the log."""
    public_url: str | None = None
    """What the links in mails begin with. None: the gateway on this machine."""
    log_ids: bool = False
    """Whether the log shows ids and other details."""


def local_settings(data_dir: Path | None = None) -> LocalSettings:
    """Read the environment; `data_dir` wins over FYNLO_DATA_DIR. Raises ValueError that names the
    variable.
    """
    chosen = data_dir or Path(os.environ.get("FYNLO_DATA_DIR") or REPOSITORY / ".fynlo")
    return LocalSettings(
        data_dir=chosen.expanduser().absolute(),
        server_ports=ServerPorts(
            port("postgres", POSTGRES_PORT), port("nats", NATS_PORT), port("valkey", VALKEY_PORT)
        ),
        database_url=os.environ.get("FYNLO_DATABASE_URL") or None,
        nats_url=os.environ.get("FYNLO_NATS_URL") or None,
        redis_url=os.environ.get("FYNLO_REDIS_URL") or None,
        coloured="NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
        reset_agreed=os.environ.get("FYNLO_RESET") == "yes",
        allowed_origins=os.environ.get("FYNLO_ALLOWED_ORIGINS") or None,
        mail_adapter=os.environ.get("FYNLO_MAIL_ADAPTER") or LOCAL_MAIL,
        public_url=os.environ.get("FYNLO_PUBLIC_URL") or None,
        log_ids=_log_ids(os.environ.get("FYNLO_LOG", "")),
    )


def _log_ids(text: str) -> bool:
    if text not in ("", "info", "debug"):
        raise ValueError(f"FYNLO_LOG is {text!r}; it must be info or debug.")
    return text == "debug"


def port_variable(name: str) -> str:
    """The environment variable that changes the port `name`."""
    return f"FYNLO_{name.upper().replace('-', '_')}_PORT"


def port(name: str, default: int) -> int:
    """The port `name`. Raises ValueError that names the variable."""
    variable = port_variable(name)
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{variable} is {text!r}; it must be a port between 1 and 65535.")
    return int(text)


def cache_home() -> Path | None:
    """The user's cache folder by the XDG rule; None when there is no home."""
    text = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(text) if os.path.isabs(text) else None


def bare_environment() -> dict[str, str]:
    """What a server needs of our environment, and nothing that it could misread (PG* among others)."""
    kept = ("PATH", "HOME", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def mail_secrets() -> dict[str, str]:
    """The credentials of a mail server, for the one process that sends."""
    return {name: os.environ[name] for name in MAIL_SECRETS if name in os.environ}


def process_environment(additions: Mapping[str, str]) -> dict[str, str]:
    """Our environment for one of our own processes, with `additions`. What is secret to one is not
    inherited.
    """
    secret = ("FYNLO_DATABASE_URL", "FYNLO_OWNER_DATABASE_URL", "FYNLO_AUTH_SIGNING_KEYS", *MAIL_SECRETS)
    inherited = {name: value for name, value in os.environ.items() if name not in secret}
    roots = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "protos" / "python")))
    return inherited | {"PYTHONPATH": roots, "PYTHONUNBUFFERED": "1"} | dict(additions)
