"""The one log of `make run`: a line per event, named by process, coloured on a terminal only.

Services write JSON lines, servers their own formats; both become `12:30:01 orders    text key=value`. What a
person did is told in words. Ids are for those who look for a fault: shown with FYNLO_LOG=debug only.
"""

import json
import os
import re
import time
from typing import TextIO

from chassis.printable import printable
from deploy.local.wording import sentence

NAME_WIDTH = 9
COLOURS = (36, 32, 35, 34, 33, 96, 92, 95, 94, 93)
RED, YELLOW, DIM, BOLD = 31, 33, 2, 1
LEVEL_COLOURS = {"error": RED, "critical": RED, "exception": RED, "warning": YELLOW, "debug": DIM}
HIDDEN_KEYS = frozenset({"event", "level", "timestamp", "time", "ts", "service", "logger", "exception"})
VALUE_LIMIT_CHARACTERS = 500
DETAIL_KEYS = frozenset({"actor", "subject", "part", "build", "python", "grpc"})
"""Besides what is called an id, or is one: nothing that a person can do anything with."""
ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

# What the servers say at every start and stop, and nobody needs to read. Warnings and errors always pass.
ROUTINE = {
    "postgres": re.compile(
        r"\[\d+\] (LOG|HINT|STATEMENT|DETAIL|CONTEXT): |database system is (starting|shutting)"
        # A process that ends while it connects; the supervisor tells of those that should not have ended.
        r"|FATAL:  connection to client lost"
    ),
    "nats": re.compile(r"\[(INF|DBG|TRC)\]|Plaintext passwords detected"),
    "valkey": re.compile(
        r" [*.-] |overcommit|Transparent Huge|SIGTERM|ready to exit|oO0OoO0|Configuration loaded"
    ),
}
SERVER_LEVELS = {
    "warning": re.compile(r"WARNING|\[WRN\]| # "),
    "error": re.compile(r"ERROR|FATAL|PANIC|\[(ERR|FTL)\]"),
}


class Console:
    """Writes the log. A reader that has gone (`make run | head`) silences it; the processes run on."""

    def __init__(self, stream: TextIO, *, colour: bool, ids: bool = False) -> None:
        self._stream: TextIO | None = stream
        self._colour = colour
        self._ids = ids
        self._names: dict[str, int] = {}

    def line(self, process: str, text: str) -> None:
        """One line of the output of `process`."""
        routine = ROUTINE.get(process)
        if not text.strip() or (routine is not None and routine.search(text)):
            return
        level, message, rest = rendered(text, ids=self._ids)
        if process in ROUTINE:
            level = next((name for name, pattern in SERVER_LEVELS.items() if pattern.search(text)), level)
        self._write(process, level, message)
        for extra in rest:
            self._write(process, level, f"  {extra}")

    def note(self, text: str, level: str = "info") -> None:
        """Something that the supervisor itself has to say; may be several lines."""
        for line in text.splitlines():
            self._write("fynlo", level, line)

    def plain(self, text: str) -> None:
        """Text without time and name: the banner."""
        self._put(text)

    def _write(self, process: str, level: str, text: str) -> None:
        clean = printable(text)
        colour = LEVEL_COLOURS.get(level)
        stamp = time.strftime("%H:%M:%S")
        self._put(f"{self._painted(stamp, DIM)} {self._name(process)} {self._painted(clean, colour)}")

    def _name(self, process: str) -> str:
        colour = (
            BOLD
            if process == "fynlo"
            else COLOURS[self._names.setdefault(process, len(self._names)) % len(COLOURS)]
        )
        return self._painted(process.ljust(NAME_WIDTH), colour)

    def _painted(self, text: str, colour: int | None) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and colour is not None else text

    def _put(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (BrokenPipeError, ValueError, OSError):
            self._silence()

    def _silence(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None and not stream.closed:
            # What is buffered would raise once more when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def rendered(text: str, *, ids: bool = False) -> tuple[str, str, list[str]]:
    """Level, message and further lines of a line of output: JSON becomes words, or `event key=value`.

    Without `ids` the facts that only a search for a fault needs are left out.
    """
    if not text.startswith("{"):
        return "info", text, []
    try:
        entry = json.loads(text)
    except ValueError:
        return "info", text, []
    if not isinstance(entry, dict) or "event" not in entry:
        return "info", text, []
    facts = {key: _shown(value) for key, value in entry.items() if key not in HIDDEN_KEYS}
    plain = {key: value for key, value in facts.items() if not _is_detail(key, value)}
    level = str(entry.get("level", "info")).lower()
    told = sentence(entry, plain)
    pairs = facts if ids else plain if told is None else {}
    message = " ".join([told or str(entry["event"]), *(f"{key}={value}" for key, value in pairs.items())])
    return (
        level,
        message if level == "info" else f"{level}: {message}",
        str(entry.get("exception", "")).splitlines(),
    )


def _is_detail(key: str, value: str) -> bool:
    return key.endswith(("_id", "_ids")) or key in DETAIL_KEYS or ID.fullmatch(value) is not None


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= VALUE_LIMIT_CHARACTERS else text[:VALUE_LIMIT_CHARACTERS] + "…"
