"""Requests that nobody thought of, made from the document: each is answered as it says, whoever asks."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from chassis.ids import new_id
from tests.conftest import People
from tests.system import ROOT, System
from tools.api import Device
from tools.demo import PASSWORD
from tools.mailbox import invite, joins

RUN_SECONDS = 280
CONFIG = Path(__file__).with_name("schemathesis.toml")


@dataclass(frozen=True, slots=True)
class Run:
    """Who asks for what. Whoever tries the operations of sessions loses its own."""

    role: str
    phases: str = "fuzzing"
    examples: int = 1
    sessions: bool = False

    @property
    def options(self) -> list[str]:
        """For the command line."""
        chosen = "--include-tag" if self.sessions else "--exclude-tag"
        return ["--phases", self.phases, chosen, "auth", "--max-examples", str(self.examples)]

    def __str__(self) -> str:
        return f"{self.role}-{'sessions-' if self.sessions else ''}{self.phases.replace(',', '-')}"


BOUNDARIES = "examples,coverage"
"""Every boundary of every schema."""
CONSEQUENCES = "fuzzing,stateful"
"""Chance, and what becomes of what was made."""
RUNS = (
    Run("restaurant_owner", BOUNDARIES),
    Run("restaurant_owner", CONSEQUENCES, examples=2),
    Run("manager"),
    Run("employee"),
    Run("platform"),
    Run("employee", f"{BOUNDARIES},{CONSEQUENCES}", examples=3, sessions=True),
)


async def person_of(role: str, people: People, system: System, http: httpx.AsyncClient) -> Device:
    """Somebody of a restaurant of its own: what is done there is in no other test's way."""
    platform = await people.platform()
    if role == "platform":
        return platform

    def somebody() -> Device:
        email = f"{new_id().hex[-12:]}@generated.fynlo.test"
        return Device(system.base_url, http, email, PASSWORD, f"dev-{new_id()}", "ios")

    owner = somebody()
    body = {"name": f"Generated {owner.email[:12]}", "owner_email": owner.email, "owner_name": "Gina"}
    await platform.post("/api/v2/platform/restaurants", body)
    await joins(owner, "Gina")
    if role == "restaurant_owner":
        return owner
    person = somebody()
    await invite(owner, person, "Gus", role)
    return person


@pytest.mark.parametrize("run", RUNS, ids=str)
async def test_generated_requests_are_answered_as_the_document_says(
    run: Run, system: System, people: People, http: httpx.AsyncClient
) -> None:
    person = await person_of(run.role, people, system, http)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)]
    command += ["run", f"{system.base_url}/openapi.json", *run.options, "--seed", "1", "--no-color"]
    command += ["--header", f"Authorization: Bearer {person.access_token}", "--request-retries", "2"]
    command += ["--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure"]
    async with asyncio.timeout(RUN_SECONDS):
        running = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        told = (await running.communicate())[0].decode(errors="replace")
    assert running.returncode == 0, told[-8_000:]
    assert " passed" in told
