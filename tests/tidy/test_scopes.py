"""How tests are handed out: what shares a system goes to one worker, what takes longest begins first."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.scopes import APART, LONGEST_FIRST, SHARED, scope_of
from tests.tidy.source import REPOSITORY

WORKERS = 3
RUN_SECONDS = 100
FILES = (
    "chassis/tests/test_money.py",
    "services/auth/tests/test_rpc.py",
    "tests/browser/test_till.py",
    "tests/chaos/test_chaos.py",
    "tests/e2e/test_calm_log.py",
    "tests/e2e/test_first_sale.py",
    "tests/e2e/test_lists.py",
)
TEST = """
import os, pathlib, time

def say():
    with pathlib.Path({log!r}).open("a") as log:
        print(os.environ["PYTEST_XDIST_WORKER"], {file!r}, file=log)
    time.sleep(0.05)

def test_one(): say()
def test_two(): say()
class TestGroup:
    def test_three(self): say()
    def test_four(self): say()
"""


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [
        ("tests/e2e/test_lists.py::test_a", "system"),
        ("tests/e2e/deeper/test_b.py::TestGroup::test_a[x::y]", "system"),
        ("tests/browser/test_till.py::test_a[chromium]", "system"),
        ("tests/chaos/test_chaos.py::test_a", "chaos"),
        ("tests/replicas/test_races.py::test_a", "replicas"),
        ("tests/e2e/test_calm_log.py::test_a", "tests/e2e/test_calm_log.py"),
        ("tests/e2e_more/test_a.py::test_a", "tests/e2e_more/test_a.py"),
        ("chassis/tests/test_db.py::TestGroup::test_a[tests/e2e/]", "chassis/tests/test_db.py"),
    ],
)
def test_a_test_is_of_its_system_or_else_of_its_file(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope


def test_what_the_plan_names_exists() -> None:
    files = APART | set(LONGEST_FIRST) - set(SHARED.values())
    assert [str(folder) for folder in SHARED if not (REPOSITORY / folder).is_dir()] == []
    assert [file for file in files if not (REPOSITORY / file).is_file()] == []


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Worker and scope of every test, as they began, in a run of many workers."""
    root = tmp_path_factory.mktemp("suite")
    log = root / "log"
    (root / "pytest.ini").write_text("[pytest]\n")
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(TEST.format(log=str(log), file=file))
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.scopes", "-n", str(WORKERS), "-q"]
    command += ["--import-mode=importlib", "-p", "no:cacheprovider", "."]
    run = subprocess.run(
        command,
        cwd=root,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": os.defpath, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    lines = [line.split() for line in log.read_text().splitlines()]
    return [(worker, scope_of(file)) for worker, file in lines]


def test_one_worker_has_a_whole_scope(handed_out: list[tuple[str, str]]) -> None:
    assert len(handed_out) == 4 * len(FILES)
    workers = {scope: {one for one, of in handed_out if of == scope} for _, scope in handed_out}
    assert {scope: len(workers) for scope, workers in workers.items()} == dict.fromkeys(workers, 1)
    assert len(set.union(*workers.values())) == WORKERS


def test_the_longest_begin_first(handed_out: list[tuple[str, str]]) -> None:
    def begun(worker: str) -> Iterator[str]:
        return (scope for one, scope in handed_out if one == worker)

    first = {next(begun(worker)) for worker, _ in handed_out}
    assert {"system", "chaos"} <= first
