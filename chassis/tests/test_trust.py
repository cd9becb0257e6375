"""What a process knows of tokens from auth: at its start, afterwards, and while auth is away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import events_pb2 as auth_events
from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from nats.aio.client import Client
from structlog.testing import capture_logs

from chassis.auth import Principal
from chassis.auth.trust import Authority, Trust, auth_behind, follow
from chassis.clock import FakeClock
from chassis.errors import Unauthenticated
from chassis.messaging.bus import open_nats
from chassis.process.runtime import Service
from chassis.rpc import open_channel
from harness.rpc import (
    PATIENT_SECONDS,
    StandInAuth,
    TokenMint,
    identity_for_tests,
    serving,
    settings_for_tests,
)

SUBJECT = "fynlo.auth.v1.SessionsRevoked.x"
NOBODY = "127.0.0.1:1"


@pytest.fixture
def mint(fake_clock: FakeClock) -> TokenMint:
    return TokenMint(fake_clock)


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Client]:
    made = await open_nats(nats_url, name="test")
    yield made
    await made.close()


def ended(principal: Principal, clock: FakeClock) -> auth_pb2.Revocation:
    """The end of the principal's session, as auth says it."""
    made = auth_pb2.Revocation(kind=auth_pb2.REVOCATION_KIND_SESSION, id=str(principal.session_id))
    made.valid_after.FromDatetime(clock.now() + timedelta(seconds=5))
    return made


@asynccontextmanager
async def process(address: str, bus: Client, clock: FakeClock, **settings: object) -> AsyncIterator[Trust]:
    """A service that has started and follows the auth at ``address``."""
    service = Service(settings_for_tests(**settings))
    identity = identity_for_tests("orders", clock)
    async with open_channel(address, peer="auth", identity=identity) as channel:
        trust = await follow(service, bus, clock, auth_behind(channel))
        async with service:
            yield trust


async def refused(trust: Trust, principal: Principal) -> None:
    """Waits until the table refuses the principal."""
    async with asyncio.timeout(PATIENT_SECONDS):
        while True:
            try:
                trust.revocations.check(principal)
            except Unauthenticated:
                return
            await asyncio.sleep(0.01)


async def test_what_was_revoked_before_the_start_is_refused_from_the_first_call(
    mint: TokenMint, bus: Client, fake_clock: FakeClock
) -> None:
    auth = StandInAuth(mint)  # type: ignore[abstract] # the rest of auth is not asked
    gone, there = mint.principal(), mint.principal()
    auth.revocations, auth.refusals_left = [ended(gone, fake_clock)], 2
    async with (
        serving(add_AuthServiceServicer_to_server, auth, clock=fake_clock, service_name="auth") as peer,
        process(f"127.0.0.1:{peer.server.port}", bus, fake_clock) as trust,
    ):
        with pytest.raises(Unauthenticated):
            trust.revocations.check(gone)
        trust.revocations.check(await trust.verifier.verify(mint.token(there)))


async def test_what_is_revoked_later_is_heard_over_nats(
    mint: TokenMint, bus: Client, fake_clock: FakeClock
) -> None:
    auth = StandInAuth(mint)  # type: ignore[abstract] # the rest of auth is not asked
    gone, there = mint.principal(), mint.principal()
    async with (
        serving(add_AuthServiceServicer_to_server, auth, clock=fake_clock, service_name="auth") as peer,
        process(f"127.0.0.1:{peer.server.port}", bus, fake_clock) as trust,
    ):
        trust.revocations.check(gone)
        await bus.publish(SUBJECT, b"\xff not a message")
        event = auth_events.SessionsRevoked(revocation=ended(gone, fake_clock))
        await bus.publish(SUBJECT, event.SerializeToString())
        await refused(trust, gone)
        trust.revocations.check(there)


async def test_what_nats_lost_is_found_in_the_list(
    mint: TokenMint, bus: Client, fake_clock: FakeClock
) -> None:
    gone = mint.principal()
    listed: list[auth_pb2.Revocation] = []

    async def list_revocations() -> list[auth_pb2.Revocation]:
        return listed

    service = Service(settings_for_tests())
    authority = Authority(mint.fetch_keys, list_revocations, every_seconds=0.01)
    trust = await follow(service, bus, fake_clock, authority)
    async with service:
        trust.revocations.check(gone)
        listed.append(ended(gone, fake_clock))
        await refused(trust, gone)


async def test_a_process_starts_while_auth_is_away_and_knows_tokens_by_the_keys_of_its_settings(
    mint: TokenMint, bus: Client, fake_clock: FakeClock
) -> None:
    there, gone = mint.principal(), mint.principal()
    with capture_logs() as logs:
        async with process(
            NOBODY, bus, fake_clock, jwks=json.dumps(mint.jwks()), dependency_wait_seconds=0.2
        ) as trust:
            assert await trust.verifier.verify(mint.token(there)) == there
            # It hears what is revoked from now on.
            event = auth_events.SessionsRevoked(revocation=ended(gone, fake_clock))
            await bus.publish(SUBJECT, event.SerializeToString())
            await refused(trust, gone)
    assert "serving without knowing what was revoked before" in [line["event"] for line in logs]
