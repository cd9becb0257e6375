"""Every variable that `make run` and the embedded servers read. The only module here that sees the
environment.
"""

import os
from dataclasses import dataclass
from pathlib import Path

POSTGRES_PORT = 54320
NATS_PORT = 42220
VALKEY_PORT = 63790


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """Loopback ports of the embedded servers."""

    postgres: int = POSTGRES_PORT
    nats: int = NATS_PORT
    valkey: int = VALKEY_PORT


def port_variable(name: str) -> str:
    """The environment variable that changes the port of the process `name`."""
    return f"FYNLO_{name.upper().replace('-', '_')}_PORT"


def server_ports() -> ServerPorts:
    """The ports of the embedded servers, from FYNLO_{POSTGRES,NATS,VALKEY}_PORT."""
    return ServerPorts(port("postgres", POSTGRES_PORT), port("nats", NATS_PORT), port("valkey", VALKEY_PORT))


def port(name: str, default: int) -> int:
    """The port of the process `name`. Raises ValueError that names the variable."""
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
    """What a server needs of our environment, and nothing that it could misread (PG* variables among
    others).
    """
    kept = ("PATH", "HOME", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}
