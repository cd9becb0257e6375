"""Logs that say where they belong and keep secrets out, metrics on one page, traces that travel."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from chassis.clock import FakeClock
from chassis.telemetry import (
    counter,
    current_scope,
    gauge,
    get_logger,
    histogram,
    metrics_page,
    new_trace,
    parse_traceparent,
    work_scope,
)
from chassis.telemetry.logs import REDACTED, TEXT_MAX_CHARS
from chassis.telemetry.traces import _tracing, configure_tracing, shut_down_tracing
from chassis.tests.conftest import logs_to
from chassis.tests.rpc_probe import Probe, Request, Response, Stub, register, reply, request
from harness.rpc import TokenMint, serving

TRACE = "0af7651916cd43dd8448eb211c80319c"
log = get_logger("test")


def written(lines: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().split("\n") if line]


def test_a_line_says_when_where_and_on_whose_behalf(log_lines: StringIO) -> None:
    with work_scope(f"00-{TRACE}-b7ad6b7169203331-00", restaurant_id="r-1", request_id="req-1"):
        log.info("order placed", order_id="o-1")
    log.info("outside")
    inside, outside = written(log_lines)
    assert inside["event"] == "order placed"
    assert (inside["service"], inside["part"], inside["level"]) == ("probe", "test", "info")
    assert (inside["trace_id"], inside["restaurant_id"], inside["request_id"]) == (TRACE, "r-1", "req-1")
    assert inside["order_id"] == "o-1"
    assert inside["timestamp"].endswith("Z")
    assert "trace_id" not in outside


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "token",
        "refresh_token",
        "Authorization",
        "pin",
        "api_key",
        "secret",
        "cookie",
    ],
)
def test_a_value_under_a_tell_tale_name_is_not_written(name: str, log_lines: StringIO) -> None:
    log.warning("x", **{name: "canary"}, inner={name: "canary"}, many=[{name: "canary"}])
    [line] = written(log_lines)
    assert "canary" not in log_lines.getvalue()
    assert line[name] == line["inner"][name] == line["many"][0][name] == REDACTED


def test_a_token_is_not_written_wherever_it_hides(log_lines: StringIO, fake_clock: FakeClock) -> None:
    mint = TokenMint(fake_clock)
    token = mint.token(mint.principal())
    log.warning(f"got {token}", header=f"Bearer {token}", parts=[token], deep={"a": {"b": (token,)}})
    try:
        raise ValueError(f"bad token {token}")
    except ValueError:
        log.exception("failed")
    logging.getLogger("some.library").warning("sent %s", token)
    text = log_lines.getvalue()
    assert text.count(REDACTED) == 6
    assert token.split(".")[1] not in text


def test_a_password_in_a_url_is_not_written(log_lines: StringIO) -> None:
    log.warning("cannot connect", error="no answer from postgresql://fynlo_orders:canary@db:5432/fynlo")
    [line] = written(log_lines)
    assert line["error"] == f"no answer from postgresql://fynlo_orders:{REDACTED}@db:5432/fynlo"


def test_words_that_only_sound_secret_are_written(log_lines: StringIO) -> None:
    log.info("x", pinned=True, tokenizer="t", shipping="no", permission="staff.clock", count=3, ratio=0.5)
    [line] = written(log_lines)
    assert line["pinned"] is True
    assert (line["tokenizer"], line["shipping"], line["permission"]) == ("t", "no", "staff.clock")
    assert (line["count"], line["ratio"]) == (3, 0.5)


@given(st.text(max_size=200))
def test_one_event_is_one_line_whatever_it_contains(text: str) -> None:
    with logs_to(StringIO()) as lines:
        log.info("x", note=text)
    assert lines.getvalue().count("\n") == 1
    assert "\x1b" not in lines.getvalue()
    assert isinstance(written(lines)[0]["note"], str)


def test_a_text_without_end_is_cut(log_lines: StringIO) -> None:
    log.info("x", note="y" * (TEXT_MAX_CHARS * 2))
    [line] = written(log_lines)
    assert len(line["note"]) == TEXT_MAX_CHARS + 1


def test_libraries_log_through_the_same_door_from_warnings_up(log_lines: StringIO) -> None:
    logging.getLogger("nats.client").warning("slow consumer %s", "x")
    logging.getLogger("nats.client").info("chatter")
    [line] = written(log_lines)
    assert (line["event"], line["level"], line["service"]) == ("slow consumer x", "warning", "probe")


def test_levels_below_the_configured_one_are_not_written(log_lines: StringIO) -> None:
    log.debug("x")
    assert log_lines.getvalue() == ""


def test_the_console_form_is_for_people() -> None:
    with logs_to(StringIO(), form="console") as lines:
        log.warning("order late", minutes=7)
    assert "order late" in lines.getvalue()
    assert "\x1b[" in lines.getvalue()
    assert not lines.getvalue().startswith("{")


@pytest.mark.parametrize(
    "unruly", ["\n", "\r", "\x1b[2K", "\x9b2J", "\x7f", "\u2028", "\u202e", "\x85", "\ud800"]
)
def test_no_value_forges_a_line_of_the_console_form(unruly: str) -> None:
    forged = f"ipad{unruly}12:00:00 [info] paid"
    with logs_to(StringIO(), form="console") as lines:
        log.warning("refused", device_id=forged, more={"deep": [forged]}, plain="Café €")
        log.warning(forged)
        logging.getLogger("library").warning("says %s", forged)
    text = lines.getvalue()
    assert len(text.splitlines()) == 3
    assert f"ipad{unruly}" not in text
    assert "Café €" in text


def test_the_lines_of_an_exception_never_look_like_lines_of_the_console_form() -> None:
    with logs_to(StringIO(), form="console") as lines:
        try:
            raise ValueError("bad\n12:00:00 [info] paid\x1b[2K\r")
        except ValueError:
            log.exception("failed")
    _, *trace = lines.getvalue().splitlines()
    assert [line for line in trace if line and not line.startswith("  ")] == []
    assert r"paid\x1b[2K\x0d" in lines.getvalue()


def test_the_name_of_a_metric_is_taken_once() -> None:
    counter("test_orders_total", "Orders", ["kind"])
    with pytest.raises(ValueError, match="test_orders"):
        counter("test_orders_total", "Orders", ["kind"])
    with pytest.raises(ValueError, match="test_orders"):
        gauge("test_orders_total", "Orders")


def test_metrics_appear_on_the_page() -> None:
    counter("test_seen_total", "Seen").inc()
    gauge("test_depth", "Depth").set(4)
    histogram("test_wait_seconds", "Wait").observe(0.3)
    page = metrics_page().decode()
    assert "test_seen_total 1.0" in page
    assert "test_depth 4.0" in page
    assert 'test_wait_seconds_bucket{le="0.5"} 1.0' in page
    assert "process_resident_memory_bytes" in page


@given(st.text(max_size=70))
def test_no_text_makes_the_reader_of_traceparents_fail(text: str) -> None:
    assert parse_traceparent(text) is None


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8), st.integers(0, 255))
def test_a_valid_traceparent_is_understood(trace: bytes, parent: bytes, flags: int) -> None:
    text = f"00-{trace.hex()}-{parent.hex()}-{flags:02x}"
    parsed = parse_traceparent(text)
    if any(trace) and any(parent):
        assert parsed == (trace.hex(), parent.hex(), flags % 2 == 1)
    else:
        assert parsed is None


def test_a_new_trace_reads_as_it_was_written() -> None:
    made = new_trace()
    assert parse_traceparent(made.traceparent) == made


def test_work_continues_the_trace_it_came_with_and_forgets_it_afterwards() -> None:
    with work_scope(f"00-{TRACE}-b7ad6b7169203331-01") as scope:
        assert scope.trace.trace_id == TRACE
        assert scope.trace.span_id != "b7ad6b7169203331"
        assert scope.trace.sampled
        assert current_scope() is scope
    assert current_scope() is None


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    configure_tracing("probe", ratio=1.0, exporter=exporter)
    yield exporter
    shut_down_tracing()
    configure_tracing("probe", ratio=0.0, exporter=None)


def finished(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    provider = _tracing.provider
    assert provider is not None
    provider.force_flush()
    return list(exporter.get_finished_spans())


def test_the_ratio_decides_how_many_traces_are_recorded() -> None:
    for ratio, low, high in ((0.0, 0, 0), (1.0, 2_000, 2_000), (0.25, 400, 600)):
        configure_tracing("probe", ratio=ratio, exporter=None)
        assert low <= sum(new_trace().sampled for _ in range(2_000)) <= high
    configure_tracing("probe", ratio=0.0, exporter=None)


async def test_a_call_is_recorded_on_both_sides_as_one_tree(
    spans: InMemorySpanExporter, fake_clock: FakeClock
) -> None:
    async with serving(register, Probe(), clock=fake_clock) as peer:
        with work_scope():
            await Stub(peer.channel).Public(request())
    server, client = finished(spans)
    assert [server.kind, client.kind] == [SpanKind.SERVER, SpanKind.CLIENT]
    assert server.name == client.name == "fynlo.probe.v1.ProbeService/Public"
    assert server.parent is not None
    assert server.context is not None
    assert client.context is not None
    assert server.parent.span_id == client.context.span_id
    assert server.context.trace_id == client.context.trace_id


async def test_what_is_not_sampled_is_not_recorded_but_still_travels(
    spans: InMemorySpanExporter, fake_clock: FakeClock
) -> None:
    async def look(_: Request) -> Response:
        scope = current_scope()
        assert scope is not None
        return reply(scope.trace.trace_id)

    async with serving(register, Probe(look), clock=fake_clock) as peer:
        with work_scope(f"00-{TRACE}-b7ad6b7169203331-00"):
            told = await Stub(peer.channel).Public(request())
    assert told.timecard.id == TRACE
    assert finished(spans) == []
