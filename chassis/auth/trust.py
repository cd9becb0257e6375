"""What auth tells every process: the keys that access tokens are signed with, and which it has taken back.

A process does not depend on auth for either. Keys also come with the settings, so that one that starts while
auth is away verifies tokens; what was revoked is heard over NATS, and asked for at the start and ever after.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import events_pb2 as auth_events
from fynlo.auth.v1.auth_service_pb2 import GetJwksRequest, ListRevocationsRequest
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from google.protobuf.message import DecodeError
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.auth import (
    FetchKeys,
    Revocation,
    Revocations,
    RevokedKind,
    TokenVerifier,
    keep_warm,
)
from chassis.auth.revocations import REWARM_SECONDS
from chassis.clock import Clock
from chassis.errors import Problem, Unavailable
from chassis.instants import instant_of
from chassis.process.runtime import Service
from chassis.rpc import Channel
from chassis.telemetry import counter, get_logger

if TYPE_CHECKING:
    from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceAsyncStub

REVOKED_SUBJECT: Final = "fynlo.auth.v1.SessionsRevoked.*"
WARM_WAIT_SECONDS: Final = 5.0
"""How long a start waits for what was revoked before. Afterwards it serves: no token outlives its quarter of
an hour, and a restaurant that cannot sell while auth is away loses more.
"""
_KINDS: Final = {
    auth_pb2.REVOCATION_KIND_USER: RevokedKind.USER,
    auth_pb2.REVOCATION_KIND_SESSION: RevokedKind.SESSION,
    auth_pb2.REVOCATION_KIND_DEVICE: RevokedKind.DEVICE,
    auth_pb2.REVOCATION_KIND_RESTAURANT: RevokedKind.RESTAURANT,
}
_log = get_logger("auth")
_unreadable = counter("auth_revocations_unreadable_total", "Revocation messages that could not be read")

ListRevocations = Callable[[], Awaitable[Iterable[auth_pb2.Revocation]]]
"""Gives all revocations whose tokens could still be alive. Raises a Problem."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How a process knows whose token it is shown, and whether that still counts."""

    verifier: TokenVerifier
    revocations: Revocations


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs access tokens and takes them back, and how it is asked.

    ``list_revocations`` gives all whose tokens could still be alive. ``ready`` waits until it can be asked.
    """

    fetch_keys: FetchKeys
    list_revocations: ListRevocations
    ready: Callable[[], Awaitable[object]] | None = None
    every_seconds: float = REWARM_SECONDS


def auth_behind(channel: Channel) -> Authority:
    """The auth service, asked over ``channel``."""
    stub: AuthServiceAsyncStub = AuthServiceStub(channel)

    async def fetch_keys() -> Mapping[str, Any]:
        found: dict[str, Any] = json.loads((await stub.GetJwks(GetJwksRequest())).jwks_json)
        return found

    async def list_revocations() -> Iterable[auth_pb2.Revocation]:
        return (await stub.ListRevocations(ListRevocationsRequest())).revocations

    # Waits for the connection instead of asking again and again: auth may start beside us.
    return Authority(fetch_keys, list_revocations, ready=channel.channel_ready)


async def follow(service: Service, bus: Client, clock: Clock, authority: Authority) -> Trust:
    """Trust in the tokens of ``authority``, kept up to date while ``service`` runs.

    Subscribed first and warmed up second, so that nothing falls between.
    """
    keys = service.settings.jwks
    verifier = TokenVerifier(
        authority.fetch_keys, clock, known_keys=None if keys is None else json.loads(keys)
    )
    revocations = Revocations(clock)

    async def listed() -> Iterable[Revocation]:
        return revocations_of(await authority.list_revocations())

    async def warm() -> None:
        if authority.ready is not None:
            await authority.ready()
        for revocation in await listed():
            revocations.apply(revocation)

    async def hear(message: Msg) -> None:
        try:
            said = auth_events.SessionsRevoked.FromString(message.data).revocation
            for revocation in revocations_of([said]):
                revocations.apply(revocation)
        except (DecodeError, Problem) as error:
            _unreadable.inc()
            _log.error("a revocation could not be read", subject=message.subject, error=str(error))

    await bus.subscribe(REVOKED_SUBJECT, cb=hear)
    try:
        await service.wait_for("what was revoked", warm, at_most_seconds=WARM_WAIT_SECONDS)
    except Unavailable as problem:
        # No alarm yet: processes that start side by side find each other sooner or later (see keep_warm).
        _log.info("serving without knowing what was revoked before", detail=problem.detail)
    every = authority.every_seconds
    service.add_background("revocations", lambda: keep_warm(listed, revocations, every_seconds=every))
    return Trust(verifier, revocations)


def revocations_of(listed: Iterable[auth_pb2.Revocation]) -> list[Revocation]:
    """Those whose kind this code knows."""
    return [
        Revocation(_KINDS[one.kind], one.id, instant_of(one.valid_after, "valid_after"))
        for one in listed
        if one.kind in _KINDS
    ]
