"""The composition root: the same for production and for tests."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

import uvicorn
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.auth_service_pb2 import GetJwksRequest, ListRevocationsRequest
from fynlo.auth.v1.events_pb2 import SessionsRevoked
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.auth import (
    Revocation,
    Revocations,
    RevokedKind,
    TokenVerifier,
    follow_revocations,
    keep_warm,
)
from chassis.bus import open_nats
from chassis.clock import SystemClock
from chassis.runtime import Service, open_files_max
from gateway.admission import Admission
from gateway.app import dispatch_of, served_app
from gateway.calls import Gateway, Limits
from gateway.connections import Connections
from gateway.edge import Edge
from gateway.http_connection import KEEP_ALIVE_SECONDS, http_over
from gateway.limits import RateLimiter
from gateway.menu_cache import CHANGES_SUBJECT, MenuCache
from gateway.routes.health import Known, parts_of
from gateway.routes.realtime import SnapshotCache
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.tunnel import shut_tunnels, tunnel_to

BACKLOG = 2_048
FILES_PER_CONNECTION = 2
"""Where few files may be open, connections take half of them: tunnels, services and Valkey need the rest."""
REVOCATIONS_SUBJECT = "fynlo.auth.v1.SessionsRevoked.*"
_KINDS = {
    auth_pb2.REVOCATION_KIND_USER: RevokedKind.USER,
    auth_pb2.REVOCATION_KIND_SESSION: RevokedKind.SESSION,
    auth_pb2.REVOCATION_KIND_DEVICE: RevokedKind.DEVICE,
    auth_pb2.REVOCATION_KIND_RESTAURANT: RevokedKind.RESTAURANT,
}


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

    async def fetch_jwks() -> dict[str, object]:
        return dict(json.loads((await services.auth.GetJwks(GetJwksRequest())).jwks_json))

    verifier = TokenVerifier(fetch_jwks, clock)
    revocations = Revocations(clock)
    gateway = Gateway(settings, services, verifier, revocations, limiter, Limits.of(settings))
    menus = MenuCache()
    gateway.caches.update(menu=menus, snapshots=SnapshotCache(), health=Known(lambda: parts_of(gateway)))
    server = HttpServer(_config(settings, gateway))

    async def auth_answers() -> None:
        # Waits for the connection instead of asking again and again: it may start beside us.
        await services.channels["auth"].channel_ready()
        await verifier.fetch_keys()

    await service.wait_for("auth", auth_answers)
    bus = await service.wait_for("nats", lambda: open_nats(settings.nats_url, name="gateway"))
    service.on_stop("nats", bus.close)
    await _listen(bus, revocations, menus)
    # Subscribed first and warmed up second, so that nothing falls between.
    await service.wait_for("auth", lambda: _warm(services, revocations))
    service.add_background("revocations", lambda: keep_warm(lambda: _all_revocations(services), revocations))
    service.add_background("http", server.serve)
    service.on_drain("http", server.drain)
    service.on_drain("tunnels", shut_tunnels)
    return service


async def _listen(bus: Client, revocations: Revocations, menus: MenuCache) -> None:
    """Hears what is revoked, and which menus change."""
    await follow_revocations(bus, REVOCATIONS_SUBJECT, _revocations_in, revocations)

    async def on_menu_change(message: Msg) -> None:
        await menus.on_change(message)

    await bus.subscribe(CHANGES_SUBJECT, cb=on_menu_change)


async def _warm(services: Services, revocations: Revocations) -> None:
    """What was revoked before this process was there. Raises Problem."""
    for revocation in await _all_revocations(services):
        revocations.apply(revocation)


async def _all_revocations(services: Services) -> list[Revocation]:
    reply = await services.auth.ListRevocations(ListRevocationsRequest())
    return [_revocation(revocation) for revocation in reply.revocations]


def _revocations_in(payload: bytes) -> list[Revocation]:
    return [_revocation(SessionsRevoked.FromString(payload).revocation)]


def _revocation(message: auth_pb2.Revocation) -> Revocation:
    return Revocation(_KINDS[message.kind], message.id, message.valid_after.ToDatetime(UTC))


def _config(settings: GatewaySettings, gateway: Gateway) -> uvicorn.Config:
    proxies = settings.proxies
    admission = Admission(address=gateway.limits.address, requests=settings.requests_max, trusted=proxies)
    connections = Connections(
        in_all=min(settings.connections_max, open_files_max() // FILES_PER_CONNECTION),
        per_address=settings.connections_per_address,
        sockets_per_address=settings.sockets_per_address,
        trusted=proxies,
    )
    return uvicorn.Config(
        Edge(dispatch_of(served_app(gateway)), admission, tls_terminated=settings.tls_terminated),
        host=settings.bind_host,
        port=settings.gateway_port,
        ws=tunnel_to(settings.realtime_socket_address),
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
