"""Lists of orders. A page is a range of one index, so its cost does not grow with the orders."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.orders.domain.order.axes import State
from services.orders.domain.order.listing import NEWEST_POSITION, OLDEST_POSITION, Filter, Page, Position
from services.orders.domain.order.order import Order
from services.orders.store.order import find_orders, order_in

NAME_SEARCH_WINDOW = 2_000
"""A search by name looks at this many orders per page, newest first, and says where to go on."""
NEWLINE = "chr(10)"
NEWEST_FIRST = "ORDER BY created_at DESC, id DESC"

UNCHANGED_FIRST = "ORDER BY updated_at, id"
ORDERS_OF_CUSTOMER = """
SELECT order_id, created_at FROM order_customer
WHERE restaurant_id = $1 AND customer_id = $2 AND (created_at, order_id) < ($3::timestamptz, $4::uuid)
ORDER BY created_at DESC, order_id DESC LIMIT $5
"""


async def find_page(tx: Transaction, wanted: Filter, after: Position | None, limit: int) -> Page:
    """Newest first; with ``updated_since`` the longest unchanged first, for a client that catches up.

    A search by name is newest first in any case, and so are the orders of a customer.
    """
    if wanted.customer_id is not None:
        return await _of_customer(tx, wanted, after, limit)
    if wanted.name_prefix:
        return await _by_name(tx, wanted, after, limit)
    catches_up = wanted.updated_since is not None
    statement = _catching_up if catches_up else _newest
    sql, arguments = statement(tx, wanted, after, limit + 1)
    found = await tx.fetch(sql, *arguments)
    shown = found[:limit]
    key = "updated_at" if catches_up else "created_at"
    following = (shown[-1][key], shown[-1]["id"]) if len(found) > limit else None
    return Page([order_in(row) for row in shown], following)


async def find_newest(tx: Transaction, states: Sequence[State], limit: int) -> list[Order]:
    """The newest orders in one of these states."""
    return (await find_page(tx, Filter(states=tuple(states)), None, limit)).orders


async def _of_customer(tx: Transaction, wanted: Filter, after: Position | None, limit: int) -> Page:
    """Of the customer's next orders those that are wanted, so that a page may be short."""
    at, last = after or NEWEST_POSITION
    listed = await tx.fetch(ORDERS_OF_CUSTOMER, tx.tenant, wanted.customer_id, at, last, limit + 1)
    shown = listed[:limit]
    where = _chosen(tx, wanted).add("id = ANY ({}::uuid[])", [row["order_id"] for row in shown])
    if wanted.name_prefix:
        where.add(_hit(where.parameter(wanted.name_prefix.lower())))
    sql = f"SELECT * FROM orders WHERE {where} {NEWEST_FIRST}"  # noqa: S608
    orders = [order_in(row) for row in await tx.fetch(sql, *where.arguments)]
    following = (shown[-1]["created_at"], shown[-1]["order_id"]) if len(listed) > limit else None
    return Page(orders, following)


def _hit(prefix: str) -> str:
    """Whether a name on a line, or a later word of one, begins with the parameter. A name is a line of the
    text."""
    return (
        f"strpos({prefix}::text, {NEWLINE}) = 0"
        f" AND (strpos({NEWLINE} || item_names, {NEWLINE} || {prefix}::text) > 0"
        f" OR strpos(item_names, ' ' || {prefix}::text) > 0)"
    )


async def _by_name(tx: Transaction, wanted: Filter, after: Position | None, limit: int) -> Page:
    source, where = _by_age(tx, wanted, after, "id, created_at, item_names", NAME_SEARCH_WINDOW)
    prefix = where.parameter(wanted.name_prefix.lower())
    # Of a candidate that is no hit nothing but its place is read.
    sql = f"""
    SELECT candidate.id, candidate.created_at, {_hit(prefix)} AS hit
    FROM ({source}) AS candidate {NEWEST_FIRST}
    """  # noqa: S608
    candidates = await tx.fetch(sql, *where.arguments)
    hits = [row for row in candidates if row["hit"]]
    shown = hits[:limit]
    orders = await find_orders(tx, [row["id"] for row in shown]) if shown else []
    if len(hits) > limit:
        last = shown[-1]
    elif len(candidates) == NAME_SEARCH_WINDOW:
        last = candidates[-1]
    else:
        return Page(orders, None)
    return Page(orders, (last["created_at"], last["id"]))


def _newest(tx: Transaction, wanted: Filter, after: Position | None, limit: int) -> tuple[str, list[Any]]:
    sql, where = _by_age(tx, wanted, after, "*", limit)
    return sql, where.arguments


def _by_age(
    tx: Transaction, wanted: Filter, after: Position | None, columns: str, limit: int
) -> tuple[str, Conditions]:
    """The newest ``limit`` rows. Tables, days and numbers have an index each. Everything else is a range of
    one index for each state, which the server merges: of each it reads what it shows, and one row more.
    """
    if any(one is not None for one in (wanted.table_id, wanted.business_date, wanted.number)):
        where = _asked_for(tx, wanted, after)
        rows = where.parameter(limit)
        return f"SELECT {columns} FROM orders WHERE {where} {NEWEST_FIRST} LIMIT {rows}", where  # noqa: S608
    where = _asked_for(tx, replace(wanted, states=()), after)
    selected, rows = f"SELECT {columns} FROM orders WHERE {where}", where.parameter(limit)  # noqa: S608
    ranges = " UNION ALL ".join(
        f"({selected} AND state = '{state.value}' {NEWEST_FIRST} LIMIT {rows})"
        for state in State
        if not wanted.states or state in wanted.states
    )
    return f"SELECT * FROM ({ranges}) AS merged {NEWEST_FIRST} LIMIT {rows}", where  # noqa: S608


def _catching_up(
    tx: Transaction, wanted: Filter, after: Position | None, limit: int
) -> tuple[str, list[Any]]:
    where = _chosen(tx, wanted)
    begin = after or (wanted.updated_since, OLDEST_POSITION[1])
    where.add("(updated_at, id) > ({}::timestamptz, {}::uuid)", *begin)
    sql = f"SELECT * FROM orders WHERE {where} {UNCHANGED_FIRST} LIMIT {where.parameter(limit)}"  # noqa: S608
    return sql, where.arguments


def _asked_for(tx: Transaction, wanted: Filter, after: Position | None) -> Conditions:
    """What a list says that goes by age."""
    where = _chosen(tx, wanted)
    where.add("(created_at, id) < ({}::timestamptz, {}::uuid)", *(after or NEWEST_POSITION))
    return where


def _chosen(tx: Transaction, wanted: Filter) -> Conditions:
    """$1 is the restaurant."""
    where = Conditions(tx.tenant).add("restaurant_id = $1")
    if wanted.states:
        where.add("state = ANY ({}::text[])", _states(wanted))
    if wanted.table_id is not None:
        where.add("table_id = {}", wanted.table_id)
    if wanted.business_date is not None:
        where.add("business_date = {}", wanted.business_date)
    if wanted.number is not None:
        where.add("number = {} AND number > 0", wanted.number)
    if wanted.updated_since is not None:
        where.add("updated_at >= {}", wanted.updated_since)
    return where


def _states(wanted: Filter) -> list[str]:
    return [state.value for state in dict.fromkeys(wanted.states)]
