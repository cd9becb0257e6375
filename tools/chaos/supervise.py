"""`python -m tools.chaos.supervise`: the system as `make run` runs it, ready to be broken.

Its processes reach each other through the links that the file LINKS in the data folder names (see `network`).
Nothing is planted until somebody writes the file PLANTED there; see `planted`.
"""

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from deploy.local.plan import OwnProgram, Plan
from deploy.local.run import run
from deploy.local.settings import local_settings

PLANTED = "planted.json"
LINKS = "links.json"
ADDRESS = re.compile(r"(127\.0\.0\.1|localhost):(\d+)")
OWN_PORT = re.compile(r"_PORT$|_ORIGINS$")
"""Variables that say where a process listens or is found, not whom it calls."""


class BreakablePlan(Plan):
    """The plan of `make run`, its services started by way of the launcher and calling through links."""

    def services(self) -> list[OwnProgram]:
        """As in the plan, with the launcher before each."""
        file = str(self.settings.data_dir / PLANTED)
        return [_launched(self._linked(program), file) for program in super().services()]

    def gateway(self, number: int = 1) -> OwnProgram:
        """As in the plan."""
        return self._linked(super().gateway(number))

    def _linked(self, program: OwnProgram) -> OwnProgram:
        """The program with the address of a link wherever it is told that of a peer."""
        links = _links(self.settings.data_dir).get(program.name, {})

        def link_to(address: re.Match[str]) -> str:
            return f"{address[1]}:{links.get(address[2], address[2])}"

        env = {
            name: value if OWN_PORT.search(name) else ADDRESS.sub(link_to, value)
            for name, value in program.command.env.items()
        }
        return replace(program, command=replace(program.command, env=env))


def _links(data_dir: Path) -> Mapping[str, Mapping[str, str]]:
    file = data_dir / LINKS
    found: Mapping[str, Mapping[str, str]] = json.loads(file.read_text()) if file.exists() else {}
    return found


def _launched(program: OwnProgram, file: str) -> OwnProgram:
    python, flag, module = program.command.argv
    argv = (python, flag, "tools.chaos.planted", file, module)
    return replace(program, command=replace(program.command, argv=argv))


if __name__ == "__main__":
    sys.exit(asyncio.run(run(local_settings(), BreakablePlan)))
