"""Every variable that `make run` and the embedded servers read.

The only module of deploy/local that sees the environment.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
POSTGRES_PORT = 54320
NATS_PORT = 42220
VALKEY_PORT = 63790
SECRET_NAME = re.compile(r"FYNLO_.*(?:URL|KEY|KEYS|SECRET|PASSWORD|PASSWORDS)(?:_PREVIOUS)?")
"""Variables that hold what is one process' alone; addresses count, for they carry passwords."""
LOCAL_MAIL = "local"
REPLICAS_MAX = 3
"""Each brings its own connections to Postgres: the embedded one takes no more."""
MAIL_SECRETS = ("FYNLO_SMTP_PASSWORD", "FYNLO_RESEND_API_KEY")
IMAGE_SECRETS = ("FYNLO_S3_ACCESS_KEY", "FYNLO_S3_SECRET_KEY")


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """Loopback ports of the embedded servers."""

    postgres: int = POSTGRES_PORT
    nats: int = NATS_PORT
    valkey: int = VALKEY_PORT


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What one process shows its peers, and by which authority it knows them."""

    certificate: Path
    key: Path
    authority: Path


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
    seed_demo: bool = False
    """Whether a database of somebody else's gets the demo, whose passwords everybody can read."""
    reset_role_passwords: bool = False
    """Whether roles that a foreign cluster has already get our passwords."""
    tls_dir: Path | None = None
    """Where ca.pem, <process>.pem and <process>.key lie; also for `nats`. None: plaintext on loopback."""

    def tls_of(self, process: str) -> "TlsFiles | None":
        """The files of one process. Raises ValueError that names the one which is missing."""
        if self.tls_dir is None:
            return None
        files = TlsFiles(*(self.tls_dir / name for name in (f"{process}.pem", f"{process}.key", "ca.pem")))
        for file in (files.certificate, files.key, files.authority):
            if not file.is_file():
                raise ValueError(f"FYNLO_TLS_DIR holds no file {file.name}, which {process} needs.")
        return files

    mail_adapter: str = LOCAL_MAIL
    """local: mail stays on this machine, on the page /outbox and in the log."""
    public_url: str | None = None
    """What the links in mails begin with. None: the gateway on this machine."""
    log_ids: bool = False
    """Whether the log shows ids and other details."""
    images_in_bucket: bool = False
    """Whether pictures lie in a bucket of somebody's, and not in the data folder."""
    replicas: int = 1
    """How many processes run of each service, and of the gateway. Clients share their calls out."""


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
        seed_demo=os.environ.get("FYNLO_SEED_DEMO") == "yes",
        reset_role_passwords=os.environ.get("FYNLO_RESET_ROLE_PASSWORDS") == "yes",
        tls_dir=Path(tls_dir).absolute() if (tls_dir := os.environ.get("FYNLO_TLS_DIR")) else None,
        mail_adapter=os.environ.get("FYNLO_MAIL_ADAPTER") or LOCAL_MAIL,
        public_url=os.environ.get("FYNLO_PUBLIC_URL") or None,
        log_ids=_log_ids(os.environ.get("FYNLO_LOG", "")),
        images_in_bucket=bool(os.environ.get("FYNLO_S3_BUCKET")),
        replicas=_replicas(os.environ.get("FYNLO_REPLICAS", ""), tls=bool(tls_dir)),
    )


def _replicas(text: str, *, tls: bool) -> int:
    number = int(text) if text.isdecimal() and len(text) == 1 else 0
    if text and not 1 <= number <= REPLICAS_MAX:
        raise ValueError(f"FYNLO_REPLICAS is {text!r}; it must be a number from 1 to {REPLICAS_MAX}.")
    if number > 1 and tls:
        raise ValueError(
            "FYNLO_REPLICAS and FYNLO_TLS_DIR do not go together: replicas on one machine have no name of "
            "their own that a certificate could hold. Leave one of them out."
        )
    return number or 1


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


def image_secrets() -> dict[str, str]:
    """The credentials of a bucket, for the one process that keeps pictures in it."""
    return {name: os.environ[name] for name in IMAGE_SECRETS if name in os.environ}


def process_environment(additions: Mapping[str, str]) -> dict[str, str]:
    """Our environment for one of our own processes, with `additions`. What is secret to one is not
    inherited.
    """
    inherited = {name: value for name, value in os.environ.items() if not SECRET_NAME.fullmatch(name)}
    roots = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "protos" / "python")))
    return inherited | {"PYTHONPATH": roots, "PYTHONUNBUFFERED": "1"} | dict(additions)
