"""What hearing costs is counted for events that were heard, all of them."""

from pathlib import Path

import pytest

from bench.scenarios.hear import WAYS, heard
from deploy.local.embedded import EmbeddedNats, free_port


@pytest.mark.parametrize("way", WAYS)
async def test_every_event_is_heard_and_costs_something(tmp_path: Path, way: str) -> None:
    server = EmbeddedNats(tmp_path / "nats", free_port())
    await server.start()
    try:
        assert min(await heard(server, WAYS[way], 100, 20)) > 0
    finally:
        await server.stop()
