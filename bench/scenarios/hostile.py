"""A till that sells while somebody attacks the gateway."""

import asyncio
import time
from typing import Any

from bench.bars import Account
from bench.drive import generator
from bench.scenarios.devices import opened
from bench.scenarios.rounds import KITCHEN, WARM_SECONDS
from bench.stage import Stage

CALM_SECONDS = 10.0
HOSTILE_SECONDS = 25.0
GATHER_SECONDS = 5.0
SELLING_SECONDS = 18.0
"""The till begins when the crowd has gathered and ends before it leaves."""
ELSEWHERE = "127.0.0.2"
SAME = "127.0.0.1"
"""Where the till calls from too: the harm comes from inside its own network."""
CROWD: dict[str, Any] = {
    "seconds": HOSTILE_SECONDS,
    "idle": 2_100,
    "half_heads": 200,
    "half_bodies": 200,
    "flood_bytes": 77 * 1024 * 1024,
}
KINDS = ("idle", "half_heads", "half_bodies")


def hostile_edge(stage: Stage) -> Account:
    """One client sells: alone, beside a hostile crowd from another address, and beside one from its own."""
    _selling(stage, WARM_SECONDS)
    account: Account = {"crowd": CROWD, "before": _selling(stage, CALM_SECONDS)["till"]}
    for name, source in (("elsewhere", ELSEWHERE), ("same_address", SAME)):
        account[name] = _selling(stage, SELLING_SECONDS, source)
    account["p99_ratio"] = _ratio(account, "elsewhere")
    account["p99_ratio_same_address"] = _ratio(account, "same_address")
    account["rate_ratio"] = min(
        round(account[name]["till"]["per_second"] / account["before"]["per_second"], 2)
        for name in ("elsewhere", "same_address")
    )
    crowds = [account[name]["crowd"] for name in ("elsewhere", "same_address")]
    account["errors"] = sum(account[name]["till"]["errors"] for name in ("elsewhere", "same_address"))
    account["longest_seconds"] = max(crowd[kind]["longest_seconds"] for crowd in crowds for kind in KINDS)
    account["flood_kb"] = max(crowd["flood"]["bytes_taken"] for crowd in crowds) / 1024
    account["beside"] = "; ".join(
        f"{name}: {till['per_second']:.0f}/s, p99 {till['latency_ms'].get('p99', 0):.1f} ms, "
        f"{till['errors']} refused"
        for name, till in (
            ("alone", account["before"]),
            *((name, account[name]["till"]) for name in ("elsewhere", "same_address")),
        )
    )
    return account


def _selling(stage: Stage, seconds: float, source: str = "") -> Account:
    """A till that orders as fast as it is answered; beside a crowd that calls from ``source``."""
    place = stage.places[1]
    asyncio.run(stage.find_positions([place], KITCHEN))
    display = stage.socket(place, 1, channels=(KITCHEN,), display=True)
    host, port = stage.gateway
    account: Account = {}
    with generator("http") as till, opened(stage, [display]) as kitchen, generator("hostile") as crowd:
        till.order({"host": host, "port": port, "seconds": seconds, "clients": [[stage.post_order(place)]]})
        if source:
            crowd.order(CROWD | {"host": host, "port": port, "source": source})
            crowd.go()
            time.sleep(GATHER_SECONDS)
        till.go()
        account["till"] = till.account()
        account["till"].pop("accepted")
        if source:
            account["crowd"] = crowd.account()
        kitchen.account(stop=True)
    return account


def _ratio(account: Account, name: str) -> float | None:
    """The till's p99 beside the crowd against its p99 alone; None where nothing was sold."""
    during = account[name]["till"]["latency_ms"].get("p99")
    return None if during is None else round(during / account["before"]["latency_ms"]["p99"], 2)
