"""The wheel of the application holds the whole product: code, pages, word lists, migrations, demo data."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tidy.source import REPOSITORY

PRODUCT = ("chassis", "services", "gateway", "deploy", "tools", "web")
NOT_PACKED = ("tests", "__pycache__")
BUILD_SECONDS = 100


def product_files(root: Path) -> set[str]:
    """What belongs to the product, relative to ``root``."""
    files = (path for part in PRODUCT for path in (root / part).rglob("*") if path.is_file())
    names = (path.relative_to(root) for path in files if not path.name.startswith("."))
    return {name.as_posix() for name in names if not set(name.parts) & set(NOT_PACKED)}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a freshly built wheel."""
    # In a copy: building leaves folders behind, and a file of an earlier build would be packed again.
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for part in PRODUCT:
        shutil.copytree(REPOSITORY / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", source)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)],
        check=True,
        capture_output=True,
        timeout=BUILD_SECONDS,
    )
    (wheel,) = target.glob("fynlo_pos-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_of_the_product_is_packed(packed: set[str]) -> None:
    assert product_files(REPOSITORY) - packed == set()


@pytest.mark.parametrize(
    "name",
    [
        "services/auth/common_passwords.txt",
        "services/orders/migrations/env.py",
        "services/orders/migrations/versions/0001_pre_orders.py",
        "tools/demo/menu.csv",
        "web/till.html",
        "web/vendor/preact.js",
    ],
)
def test_what_is_read_at_run_time_lies_where_the_code_looks(packed: set[str], name: str) -> None:
    assert name in packed


def test_nothing_else_is_packed(packed: set[str]) -> None:
    others = {name for name in packed if not name.startswith("fynlo_pos-")} - product_files(REPOSITORY)
    assert others == set()
