"""Lists of orders. A page is a range of one index, so its cost does not grow with the orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.order import Order, State
from services.orders.store.orders import with_lines

NAME_SEARCH_WINDOW = 2_000
"""A search by name looks at this many orders per page, newest first, and says where to go on."""
OPEN_STATES = (State.DRAFT, State.VALIDATED, State.PAID, State.PREPARING, State.READY)
CLOSED_STATES = (State.DONE, State.INVOICED, State.CANCELLED)

Position = tuple[datetime, UUID]
# Ends of every list: a condition that may be absent would keep a prepared plan from using the index.
NEWEST_POSITION: Position = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST_POSITION: Position = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list; None and empty mean: any."""

    states: tuple[State, ...] = ()
    table_id: UUID | None = None
    business_date: date | None = None
    updated_since: datetime | None = None
    number: int | None = None
    name_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Orders and where the list goes on; None at its end. A page may be short or empty and not the last."""

    orders: list[Order]
    next: Position | None


# $1 restaurant, $2 position, $3 its id, $4 limit, $5 states, $6 table, $7 business date, $8 number,
# $9 changed since
_FILTERS = """
    AND (cardinality($5::text[]) = 0 OR state = ANY ($5::text[]))
    AND ($6::uuid IS NULL OR table_id = $6) AND ($7::date IS NULL OR business_date = $7)
    AND ($8::int IS NULL OR number = $8) AND ($9::timestamptz IS NULL OR updated_at >= $9)
"""
_BEFORE = "(created_at, id) < ($2::timestamptz, $3::uuid)"
NEWEST = f"""
SELECT * FROM orders WHERE restaurant_id = $1 AND {_BEFORE} {_FILTERS}
ORDER BY created_at DESC, id DESC LIMIT $4
"""  # noqa: S608
OF_DAY = f"""
SELECT * FROM orders WHERE restaurant_id = $1 AND business_date = $7::date AND {_BEFORE} {_FILTERS}
ORDER BY created_at DESC, id DESC LIMIT $4
"""  # noqa: S608
OF_NUMBER = f"""
SELECT * FROM orders WHERE restaurant_id = $1 AND number = $8::int AND number > 0 AND {_BEFORE} {_FILTERS}
ORDER BY created_at DESC, id DESC LIMIT $4
"""  # noqa: S608
OF_STATES = f"""
SELECT page.* FROM unnest($5::text[]) AS wanted (wanted_state) CROSS JOIN LATERAL (
    SELECT * FROM orders WHERE restaurant_id = $1 AND state = wanted_state AND {_BEFORE} {_FILTERS}
    ORDER BY created_at DESC, id DESC LIMIT $4
) AS page ORDER BY page.created_at DESC, page.id DESC LIMIT $4
"""  # noqa: S608
UPDATED = f"""
SELECT * FROM orders
WHERE restaurant_id = $1 AND (updated_at, id) > ($2::timestamptz, $3::uuid) {_FILTERS}
ORDER BY updated_at, id LIMIT $4
"""  # noqa: S608
BY_NAME = f"""
SELECT candidate.*, EXISTS (
    SELECT 1 FROM order_line AS line
    WHERE line.restaurant_id = $1 AND line.order_id = candidate.id
      AND (starts_with(lower(line.name), $10::text) OR strpos(lower(line.name), ' ' || $10::text) > 0)
) AS hit FROM (
    SELECT * FROM orders WHERE restaurant_id = $1 AND {_BEFORE} {_FILTERS}
    ORDER BY created_at DESC, id DESC LIMIT $4
) AS candidate ORDER BY created_at DESC, id DESC
"""  # noqa: S608


async def find_page(tx: Transaction, wanted: Filter, after: Position | None, limit: int) -> Page:
    """Newest first; with ``updated_since`` the longest unchanged first, for a client that catches up.

    A search by name is newest first in any case.
    """
    if wanted.name_prefix:
        return await _by_name(tx, wanted, after, limit)
    sql = _statement(wanted)
    found = await tx.fetch(sql, *_arguments(tx, wanted, after, limit + 1))
    shown = found[:limit]
    key = "updated_at" if sql is UPDATED else "created_at"
    following = (shown[-1][key], shown[-1]["id"]) if len(found) > limit else None
    return Page(await with_lines(tx, shown), following)


async def find_newest(tx: Transaction, states: Sequence[State], limit: int) -> list[Order]:
    """The newest orders in one of these states."""
    return (await find_page(tx, Filter(states=tuple(states)), None, limit)).orders


async def _by_name(tx: Transaction, wanted: Filter, after: Position | None, limit: int) -> Page:
    arguments = _arguments(tx, wanted, after, NAME_SEARCH_WINDOW)
    candidates = await tx.fetch(BY_NAME, *arguments, wanted.name_prefix.lower())
    hits = [row for row in candidates if row["hit"]]
    shown = hits[:limit]
    if len(hits) > limit:
        last = shown[-1]
    elif len(candidates) == NAME_SEARCH_WINDOW:
        last = candidates[-1]
    else:
        return Page(await with_lines(tx, shown), None)
    return Page(await with_lines(tx, shown), (last["created_at"], last["id"]))


def _statement(wanted: Filter) -> str:
    if wanted.updated_since is not None:
        return UPDATED
    if wanted.number is not None:
        return OF_NUMBER
    if wanted.business_date is not None:
        return OF_DAY
    return OF_STATES if wanted.states else NEWEST


def _start(wanted: Filter) -> Position:
    """Where the list begins; a time from which on things count is a position as well."""
    if wanted.updated_since is None or wanted.name_prefix:
        return NEWEST_POSITION
    return wanted.updated_since, OLDEST_POSITION[1]


def _arguments(tx: Transaction, wanted: Filter, after: Position | None, limit: int) -> list[Any]:
    return [
        tx.tenant,
        *(after or _start(wanted)),
        limit,
        [state.value for state in dict.fromkeys(wanted.states)],
        wanted.table_id,
        wanted.business_date,
        wanted.number,
        wanted.updated_since,
    ]
