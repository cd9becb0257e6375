"""The servers that `make run` and `make test` bring along: Postgres 18, NATS with JetStream, Valkey.

    async with embedded_servers(data_dir) as servers:
        servers.postgres.url, servers.nats.url, servers.valkey.url

Without a data folder they use a temporary one, removed at the end, and free ports: what tests want.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import places
from deploy.local.embedded import (
    EmbeddedNats,
    EmbeddedServer,
    EmbeddedValkey,
    PortInUse,
    ServerFailed,
    free_ports,
)
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.settings import ServerPorts

__all__ = [
    "EmbeddedNats",
    "EmbeddedPostgres",
    "EmbeddedServer",
    "EmbeddedServers",
    "EmbeddedValkey",
    "PortInUse",
    "ServerFailed",
    "ServerPorts",
    "embedded_servers",
]

FREE_PORT_ATTEMPTS = 3
"""A port that was free can be taken before the server binds it; another draw then helps."""


@dataclass(frozen=True, slots=True)
class EmbeddedServers:
    """The three running servers."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats
    valkey: EmbeddedValkey

    async def start(self) -> None:
        """Start all, side by side. When one fails the others are stopped again and its error is raised."""
        results = await asyncio.gather(*(server.start() for server in self._all()), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await self.stop()
            raise failures[0]

    async def stop(self) -> None:
        """Stop all. Their data stays."""
        await asyncio.gather(*(server.stop() for server in self._all()))

    def _all(self) -> tuple[EmbeddedServer, ...]:
        return (self.postgres, self.nats, self.valkey)


@asynccontextmanager
async def embedded_servers(
    data_dir: Path | None = None, ports: ServerPorts | None = None
) -> AsyncIterator[EmbeddedServers]:
    """Run the three servers for the length of the block.

    `data_dir` None: a temporary folder that is removed afterwards. `ports` None: free ports.
    Raises PortInUse (naming the variable that changes the port) or ServerFailed.
    """
    temporary = data_dir is None
    folder = data_dir or places.temporary_folder(places.server_account())
    servers: EmbeddedServers | None = None
    try:
        servers = await _started(folder, ports)
        yield servers
    finally:
        if servers is not None:
            await servers.stop()
        if temporary:
            shutil.rmtree(folder)


async def _started(folder: Path, ports: ServerPorts | None) -> EmbeddedServers:
    for attempt in range(1, FREE_PORT_ATTEMPTS + 1):
        chosen = ports or ServerPorts(*free_ports(3))
        servers = EmbeddedServers(
            EmbeddedPostgres(folder / "postgres", chosen.postgres),
            EmbeddedNats(folder / "nats", chosen.nats),
            EmbeddedValkey(folder / "valkey", chosen.valkey),
        )
        try:
            await servers.start()
        except ServerFailed:
            if ports is not None or attempt == FREE_PORT_ATTEMPTS:
                raise
        else:
            return servers
    raise AssertionError("unreachable: the last attempt returns or raises")
