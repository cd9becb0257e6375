"""Whole runs with stand-ins for the services: started, stopped, killed and started again as an operator
would.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local import places, state
from deploy.local.embedded import free_ports
from deploy.local.settings import REPOSITORY, port_variable

UP = "Ctrl-C stops everything"
WAIT_SECONDS = 60.0
PROCESSES = {"postgres", "nats", "valkey", "auth", "orders", "gateway"}


@dataclass
class Operator:
    """Somebody with a data folder who starts and stops runs in it."""

    folder: Path
    ports: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = ["postgres", "nats", "valkey", "auth-admin", "orders-admin", "gateway-admin"]
        free = free_ports(len(names))
        self.ports = {port_variable(name): str(port) for name, port in zip(names, free, strict=True)}

    def start(self, **variables: str) -> subprocess.Popen[str]:
        kept = ("PATH", "HOME", "TMPDIR")
        env = {name: os.environ[name] for name in kept if name in os.environ}
        roots = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "protos" / "python")))
        env |= {"PYTHONPATH": roots, "FYNLO_DATA_DIR": str(self.folder), **self.ports, **variables}
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.tests.stand_in_run"],
            env=env,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def start_up(self, **variables: str) -> tuple[subprocess.Popen[str], str]:
        """Start and read the log until the greeting."""
        process = self.start(**variables)
        assert process.stdout is not None
        read = []
        for line in process.stdout:
            read.append(line)
            if UP in line:
                return process, "".join(read)
        raise AssertionError("the run ended:\n" + "".join(read))

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return facts

    @property
    def pids(self) -> dict[str, int]:
        return {name: process["pid"] for name, process in self.facts["processes"].items()}

    @property
    def journal(self) -> list[str]:
        return (self.folder / "journal").read_text().splitlines()


@pytest.fixture
def operator() -> Iterator[Operator]:
    folder = places.temporary_folder(places.server_account())
    operator = Operator(folder)
    yield operator
    for process in reversed(operator.started):
        process.terminate()
        process.wait(timeout=WAIT_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def ends(pid: int) -> bool:
    return eventually(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(law: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if law():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_everything_in_reverse_order(operator: Operator, stop: signal.Signals) -> None:
    process, greeting = operator.start_up()
    pids = operator.pids
    assert set(pids) == PROCESSES
    process.send_signal(stop)
    rest, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, rest
    assert not [name for name, pid in pids.items() if alive(pid)]
    stopped = [line for line in operator.journal if "stopped" in line]
    assert stopped[0] == "gateway stopped"
    assert sorted(stopped[1:]) == ["auth stopped", "orders stopped"]
    assert not (operator.folder / "run.json").exists()
    assert "owner@demo.fynlo.test" in greeting
    assert "\x1b" not in greeting + rest


def test_a_run_is_set_up_after_its_last_step_and_before_its_greeting(operator: Operator) -> None:
    done = state.setup_done_file(operator.folder)
    for _ in range(2):
        process, _ = operator.start_up()
        assert done.exists()
        # Not even the mark that a killed run has left.
        assert "too early ran" not in operator.journal
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ["gateway-admin", "nats"])
def test_a_port_in_use_is_found_before_anything_is_started(operator: Operator, name: str) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(operator.ports[port_variable(name)])))
        stranger.listen()
        process = operator.start()
        told, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 1
    assert f"of {name} is in use" in told
    assert f"{port_variable(name)}=<port>" in told
    assert not (operator.folder / "journal").exists()
    assert not (operator.folder / "postgres").exists()


def test_one_port_for_two_processes_is_refused_by_name(operator: Operator) -> None:
    operator.ports[port_variable("gateway-admin")] = operator.ports[port_variable("orders-admin")]
    told, _ = operator.start().communicate(timeout=WAIT_SECONDS)
    assert "FYNLO_ORDERS_ADMIN_PORT and FYNLO_GATEWAY_ADMIN_PORT are both" in told
    assert not (operator.folder / "postgres").exists()


def test_schemas_are_migrated_before_the_services_start_and_seeded_once(operator: Operator) -> None:
    for _ in range(2):
        process, _ = operator.start_up()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WAIT_SECONDS)
    ran = [line for line in operator.journal if "stopped" not in line]
    assert ran[0] == "migrate ran"
    assert sorted(ran[1:4]) == ["auth started", "gateway started", "orders started"]
    assert ran[4] == "seed ran"
    assert sorted(ran[5:]) == ["auth started", "gateway started", "orders started"]


async def test_a_second_start_keeps_the_data_and_the_secrets(operator: Operator) -> None:
    process, _ = operator.start_up()
    secrets = (operator.folder / "secrets.json").read_text()
    connection = await asyncpg.connect(operator.facts["urls"]["owner_database"])
    await connection.execute("CREATE SCHEMA kept; CREATE TABLE kept.facts AS SELECT 42 AS answer")
    await connection.close()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=WAIT_SECONDS)
    operator.start_up()
    connection = await asyncpg.connect(operator.facts["urls"]["owner_database"])
    assert await connection.fetchval("SELECT answer FROM kept.facts") == 42
    await connection.close()
    assert (operator.folder / "secrets.json").read_text() == secrets


def test_secrets_and_state_are_readable_by_us_only(operator: Operator) -> None:
    operator.start_up()
    for name in ("secrets.json", "run.json", "lock"):
        assert (operator.folder / name).stat().st_mode & 0o777 == 0o600


def test_a_second_run_on_the_same_data_is_refused_and_the_first_goes_on(operator: Operator) -> None:
    first, _ = operator.start_up()
    before = operator.facts
    second = operator.start()
    output, _ = second.communicate(timeout=WAIT_SECONDS)
    assert second.returncode == 1
    assert f"already runs on {operator.folder} (process {first.pid})" in output
    assert operator.facts == before
    assert first.poll() is None


def test_a_killed_supervisor_leaves_no_process_and_the_next_run_starts(operator: Operator) -> None:
    first, _ = operator.start_up()
    pids = operator.pids
    first.kill()
    first.communicate(timeout=WAIT_SECONDS)
    assert all(ends(pid) for pid in pids.values())
    second, _ = operator.start_up()
    assert set(operator.pids) == PROCESSES
    assert second.poll() is None


@pytest.mark.parametrize("name", ["orders", "gateway", "postgres", "nats", "valkey"])
def test_a_killed_process_is_restarted_and_the_others_are_left_alone(operator: Operator, name: str) -> None:
    process, _ = operator.start_up()
    before = operator.pids
    os.kill(before[name], signal.SIGKILL)
    back = eventually(
        lambda: operator.facts["processes"][name]["state"] == "ready" and operator.pids[name] != before[name]
    )
    assert back
    assert operator.facts["processes"][name]["restarts"] >= 1
    assert {other: pid for other, pid in operator.pids.items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=WAIT_SECONDS)
    assert f"{name} was ended by signal 9; next start in" in rest
    assert f"{name} is back" in rest


def test_a_port_in_use_stops_the_start_and_names_the_variable(operator: Operator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        variable = port_variable("orders-admin")
        operator.ports[variable] = str(taken.getsockname()[1])
        process = operator.start()
        output, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 1
    assert output.count(f"{variable}=<port>") == 1


def test_servers_of_others_replace_the_embedded_ones(operator: Operator) -> None:
    operator.start_up()
    urls = operator.facts["urls"]
    guest = Operator(operator.folder / "guest")
    guest.start_up(
        FYNLO_DATABASE_URL=urls["admin_database"],
        FYNLO_NATS_URL=urls["nats"],
        FYNLO_REDIS_URL=urls["redis"],
    )
    operator.started.extend(guest.started)
    assert set(guest.pids) == {"auth", "orders", "gateway"}
    assert guest.facts["urls"]["nats"] == urls["nats"]


def test_a_foreign_database_that_refuses_us_stops_the_start_cleanly(operator: Operator) -> None:
    operator.start_up()
    address = operator.facts["urls"]["admin_database"].replace("postgres:", "postgres:not-", 1)
    guest = Operator(operator.folder / "guest").start(FYNLO_DATABASE_URL=address)
    output, _ = guest.communicate(timeout=WAIT_SECONDS)
    assert guest.returncode == 1
    assert 'password authentication failed for user "postgres"' in output
    assert "Traceback" not in output


def test_a_run_whose_reader_has_gone_keeps_running(operator: Operator) -> None:
    process, _ = operator.start_up()
    assert process.stdout is not None
    process.stdout.close()
    before = operator.pids
    os.kill(before["orders"], signal.SIGKILL)
    assert eventually(lambda: operator.pids["orders"] not in (None, before["orders"]))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=WAIT_SECONDS) == 0
