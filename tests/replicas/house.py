"""A system of two replicas as its tests see it: two doors, what each process counted, what is stored."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families

from chassis.ids import new_id
from deploy.local.plan import replica_name
from tests.conftest import People
from tests.system import System
from tools.api import Device
from tools.chaos.faults import Faults

NUMBERS = (1, 2)
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class House:
    """``doors`` are the systems as each gateway shows it."""

    system: System
    doors: tuple[System, System]
    http: httpx.AsyncClient
    faults: Faults

    @classmethod
    def of(cls, system: System, http: httpx.AsyncClient) -> "House":
        """The house of a running system with two replicas."""
        second = replace(system, base_url=f"http://127.0.0.1:{system.ports['gateway-2']}")
        return cls(system, (system, second), http, Faults(system.state))

    def people(self, door: int = 1) -> People:
        """Those who come in by one of the gateways."""
        return People(self.doors[door - 1], self.http)

    def both_ways(self, device: Device) -> tuple[Device, Device]:
        """The same signed-in device, by either gateway."""
        first, second = (replace(device, base_url=door.base_url) for door in self.doors)
        return first, second

    async def counted(self, process: str, name: str, **labels: str) -> float:
        """The sum of a metric of one process over all series with these labels."""
        url = f"http://127.0.0.1:{self.system.ports[f'{process}-admin']}/metrics"
        text = (await self.http.get(url)).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    async def served(self, service: str, method: str) -> list[float]:
        """How many calls of a method each replica has answered."""
        wanted = {"name": "rpc_server_seconds_count", "method": method}
        return [await self.counted(replica_name(service, number), **wanted) for number in NUMBERS]

    async def leader(self, service: str) -> str:
        """The replica whose relay publishes, awaited."""
        leaders: list[str] = []

        async def one_leads() -> bool:
            names = [replica_name(service, number) for number in NUMBERS]
            with contextlib.suppress(httpx.HTTPError):
                leading = [await self.counted(name, "fynlo_outbox_leader") for name in names]
                leaders[:] = [name for name, leads in zip(names, leading, strict=True) if leads]
            return len(leaders) == 1

        await eventually(one_leads)
        return leaders[0]

    async def counted_item(self, on_hand: int) -> dict[str, Any]:
        """A new item on the menu with so many on the shelf."""
        manager = await self.people().manager()
        category = (await manager.get("/api/v2/menu"))["categories"][0]["id"]
        wanted = {"category_id": category, "name": f"Pie {new_id()}", "price_minor": 500}
        item: dict[str, Any] = await manager.post("/api/v2/menu/items", {**wanted, "vat_class": "hot_food"})
        await manager.put(f"/api/v2/stock/{item['id']}", {"on_hand": on_hand})
        return item

    async def counted_since(self, item_id: str) -> int:
        """The version of a menu that says that the item is counted: an order that names it reserves."""
        device, found = await self.people().manager(), {"version": 0}

        async def said() -> bool:
            nonlocal found
            found = await device.get("/api/v2/menu")
            items = [item for category in found["categories"] for item in category["items"]]
            return any(item["id"] == item_id and item["stock_left"] is not None for item in items)

        await eventually(said)
        return int(found["version"])

    async def all_ready(self) -> None:
        """Returns when every process is there again."""

        async def ready() -> bool:
            processes = self.system.state()["processes"]
            assert isinstance(processes, Mapping)
            return all(process["state"] == "ready" for process in processes.values())

        await eventually(ready)

    @contextlib.asynccontextmanager
    async def stored(self) -> AsyncIterator[asyncpg.Connection]:
        """The database as its administrator sees it."""
        urls = self.system.state()["urls"]
        assert isinstance(urls, Mapping)
        connection = await asyncpg.connect(urls["admin_database"])
        try:
            yield connection
        finally:
            await connection.close()


async def eventually(law: Callable[[], Awaitable[bool]]) -> None:
    """Returns when it holds. Raises AssertionError where it does not in PATIENCE_SECONDS."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not await law():
        assert time.monotonic() < give_up_at, law
        await asyncio.sleep(POLL_SECONDS)
