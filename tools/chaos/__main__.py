"""`make chaos`: starts a system of its own, kills its processes under load, checks every promise."""

import asyncio
import random
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chassis.clock import SystemClock
from tests.system import running_system
from tools.chaos.nemesis import INTERVAL_SECONDS
from tools.chaos.report import show, write
from tools.chaos.run import Run, Scenario

console = Console()


def main(
    seconds: Annotated[float, typer.Option(help="How long processes are killed")] = 60.0,
    orders: Annotated[int, typer.Option(help="Orders of the devices together, spread over the time")] = 1000,
    devices: Annotated[int, typer.Option(help="Tills")] = 16,
    seed: Annotated[int | None, typer.Option(help="Repeats the decisions of an earlier run")] = None,
    keep: Annotated[bool, typer.Option(help="Keep data, log and history")] = False,
) -> None:
    """1,000 orders by 16 devices while a random process is killed every 1 to 2 seconds."""
    chosen = random.SystemRandom().randrange(2**31) if seed is None else seed
    console.print(f"seed {chosen}: a kill every {INTERVAL_SECONDS[0]:.0f} to {INTERVAL_SECONDS[1]:.0f} s")
    folder = Path(tempfile.mkdtemp(prefix="fynlo-chaos-"))
    scenario = Scenario(chosen, seconds, orders, devices)
    try:
        with running_system(folder / "data", {"FYNLO_RATE_LOGIN_BURST": "2000"}) as system:
            result = asyncio.run(Run(system.base_url, system.state, scenario, folder).run())
        keep = keep or bool(result.violations)
        show(result, console)
        console.print(f"written to {write(result, SystemClock().now().date())}")
    finally:
        if keep:
            console.print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(1 if result.violations else 0)


if __name__ == "__main__":
    typer.run(main)
