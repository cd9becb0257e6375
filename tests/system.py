"""The whole system as `make run` runs it, on ports and in a folder of its own: for journeys and pages."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.embedded import free_ports
from deploy.local.plan import Plan, service_ports

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
STOP_SECONDS = 40.0
SERVICES = ("auth", "catalog", "orders", "payments", "staff", "realtime")
SERVERS = ("postgres", "nats", "valkey")


@dataclass(frozen=True, slots=True)
class System:
    """A running system."""

    base_url: str
    data_dir: Path
    log: Path
    supervisor: "subprocess.Popen[bytes]"
    ports: Mapping[str, int]

    def state(self) -> dict[str, object]:
        """What the supervisor says of its processes: run.json."""
        found: dict[str, object] = json.loads((self.data_dir / "run.json").read_text())
        return found

    def healthy(self) -> bool:
        """Whether a sale can be made now."""
        return _answers(f"{self.base_url}/api/v2/health")


def chosen_ports(replicas: int = 1) -> dict[str, int]:
    """A free port for everything that listens, by its name in the variables of `make run`."""
    names = [*SERVERS, *Plan.listens_on(service_ports(replicas))]
    return dict(zip(names, free_ports(len(names)), strict=True))


@contextmanager
def running_system(
    data_dir: Path,
    extra: Mapping[str, str] | None = None,
    module: str = "deploy.local",
    ports: Mapping[str, int] | None = None,
    tree: Path = ROOT,
) -> Iterator[System]:
    """Starts everything, waits until a sale can be made, and stops it afterwards.

    ``extra``: environment. ``module``: the supervisor, another one for a system that can be broken. ``ports``
    None: free ones. ``tree``: the checkout that runs.
    """
    ports = ports or chosen_ports()
    variables = {f"FYNLO_{name.upper().replace('-', '_')}_PORT": str(port) for name, port in ports.items()}
    code = os.pathsep.join((str(tree), str(tree / "protos" / "python")))
    own = {"PYTHONPATH": code, "FYNLO_DATA_DIR": str(data_dir), "NO_COLOR": "1"}
    env = {**os.environ, **variables, **own, **(extra or {})}
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("wb") as out:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", module], cwd=tree, env=env, stdout=out, stderr=subprocess.STDOUT
        )
    system = System(f"http://127.0.0.1:{ports['gateway']}", data_dir, log, supervisor, ports)
    try:
        _wait_until_healthy(system)
        yield system
    finally:
        supervisor.send_signal(signal.SIGTERM)
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            raise


def _wait_until_healthy(system: System) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if system.supervisor.poll() is not None:
            break
        if _is_up(system.data_dir) and system.healthy():
            return
        time.sleep(0.2)
    tail = system.log.read_text(errors="replace")[-6_000:]
    raise RuntimeError(f"the system did not come up in {START_SECONDS} s:\n{tail}")


def _is_up(data_dir: Path) -> bool:
    """Whether the supervisor has started and seeded everything."""
    try:
        return bool(json.loads((data_dir / "run.json").read_text()).get("up"))
    except (OSError, ValueError):
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
