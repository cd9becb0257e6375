"""What the walk over all routes needs, made once: signed-in people of every role and two restaurants."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from tests.conftest import People
from tests.e2e.walk.document import Operation
from tests.e2e.walk.shop import Shop
from tests.e2e.walk.walker import Walker
from tests.system import System
from tools.api import Device, http_client


@dataclass(frozen=True, slots=True)
class Walk:
    """``shop`` is Casa Demo, ``second`` another tenant; ``people`` by role, "outside": a platform owner who
    has chosen no restaurant."""

    walker: Walker
    shop: Shop
    second: Shop
    people: dict[str, Device]
    metrics_url: str

    def actor(self, operation: Operation) -> Device:
        """Somebody who may do it."""
        return self.people["outside" if operation.platform else "restaurant_owner"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def walk(system: System) -> AsyncIterator[Walk]:
    """The walk's people and shops."""
    async with http_client() as http:
        people = People(system, http)
        owner = await people.owner()
        everybody = {
            "employee": await people.till(),
            "manager": await people.manager(),
            "restaurant_owner": owner,
            "outside": await people.platform(),
        }
        second = Shop(await people.stranger(), system.data_dir)
        metrics = f"http://127.0.0.1:{system.ports['gateway-admin']}/metrics"
        yield Walk(Walker(system.base_url, http), Shop(owner, system.data_dir), second, everybody, metrics)
