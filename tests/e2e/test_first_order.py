"""What the documentation tells a newcomer to copy into two terminals, copied: it sells an order."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import People
from tests.system import System

ROOT = Path(__file__).resolve().parents[2]
LISTINGS = ROOT / "web/app/docs/first_order"
KITCHEN = "3_kitchen.py"
SECONDS = 60.0
STEP = re.compile(r'file: "([^"]+)"')


def _shown() -> list[str]:
    """The listings in the order in which the page shows them."""
    return STEP.findall((ROOT / "web/app/docs/guide.js").read_text())


def test_the_page_shows_every_listing_in_order() -> None:
    assert _shown() == sorted(file.name for file in LISTINGS.iterdir())


async def test_the_first_order_is_sold_by_copying_what_the_documentation_says(
    people: People, system: System
) -> None:
    await people.till()
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("bash and curl are not installed: the listings are for a terminal that has them")
    environment = {"PATH": os.environ["PATH"], "FYNLO": system.base_url, "PYTHONUNBUFFERED": "1"}
    script = "set -eu\n" + "\n".join(
        (LISTINGS / name).read_text() for name in _shown() if name.endswith(".sh")
    )
    kitchen = await asyncio.create_subprocess_exec(
        sys.executable, LISTINGS / KITCHEN, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert kitchen.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            assert await kitchen.stdout.readline() == b"The kitchen listens.\n"
            terminal = await asyncio.create_subprocess_exec(
                *("bash", "-c", script),
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said = (await terminal.communicate())[0].decode().splitlines()
            assert terminal.returncode == 0, said
            logged_in, item, order, *cooked, change, z_report = said
            assert logged_in.startswith("Logged in: ")
            assert item.startswith("The item that we order: ")
            placed = re.fullmatch(r"Order (\d+) is (?:validated|preparing|ready), (\d+) pence to pay", order)
            assert placed is not None, said
            assert cooked
            assert set(cooked) == {"ready"}
            assert change == "500"
            assert int(z_report) > 0
            while True:
                seen = (await kitchen.stdout.readline()).decode()
                if seen.startswith(f"Order {placed[1]} for ") and ", ready: 2 x " in seen:
                    break
    finally:
        kitchen.kill()
        await kitchen.wait()
