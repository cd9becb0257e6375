"""Reading a menu of a thousand items: whole, unchanged, and what changed."""

import asyncio
from typing import Any

from bench.bars import Account
from bench.drive import generator
from bench.stage import Stage
from tools.api import http_client

CLIENTS = 20
SECONDS = 8.0
WARM_SECONDS = 2.0


def menu(stage: Stage) -> Account:
    """CLIENTS clients that ask again as soon as they are answered."""
    place = stage.places[0]
    etag, version = asyncio.run(_changed(stage))
    requests = {
        "full": stage.get(place, "/api/v2/menu"),
        "not_modified": stage.get(place, "/api/v2/menu", f"If-None-Match: {etag}\r\n"),
        "delta": stage.get(place, f"/api/v2/menu?since_version={version - 1}"),
    }
    account: Account = {"items": len(place.item_ids), "clients": CLIENTS}
    for name, request in requests.items():
        _asked(stage, request, WARM_SECONDS)
        account[name] = _asked(stage, request, SECONDS)
    account["beside"] = "; ".join(
        f"{name} {account[name]['per_second']:,.0f}/s p50 {account[name]['latency_ms']['p50']:.1f} ms"
        f" {account[name]['cpu_ms']['all']:.2f} ms CPU"
        for name in requests
    )
    return account


def _asked(stage: Stage, request: str, seconds: float) -> Account:
    host, port = stage.gateway
    with generator("http") as clients:
        clients.order({"host": host, "port": port, "seconds": seconds, "clients": [[request]] * CLIENTS})
        before = stage.cpu_seconds()
        clients.go()
        account = clients.account()
        account["cpu_ms"] = stage.costs_since(before, account["answers"])
    account["bytes_each"] = account["bytes"] // max(1, account["answers"])
    account.pop("accepted")
    return account


async def _changed(stage: Stage) -> tuple[str, int]:
    """Changes one item, so that there is a delta; the menu's tag and version after that."""
    place = stage.places[0]
    headers = {"Authorization": f"Bearer {place.token}"}
    base = f"{stage.system.base_url}/api/v2/menu"
    async with http_client(1) as http:

        async def whole() -> tuple[str, dict[str, Any]]:
            answer = await http.get(base, headers=headers)
            answer.raise_for_status()
            return answer.headers["etag"], answer.json()

        for available in (False, True):
            path = f"{base}/items/{place.item_ids[7]}/availability"
            (await http.put(path, headers=headers, json={"available": available})).raise_for_status()
        etag, found = await whole()
    return etag, found["version"]
