"""Levels of stock beside the ledger of their movements, for operators with the database's address.

    python -m services.catalog.ledger check [<restaurant_id>...]
    python -m services.catalog.ledger rebuild [<restaurant_id>...]

reads FYNLO_DATABASE_URL, of the catalog's own role. Without an id: all restaurants that count stock. `check`
prints every item whose level is not the sum of its movements, or whose reservations are not, and exits with 1
where there is one. `rebuild` makes levels what the movements say; it may run while orders are placed. What
orders hold and nobody booked is booked first, as an adjustment.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.clock import SystemClock
from chassis.db import Database
from services.catalog.domain.ledger import LedgerLine
from services.catalog.usecases.stock.ledger import check_ledger, rebuild_levels, restaurants_counting


class LedgerSettings(BaseSettings):
    """Where the ledger is."""

    model_config = SettingsConfigDict(env_prefix="FYNLO_", extra="ignore", hide_input_in_errors=True)
    database_url: str = Field(repr=False)


app = typer.Typer(add_completion=False, help="Check and rebuild levels of stock.")
Ids = Annotated[list[UUID] | None, typer.Argument(help="restaurants; all of them where there is none")]
Look = Callable[[Database, UUID], Awaitable[list[LedgerLine]]]


@app.command("check")
def check_command(restaurant_ids: Ids = None) -> None:
    """Compare every level with its movements."""
    found = asyncio.run(_in_each(restaurant_ids or [], check_ledger))
    typer.echo(f"{found} levels differ" if found else "every level is the sum of its movements")
    raise typer.Exit(1 if found else 0)


@app.command("rebuild")
def rebuild_command(restaurant_ids: Ids = None) -> None:
    """Make every level what its movements say."""
    found = asyncio.run(_in_each(restaurant_ids or [], rebuild_levels))
    typer.echo(f"{found} levels were made what their movements say")


async def _in_each(restaurant_ids: list[UUID], look: Look) -> int:
    db = await Database.connect(
        LedgerSettings().database_url,  # type: ignore[call-arg]
        schema="catalog",
        clock=SystemClock(),
        pool_size=1,
    )
    try:
        asked = restaurant_ids or [each async for each in restaurants_counting(db)]
        found = 0
        for restaurant_id in asked:
            for line in await look(db, restaurant_id):
                typer.echo(f"{restaurant_id} {line.difference}")
                found += 1
        return found
    finally:
        await db.close()


if __name__ == "__main__":
    app()
