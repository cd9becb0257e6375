"""Verifies the chains of audit records, for operators.

    python -m chassis.db.audit_chain verify [schema | all]

reads FYNLO_OWNER_DATABASE_URL; `make verify-audit` is the same for what `make run` runs. Every record's hash
is computed anew, in this process, and compared with its neighbours and with the head of its chain. Exit
code 1: a chain is broken, and where. The head that is printed is what to keep elsewhere: whoever owns the
database can write a whole chain anew, but not the heads that others have seen (``--heads``).
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import asyncpg
import typer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.db.audit_records import FIRST_PREVIOUS, NO_RESTAURANT, Record

PAGE_ROWS = 1_000
ALL = "all"
CONNECT_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_SECONDS = 60.0

_SCHEMAS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
WHERE relname = 'audit_head' ORDER BY nspname
"""
# Each restaurant by one step in the index, not by reading every record.
_CHAINS = """
WITH RECURSIVE chain (restaurant_id) AS (
    (SELECT restaurant_id FROM {s}.audit_record ORDER BY restaurant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT record.restaurant_id FROM {s}.audit_record AS record
            WHERE record.restaurant_id > chain.restaurant_id ORDER BY record.restaurant_id LIMIT 1)
    FROM chain WHERE chain.restaurant_id IS NOT NULL
)
SELECT restaurant_id FROM chain WHERE restaurant_id IS NOT NULL
UNION SELECT restaurant_id FROM {s}.audit_head ORDER BY restaurant_id
"""
_HEAD = "SELECT seq, hash FROM {s}.audit_head WHERE restaurant_id = $1"
_PAGE = """
SELECT * FROM {s}.audit_record WHERE restaurant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""


class AuditSettings(BaseSettings):
    """Where the records are: a service's own role sees one restaurant's at a time, the owner all."""

    model_config = SettingsConfigDict(env_prefix="FYNLO_", extra="ignore", hide_input_in_errors=True)
    owner_database_url: str | None = Field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Break:
    """The first record of a chain that is not as it was written. ``seq``: the number that was expected."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain as it was found. ``head`` is the hash of its last record."""

    schema: str
    restaurant_id: UUID
    records: int
    head: bytes
    broken: Break | None

    @property
    def name(self) -> str:
        """Whose it is, for people."""
        whose = "no restaurant" if self.restaurant_id == NO_RESTAURANT else str(self.restaurant_id)
        return f"{self.schema}, {whose}"


async def verify(connection: asyncpg.Connection, schema: str = ALL) -> AsyncIterator[Chain]:
    """Every chain of one schema, or of all. Raises LookupError for a schema without audit records."""
    there = [row["nspname"] for row in await connection.fetch(_SCHEMAS)]
    if schema != ALL and schema not in there:
        raise LookupError(f"{schema} has no audit records; these have: {', '.join(there) or 'none'}")
    for name in there if schema == ALL else [schema]:
        for row in await connection.fetch(_CHAINS.format(s=_quoted(name))):
            yield await verify_chain(connection, name, row["restaurant_id"])


async def verify_chain(connection: asyncpg.Connection, schema: str, restaurant_id: UUID) -> Chain:
    """One chain, in pages of PAGE_ROWS, all of one snapshot: who writes meanwhile disturbs nothing."""
    quoted = _quoted(schema)
    seq, previous, broken = 0, FIRST_PREVIOUS, None
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchrow(_HEAD.format(s=quoted), restaurant_id)
        while broken is None:
            rows = await connection.fetch(_PAGE.format(s=quoted), restaurant_id, seq, PAGE_ROWS)
            for row in rows:
                record = Record(**dict(row))
                broken = _break(schema, record, seq + 1, previous)
                if broken is not None:
                    break
                seq, previous = record.seq, record.hash
            if len(rows) < PAGE_ROWS:
                break
    if broken is None:
        broken = _break_at_end(head, seq, previous)
    return Chain(schema, restaurant_id, seq, previous, broken)


def _break(schema: str, record: Record, seq: int, previous: bytes) -> Break | None:
    if record.seq != seq:
        return Break(seq, f"is missing (the next that is there is {record.seq})")
    if record.hash != record.expected_hash(schema):
        return Break(seq, f"{record.event} of {record.at.isoformat()} was changed: its hash does not fit it")
    if record.previous_hash != previous:
        return Break(seq, f"{record.event} of {record.at.isoformat()} does not follow the record before it")
    return None


def _break_at_end(head: asyncpg.Record | None, seq: int, last: bytes) -> Break | None:
    if head is None:
        return Break(seq + 1, "the chain has no head: it was removed")
    if head["seq"] > seq:
        return Break(seq + 1, f"is missing, with all to the end (the head says {head['seq']})")
    if (head["seq"], head["hash"]) != (seq, last):
        return Break(head["seq"], f"is not what the head of the chain says (it ends at {seq})")
    return None


def _quoted(schema: str) -> str:
    return '"' + schema.replace('"', '""') + '"'


# -- command line ----------------------------------------------------------------------------------------

app = typer.Typer(add_completion=False, help="Verify the chains of audit records.")


@app.callback()
def _commands() -> None:
    """Makes ``verify`` a command by its name, though it is the only one."""


@app.command("verify")
def verify_command(
    context: typer.Context,
    schema: Annotated[str, typer.Argument(help="a service's schema, or all")] = ALL,
    heads: Annotated[bool, typer.Option("--heads", help="print every chain with its head")] = False,
) -> None:
    """Compute every chain anew; exit code 1 where one is broken."""
    url = context.obj or AuditSettings().owner_database_url
    if url is None:
        sys.exit("Set FYNLO_OWNER_DATABASE_URL.")
    try:
        broken = asyncio.run(_verify_all(url, schema, heads=heads))
    except LookupError as error:
        raise typer.BadParameter(str(error)) from None
    if broken:
        raise typer.Exit(1)


async def _verify_all(url: str, schema: str, *, heads: bool) -> int:
    """How many chains are broken, each printed when it is found."""
    chains = records = broken = 0
    connection = await asyncpg.connect(
        url, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=STATEMENT_TIMEOUT_SECONDS
    )
    try:
        async for chain in verify(connection, schema):
            chains, records = chains + 1, records + chain.records
            if heads:
                typer.echo(f"{chain.name}: {chain.records} records, head {chain.head.hex()}")
            if chain.broken is not None:
                broken += 1
                typer.echo(f"BROKEN {chain.name}: record {chain.broken.seq} {chain.broken.why}")
    finally:
        await connection.close()
    typer.echo(f"{chains} chains, {records} records that fit, {broken} chains broken")
    return broken


if __name__ == "__main__":
    app()
