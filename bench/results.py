"""Result files and the table."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.bars import BARS, Account
from tests.system import ROOT

LOOP_ROUNDS = 2_000_000
LOOP_TRIES = 3
RESULTS = Path(__file__).parent / "results"
_VERSIONS = (
    "uvicorn",
    "fastapi",
    "sqlalchemy",
    "uvloop",
    "grpcio",
    "asyncpg",
    "nats-py",
    "picows",
    "protobuf",
    "orjson",
    "redis",
)


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was with other things."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        "?",
    )
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory) / 1024 / 1024, 1),
        "kernel": platform.release(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
        "loop_ms": _loop_ms(),
    }


def _loop_ms() -> float:
    """How long this machine takes for a fixed piece of Python right now, the best of a few tries.

    Shared machines change their speed by the hour: two runs compare only as far as this figure is the same.
    """
    took = []
    for _ in range(LOOP_TRIES):
        began, total = time.perf_counter(), 0
        for number in range(LOOP_ROUNDS):
            total += number
        took.append((time.perf_counter() - began) * 1000)
    return round(min(took), 1)


def versions() -> dict[str, str]:
    """Of the code and of what it stands on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {"commit": commit, "python": platform.python_version()} | {
        name: metadata.version(name) for name in _VERSIONS
    }


def write(scenario: str, account: Account, facts: dict[str, Any], day: date) -> Path:
    """The scenario's result file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{day.isoformat()}-{scenario}.json"
    whole = {"scenario": scenario, "date": day.isoformat(), **facts, "verdicts": _verdicts(scenario, account)}
    path.write_text(json.dumps(whole | {"account": account}, indent=1) + "\n")
    return path


def write_between(scenario: str, found: dict[str, Any], day: date) -> Path:
    """The result file of two commits."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{day.isoformat()}-between-{scenario}.json"
    whole = {"scenario": scenario, "date": day.isoformat(), "versions": versions(), **found}
    path.write_text(json.dumps(whole, indent=1) + "\n")
    return path


def _verdicts(scenario: str, account: Account) -> list[dict[str, Any]]:
    found = []
    for bar in BARS[scenario]:
        figure = bar.read(account)
        found.append({"what": bar.what, "figure": figure, "bar": bar.text, "verdict": bar.verdict(figure)})
    return found


def table(accounts: Iterable[tuple[str, Account]]) -> str:
    """One table of all figures beside their bars."""
    rows = [("scenario", "figure", "measured", "bar (must, then wish)", "verdict", "beside it")]
    for scenario, account in accounts:
        for index, bar in enumerate(BARS[scenario]):
            figure = bar.read(account)
            measured = "-" if figure is None else f"{figure:,.4g} {bar.unit}".strip()
            beside = str(account.get("beside", "")) if index == 0 else ""
            rows.append((scenario, bar.what, measured, bar.text, bar.verdict(figure), beside))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows]
    lines = [f"{line}  {row[5]}".rstrip() for line, row in zip(lines, rows, strict=True)]
    return "\n".join([lines[0], "-" * min(150, len(lines[0])), *lines[1:]])


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
