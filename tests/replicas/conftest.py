"""One system of two replicas for all tests here."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.replicas.house import House
from tests.system import System, chosen_ports, running_system

LOGIN_BURST = 300
LOGIN_PER_SECOND = 5
SETTINGS = {
    "FYNLO_REPLICAS": "2",
    "FYNLO_RATE_LOGIN_PER_SECOND": str(LOGIN_PER_SECOND),
    "FYNLO_RATE_LOGIN_BURST": str(LOGIN_BURST),
    # A test that guesses or floods does so from an address of its own.
    "FYNLO_TRUSTED_PROXIES": '["127.0.0.1"]',
}


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Two processes of each service, and two gateways."""
    folder = tmp_path_factory.mktemp("replicas") / "data"
    with running_system(folder, SETTINGS, ports=chosen_ports(replicas=2)) as it:
        yield it


@pytest.fixture
async def house(two: System, http: httpx.AsyncClient) -> AsyncIterator[House]:
    """The system with every process in its place, at the start and at the end of a test."""
    house = House.of(two, http)
    await house.all_ready()
    yield house
    await house.faults.over()
    await house.all_ready()
