"""One run: shops open, devices sell while processes are killed and sockets are cut, then all is checked."""

import asyncio
import contextlib
import itertools
import math
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import nats.errors

from tools.api import Device, Refused, Unanswered, http_client
from tools.chaos.caller import Caller
from tools.chaos.channel_store import ChannelStore
from tools.chaos.checkers import check
from tools.chaos.devices import COOKS, Display, Habits, Till
from tools.chaos.evidence import Evidence, Violation
from tools.chaos.faults import LOSE_STORE, Faults, State, Strike
from tools.chaos.history import History, Operation, read_history
from tools.chaos.nemesis import INTERVAL_SECONDS, KILLS, TARGETS, Nemesis
from tools.chaos.network import Network
from tools.chaos.observe import Observations, Observer
from tools.chaos.sockets import Follower, refused_channel
from tools.chaos.storeroom import Storekeeper
from tools.chaos.world import Shop, open_shop

CONNECTIONS = 64
LIVE_SECONDS = 60.0
SETTLE_SECONDS = 60.0
SETTLE_POLL_SECONDS = 0.5
QUIET_POLLS = 3
"""Looks in a row at which nothing was left to do and nobody moved."""
LATE_SECONDS = 180.0
"""How long after the last kill new orders are begun, where killing has kept devices from them."""
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, nats.errors.Error, TimeoutError)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens in a run. ``cut_seconds``: how often some device loses its connection, 0 for never."""

    seed: int
    seconds: float
    orders: int
    devices: int
    displays: int = 4
    targets: Sequence[str] = TARGETS
    mix: Mapping[str, float] = field(default_factory=lambda: KILLS)
    interval_seconds: tuple[float, float] = INTERVAL_SECONDS
    cut_seconds: float = 0.7
    settle_seconds: float = SETTLE_SECONDS
    stranger: bool = True
    """Whether another restaurant sells beside ours, which shows that neither sees the other."""
    stranger_share: float = 0.05
    """How much it sells, as a share of our orders."""
    habits: Habits = field(default_factory=Habits)


@dataclass(slots=True)
class Result:
    """What a run showed."""

    scenario: Scenario
    strikes: list[Strike]
    operations: list[Operation]
    violations: list[Violation]
    evidence: Evidence
    cuts: int
    resumes: int
    snapshots: int
    selling_seconds: float
    settled_seconds: float | None
    waited_for: list[str]
    """What was looked at last and not quiet yet."""


class Run:
    """``state`` reads run.json of a system that runs; ``folder`` takes the history; ``network`` None: there
    are no links to harm.
    """

    def __init__(
        self, base_url: str, state: State, scenario: Scenario, folder: Path, network: Network | None = None
    ) -> None:
        self._base_url = base_url
        self._state = state
        self._scenario = scenario
        self._rng = random.Random(scenario.seed)
        self._folder = folder
        self._followers: list[Follower] = []
        self._displays: list[Display] = []
        self._observer = Observer(state()["urls"])
        self._faults = Faults(state, network)
        self._cuts = 0
        self._calm_since = -math.inf

    async def run(self) -> Result:
        """The whole run. Raises what setting up raises; what happens later is in the result."""
        self._folder.mkdir(parents=True, exist_ok=True)
        history = History(self._folder / f"history-{self._scenario.seed}.jsonl")
        scenario = self._scenario
        nemesis = Nemesis(
            self._faults, self._fork(), scenario.targets, scenario.interval_seconds, scenario.mix
        )
        async with http_client(CONNECTIONS) as http:
            shops = await self._open_shops(http)
            tills = [
                Till(self._caller(one, history), shop.goods, scenario.habits, shop.owner)
                for shop in shops
                for one in shop.tills
            ]
            async with self._screens(shops, history):
                started = time.monotonic()
                await asyncio.gather(*(till.open() for till in tills))
                keepers = [
                    Storekeeper(
                        self._caller(shop.owner, history),
                        tuple(dish.item_id for dish in shop.goods.tracked),
                        shop.kept,
                    )
                    for shop in shops
                ]
                await self._sell(tills, keepers, nemesis)
                selling = time.monotonic() - started
                await asyncio.gather(*(till.close() for till in tills))
                settled, waits = await self._settle()
                truth = await self._look(shops)
            history.close()
        operations = read_history(history.path)
        stores = [follower.store for follower in self._followers]
        lost = any(strike.kind == LOSE_STORE for strike in self._faults.strikes)
        opening = {item_id: units for shop in shops for item_id, units in shop.opening_stock.items()}
        evidence = Evidence(operations, truth, stores, lost, frozenset(shop.id for shop in shops), opening)
        late = [] if settled is not None else [Violation("Q", f"not quiet: {'; '.join(waits)}")]
        return Result(
            scenario,
            self._faults.strikes,
            operations,
            [*late, *check(evidence)],
            evidence,
            self._cuts,
            sum(follower.resumes for follower in self._followers),
            sum(follower.snapshots for follower in self._followers),
            round(selling, 1),
            settled,
            waits,
        )

    def _fork(self) -> random.Random:
        return random.Random(self._rng.getrandbits(64))

    def _caller(self, device: Device, history: History) -> Caller:
        return Caller(device, history, self._fork(), lambda: self._calm_since)

    async def _open_shops(self, http: httpx.AsyncClient) -> list[Shop]:
        scenario = self._scenario
        shops = [await open_shop(self._base_url, http, "Ours", scenario.devices, scenario.displays)]
        if scenario.stranger:
            shops.append(await open_shop(self._base_url, http, "Stranger", 1, 1))
        return shops

    @contextlib.asynccontextmanager
    async def _screens(self, shops: Sequence[Shop], history: History) -> AsyncIterator[None]:
        """Every device's socket, and cooks who work off what the displays show."""
        for shop in shops:
            for till in shop.tills:
                self._follow(till, "orders", None)
            for number, screen in enumerate(shop.displays):
                caller = self._caller(screen, history)
                display = Display(caller, self._scenario.habits, number, len(shop.displays))
                self._displays.append(display)
                self._follow(screen, "kitchen", display)
        tasks = [asyncio.create_task(follower.run()) for follower in self._followers]
        tasks += [asyncio.create_task(display.work()) for display in self._displays for _ in range(COOKS)]
        try:
            async with asyncio.timeout(LIVE_SECONDS):
                for follower in self._followers:
                    await follower.live.wait()
            yield
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def _follow(self, device: Device, channel: str, display: Display | None) -> None:
        store = ChannelStore(device.device_id, device.restaurant_id, channel)
        jitter = self._fork().uniform
        self._followers.append(Follower(device, store, jitter, display.show if display else None))

    async def _sell(self, tills: Sequence[Till], keepers: Sequence[Storekeeper], nemesis: Nemesis) -> None:
        scenario = self._scenario
        share = -(-scenario.orders // scenario.devices)
        counts = [share] * scenario.devices
        counts += [max(1, round(scenario.orders * scenario.stranger_share))] * (len(tills) - len(counts))
        cutting = asyncio.create_task(self._cut_forever()) if scenario.cut_seconds else None
        try:
            async with asyncio.TaskGroup() as group:
                if scenario.targets:
                    group.create_task(self._strike(nemesis))
                for keeper in keepers if scenario.habits.store_seconds else ():
                    group.create_task(keeper.work(scenario.seconds, scenario.habits.store_seconds))
                for till, count in zip(tills, counts, strict=True):
                    group.create_task(till.sell(count, scenario.seconds, LATE_SECONDS))
        finally:
            if cutting is not None:
                cutting.cancel()

    async def _strike(self, nemesis: Nemesis) -> None:
        self._calm_since = math.inf
        await nemesis.run(self._scenario.seconds)
        self._calm_since = asyncio.get_running_loop().time()

    async def _cut_forever(self) -> None:
        rng = self._fork()
        while True:
            await asyncio.sleep(rng.uniform(0.5, 1.5) * self._scenario.cut_seconds)
            rng.choice(self._followers).cut()
            self._cuts += 1

    async def _settle(self) -> tuple[float | None, list[str]]:
        """Waits until everything is quiet. After how many seconds it was; what it waited for last."""
        started = time.monotonic()
        quiet, before, waited = 0, self._positions(), ["the first look"]
        while time.monotonic() < started + self._scenario.settle_seconds:
            await asyncio.sleep(SETTLE_POLL_SECONDS)
            waits = await self._waits()
            waited = waits or waited
            now = self._positions()
            quiet = quiet + 1 if not waits and now == before else 0
            before = now
            if quiet >= QUIET_POLLS:
                return round(time.monotonic() - started, 1), waited
        return None, waited

    async def _waits(self) -> list[str]:
        processes: Mapping[str, Any] = self._state()["processes"]
        waits = [f"{name} is {one['state']}" for name, one in processes.items() if one["state"] != "ready"]
        try:
            truth = Observations()
            await self._observer.database(truth, [])
            waits += await self._observer.pending()
        except AWAY as error:
            return [*waits, repr(error)]
        for store in (follower.store for follower in self._followers):
            due = truth.positions.get((store.restaurant_id, store.channel), ("", 0))
            if due != (store.epoch, store.seq):
                waits.append(f"{store.device} {store.channel} at {store.seq} of {due[1]}")
        return waits + [f"display {display.number}" for display in self._displays if not display.idle]

    def _positions(self) -> list[tuple[str, int]]:
        return [(follower.store.epoch, follower.store.seq) for follower in self._followers]

    async def _look(self, shops: Sequence[Shop]) -> Observations:
        """Everything that the checkers need, read while nothing moves."""
        truth = Observations()
        await self._observer.database(truth, [shop.id for shop in shops])
        await self._observer.stream(truth)
        for shop in shops:
            balance = await shop.owner.get("/api/v2/reports/trial-balance")
            truth.trial_balance[shop.id] = [
                (one["account"], one["currency"], one["debit_minor"], one["credit_minor"])
                for one in balance["items"]
            ]
            for channel in ("orders", "kitchen"):
                name = f"restaurant:{shop.id}:{channel}"
                found = await shop.owner.get(f"/api/v2/realtime/snapshot?ch={name}")
                truth.snapshots[(shop.id, channel)] = found["state"]
        for mine, other in itertools.permutations(shops, 2):
            truth.reachable += await _reachable(mine, other, truth)
        return truth


async def _reachable(mine: Shop, other: Shop, truth: Observations) -> list[str]:
    """What the people of one shop get of another: nothing, if all is well."""
    found = []
    theirs = next((order.id for order in truth.orders if order.restaurant_id == other.id), None)
    paths = [f"/api/v2/orders/{theirs}"] if theirs else []
    paths += [f"/api/v2/realtime/snapshot?ch=restaurant:{other.id}:{one}" for one in ("orders", "kitchen")]
    for path in paths:
        try:
            await mine.owner.get(path)
        except Refused:
            continue
        except Unanswered as error:
            found.append(f"{path}: {error}")
            continue
        found.append(path)
    for channel in ("orders", "kitchen"):
        name = f"restaurant:{other.id}:{channel}"
        if not await refused_channel(mine.tills[0], name):
            found.append(name)
    return found
