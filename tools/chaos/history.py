"""What devices asked and what they were told, as JSON lines: the only truth about what was promised.

Every attempt ends in ``ok`` (the answer), ``fail`` (a refusal that a retry would not change) or ``info`` (no
answer, or one that leaves open whether it took effect). An operation is all attempts under one key.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

INVOKE, OK, FAIL, INFO = "invoke", "ok", "fail", "info"


@dataclass(slots=True)
class Operation:
    """One action of a device. ``content`` is the hash of what was asked; times are monotonic seconds."""

    id: str
    kind: str
    device: str
    restaurant_id: str
    key: str
    content: str
    asked: Mapping[str, Any]
    invoked_at: float
    settled_at: float | None = None
    unknown: int = 0
    answers: list[Mapping[str, Any]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """The device was told that it took effect."""
        return bool(self.answers)

    @property
    def refused(self) -> bool:
        """The device was told that it took no effect."""
        return bool(self.refusals) and not self.answers

    @property
    def seconds(self) -> float:
        """From the first attempt to the first definitive answer; infinite without one."""
        return float("inf") if self.settled_at is None else self.settled_at - self.invoked_at


class History:
    """Appends to a file. Every line is on its way to the disk before the request it speaks of is sent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] = path.open("ab", buffering=0)

    def write(self, op: str, outcome: str, **facts: Any) -> None:
        """One line."""
        line = {"at": time.monotonic(), "op": op, "type": outcome, **facts}
        self._file.write(orjson.dumps(line) + b"\n")

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def read_history(path: Path) -> list[Operation]:
    """The operations of a history file, in the order in which they began."""
    with path.open("rb") as file:
        return fold(orjson.loads(line) for line in file)


def fold(lines: Iterable[Mapping[str, Any]]) -> list[Operation]:
    """Lines -> operations."""
    operations: dict[str, Operation] = {}
    for line in lines:
        if line["type"] == INVOKE:
            begun = Operation(
                line["op"],
                line["kind"],
                line["device"],
                line["restaurant_id"],
                line["key"],
                line["content"],
                line["asked"],
                line["at"],
            )
            operations.setdefault(line["op"], begun)
            continue
        one = operations[line["op"]]
        if line["type"] == INFO:
            one.unknown += 1
            continue
        one.settled_at = line["at"] if one.settled_at is None else one.settled_at
        if line["type"] == OK:
            one.answers.append(line["answer"])
        else:
            one.refusals.append(f"{line['status']} {line['code']}")
    return list(operations.values())


def content_hash(service_flow: str, order_type: str, lines: Iterable[tuple[str, int, Iterable[str]]]) -> str:
    """What an order consists of: lines are (item id, quantity, option ids), in any order."""
    canonical = sorted((item, quantity, sorted(options)) for item, quantity, options in lines)
    return hashlib.sha256(orjson.dumps([service_flow, order_type, canonical])).hexdigest()[:16]
