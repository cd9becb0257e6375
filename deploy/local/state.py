"""What a run leaves on disk: the lock, `run.json` for other tools, and which steps have been done.

The lock is the kernel's (flock): it ends with the process that holds it, so a killed run leaves nothing
stale.
"""

import fcntl
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import places
from deploy.local.embedded import write_private

RUN_FILE = "run.json"
SETUP_DONE_FILE = "setup-done"
PID_BYTES = 20


class AlreadyRunning(Exception):
    """Another run holds the data folder."""


@dataclass(slots=True)
class DataFolderLock:
    """Held for the length of a run."""

    descriptor: int

    def release(self) -> None:
        os.close(self.descriptor)


def lock(data_dir: Path) -> DataFolderLock:
    """Take the lock of `data_dir`. Raises AlreadyRunning with the process that holds it."""
    places.make_folder(data_dir)
    # Opened without truncation: the file holds the other run's process id until the lock is ours.
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, PID_BYTES).decode().strip() or "unknown"
        os.close(descriptor)
        raise AlreadyRunning(
            f"Fynlo already runs on {data_dir} (process {holder}). "
            "Stop it first, or choose another data folder with FYNLO_DATA_DIR and other ports."
        ) from error
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return DataFolderLock(descriptor)


def owner_database_url(data_dir: Path) -> str | None:
    """The database of what runs on `data_dir`, as the owner of its schemas; None where `run.json` does not
    say.
    """
    try:
        url: str = json.loads((data_dir / RUN_FILE).read_text())["urls"]["owner_database"]
    except (OSError, ValueError, KeyError):
        return None
    return url


def write_run(data_dir: Path, facts: Mapping[str, Any]) -> None:
    """Replace `run.json`. Readable by us only: it holds the addresses with their passwords."""
    staged = data_dir / f"{RUN_FILE}.new"
    write_private(staged, json.dumps(facts, indent=2) + "\n")
    staged.replace(data_dir / RUN_FILE)


def read_run(data_dir: Path) -> dict[str, Any]:
    """The facts of the last run that did not clean up; empty when there is none."""
    try:
        facts = json.loads((data_dir / RUN_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def forget_run(data_dir: Path) -> None:
    """Nothing runs here any more."""
    (data_dir / RUN_FILE).unlink(missing_ok=True)
    setup_done_file(data_dir).unlink(missing_ok=True)


def setup_done_file(data_dir: Path) -> Path:
    """There while a run is set up, the demo included: until then its gateway's /health says that no sale can
    be made.
    """
    return data_dir / SETUP_DONE_FILE


def say_setup_done(data_dir: Path) -> None:
    """The run is set up."""
    setup_done_file(data_dir).touch()


def end_leftovers(data_dir: Path) -> list[str]:
    """End the processes that `run.json` of a killed run still names, and say which. Call it with the lock
    held.

    On Linux a killed supervisor takes its children along; this is for what slipped through, and other
    systems. A process counts only when it started at the recorded moment: its id may belong to a stranger by
    now.
    """
    ended = []
    for name, process in read_run(data_dir).get("processes", {}).items():
        pid, started = process.get("pid"), process.get("started")
        if pid and started is not None and start_mark(pid) == started:
            os.kill(pid, signal.SIGKILL if name != "postgres" else signal.SIGINT)
            ended.append(name)
    forget_run(data_dir)
    return ended


def start_mark(pid: int) -> str | None:
    """The moment process `pid` started, as the kernel counts it; None when it is gone or there is no
    /proc.
    """
    try:
        # The name in field 2 may hold spaces and brackets: count from its closing bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[19] if fields[0] not in ("Z", "X") else None


class DoneSteps:
    """Which set-up steps were done on this data, with a fingerprint of what they did."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "steps.json"

    def done(self, name: str, fingerprint: str) -> bool:
        return self._read().get(name) == fingerprint

    def record(self, name: str, fingerprint: str) -> None:
        places.make_folder(self._path.parent)
        staged = self._path.with_suffix(".new")
        staged.write_text(json.dumps(self._read() | {name: fingerprint}))
        staged.replace(self._path)

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}
