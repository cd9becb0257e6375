"""One child process: how it is started, watched and stopped. Nothing here knows what the child does."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.places import Account

EXIT_POLL_SECONDS = 0.02
KILL_GRACE_SECONDS = 5.0
LINE_LIMIT_BYTES = 64 * 1024
TAIL_LINES = 20
LAUNCHER = Path(__file__).with_name("launcher.py")

LineSink = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `death_signal` is what the child gets when this process dies without stopping it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_seconds: float = 15.0
    death_signal: signal.Signals = signal.SIGKILL


@dataclass(slots=True)
class Child:
    """A running command. Bound to no event loop, so one loop may start it and another stop it.

    Start it from a thread that lives as long as the child should: Linux sends the death signal when the
    starting THREAD ends.
    """

    command: Command
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()

    async def wait(self) -> int:
        """The exit code (negative: the signal that ended it). Polls, because a waiting thread would
        outlive a loop.
        """
        while (code := self.process.poll()) is None:  # noqa: ASYNC110 - see above
            await asyncio.sleep(EXIT_POLL_SECONDS)
        return code

    async def stop(self) -> int:
        """Ask, wait `stop_grace_seconds`, then kill. Safe to call on a child that has ended."""
        if self.process.poll() is None:
            self.process.send_signal(self.command.stop_signal)
            try:
                await asyncio.wait_for(self.wait(), self.command.stop_grace_seconds)
            except TimeoutError:
                self.process.kill()
        code = await asyncio.wait_for(self.wait(), KILL_GRACE_SECONDS)
        if self.reader is not None:
            await asyncio.wait([self.reader], timeout=KILL_GRACE_SECONDS)
            self.reader.cancel()
            self.reader = None
        return code


def launch(command: Command, log: Path | None = None) -> Child:
    """Start `command` with its output appended to the file `log` (None: dropped)."""
    if log is None:
        return Child(command, _popen(command, subprocess.DEVNULL))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return Child(command, _popen(command, descriptor))
    finally:
        os.close(descriptor)


async def launch_reading(command: Command, on_line: LineSink) -> Child:
    """Start `command` and hand each line of its output to `on_line` on this event loop."""
    child = Child(command, _popen(command, subprocess.PIPE))
    pipe = child.process.stdout
    assert pipe is not None
    reader = asyncio.StreamReader(limit=LINE_LIMIT_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    child.reader = asyncio.create_task(_read_lines(reader, child.last_lines, on_line))
    return child


async def _read_lines(reader: asyncio.StreamReader, last_lines: deque[str], on_line: LineSink) -> None:
    rest = b""
    while chunk := await reader.read(LINE_LIMIT_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LINE_LIMIT_BYTES:
            lines, rest = [*lines, rest], b""
        for line in lines:
            text = line.decode(errors="replace").rstrip("\r")
            last_lines.append(text)
            on_line(text)
    if rest:
        last_lines.append(rest.decode(errors="replace"))
        on_line(rest.decode(errors="replace"))


def _popen(command: Command, output: int) -> subprocess.Popen[bytes]:
    account = command.account
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    words = [sys.executable, "-I", "-S", str(LAUNCHER), str(int(command.death_signal)), str(os.getpid())]
    # A session of its own: Ctrl-C must reach the supervisor only, which then stops its children in order.
    return subprocess.Popen(
        [*words, str(uid), str(gid), *command.argv],
        env=dict(command.env),
        cwd=command.cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
