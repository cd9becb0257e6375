"""A statement of a service sees the rows of its transaction's restaurant, in the chassis' own tables too."""

from uuid import UUID

import asyncpg
import pytest

from chassis.db import Database, ddl
from chassis.ids import new_id
from chassis.messaging.aside import Aside, Backoff, Failed
from chassis.tests.probe import ThingMade
from harness.outbox import number_events

RUN = 8
"""Events of a channel that a row of outbox_run names."""
NUMBERED = ("outbox_numbered", "outbox_head", "outbox_run", "outbox_channel")
TABLES = ("outbox", "outbox_unnumbered", *NUMBERED, "inbox", "inbox_parked")
SUBJECT = "fynlo.probe.v1.ThingMade"
RECEIVE = (
    "INSERT INTO inbox (consumer, msg_id, status, received_at, attempts)"
    " VALUES ('c', $1, 'handled', now(), 1)"
)


async def trade(db: Database, tenant: UUID) -> None:
    """A row in each of the tables."""
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(), subject_id="x", channels=["orders"])
        await tx.execute(RECEIVE, new_id())
    failed = Failed(new_id(), f"{SUBJECT}.{tenant}", {}, b"", 1, ValueError("no"), counted=True)
    await Aside(db, "c", Backoff()).put(failed)


async def owners(db: Database, tenant: UUID | None, table: str) -> set[UUID | None]:
    async with db.transaction(tenant, readonly=True) as tx:
        return {row["restaurant_id"] for row in await tx.fetch(f"SELECT restaurant_id FROM {table}")}


@pytest.mark.parametrize("table", TABLES)
async def test_a_transaction_sees_its_own_restaurant_and_without_one_no_restaurant(
    db: Database, table: str
) -> None:
    one, two = new_id(), new_id()
    for tenant in (one, two):
        for _ in range(RUN):
            await trade(db, tenant)
    if table in NUMBERED:
        await number_events(db)
    assert await owners(db, one, table) == {one}
    assert await owners(db, None, table) <= {None}
    assert await owners(db, new_id(), table) == set()


async def test_the_platforms_own_events_are_seen_without_a_restaurant(db: Database) -> None:
    async with db.transaction(None) as tx:
        tx.emit(ThingMade(), subject_id="platform")
    assert await owners(db, None, "outbox") == {None}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO inbox (consumer, msg_id, status, received_at, attempts, restaurant_id)"
        " VALUES ('c', gen_random_uuid(), 'handled', now(), 1, $1)",
        "INSERT INTO inbox_parked (consumer, msg_id, subject, headers, payload, attempts, error, parked_at)"
        " VALUES ('c', gen_random_uuid(), 'a.b.' || $1::uuid, '{}', '', 1, '', now())",
    ],
)
async def test_no_row_is_written_for_another_restaurant(db: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(new_id()) as tx:
            await tx.execute(statement, new_id())


async def test_a_day_of_the_outbox_is_out_of_reach_by_its_own_name(
    db: Database, admin: asyncpg.Connection
) -> None:
    await trade(db, new_id())
    days = await admin.fetch(
        "SELECT relname, relrowsecurity FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = ANY ($1::text[]::regclass[])",
        list(ddl.ROLLED),
    )
    assert days
    assert all(day["relrowsecurity"] for day in days)
    for day in days:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(None) as tx:
                await tx.fetch(f"SELECT * FROM {day['relname']}")


async def test_what_looks_across_restaurants_gives_neither_payload_nor_headers(
    db: Database, admin: asyncpg.Connection
) -> None:
    """The relay's outbox_next aside, whose work it is to publish them."""
    rows = await admin.fetch(
        "SELECT proname, pg_get_function_result(oid) AS result FROM pg_proc"
        " WHERE pronamespace = 'probe'::regnamespace AND prosecdef AND proname <> 'outbox_next'"
        " AND has_function_privilege('fynlo_orders', oid, 'EXECUTE')"
    )
    assert {"outbox_page", "outbox_backlog", "inbox_due", "parked_page"} <= {row["proname"] for row in rows}
    assert not [row["proname"] for row in rows if "payload" in row["result"] or "headers" in row["result"]]
