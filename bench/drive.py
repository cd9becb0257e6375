"""Runs processes of the bench and talks with them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bench.settings import environment_of_a_clone
from tests.system import ROOT

WARM_SHARE = 0.25
"""For how much of its time a client asks before it is measured."""


class GeneratorFailed(Exception):
    """A generator ended without an account."""


class Generator:
    """One generator, as the bench sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout
        self.pid = process.pid

    def order(self, order: Mapping[str, Any]) -> None:
        """Says what to do and waits until it is ready."""
        self._say(json.dumps(order))
        word = self._hear()
        if word != "ready":
            raise GeneratorFailed(f"not ready: {word}")

    def asked(self) -> Any:
        """What it says when it is asked for nothing in particular."""
        self._say("{}")
        return self._hear()

    def go(self) -> None:
        """Begins."""
        self._say("go")

    def account(self, *, stop: bool = False) -> dict[str, Any]:
        """What it has to report; ``stop``: it runs until it is told."""
        if stop:
            self._say("stop")
        found: dict[str, Any] = self._hear()
        return found

    def _say(self, line: str) -> None:
        self._in.write(line + "\n")
        self._in.flush()

    def _hear(self) -> Any:
        line = self._out.readline()
        if not line:
            raise GeneratorFailed(f"the generator ended with {self._process.wait(10)}")
        return json.loads(line)


@contextmanager
def generator(module: str, *, package: str = "bench.generator", tree: Path = ROOT) -> Iterator[Generator]:
    """A process of ``package``, with the code of ``tree``."""
    paths = os.pathsep.join([str(tree), str(tree / "protos" / "python")])
    process = subprocess.Popen(
        [sys.executable, "-m", f"{package}.{module}"],
        cwd=tree,
        env=environment_of_a_clone() | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Generator(process)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(10)


def asked_alone(gateway: tuple[str, int], requests: list[str], seconds: float) -> dict[str, Any]:
    """The account of one client that sends these requests one after the other, again and again, once the same
    has been warmed up.
    """
    host, port = gateway
    for length in (seconds * WARM_SHARE, seconds):
        with generator("http") as client:
            client.order({"host": host, "port": port, "seconds": length, "clients": [requests]})
            client.go()
            account = client.account()
    account.pop("accepted")
    return account
