"""Who may call what, over real gRPC."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import fynlo.payments.v1.payments_service_pb2  # noqa: F401 - the contract that a test asks about
import grpc
import pytest

from chassis.auth import PrincipalKind, Revocation, Revocations, RevokedKind, ServiceIdentity
from chassis.clock import FakeClock
from chassis.errors import InvalidArgument, PermissionDenied, Unauthenticated
from chassis.ids import new_id
from chassis.rpc import current_call, current_principal, inbound, open_channel, tenant_named
from chassis.rpc.policy import policies_of, refusal_of
from chassis.tests.rpc_probe import PERMISSION, Probe, Request, Response, Stub, register, reply, request
from harness.rpc import Peer, TokenMint, identity_for_tests, key_for_tests, serving


async def who(_: Request) -> Response:
    principal, call = current_principal(), current_call()
    assert call is not None
    return reply(f"{principal.kind}|{principal.name}|{principal.restaurant_id}|{call.service}")


@pytest.fixture
def probe() -> Probe:
    return Probe(who)


@pytest.fixture
def revocations(fake_clock: FakeClock) -> Revocations:
    return Revocations(fake_clock)


@pytest.fixture
async def peer(fake_clock: FakeClock, probe: Probe, revocations: Revocations) -> AsyncIterator[Peer]:
    async with serving(
        register, probe, clock=fake_clock, service_name="probe", revocations=revocations
    ) as made:
        yield made


async def test_a_holder_of_the_permission_is_let_in_as_who_they_are(peer: Peer) -> None:
    with peer.as_user([PERMISSION], name="Ada") as ada:
        told = await Stub(peer.channel).Guarded(request())
    assert told.timecard.id == f"user|Ada|{ada.restaurant_id}|"


async def test_another_permission_is_not_enough(peer: Peer, probe: Probe) -> None:
    with peer.as_user(["staff.read"]), pytest.raises(PermissionDenied) as refused:
        await Stub(peer.channel).Guarded(request())
    assert refused.value.reason == "PERMISSION_MISSING"
    assert refused.value.metadata["permission"] == PERMISSION
    assert probe.served == 0


async def test_an_unknown_role_has_no_permission_whatever_its_token_lists(peer: Peer, probe: Probe) -> None:
    with peer.as_user([PERMISSION], role="superuser"), pytest.raises(PermissionDenied):
        await Stub(peer.channel).Guarded(request())
    assert probe.served == 0


async def test_a_method_without_a_rule_is_closed_to_everybody(peer: Peer, probe: Probe) -> None:
    with (
        peer.as_user([PERMISSION, "*", ""], role="platform_owner"),
        pytest.raises(PermissionDenied) as refused,
    ):
        await Stub(peer.channel).Unruled(request())
    assert refused.value.reason == "METHOD_CLOSED"
    with peer.as_service(uuid4()), pytest.raises(PermissionDenied):
        await Stub(peer.channel).Unruled(request())
    assert probe.served == 0


async def test_a_call_without_token_or_identity_is_unauthenticated(peer: Peer, probe: Probe) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}") as bare:
        for method in ("Guarded", "Watch"):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                call = getattr(Stub(bare), method)(request())
                await (call.read() if method == "Watch" else call)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await Stub(bare).ServiceOnly(request())
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert probe.served == 0


async def test_an_expired_token_says_that_it_expired(peer: Peer, fake_clock: FakeClock) -> None:
    with peer.as_user([PERMISSION]):
        await Stub(peer.channel).Guarded(request())
        fake_clock.advance(timedelta(minutes=15))
        with pytest.raises(Unauthenticated) as refused:
            await Stub(peer.channel).Guarded(request())
    assert refused.value.reason == "TOKEN_EXPIRED"


async def test_a_public_method_needs_no_token_and_knows_nobody(peer: Peer, probe: Probe) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await Stub(peer.channel).Public(request())
    assert refused.value.reason == "NO_PRINCIPAL"
    assert probe.served == 1


async def test_a_person_cannot_call_what_is_for_services(peer: Peer, fake_clock: FakeClock) -> None:
    principal = peer.mint.principal(permissions=frozenset({PERMISSION}))
    token = (("authorization", f"Bearer {peer.mint.token(principal)}"),)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}") as bare:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await Stub(bare).ServiceOnly(request(), metadata=token)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_service_calls_as_itself_for_the_restaurant_it_names(peer: Peer) -> None:
    restaurant = uuid4()
    with peer.as_service(restaurant):
        told = await Stub(peer.channel).ServiceOnly(request())
    assert told.timecard.id == f"service|gateway|{restaurant}|gateway"


async def test_a_service_forwarding_a_person_acts_as_that_person(peer: Peer) -> None:
    """The confused deputy: the caller's own rights never replace those of the person it acts for."""
    with peer.as_user([], name="Eve") as eve:
        told = await Stub(peer.channel).ServiceOnly(request())
    assert told.timecard.id == f"user|Eve|{eve.restaurant_id}|gateway"


async def test_a_service_calls_as_itself_only_where_the_contract_names_it(
    peer: Peer, fake_clock: FakeClock
) -> None:
    with peer.as_service(uuid4()), pytest.raises(PermissionDenied) as refused:
        await Stub(peer.channel).Guarded(request())
    assert refused.value.reason == "CALLER_REFUSED"
    orders = open_channel(
        f"127.0.0.1:{peer.server.port}", peer="probe", identity=identity_for_tests("orders", fake_clock)
    )
    async with orders:
        with peer.as_service(uuid4()), pytest.raises(PermissionDenied) as refused:
            await Stub(orders).ServiceOnly(request())
    assert refused.value.reason == "CALLER_REFUSED"
    realtime = open_channel(
        f"127.0.0.1:{peer.server.port}",
        peer="probe",
        identity=identity_for_tests("realtime", fake_clock),
    )
    async with realtime:
        with peer.as_service(uuid4()):
            told = await Stub(realtime).Guarded(request())
        assert told.timecard.id.startswith(f"{PrincipalKind.SERVICE}|realtime|")
        with peer.as_user(["staff.read"]), pytest.raises(PermissionDenied):
            await Stub(realtime).Guarded(request())


async def test_a_forged_service_identity_is_refused(peer: Peer, fake_clock: FakeClock, probe: Probe) -> None:
    forger = ServiceIdentity("realtime", key_for_tests("a thief"), fake_clock, peers={})
    async with open_channel(f"127.0.0.1:{peer.server.port}", peer="probe", identity=forger) as channel:
        with pytest.raises(Unauthenticated) as refused:
            await Stub(channel).ServiceOnly(request())
    assert refused.value.reason == "SERVICE_IDENTITY_INVALID"
    assert probe.served == 0


async def test_a_token_of_another_issuer_is_refused(peer: Peer, fake_clock: FakeClock, probe: Probe) -> None:
    stranger = TokenMint(fake_clock)
    token = stranger.token(stranger.principal(permissions=frozenset({PERMISSION})))
    with inbound(budget_seconds=5, token=token), pytest.raises(Unauthenticated) as refused:
        await Stub(peer.channel).Guarded(request())
    assert refused.value.reason == "TOKEN_INVALID"
    assert probe.served == 0


async def tell_restaurant(asked: Request) -> Response:
    """Says which restaurant a request is about; the probe's request names it in its only text."""
    return reply(str(tenant_named(asked.request_id.removeprefix("none"))))


async def test_a_person_leaves_the_restaurant_out_or_names_their_own(peer: Peer, probe: Probe) -> None:
    probe.behaviour = tell_restaurant
    with peer.as_user([PERMISSION]) as ada:
        for named in ("none", str(ada.restaurant_id), str(ada.restaurant_id).upper()):
            told = await Stub(peer.channel).Guarded(request(named))
            assert told.timecard.id == str(ada.restaurant_id)
        for named, kind, reason in (
            (str(new_id()), PermissionDenied, "OTHER_RESTAURANT"),
            ("mine", InvalidArgument, "INVALID_ID"),
        ):
            with pytest.raises(kind) as refused:
                await Stub(peer.channel).Guarded(request(named))
            assert refused.value.reason == reason
    with peer.as_user([PERMISSION], restaurant_id=None):
        for named, reason in (("none", "NO_RESTAURANT"), (str(new_id()), "OTHER_RESTAURANT")):
            with pytest.raises(PermissionDenied) as refused:
                await Stub(peer.channel).Guarded(request(named))
            assert refused.value.reason == reason


async def test_a_service_names_the_restaurant_that_it_signed_for(peer: Peer, probe: Probe) -> None:
    probe.behaviour, restaurant = tell_restaurant, new_id()
    with peer.as_service(restaurant):
        told = await Stub(peer.channel).ServiceOnly(request(str(restaurant)))
        assert told.timecard.id == str(restaurant)
        for named, reason in (("none", "NO_RESTAURANT"), (str(new_id()), "OTHER_RESTAURANT")):
            with pytest.raises(PermissionDenied) as refused:
                await Stub(peer.channel).ServiceOnly(request(named))
            assert refused.value.reason == reason


@pytest.mark.parametrize("method", ["Guarded", "ServiceOnly", "Watch"])
async def test_a_service_refuses_a_revoked_token_itself(
    peer: Peer, probe: Probe, revocations: Revocations, fake_clock: FakeClock, method: str
) -> None:
    with peer.as_user([PERMISSION]) as ada:
        await Stub(peer.channel).Guarded(request())
        at = fake_clock.now() + timedelta(seconds=1)
        revocations.apply(Revocation(RevokedKind.SESSION, str(ada.session_id), at))
        with pytest.raises(Unauthenticated) as refused:
            call = getattr(Stub(peer.channel), method)(request())
            await (anext(aiter(call)) if method == "Watch" else call)
    assert refused.value.reason == "TOKEN_REVOKED"
    assert probe.served == 1


async def test_a_stream_ends_when_its_token_is_revoked(
    peer: Peer, probe: Probe, revocations: Revocations, fake_clock: FakeClock
) -> None:
    revoked = asyncio.Event()

    async def after_that(_: Request) -> Response:
        await revoked.wait()
        return reply("too late")

    probe.behaviour = after_that
    seen: list[str] = []
    with peer.as_user([PERMISSION]) as ada, pytest.raises(Unauthenticated) as refused:
        async for told in Stub(peer.channel).Watch(request()):
            seen.append(told.timecard.id)
            if told.timecard.id == "3":
                at = fake_clock.now() + timedelta(seconds=1)
                revocations.apply(Revocation(RevokedKind.USER, str(ada.subject), at))
                revoked.set()
    assert seen == ["1", "2", "3"]
    assert refused.value.reason == "TOKEN_REVOKED"


async def test_a_stream_ends_when_its_token_expires(peer: Peer, probe: Probe, fake_clock: FakeClock) -> None:
    expired = asyncio.Event()

    async def after_expiry(_: Request) -> Response:
        await expired.wait()
        return reply("too late")

    probe.behaviour = after_expiry
    seen: list[str] = []
    with peer.as_user([PERMISSION]), pytest.raises(Unauthenticated) as refused:
        async for told in Stub(peer.channel).Watch(request()):
            seen.append(told.timecard.id)
            if told.timecard.id == "3":
                fake_clock.advance(timedelta(minutes=15))
                expired.set()
    assert refused.value.reason == "TOKEN_EXPIRED"
    assert seen == ["1", "2", "3"]


def test_a_contract_that_states_two_rules_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="more than one"):
        policies_of("fynlo.probe.v1.AmbiguousService")


async def test_a_refused_call_leaves_a_line_that_names_who_and_why_but_no_token(
    peer: Peer, log_lines: StringIO
) -> None:
    with peer.as_user([]) as eve, pytest.raises(PermissionDenied):
        await Stub(peer.channel).Guarded(request())
    [line] = [json.loads(text) for text in log_lines.getvalue().splitlines() if "refused" in text]
    assert (line["subject"], line["device_id"]) == (str(eve.subject), eve.device_id)
    assert (line["reason"], line["restaurant_id"]) == ("PERMISSION_MISSING", str(eve.restaurant_id))
    assert "eyJ" not in log_lines.getvalue()


def test_a_caller_acts_only_on_a_refusal_that_the_contract_lists() -> None:
    payments = "fynlo.payments.v1.PaymentsService"
    assert refusal_of(payments, "CloseBill", "BILL_HAS_MONEY") == "BILL_HAS_MONEY"
    with pytest.raises(ValueError, match="does not refuse with BILL_HAS_PAYMENTS"):
        refusal_of(payments, "CloseBill", "BILL_HAS_PAYMENTS")
