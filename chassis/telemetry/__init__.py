"""How a process says what it does: logs, metrics, traces.

One context variable holds the scope of the work in progress (its trace, tenant and request); a log line reads
it when it is written, so a request that logs nothing pays nothing.
"""

from typing import TYPE_CHECKING, TextIO

from chassis.process.settings import ProcessSettings
from chassis.telemetry.logs import configure_logging, get_logger
from chassis.telemetry.metrics import LATENCY_BUCKETS, counter, gauge, histogram, metrics_page
from chassis.telemetry.traces import (
    Scope,
    Trace,
    configure_tracing,
    current_scope,
    enter_scope,
    new_trace,
    parse_traceparent,
    shut_down_tracing,
    start_span,
    trace_of,
    work_scope,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = [
    "LATENCY_BUCKETS",
    "Scope",
    "Trace",
    "configure_telemetry",
    "counter",
    "current_scope",
    "enter_scope",
    "gauge",
    "get_logger",
    "histogram",
    "metrics_page",
    "new_trace",
    "parse_traceparent",
    "shut_down_tracing",
    "start_span",
    "trace_of",
    "work_scope",
]


def configure_telemetry(settings: ProcessSettings, stream: TextIO | None = None) -> None:
    """Sets up logs and traces of this process as its settings say. Once, before anything else runs."""
    configure_logging(
        settings.service_name, form=settings.log_format, level=settings.log_level, stream=stream
    )
    exporter: SpanExporter | None = None
    if settings.otlp_endpoint is not None:
        # Imported here: the exporter pulls in half a second of start-up that most processes never use.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint)
    configure_tracing(settings.service_name, ratio=settings.trace_sample_ratio, exporter=exporter)
