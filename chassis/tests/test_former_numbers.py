"""Positions of before: kept over every upgrade and back, and told to processes of before."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db import Database, connection_options, prepare_connection
from chassis.db.migrations import revert_chassis, run_migrations
from chassis.ids import new_id
from chassis.messaging.replay import ReplayOutcome, ReplayPage, position, replay
from harness.fixtures import Infrastructure

SCHEMA = "staff"
ALL = "SELECT * FROM outbox_next((SELECT generation FROM outbox_state), '{}', '{}', now(), 10000)"
COMMIT = """
SELECT outbox_commit(now(), ARRAY['fynlo.staff.v1.X'], ARRAY[$1], ARRAY[gen_random_uuid()], ARRAY[''::bytea],
                     ARRAY[$2], ARRAY[NULL], NULL, NULL, NULL, NULL, NULL)
"""
MARK = "SELECT outbox_mark((SELECT generation FROM outbox_state), $1::bigint[], $2::bigint[], now())"
UNMARK = "SELECT outbox_unmark((SELECT generation FROM outbox_state), $1::bigint[])"
PAGE = "SELECT id, msg_id, stream_seq FROM outbox_page(1000000, 1000, now() - interval '1h')"
HEAD_OF_BEFORE = """
SELECT coalesce(channel.epoch, state.epoch) AS epoch, coalesce(channel.seq, 0) AS seq
FROM outbox_state AS state
LEFT JOIN outbox_channel AS channel ON channel.restaurant_id = $1 AND channel.channel = $2
"""
EVENTS_OF_BEFORE = """
SELECT position.seq, outbox.subject_id FROM outbox_position AS position
JOIN outbox ON outbox.id = position.outbox_id AND outbox.created_at = position.created_at
WHERE position.restaurant_id = $1 AND position.channel = $2 AND position.epoch = $3 AND position.seq > $4
ORDER BY position.seq LIMIT 2000
"""
CHORES_OF_BEFORE = """
SELECT chassis_roll('outbox', now()), chassis_roll('outbox_position', now()),
    chassis_roll('outbox_numbered', now()), chassis_sweep_rows('outbox_default', now(), 10),
    chassis_sweep_rows('outbox_position_default', now(), 10),
    chassis_sweep_rows('outbox_numbered_default', now(), 10)
"""


class Former:
    """A schema of its own, and what a service and the leader of its relay do there, whichever version it
    has.
    """

    def __init__(self, url: str, owner: asyncpg.Connection, clock: FakeClock) -> None:
        self.url = url
        self.owner = owner
        self.clock = clock
        self.tenant = new_id()

    async def commit(self, *names: str, channels: str = "staff", tenant: UUID | None = None) -> None:
        async with self.owner.transaction():
            tenant = tenant or self.tenant
            await self.owner.execute("SELECT set_config('app.restaurant_id', $1, true)", str(tenant))
            for name in names:
                await self.owner.execute(COMMIT, name, channels)

    async def waiting(self) -> list[tuple[str, list[int]]]:
        """What is to be published: the event's name, and its positions."""
        return [(row["subject_id"], [place[2] for place in row["positions"]]) for row in await self._next()]

    async def publish(self, *names: str) -> None:
        """Marks these, with 100 and more for their places in the stream."""
        ids = [row["id"] for row in await self._next() if row["subject_id"] in names]
        assert len(ids) == len(names)
        await self.owner.execute(MARK, ids, list(range(100, 100 + len(ids))))

    async def lose(self, *names: str) -> None:
        """Hands these back, as the reconciler does that does not find them."""
        known = await self.owner.fetch("SELECT msg_id FROM outbox WHERE subject_id = ANY ($1::text[])", names)
        lost = {row["msg_id"] for row in known}
        ids = [row["id"] for row in await self.owner.fetch(PAGE) if row["msg_id"] in lost]
        assert await self.owner.fetchval(UNMARK, ids) == len(names)

    async def published(self) -> int:
        return sum(row["stream_seq"] is not None for row in await self.owner.fetch(PAGE))

    async def said(self, channel: str = "staff", after: int = 0) -> list[str]:
        """What a replay gives, which must be everything after the position."""
        page = await self.page(channel, after)
        assert page.outcome is ReplayOutcome.EVENTS
        assert [event.seq for event in page.events] == list(range(after + 1, page.head_seq + 1))
        return [event.subject_id for event in page.events]

    async def page(self, channel: str, after: int) -> ReplayPage:
        service = await Database.connect(self.url, schema=SCHEMA, clock=self.clock, pool_size=2)
        try:
            async with service.transaction(self.tenant) as tx:
                epoch, _ = await position(tx, channel)
            return await replay(service, self.tenant, channel, epoch, after, 2_000)
        finally:
            await service.close()

    async def said_before(self, channel: str = "staff", after: int = 0) -> list[str]:
        """The same by the statements of before."""
        head = await self.owner.fetchrow(HEAD_OF_BEFORE, self.tenant, channel)
        assert head is not None
        rows = await self.owner.fetch(EVENTS_OF_BEFORE, self.tenant, channel, head["epoch"], after)
        assert [row["seq"] for row in rows] == list(range(after + 1, head["seq"] + 1))
        return [row["subject_id"] for row in rows]

    async def _next(self) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.owner.fetch(ALL)
        return rows


@pytest.fixture(autouse=True)
def postgres(infrastructure: Infrastructure) -> None:
    infrastructure.postgres()


@pytest.fixture
async def former(infrastructure: Infrastructure, fake_clock: FakeClock) -> AsyncIterator[Former]:
    """At the baseline."""

    async def nothing(_: str) -> None:
        """The template stays empty."""

    url = infrastructure.role_url("fynlo_owner", await infrastructure.clone("empty", nothing))
    await run_migrations(SCHEMA, url, chassis_to="0001")
    owner = await asyncpg.connect(url, **connection_options(SCHEMA))
    await prepare_connection(owner)
    await owner.execute("SELECT outbox_lead()")
    yield Former(url, owner, fake_clock)
    await owner.close()


def names(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


async def test_what_has_its_position_keeps_it_over_every_upgrade_and_back_and_channels_go_on(
    former: Former,
) -> None:
    """Written by the baseline, by the leader's numbering, and by what followed; published or not yet."""
    one, two, three = names("a", 20), names("b", 30), names("c", 7)
    await former.commit(*one)
    await former.publish(*one[:15])
    await run_migrations(SCHEMA, former.url, chassis_to="0002")
    await former.commit(*two, channels="staff,floor")
    assert await former.waiting() == [
        *((name, [place]) for place, name in enumerate(one[15:], 16)),
        *((name, [20 + place, place]) for place, name in enumerate(two, 1)),
    ]
    await former.publish(*one[15:], *two[:10])
    await run_migrations(SCHEMA, former.url)
    await former.commit(*three)
    assert await former.waiting() == [
        *((name, [20 + place, place]) for place, name in enumerate(two[10:], 11)),
        *((name, [50 + place]) for place, name in enumerate(three, 1)),
    ]
    assert await former.published() == 30
    assert await former.said() == [*one, *two, *three]
    assert await former.said("floor", 25) == two[25:]
    await former.lose(one[0], two[3])
    assert [name for name, _ in await former.waiting()] == [one[0], two[3], *two[10:], *three]
    await former.publish(one[0], two[3], *two[10:])

    await revert_chassis(SCHEMA, former.url, to="0002")
    await former.commit("d")
    assert await former.waiting() == [*((name, [50 + n]) for n, name in enumerate(three, 1)), ("d", [58])]
    assert await former.said_before() == [*one, *two, *three, "d"]
    assert await former.said_before("floor") == two
    await revert_chassis(SCHEMA, former.url, to="0001")
    await former.publish(*three)
    await former.commit("e")
    assert await former.waiting() == [("d", [58]), ("e", [59])]
    await run_migrations(SCHEMA, former.url)
    await former.commit("f")
    assert await former.waiting() == [("d", [58]), ("e", [59]), ("f", [60])]
    assert await former.said() == [*one, *two, *three, "d", "e", "f"]


async def test_a_process_of_before_leads_replays_and_keeps_house_until_it_is_replaced(former: Former) -> None:
    """The statements that it has in its texts, over the new tables."""
    before, since = names("a", 18), names("b", 20)
    await run_migrations(SCHEMA, former.url, chassis_to="0002")
    await former.commit(*before)
    [held, *_] = [row["id"] for row in await former.owner.fetch(ALL)]
    await run_migrations(SCHEMA, former.url, chassis_to="0004")
    await former.owner.execute(MARK, [held], [7])  # names nothing any more, and marks nothing else
    await former.commit(*since)
    assert [name for name, _ in await former.waiting()] == [*before, *since]
    assert await former.said_before() == [*before, *since]
    assert await former.said_before(after=30) == since[12:]
    await former.publish(*before, *since)
    await former.lose(*since[:2])
    assert [name for name, _ in await former.waiting()] == since[:2]
    await former.owner.execute(CHORES_OF_BEFORE)


async def test_an_event_that_is_past_its_hours_is_no_part_of_what_is_converted(former: Former) -> None:
    """Its day is gone; what follows it has the places that it had."""
    told = names("a", 40)
    await run_migrations(SCHEMA, former.url, chassis_to="0002")
    await former.commit(*told)
    await former.waiting()
    for gone in ("outbox_position WHERE seq <= 21", "outbox WHERE subject_id = ANY ($1::text[])"):
        await former.owner.execute(f"DELETE FROM {gone}", *([told[:21]] if "$1" in gone else []))
    await run_migrations(SCHEMA, former.url)
    assert await former.said(after=21) == told[21:]
    assert (await former.page("staff", 20)).outcome is ReplayOutcome.TOO_OLD
    await former.commit("b")
    assert await former.waiting() != []
    assert await former.said(after=33) == [*told[33:], "b"]
