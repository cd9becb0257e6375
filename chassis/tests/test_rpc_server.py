"""The server as a whole: limits, health, draining, retries, mutual TLS, and real contracts."""

import asyncio
import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from fynlo.staff.v1 import staff_service_pb2_grpc as staff_grpc
from fynlo.staff.v1.staff_service_pb2 import (
    ClockInRequest,
    ClockInResponse,
    ClockOutRequest,
    SaveEmployeeRequest,
    SaveEmployeeResponse,
)
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from chassis.auth import Revocations, ServiceIdentity, TokenVerifier
from chassis.clock import FakeClock
from chassis.errors import InvalidArgument, ResourceExhausted, Unavailable
from chassis.rpc import RpcServer, channel_credentials, open_channel
from chassis.rpc.policy import Access, policies_of
from chassis.telemetry import metrics_page
from chassis.tests.rpc_probe import (
    PERMISSION,
    SERVICE,
    Probe,
    Request,
    Response,
    Stub,
    register,
    reply,
    request,
)
from harness.rpc import (
    PATIENT_SECONDS,
    Peer,
    TokenMint,
    identity_for_tests,
    serving,
    settings_for_tests,
)
from harness.tls import Authority

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Staff(staff_grpc.StaffServiceServicer):
    """Two of the methods of a real contract; the rest is left as generated."""

    async def ClockIn(self, request: ClockInRequest, context: object) -> ClockInResponse:
        return ClockInResponse()

    async def SaveEmployee(self, request: SaveEmployeeRequest, context: object) -> SaveEmployeeResponse:
        return SaveEmployeeResponse()


# The type stubs call a servicer abstract until it has every method; at run time it is not.
make_staff = cast(Any, Staff)


async def test_a_real_contract_is_served_with_its_rules(fake_clock: FakeClock) -> None:
    add = staff_grpc.add_StaffServiceServicer_to_server
    async with serving(add, make_staff(), clock=fake_clock) as peer:
        stub = staff_grpc.StaffServiceStub(peer.channel)
        with peer.as_user(["staff.clock", "staff.manage"]):
            assert await stub.ClockIn(ClockInRequest(request_id="1")) == ClockInResponse()
            with pytest.raises(InvalidArgument) as refused:
                await stub.SaveEmployee(SaveEmployeeRequest())
    assert {field.field for field in refused.value.fields} == {"request_id", "employee"}


async def test_a_method_left_as_generated_is_unimplemented(fake_clock: FakeClock) -> None:
    add = staff_grpc.add_StaffServiceServicer_to_server
    async with serving(add, make_staff(), clock=fake_clock) as peer:
        bare = grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await staff_grpc.StaffServiceStub(bare).ClockOut(ClockOutRequest(request_id="1"))
        await bare.close()
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def every_service() -> Iterator[str]:
    root = Path(__file__).parents[2] / "protos" / "python"
    for path in sorted(root.glob("fynlo/*/v1/*_service_pb2.py")):
        module = importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
        yield from (service.full_name for service in module.DESCRIPTOR.services_by_name.values())


@pytest.mark.parametrize("service", list(every_service()))
def test_every_method_of_our_contracts_states_who_may_call_it(service: str) -> None:
    closed = [name for name, policy in policies_of(service).items() if policy.access is Access.NOBODY]
    assert closed == []


async def test_a_servicer_that_registers_nothing_is_a_mistake(fake_clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="registered no method"):
        async with serving(lambda *_: None, Probe(), clock=fake_clock):
            raise AssertionError("unreachable")


async def test_a_message_over_four_megabytes_is_refused(fake_clock: FakeClock) -> None:
    async with serving(register, Probe(), clock=fake_clock) as peer:
        with peer.as_user([PERMISSION]), pytest.raises(ResourceExhausted):
            await Stub(peer.channel).Guarded(request("x" * (4 * 1024 * 1024 + 1)))


async def test_more_calls_at_once_than_allowed_are_turned_away(fake_clock: FakeClock) -> None:
    release = asyncio.Event()

    async def waits(_: Request) -> Response:
        await release.wait()
        return reply("done")

    async with serving(register, Probe(waits), clock=fake_clock, grpc_max_concurrent_calls=2) as peer:
        stub = Stub(peer.channel)
        calls = [asyncio.ensure_future(stub.Public(request())) for _ in range(6)]
        async with asyncio.timeout(PATIENT_SECONDS):
            while sum(call.done() for call in calls) < 4:  # noqa: ASYNC110 - some of them end
                await asyncio.sleep(0.01)
        turned_away = [call for call in calls if call.done()]
        assert [type(call.exception()) for call in turned_away] == [ResourceExhausted] * 4
        release.set()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(told, Response) for told in done) == 2


async def test_a_port_that_is_taken_is_an_error_at_start(fake_clock: FakeClock) -> None:
    async with serving(register, Probe(), clock=fake_clock) as peer:
        with pytest.raises(RuntimeError):
            async with serving(register, Probe(), clock=fake_clock, grpc_port=peer.server.port):
                raise AssertionError("unreachable")


async def test_a_channel_does_not_wait_for_what_an_older_one_could_not_reach(fake_clock: FakeClock) -> None:
    identity = identity_for_tests("gateway", fake_clock)
    async with serving(register, Probe(), clock=fake_clock) as peer:
        port = peer.server.port
        # A port of a test or of a pod that is gone, and is given to another.
        older = open_channel(f"127.0.0.1:{port}", peer="probe", identity=identity)
    with pytest.raises(Unavailable):
        await Stub(older).Public(request())
    async with serving(register, Probe(), clock=fake_clock, grpc_port=port) as peer:
        await Stub(peer.channel).Public(request())
    await older.close()


async def test_health_says_what_the_process_reports(fake_clock: FakeClock) -> None:
    async with serving(register, Probe(), clock=fake_clock) as peer:
        bare = grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}")
        health = health_pb2_grpc.HealthStub(bare)
        for serves, expected in ((True, SERVING), (False, NOT_SERVING)):
            await peer.server.report_serving(serves)
            for name in ("", SERVICE):
                told = await health.Check(health_pb2.HealthCheckRequest(service=name))
                assert told.status == expected
        await bare.close()


async def _all(stream: Any) -> list[Any]:
    with contextlib.suppress(grpc.aio.AioRpcError):
        return [answer async for answer in stream]
    return []


@pytest.mark.parametrize("allowed", [False, True])
async def test_methods_are_listed_only_where_settings_say_so(allowed: bool, fake_clock: FakeClock) -> None:
    async with serving(register, Probe(), clock=fake_clock, grpc_reflection=allowed) as peer:
        bare = grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}")
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(bare)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        call = stub.ServerReflectionInfo(iter([asked]))
        told = [
            service.name for answer in await _all(call) for service in answer.list_services_response.service
        ]
        assert (SERVICE in told) is allowed
        assert (await call.code() is grpc.StatusCode.UNIMPLEMENTED) is not allowed
        await bare.close()


async def test_a_call_in_flight_is_finished_while_new_ones_are_refused(fake_clock: FakeClock) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def slow(received: Request) -> Response:
        if received.request_id == "in flight":
            started.set()
            await release.wait()
        return reply("done")

    async with serving(register, Probe(slow), clock=fake_clock) as peer:
        in_flight = asyncio.ensure_future(Stub(peer.channel).Public(request("in flight")))
        await started.wait()
        stopping = asyncio.create_task(peer.server.stop(PATIENT_SECONDS))
        await asyncio.sleep(0.1)
        with pytest.raises(Unavailable):
            await Stub(peer.channel).Public(request())
        release.set()
        assert (await in_flight).timecard.id == "done"
        await stopping


async def test_the_grace_of_a_stop_is_not_exceeded(fake_clock: FakeClock) -> None:
    started = asyncio.Event()

    async def endless(_: Request) -> Response:
        started.set()
        await asyncio.sleep(600)
        return reply("never")

    async with serving(register, Probe(endless), clock=fake_clock) as peer:
        in_flight = asyncio.ensure_future(Stub(peer.channel).Public(request(), timeout=600))
        await started.wait()
        async with asyncio.timeout(PATIENT_SECONDS):
            await peer.server.stop(0.2)
        with pytest.raises(Unavailable):
            await in_flight


async def restarted_after(peer: Peer, seconds: float, probe: Probe, clock: FakeClock) -> RpcServer:
    await asyncio.sleep(seconds)
    settings = settings_for_tests(grpc_port=peer.server.port)
    server = RpcServer(
        settings,
        verifier=TokenVerifier(peer.mint.fetch_keys, clock),
        revocations=Revocations(clock),
        identity=ServiceIdentity.of(settings, clock),
        clock=clock,
    )
    server.add(register, probe)
    await server.start()
    return server


async def test_a_restarted_peer_is_found_again_within_seconds(fake_clock: FakeClock) -> None:
    probe = Probe()
    async with serving(register, probe, clock=fake_clock) as peer:
        await Stub(peer.channel).Public(request())
        await peer.server.stop(0)
        for _ in range(20):
            with pytest.raises(Unavailable):
                await Stub(peer.channel).Public(request())
        again = await restarted_after(peer, 0, probe, fake_clock)
        async with asyncio.timeout(15):
            while True:
                try:
                    await Stub(peer.channel).Public(request())
                    break
                except Unavailable:
                    await asyncio.sleep(0.1)
        await again.stop(0)


async def failing_first(times: int, clock: FakeClock, method: str) -> tuple[int, bool]:
    """How often a method ran that fails this often with Unavailable, and whether the caller was served."""
    probe = Probe()

    async def flaky(_: Request) -> Response:
        if probe.served <= times:
            raise Unavailable("try again")
        return reply("served")

    probe.behaviour = flaky
    async with serving(register, probe, clock=clock, retry=[SERVICE]) as peer:
        with peer.as_user([PERMISSION]):
            try:
                await getattr(Stub(peer.channel), method)(request())
            except Unavailable:
                return probe.served, False
    return probe.served, True


@pytest.mark.parametrize(
    ("method", "failures", "ran", "served"),
    [("Idempotent", 2, 3, True), ("Idempotent", 3, 3, False), ("Guarded", 1, 1, False)],
)
async def test_only_idempotent_methods_are_tried_again_and_at_most_three_times(
    method: str, failures: int, ran: int, served: bool, fake_clock: FakeClock
) -> None:
    assert await failing_first(failures, fake_clock, method) == (ran, served)


async def test_without_a_retry_policy_nothing_is_tried_again(fake_clock: FakeClock) -> None:
    probe = Probe()

    async def fails(_: Request) -> Response:
        raise Unavailable("no")

    probe.behaviour = fails
    async with serving(register, probe, clock=fake_clock) as peer:
        with peer.as_user([PERMISSION]), pytest.raises(Unavailable):
            await Stub(peer.channel).Idempotent(request())
    assert probe.served == 1


async def test_calls_are_counted_on_both_sides_by_outcome(fake_clock: FakeClock) -> None:
    def count(side: str, method: str, code: str) -> float:
        name = f'rpc_{side}_seconds_count{{code="{code}",method="{method}",service="{SERVICE}"}} '
        return sum(
            float(line[len(name) :]) for line in metrics_page().decode().splitlines() if line.startswith(name)
        )

    sides = ("server", "client")
    before = [count(side, "ServiceOnly", "OK") for side in sides]
    async with serving(register, Probe(), clock=fake_clock) as peer:
        await Stub(peer.channel).ServiceOnly(request())
        with pytest.raises(InvalidArgument):
            await Stub(peer.channel).ServiceOnly(Request())
    assert [count(side, "ServiceOnly", "OK") for side in sides] == [value + 1 for value in before]
    assert all(count(side, "ServiceOnly", "INVALID_ARGUMENT") >= 1 for side in sides)


async def test_with_mutual_tls_only_our_own_processes_are_heard(
    tmp_path: Path, fake_clock: FakeClock
) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    settings = settings_for_tests(**ours.files("orders"))
    identity = identity_for_tests("gateway", fake_clock)
    probe = Probe()
    server = RpcServer(
        settings,
        verifier=TokenVerifier(TokenMint(fake_clock).fetch_keys, fake_clock),
        revocations=Revocations(fake_clock),
        identity=identity,
        clock=fake_clock,
    )
    server.add(register, probe)
    address = f"127.0.0.1:{await server.start()}"
    stranger = settings_for_tests(**{**theirs.files("stranger"), "tls_ca_file": ours.ca_file})
    friend = settings_for_tests(**ours.files("gateway"))
    try:
        for credentials in (channel_credentials(stranger), None):
            async with open_channel(
                address, peer="orders", identity=identity, credentials=credentials
            ) as channel:
                with pytest.raises(Unavailable):
                    await Stub(channel).Public(request(), timeout=2)
        assert probe.served == 0
        credentials = channel_credentials(friend)
        async with open_channel(
            address, peer="orders", identity=identity, credentials=credentials
        ) as channel:
            await Stub(channel).Public(request())
        assert probe.served == 1
    finally:
        await server.stop(0)


def test_the_probe_is_a_contract_like_any_other() -> None:
    assert len(descriptor_pool.Default().FindServiceByName(SERVICE).methods) == len(policies_of(SERVICE))
