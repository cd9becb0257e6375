import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from chassis.db import Database
from chassis.db.idempotency import IdempotencyInFlight, IdempotencyKey, IdempotencyKeyReuse, key_of
from chassis.errors import InvalidArgument, Unavailable
from chassis.ids import new_id
from chassis.tests.conftest import OpenProbe
from chassis.tests.probe import ThingMade

TRIES = 400
KEY = IdempotencyKey("orders.Place:device-1", "key-1", b"hash of the body")


async def place(
    db: Database,
    tenant: UUID | None,
    key: IdempotencyKey = KEY,
    linger: Callable[[], Awaitable[object]] | None = None,
) -> bytes:
    """A use case whose effect is a counter; its reply tells the count."""
    async with db.transaction(tenant, claiming=key) as tx:
        if tx.stored is not None:
            return tx.stored.reply
        if linger is not None:
            await linger()
        count = await tx.fetchval(
            "INSERT INTO thing VALUES ($1, 'effects', 1) ON CONFLICT (restaurant_id, name)"
            " DO UPDATE SET count = thing.count + 1 RETURNING count",
            tenant,
        )
        reply = f"count {count}".encode()
        tx.remember(reply)
        return reply


async def effects(db: Database, tenant: UUID) -> int:
    async with db.transaction(tenant) as tx:
        return await tx.fetchval("SELECT count FROM thing WHERE name = 'effects'") or 0


async def test_the_second_request_gets_the_first_reply_and_has_no_effect(db: Database) -> None:
    tenant = new_id()
    assert await place(db, tenant) == await place(db, tenant) == b"count 1"
    assert await effects(db, tenant) == 1


async def test_a_key_means_nothing_in_another_restaurant_scope_or_value(db: Database) -> None:
    tenant, other = new_id(), new_id()
    await place(db, tenant)
    await place(db, other)
    await place(db, tenant, IdempotencyKey("orders.Place:device-2", KEY.key, KEY.request_hash))
    await place(db, tenant, IdempotencyKey(KEY.scope, "key-2", KEY.request_hash))
    assert (await effects(db, tenant), await effects(db, other)) == (3, 1)


async def test_a_new_key_is_claimed_by_the_first_message_of_its_transaction(
    db: Database, admin: asyncpg.Connection
) -> None:
    """And stays locked for others from then on, before the use case asks for it."""
    tenant = new_id()
    async with db.transaction(tenant, claiming=KEY) as tx:
        pid = await tx.fetchval("SELECT pg_backend_pid()")
        held = "SELECT count(*) FROM pg_locks WHERE pid = $1 AND locktype = 'advisory' AND granted"
        assert await admin.fetchval(held, pid) == 1
        tx.remember(b"done")
    assert await place(db, tenant) == b"done"


@pytest.mark.parametrize("key", ["it's", "\\x00", "'; ROLLBACK; --", "ключ", "x" * 255, "a\nb"])
async def test_a_key_is_data_whatever_is_in_it(db: Database, key: str) -> None:
    tenant, asked = new_id(), IdempotencyKey("orders.Place:o'brien", key, b"hash")
    assert await place(db, tenant, asked) == await place(db, tenant, asked) == b"count 1"
    assert await place(db, tenant) == b"count 2"


async def test_the_same_key_with_another_body_is_refused(db: Database) -> None:
    tenant = new_id()
    await place(db, tenant)
    with pytest.raises(IdempotencyKeyReuse) as caught:
        await place(db, tenant, IdempotencyKey(KEY.scope, KEY.key, b"another body"))
    assert caught.value.reason == "IDEMPOTENCY_KEY_REUSE"
    assert await effects(db, tenant) == 1


async def test_a_request_in_flight_is_a_conflict_that_says_when_to_retry(db: Database) -> None:
    tenant = new_id()
    claimed, release = asyncio.Event(), asyncio.Event()

    async def linger() -> None:
        claimed.set()
        await release.wait()

    first = asyncio.create_task(place(db, tenant, linger=linger))
    await claimed.wait()
    with pytest.raises(IdempotencyInFlight) as caught:
        await place(db, tenant)
    assert caught.value.metadata == {"retry_after_seconds": "1"}
    release.set()
    assert await first == await place(db, tenant) == b"count 1"


async def test_50_parallel_identical_requests_have_one_effect_and_one_reply(open_probe: OpenProbe) -> None:
    db, tenant = await open_probe(pool_size=20), new_id()

    async def insist() -> bytes:
        for _ in range(TRIES):
            try:
                return await place(db, tenant, linger=lambda: asyncio.sleep(0.05))
            except IdempotencyInFlight:
                await asyncio.sleep(0.05)
        raise AssertionError("never answered")

    assert set(await asyncio.gather(*(insist() for _ in range(50)))) == {b"count 1"}
    assert await effects(db, tenant) == 1


async def test_a_crash_before_the_commit_leaves_the_key_free_and_the_retry_executes(
    db: Database, admin: asyncpg.Connection
) -> None:
    tenant = new_id()
    with pytest.raises(Unavailable):
        async with db.transaction(tenant, claiming=KEY) as tx:
            await tx.execute("INSERT INTO thing VALUES ($1, 'effects', 1)", tenant)
            tx.remember(b"never seen")
            await admin.execute(
                "SELECT pg_terminate_backend($1)", await tx.fetchval("SELECT pg_backend_pid()")
            )
    assert await effects(db, tenant) == 0
    assert await place(db, tenant) == b"count 1"


async def test_an_error_of_the_use_case_is_not_remembered(db: Database) -> None:
    tenant = new_id()
    with pytest.raises(InvalidArgument):
        async with db.transaction(tenant, claiming=KEY):
            raise InvalidArgument("too many")
    assert await place(db, tenant) == b"count 1"


async def test_a_key_that_was_stored_behind_a_claim_is_told_to_retry_and_stays(
    db: Database, admin: asyncpg.Connection
) -> None:
    """As a snapshot that is older than its claim would leave it: the unique index sees what it did not."""
    tenant = new_id()
    insert = f"INSERT INTO {db.schema}.idempotency VALUES ($1, $2, $3, $4, $5, now())"
    with pytest.raises(IdempotencyInFlight):
        async with db.transaction(tenant, claiming=KEY) as tx:
            await admin.execute(insert, tenant, KEY.scope, KEY.key, KEY.request_hash, b"count 1")
            tx.remember(b"second")
    assert await place(db, tenant) == b"count 1"


async def test_platform_requests_without_a_restaurant_have_keys_too(db: Database) -> None:
    for reply in (b"first", b"second"):
        async with db.transaction(None, claiming=KEY) as tx:
            if tx.stored is not None:
                assert tx.stored.reply == b"first"
            else:
                tx.remember(reply)
    async with db.transaction(new_id()) as tx:
        assert await tx.fetchval("SELECT count(*) FROM idempotency") == 0


async def test_a_claim_without_a_reply_leaves_the_key_free(db: Database) -> None:
    tenant = new_id()
    async with db.transaction(tenant, claiming=KEY) as tx:
        assert tx.stored is None
    assert await place(db, tenant) == b"count 1"


async def test_an_event_under_a_claim_without_a_reply_is_a_mistake_that_rolls_back(db: Database) -> None:
    tenant = new_id()
    with pytest.raises(RuntimeError, match="remembered reply"):
        async with db.transaction(tenant, claiming=KEY) as tx:
            tx.emit(ThingMade(name="a"), subject_id="a")
    assert await place(db, tenant) == b"count 1"


@dataclass(frozen=True)
class Someone:
    subject: UUID | None
    name: str = "orders"


def test_the_key_of_a_request_covers_every_field_but_its_id() -> None:
    caller = Someone(new_id())
    one = key_of("Make", ThingMade(name="a", request_id="r-1"), caller)
    assert one.key == "r-1"
    assert one == key_of("Make", ThingMade(name="a", request_id="r-1"), caller)
    assert one.request_hash == key_of("Make", ThingMade(name="a", request_id="r-2"), caller).request_hash
    assert one.request_hash != key_of("Make", ThingMade(name="b", request_id="r-1"), caller).request_hash
    assert one.scope != key_of("Make", ThingMade(name="a", request_id="r-1"), Someone(None)).scope


@pytest.mark.parametrize("request_id", ["", "x" * 256])
def test_a_request_without_a_usable_id_is_refused(request_id: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        key_of("Make", ThingMade(request_id=request_id), Someone(new_id()))
    assert caught.value.reason == "REQUEST_ID_REQUIRED"


async def test_a_peek_tells_what_was_answered_and_claims_nothing(db: Database) -> None:
    tenant = new_id()
    async with db.transaction(tenant) as tx:
        assert await tx.peek(KEY) is None
    await place(db, tenant)
    async with db.transaction(tenant, readonly=True) as tx:
        stored = await tx.peek(KEY)
    assert stored is not None
    assert stored.reply == b"count 1"
    with pytest.raises(IdempotencyKeyReuse):
        async with db.transaction(tenant, readonly=True) as tx:
            await tx.peek(IdempotencyKey(KEY.scope, KEY.key, b"another body"))


async def test_a_step_has_a_key_of_its_own_for_the_same_body(db: Database) -> None:
    tenant = new_id()
    assert await place(db, tenant, KEY.step("begin")) == b"count 1"
    assert await place(db, tenant, KEY) == b"count 2"
    assert await place(db, tenant, KEY.step("begin")) == b"count 1"
    with pytest.raises(IdempotencyKeyReuse):
        await place(db, tenant, IdempotencyKey(KEY.scope, KEY.key, b"another body").step("begin"))


SOUP = "soup " * 40
REPLY = ThingMade(name=SOUP)


async def order(
    db: Database, tenant: UUID | None, key: IdempotencyKey = KEY, *, before: int = 0, after: int = 0
) -> bytes:
    """A use case whose reply is its event's content, with so many events around it."""
    async with db.transaction(tenant, claiming=key) as tx:
        if tx.stored is not None:
            return tx.stored.reply
        for _ in range(before):
            tx.emit(ThingMade(name="other"), subject_id="thing")
        tx.emit(ThingMade(name=SOUP, number=7), subject_id="thing")
        for _ in range(after):
            tx.emit(ThingMade(name="other"), subject_id="thing")
        tx.remember(REPLY.SerializeToString())
        return REPLY.SerializeToString()


async def kept(admin: asyncpg.Connection, tenant: UUID | None) -> tuple[int, bool]:
    """Bytes of the reply that are kept with the key, and whether it refers to an event."""
    row = await admin.fetchrow(
        "SELECT length(reply) AS bytes, event_id FROM idempotency WHERE restaurant_id = $1",
        tenant or UUID(int=0),
    )
    return row["bytes"], row["event_id"] is not None


@pytest.mark.parametrize("tenant", [new_id(), None], ids=["restaurant", "platform"])
@pytest.mark.parametrize("before", [0, 2])
async def test_a_reply_that_its_event_holds_is_not_kept_again(
    db: Database, admin: asyncpg.Connection, tenant: UUID | None, before: int
) -> None:
    tenant = new_id() if tenant else None
    await admin.execute("DELETE FROM idempotency")
    first = await order(db, tenant, before=before)
    assert await kept(admin, tenant) == (0, True)
    assert await order(db, tenant) == first
    async with db.transaction(tenant, readonly=True) as tx:
        stored = await tx.peek(KEY)
    assert stored is not None
    assert stored.reply == first
    with pytest.raises(IdempotencyKeyReuse):
        await order(db, tenant, IdempotencyKey(KEY.scope, KEY.key, b"another body"))


async def test_a_reply_that_no_event_holds_or_an_earlier_one_is_kept_whole(
    db: Database, admin: asyncpg.Connection
) -> None:
    tenant, other = new_id(), new_id()
    first = await order(db, tenant, after=1)
    assert await kept(admin, tenant) == (len(first), False)
    assert await order(db, tenant) == first
    assert await place(db, other) == b"count 1"
    assert await kept(admin, other) == (len(b"count 1"), False)


async def test_transactions_that_commit_at_once_refer_each_to_its_own_event(db: Database) -> None:
    """Their events' ids are drawn in turns."""

    async def say(number: int) -> tuple[UUID, bytes]:
        tenant, reply = new_id(), ThingMade(name=f"{number} " * 40).SerializeToString()
        async with db.transaction(tenant, claiming=KEY) as tx:
            for count in range(3):
                tx.emit(ThingMade(name=f"{number} " * 40, number=count), subject_id="thing")
            tx.remember(reply)
        return tenant, reply

    for tenant, reply in await asyncio.gather(*(say(number) for number in range(40))):
        assert await order(db, tenant) == reply


async def test_a_key_whose_event_has_gone_is_as_free_as_one_that_was_swept(
    db: Database, admin: asyncpg.Connection
) -> None:
    """Its 24 hours were over days before."""
    tenant = new_id()
    await order(db, tenant)
    await admin.execute("DELETE FROM outbox WHERE restaurant_id = $1", tenant)
    async with db.transaction(tenant, readonly=True) as tx:
        assert await tx.peek(KEY) is None
    assert await place(db, tenant) == b"count 1"
    assert await place(db, tenant) == b"count 1"
