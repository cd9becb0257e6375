"""`make replay FILE=path`: plays a file of past orders through the running system and prints one table."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tools.api import Device, http_client
from tools.demo import PASSWORD, PLATFORM_OWNER
from tools.replay.menu_plan import MenuPlan, plan_menu
from tools.replay.orders_file import FileError, read_lines
from tools.replay.play import Result, play

console = Console()


def main(
    file: Annotated[Path, typer.Argument(help="Tab-separated past orders")],
    url: Annotated[str, typer.Option(help="The gateway")] = "http://127.0.0.1:8080",
    email: Annotated[str, typer.Option(help="A platform owner, who adds the restaurant")] = PLATFORM_OWNER,
    password: Annotated[str, typer.Option(envvar="FYNLO_REPLAY_PASSWORD")] = PASSWORD,
) -> None:
    """Sells every order of FILE in a new restaurant: eight tills, one kitchen display, cash, Z reports."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            plan = plan_menu(read_lines(text))
    except (OSError, FileError, UnicodeDecodeError) as error:
        console.print(f"[red]{file}: {error}[/red]")
        raise typer.Exit(2) from error
    _print_decisions(plan)
    result = asyncio.run(_play(url, email, password, plan))
    _print_result(result)
    raise typer.Exit(0 if result.ok else 1)


async def _play(url: str, email: str, password: str, plan: MenuPlan) -> Result:
    columns = (
        "[progress.description]{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("orders", total=len(plan.orders))
        async with http_client() as http:
            platform = Device(url, http, email, password, "replay-platform")
            await platform.log_in()
            return await play(url, http, platform, plan, lambda: progress.advance(task))


def _print_decisions(plan: MenuPlan) -> None:
    console.print(f"[bold]{len(plan.items)} items for {len(plan.orders)} orders; decided on the way:[/bold]")
    for decision in plan.decisions:
        console.print(f"  {decision}")


def _print_result(result: Result) -> None:
    table = Table(title="Replay", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    rows = (
        ("orders", f"{result.orders:,}"),
        ("lines", f"{result.lines:,}"),
        ("units", f"{result.units:,}"),
        ("total", f"{result.total_minor / 100:,.2f}"),
        ("sum of the Z reports", f"{result.z_total_minor / 100:,.2f}"),
        ("Z reports", f"{len(result.z_numbers)}"),
        ("tickets seen", f"{result.tickets:,}"),
        ("tickets bumped", f"{result.bumped:,}"),
        ("orders not seen in the kitchen", f"{result.unseen:,}"),
        ("duplicates", f"{result.duplicates:,}"),
        ("reconnects of the display", f"{result.reconnects:,}"),
        ("order to kitchen p50", f"{result.percentile_ms(50):.1f} ms"),
        ("order to kitchen p99", f"{result.percentile_ms(99):.1f} ms"),
        ("seconds of selling", f"{result.seconds:.1f}"),
    )
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    for mismatch in result.mismatches[:20]:
        console.print(f"[red]{mismatch}[/red]")
    if not result.ok:
        console.print("[red]the figures above do not agree[/red]")


typer.run(main)
