"""What the nemesis chooses."""

import random

from tools.chaos.faults import KILL_NUMBERING, Faults
from tools.chaos.nemesis import NUMBERING, TARGETS, Nemesis

SECONDS = 0.5
ONLY = {KILL_NUMBERING: 1.0}


class Listed(Faults):
    """Strikes nobody and keeps who would have been struck in the middle of numbering."""

    def __init__(self, serving: str) -> None:
        super().__init__(lambda: {"processes": {serving: {"state": "ready"}}})
        self.aimed: list[str] = []

    def kill_numbering(self, name: str) -> bool:
        self.aimed.append(name)
        return True


async def test_every_relay_that_numbers_has_its_turn_and_who_serves_goes_first() -> None:
    for serving in sorted(NUMBERING):
        faults = Listed(serving)
        await Nemesis(faults, random.Random(1), TARGETS, (0.0, SECONDS / 100), ONLY).run(SECONDS)
        turn = faults.aimed[: len(NUMBERING)]
        assert turn[0] == serving
        assert set(turn) == NUMBERING
