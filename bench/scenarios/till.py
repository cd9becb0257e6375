"""What else is done all day: a payment in cash, a bump, a log-in."""

import asyncio
import json
import time
from statistics import median
from typing import Any
from uuid import uuid4

import httpx

from bench.bars import Account
from bench.drive import generator
from bench.generator.account import summary
from bench.scenarios.devices import opened
from bench.scenarios.rounds import KITCHEN
from bench.stage import SET_UP_PARALLEL, Place, Stage
from services.auth.passwords import Passwords
from tools.api import http_client
from tools.demo import PASSWORD, PLATFORM_OWNER

ORDERS = 120
"""Each is paid, or bumped, once."""
SECONDS_MAX = 30.0
SETTLE_SECONDS = 2.0
FLOAT_MINOR = 10_000
LOG_INS = 20
CROWD = 100
HASHES = 5
ANSWER_SECONDS = 60.0
TICKETS_PER_PAGE = 200


def pay_cash(stage: Stage) -> Account:
    """ORDERS orders are paid in cash one after the other; then the till is closed and must balance."""
    place = stage.places[2]
    orders, till = asyncio.run(_ready_to_pay(stage, place))
    requests = [
        post(
            stage,
            place,
            f"/api/v2/orders/{order['id']}/payments",
            {
                "method": "cash",
                "tendered_minor": order["totals"]["total_minor"],
                "till_session_id": till["id"],
            },
        )
        for order in orders
    ]
    before = stage.cpu_seconds()
    account = _once(stage, [requests])
    account["cpu_ms_per_payment"] = stage.costs_since(before, account["answers"])
    taken = sum(order["totals"]["total_minor"] for order in orders)
    closed = asyncio.run(
        _asked(
            stage, place, f"/api/v2/till-sessions/{till['id']}/close", {"counted_minor": FLOAT_MINOR + taken}
        )
    )
    account["variance_minor"] = abs(closed["variance_minor"])
    account["beside"] = (
        f"{account['answers']} payments, p99 {account['latency_ms'].get('p99', 0):.1f} ms, "
        f"{account['cpu_ms_per_payment']['all']:.1f} ms CPU each; the till balances: "
        f"{'yes' if not account['variance_minor'] else 'NO'}"
    )
    return account


def bump(stage: Stage) -> Account:
    """ORDERS tickets are bumped one after the other; another display of the kitchen sees each."""
    place = stage.places[2]
    asyncio.run(stage.find_positions([place], KITCHEN))
    display = stage.socket(place, 2, channels=(KITCHEN,), display=True)
    with opened(stage, [display], keep=True) as other:
        tickets = asyncio.run(_tickets(stage, place))
        requests = [post(stage, place, f"/api/v2/kitchen/tickets/{one}/bump", {}) for one in tickets]
        before = stage.cpu_seconds()
        account = _once(stage, [requests], keep=True)
        time.sleep(SETTLE_SECONDS)
        account["cpu_ms_per_bump"] = stage.costs_since(before, account["answers"])
        seen = other.account(stop=True)
    arrivals = {int(made): min(times) for made, times in seen["arrivals"].items()}
    made = [int(key.split(".")[1]) for key in account.pop("accepted")]
    shown = [(arrivals[one] - one) / 1e6 for one in made if one in arrivals]
    account |= {"sent_to_frame_ms": summary(shown), "lost": len(made) - len(shown)}
    account["beside"] = (
        f"{len(made)} bumps, answer p50 {account['latency_ms'].get('p50', 0):.1f} ms, "
        f"frame p99 {account['sent_to_frame_ms'].get('p99', 0):.1f} ms, "
        f"{account['cpu_ms_per_bump']['all']:.1f} ms CPU each"
    )
    return account


def log_in(stage: Stage) -> Account:
    """One account: LOG_INS log-ins one after the other, then CROWD at once, each from a device of its own.

    ``hash_ms`` is the cost of one hash; CROWD of them spread over the cores is the least there is. On a busy
    machine a crowd finds other cores than one hash did: ``hashes_ms`` is what CROWD hashes took without any
    log-in around them, before and after the crowd.
    """
    before = asyncio.run(_hashing())
    account = _once(stage, [[_log_in(stage) for _ in range(LOG_INS)]])
    crowd = _once(stage, [[_log_in(stage)] for _ in range(CROWD)])
    after = asyncio.run(_hashing())
    last = crowd["latency_ms"]["max"] if crowd["answers"] else None
    hashes = (before["crowd_ms"] + after["crowd_ms"]) / 2
    least = CROWD * before["hash_ms"] / before["cores"]
    account |= {
        "hash_ms": before["hash_ms"],
        "hashes_ms": [before["crowd_ms"], after["crowd_ms"]],
        "cores": before["cores"],
        "crowd": crowd,
        "crowd_least_ms": round(least, 1),
        "crowd_ratio": None if last is None else round(last / least, 2),
        "crowd_ratio_to_hashes": None if last is None else round(last / hashes, 2),
    }
    account["beside"] = (
        f"one hash {before['hash_ms']:.0f} ms; {CROWD} at once: last after {last or 0:.0f} ms, least "
        f"possible {least:.0f} ms; {CROWD} hashes alone: {before['crowd_ms']:.0f}, {after['crowd_ms']:.0f} ms"
    )
    return account


def post(stage: Stage, place: Place | None, path: str, body: Any) -> str:
    """The bytes of a POST with ``{key}`` for its idempotency key; without a place nobody is logged in."""
    host, port = stage.gateway
    text = json.dumps(body, separators=(",", ":"))
    who = f"Authorization: Bearer {place.token}\r\n" if place else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{who}Content-Type: application/json\r\n"
        f"Content-Length: {len(text)}\r\nIdempotency-Key: {{key}}\r\n\r\n{text}"
    )


def _once(stage: Stage, clients: list[list[str]], *, keep: bool = False) -> Account:
    host, port = stage.gateway
    order = {"host": host, "port": port, "seconds": SECONDS_MAX, "clients": clients, "once": True}
    with generator("http") as sender:
        sender.order(order | {"keep": keep})
        sender.go()
        account = sender.account()
    if not keep:
        account.pop("accepted")
    return account


def _log_in(stage: Stage) -> str:
    body = {"email": PLATFORM_OWNER, "password": PASSWORD, "device_id": str(uuid4()), "client": "ios"}
    return post(stage, None, "/api/v2/auth/login", body)


async def _hashing() -> dict[str, Any]:
    passwords = Passwords()
    try:
        return await hashing(passwords, HASHES, CROWD) | {"cores": passwords.cores}
    finally:
        await passwords.close()


async def hashing(passwords: Passwords, tries: int, crowd: int) -> dict[str, Any]:
    """Milliseconds of what a right password costs, with auth's own code and parameters: the median of so many
    one after the other, and a crowd of them over the cores.
    """
    stored, took = await passwords.hash(PASSWORD), []
    for _ in range(tries):
        began = time.perf_counter()
        await passwords.verify(stored, PASSWORD)
        took.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    await asyncio.gather(*(passwords.verify(stored, PASSWORD) for _ in range(crowd)))
    together = (time.perf_counter() - began) * 1000
    return {"hash_ms": round(median(took), 2), "crowd_ms": round(together, 1)}


async def _asked(stage: Stage, place: Place, path: str, body: Any) -> Any:
    async with http_client(1) as http:
        return await post_json(stage, http, place, path, body)


async def post_json(stage: Stage, http: httpx.AsyncClient, place: Place, path: str, body: Any) -> Any:
    """The answer to a POST in the name of a place. ``body`` may be JSON already. Raises httpx errors."""
    answer = await http.post(
        f"{stage.system.base_url}{path}",
        content=body if isinstance(body, str) else json.dumps(body),
        headers={
            "Authorization": f"Bearer {place.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        },
        timeout=ANSWER_SECONDS,
    )
    answer.raise_for_status()
    return answer.json()


async def _placed(stage: Stage, place: Place) -> list[dict[str, Any]]:
    """ORDERS orders that nobody has paid."""
    body = stage.post_order(place).partition("\r\n\r\n")[2]
    turns = asyncio.Semaphore(SET_UP_PARALLEL)
    async with http_client(SET_UP_PARALLEL) as http:

        async def one() -> dict[str, Any]:
            async with turns:
                found: dict[str, Any] = await post_json(stage, http, place, "/api/v2/orders", body)
                return found

        return list(await asyncio.gather(*(one() for _ in range(ORDERS))))


async def _ready_to_pay(stage: Stage, place: Place) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Orders, and an open till."""
    orders = await _placed(stage, place)
    opening = {"till": f"till {uuid4().hex[:10]}", "opening_float_minor": FLOAT_MINOR}
    return orders, await _asked(stage, place, "/api/v2/till-sessions", opening)


async def _tickets(stage: Stage, place: Place) -> list[str]:
    """The ids of tickets that wait to be cooked."""
    await _placed(stage, place)
    async with http_client(1) as http:
        answer = await http.get(
            f"{stage.system.base_url}/api/v2/kitchen/tickets?limit={TICKETS_PER_PAGE}",
            headers={"Authorization": f"Bearer {place.token}"},
            timeout=ANSWER_SECONDS,
        )
    answer.raise_for_status()
    found = [ticket["id"] for ticket in answer.json()["items"] if ticket["state"] == "queued"]
    return found[:ORDERS]
