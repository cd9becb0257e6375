"""One running system for all tests that need one, per test process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from chassis.ids import new_id
from tests.system import System, running_system
from tools.api import Device, http_client
from tools.demo import MANAGER, OWNER, PASSWORD, PLATFORM_OWNER, SECOND_OWNER, TILL


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system with its demo restaurants."""
    folder: Path = tmp_path_factory.mktemp("system") / "data"
    # Tests sign in and invite far more often than people do.
    with running_system(
        folder,
        {
            "FYNLO_RATE_LOGIN_PER_SECOND": "200",
            "FYNLO_RATE_LOGIN_BURST": "2000",
            "FYNLO_INVITATIONS_PER_HOUR": "10000",
        },
    ) as it:
        yield it


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A connection pool."""
    async with http_client() as client:
        yield client


class People:
    """The demo people, each on a device of this test."""

    def __init__(self, system: System, http: httpx.AsyncClient) -> None:
        self._system = system
        self._http = http

    async def sign_in(self, email: str, client: str = "ios", password: str = PASSWORD) -> Device:
        """A signed-in device of its own."""
        device = Device(self._system.base_url, self._http, email, password, f"dev-{new_id()}", client)
        await device.log_in()
        return device

    async def till(self) -> Device:
        """An employee of Casa Demo."""
        return await self.sign_in(TILL)

    async def kitchen(self) -> Device:
        """A kitchen display of Casa Demo."""
        return await self.sign_in(TILL, "kds")

    async def manager(self) -> Device:
        """The manager of Casa Demo."""
        return await self.sign_in(MANAGER)

    async def owner(self) -> Device:
        """The owner of Casa Demo."""
        return await self.sign_in(OWNER)

    async def stranger(self) -> Device:
        """The owner of Second Demo: another tenant."""
        return await self.sign_in(SECOND_OWNER)

    async def platform(self) -> Device:
        """The platform owner."""
        return await self.sign_in(PLATFORM_OWNER)


@pytest.fixture
def people(system: System, http: httpx.AsyncClient) -> People:
    """Somebody to act."""
    return People(system, http)
