"""Metrics on one registry per process, in the Prometheus text format."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from prometheus_client import (
    REGISTRY,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds. The upper end is past every deadline in the system."""

_metrics: dict[str, Counter | Gauge | Histogram] = {}
_M = TypeVar("_M", Counter, Gauge, Histogram)


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """A number that only grows. The same name gives the same counter, so several parts may ask for it."""
    return _metric(name, Counter, lambda: Counter(name, text, labels, registry=REGISTRY))


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """A number that goes up and down."""
    return _metric(name, Gauge, lambda: Gauge(name, text, labels, registry=REGISTRY))


def histogram(
    name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY_BUCKETS
) -> Histogram:
    """A distribution; of seconds unless other buckets are given."""
    return _metric(name, Histogram, lambda: Histogram(name, text, labels, registry=REGISTRY, buckets=buckets))


def _metric(name: str, kind: type[_M], make: Callable[[], _M]) -> _M:
    known = _metrics.get(name)
    if known is None:
        known = _metrics[name] = make()
    if not isinstance(known, kind):
        raise TypeError(f"{name} is a {type(known).__name__} already")
    return known


def metrics_page() -> bytes:
    """All metrics of this process in the Prometheus text format."""
    return generate_latest(REGISTRY)
