"""What every composition root of ours begins with. A service's ``main.py`` says only what is its own::

async def build(settings: StaffSettings, clock: Clock | None = None) -> Service:
    staff = await open_service(settings, clock)
    auth = AuthPeer(staff.channel("auth"))
    staff.serve(add_StaffServiceServicer_to_server, StaffRpc(staff.db, auth.place))
    staff.consume(HANDLERS)
    return staff.service
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message
from nats.aio.client import Client

from chassis.auth import ServiceIdentity
from chassis.auth.refusals import into, to_auth, write_refusals
from chassis.auth.trust import Authority, Trust, auth_behind, follow
from chassis.clock import Clock, SystemClock
from chassis.db import Database
from chassis.messaging.bus import bus_of
from chassis.messaging.inbox import Consumer, Handler, Subscription
from chassis.messaging.parked_rpc import consume
from chassis.messaging.relay import OutboxRelay
from chassis.process.runtime import Service
from chassis.process.settings import BusSettings, IdentitySettings, RpcSettings, ServiceSettings
from chassis.rpc import Channel, RpcServer, channel_credentials, open_channel
from chassis.rpc.server import Register


class Peers:
    """Channels to other processes, each at the ``<peer>_address`` of the settings; one per peer."""

    def __init__(self, settings: IdentitySettings, clock: Clock) -> None:
        self._settings = settings
        self._credentials = channel_credentials(settings)
        self._channels: dict[str, Channel] = {}
        self.identity = ServiceIdentity.of(settings, clock)

    def channel(self, peer: str, *, retry: Sequence[str] = ()) -> Channel:
        """The channel to ``peer``; ``retry`` as in ``open_channel``, at the first call. Raises AttributeError
        where the settings do not say where ``peer`` is.
        """
        if peer not in self._channels:
            self._channels[peer] = open_channel(
                getattr(self._settings, f"{peer}_address"),
                peer=peer,
                identity=self.identity,
                credentials=self._credentials,
                retry=retry,
            )
        return self._channels[peer]

    async def close(self) -> None:
        """Closes all channels."""
        for channel in self._channels.values():
            await channel.close()


@dataclass(frozen=True, slots=True)
class Composition:
    """A process that is connected and trusts auth, and serves gRPC; not started yet."""

    service: Service
    clock: Clock
    bus: Client
    peers: Peers
    trust: Trust
    rpc: RpcServer

    def channel(self, peer: str) -> Channel:
        """The channel to ``peer``. Raises AttributeError where the settings do not say where it is."""
        return self.peers.channel(peer)

    def serve(self, register: Register, servicer: object) -> None:
        """Serves ``servicer``; ``register`` is the generated function for it."""
        self.rpc.add(register, servicer)


@dataclass(frozen=True, slots=True)
class StoringComposition(Composition):
    """One with a schema of its own, which is called as the service is: its outbox is relayed already."""

    db: Database

    def consume(self, handlers: Mapping[type[Message], Handler | Subscription]) -> None:
        """Has the service handle its events, and answer for those that it has parked."""
        consumer = Consumer(self.db, self.bus, durable=self.db.schema, handlers=handlers)
        consume(self.service, self.rpc, consumer)


async def open_service(
    settings: ServiceSettings,
    clock: Clock | None = None,
    *,
    authority: Callable[[Database], Authority] | None = None,
) -> StoringComposition:
    """A service with its database. ``authority`` is for auth, which asks itself and not a peer.

    Raises Unavailable where a dependency does not come up, and ServerTooOld.
    """
    service, clock = Service(settings), clock or SystemClock()
    db = await service.wait_for("postgres", lambda: _database(settings, clock))
    service.on_stop("postgres", db.close)
    bus = await open_bus(service, settings)
    peers = Peers(settings, clock)
    service.on_stop("channels", peers.close)
    asked = auth_behind(peers.channel("auth")) if authority is None else authority(db)
    trust = await follow(service, bus, clock, asked)
    rpc = _server(service, settings, peers, trust, clock)
    write_refusals(service, rpc.refusals, into(db))
    service.add_background("relay", OutboxRelay(db, bus, clock).run)
    # None of NATS: while it is down orders are taken, and the outbox grows.
    service.ready_check("postgres", db.check)
    return StoringComposition(service, clock, bus, peers, trust, rpc, db)


async def open_without_database(settings: RpcSettings, clock: Clock | None = None) -> Composition:
    """A service without a schema: auth writes down what it refuses. Raises as ``open_service``."""
    service, clock = Service(settings), clock or SystemClock()
    bus = await open_bus(service, settings)
    peers = Peers(settings, clock)
    service.on_stop("channels", peers.close)
    trust = await follow(service, bus, clock, auth_behind(peers.channel("auth")))
    rpc = _server(service, settings, peers, trust, clock)
    write_refusals(service, rpc.refusals, to_auth(peers.channel("auth")))
    return Composition(service, clock, bus, peers, trust, rpc)


async def open_bus(service: Service, settings: BusSettings) -> Client:
    """The connection to NATS, drained at the stop. Raises Unavailable and ServerTooOld."""
    bus = await service.wait_for("nats", lambda: bus_of(settings))
    service.on_stop("nats", bus.drain)
    return bus


async def _database(settings: ServiceSettings, clock: Clock) -> Database:
    return await Database.connect(
        settings.database_url,
        schema=settings.service_name,
        clock=clock,
        pool_size=settings.database_pool_size,
    )


def _server(service: Service, settings: RpcSettings, peers: Peers, trust: Trust, clock: Clock) -> RpcServer:
    rpc = RpcServer(
        settings,
        verifier=trust.verifier,
        revocations=trust.revocations,
        identity=peers.identity,
        clock=clock,
    )
    service.serve(rpc)
    return rpc
