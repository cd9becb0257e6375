"""Sockets for a scenario."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.drive import Generator, generator
from bench.stage import Stage

CONNECTS_PER_SECOND = 400


@contextmanager
def opened(
    stage: Stage, sockets: list[dict[str, Any]], *, keep: bool = False, door: tuple[str, int] | None = None
) -> Iterator[Generator]:
    """A generator whose sockets are all subscribed and counting. ``door``: where they connect, None: straight
    to realtime.
    """
    host, port = door or stage.sockets
    with generator("sockets") as devices:
        devices.order(
            {
                "host": host,
                "port": port,
                "path": "/api/v2/ws",
                "subprotocol": "fynlo.rt.v1",
                "connect_per_second": CONNECTS_PER_SECOND,
                "sockets": sockets,
                "keep": keep,
            }
        )
        devices.go()
        yield devices
