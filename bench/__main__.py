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
from bench.scenarios import (
    call,
    encode,
    growth,
    hear,
    hostile,
    hostile_sockets,
    last_units,
    menu,
    orders,
    search,
    sockets,
    start,
    till,
)
from bench.stage import RESTAURANTS, SETTINGS, Stage, on_stage
from chassis.clock import SystemClock

OPEN_FILES = 20_000
"""Ten thousand sockets in the server and as many in the generator, which is another process."""


RESTAURANTS_OF = {
    "hostile-edge": 1,
    "hostile-sockets": 2,
    "bump": 2,
    "growth": 1,
    "log-in": 1,
    "one-restaurant": 1,
    "pay-cash": 2,
    "place-order": 1,
    "search": 1,
}
"""Scenarios that need fewer restaurants than the others: they begin sooner when they are asked for alone."""
UNSTAGED: dict[str, Callable[[], Account]] = {
    "call": call.call,
    "encode": encode.encode,
    "hear": hear.hear,
    "last-units": last_units.last_units,
    "start": start.start,
}
"""Scenarios that need no running system, or start one themselves."""
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
    prepare_process()
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


def prepare_process() -> None:
    """Allows as many open files as the scenarios need; an ordinary kill ends all, as Ctrl-C does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to stop"))


def _run(wanted: list[str], keep: Path | None) -> list[tuple[str, Account]]:
    accounts: list[tuple[str, Account]] = []
    staged = [name for name in wanted if name not in UNSTAGED]
    in_full = len(wanted) == len(BARS)
    if staged:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            Path(folder).chmod(0o755)
            print("starting the system and setting up the restaurants", flush=True)
            restaurants = max(RESTAURANTS_OF.get(name, RESTAURANTS) for name in staged)
            with on_stage((keep or Path(folder)) / "data", restaurants) as stage:
                for name in staged:
                    accounts.append((name, _measured(name, lambda name=name: _staged(stage, name, in_full))))  # type: ignore[misc]
    accounts += [(name, _measured(name, UNSTAGED[name])) for name in wanted if name in UNSTAGED]
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


STAGED: dict[str, Callable[[Stage], Account]] = {
    "place-order": orders.place_order,
    "one-restaurant": orders.one_restaurant,
    "place-order-load": orders.place_order_load,
    "order-to-kitchen": orders.order_to_kitchen,
    "pay-cash": till.pay_cash,
    "bump": till.bump,
    "log-in": till.log_in,
    "fan-out": sockets.fan_out,
    "socket-memory": sockets.socket_memory,
    "hostile-edge": hostile.hostile_edge,
    "hostile-sockets": hostile_sockets.hostile_sockets,
    "menu": menu.menu,
    "search": search.search,
    "growth": growth.growth,
}


def _staged(stage: Stage, name: str, in_full: bool) -> Account:
    if name == "place-order-load" and in_full:
        return orders.place_order_load(stage, in_full=in_full)
    return STAGED[name](stage)


if __name__ == "__main__":
    main()
