"""Metrics on one registry per process, in the Prometheus text format. A name is taken once: whoever takes it
again gets a ValueError at the import.
"""

from collections.abc import Sequence

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds. The upper end is past every deadline in the system."""


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """A number that only grows."""
    return Counter(name, text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """A number that goes up and down."""
    return Gauge(name, text, labels)


def histogram(
    name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY_BUCKETS
) -> Histogram:
    """A distribution; of seconds unless other buckets are given."""
    return Histogram(name, text, labels, buckets=buckets)


def metrics_page() -> bytes:
    """All metrics of this process in the Prometheus text format."""
    return generate_latest(REGISTRY)
