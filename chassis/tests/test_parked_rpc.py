"""What a service answers to the operators of the platform: its parked events, and what became of them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fynlo.operations.v1 import parked_events_service_pb2 as parked_events_api
from fynlo.operations.v1.parked_events_service_pb2_grpc import (
    ParkedEventsServiceStub,
    add_ParkedEventsServiceServicer_to_server,
)
from fynlo.orders.v1.events_pb2 import OrderPlaced
from google.protobuf import json_format
from nats.aio.client import Client as NatsClient

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.audit_records import NO_RESTAURANT
from chassis.errors import Conflict, InvalidArgument, NotFound, PermissionDenied, Unprocessable
from chassis.ids import new_id
from chassis.messaging.aside import Aside, Backoff, Failed
from chassis.messaging.inbox import Consumer
from chassis.messaging.parked_events import BODY_MAX_CHARACTERS, body_in_words, error_in_words
from chassis.messaging.parked_rpc import ParkedEventsRpc
from chassis.tests.probe import ThingMade
from chassis.tests.test_inbox import Kitchen, eventually, publish, running
from harness.rpc import Peer, serving

OPERATE = ["platform.operate"]
MADE, BROKEN = "fynlo.probe.v1.ThingMade", "fynlo.probe.v1.ThingBroken"
REASON = "the ticket was made by hand"
CARD = "4111 1111 1111 1111"
MANY = 200_000
EXAMPLES = Path(__file__).resolve().parents[2] / "protos" / "examples"


@asynccontextmanager
async def answering(consumer: Consumer, clock: FakeClock) -> AsyncIterator[Peer]:
    async with serving(
        add_ParkedEventsServiceServicer_to_server, ParkedEventsRpc(consumer), clock=clock
    ) as peer:
        yield peer


@pytest.fixture
async def peer(
    db: Database, admin: asyncpg.Connection, fake_clock: FakeClock, nats_client: NatsClient
) -> AsyncIterator[Peer]:
    await admin.execute("TRUNCATE inbox, inbox_parked")
    consumer = Consumer(db, nats_client, durable="kitchen", handlers={})
    async with answering(consumer, fake_clock) as made:
        yield made


async def park(db: Database, *, kind: str = MADE, payload: bytes = b"", error: str = "no soup") -> UUID:
    msg_id = new_id()
    failed = Failed(msg_id, f"{kind}.{new_id()}", {}, payload, 8, ValueError(error), counted=True)
    await Aside(db, "kitchen", Backoff(max_failures=1)).put(failed)
    return msg_id


def stub(peer: Peer) -> Any:
    return ParkedEventsServiceStub(peer.channel)


async def records(admin: asyncpg.Connection) -> list[tuple[str, str, dict[str, object]]]:
    rows = await admin.fetch(
        "SELECT event, actor, facts FROM audit_record WHERE restaurant_id = $1 AND event LIKE 'events.%'"
        " ORDER BY seq",
        NO_RESTAURANT,
    )
    return [(row["event"], row["actor"], json.loads(row["facts"])) for row in rows]


async def test_pages_hold_every_event_of_every_restaurant_once_newest_first(
    peer: Peer, db: Database, fake_clock: FakeClock
) -> None:
    parked = []
    for number in range(5):
        parked.append(str(await park(db, kind=BROKEN if number % 2 else MADE)))
        if number % 2:
            fake_clock.advance(timedelta(seconds=1))  # two of one instant each
    with peer.as_user(OPERATE, restaurant_id=None):
        found: list[parked_events_api.ParkedEvent] = []
        cursor = ""
        while page := (
            await stub(peer).ListParked(parked_events_api.ListParkedRequest(limit=2, cursor=cursor))
        ).events:
            found += page
            cursor = page[-1].cursor
        assert [one.id for one in found] == list(reversed(parked))
        assert {(one.type, one.tries, one.failures, one.error) for one in found} == {
            (MADE, 8, 1, "no soup (ValueError)"),
            (BROKEN, 8, 1, "no soup (ValueError)"),
        }
        assert all(one.subject == f"{one.type}.{one.restaurant_id}" for one in found)
        assert (await stub(peer).ListParked(parked_events_api.ListParkedRequest(limit=1))).parked == 5


async def test_what_waits_for_its_next_try_is_not_listed(peer: Peer, db: Database) -> None:
    failed = Failed(new_id(), f"{MADE}.{new_id()}", {}, b"", 1, ValueError("no"), counted=True)
    await Aside(db, "kitchen", Backoff()).put(failed)
    with peer.as_user(OPERATE):
        reply = await stub(peer).ListParked(parked_events_api.ListParkedRequest(limit=9))
    assert (list(reply.events), reply.parked) == ([], 0)


@pytest.mark.parametrize("cursor", ["nonsense", "1.2.3", f"x.{UUID(int=1)}.kitchen", "9" * 18])
async def test_a_cursor_that_came_from_no_list_is_refused(peer: Peer, cursor: str) -> None:
    with peer.as_user(OPERATE), pytest.raises(InvalidArgument) as refused:
        await stub(peer).ListParked(parked_events_api.ListParkedRequest(limit=9, cursor=cursor))
    assert refused.value.reason == "INVALID_CURSOR"


async def test_only_operators_of_the_platform_see_or_settle_anything(
    peer: Peer, db: Database, admin: asyncpg.Connection
) -> None:
    msg_id = str(await park(db))
    calls = [
        ("ListParked", parked_events_api.ListParkedRequest(limit=1)),
        ("GetParked", parked_events_api.GetParkedRequest(event_id=msg_id)),
        ("RetryParked", parked_events_api.RetryParkedRequest(request_id="1", event_id=msg_id)),
        (
            "DiscardParked",
            parked_events_api.DiscardParkedRequest(request_id="2", event_id=msg_id, reason=REASON),
        ),
    ]
    for method, request in calls:
        with peer.as_user(["settings.manage"], role="restaurant_owner"), pytest.raises(PermissionDenied):
            await getattr(stub(peer), method)(request)
        # No service does it as itself, the gateway neither.
        with peer.as_service(new_id()), pytest.raises(PermissionDenied) as refused:
            await getattr(stub(peer), method)(request)
        assert refused.value.reason == "CALLER_REFUSED"
    row = await admin.fetchrow("SELECT retry_at FROM inbox_parked WHERE msg_id = $1", UUID(msg_id))
    assert row is not None
    assert row["retry_at"] is None


async def test_an_event_is_shown_without_cards_secrets_health_and_free_text(peer: Peer, db: Database) -> None:
    placed = json_format.Parse((EXAMPLES / "OrderPlaced.json").read_text(), OrderPlaced())
    placed.order.guest_allergy.text = "anaphylaxis by peanuts"
    placed.order.lines[0].note = "for Ada, she is ill"
    placed.order.lines[0].name = f"Burger {CARD}"
    kind = OrderPlaced.DESCRIPTOR.full_name
    msg_id = await park(db, kind=kind, payload=placed.SerializeToString(), error=f"card {CARD} failed")
    with peer.as_user(OPERATE):
        reply = await stub(peer).GetParked(parked_events_api.GetParkedRequest(event_id=str(msg_id)))
    assert (reply.event.id, reply.body_cut) == (str(msg_id), False)
    body = json.loads(reply.body)
    assert body["order"]["number"] == placed.order.number
    assert body["order"]["lines"][0]["unit_price_minor"] == "1150"
    for hidden in ("4111", "peanuts", "Ada"):
        assert hidden not in f"{reply.body} {reply.event.error}"


def test_a_body_that_cannot_be_read_is_empty_and_a_long_one_is_cut() -> None:
    assert body_in_words("fynlo.nowhere.v1.Nothing", b"") == ("", False)
    assert body_in_words(MADE, b"\xff\xff") == ("", False)
    placed = json_format.Parse((EXAMPLES / "OrderPlaced.json").read_text(), OrderPlaced())
    placed.tickets.extend(placed.tickets[0] for _ in range(300))
    text, cut = body_in_words(OrderPlaced.DESCRIPTOR.full_name, placed.SerializeToString())
    assert (len(text), cut) == (BODY_MAX_CHARACTERS, True)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ValueError("no soup"), "no soup (ValueError)"),
        (KeyError("name"), "name (KeyError)"),
        (ValueError(), "ValueError"),
        (Conflict("closed", reason="TILL_CLOSED"), "TILL_CLOSED: closed (Conflict)"),
        (ValueError(1, "two"), "1, 'two' (ValueError)"),
    ],
)
def test_an_error_is_told_in_words(raised: Exception, told: str) -> None:
    assert error_in_words(repr(raised)) == told


async def test_a_retry_is_made_at_once_and_what_fails_again_is_parked_again(
    db: Database, nats_client: NatsClient, admin: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    kitchen, tenant, event_id = Kitchen(fails={"poison": ValueError("no")}), new_id(), new_id()
    # Only who is asked looks again within the test.
    consumer = Consumer(
        *(db, nats_client), durable="kitchen", handlers={ThingMade: kitchen.on_thing_made}, max_failures=1
    )

    async def waits() -> bool:
        parked = "SELECT true FROM inbox_parked WHERE msg_id = $1 AND retry_at IS NULL"
        return bool(await admin.fetchval(parked, event_id))

    async def handled() -> bool:
        status = await admin.fetchval("SELECT status FROM inbox WHERE msg_id = $1", event_id)
        return bool(status == "handled")

    async with running(consumer), answering(consumer, fake_clock) as peer:
        await publish(nats_client, tenant, "poison", msg_id=event_id)
        await eventually(waits)
        for request_id, tries in (("1", 2), ("2", 3)):
            with peer.as_user(OPERATE):
                request = parked_events_api.RetryParkedRequest(request_id=request_id, event_id=str(event_id))
                assert (await stub(peer).RetryParked(request)).asked == 1

            async def tried(tries: int = tries) -> bool:
                return len(kitchen.seen) == tries

            await eventually(tried)
            if tries == 2:
                await eventually(waits)
                kitchen.fails.clear()
        await eventually(handled)
    assert await admin.fetchval("SELECT count FROM thing WHERE restaurant_id = $1", tenant) == 1


async def test_a_retry_of_a_type_asks_for_all_of_it_and_is_recorded_once(
    peer: Peer, db: Database, admin: asyncpg.Connection
) -> None:
    broken = [await park(db, kind=BROKEN) for _ in range(3)]
    await park(db)
    before = len(await records(admin))
    request = parked_events_api.RetryParkedRequest(request_id=str(new_id()), type=BROKEN)
    with peer.as_user(OPERATE) as operator:
        assert [(await stub(peer).RetryParked(request)).asked for _ in range(2)] == [3, 3]
    asked = await admin.fetch("SELECT msg_id FROM inbox_parked WHERE retry_at IS NOT NULL")
    assert {row["msg_id"] for row in asked} == set(broken)
    assert (await records(admin))[before:] == [
        ("events.parked_retried", str(operator.subject), facts({"type": BROKEN, "events": 3}, operator)),
    ]


async def test_a_discard_is_recorded_with_who_why_and_what_and_happens_once(
    peer: Peer, db: Database, admin: asyncpg.Connection
) -> None:
    msg_id = await park(db)
    whose = await admin.fetchval("SELECT restaurant_id FROM inbox_parked WHERE msg_id = $1", msg_id)
    before = len(await records(admin))
    request = parked_events_api.DiscardParkedRequest(
        request_id=str(new_id()), event_id=str(msg_id), reason=REASON
    )
    with peer.as_user(OPERATE) as operator:
        for _ in range(2):
            await stub(peer).DiscardParked(request)
        request.reason = "another one"
        with pytest.raises(Unprocessable) as reused:
            await stub(peer).DiscardParked(request)
        assert reused.value.reason == "IDEMPOTENCY_KEY_REUSE"
        request.request_id = str(new_id())
        with pytest.raises(NotFound) as gone:
            await stub(peer).DiscardParked(request)
        assert gone.value.reason == "PARKED_EVENT_NOT_FOUND"
    assert await admin.fetchval("SELECT status FROM inbox WHERE msg_id = $1", msg_id) == "discarded"
    event = {"consumer": "kitchen", "event_id": str(msg_id), "type": MADE, "event_restaurant_id": str(whose)}
    assert (await records(admin))[before:] == [
        ("events.parked_discarded", str(operator.subject), facts({**event, "reason": REASON}, operator)),
    ]


def facts(told: dict[str, object], operator: Any) -> dict[str, object]:
    return {"session_id": str(operator.session_id), **told}


async def test_pages_among_very_many_come_within_the_time_out_of_a_statement(
    peer: Peer, db: Database, admin: asyncpg.Connection
) -> None:
    await admin.execute("SET statement_timeout = 0")
    await admin.execute(
        "INSERT INTO inbox_parked (consumer, msg_id, subject, headers, payload, attempts, error, parked_at,"
        " retry_at) SELECT 'kitchen', gen_random_uuid(), $1 || '.' || gen_random_uuid(), '{}',"
        " decode(repeat('00', 1000), 'hex'), 1, 'no', '2026-01-01'::timestamptz - make_interval(secs => i),"
        " CASE WHEN i % 100 <> 0 THEN now() + interval '1 hour' END FROM generate_series(1, $2::int) AS i",
        MADE,
        MANY,
        timeout=600,
    )
    await admin.execute("ANALYZE inbox_parked")
    with peer.as_user(OPERATE):
        first = await stub(peer).ListParked(parked_events_api.ListParkedRequest(limit=200))
        second = await stub(peer).ListParked(
            parked_events_api.ListParkedRequest(limit=200, cursor=first.events[-1].cursor)
        )
    assert first.parked == MANY // 100
    assert second.events[0].parked_at.ToDatetime() < first.events[-1].parked_at.ToDatetime()
    await admin.execute("TRUNCATE inbox_parked")
