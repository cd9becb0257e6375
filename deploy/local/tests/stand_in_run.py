"""`python -m deploy.local` with stand-ins for the services: real servers, real supervision, no product
code.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.local import state
from deploy.local.plan import OwnProgram, Plan
from deploy.local.process import Command
from deploy.local.run import run
from deploy.local.settings import local_settings, process_environment
from deploy.local.supervisor import Step

STAND_IN = Path(__file__).with_name("stand_in.py")
JOURNAL = "journal"


class StandInPlan(Plan):
    """Two services and a gateway that only write a journal."""

    @classmethod
    def listens_on(cls, ports: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        return {f"{name}-admin": ports[name]["admin"] for name in ("auth", "orders", "gateway")}

    def services(self) -> list[OwnProgram]:
        return [self._stand_in(name) for name in ("auth", "orders")]

    def gateway(self, number: int = 1) -> OwnProgram:
        return self._stand_in("gateway")

    def migrate(self) -> Step:
        return Step(self._journal_step("migrate"), "1")

    def seed(self) -> Iterator[Step]:
        yield Step(self._journal_step("seed"), "1")
        done = state.setup_done_file(self.settings.data_dir)
        yield Step(self._journal_step("too early", f"test ! -e {done} ||"))

    def _stand_in(self, name: str) -> OwnProgram:
        ports = {"admin": self.ports[name]["admin"]}
        words = (name, str(ports["admin"]), "--journal", str(self.settings.data_dir / JOURNAL))
        command = Command(name, (sys.executable, str(STAND_IN), *words), process_environment({}))
        return OwnProgram(command, ports)

    def _journal_step(self, name: str, condition: str = "") -> Command:
        journal = self.settings.data_dir / JOURNAL
        line = f"{condition} echo {name} ran >> {journal}"
        return Command(name, ("/bin/sh", "-c", line), process_environment({}))


if __name__ == "__main__":
    sys.exit(asyncio.run(run(local_settings(), StandInPlan)))
