"""One child process: how it is started, watched and stopped. Nothing here knows what the child does."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.local.places import Account

EXIT_POLL_SECONDS = 0.02
KILL_GRACE_SECONDS = 5.0
LAST_OUTPUT_SECONDS = 1.0
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
    output: "_Output | None" = None

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
                async with asyncio.timeout(self.command.stop_grace_seconds):
                    await self.wait()
            except TimeoutError:
                self.process.kill()
        async with asyncio.timeout(KILL_GRACE_SECONDS):
            code = await self.wait()
        if self.output is not None:
            # A grandchild may hold the other end open: do not wait for it for ever.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_OUTPUT_SECONDS):
                    await self.output.ended.wait()
            self.output.close()
            self.output = None
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


def launch_reading(command: Command, on_line: LineSink) -> Child:
    """Start `command` and hand each line of its output to `on_line` on the running event loop."""
    loop = asyncio.get_running_loop()
    child = Child(command, _popen(command, subprocess.PIPE))
    pipe = child.process.stdout
    assert pipe is not None
    child.output = _Output(loop, pipe, child.last_lines, on_line)
    return child


class _Output:
    """The reading end of a child's output, cut into lines."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, pipe: IO[bytes], last_lines: deque[str], on_line: LineSink
    ) -> None:
        self._loop = loop
        self._pipe = pipe
        self._last_lines = last_lines
        self._on_line = on_line
        self._rest = b""
        self.ended = asyncio.Event()
        os.set_blocking(pipe.fileno(), False)
        loop.add_reader(pipe.fileno(), self._read)

    def close(self) -> None:
        """Stop reading; what is still unread is lost."""
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
            self.ended.set()

    def _read(self) -> None:
        try:
            chunk = os.read(self._pipe.fileno(), LINE_LIMIT_BYTES)
        except BlockingIOError:
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if self._rest and (not chunk or len(self._rest) > LINE_LIMIT_BYTES):
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            text = line.decode(errors="replace").rstrip("\r")
            self._last_lines.append(text)
            self._on_line(text)
        if not chunk:
            self.close()


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
