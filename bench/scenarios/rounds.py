"""Placing orders with ours and with the plain program by turns: other work of the machine meets both."""

import asyncio
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import peer
from bench.bars import Account
from bench.drive import generator
from bench.effort import cpu_seconds_of
from bench.scenarios.devices import opened
from bench.stage import ORDER_LINES, Place, Stage

KITCHEN = "kitchen"
SETTLE_SECONDS = 4.0
WARM_SECONDS = 4.0
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Work:
    """Who orders: so many clients in each of the places."""

    places: list[Place]
    clients_each: int

    def requests(self, stage: Stage) -> list[list[str]]:
        """What each client sends."""
        return [[stage.post_order(place)] for place in self.places] * self.clients_each


def side_by_side(stage: Stage, work: Work, seconds: float) -> Account:
    """ROUNDS rounds of ``seconds`` each for ours and for the peer: medians of the rounds (errors and answers
    are sums), the peer's under ``peer``, and every round as it was under ``rounds``.
    """
    menus = {place.id: place.item_ids for place in work.places}
    rounds: list[dict[str, Account]] = []
    with peer.running(stage.urls["admin_database"], stage.mint.public_key, menus) as running:
        ordering(stage, work, WARM_SECONDS)
        _peer_ordering(stage, running, work, WARM_SECONDS)
        for _ in range(ROUNDS):
            ours = ordering(stage, work, seconds)
            rounds.append({"ours": ours, "peer": _peer_ordering(stage, running, work, seconds)})
    account = medians([each["ours"] for each in rounds])
    return account | {"peer": medians([each["peer"] for each in rounds]), "rounds": rounds}


def medians(rounds: list[Account]) -> Account:
    """Of accounts of the http generator."""
    return {
        "per_second": median(each["per_second"] for each in rounds),
        "answers": sum(each["answers"] for each in rounds),
        "errors": sum(each["errors"] for each in rounds),
        "latency_ms": _by_name([each["latency_ms"] for each in rounds]),
        "cpu_ms_per_order": _by_name([each["cpu_ms_per_order"] for each in rounds]),
    }


def _by_name(figures: list[dict[str, float]]) -> dict[str, float]:
    shared = set.intersection(*(set(each) for each in figures))
    return {name: round(median(each[name] for each in figures), 4) for name in figures[0] if name in shared}


def ordering(stage: Stage, work: Work, seconds: float) -> Account:
    """Every client orders as fast as it is answered, and a kitchen display of each place confirms: without
    one every ticket would become an alarm.
    """
    asyncio.run(stage.find_positions(work.places, KITCHEN))
    displays = [
        stage.socket(place, number, channels=(KITCHEN,), display=True)
        for number, place in enumerate(work.places)
    ]
    host, port = stage.gateway
    order = {"host": host, "port": port, "seconds": seconds, "clients": work.requests(stage)}
    with generator("http") as orders, opened(stage, displays) as kitchen:
        orders.order(order)
        before = stage.cpu_seconds()
        orders.go()
        account = orders.account()
        time.sleep(SETTLE_SECONDS)
        account["cpu_ms_per_order"] = stage.costs_since(before, account["answers"])
        seen = kitchen.account(stop=True)
    account["kitchen"] = {name: seen[name] for name in ("frames", "latency_ms", "byes", "generator")}
    account.pop("accepted")
    return account


def _peer_ordering(stage: Stage, running: peer.Peer, work: Work, seconds: float) -> Account:
    """The same bytes to the peer. Raises PeerLied where it did not store what it answered. Its CPU is that of
    its process and of Postgres, in which ours idles meanwhile.
    """
    stored = asyncio.run(running.stored())
    order: dict[str, Any] = {"host": "127.0.0.1", "port": running.port, "seconds": seconds}
    pids = {"typical": running.pid, "postgres": stage.pids()["postgres"]}
    with generator("http") as orders:
        orders.order(order | {"clients": work.requests(stage)})
        before = {name: cpu_seconds_of(pid) for name, pid in pids.items()}
        orders.go()
        account = orders.account()
        used = {name: cpu_seconds_of(pid) - before[name] for name, pid in pids.items()}
    costs = {name: round(each * 1000 / max(1, account["answers"]), 4) for name, each in used.items()}
    account["cpu_ms_per_order"] = costs | {"all": round(sum(costs.values()), 4)}
    account.pop("accepted")
    peer.audit(
        stored, asyncio.run(running.stored()), account["answers"], ORDER_LINES, unsure=account["errors"]
    )
    return account
