"""Two commits by turns on one machine: ``python -m bench.between BEFORE AFTER SCENARIO ...``.

Each commit runs from a git worktree in a temporary folder, with the Python environment of this tree and a
data folder of its own; the driver and the scenarios are this tree's, for they talk HTTP and WebSocket.
So an older commit can be asked what it had no scenario for, as far as its interface has what is asked.
Writes one result file with every round, the medians and the ratio (after / before).
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from statistics import median
from typing import Any

from bench import results
from bench.__main__ import RESTAURANTS_OF, STAGED, prepare_process
from bench.bars import BARS, Account, Bar, at
from bench.scenarios.call import call
from bench.stage import RESTAURANTS, SETTINGS, on_stage
from chassis.clock import SystemClock
from tests.system import ROOT

ROUNDS = 3
ALONE = {"call": call}
"""Scenarios that start what they measure from a tree themselves."""


def main() -> None:
    """Compares and prints."""
    parser = argparse.ArgumentParser(prog="bench.between", description="Measures two commits by turns.")
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("scenarios", nargs="+", choices=sorted((*STAGED, *ALONE)), metavar="scenario")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    prepare_process()
    # Names move while it runs.
    before, after = commit_of(asked.before), commit_of(asked.after)
    rounds = compared(before, after, asked.scenarios, asked.rounds)
    for scenario in asked.scenarios:
        found = comparison(scenario, [each[scenario] for each in rounds])
        facts = {
            "before": before,
            "after": after,
            "settings": dict(SETTINGS),
        }
        day = SystemClock().now().astimezone(UTC).date()
        path = results.write_between(scenario, facts | found, day)
        print(f"{scenario} ({path.relative_to(ROOT)})")
        for name, figure in found["figures"].items():
            print(f"  {name}: {figure['before']} -> {figure['after']} {figure['unit']}, x {figure['ratio']}")


def compared(
    before: str, after: str, scenarios: list[str], rounds: int
) -> list[dict[str, dict[str, Account]]]:
    """Each round: scenario -> {"before", "after"} -> account. One system runs at a time; every other round
    begins with the other one.
    """
    restaurants = max(RESTAURANTS_OF.get(name, RESTAURANTS) for name in scenarios)
    found: list[dict[str, dict[str, Account]]] = []
    with tempfile.TemporaryDirectory(prefix="bench-between-") as folder:
        Path(folder).chmod(0o755)
        with worktree(before, Path(folder) / "before") as old, worktree(after, Path(folder) / "after") as new:
            trees = [("before", old), ("after", new)]
            for number in range(rounds):
                accounts: dict[str, dict[str, Account]] = {name: {} for name in scenarios}
                for side, tree in trees if number % 2 == 0 else reversed(trees):
                    print(f"round {number + 1}: {side}", flush=True)
                    for name in set(scenarios) & set(ALONE):
                        accounts[name][side] = ALONE[name](tree) | {"machine": results.machine()}
                    if not set(scenarios) - set(ALONE):
                        continue
                    with on_stage(Path(folder) / f"data-{number}-{side}", restaurants, tree) as stage:
                        for name in (one for one in scenarios if one in STAGED):
                            accounts[name][side] = STAGED[name](stage) | {"machine": results.machine()}
                found.append(accounts)
    return found


def comparison(scenario: str, rounds: list[dict[str, Account]]) -> dict[str, Any]:
    """Medians of every figure that has a bar (of all, where none has), with the ratio; None where a side has
    none.
    """
    figures = {}
    bars = BARS[scenario] or [Bar(name, "us", at("us", name), 0) for name in rounds[0]["before"]["us"]]
    for bar in bars:
        sides = {
            side: [value for each in rounds if (value := bar.read(each[side])) is not None]
            for side in ("before", "after")
        }
        medians = {side: round(median(values), 4) if values else None for side, values in sides.items()}
        old, new = medians["before"], medians["after"]
        ratio = round(new / old, 3) if old and new is not None else None
        figures[bar.what] = {**medians, "ratio": ratio, "unit": bar.unit}
    return {"figures": figures, "rounds": rounds}


@contextmanager
def worktree(ref: str, folder: Path) -> Iterator[Path]:
    """A checkout of ``ref`` that is gone afterwards."""
    _git("worktree", "add", "--quiet", "--detach", str(folder), commit_of(ref))
    try:
        yield folder
    finally:
        _git("worktree", "remove", "--force", str(folder))


def commit_of(ref: str) -> str:
    """Its full name. Raises CalledProcessError where there is no such commit."""
    return _git("rev-parse", "--verify", f"{ref}^{{commit}}")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
