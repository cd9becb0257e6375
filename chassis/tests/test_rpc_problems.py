"""What goes wrong in a peer comes back as the same problem; nothing else of the peer does."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from io import StringIO

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from chassis.clock import FakeClock
from chassis.errors import (
    AlreadyExists,
    Conflict,
    FieldError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Problem,
    ResourceExhausted,
    Stale,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from chassis.rpc.status import DETAIL_MAX_CHARS, FIELDS_MAX, code_of, details_of, problem_of
from chassis.tests.rpc_probe import PERMISSION, Probe, Request, Response, Stub, register, reply, request
from harness.rpc import PATIENT_SECONDS, Peer, serving

KINDS = [
    InvalidArgument,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AlreadyExists,
    Conflict,
    Stale,
    Unprocessable,
    ResourceExhausted,
    Unavailable,
    Problem,
]


class LineAlreadyFired(Conflict):
    """A service's own error."""


@pytest.fixture
def probe() -> Probe:
    return Probe()


@pytest.fixture
async def peer(fake_clock: FakeClock, probe: Probe) -> AsyncIterator[Peer]:
    async with serving(register, probe, clock=fake_clock, service_name="probe") as made:
        yield made


def raising(error: BaseException) -> Callable[[Request], object]:
    async def behaviour(_: Request) -> Response:
        raise error

    return behaviour


async def fails_with(peer: Peer, probe: Probe, error: BaseException, method: str = "Guarded") -> Problem:
    probe.behaviour = raising(error)  # type: ignore[assignment]
    with peer.as_user([PERMISSION]), pytest.raises(Problem) as raised:
        call = getattr(Stub(peer.channel), method)(request())
        if method == "Watch":
            assert [told.timecard.id async for told in call] == ["1", "2", "3"]
        else:
            await call
    return raised.value


@pytest.mark.parametrize("method", ["Guarded", "Watch"])
@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_problem_survives_the_journey(
    kind: type[Problem], method: str, peer: Peer, probe: Probe
) -> None:
    sent = kind("Das Gerät ist gesperrt", reason="DEVICE_LOCKED", metadata={"allowed": "unlock,é", "n": "2"})
    got = await fails_with(peer, probe, sent, method)
    assert type(got) is kind
    assert (got.reason, got.detail, got.metadata) == (sent.reason, sent.detail, sent.metadata)


@pytest.mark.parametrize("kind", [InvalidArgument, Unprocessable])
async def test_refused_fields_are_named(kind: type[Problem], peer: Peer, probe: Probe) -> None:
    fields = (FieldError("order.lines[0].quantity", "TOO_MANY", "at most 999"), FieldError("", "ODD", "odd"))
    got = await fails_with(peer, probe, kind("no", fields=fields))
    assert type(got) is kind
    assert got.fields == fields


async def test_a_domain_error_arrives_as_its_kind_with_its_reason(peer: Peer, probe: Probe) -> None:
    got = await fails_with(peer, probe, LineAlreadyFired("line 3 is with the kitchen"))
    assert type(got) is Conflict
    assert got.reason == "LINE_ALREADY_FIRED"


async def test_an_unexpected_error_tells_the_caller_nothing_and_the_log_everything(
    peer: Peer, probe: Probe, log_lines: StringIO
) -> None:
    got = await fails_with(peer, probe, KeyError("SELECT secret FROM /etc/passwd"))
    assert type(got) is Problem
    assert got.reason == "INTERNAL"
    assert "secret" not in repr((got.detail, got.metadata, got.fields))
    line = next(json.loads(text) for text in log_lines.getvalue().splitlines() if "unexpectedly" in text)
    assert "SELECT secret" in line["exception"]
    assert line["rpc"] == "fynlo.probe.v1.ProbeService/Guarded"
    assert len(line["trace_id"]) == 32
    assert line["restaurant_id"]


@pytest.mark.parametrize("letter", ["x", "é", "🍕"])
async def test_a_problem_of_any_size_fits_through(letter: str, peer: Peer, probe: Probe) -> None:
    fields = [FieldError(f"f{n}", "LONG", letter * 5_000) for n in range(100)]
    metadata = {f"k{n}": letter * 5_000 for n in range(100)}
    got = await fails_with(peer, probe, InvalidArgument(letter * 50_000, metadata=metadata, fields=fields))
    assert type(got) is InvalidArgument
    assert got.metadata
    assert got.fields
    assert len(got.detail) == DETAIL_MAX_CHARS


async def test_short_field_errors_are_all_told_up_to_the_limit(peer: Peer, probe: Probe) -> None:
    fields = [FieldError(f"lines[{n}].quantity", "int32.gte_lte", "between 1 and 999") for n in range(100)]
    got = await fails_with(peer, probe, InvalidArgument("no", fields=fields))
    assert got.fields == tuple(fields[:FIELDS_MAX])


async def test_the_status_is_the_public_one_of_google_rpc(peer: Peer, probe: Probe) -> None:
    probe.behaviour = raising(LineAlreadyFired("no", metadata={"allowed": "void"}))  # type: ignore[assignment]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{peer.server.port}") as bare:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await Stub(bare).Public(request())
    assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    packed = dict(raised.value.trailing_metadata() or ())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(packed)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("LINE_ALREADY_FIRED", "fynlo")
    assert info.metadata["allowed"] == "void"


async def test_a_peer_that_is_not_there_is_unavailable_by_name(peer: Peer) -> None:
    await peer.server.stop(0)
    with peer.as_user([PERMISSION]), pytest.raises(Unavailable) as raised:
        await Stub(peer.channel).Guarded(request())
    assert raised.value.reason == "SERVICE_UNAVAILABLE"
    assert raised.value.metadata == {"service": "probe"}


async def test_no_answer_in_time_is_unavailable_and_says_so(peer: Peer, probe: Probe) -> None:
    async def sleeps(_: Request) -> Response:
        await asyncio.sleep(600)
        return reply("late")

    probe.behaviour = sleeps
    began = time.perf_counter()
    with peer.as_user([PERMISSION]), pytest.raises(Unavailable) as raised:
        await Stub(peer.channel).Guarded(request(), timeout=0.15)
    assert raised.value.reason == "DEADLINE_EXCEEDED"
    assert raised.value.metadata == {"service": "probe"}
    assert time.perf_counter() - began < PATIENT_SECONDS


async def test_a_problem_met_further_down_keeps_its_reason_on_the_way_up(peer: Peer, probe: Probe) -> None:
    sent = Unavailable("no answer in time", reason="DEADLINE_EXCEEDED", metadata={"service": "catalog"})
    got = await fails_with(peer, probe, sent)
    assert type(got) is Unavailable
    assert (got.reason, got.metadata) == ("DEADLINE_EXCEEDED", {"service": "catalog"})


async def test_a_method_nobody_wrote_is_an_internal_problem_of_the_peer(peer: Peer) -> None:
    with peer.as_user([PERMISSION]), pytest.raises(Problem) as raised:
        await Stub(peer.channel).DoesNotExist(request())
    assert raised.value.reason == "INTERNAL"


async def test_a_request_that_breaks_the_contract_is_refused_field_by_field(peer: Peer, probe: Probe) -> None:
    with peer.as_user([PERMISSION]), pytest.raises(InvalidArgument) as raised:
        await Stub(peer.channel).Guarded(Request(request_id="x" * 256))
    assert raised.value.reason == "VALIDATION_FAILED"
    assert [(field.field, field.code) for field in raised.value.fields] == [("request_id", "string.max_len")]
    assert probe.served == 0


async def test_who_may_not_call_learns_nothing_about_the_contract(peer: Peer) -> None:
    with peer.as_user([]), pytest.raises(PermissionDenied):
        await Stub(peer.channel).Guarded(Request())


def made_by_hand(code: grpc.StatusCode, details: bytes | None = None) -> grpc.aio.AioRpcError:
    trailing = grpc.aio.Metadata(*([("grpc-status-details-bin", details)] if details is not None else []))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, details="whatever")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, ResourceExhausted),
        (grpc.StatusCode.UNAVAILABLE, Unavailable),
        (grpc.StatusCode.CANCELLED, Unavailable),
        (grpc.StatusCode.UNKNOWN, Problem),
        (grpc.StatusCode.DATA_LOSS, Problem),
        (grpc.StatusCode.NOT_FOUND, NotFound),
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidArgument),
        (grpc.StatusCode.OUT_OF_RANGE, InvalidArgument),
    ],
)
def test_a_bare_status_becomes_the_nearest_kind(code: grpc.StatusCode, kind: type[Problem]) -> None:
    assert type(problem_of(made_by_hand(code), "catalog")) is kind


def test_details_that_are_not_ours_are_not_believed() -> None:
    foreign = status_pb2.Status(code=5)
    info = error_details_pb2.ErrorInfo(reason="X", domain="googleapis.com", metadata={"fynlo_kind": "stale"})
    packed = AnyMessage()
    packed.Pack(info)
    foreign.details.append(packed)
    for details in (b"\xff\xff\xff", b"", foreign.SerializeToString()):
        problem = problem_of(made_by_hand(grpc.StatusCode.NOT_FOUND, details))
        assert (type(problem), problem.reason) == (NotFound, "NOT_FOUND")


def test_no_kind_shares_its_code_without_a_way_to_tell() -> None:
    for kind in KINDS:
        problem = kind("x")
        error = made_by_hand(code_of(problem), details_of(problem))
        assert type(problem_of(error)) is kind
