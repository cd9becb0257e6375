"""`python -m tools.chaos.supervise`: the system as `make run` runs it, ready to have mistakes planted in it.

Nothing is planted until somebody writes the file PLANTED in the data folder; see `planted`.
"""

import asyncio
import sys
from dataclasses import replace

from deploy.local.plan import OwnProgram, Plan
from deploy.local.run import run
from deploy.local.settings import local_settings

PLANTED = "planted.json"


class PlantablePlan(Plan):
    """The plan of `make run`, its services started by way of the launcher."""

    def services(self) -> list[OwnProgram]:
        """As in the plan, with the launcher before each."""
        file = str(self.settings.data_dir / PLANTED)
        return [_launched(program, file) for program in super().services()]


def _launched(program: OwnProgram, file: str) -> OwnProgram:
    python, flag, module = program.command.argv
    argv = (python, flag, "tools.chaos.planted", file, module)
    return replace(program, command=replace(program.command, argv=argv))


if __name__ == "__main__":
    sys.exit(asyncio.run(run(local_settings(), PlantablePlan)))
