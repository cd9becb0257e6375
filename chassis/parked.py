"""Events that a consumer has parked, for operators.

    python -m chassis.parked list
    python -m chassis.parked retry <msg_id>... | --all
    python -m chassis.parked discard <msg_id>...

reads FYNLO_DATABASE_URL (the service's own role: its schema) or FYNLO_OWNER_DATABASE_URL (all schemas);
`make parked ARGS=...` is the same for what `make run` runs. A retry is made by the running consumer, within
RETRY_POLL_SECONDS of chassis.inbox; what fails again is parked again. What is discarded has no effect any
more, also where it is delivered again.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import asyncpg
import typer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

LIST_ROWS = 200
CONNECT_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_SECONDS = 30.0
SHOWN_ERROR_CHARACTERS = 200

_T = TypeVar("_T")

# Those of which this role may see the schema: the owner's are all, a service's is its own.
_SCHEMAS = """
SELECT nspname FROM pg_namespace
WHERE has_schema_privilege(oid, 'USAGE') AND nspname !~ '^pg_'
  AND to_regprocedure(quote_ident(nspname) || '.inbox_list(integer)') IS NOT NULL
ORDER BY nspname
"""


class ParkedSettings(BaseSettings):
    """Where the events are. One of the two is required."""

    model_config = SettingsConfigDict(env_prefix="FYNLO_", extra="ignore", hide_input_in_errors=True)
    owner_database_url: str | None = Field(default=None, repr=False)
    database_url: str | None = Field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """A row of the list. ``retry_at``: when it is tried again by itself; None: it waits for an operator."""

    schema: str
    consumer: str
    msg_id: UUID
    restaurant_id: UUID | None
    subject: str
    attempts: int
    failures: int
    error: str
    parked_at: datetime
    retry_at: datetime | None


async def list_parked(connection: asyncpg.Connection, limit: int = LIST_ROWS) -> list[ParkedEvent]:
    """What is set aside, per schema the first ``limit``; first what waits for an operator, oldest first."""
    found = []
    for schema in await _schemas(connection):
        rows = await connection.fetch(f'SELECT * FROM "{schema}".inbox_list($1)', limit)  # noqa: S608 - from the catalogue
        found += [ParkedEvent(schema=schema, **dict(row)) for row in rows]
    return found


async def retry(connection: asyncpg.Connection, msg_ids: list[UUID] | None) -> int:
    """Asks for another try now of these events, or of all that are parked; how many there are."""
    return await _each(connection, "inbox_retry", msg_ids)


async def discard(connection: asyncpg.Connection, msg_ids: list[UUID]) -> int:
    """Drops these events for good; how many there were."""
    return await _each(connection, "inbox_discard", msg_ids)


async def _each(connection: asyncpg.Connection, function: str, msg_ids: list[UUID] | None) -> int:
    count = 0
    for schema in await _schemas(connection):
        count += await connection.fetchval(f'SELECT "{schema}".{function}($1)', msg_ids)
    return count


async def _schemas(connection: asyncpg.Connection) -> list[str]:
    return [row["nspname"] for row in await connection.fetch(_SCHEMAS)]


# -- command line ----------------------------------------------------------------------------------------

app = typer.Typer(add_completion=False, help="List, retry and discard parked events.")
Ids = Annotated[list[UUID] | None, typer.Argument(help="message ids, as list shows them")]


@app.command("list")
def show(context: typer.Context) -> None:
    """Show what is parked and what waits for its next try."""
    events = _run(context, list_parked)
    for event in events:
        when = "parked" if event.retry_at is None else f"tried again at {event.retry_at:%Y-%m-%d %H:%M:%S}Z"
        typer.echo(f"{event.msg_id}  {event.consumer}  {event.subject}")
        typer.echo(f"    {when}; {event.attempts} tries, {event.failures} failures, since {event.parked_at}")
        typer.echo(f"    {event.error[:SHOWN_ERROR_CHARACTERS]}")
    parked = sum(event.retry_at is None for event in events)
    typer.echo(f"{parked} parked, {len(events) - parked} wait for their next try")


@app.command("retry")
def retry_command(
    context: typer.Context, msg_ids: Ids = None, everything: Annotated[bool, typer.Option("--all")] = False
) -> None:
    """Have parked events handled again."""
    if bool(msg_ids) == everything:
        raise typer.BadParameter("name message ids, or --all")
    typer.echo(f"{_run(context, lambda connection: retry(connection, msg_ids or None))} will be tried again")


@app.command("discard")
def discard_command(
    context: typer.Context, msg_ids: Annotated[list[UUID], typer.Argument(help="message ids")]
) -> None:
    """Drop parked events for good."""
    typer.echo(f"{_run(context, lambda connection: discard(connection, msg_ids))} discarded")


def _run(context: typer.Context, work: Callable[[asyncpg.Connection], Awaitable[_T]]) -> _T:
    settings = ParkedSettings()
    url = context.obj or settings.owner_database_url or settings.database_url
    if url is None:
        sys.exit("Set FYNLO_OWNER_DATABASE_URL, or FYNLO_DATABASE_URL of one service.")

    async def connected() -> _T:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=STATEMENT_TIMEOUT_SECONDS
        )
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


if __name__ == "__main__":
    app()
