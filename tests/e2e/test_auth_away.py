"""Whoever is logged in goes on selling while auth is away, also through processes that restart meanwhile."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import People
from tests.e2e.shop import order_body
from tests.system import System, running_system

RESTART_SECONDS = 90.0
RESTARTED = ("orders", "catalog", "payments", "gateway")


def pids(system: System) -> dict[str, int]:
    """The running processes, by name."""
    processes: Any = system.state()["processes"]
    return {name: facts["pid"] for name, facts in processes.items() if facts["pid"]}


async def restarted(system: System, before: dict[str, int], name: str) -> None:
    """Waits until the supervisor has another process of that name."""
    async with asyncio.timeout(RESTART_SECONDS):
        while pids(system).get(name, before[name]) == before[name]:  # noqa: ASYNC110 - a file is watched
            await asyncio.sleep(0.2)


async def test_processes_that_restart_while_auth_stands_still_take_a_good_token(
    tmp_path: Path, http: httpx.AsyncClient
) -> None:
    with running_system(tmp_path / "data") as system:
        till = await People(system, http).till()
        first = await till.post("/api/v2/orders", await order_body(till))
        body = await order_body(till)
        before, token = pids(system), till.access_token
        os.kill(before["auth"], signal.SIGSTOP)
        try:
            for name in RESTARTED:
                os.kill(before[name], signal.SIGKILL)
            for name in RESTARTED:
                await restarted(system, before, name)
            second = await till.post("/api/v2/orders", body)
        finally:
            os.kill(before["auth"], signal.SIGCONT)
        assert till.access_token == token
        assert second["number"] == first["number"] + 1
        assert second["restaurant_id"] == till.restaurant_id
