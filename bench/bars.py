"""What is asked of every scenario, and the verdict on a figure. The bars are those of docs/performance.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Account = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure of a scenario with what it must be and what we wish it to be.

    ``read`` finds it in the scenario's account; None: it could not be measured. ``at_least``: more is better.
    """

    what: str
    unit: str
    read: Callable[[Account], float | None]
    must: float
    wish: float | None = None
    at_least: bool = False

    def verdict(self, figure: float | None) -> str:
        """``missed``, ``met``, ``met, wish too``, or ``not measured``."""
        if figure is None:
            return "not measured"
        if not self._holds(figure, self.must):
            return "missed"
        wished = self.wish is None or self._holds(figure, self.wish)
        return "met, wish too" if wished and self.wish is not None else "met"

    def _holds(self, figure: float, limit: float) -> bool:
        return figure >= limit if self.at_least else figure <= limit

    @property
    def text(self) -> str:
        """The bar in words."""
        sign = ">=" if self.at_least else "<="
        wish = "" if self.wish is None else f", then {self.wish:g}"
        return f"{sign} {self.must:g}{wish} {self.unit}".strip()


def at(*path: str) -> Callable[[Account], float | None]:
    """Reads a figure by its path in the account."""

    def read(account: Account) -> float | None:
        found: Any = account
        for name in path:
            if not isinstance(found, dict) or name not in found:
                return None
            found = found[name]
        return None if found is None else float(found)

    return read


BARS: dict[str, tuple[Bar, ...]] = {
    "place-order": (
        Bar("answer, p50", "ms", at("latency_ms", "p50"), 4.0, 2.5),
        Bar("answer, p99", "ms", at("latency_ms", "p99"), 15.0),
        Bar("p50 against the plain program", "times", at("ratio_p50"), 0.6, 0.4),
        Bar("rows inserted and updated by an order", "", at("budget", "rows"), 7.0),
        Bar("index entries of an order", "", at("budget", "index_entries"), 12.0),
        Bar("write-ahead log of an order", "KB", at("budget", "wal_kb"), 5.0),
        Bar("fsyncs before the answer", "", at("budget", "before_the_answer", "commits"), 1.0),
    ),
    "one-restaurant": (
        Bar("orders/s against the plain program", "times", at("ratio_rate"), 2.0, 4.0, at_least=True),
        Bar("errors", "", at("errors"), 0.0),
    ),
    "place-order-load": (
        Bar("orders/s against pgbench", "%", at("percent_of_limit"), 7.0, 10.0, at_least=True),
        Bar("errors", "", at("errors"), 0.0),
        Bar("CPU per order, all processes", "ms", at("cpu_ms_per_order", "all"), 3.5, 2.8),
    ),
    "order-to-kitchen": (
        Bar("POST sent to frame shown, p50", "ms", at("sent_to_frame_ms", "p50"), 8.0, 5.0),
        Bar("POST sent to frame shown, p99", "ms", at("sent_to_frame_ms", "p99"), 40.0, 20.0),
        Bar("orders refused", "", at("orders", "errors"), 0.0),
        Bar("frames lost", "", at("lost"), 0.0),
    ),
    "fan-out": (
        Bar("p50 against nchan", "times", at("ratio_p50"), 1.5, 1.1),
        Bar("p99 against nchan", "times", at("ratio_p99"), 2.0),
        Bar("frames lost", "", at("fynlo", "lost"), 0.0),
    ),
    "socket-memory": (Bar("resident memory per socket", "KB", at("kb_per_socket"), 40.0, 20.0),),
    "menu": (
        Bar("full, p95", "ms", at("full", "latency_ms", "p95"), 10.0),
        Bar("304, p95", "ms", at("not_modified", "latency_ms", "p95"), 3.0),
        Bar("delta, p95", "ms", at("delta", "latency_ms", "p95"), 5.0),
        Bar("full", "/s", at("full", "per_second"), 2_500.0, at_least=True),
        Bar("304", "/s", at("not_modified", "per_second"), 5_000.0, at_least=True),
    ),
    "hostile-edge": (
        Bar("p99 of a till beside a crowd elsewhere", "times", at("p99_ratio"), 2.0),
        Bar("the same from its own address", "times", at("p99_ratio_same_address"), 2.0),
        Bar("orders/s beside it against alone", "times", at("rate_ratio"), 0.5, at_least=True),
        Bar("orders refused", "", at("errors"), 0.0),
        Bar("longest that silence was borne", "s", at("longest_seconds"), 15.0),
        Bar("taken of 77 MB of header fields, socket buffers included", "KB", at("flood_kb"), 8_192.0),
    ),
    "hostile-sockets": (
        Bar("order sent to frame shown beside a crowd, p99", "times", at("p99_ratio_realtime"), 2.0),
        Bar("the same through the gateway, p99", "times", at("p99_ratio_gateway"), 2.0),
        Bar("frames lost", "", at("lost"), 0.0),
        Bar("displays thrown out", "", at("closed"), 0.0),
        Bar("orders refused", "", at("errors"), 0.0),
        Bar("realtime's memory grew by", "MB", at("grown_mb"), 64.0),
        Bar("longest that silence was borne", "s", at("silent_seconds"), 10.0),
    ),
    "pay-cash": (
        Bar("answer, p50", "ms", at("latency_ms", "p50"), 5.0, 3.5),
        Bar("errors", "", at("errors"), 0.0),
        Bar("the till's cash against what was taken", "minor", at("variance_minor"), 0.0),
    ),
    "bump": (
        Bar("bump sent to frame on another display, p50", "ms", at("sent_to_frame_ms", "p50"), 4.0),
        Bar("bumps not seen", "", at("lost"), 0.0),
        Bar("errors", "", at("errors"), 0.0),
    ),
    "growth": (
        Bar(
            "placing an order, largest size against smallest, p50",
            "times",
            at("ratio", "place"),
            1.3,
        ),
        Bar("the list of orders, the same", "times", at("ratio", "list"), 1.3),
        Bar("an order by its number, the same", "times", at("ratio", "number"), 1.3),
        Bar("orders by a name, the same", "times", at("ratio", "name"), 1.3),
        Bar("tickets of the kitchen, the same", "times", at("ratio", "kitchen"), 1.3),
        Bar("X report, the same", "times", at("ratio", "x_report"), 1.3),
        Bar("X report at the largest size, p95", "ms", at("last", "x_report", "latency_ms", "p95"), 150.0),
        Bar("errors", "", at("errors"), 0.0),
    ),
    "search": (
        Bar("a name with a slip of the finger, p95", "ms", at("typo", "latency_ms", "p95"), 30.0),
        Bar("the beginning of a name, p95", "ms", at("prefix", "latency_ms", "p95"), 30.0),
        Bar("a barcode, p95", "ms", at("barcode", "latency_ms", "p95"), 30.0),
        Bar("a PLU, p95", "ms", at("plu", "latency_ms", "p95"), 30.0),
        Bar("questions that found something else first", "", at("missed"), 0.0),
        Bar("errors", "", at("errors"), 0.0),
    ),
    "log-in": (
        Bar("one person, p50", "ms", at("latency_ms", "p50"), 40.0),
        Bar("100 at once against 100 hashes on these cores", "times", at("crowd_ratio"), 1.2),
        Bar("refused of the 100", "", at("crowd", "errors"), 0.0),
    ),
    # Times of one process to compare two commits by; nothing is asked of them alone.
    "call": (),
    "encode": (),
    "hear": (),
    "last-units": (
        Bar("units sold of 50, at most", "", at("sold", "most"), 50.0),
        Bar("units sold of 50, at least", "", at("sold", "least"), 50.0, at_least=True),
        Bar("units of one item sold a second", "", at("decrements_a_second"), 300.0, at_least=True),
        Bar("levels that are not the sum of their movements", "", at("levels_that_differ"), 0.0),
    ),
    "start": (
        Bar("make run from a clone", "s", at("first_seconds"), 60.0),
        Bar("second start", "s", at("second_seconds"), 6.0),
    ),
}
