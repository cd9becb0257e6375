"""Events that a consumer has parked, for operators with the database's address; the page is /platform/parked.

    python -m chassis.messaging.parked list
    python -m chassis.messaging.parked retry <msg_id>... | --type fynlo.orders.v1.OrderPlaced | --all
    python -m chassis.messaging.parked discard <msg_id>... --reason "why"

reads FYNLO_DATABASE_URL (the service's own role: its schema) or FYNLO_OWNER_DATABASE_URL (all schemas);
`make parked ARGS=...` is the same for what `make run` runs. A retry is made by the running consumer, within
RETRY_POLL_SECONDS of chassis.messaging.inbox; what fails again is parked again. What is discarded has no
effect any more, also where it is delivered again. Both are recorded, with the name of whoever runs the
command.
"""

import asyncio
import os
import pwd
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import asyncpg
import typer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.clock import SystemClock
from chassis.db import Database, Transaction
from chassis.messaging.parked_events import discard, error_in_words, parked_page, retry

LIST_ROWS = 200
CONNECT_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_SECONDS = 30.0
SHOWN_ERROR_CHARACTERS = 200
REASON_CHARACTERS = (3, 300)

_T = TypeVar("_T")

# Those of which this role may see the schema: the owner's are all, a service's is its own.
_SCHEMAS = """
SELECT nspname FROM pg_namespace
WHERE has_schema_privilege(oid, 'USAGE') AND nspname !~ '^pg_' AND EXISTS (
    SELECT FROM pg_proc WHERE pronamespace = pg_namespace.oid AND proname = 'parked_page')
ORDER BY nspname
"""


class ParkedSettings(BaseSettings):
    """Where the events are. One of the two is required."""

    model_config = SettingsConfigDict(env_prefix="FYNLO_", extra="ignore", hide_input_in_errors=True)
    owner_database_url: str | None = Field(default=None, repr=False)
    database_url: str | None = Field(default=None, repr=False)


app = typer.Typer(add_completion=False, help="List, retry and discard parked events.")
Ids = Annotated[list[UUID] | None, typer.Argument(help="message ids, as list shows them")]


@app.command("list")
def show(context: typer.Context) -> None:
    """Show what is parked and what waits for its next try, newest first."""
    pages = _in_each(context, lambda tx: parked_page(tx, LIST_ROWS, waiting=True))
    events = [event for page in pages for event in page]
    for event in events:
        when = "parked" if event.retry_at is None else f"tried again at {event.retry_at:%Y-%m-%d %H:%M:%S}Z"
        typer.echo(f"{event.msg_id}  {event.consumer}  {event.subject}")
        typer.echo(f"    {when}; {event.attempts} tries, {event.failures} failures, since {event.parked_at}")
        typer.echo(f"    {error_in_words(event.error)[:SHOWN_ERROR_CHARACTERS]}")
    parked = sum(event.retry_at is None for event in events)
    typer.echo(f"{parked} parked, {len(events) - parked} wait for their next try")


@app.command("retry")
def retry_command(
    context: typer.Context,
    msg_ids: Ids = None,
    event_type: Annotated[str | None, typer.Option("--type", help="all of a type")] = None,
    everything: Annotated[bool, typer.Option("--all")] = False,
) -> None:
    """Have parked events handled again."""
    if [bool(msg_ids), event_type is not None, everything].count(True) != 1:
        raise typer.BadParameter("name message ids, or --type, or --all")
    actor = _operator()
    asked = _in_each(context, lambda tx: retry(tx, msg_ids or None, event_type=event_type, actor=actor))
    typer.echo(f"{sum(asked)} will be tried again")


@app.command("discard")
def discard_command(
    context: typer.Context,
    msg_ids: Annotated[list[UUID], typer.Argument(help="message ids")],
    reason: Annotated[str, typer.Option(help="why, for the audit record")],
) -> None:
    """Drop parked events for good."""
    shortest, longest = REASON_CHARACTERS
    if not shortest <= len(reason.strip()) <= longest:
        raise typer.BadParameter(f"a reason has {shortest} to {longest} characters")
    actor = _operator()
    gone = _in_each(context, lambda tx: discard(tx, msg_ids, reason.strip(), actor=actor))
    typer.echo(f"{sum(gone)} discarded")


def _operator() -> str:
    """Who runs this, as the machine knows them."""
    try:
        return f"operator:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"operator:{os.getuid()}"


def _in_each(context: typer.Context, work: Callable[[Transaction], Awaitable[_T]]) -> list[_T]:
    """What ``work`` gives in a transaction of each schema that has parked events."""
    settings = ParkedSettings()
    url = context.obj or settings.owner_database_url or settings.database_url
    if url is None:
        sys.exit("Set FYNLO_OWNER_DATABASE_URL, or FYNLO_DATABASE_URL of one service.")

    async def through() -> list[_T]:
        found = []
        for schema in await _schemas(url):
            db = await Database.connect(url, schema=schema, clock=SystemClock(), pool_size=1)
            try:
                async with db.transaction(None) as tx:
                    found.append(await work(tx))
            finally:
                await db.close()
        return found

    return asyncio.run(through())


async def _schemas(url: str) -> list[str]:
    connection = await asyncpg.connect(
        url, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=STATEMENT_TIMEOUT_SECONDS
    )
    try:
        return [row["nspname"] for row in await connection.fetch(_SCHEMAS)]
    finally:
        await connection.close()


if __name__ == "__main__":
    app()
