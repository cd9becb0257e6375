"""Finds the moment in which a relay is in the middle of numbering, and holds it there.

The rows of the channels, which only numbering writes, are locked, so that whoever numbers waits for them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg

from tools.chaos.observe import HEADS

LOOK_SECONDS = 0.025
AWAY_SECONDS = 0.25
"""How long after Postgres could not be reached it is asked again."""
CONNECT_SECONDS = 5.0
WAITS = """
SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
               WHERE NOT granted AND relation = $1::text::regclass AND mode = 'RowExclusiveLock'
               AND backend_start > clock_timestamp() - make_interval(secs => $2::float8))
"""
"""A back end older than the process is its predecessor's, which may go on numbering when that is dead."""
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


async def in_the_middle_of_numbering(
    url: str, service: str, age_seconds: Callable[[], float], strike: Callable[[], bool]
) -> None:
    """Calls ``strike`` when the relay of ``service`` is in the middle, until it returns True. ``url``: an
    administrator's. ``age_seconds``: since when the process of the service runs, 0 where it does not.

    Has no end of its own where nothing is numbered: set a limit.
    """
    heads = f"{service}.{HEADS}"
    while True:
        with contextlib.suppress(*AWAY):
            async with _held(url, heads), _connected(url) as looking:
                while True:
                    if await looking.fetchval(WAITS, heads, age_seconds()) and strike():
                        return
                    await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(AWAY_SECONDS)


@contextlib.asynccontextmanager
async def _held(url: str, heads: str) -> AsyncIterator[None]:
    async with _connected(url) as holding:
        await holding.execute(f"BEGIN; LOCK TABLE {heads} IN EXCLUSIVE MODE")
        # Who waits is looked up elsewhere: inside a transaction pg_stat_activity stays as it was at the first
        # look, and a relay that connects later is never seen.
        yield


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        yield connection
    finally:
        # At once, also where Postgres does not answer.
        connection.terminate()
