"""What can be done to a system: end a process, also while its relay numbers, stop it for a while, harm a
link, take the store of NATS away.

The supervisor's run.json is the only source of process ids, so that nothing but processes of this system is
ever touched.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.state import start_mark
from tools.chaos.network import Harm, Network

POLL_SECONDS = 0.05
BACK_SECONDS = 60.0
LOSE_STORE = "lose_store"
KILL_NUMBERING = "kill_numbering"
NUMBERING_SECONDS = 20.0
"""How long it is waited for a relay to number something; then the process is killed anyway."""
AT_IT = """
SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted
               AND relation = $1::text::regclass AND query LIKE '%outbox_n%')
"""
NATS_STORE = "nats"
"""The folder of the embedded NATS inside a run's data folder."""

State = Callable[[], Mapping[str, Any]]


@dataclass(slots=True)
class Strike:
    """One fault. ``kind``: kill, kill_numbering, stop, lose_store or what was done to a link.

    ``length_seconds`` of a fault that ends by itself; ``away_seconds`` until the supervisor found the
    successor of a killed process ready, None: never.
    """

    kind: str
    target: str
    at_seconds: float
    length_seconds: float | None = None
    away_seconds: float | None = None


class Faults:
    """Does it. ``state`` reads run.json; ``network`` None: there are no links to harm."""

    def __init__(self, state: State, network: Network | None = None) -> None:
        self.strikes: list[Strike] = []
        self._state = state
        self._network = network
        self._watching: set[asyncio.Task[None]] = set()
        self._stopped: set[str] = set()
        self._began = time.monotonic()

    @property
    def stopped(self) -> int:
        """How many processes stand still now."""
        return len(self._stopped)

    def begin(self) -> None:
        """Times of strikes count from now."""
        self._began = time.monotonic()

    async def over(self) -> None:
        """Returns when everything that was struck is back, or has not come back in BACK_SECONDS."""
        if self._watching:
            await asyncio.wait(self._watching, timeout=BACK_SECONDS)

    def serving(self, names: list[str]) -> list[str]:
        """Those of ``names`` that are ready and not stopped."""
        processes = self._state()["processes"]
        return [
            name
            for name in names
            if processes.get(name, {}).get("state") == "ready" and name not in self._stopped
        ]

    def kill(self, name: str, kind: str = "kill") -> bool:
        """SIGKILL for one process; False where it does not run at the moment."""
        pid = self._pid(name)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        self._watch(self._noted(kind, name), pid)
        return True

    def kill_numbering(self, name: str) -> bool:
        """SIGKILL for a service in the middle of a batch that its relay is giving positions to; False where
        it does not run at the moment.
        """
        if self._pid(name) is None:
            return False
        self._keep(self._kill_numbering(name))
        return True

    def lose_store(self) -> bool:
        """NATS dies and has nothing when it comes back: no stream, no consumer, no message."""
        pid = self._pid("nats")
        if pid is None:
            return False
        folder = Path(self._state()["data_dir"]) / NATS_STORE
        os.kill(pid, signal.SIGKILL)
        for kept in folder.glob("jetstream*"):
            shutil.rmtree(kept, ignore_errors=True)
        self._watch(self._noted(LOSE_STORE, "nats"), pid)
        return True

    def stop(self, name: str, seconds: float) -> bool:
        """SIGSTOP for a process and its children, SIGCONT later; False where it does not run."""
        pid = self._pid(name)
        if pid is None or name in self._stopped:
            return False
        family = [(one, start_mark(one)) for one in (pid, *_children(pid))]
        for one, _ in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)
        self._stopped.add(name)
        self._keep(self._continue(name, family, seconds))
        self._noted("stop", name, seconds)
        return True

    def used_links(self) -> list[tuple[str, str]]:
        """(client, server) pairs that talk now."""
        return [] if self._network is None else self._network.used()

    def harm(self, client: str, server: str, harm: Harm, seconds: float) -> None:
        """Cuts or freezes the connections of one pair."""
        assert self._network is not None
        self._network.harm(client, server, harm, seconds)
        self._noted(harm, f"{client}-{server}", seconds)

    def _pid(self, name: str) -> int | None:
        process = self._state()["processes"].get(name, {})
        pid, started = process.get("pid"), process.get("started")
        # A process id may belong to a stranger by now; the moment of its start tells.
        if not pid or started is None or start_mark(pid) != started:
            return None
        return int(pid)

    def _noted(self, kind: str, target: str, seconds: float | None = None) -> Strike:
        at = round(time.monotonic() - self._began, 2)
        strike = Strike(kind, target, at, None if seconds is None else round(seconds, 1))
        self.strikes.append(strike)
        return strike

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def _watch(self, strike: Strike, pid: int) -> None:
        self._keep(self._until_back(strike, pid))

    async def _continue(self, name: str, family: list[tuple[int, str | None]], seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            for pid, started in family:
                if started is not None and start_mark(pid) == started:
                    os.kill(pid, signal.SIGCONT)
            self._stopped.discard(name)

    async def _kill_numbering(self, name: str) -> None:
        """Holds the heads of the channels, which only numbering writes, until the relay waits for them."""
        channels, until = f"{name}.outbox_head", time.monotonic() + NUMBERING_SECONDS
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(self._state()["urls"]["admin_database"])
            try:
                async with connection.transaction():
                    await connection.execute(f"LOCK TABLE {channels} IN EXCLUSIVE MODE")
                    if await _within(until, connection, channels) and self.kill(name, KILL_NUMBERING):
                        return
            finally:
                connection.terminate()
        self.kill(name)

    async def _until_back(self, strike: Strike, killed_pid: int) -> None:
        killed = time.monotonic()
        while time.monotonic() < killed + BACK_SECONDS:
            await asyncio.sleep(POLL_SECONDS)
            process = self._state()["processes"].get(strike.target, {})
            if process.get("state") == "ready" and process.get("pid") not in (None, killed_pid):
                strike.away_seconds = round(time.monotonic() - killed, 2)
                return


async def _within(until: float, connection: Any, channels: str) -> bool:
    """Whether a relay waits for the table ``channels`` before ``until``."""
    while time.monotonic() < until:
        if await connection.fetchval(AT_IT, channels):
            return True
        await asyncio.sleep(POLL_SECONDS / 2)
    return False


def _children(pid: int) -> list[int]:
    """Processes that ``pid`` has started: the back ends of Postgres."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]
