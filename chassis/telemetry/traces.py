"""Traces: the W3C traceparent that travels with every call and event, and spans for the sampled share.

Propagation is done here by hand and costs about a microsecond. Spans are recorded only where the trace is
sampled and there is somewhere to send them.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry import trace as otel
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

SPAN_QUEUE_MAX = 2_048


class Trace(NamedTuple):
    """A place in a distributed trace: 32 and 16 lower-case hex digits, and whether spans are recorded."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The W3C header that carries this place to the next process."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> "Trace":
        """A new place below this one."""
        return Trace(self.trace_id, os.urandom(8).hex(), self.sampled)


@dataclass(slots=True)
class Scope:
    """What the work in progress belongs to; every log line written inside it says so.

    The tenant becomes known only once the caller has been admitted.
    """

    trace: Trace
    request_id: str = ""
    restaurant_id: str = ""


@dataclass(slots=True)
class _Tracing:
    ratio: float = 0.0
    provider: "TracerProvider | None" = None


_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_scope: ContextVar[Scope | None] = ContextVar("fynlo_scope", default=None)
_tracing = _Tracing()


def configure_tracing(service: str, *, ratio: float, exporter: "SpanExporter | None") -> None:
    """Samples new traces by ``ratio`` (0 to 1) and, given an exporter, records the spans of sampled ones."""
    _tracing.ratio = ratio
    if exporter is not None:
        # Imported here, for it is a part of start-up that a process without an exporter never uses.
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=SPAN_QUEUE_MAX))
        _tracing.provider = provider


def shut_down_tracing() -> None:
    """Sends what is queued and stops recording."""
    if _tracing.provider is not None:
        _tracing.provider.shutdown()
        _tracing.provider = None


def current_scope() -> Scope | None:
    """The scope of the work in progress, or None outside any."""
    return _scope.get()


def enter_scope(scope: Scope) -> None:
    """Makes ``scope`` that of the current task, for code that owns its task (one RPC)."""
    _scope.set(scope)


def new_trace() -> Trace:
    """The root of a new trace, sampled by the configured ratio."""
    entropy = os.urandom(24).hex()
    return Trace(entropy[:32], entropy[32:], int(entropy[16:32], 16) < _tracing.ratio * 2**64)


def parse_traceparent(text: str | None) -> Trace | None:
    """The caller's place in the trace; None where the header is missing or malformed (a new one begins)."""
    match = _TRACEPARENT.fullmatch(text) if text else None
    return Trace(match[1], match[2], bool(int(match[3], 16) & 1)) if match else None


@contextmanager
def work_scope(
    traceparent: str | None = None, *, restaurant_id: str = "", request_id: str = ""
) -> Iterator[Scope]:
    """The scope of one piece of work that did not come in by RPC: an event handled, a sweep, a job.

    Continues the trace named by ``traceparent`` (from the event's headers) or begins a new one.
    """
    parent = parse_traceparent(traceparent)
    scope = Scope(new_trace() if parent is None else parent.child(), request_id, restaurant_id)
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def start_span(name: str, parent: Trace | None, kind: SpanKind) -> Span | None:
    """A span below ``parent`` that the caller must end; None where nothing is recorded."""
    if parent is None or not parent.sampled or _tracing.provider is None:
        return None
    context = SpanContext(
        int(parent.trace_id, 16), int(parent.span_id, 16), True, TraceFlags(TraceFlags.SAMPLED)
    )
    tracer = _tracing.provider.get_tracer("fynlo")
    return tracer.start_span(name, otel.set_span_in_context(NonRecordingSpan(context)), kind)


def trace_of(recorded: Span) -> Trace:
    """The place in the trace that a recorded span stands for."""
    context = recorded.get_span_context()
    return Trace(f"{context.trace_id:032x}", f"{context.span_id:016x}", True)
