"""The composition root: the same for production and for tests."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from chassis.auth.refusals import to_auth, write_refusals
from chassis.auth.trust import auth_behind, follow
from chassis.clock import SystemClock
from chassis.process.composition import open_bus
from chassis.process.runtime import Service, open_files_max
from chassis.rpc import Refusals, client_context
from gateway.admission import Admission
from gateway.app import dispatch_of, served_app
from gateway.calls import Gateway, Limits
from gateway.connections import Connections
from gateway.edge import Edge
from gateway.http_connection import KEEP_ALIVE_SECONDS, http_over
from gateway.known import Known
from gateway.limits import RateLimiter
from gateway.menu_cache import CHANGES_SUBJECT
from gateway.routes.health import FRESH_SECONDS, parts_of
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.tunnel import shut_tunnels, tunnel_to

BACKLOG = 2_048
FILES_PER_CONNECTION = 2
"""Where few files may be open, connections take half of them: tunnels, services and Valkey need the rest."""


class HttpServer(uvicorn.Server):
    """uvicorn under the chassis: signals and the loop belong to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes none."""
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until ``drain``."""
        try:
            await super().serve(sockets)
        finally:
            self._ended.set()

    async def drain(self) -> None:
        """Stops accepting and returns when requests in flight have ended."""
        self.should_exit = True
        await self._ended.wait()


async def build(settings: GatewaySettings) -> Service:
    """The gateway, ready to start."""
    service = Service(settings)
    clock = SystemClock()
    services = Services(settings)
    service.on_stop("channels", services.close)
    limiter = RateLimiter(settings.redis_url)
    service.on_stop("valkey", limiter.close)

    bus = await open_bus(service, settings)
    trust = await follow(service, bus, clock, auth_behind(services.channels["auth"]))
    refusals = Refusals(clock)
    write_refusals(service, refusals, to_auth(services.channels["auth"]))
    limits = Limits.of(settings)
    gateway = Gateway(settings, services, trust.verifier, trust.revocations, limiter, limits, refusals)
    gateway.health = Known(lambda: parts_of(gateway), FRESH_SECONDS)
    server = HttpServer(config_of(settings, gateway))
    await bus.subscribe(CHANGES_SUBJECT, cb=gateway.menus.on_change)
    service.add_background("http", server.serve)
    service.on_drain("http", server.drain)
    service.on_drain("tunnels", shut_tunnels)
    return service


def config_of(settings: GatewaySettings, gateway: Gateway) -> uvicorn.Config:
    """How a process serves ``gateway``: every bound of its edge."""
    limits, trusted = gateway.limits, settings.trusted_proxies
    admission = Admission(address=limits.address, requests=settings.requests_max, trusted=trusted)
    connections = Connections(
        in_all=min(settings.connections_max, open_files_max() // FILES_PER_CONNECTION),
        per_address=settings.connections_per_address,
        sockets_per_address=settings.sockets_per_address,
        new_sockets=limits.socket,
        trusted=trusted,
    )
    return uvicorn.Config(
        Edge(
            dispatch_of(served_app(gateway)),
            admission,
            tls_terminated=settings.tls_terminated,
            images=settings.image_origins,
        ),
        host=settings.bind_host,
        port=settings.gateway_port,
        ws=tunnel_to(settings.realtime_socket_address, client_context(settings)),
        http=http_over(connections),
        loop="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=BACKLOG,
        # It would count connections: see Admission and Connections.
        limit_concurrency=None,
        timeout_keep_alive=int(KEEP_ALIVE_SECONDS),
        # Ends what takes too long before the chassis gives up waiting for it.
        timeout_graceful_shutdown=max(1, int(settings.drain_grace_seconds) - 1),
    )
