"""The command line: ``python -m bench [scenario ...]``. Prints one table; writes one file per scenario."""

import argparse
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

from bench import results
from bench.bars import BARS, Account
from bench.scenarios import hostile, hostile_sockets, menu, orders, sockets, start
from bench.stage import RESTAURANTS, SETTINGS, Stage, on_stage
from chassis.clock import SystemClock

OPEN_FILES = 20_000
"""Ten thousand sockets in the server and as many in the generator, which is another process."""


RESTAURANTS_OF = {"hostile-edge": 1, "hostile-sockets": 2, "place-order": 1}
"""Scenarios that need fewer restaurants than the others: they begin sooner when they are asked for alone."""
BUSY_FROM = 0.5
"""Runnable processes besides ours; more than that and latencies are the machine's, not the system's."""


def main() -> None:
    """Runs the named scenarios, or all of them."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures the running system.")
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(BARS))
    parser.add_argument("--keep", type=Path, help="keep the data folder here")
    asked = parser.parse_args()
    wanted = asked.scenarios or list(BARS)
    unknown = [name for name in wanted if name not in BARS]
    if unknown:
        parser.error(f"there is no scenario {', '.join(unknown)}; there are {', '.join(BARS)}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to stop"))
    began, load = time.monotonic(), os.getloadavg()[0]
    accounts = _run(wanted, asked.keep)
    print(
        f"\n{results.table(accounts)}\n\n{len(accounts)} scenarios in {time.monotonic() - began:.0f} s; "
        f"all percentiles and settings in {results.RESULTS.relative_to(Path.cwd())}/."
    )
    if load > BUSY_FROM:
        print(f"Other work kept this machine busy (load {load:.1f} at the start): its times say little.")
    if any("failed" in account for _, account in accounts):
        sys.exit(1)


def _run(wanted: list[str], keep: Path | None) -> list[tuple[str, Account]]:
    accounts: list[tuple[str, Account]] = []
    staged = [name for name in wanted if name != "start"]
    in_full = len(wanted) == len(BARS)
    if staged:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            Path(folder).chmod(0o755)
            print("starting the system and setting up the restaurants", flush=True)
            restaurants = max(RESTAURANTS_OF.get(name, RESTAURANTS) for name in staged)
            with on_stage((keep or Path(folder)) / "data", restaurants) as stage:
                for name in staged:
                    accounts.append((name, _measured(name, lambda name=name: _staged(stage, name, in_full))))  # type: ignore[misc]
    if "start" in wanted:
        accounts.append(("start", _measured("start", start.start)))
    return accounts


def _measured(name: str, scenario: Callable[[], Account]) -> Account:
    print(f"{name} ...", flush=True)
    facts: dict[str, Any] = {
        "machine": results.machine(),
        "versions": results.versions(),
        "settings": dict(SETTINGS),
    }
    began = time.monotonic()
    try:
        account = scenario()
    except Exception as error:
        # The other scenarios still have something to say; the table shows this one as not measured.
        traceback.print_exc()
        account = {"failed": repr(error), "beside": f"failed: {error!r}"[:200]}
    facts["took_seconds"] = round(time.monotonic() - began, 1)
    results.write(name, account, facts, SystemClock().now().astimezone(UTC).date())
    print(f"  {account['beside']}", flush=True)
    return account


def _staged(stage: Stage, name: str, in_full: bool) -> Account:
    if name == "place-order":
        return orders.place_order(stage)
    if name == "place-order-load":
        return orders.place_order_load(stage, in_full=in_full)
    if name == "order-to-kitchen":
        return orders.order_to_kitchen(stage)
    if name == "fan-out":
        return sockets.fan_out(stage)
    if name == "socket-memory":
        return sockets.socket_memory(stage)
    if name == "hostile-edge":
        return hostile.hostile_edge(stage)
    if name == "hostile-sockets":
        return hostile_sockets.hostile_sockets(stage)
    return menu.menu(stage)


if __name__ == "__main__":
    main()
