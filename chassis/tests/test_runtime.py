"""The life of a process, seen from outside: real processes, real signals, real ports."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.clock import SystemClock
from chassis.errors import Problem, Unavailable
from chassis.process.health import Readiness
from chassis.process.runtime import Service
from chassis.rpc import open_channel
from chassis.tests.rpc_probe import Stub, request
from deploy.local.embedded import free_port
from harness.rpc import PUBLIC_KEYS, identity_for_tests, key_for_tests, settings_for_tests

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


class Process:
    """A running ``chassis.tests.runtime_probe`` and what it has logged so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.errors = ""

    async def line(self, event: str) -> dict[str, Any]:
        """The first log line of this event, waited for."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for line in self.lines:
                    if line["event"] == event:
                        return line
                assert self.process.stdout is not None
                raw = await self.process.stdout.readline()
                assert raw, f"the process ended without saying {event!r}: {self.lines} {self.errors}"
                self.lines.append(json.loads(raw))

    async def ended(self) -> int:
        """The exit code, waited for."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            out, errors = await self.process.communicate()
        self.lines += [json.loads(line) for line in out.splitlines()]
        self.errors = errors.decode()
        assert self.process.returncode is not None
        return self.process.returncode

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines]


@asynccontextmanager
async def started(**environment: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chassis.tests.runtime_probe",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'protos' / 'python'}",
            "FYNLO_SERVICE_KEY": key_for_tests("probe"),
            "FYNLO_SERVICE_PUBLIC_KEYS": json.dumps(PUBLIC_KEYS),
            "FYNLO_DATABASE_URL": "postgresql://unused",
            "FYNLO_NATS_URL": "nats://unused",
            "FYNLO_GRPC_PORT": "0",
            "FYNLO_ADMIN_PORT": "0",
            **environment,
        },
    )
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def page(port: int, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request(method, f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_signal_ends_everything_in_order_and_cleanly(number: int) -> None:
    async with started() as process:
        await process.line("serving")
        process.process.send_signal(number)
        assert await process.ended() == 0
    order = [
        "serving",
        "drained sockets",
        "ticker ended",
        "closed last opened",
        "closed first opened",
        "stopped",
    ]
    assert [event for event in process.events() if event in order] == order
    assert process.errors == ""


async def test_the_first_line_says_where_it_serves_and_what_it_is() -> None:
    async with started(FYNLO_BUILD_VERSION="1.2.3") as process:
        line = await process.line("serving")
        assert line["build"] == "1.2.3"
        assert line["grpc"] == grpc.__version__
        live = await page(line["admin_port"], "/live")
        assert (live.status_code, live.json()) == (200, {"live": True})
        ready = await page(line["admin_port"], "/ready")
        assert (ready.status_code, ready.json()) == (200, {"ready": True, "parts": {"process": "ok"}})
        metrics = await page(line["admin_port"], "/metrics")
        assert "process_resident_memory_bytes" in metrics.text
        assert (await page(line["admin_port"], "/etc/passwd")).status_code == 404
        assert (await page(line["admin_port"], "/live", "POST")).status_code == 405
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{line['grpc_port']}")
        health = health_pb2_grpc.HealthStub(channel)
        told = await health.Check(health_pb2.HealthCheckRequest())
        assert told.status == health_pb2.HealthCheckResponse.SERVING
        await channel.close()


async def test_a_request_in_flight_is_answered_before_the_process_ends() -> None:
    async with started(FYNLO_CALL_SECONDS="0.7") as process:
        line = await process.line("serving")
        identity = identity_for_tests("test", SystemClock())
        address = f"127.0.0.1:{line['grpc_port']}"
        async with open_channel(
            address, peer="probe", identity=identity, call_seconds=PATIENCE_SECONDS
        ) as channel:
            call = asyncio.ensure_future(Stub(channel).Public(request("mine")))
            await process.line("called")
            process.process.terminate()
            assert (await call).timecard.id == "mine"
        assert await process.ended() == 0


async def test_a_stopping_process_is_not_ready_while_it_drains() -> None:
    async with started(FYNLO_DRAIN_DELAY_SECONDS="3") as process:
        line = await process.line("serving")
        process.process.terminate()
        ready = await page(line["admin_port"], "/ready")
        while ready.status_code == 200:
            await asyncio.sleep(0.02)
            ready = await page(line["admin_port"], "/ready")
        assert (ready.status_code, ready.json()["parts"]["process"]) == (503, "draining")
        assert await process.ended() == 0


async def test_background_work_that_dies_takes_the_process_along() -> None:
    async with started(FYNLO_BACKGROUND_DIES_AFTER_SECONDS="0.2") as process:
        assert await process.ended() == 1
    assert "closed first opened" in process.events()
    failure = next(line for line in process.lines if line["event"] == "background work failed")
    assert failure["work"] == "ticker"
    assert "the ticker broke" in failure["exception"]


async def test_a_process_waits_for_what_it_needs_and_says_so(tmp_path: Path) -> None:
    needed = tmp_path / "postgres"
    async with started(
        FYNLO_DEPENDENCY_FILE=str(needed), FYNLO_ADMIN_PORT=str(free := free_port())
    ) as process:
        waiting = await process.line("waiting for a dependency")
        assert waiting["dependency"] == "file"
        ready = await page(free, "/ready")
        assert (ready.status_code, ready.json()["parts"]["process"]) == (503, "waiting for file")
        assert (await page(free, "/live")).status_code == 200
        needed.touch()
        await process.line("serving")
        assert (await page(free, "/ready")).json()["parts"] == {"process": "ok", "file": "ok"}
        needed.unlink()
        lost = await page(free, "/ready")
        assert lost.status_code == 503
        assert lost.json()["parts"]["file"].startswith("FileNotFoundError")
        needed.touch()
        assert (await page(free, "/ready")).status_code == 200
        process.process.terminate()
        assert await process.ended() == 0


async def test_waiting_ends_with_a_reason_and_without_a_trace(tmp_path: Path) -> None:
    async with started(
        FYNLO_DEPENDENCY_FILE=str(tmp_path / "never"), FYNLO_DEPENDENCY_WAIT_SECONDS="0.5"
    ) as process:
        assert await process.ended() == 1
    last = process.lines[-1]
    assert (last["event"], last["reason"]) == ("could not start", "DEPENDENCY_UNAVAILABLE")
    assert "Traceback" not in json.dumps(process.lines) + process.errors


async def test_a_stop_signal_while_waiting_is_obeyed(tmp_path: Path) -> None:
    async with started(FYNLO_DEPENDENCY_FILE=str(tmp_path / "never")) as process:
        await process.line("waiting for a dependency")
        process.process.terminate()
        assert await process.ended() == 0


async def test_wrong_settings_are_named_without_a_trace_and_without_their_value() -> None:
    async with started(FYNLO_GRPC_PORT="canary") as process:
        assert await process.ended() == 1
    assert "grpc_port" in process.errors
    assert "Traceback" not in process.errors
    assert "canary" not in process.errors


async def test_a_taken_port_is_an_error_at_start() -> None:
    async with started() as first:
        port = (await first.line("serving"))["grpc_port"]
        async with started(FYNLO_GRPC_PORT=str(port)) as second:
            assert await second.ended() == 1
        assert second.lines[-1]["event"] == "could not start"


async def test_a_hostile_client_of_the_admin_port_is_cut_off() -> None:
    async with Service(settings_for_tests()) as service:
        for sent in (b"x" * 100_000, b"GET /live HTTP/1.1\r\n", b"\x00\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", service.admin_port)
            writer.write(sent)
            async with asyncio.timeout(PATIENCE_SECONDS):
                answered = await swallow(reader)
            assert b"200 OK" not in answered
            writer.close()
        assert (await page(service.admin_port, "/live")).status_code == 200


async def swallow(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def test_a_step_of_stopping_that_fails_does_not_stop_the_others() -> None:
    done: list[str] = []
    service = Service(settings_for_tests())

    def step(name: str, error: Exception | None = None) -> Callable[[], Any]:
        async def run() -> None:
            done.append(name)
            if error is not None:
                raise error

        return run

    service.on_stop("first", step("first"))
    service.on_stop("broken", step("broken", OSError("gone")))
    service.on_drain("broken drain", step("broken drain", Problem("no")))
    async with service:
        pass
    assert done == ["broken drain", "broken", "first"]


async def test_wait_for_gives_what_was_connected_to_once_it_is_there() -> None:
    attempts = 0

    async def connect() -> str:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ConnectionRefusedError("not yet")
        return "connection"

    service = Service(settings_for_tests(dependency_wait_seconds=10))
    assert await service.wait_for("postgres", connect) == "connection"
    assert attempts == 3
    await service.stop()


async def test_wait_for_gives_up_in_time_also_when_connecting_hangs() -> None:
    async def hang() -> None:
        await asyncio.sleep(600)

    service = Service(settings_for_tests(dependency_wait_seconds=0.3))
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(Unavailable) as refused:
            await service.wait_for("postgres", hang)
    assert refused.value.metadata == {"dependency": "postgres"}
    await service.stop()


async def test_a_check_that_hangs_counts_as_failed() -> None:
    readiness = Readiness()
    readiness.enter("running")

    async def hang() -> None:
        await asyncio.sleep(600)

    readiness.add("postgres", hang)
    async with asyncio.timeout(PATIENCE_SECONDS):
        report = await readiness.report()
    assert not report.ready
    assert report.parts["postgres"] == "no answer within 1 s"


def test_two_checks_cannot_share_a_name() -> None:
    async def fine() -> None:
        return

    readiness = Readiness()
    readiness.add("postgres", fine)
    with pytest.raises(ValueError, match="postgres"):
        readiness.add("postgres", fine)


async def test_a_process_may_open_as_many_files_as_its_shell_would_allow() -> None:
    asks = "from chassis.process.runtime import open_as_many_files_as_allowed as ask; print(ask())"
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        'ulimit -Sn 300; ulimit -Hn 900; exec "$0" -c "$1"',
        sys.executable,
        asks,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == "900"
