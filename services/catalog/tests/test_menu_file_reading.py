"""Somebody else's file is read by a process apart: it is bounded, it can be killed, it knows no secret."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chassis.ids import new_id
from services.catalog.confined import UNREADABLE
from services.catalog.domain.errors import ImportRunning, UnreadableMenuFile
from services.catalog.domain.menu_file import cells
from services.catalog.domain.menu_file.entries import MAX_REJECTIONS, parse
from services.catalog.domain.menu_file.option_cells import nested_groups, option_groups
from services.catalog.menu_file.reading import MAX_READERS, Readers
from services.catalog.menu_file.table import MAX_ROWS, read_csv
from services.catalog.tests.test_menu_file import OPTIONS, xlsx

HEADER = "category,item,price,vat_class,options,allergens,availability,stock,stock_policy"
ROW = f'Mains,Pizza,9.50,hot_food,"{OPTIONS}","milk;gluten",Mon-Fri 22:00-02:00,5,allow'
SMALL = f"{HEADER}\n{ROW}\nMains,Bad,x,hot_food,,,,,\n".encode()
SOON_SECONDS = 30.0


def scripted(text: str, **limits: float) -> Readers:
    """Readers whose process runs a script instead."""
    return Readers((sys.executable, "-c", text), **limits)


async def test_the_process_reads_what_the_parser_reads() -> None:
    assert await Readers().read(new_id(), SMALL, "csv", "GBP") == parse(read_csv(SMALL), "GBP")
    book = xlsx(HEADER.split(","), ["Mains", "Pizza", 9.5, "hot_food"])
    found = await Readers().read(new_id(), book, "xlsx", "GBP")
    assert [entry.price_minor for entry in found.entries] == [950]


async def test_a_file_that_cannot_be_read_says_why() -> None:
    with pytest.raises(UnreadableMenuFile, match="not an XLSX workbook"):
        await Readers().read(new_id(), b"no zip", "xlsx", "GBP")


def processes_with(word: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word in path.read_text():
                found.append(path.parent.name)
    return found


async def test_a_reader_that_does_not_end_is_killed() -> None:
    word = new_id().hex
    with pytest.raises(UnreadableMenuFile, match="longer than"):
        await scripted(f"'{word}'\nimport time; time.sleep(600)", read_seconds=0.5).read(
            new_id(), SMALL, "csv", "GBP"
        )
    assert not processes_with(word)


async def test_a_reader_that_dies_is_a_bad_file_and_no_fault_of_the_service() -> None:
    with pytest.raises(UnreadableMenuFile):
        await scripted("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").read(
            new_id(), SMALL, "csv", "GBP"
        )


async def test_the_reader_knows_nothing_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FYNLO_DATABASE_URL", "postgresql://secret")
    script = f"import os, sys; sys.stdout.write(' '.join(os.environ)); sys.exit({UNREADABLE})"
    with pytest.raises(UnreadableMenuFile) as problem:
        await scripted(script).read(new_id(), SMALL, "csv", "GBP")
    assert "PYTHONPATH" in problem.value.detail
    assert "FYNLO" not in problem.value.detail


def waiting_for(gate: Path) -> str:
    return (
        "import pathlib, sys, time\n"
        f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)\n"
        f"sys.stdout.write('done'); sys.exit({UNREADABLE})"
    )


async def test_a_restaurant_reads_one_file_at_a_time_and_keeps_nobody_else_from_it(tmp_path: Path) -> None:
    gate, tenant = tmp_path / "gate", new_id()
    readers = scripted(waiting_for(gate), wait_seconds=0.1, read_seconds=SOON_SECONDS)
    tenants = [tenant, *(new_id() for _ in range(MAX_READERS - 1))]
    running = [asyncio.create_task(readers.read(one, SMALL, "csv", "GBP")) for one in tenants]
    await asyncio.sleep(0)
    with pytest.raises(ImportRunning, match="Another file"):
        await readers.read(tenant, SMALL, "csv", "GBP")
    with pytest.raises(ImportRunning, match="Many files"):
        await readers.read(new_id(), SMALL, "csv", "GBP")
    gate.touch()
    ends = await asyncio.gather(*running, return_exceptions=True)
    assert [str(end) for end in ends] == ["UNREADABLE_MENU_FILE: done"] * MAX_READERS
    with pytest.raises(UnreadableMenuFile, match="done"):
        await readers.read(tenant, SMALL, "csv", "GBP")


HOSTILE = [
    "(" * cells.MAX_CELL_CHARACTERS,
    "a" + " " * (cells.MAX_CELL_CHARACTERS - 2) + ":",
    "a" + " (1" * 1_300,
    "|" * cells.MAX_CELL_CHARACTERS,
    "a(1):" + ";" * 3_000,
    "a(1):" + "b=" * 1_900,
    "Mon, " * 790,
    "Mon " + " " * 3_000 + "x",
    ";" * cells.MAX_CELL_CHARACTERS,
    "A(1): x=0" + "{}" * 10_000,
    ">" * cells.MAX_CELL_CHARACTERS,
    "," * cells.MAX_CELL_CHARACTERS,
]
CELLS = 100
CPU_SECONDS = 5.0
"""Of CPU for all of them: a pattern that goes back and forth took 0.16 s for each."""


def first_level(text: str) -> object:
    return option_groups(text, 2)


def second_level(text: str) -> object:
    return nested_groups(text, 2)


@pytest.mark.parametrize("reader", [cells.allergens, cells.windows, first_level, second_level])
def test_a_hostile_cell_costs_no_more_than_its_length(reader: Callable[[str], object]) -> None:
    began = time.process_time()
    for text in HOSTILE * CELLS:
        with contextlib.suppress(cells.BadCell):
            reader(text)
    assert time.process_time() - began < CPU_SECONDS


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_wrong_with_a_cell_is_said_in_few_words(text: str) -> None:
    with pytest.raises(cells.BadCell) as problem:
        option_groups(text, 2)
    assert len(str(problem.value)) < 300


def test_a_file_full_of_wrong_cells_stops_at_the_limit() -> None:
    rows = "\n".join(f"Mains,Dish {number},x,hot_food" for number in range(MAX_ROWS))
    found = parse(read_csv(f"category,item,price,vat_class\n{rows}".encode()), "GBP")
    assert len(found.rejected) == MAX_REJECTIONS
