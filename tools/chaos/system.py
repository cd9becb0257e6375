"""A system whose parts can be broken: links between its processes run through a network of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.embedded import free_ports
from tests.system import SERVERS, SERVICES, System, chosen_ports, running_system
from tools.chaos.network import Network, links_between, network, written
from tools.chaos.supervise import LINKS

GATEWAY = "gateway"
SETTINGS = {"FYNLO_RATE_LOGIN_BURST": "2000"}
"""Many people of one test sign in from one address."""


@contextmanager
def breakable_system(data_dir: Path) -> Iterator[tuple[System, Network]]:
    """Starts it, its own network in between, and stops both afterwards."""
    ports = chosen_ports()
    clients = (*SERVICES, GATEWAY)
    servers = {name: ports[name] for name in (*SERVICES, *SERVERS)} | {"socket": ports["realtime-socket"]}
    spare = iter(free_ports(len(clients) * len(servers)))
    links = links_between(clients, servers, spare)
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / LINKS).write_text(written(links))
    with (
        network(links) as between,
        running_system(data_dir, SETTINGS, "tools.chaos.supervise", ports) as system,
    ):
        yield system, between
