"""Placing orders: alone, under load, and until the kitchen sees them."""

import asyncio
import time
from typing import Any

from bench import pgbench
from bench.bars import Account
from bench.budget import budget_of_an_order, in_words
from bench.drive import generator
from bench.generator.account import summary
from bench.scenarios.devices import opened
from bench.scenarios.rounds import KITCHEN, ROUNDS, SETTLE_SECONDS, WARM_SECONDS, Work, ordering, side_by_side
from bench.stage import Place, Stage

ALONE_SECONDS = 5.0
CROWDED_SECONDS = 6.0
"""Of each round."""
BUDGET_SECONDS = 4.0
LOAD_CLIENTS = 32
LOAD_SECONDS, LOAD_SECONDS_IN_FULL = 60.0, 30.0
LIMIT_SECONDS = 6
LIMIT_CLIENTS = "10"
KITCHEN_SECONDS = 20.0
KITCHEN_RATE = 100.0
SOCKETS_PER_RESTAURANT = 10
DISPLAYS_PER_RESTAURANT = 2


def place_order(stage: Stage) -> Account:
    """One client, one restaurant, one display; the plain program by turns; then the order's budget."""
    places = stage.places[1:2]
    account = side_by_side(stage, Work(places, 1), ALONE_SECONDS)
    account["budget"] = budget_of_an_order(stage, lambda: ordering(stage, Work(places, 1), BUDGET_SECONDS))
    latency, peer = account["latency_ms"], account["peer"]
    account["ratio_p50"] = round(latency["p50"] / peer["latency_ms"]["p50"], 2)
    account["beside"] = (
        f"{_words(account)}; plain program p50 {peer['latency_ms']['p50']:.1f} ms, {_words(peer)}; "
        f"an order: {in_words(account['budget'])}"
    )
    return account


def one_restaurant(stage: Stage) -> Account:
    """LOAD_CLIENTS clients of one restaurant; the plain program by turns."""
    account = side_by_side(stage, Work(stage.places[1:2], LOAD_CLIENTS), CROWDED_SECONDS)
    account["ratio_rate"] = round(account["per_second"] / account["peer"]["per_second"], 2)
    account["beside"] = f"{_words(account)}; plain program {_words(account['peer'])}"
    return account


def place_order_load(stage: Stage, *, in_full: bool = False) -> Account:
    """LOAD_CLIENTS clients, a restaurant each; the plain program by turns; pgbench before and after, the mean
    of both is the limit.
    """
    places = stage.places[1 : LOAD_CLIENTS + 1]
    seconds = LOAD_SECONDS_IN_FULL if in_full else LOAD_SECONDS
    before = pgbench.limit(stage.urls["admin_database"], LIMIT_SECONDS)
    account = side_by_side(stage, Work(places, 1), seconds / ROUNDS)
    after = pgbench.limit(stage.urls["admin_database"], LIMIT_SECONDS)
    limit = (before[LIMIT_CLIENTS]["per_second"] + after[LIMIT_CLIENTS]["per_second"]) / 2
    account |= {
        "seconds_asked": seconds,
        "limit": {"before": before, "after": after, "per_second": limit, "clients": int(LIMIT_CLIENTS)},
        "percent_of_limit": round(100 * account["per_second"] / limit, 2),
        "ratio_rate": round(account["per_second"] / account["peer"]["per_second"], 2),
    }
    account["beside"] = (
        f"{_words(account)} of pgbench's {limit:.0f}/s; plain program {_words(account['peer'])}; "
        f"{seconds:.0f} s each"
    )
    return account


def _words(account: Account) -> str:
    return (
        f"{account['per_second']:.0f}/s, p99 {account['latency_ms']['p99']:.1f} ms, "
        f"{account['cpu_ms_per_order']['all']:.1f} ms CPU per order"
    )


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
