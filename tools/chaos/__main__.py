"""`make chaos`: starts a system of its own, breaks it under load in every way, checks every promise."""

import asyncio
import random
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chassis.clock import SystemClock
from tools.chaos.nemesis import EVERYTHING, INTERVAL_SECONDS
from tools.chaos.report import show, write
from tools.chaos.run import Run, Scenario
from tools.chaos.system import breakable_system

console = Console()


def main(
    seconds: Annotated[float, typer.Option(help="How long the system is struck")] = 60.0,
    orders: Annotated[int, typer.Option(help="Orders of the devices together, spread over the time")] = 1000,
    devices: Annotated[int, typer.Option(help="Tills")] = 16,
    seed: Annotated[int | None, typer.Option(help="Repeats the decisions of an earlier run")] = None,
    keep: Annotated[bool, typer.Option(help="Keep data, log and history")] = False,
) -> None:
    """1,000 orders by 16 devices while every 1 to 2 seconds a process is killed or stopped, a link between
    two is cut or frozen, or NATS loses all that it had.
    """
    chosen = random.SystemRandom().randrange(2**31) if seed is None else seed
    console.print(f"seed {chosen}: a fault every {INTERVAL_SECONDS[0]:.0f} to {INTERVAL_SECONDS[1]:.0f} s")
    folder = Path(tempfile.mkdtemp(prefix="fynlo-chaos-"))
    scenario = Scenario(chosen, seconds, orders, devices, mix=EVERYTHING)
    try:
        with breakable_system(folder / "data") as (system, network):
            run = Run(system.base_url, system.state, scenario, folder, network)
            result = asyncio.run(run.run())
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
