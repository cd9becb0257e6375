"""Placing orders: alone, under load, and until the kitchen sees them."""

import asyncio
import time
from typing import Any

from bench import pgbench
from bench.bars import Account
from bench.drive import generator
from bench.generator.account import summary
from bench.scenarios.devices import opened
from bench.stage import Place, Stage

KITCHEN = "kitchen"
SETTLE_SECONDS = 4.0
WARM_SECONDS = 4.0
ALONE_SECONDS = 12.0
LOAD_CLIENTS = 32
LOAD_SECONDS, LOAD_SECONDS_IN_FULL = 60.0, 30.0
LIMIT_SECONDS = 6
LIMIT_CLIENTS = "10"
KITCHEN_SECONDS = 20.0
KITCHEN_RATE = 100.0
SOCKETS_PER_RESTAURANT = 10
DISPLAYS_PER_RESTAURANT = 2


def place_order(stage: Stage) -> Account:
    """One client, one restaurant, one kitchen display."""
    _ordering(stage, stage.places[1:2], WARM_SECONDS)
    account = _ordering(stage, stage.places[1:2], ALONE_SECONDS)
    latency, cpu = account["latency_ms"], account["cpu_ms_per_order"]["all"]
    account["beside"] = (
        f"{account['per_second']:.0f}/s, p99 {latency['p99']:.1f} ms, "
        f"{cpu:.1f} ms CPU per order in all processes"
    )
    return account


def place_order_load(stage: Stage, *, in_full: bool) -> Account:
    """LOAD_CLIENTS clients, a restaurant each; pgbench before and after, the mean of both is the limit."""
    places = stage.places[1 : LOAD_CLIENTS + 1]
    seconds = LOAD_SECONDS_IN_FULL if in_full else LOAD_SECONDS
    _ordering(stage, places, WARM_SECONDS)
    before = pgbench.limit(stage.urls["admin_database"], LIMIT_SECONDS)
    account = _ordering(stage, places, seconds)
    after = pgbench.limit(stage.urls["admin_database"], LIMIT_SECONDS)
    limit = (before[LIMIT_CLIENTS]["per_second"] + after[LIMIT_CLIENTS]["per_second"]) / 2
    account |= {
        "seconds_asked": seconds,
        "limit": {"before": before, "after": after, "per_second": limit, "clients": int(LIMIT_CLIENTS)},
        "percent_of_limit": round(100 * account["per_second"] / limit, 2),
    }
    account["beside"] = (
        f"{account['per_second']:.0f}/s of pgbench's {limit:.0f}/s, "
        f"p99 {account['latency_ms']['p99']:.0f} ms, "
        f"{account['cpu_ms_per_order']['all']:.1f} ms CPU per order, {seconds:.0f} s"
    )
    return account


def order_to_kitchen(stage: Stage) -> Account:
    """KITCHEN_RATE orders per second over 100 restaurants, each with ten devices on the kitchen channel."""
    places = stage.places[1:101]
    sockets = _kitchens(stage, places)
    host, port = stage.gateway
    clients = [[stage.post_order(place)] for place in places]
    order = {"host": host, "port": port, "seconds": KITCHEN_SECONDS, "clients": clients, "rate": KITCHEN_RATE}
    with generator("http") as orders, opened(stage, sockets, keep=True) as kitchen:
        orders.order(order | {"seconds": WARM_SECONDS})
        orders.go()
        orders.account()
        with generator("http") as measured:
            measured.order(order | {"keep": True})
            before = stage.cpu_seconds()
            measured.go()
            account = measured.account()
        time.sleep(SETTLE_SECONDS)
        costs = stage.costs_since(before, account["answers"])
        seen = kitchen.account(stop=True)
    return _joined(account, seen, costs)


def _kitchens(stage: Stage, places: list[Place]) -> list[dict[str, Any]]:
    """Ten devices each, two of them displays that confirm."""
    asyncio.run(stage.find_positions(places, KITCHEN))
    return [
        stage.socket(
            place, number * 1_000 + device, channels=(KITCHEN,), display=device < DISPLAYS_PER_RESTAURANT
        )
        for number, place in enumerate(places)
        for device in range(SOCKETS_PER_RESTAURANT)
    ]


def _joined(account: Account, seen: Account, costs: dict[str, float]) -> Account:
    """What the one generator accepted and the other saw, by the instant in the key."""
    arrivals = {int(made): times for made, times in seen.pop("arrivals").items()}
    accepted: dict[str, int] = account.pop("accepted")
    sent_to_frame: list[float] = []
    accepted_to_frame: list[float] = []
    lost = 0
    for key, accepted_at in accepted.items():
        made = int(key.split(".")[1])
        times = arrivals.get(made, [])
        lost += SOCKETS_PER_RESTAURANT - len(times)
        sent_to_frame += [(at - made) / 1e6 for at in times]
        accepted_to_frame += [max(0.0, at - accepted_at) / 1e6 for at in times]
    whole = {
        "orders": account,
        "sockets": seen,
        "cpu_ms_per_order": costs,
        "sent_to_frame_ms": summary(sent_to_frame),
        "accepted_to_frame_ms": summary(accepted_to_frame),
        "lost": lost,
    }
    answer, after = account["latency_ms"], summary(accepted_to_frame)
    whole["beside"] = (
        f"{account['per_second']:.0f} orders/s, answer p50 {answer['p50']:.1f} p99 {answer['p99']:.1f} ms, "
        f"answer to frame p50 {after.get('p50', 0):.1f} p99 {after.get('p99', 0):.1f} ms; "
        f"generator {seen['generator']['busy']:.0%} busy"
    )
    return whole


def _ordering(stage: Stage, places: list[Place], seconds: float) -> Account:
    """A client in every place orders as fast as it is answered, and a kitchen display confirms: without one
    every ticket would become an alarm.
    """
    asyncio.run(stage.find_positions(places, KITCHEN))
    displays = [
        stage.socket(place, number, channels=(KITCHEN,), display=True) for number, place in enumerate(places)
    ]
    host, port = stage.gateway
    clients = [[stage.post_order(place)] for place in places]
    with generator("http") as orders, opened(stage, displays) as kitchen:
        orders.order({"host": host, "port": port, "seconds": seconds, "clients": clients})
        before = stage.cpu_seconds()
        orders.go()
        account = orders.account()
        time.sleep(SETTLE_SECONDS)
        account["cpu_ms_per_order"] = stage.costs_since(before, account["answers"])
        seen = kitchen.account(stop=True)
    account["kitchen"] = {name: seen[name] for name in ("frames", "latency_ms", "byes", "generator")}
    account.pop("accepted")
    return account
