"""Rounds over what is due: what cannot be settled delays nothing else."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.db.sweeps import UNANSWERED_IN_A_ROW, Round, settle_each
from chassis.errors import Conflict, Unavailable

BATCH = 4
START = -1


@dataclass
class Due:
    """A list of numbers of which some raise what they are given."""

    rows: list[int]
    faults: dict[int, Exception] = field(default_factory=dict)
    tried: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)

    def page(self, after: int) -> list[int]:
        return [row for row in self.rows if row > after][:BATCH]

    async def settle(self, row: int) -> bool:
        self.tried.append(row)
        if row in self.faults:
            raise self.faults[row]
        self.rows.remove(row)
        return True

    async def note(self, row: int, _: Exception) -> None:
        self.failed.append(row)


@pytest.mark.parametrize("fault", [Conflict(), ValueError("figures that do not add up")], ids=repr)
async def test_what_fails_is_told_and_the_rest_is_settled(fault: Exception) -> None:
    due = Due(list(range(20)), dict.fromkeys(range(18), fault))
    assert await settle_each(list(range(20)), due.settle, due.note) == (2, ())
    assert (due.failed, due.rows) == (list(range(18)), list(range(18)))


async def test_a_sweep_gives_up_when_nobody_answers_and_names_what_had_no_turn() -> None:
    due = Due(list(range(20)), dict.fromkeys(range(3, 20), Unavailable()))
    settled, waiting = await settle_each(list(range(20)), due.settle, due.note)
    assert (settled, waiting) == (3, list(range(3 + UNANSWERED_IN_A_ROW, 20)))
    assert due.tried == list(range(3 + UNANSWERED_IN_A_ROW))


@given(
    st.sets(st.integers(0, 60), max_size=40),
    st.dictionaries(st.integers(0, 60), st.sampled_from([Unavailable(), Conflict(), ValueError()])),
)
async def test_two_rounds_give_everything_a_turn_whatever_fails(
    rows: set[int], faults: dict[int, Exception]
) -> None:
    due = Due(sorted(rows), faults)
    walk, rounds, sweeps = Round(START, BATCH), 0, 0
    while rounds < 2:
        await walk.settle(due.page(walk.after), due.settle, due.note)
        rounds += walk.at_start
        sweeps += 1
        assert sweeps <= 2 * (len(rows) + 1), "it does not come round"
    assert due.rows == sorted(rows & faults.keys())
