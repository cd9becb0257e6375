"""Kitchen displays that follow their orders while somebody attacks the sockets."""

import asyncio
import time
from typing import Any

from bench.bars import Account
from bench.drive import generator
from bench.effort import forget_peak_of, peak_bytes_of
from bench.generator.account import summary
from bench.scenarios.devices import opened
from bench.scenarios.rounds import KITCHEN, SETTLE_SECONDS, WARM_SECONDS
from bench.stage import Place, Stage

ROUNDS = 2
"""Alone and beside the crowd by turns: other work of the machine meets both."""
CALM_SECONDS = 12.0
HOSTILE_SECONDS = 27.0
GATHER_SECONDS = 5.0
SELLING_SECONDS = 17.0
"""The tills begin when the crowd has gathered and end before it leaves."""
ORDERS_PER_SECOND = 20.0
"""Of two restaurants: the displays follow one, some of the crowd are devices of the other."""
DISPLAYS = 10
ELSEWHERE = "127.0.0.2"
CLIENTS = {
    "idle": 300,
    "drips": 50,
    "storms": 50,
    "pings": 20,
    "subscribes": 20,
    "pieces": 20,
    "large": 20,
    "bombs": 20,
    "never_reads": 50,
}
DOORS = ("realtime", "gateway")
"""Where sockets connect: straight to realtime, as through an ingress, and through the gateway's tunnel."""


def hostile_sockets(stage: Stage) -> Account:
    """For each door: displays alone, then beside a hostile crowd from another address."""
    account: Account = {"clients": CLIENTS, "orders_per_second": ORDERS_PER_SECOND, "displays": DISPLAYS}
    for door in DOORS:
        address = stage.sockets if door == "realtime" else stage.gateway
        _selling(stage, address, WARM_SECONDS)
        alone, beside = [], []
        for _ in range(ROUNDS):
            alone.append(_selling(stage, address, CALM_SECONDS))
            beside.append(_selling(stage, address, SELLING_SECONDS, hostile=True))
        account[door] = {"alone": _pooled(alone), "beside": _pooled(beside)}
        account[f"p99_ratio_{door}"] = _ratio(account[door])
    rounds = [one for door in DOORS for one in account[door]["beside"]["rounds"]]
    account["lost"] = sum(one["lost"] for one in rounds)
    account["closed"] = sum(one["displays"]["closed"] for one in rounds)
    account["errors"] = sum(one["orders"]["errors"] for one in rounds)
    account["grown_mb"] = max(one["grown_mb"] for one in rounds)
    account["silent_seconds"] = max(
        one["crowd"]["kinds"][kind]["longest_seconds"] for one in rounds for kind in ("idle", "drips")
    )
    account["beside"] = "; ".join(
        f"{door}, {name}: p50 {one['latency_ms'].get('p50', 0):.1f}, "
        f"p99 {one['latency_ms'].get('p99', 0):.1f} ms"
        for door in DOORS
        for name, one in account[door].items()
    )
    return account


def _pooled(rounds: list[Account]) -> Account:
    latencies = [latency for one in rounds for latency in one.pop("latencies")]
    return {"latency_ms": summary(latencies), "rounds": rounds}


def _selling(stage: Stage, door: tuple[str, int], seconds: float, *, hostile: bool = False) -> Account:
    """Two tills at an even pace; what the displays of the first one's kitchen see."""
    home, neighbour = stage.places[1:3]
    asyncio.run(stage.find_positions([home, neighbour], KITCHEN))
    displays = [stage.socket(home, one, channels=(KITCHEN,), display=True) for one in range(DISPLAYS)]
    host, port = stage.gateway
    order = {"host": host, "port": port, "seconds": seconds, "rate": ORDERS_PER_SECOND, "keep": True}
    order["clients"] = [[stage.post_order(home)], [stage.post_order(neighbour)]]
    realtime, before = stage.pids()["realtime"], stage.resident_bytes("realtime")
    forget_peak_of(realtime)
    account: Account = {}
    with (
        generator("http") as tills,
        opened(stage, displays, keep=True, door=door) as kitchen,
        generator("hostile_sockets") as crowd,
    ):
        tills.order(order)
        if hostile:
            crowd.order(_crowd(stage, neighbour, door))
            crowd.go()
            time.sleep(GATHER_SECONDS)
        tills.go()
        account["orders"] = tills.account()
        time.sleep(SETTLE_SECONDS)
        account["displays"] = kitchen.account(stop=True)
        if hostile:
            account["crowd"] = crowd.account()
    account["grown_mb"] = round((peak_bytes_of(realtime) - before) / 2**20, 1)
    return _joined(account)


def _crowd(stage: Stage, neighbour: Place, door: tuple[str, int]) -> dict[str, Any]:
    hellos = [
        stage.socket(neighbour, 3_000_000 + number, channels=(KITCHEN,), display=False)["hello"]
        for number in range(sum(CLIENTS.values()))
    ]
    host, port = door
    asked = {"source": ELSEWHERE, "seconds": HOSTILE_SECONDS, "clients": CLIENTS, "hellos": hellos}
    return {"host": host, "port": port, **asked}


def _joined(account: Account) -> Account:
    """What the first till's orders were to the displays, by the instant in the key."""
    arrivals = {int(made): times for made, times in account["displays"].pop("arrivals").items()}
    account["displays"].pop("frames_by_socket")
    latencies: list[float] = []
    account["lost"] = 0
    for key in account["orders"].pop("accepted"):
        _, made, client, _ = key.split(".")
        if client == "0":
            times = arrivals.get(int(made), [])
            account["lost"] += DISPLAYS - len(times)
            latencies += [(at - int(made)) / 1e6 for at in times]
    account["latency_ms"] = summary(latencies)
    account["latencies"] = latencies
    return account


def _ratio(accounts: Account) -> float | None:
    """The displays' p99 beside the crowd against their p99 alone; None where nothing came."""
    alone, beside = (accounts[name]["latency_ms"].get("p99") for name in ("alone", "beside"))
    return None if not alone or not beside else round(beside / alone, 2)
