"""The system under test with restaurants that are ready to sell."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from bench.effort import cpu_seconds_of, resident_bytes_of
from bench.tokens import Mint
from tests.system import ROOT, System, running_system
from tools.api import Device, http_client
from tools.demo import PASSWORD, PLATFORM_OWNER

RESTAURANTS = 100
ROOMS = 10
"""Restaurants more, for events that no order made."""
MENU_ITEMS = 20
LARGE_MENU_ITEMS = 1_000
ORDER_LINES = 4
SET_UP_PARALLEL = 4
SET_UP_ATTEMPTS = 5
START_ATTEMPTS = 3
SETTINGS: Mapping[str, str] = {
    # The limiter works as in production; a bench's devices all come from one address and never rest.
    "FYNLO_RATE_USER_PER_SECOND": "100000",
    "FYNLO_RATE_USER_BURST": "100000",
    "FYNLO_RATE_RESTAURANT_PER_SECOND": "100000",
    "FYNLO_RATE_RESTAURANT_BURST": "100000",
    "FYNLO_RATE_ADDRESS_PER_SECOND": "100000",
    "FYNLO_RATE_ADDRESS_BURST": "100000",
    "FYNLO_RATE_LOGIN_PER_SECOND": "1000",
    "FYNLO_RATE_LOGIN_BURST": "1000",
}
_HEADER = "category,item,description,price,vat_class,allergens,options,stock,reorder_point\n"


@dataclass(slots=True)
class Place:
    """One restaurant. ``positions``: channel -> (epoch, seq) where its sockets begin."""

    id: str
    token: str
    item_ids: list[str] = field(default_factory=list)
    menu_version: int = 0
    positions: dict[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Stage:
    """A running system, its restaurants, and who may act in them."""

    system: System
    mint: Mint
    places: list[Place]

    @property
    def gateway(self) -> tuple[str, int]:
        """Where REST is served."""
        return "127.0.0.1", self.system.ports["gateway"]

    @property
    def sockets(self) -> tuple[str, int]:
        """Where sockets are served, as an ingress reaches them."""
        return "127.0.0.1", self.system.ports["realtime-socket"]

    @property
    def urls(self) -> dict[str, str]:
        """The servers' addresses."""
        found: Any = self.system.state()["urls"]
        return dict(found)

    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        found: Any = self.system.state()["processes"]
        return {name: facts["pid"] for name, facts in found.items()}

    def cpu_seconds(self) -> dict[str, float]:
        """What each process has used so far, children included."""
        return {name: cpu_seconds_of(pid) for name, pid in self.pids().items()}

    def costs_since(self, before: Mapping[str, float], operations: int) -> dict[str, float]:
        """CPU milliseconds per operation by process since ``before``, which cpu_seconds() gave."""
        after = self.cpu_seconds()
        used = {name: (after[name] - before.get(name, 0.0)) * 1000 / max(1, operations) for name in after}
        return {name: round(each, 4) for name, each in used.items()} | {"all": round(sum(used.values()), 4)}

    def resident_bytes(self, process: str) -> int:
        """The memory of a process."""
        return resident_bytes_of(self.pids()[process])

    def get(self, place: Place, path: str, extra: str = "") -> str:
        """The bytes of a GET, as the HTTP library of any device sends it."""
        host, port = self.gateway
        return (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {place.token}\r\n"
            f"Accept-Encoding: gzip\r\n{extra}\r\n"
        )

    def post_order(self, place: Place) -> str:
        """The bytes of an order of four lines, with ``{key}`` for its idempotency key."""
        host, port = self.gateway
        lines = [
            {"item_id": item, "quantity": 1 + index % 2}
            for index, item in enumerate(place.item_ids[:ORDER_LINES])
        ]
        order = {
            "service_flow": "pay_later",
            "order_type": "takeaway",
            "menu_version": place.menu_version,
            "lines": lines,
        }
        body = json.dumps(order, separators=(",", ":"))
        return (
            f"POST /api/v2/orders HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {place.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Idempotency-Key: {{key}}\r\n\r\n{body}"
        )

    def socket(
        self, place: Place, number: int, *, channels: tuple[str, ...], display: bool
    ) -> dict[str, Any]:
        """A device of ``place`` for the socket generator, continuing where the channels stand."""
        client, device = ("kds" if display else "ios"), f"bench-{number}"
        names = [f"restaurant:{place.id}:{channel}" for channel in channels]
        stands = [place.positions[channel] for channel in channels]
        hello = {
            "t": "hello",
            "id": 1,
            "v": 1,
            "token": self.mint.token(place.id, device, client),
            "device": {"id": device, "kind": "kds" if display else "ipad", "app": "bench"},
            "subs": [{"ch": name, "e": e, "s": s} for name, (e, s) in zip(names, stands, strict=True)],
        }
        spec = {"hello": json.dumps(hello), "channels": len(channels)}
        return spec | ({"ack": names[0]} if display else {})

    async def find_positions(self, places: list[Place], *channels: str) -> None:
        """Reads the snapshots that devices would begin with."""
        async with http_client(SET_UP_PARALLEL) as http:
            turns = asyncio.Semaphore(SET_UP_PARALLEL)

            async def read(place: Place, channel: str) -> None:
                name = f"restaurant:{place.id}:{channel}"
                async with turns:
                    answer = await http.get(
                        f"{self.system.base_url}/api/v2/realtime/snapshot?ch={name}",
                        headers={"Authorization": f"Bearer {place.token}"},
                    )
                answer.raise_for_status()
                found = answer.json()
                place.positions[channel] = (found["e"], found["s"])

            await asyncio.gather(*(read(place, channel) for place in places for channel in channels))


@contextmanager
def on_stage(folder: Path, restaurants: int = RESTAURANTS, tree: Path = ROOT) -> Iterator[Stage]:
    """Starts the system of ``tree`` and sets up one restaurant with a large menu, so many to sell in, then
    ROOMS.
    """
    with ExitStack() as stack:
        for attempt in range(START_ATTEMPTS):
            try:
                system = stack.enter_context(running_system(folder / f"{attempt}", SETTINGS, tree=tree))
                break
            except RuntimeError as error:
                # Another system of this machine was quicker at a port that was free a moment ago.
                if "is in use" not in str(error) or attempt == START_ATTEMPTS - 1:
                    raise
        yield asyncio.run(_set_up(system, 1 + restaurants + ROOMS))


async def _set_up(system: System, places: int) -> Stage:
    secrets = json.loads((system.data_dir / "secrets.json").read_text())
    async with http_client(SET_UP_PARALLEL) as http:
        platform = Device(system.base_url, http, PLATFORM_OWNER, PASSWORD, "bench")
        await platform.log_in()
        known = await platform.get("/api/v2/restaurants")
        await platform.switch(known["items"][0]["id"])
        stage = Stage(system, Mint(secrets["signing_keys"], platform.access_token), [])
        turns = asyncio.Semaphore(SET_UP_PARALLEL)

        async def add(number: int) -> Place:
            async with turns:
                items = LARGE_MENU_ITEMS if number == 0 else MENU_ITEMS
                return await _restaurant(stage, http, platform, number, items)

        stage.places = list(await asyncio.gather(*(add(number) for number in range(places))))
    return stage


async def _restaurant(
    stage: Stage, http: httpx.AsyncClient, platform: Device, number: int, items: int
) -> Place:
    made = await platform.post(
        "/api/v2/platform/restaurants",
        {
            "name": f"Bench {number}",
            "owner_email": PLATFORM_OWNER,
            "owner_name": "Bench owner",
        },
    )
    token = stage.mint.token(made["id"], f"bench-till-{number}")
    place = Place(made["id"], token)
    headers = {"Authorization": f"Bearer {token}"}
    answer = await imported(http, f"{stage.system.base_url}/api/v2/menu/import", headers, menu_csv(items))
    if answer.json()["rejected"]:
        raise RuntimeError(f"the menu of the bench is not valid: {answer.text[:500]}")
    menu = (await http.get(f"{stage.system.base_url}/api/v2/menu", headers=headers)).json()
    place.item_ids = [item["id"] for category in menu["categories"] for item in category["items"]]
    place.menu_version = menu["version"]
    return place


async def imported(
    http: httpx.AsyncClient, url: str, headers: dict[str, str], content: str
) -> httpx.Response:
    """The answer to an import, tried again under its key where a busy machine did not answer in time."""
    asked = {**headers, "Content-Type": "text/csv", "Idempotency-Key": str(uuid4())}
    for _ in range(SET_UP_ATTEMPTS):
        answer = await http.post(url, content=content, headers=asked, timeout=60)
        if answer.is_success:
            return answer
        await asyncio.sleep(1)
    answer.raise_for_status()
    return answer


def menu_csv(items: int) -> str:
    """A menu of so many items in categories of twenty, the half of them with a choice."""
    rows = []
    for number in range(items):
        choice = "Extras(0-2): Cheese=1.00; Bacon=1.50" if number % 2 else ""
        rows.append(
            f"Category {number // 20},Dish {number},What the kitchen says of dish {number},"
            f"{5 + number % 20}.50,"
            f'hot_food,"milk, gluten",{choice},,\n'
        )
    return _HEADER + "".join(rows)
