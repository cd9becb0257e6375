"""What a call carries along: the deadline, the caller, the trace, the request id, whether it was a replay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import grpc
import pytest

from chassis.clock import FakeClock
from chassis.errors import PermissionDenied, Unauthenticated, Unavailable
from chassis.rpc import (
    acting_for,
    current_call,
    current_principal,
    inbound,
    mark_replayed,
    open_channel,
    remaining_seconds,
    was_replayed,
)
from chassis.rpc.call import HOP_SECONDS
from chassis.rpc.client import DEFAULT_SECONDS
from chassis.rpc.outgoing import CallInsideTransaction
from chassis.telemetry import current_scope, work_scope
from chassis.tests.conftest import OpenProbe
from chassis.tests.rpc_probe import PERMISSION, Probe, Request, Response, Stub, register, reply, request
from harness.rpc import PATIENT_SECONDS, Peer, identity_for_tests, serving

STARVED_TRIES = 10
"""The first service has 20 ms to tell of the second; a starved machine may miss them, not every time."""
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-00"


@asynccontextmanager
async def two_hops(clock: FakeClock, inner: Probe) -> AsyncIterator[Peer]:
    """A service whose methods call the same method of a second service."""
    async with serving(register, inner, clock=clock, service_name="inner", caller="outer") as second:

        async def forward(received: Request) -> Response:
            answered: Response = await Stub(second.channel).Idempotent(received)
            return answered

        async with serving(register, Probe(forward), clock=clock, service_name="outer") as first:
            # One auth signs for both.
            first.mint.key, first.mint.key_id = second.mint.key, second.mint.key_id
            yield first


async def test_the_person_arrives_at_the_second_service_and_is_checked_there(fake_clock: FakeClock) -> None:
    async def who(_: Request) -> Response:
        return reply(f"{current_principal().name} {current_principal().restaurant_id}")

    async with two_hops(fake_clock, Probe(who)) as peer:
        with peer.as_user([PERMISSION], name="Ada") as ada:
            told = await Stub(peer.channel).Guarded(request())
        assert told.timecard.id == f"Ada {ada.restaurant_id}"


async def test_what_the_first_service_may_does_not_help_the_person(fake_clock: FakeClock) -> None:
    inner = Probe()
    async with two_hops(fake_clock, inner) as peer:
        with peer.as_user([]), pytest.raises(PermissionDenied):
            await Stub(peer.channel).ServiceOnly(request())
    assert inner.served == 0


async def test_the_second_service_gets_less_time_than_the_first(fake_clock: FakeClock) -> None:
    left: list[float] = []

    async def look(_: Request) -> Response:
        left.append(remaining_seconds() or 0)
        return reply("")

    async with two_hops(fake_clock, Probe(look)) as peer:
        with peer.as_user([PERMISSION]):
            # Below ten seconds, where gRPC sends time-outs in hundredths of one, rounded up.
            await Stub(peer.channel).Guarded(request(), timeout=9.0)
    assert 1.0 < left[0] < 9.0 - HOP_SECONDS + 0.01


async def test_a_slow_second_service_cannot_make_the_first_one_late(fake_clock: FakeClock) -> None:
    async def sleeps(_: Request) -> Response:
        await asyncio.sleep(600)
        return reply("late")

    async with two_hops(fake_clock, Probe(sleeps)) as peer:
        for _ in range(STARVED_TRIES):
            with peer.as_user([PERMISSION]), pytest.raises(Unavailable) as raised:
                await Stub(peer.channel).Guarded(request(), timeout=0.5)
            assert raised.value.reason == "DEADLINE_EXCEEDED"
            # Of "inner" the first can only tell while the caller still waits for it.
            if raised.value.metadata == {"service": "inner"}:
                break
    assert raised.value.metadata == {"service": "inner"}


async def test_work_is_refused_when_hardly_any_time_is_left(fake_clock: FakeClock) -> None:
    probe = Probe()
    async with serving(register, probe, clock=fake_clock) as peer:
        with peer.as_user([PERMISSION]) as ada, pytest.raises(Unavailable):
            await Stub(peer.channel).Guarded(request(), timeout=0.008)
        with inbound(budget_seconds=HOP_SECONDS / 2, principal=ada), pytest.raises(Unavailable) as raised:
            await Stub(peer.channel).Public(request())
        assert raised.value.reason == "DEADLINE_EXCEEDED"
    assert probe.served == 0


async def test_a_caller_without_a_deadline_gets_the_limit_of_the_server(fake_clock: FakeClock) -> None:
    left: list[float] = []

    async def look(_: Request) -> Response:
        left.append(remaining_seconds() or 0)
        return reply("")

    async with serving(register, Probe(look), clock=fake_clock) as peer:
        bare = grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}")
        await Stub(bare).Public(request())
        await bare.close()
    assert 5 < left[0] <= 10


async def test_a_call_of_background_work_has_a_time_out_of_its_own(fake_clock: FakeClock) -> None:
    async def look(_: Request) -> Response:
        return reply(str(remaining_seconds()))

    identity = identity_for_tests("gateway", fake_clock)
    async with serving(register, Probe(look), clock=fake_clock) as peer:
        address = f"127.0.0.1:{peer.server.port}"
        async with open_channel(address, peer="probe", identity=identity) as channel:
            told = await Stub(channel).Public(request())
    assert 0 < float(told.timecard.id) < DEFAULT_SECONDS + 0.1


async def test_the_trace_and_the_request_id_go_all_the_way(fake_clock: FakeClock) -> None:
    async def look(_: Request) -> Response:
        scope = current_scope()
        assert scope is not None
        return reply(f"{scope.trace.trace_id} {scope.request_id} {scope.restaurant_id}")

    async with two_hops(fake_clock, Probe(look)) as peer:
        principal = peer.mint.principal(permissions=frozenset({PERMISSION}))
        token = peer.mint.token(principal)
        with inbound(budget_seconds=5, token=token, request_id="req-77", traceparent=TRACEPARENT):
            told = await Stub(peer.channel).Guarded(request())
    assert told.timecard.id == f"{TRACE} req-77 {principal.restaurant_id}"


@pytest.mark.parametrize("hostile", ["x" * 65, "a\nb", "a b", "\x1b[31m", "é", ""])
async def test_a_request_id_that_could_harm_a_log_is_replaced(hostile: str, fake_clock: FakeClock) -> None:
    async def look(_: Request) -> Response:
        call = current_call()
        assert call is not None
        return reply(call.request_id)

    async with serving(register, Probe(look), clock=fake_clock) as peer:
        with inbound(budget_seconds=5, request_id=hostile, traceparent=TRACEPARENT):
            told = await Stub(peer.channel).Public(request())
        assert told.timecard.id == TRACE
        if hostile.isascii() and hostile.isprintable():
            async with grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}") as bare:
                metadata = (("x-request-id", hostile), ("traceparent", TRACEPARENT))
                told = await Stub(bare).Public(request(), metadata=metadata)
            assert told.timecard.id == TRACE


@pytest.mark.parametrize("hostile", ["é", "a\nb", "a b", "\x00"])
def test_a_token_that_no_header_can_carry_is_refused_before_any_call(hostile: str) -> None:
    with pytest.raises(Unauthenticated), inbound(budget_seconds=5, token=hostile):
        raise AssertionError("unreachable")


async def test_a_malformed_traceparent_begins_a_new_trace(fake_clock: FakeClock) -> None:
    async def look(_: Request) -> Response:
        scope = current_scope()
        assert scope is not None
        return reply(scope.trace.trace_id)

    malformed = (f"00-{'0' * 32}-b7ad6b7169203331-01", "nonsense", f"01-{TRACE}-b7ad6b7169203331-00")
    async with serving(register, Probe(look), clock=fake_clock) as peer:
        bare = grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}")
        for header in malformed:
            told = await Stub(bare).Public(request(), metadata=(("traceparent", header),))
            assert len(told.timecard.id) == 32
            assert told.timecard.id not in {TRACE, "0" * 32}
        await bare.close()


async def test_background_work_continues_the_trace_of_its_event(fake_clock: FakeClock) -> None:
    async def look(_: Request) -> Response:
        scope = current_scope()
        assert scope is not None
        return reply(f"{scope.trace.trace_id} {current_principal().tenant}")

    restaurant = uuid4()
    async with serving(register, Probe(look), clock=fake_clock) as peer:
        with work_scope(TRACEPARENT), acting_for(restaurant):
            told = await Stub(peer.channel).ServiceOnly(request())
    assert told.timecard.id == f"{TRACE} {restaurant}"


async def test_a_replayed_reply_is_marked_and_others_are_not(fake_clock: FakeClock) -> None:
    async def replay(received: Request) -> Response:
        if received.request_id == "again":
            mark_replayed()
        return reply("")

    async with serving(register, Probe(replay), clock=fake_clock) as peer:
        with peer.as_user([PERMISSION]):
            for name, replayed in (("first", False), ("again", True), ("first", False)):
                call = Stub(peer.channel).Guarded(request(name))
                await call
                assert await was_replayed(call) is replayed


async def test_calls_do_not_see_each_other(fake_clock: FakeClock) -> None:
    async def echo(received: Request) -> Response:
        before = current_principal().name
        await asyncio.sleep(0.01)
        return reply(f"{received.request_id} {before} {current_principal().name}")

    async with serving(register, Probe(echo), clock=fake_clock) as peer:

        async def one(number: int) -> str:
            with peer.as_user([PERMISSION], name=f"n{number}"):
                told = await Stub(peer.channel).Guarded(request(f"r{number}"))
            return str(told.timecard.id)

        told = await asyncio.gather(*(one(number) for number in range(50)))
    assert told == [f"r{number} n{number} n{number}" for number in range(50)]


async def test_no_call_leaves_from_inside_a_transaction(fake_clock: FakeClock, open_probe: OpenProbe) -> None:
    database = await open_probe()
    probe = Probe()
    async with serving(register, probe, clock=fake_clock) as peer:
        stub = Stub(peer.channel)
        async with database.transaction(None):
            with pytest.raises(CallInsideTransaction):
                stub.Public(request())
            with pytest.raises(CallInsideTransaction):
                stub.Watch(request())
        assert probe.served == 0
        await stub.Public(request())
    assert probe.served == 1


async def test_a_cancelled_caller_cancels_the_work(fake_clock: FakeClock) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def sleeps(_: Request) -> Response:
        began.set()
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()
        return reply("late")

    async with serving(register, Probe(sleeps), clock=fake_clock) as peer:
        with peer.as_user([PERMISSION]):
            task = asyncio.ensure_future(Stub(peer.channel).Guarded(request()))
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with asyncio.timeout(PATIENT_SECONDS / 2):
            await ended.wait()


async def test_a_reader_who_leaves_a_stream_ends_it(fake_clock: FakeClock) -> None:
    ended = asyncio.Event()

    async def sleeps(_: Request) -> Response:
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()
        return reply("late")

    async with serving(register, Probe(sleeps), clock=fake_clock) as peer:
        with peer.as_user([PERMISSION]):
            stream = Stub(peer.channel).Watch(request())
            seen = 0
            async for _ in stream:
                seen += 1
                if seen == 3:
                    break
            await asyncio.sleep(0.1)
            stream.cancel()
        async with asyncio.timeout(PATIENT_SECONDS / 2):
            await ended.wait()
