"""For tests of servicers and their callers: tokens signed with a test key, a real server on a free port.

::

    async with serving(add_StaffServiceServicer_to_server, StaffRpc(db), clock=fake_clock) as peer:
        stub = StaffServiceStub(peer.channel)
        with peer.as_user(permissions=["staff.clock"], restaurant_id=restaurant):
            reply = await stub.ClockIn(ClockInRequest(request_id="1"))
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceServicer
from joserfc import jws
from joserfc.jwk import OKPKey

from chassis.auth import Principal, PrincipalKind, Revocations, ServiceIdentity, TokenVerifier
from chassis.auth.service_identity import key_text, public_key_of
from chassis.auth.tokens import ALGORITHM, AUDIENCE, ISSUER, TOKEN_TYPE
from chassis.clock import Clock
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.process.settings import ServiceSettings
from chassis.rpc import Channel, RpcServer, acting_for, inbound, open_channel
from chassis.rpc.server import Register

TOKEN_LIFE = timedelta(minutes=15)
PATIENT_SECONDS = 60.0
"""The deadline of calls in tests whose subject is no deadline: a starved machine is slow, not wrong."""
PROCESSES = ("auth", "catalog", "orders", "payments", "staff", "realtime", "gateway", "seed", "test")


def key_for_tests(name: str) -> str:
    """The private key of ``name`` in every test: the same each time, and nobody else's."""
    return key_text(hashlib.sha256(f"key of {name} in tests".encode()).digest())


PUBLIC_KEYS = {name: [public_key_of(key_for_tests(name))] for name in PROCESSES}


def identity_for_tests(name: str, clock: Clock) -> ServiceIdentity:
    """``name``, as the servers of tests know it."""
    return ServiceIdentity(name, key_for_tests(name), clock, peers=PUBLIC_KEYS)


def keys_for_tests(name: str) -> dict[str, Any]:
    """The settings by which ``name`` proves itself and knows the others."""
    return {"service_key": key_for_tests(name), "service_public_keys": PUBLIC_KEYS}


def settings_for_tests(**overrides: Any) -> ServiceSettings:
    """Settings with free ports, as the environment would give them; ``overrides`` win."""
    return ServiceSettings(
        **{
            "service_name": "orders",
            **keys_for_tests(overrides.get("service_name", "orders")),
            "admin_port": 0,
            "grpc_port": 0,
            "database_url": "postgresql://unused",
            "nats_url": "nats://unused",
            "drain_grace_seconds": 1.0,
            **overrides,
        }
    )


class TokenMint:
    """Signs access tokens as auth does, with a key of its own."""

    def __init__(self, clock: Clock, key_id: str = "test-key") -> None:
        self.clock = clock
        self.key_id = key_id
        self.key = OKPKey.generate_key("Ed25519")

    def principal(self, **overrides: Any) -> Principal:
        """A manager on an iPad, signed in now; ``overrides`` win."""
        now = self.clock.now()
        made = Principal(
            kind=PrincipalKind.USER,
            subject=new_id(),
            name="Test Manager",
            restaurant_id=new_id(),
            platform_id=None,
            role="manager",
            permissions=frozenset(),
            client="ios",
            device_id="test-device",
            session_id=new_id(),
            issued_at=now,
            expires_at=now + TOKEN_LIFE,
        )
        return replace(made, **overrides)

    def claims(self, principal: Principal) -> dict[str, Any]:
        """What a token of ``principal`` says."""
        ids = {"sub": principal.subject, "sid": principal.session_id, "rid": principal.restaurant_id}
        return {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "jti": str(new_id()),
            **{name: str(value) for name, value in ids.items() if value is not None},
            "role": principal.role,
            "perms": sorted(principal.permissions),
            "name": principal.name,
            "cli": principal.client,
            "did": principal.device_id or "",
            "iat": principal.issued_at.timestamp(),
            "exp": principal.expires_at.timestamp(),
        }

    def token(self, principal: Principal) -> str:
        """A token that proves ``principal``."""
        return self.signed(self.claims(principal))

    def signed(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """A token with exactly these claims; ``header`` replaces fields of the usual one."""
        full = {"alg": ALGORITHM, "kid": self.key_id, "typ": TOKEN_TYPE, **(header or {})}
        return jws.serialize_compact(full, json.dumps(claims), self.key, algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """The key set that auth would answer."""
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.key_id}]}

    async def fetch_keys(self) -> dict[str, Any]:
        """The key set, as a verifier asks for it."""
        return self.jwks()


class StandInAuth(AuthServiceServicer):
    """Auth as every process needs it: the keys of a mint, and what was revoked.

    The list is refused while ``refusals_left`` is above zero, as by an auth whose database is away.
    """

    def __init__(self, mint: TokenMint) -> None:
        self.mint = mint
        self.revocations: list[auth_pb2.Revocation] = []
        self.refusals_left = 0

    async def GetJwks(self, request: object, context: object) -> auth_api.GetJwksResponse:  # noqa: N802
        """The public key of the mint."""
        return auth_api.GetJwksResponse(jwks_json=json.dumps(self.mint.jwks()))

    async def ListRevocations(  # noqa: N802
        self, request: object, context: object
    ) -> auth_api.ListRevocationsResponse:
        """What the test has put there."""
        self.refusals_left -= 1
        if self.refusals_left >= 0:
            raise Unavailable("The database does not answer.", reason="DATABASE_UNAVAILABLE")
        return auth_api.ListRevocationsResponse(revocations=self.revocations)


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server and a channel to it."""

    server: RpcServer
    channel: Channel
    mint: TokenMint

    @contextmanager
    def as_user(self, permissions: Iterable[str] = (), **overrides: Any) -> Iterator[Principal]:
        """Calls inside are made with the token of a person who holds ``permissions``."""
        principal = self.mint.principal(permissions=frozenset(permissions), **overrides)
        token = self.mint.token(principal)
        with inbound(budget_seconds=PATIENT_SECONDS, token=token, principal=principal):
            yield principal

    @contextmanager
    def as_service(self, restaurant_id: UUID) -> Iterator[None]:
        """Calls inside are made by the calling service itself, for one restaurant."""
        with acting_for(restaurant_id, budget_seconds=PATIENT_SECONDS):
            yield


@asynccontextmanager
async def serving(
    register: Register,
    servicer: object,
    *,
    clock: Clock,
    caller: str = "gateway",
    retry: Sequence[str] = (),
    mint: TokenMint | None = None,
    revocations: Revocations | None = None,
    **overrides: Any,
) -> AsyncIterator[Peer]:
    """``servicer`` behind a real server with every guard, and a channel of the service ``caller`` to it.

    Servers that share a ``mint`` accept the same tokens: for one that calls peers on a person's behalf.
    """
    settings = settings_for_tests(**overrides)
    mint = mint or TokenMint(clock)
    server = RpcServer(
        settings,
        verifier=TokenVerifier(mint.fetch_keys, clock),
        revocations=Revocations(clock) if revocations is None else revocations,
        identity=ServiceIdentity.of(settings, clock),
        clock=clock,
    )
    server.add(register, servicer)
    port = await server.start()
    identity = identity_for_tests(caller, clock)
    channel = open_channel(
        f"127.0.0.1:{port}",
        peer=settings.service_name,
        identity=identity,
        retry=retry,
        call_seconds=PATIENT_SECONDS,
    )
    try:
        yield Peer(server, channel, mint)
    finally:
        await channel.close()
        await server.stop(settings.drain_grace_seconds)
