"""A run as a table for people and as a file for machines."""

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tools.chaos.faults import LOSE_STORE
from tools.chaos.nemesis import TARGETS
from tools.chaos.network import HARMS
from tools.chaos.run import Result

RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results"
SHOWN_VIOLATIONS = 20


def summary(result: Result) -> dict[str, Any]:
    """The figures of a run, all of them countable again from its history."""
    operations = result.operations
    by_kind = Counter(op.kind for op in operations)
    placed = [op for op in operations if op.kind == "place"]
    seconds = sorted(op.seconds for op in operations)
    away: dict[str, list[float]] = defaultdict(list)
    kills = [strike for strike in result.strikes if strike.kind in ("kill", LOSE_STORE)]
    for kill in kills:
        away[kill.target].append(float("inf") if kill.away_seconds is None else kill.away_seconds)
    return {
        "seed": result.scenario.seed,
        "seconds": result.scenario.seconds,
        "devices": result.scenario.devices,
        "kills": dict(Counter(kill.target for kill in kills)),
        "kills_total": len(kills),
        "strikes": dict(Counter(strike.kind for strike in result.strikes)),
        "stopped_seconds": round(_length(result, "stop"), 1),
        "harmed_seconds": round(sum(_length(result, harm) for harm in HARMS), 1),
        "away_seconds_median": {name: round(median(times), 2) for name, times in sorted(away.items())},
        "away_seconds_max": {name: round(max(times), 2) for name, times in sorted(away.items())},
        "socket_cuts": result.cuts,
        "socket_resumes": result.resumes,
        "socket_snapshots": result.snapshots,
        "operations": dict(by_kind),
        "orders_accepted": sum(op.accepted for op in placed),
        "orders_refused": sum(op.refused for op in placed),
        "orders_unanswered": sum(op.settled_at is None for op in placed),
        "payments_accepted": sum(op.accepted for op in operations if op.kind == "pay"),
        "unknown_outcomes": sum(op.unknown > 0 for op in operations),
        "unknown_attempts": sum(op.unknown for op in operations),
        "answer_seconds": {
            "p50": round(seconds[len(seconds) // 2], 3) if seconds else None,
            "p99": round(seconds[int(len(seconds) * 0.99)], 3) if seconds else None,
            "max": round(seconds[-1], 3) if seconds else None,
        },
        "events_published": len(result.evidence.truth.stream),
        "kitchen_alarms": sum("TicketUndelivered" in row.subject for row in result.evidence.truth.outbox),
        "frames_applied": sum(len(store.applied) for store in result.evidence.stores),
        "frames_dropped_as_known": sum(store.duplicates for store in result.evidence.stores),
        "selling_seconds": result.selling_seconds,
        "settled_seconds": result.settled_seconds,
        "settled_last": result.waited_for[:5],
        "violations": [
            {"invariant": one.invariant, "what": one.what, "ids": list(one.ids)} for one in result.violations
        ],
    }


def _length(result: Result, kind: str) -> float:
    return sum(strike.length_seconds or 0.0 for strike in result.strikes if strike.kind == kind)


def write(result: Result, day: date, folder: Path = RESULTS) -> Path:
    """Writes <day>-chaos-<seed>.json; a later run of the same day and seed replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day.isoformat()}-chaos-{result.scenario.seed}.json"
    content = {"date": day.isoformat(), **summary(result)}
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    return path


def show(result: Result, console: Console) -> None:
    """Prints the run."""
    figures = summary(result)
    kills = Table(title=f"{len(result.strikes)} faults, seed {figures['seed']}")
    for name in ("process", "kills", "away median s", "away max s"):
        kills.add_column(name, justify="left" if name == "process" else "right")
    for name in TARGETS:
        if name in figures["kills"]:
            times = figures["away_seconds_median"][name], figures["away_seconds_max"][name]
            kills.add_row(name, str(figures["kills"][name]), *(f"{one:.2f}" for one in times))
    console.print(kills)
    console.print(", ".join(f"{count} {kind}" for kind, count in sorted(figures["strikes"].items())))
    orders = Table(title="Orders", show_header=False)
    orders.add_column()
    orders.add_column(justify="right")
    shown = {
        name: value for name, value in figures.items() if isinstance(value, int | float) or value is None
    }
    for name, value in {**shown, "answer seconds": figures["answer_seconds"]}.items():
        orders.add_row(name.replace("_", " "), str(value))
    console.print(orders)
    for one in result.violations[:SHOWN_VIOLATIONS]:
        console.print(f"[red]{one.invariant}[/red] {one.what} {' '.join(one.ids)}")
    if len(result.violations) > SHOWN_VIOLATIONS:
        console.print(f"[red]... and {len(result.violations) - SHOWN_VIOLATIONS} more[/red]")
    counts = Counter(one.invariant for one in result.violations)
    console.print(f"[red]violations: {dict(counts)}[/red]" if counts else "[green]no violation[/green]")
