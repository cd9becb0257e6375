"""Programs for what comes from somebody else's computer: a menu file, a picture.

Whatever such a thing does to its reader, the service goes on: the program has neither the service's secrets
nor its memory, its time is bounded, and it can be killed.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

UNREADABLE = 3
"""The exit code that says that the output is why it cannot be read."""
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_CPU_SECONDS = 10
NICE = 10
"""Selling comes first."""

ROOT = Path(__file__).resolve().parents[2]


def confine() -> None:
    """What a program does first, before it looks at what it was given."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))


def run_confined(argv: Sequence[str], content: bytes, seconds: float) -> "subprocess.CompletedProcess[bytes]":
    """Runs a program to its end, with ``content`` as its input; kills it after ``seconds`` (TimeoutExpired).

    By the standard library, which starts it with vfork: the event loop's own way forks, and a process in
    which gRPC runs must not (the child would run gRPC's handlers, and now and then die of them).
    """
    # A file and no pipe: a program that ends early does not meet somebody who still writes to it.
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return subprocess.run(  # noqa: S603 - our own program, and no shell
            argv,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            cwd=ROOT,
            # Nothing of the service's own environment: no address, no secret.
            env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
