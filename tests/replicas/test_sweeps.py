"""Two sweepers over the same work: each piece is done once. Time is made to pass by SQL."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg

from chassis.ids import new_id
from tests.e2e.shop import basket, order_body, subscribed
from tests.replicas.house import House, eventually
from tools.api import Device

PIECES = 40
"""More than one of two sweepers settles before the other begins."""
AGAIN_SECONDS = 2.0
"""After so long the other pod has reported what it reports: both look twice a second."""
OVERDUE = """
UPDATE orders.orders SET updated_at = now() - interval '20 minutes' WHERE id = ANY ($1::uuid[])
"""
YESTERDAY = """
UPDATE orders.ticket SET business_date = business_date - 2, created_at = created_at - interval '2 days'
WHERE order_id = ANY ($1::uuid[])
"""
EXPIRED = """
INSERT INTO catalog.reservation (restaurant_id, order_id, state, order_version, lines, expires_at, updated_at)
SELECT $1, id, 'held', 0, jsonb_build_array(jsonb_build_array(gen_random_uuid(), $2::uuid, 1)),
       now() - interval '1 minute', now() - interval '3 minutes'
FROM unnest($3::uuid[]) AS id
"""
TOLD = """
SELECT subject_id, count(*) AS count FROM orders.outbox
WHERE type = $1 AND subject_id = ANY ($2::text[]) GROUP BY 1 ORDER BY 1
"""
TURNED = """
SELECT order_id, count(*) AS count FROM orders.order_history, jsonb_array_elements(moved) AS one
WHERE order_id = ANY ($1::uuid[]) AND one ->> 0 = $2 AND one ->> 2 = $3 GROUP BY 1
"""
RESERVED = "SELECT reserved FROM catalog.stock WHERE restaurant_id = $1 AND item_id = $2"


async def place(till: Device, count: int, **changes: Any) -> list[str]:
    """The ids of new orders, each of the same lines."""
    lines = changes.pop("lines", None) or await basket(till, 1)
    bodies = [await order_body(till, lines=lines, **changes) for _ in range(count)]
    return [(await till.post("/api/v2/orders", body))["id"] for body in bodies]


async def once_each(stored: asyncpg.Connection, kind: str, ids: list[str]) -> None:
    """An event of this kind has been told of each order, and once."""
    told = await stored.fetch(TOLD, f"fynlo.orders.v1.{kind}", ids)
    assert [(row["subject_id"], row["count"]) for row in told] == [(one, 1) for one in sorted(ids)]


async def test_unpaid_orders_are_cancelled_once_and_their_goods_come_back_once(house: House) -> None:
    till = await house.people().till()
    item = UUID((await house.counted_item(100))["id"])
    lines = [{"item_id": str(item), "quantity": 1}]
    async with house.stored() as stored:
        before = await stored.fetchval(RESERVED, till.restaurant_id, item)
        ids = await place(till, 10, lines=lines, service_flow="pay_first")
        await stored.execute(OVERDUE, ids)

        async def cancelled() -> bool:
            wanted = "SELECT count(*) FROM orders.orders WHERE id = ANY ($1::uuid[]) AND state = 'cancelled'"
            return bool(await stored.fetchval(wanted, ids) == len(ids))

        async def given_back() -> bool:
            return bool(await stored.fetchval(RESERVED, till.restaurant_id, item) == before)

        await eventually(cancelled)
        await once_each(stored, "OrderCancelled", ids)
        turned = await stored.fetch(TURNED, ids, "lifecycle", "cancelled")
        assert [row["count"] for row in turned] == [1] * len(ids)
        await eventually(given_back)


async def test_expired_holds_are_let_go_once(house: House) -> None:
    till = await house.people().till()
    item = UUID((await house.counted_item(PIECES))["id"])
    ids = [new_id() for _ in range(PIECES)]
    async with house.stored() as stored:
        before = await stored.fetchval(RESERVED, till.restaurant_id, item)
        async with stored.transaction():
            more = (
                "UPDATE catalog.stock SET reserved = reserved + $3 WHERE restaurant_id = $1 AND item_id = $2"
            )
            await stored.execute(more, till.restaurant_id, item, PIECES)
            await stored.execute(EXPIRED, till.restaurant_id, item, ids)

        async def released() -> bool:
            wanted = (
                "SELECT count(*) FROM catalog.reservation WHERE order_id = ANY ($1) AND state = 'released'"
            )
            return bool(await stored.fetchval(wanted, ids) == PIECES)

        await eventually(released)
        assert await stored.fetchval(RESERVED, till.restaurant_id, item) == before


async def test_tickets_end_with_their_day_once(house: House) -> None:
    till = await house.people().till()
    ids = await place(till, PIECES)
    async with house.stored() as stored:
        await stored.execute(YESTERDAY, ids)

        async def served() -> bool:
            wanted = (
                "SELECT count(*) FROM orders.ticket WHERE order_id = ANY ($1::uuid[]) AND state <> 'served'"
            )
            return bool(await stored.fetchval(wanted, ids) == 0)

        await eventually(served)
        turned = await stored.fetch(TURNED, ids, "kitchen", "served")
        assert [row["count"] for row in turned] == [1] * PIECES
        await once_each(stored, "TicketUpdated", ids)


async def test_a_ticket_that_no_display_confirms_is_one_alarm_and_its_end_is_told_once(house: House) -> None:
    """A display follows at each pod of realtime, and neither says that it has the ticket."""
    till = await house.people().till()
    screens = [await house.people(door).kitchen() for door in (1, 2)]
    async with (
        house.stored() as stored,
        subscribed(screens[0], "kitchen") as first,
        subscribed(screens[1], "kitchen") as second,
    ):
        ids = await place(till, 5)
        listening = [asyncio.create_task(socket.event("never")) for socket in (first, second)]

        async def raised() -> bool:
            return len(await stored.fetch(TOLD, "fynlo.orders.v1.TicketUndelivered", ids)) == len(ids)

        try:
            await eventually(raised)
            await asyncio.sleep(AGAIN_SECONDS)
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
        await once_each(stored, "TicketUndelivered", ids)
        tickets = (await screens[0].get("/api/v2/kitchen/tickets?limit=200"))["items"]
        for ticket in tickets:
            if ticket["order_id"] in ids:
                await screens[1].post(f"/api/v2/kitchen/tickets/{ticket['id']}/bump", {})
        await once_each(stored, "TicketAlarmCleared", ids)
