"""What a till waits for once a restaurant has sold much: the same questions with 10^4, 10^5 and 10^6 orders.

One real order, which is paid and done, is multiplied by SQL with its ticket, its bill, its payment and what
the journal holds of it; the questions go through the gateway.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from bench.bars import Account
from bench.drive import asked_alone
from bench.scenarios.till import FLOAT_MINOR, post_json
from bench.settings import largest_growth
from bench.stage import Place, Stage
from tools.api import http_client

SIZES = (10_000, 100_000, 1_000_000)
SECONDS = 3.0
"""Of each question at each size."""
NUMBERS = 20
NAMES = ("Dish%201", "dish%203", "Dish%2019")
"""Of goods on every order, and of one on none."""
A_DAY = 200
"""Orders of a business day."""
FILL_SECONDS = 1_200
DONE_TRIES = 300
PAUSE_SECONDS = 0.1

# A template's row as often as wanted: $1 of whom, $2 the template's order, rows above $3 up to $4.
MADE = "md5($1::uuid::text || '{} ' || n)::uuid"
EARLIER = "make_interval(mins => n)"
ORDER, TICKET, PAYMENT, BOOKED = (MADE.format(what) for what in ("order", "ticket", "payment", "booked"))
DAY = f"t.business_date - 1 - (n / {A_DAY})::int"
NUMBER = f"n % {A_DAY} + 1"
OF_PAYMENT = "(SELECT id FROM payments.payment WHERE restaurant_id = $1 AND order_id = $2)"
OF_BOOKED = f"""(
    SELECT id FROM payments.ledger_transaction WHERE restaurant_id = $1 AND payment_id = {OF_PAYMENT})"""
SESSION = f"md5($1::uuid::text || 'session ' || n / {A_DAY})::uuid"
TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "orders.orders": (
        "t.id = $2",
        {
            "id": ORDER,
            "number": NUMBER,
            "business_date": DAY,
            "created_at": f"t.created_at - {EARLIER}",
            "updated_at": f"t.updated_at - {EARLIER}",
        },
    ),
    "orders.ticket": (
        "t.order_id = $2",
        {
            "id": TICKET,
            "order_id": ORDER,
            "business_date": f"({DAY})",
            "created_at": f"t.created_at - {EARLIER}",
        },
    ),
    "payments.bill": ("t.order_id = $2", {"order_id": ORDER, "order_number": NUMBER}),
    "payments.drawer_event": (
        f"t.payment_id = {OF_PAYMENT}",
        {"id": "gen_random_uuid()", "payment_id": PAYMENT, "till_session_id": SESSION},
    ),
    "payments.ledger_entry": (
        f"t.transaction_id = {OF_BOOKED}",
        {"transaction_id": BOOKED, "till_session_id": SESSION, "business_date": DAY},
    ),
    "payments.ledger_transaction": (
        f"t.payment_id = {OF_PAYMENT}",
        {"id": BOOKED, "payment_id": PAYMENT, "till_session_id": SESSION, "business_date": DAY},
    ),
    "payments.payment": (
        "t.order_id = $2",
        {
            "id": PAYMENT,
            "order_id": ORDER,
            "order_number": NUMBER,
            "till_session_id": SESSION,
            "created_at": f"t.created_at - {EARLIER}",
            "business_date": DAY,
        },
    ),
}
COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
"""


def growth(stage: Stage) -> Account:
    """Each question at each size, one client; the ratio of the largest to the smallest."""
    place = stage.places[1]
    order_id, session_id = asyncio.run(_one_done(stage, place))
    sizes = [size for size in SIZES if size <= largest_growth()] or [SIZES[0]]
    account: Account = {"sizes": sizes, "largest": sizes[-1], "at": {}}
    filled = 0
    for size in sizes:
        asyncio.run(_fill(stage, place, order_id, filled, size))
        filled = size
        account["at"][str(size)] = {
            name: asked_alone(stage.gateway, requests, SECONDS)
            for name, requests in _questions(stage, place, session_id).items()
        }
    first, last = account["at"][str(sizes[0])], account["at"][str(sizes[-1])]
    account["ratio"] = {name: _ratio(first[name], last[name], "p50") for name in first}
    account["last"] = last
    account["errors"] = sum(one["errors"] for at in account["at"].values() for one in at.values())
    account["beside"] = f"{sizes[0]:,} to {sizes[-1]:,} orders: " + ", ".join(
        f"{name} p50 {first[name]['latency_ms']['p50']:.1f} to {last[name]['latency_ms']['p50']:.1f} ms"
        for name in first
    )
    return account


def _ratio(first: Account, last: Account, percentile: str) -> float:
    return round(float(last["latency_ms"][percentile]) / float(first["latency_ms"][percentile]), 2)


def _questions(stage: Stage, place: Place, session_id: str) -> dict[str, list[str]]:
    numbers = [stage.get(place, f"/api/v2/orders?q={1 + number * 7}") for number in range(NUMBERS)]
    return {
        "place": [stage.post_order(place)],
        "list": [stage.get(place, "/api/v2/orders")],
        "number": numbers,
        "name": [stage.get(place, f"/api/v2/orders?q={name}") for name in NAMES],
        "kitchen": [stage.get(place, "/api/v2/kitchen/tickets")],
        "x_report": [stage.get(place, f"/api/v2/till-sessions/{session_id}/x-report")],
    }


async def _one_done(stage: Stage, place: Place) -> tuple[str, str]:
    """An order that is cooked, paid and done, and the till session in which it was paid, which stays open."""
    base, headers = stage.system.base_url, {"Authorization": f"Bearer {place.token}"}
    async with http_client(1) as http:
        order = await post_json(
            stage, http, place, "/api/v2/orders", stage.post_order(place).partition("\r\n\r\n")[2]
        )
        path = f"/api/v2/orders/{order['id']}"
        opening = {"till": f"till {uuid4().hex[:10]}", "opening_float_minor": FLOAT_MINOR}
        session = await post_json(stage, http, place, "/api/v2/till-sessions", opening)
        ready = {**headers, "Idempotency-Key": str(uuid4())}
        (await http.put(f"{base}{path}/status", headers=ready, json={"status": "ready"})).raise_for_status()
        await post_json(
            stage, http, place, f"{path}/payments", {"method": "cash", "till_session_id": session["id"]}
        )
        for _ in range(DONE_TRIES):
            if await _is_done(stage, http, place, path):
                return order["id"], session["id"]
            await asyncio.sleep(PAUSE_SECONDS)
    raise RuntimeError("the order that was paid is not done")


async def _is_done(stage: Stage, http: httpx.AsyncClient, place: Place, path: str) -> bool:
    """Completes the order once it has heard of its money."""
    headers = {"Authorization": f"Bearer {place.token}", "Idempotency-Key": str(uuid4())}
    answer = await http.post(f"{stage.system.base_url}{path}/complete", headers=headers, json={})
    return answer.is_success


async def _fill(stage: Stage, place: Place, order_id: str, above: int, upto: int) -> None:
    """Orders like the one that is done, each some minutes older than the one before."""
    connection: Any = await asyncpg.connect(stage.urls["admin_database"])
    try:
        # The journal's balance is checked row by row at the commit; these rows balance as their template.
        await connection.execute("SET statement_timeout = 0; SET session_replication_role = replica")
        for table, (which, changed) in TABLES.items():
            names = [row["attname"] for row in await connection.fetch(COLUMNS, table)]
            values = ", ".join(changed.get(name, f"t.{name}") for name in names)
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM (SELECT * FROM {table} AS t"
                f" WHERE t.restaurant_id = $1 AND {which}) AS t, generate_series($3::int + 1, $4::int) AS n",
                UUID(place.id),
                UUID(order_id),
                above,
                upto,
                timeout=FILL_SECONDS,
            )
        await connection.execute("ANALYZE", timeout=FILL_SECONDS)
        await connection.execute("CHECKPOINT", timeout=FILL_SECONDS)
    finally:
        await connection.close()
