"""The import rules of pyproject.toml hold, and catch what they are for."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tidy.source import REPOSITORY

ROOTS = ("chassis", "services", "gateway", "deploy", "harness", "tools")
SERVICES = ("auth", "catalog", "orders", "payments", "realtime", "staff")
RUN = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{REPOSITORY / 'protos' / 'python'}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """An empty house with our import rules."""
    (tmp_path / "pyproject.toml").write_text((REPOSITORY / "pyproject.toml").read_text())
    for package in (*ROOTS, *(f"services/{service}" for service in SERVICES)):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
    for module in ("main", "rpc", "consumers", "usecases", "store", "wire", "domain", "pricing"):
        (tmp_path / "services" / "orders" / f"{module}.py").touch()
    (tmp_path / "gateway" / "main.py").touch()
    rules = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    forbidden = {name for rule in rules for name in rule.get("forbidden_modules", ())}
    for name in {"chassis.money", *(name for name in forbidden if name.startswith("chassis."))}:
        path = tmp_path / name.replace(".", "/")
        for package in (
            (path, *path.parents) if (REPOSITORY / path.relative_to(tmp_path)).is_dir() else path.parents
        ):
            if package.is_relative_to(tmp_path / "chassis"):
                package.mkdir(exist_ok=True)
                (package / "__init__.py").touch()
        if not path.is_dir():
            path.with_suffix(".py").touch()
    return tmp_path


def test_the_imports_of_this_repository_go_in_the_right_direction() -> None:
    done = lint(REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_house_passes(house: Path) -> None:
    (house / "services" / "orders" / "domain.py").write_text("import chassis.money\n")
    (house / "services" / "orders" / "main.py").write_text("import services.orders.rpc\n")
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "imported", "contract"),
    [
        ("services/orders/store.py", "services.payments", "No service imports another"),
        ("services/orders/domain.py", "services.orders.store", "main -> rpc"),
        ("services/orders/usecases.py", "services.orders.rpc", "main -> rpc"),
        ("services/orders/wire.py", "services.orders.store", "main -> rpc"),
        ("services/orders/domain.py", "asyncpg", "domain and pricing"),
        ("services/orders/pricing.py", "chassis.db", "domain and pricing"),
        ("services/orders/domain.py", "fynlo.orders.v1.orders_pb2", "domain and pricing"),
        ("services/orders/main.py", "sqlalchemy", "A process that serves"),
        ("gateway/__init__.py", "services.orders", "The gateway and the services"),
        ("services/orders/rpc.py", "gateway", "No service imports the gateway"),
        ("chassis/db/transactions.py", "services.orders", "The chassis knows no service"),
        ("chassis/db/transactions.py", "deploy.local", "The chassis does not know how it is deployed"),
        ("services/orders/rpc.py", "harness.fixtures", "What runs knows nothing of what tests stand on"),
    ],
)
def test_a_planted_import_is_caught(house: Path, file: str, imported: str, contract: str) -> None:
    (house / file).write_text(f"import {imported}\n")
    done = lint(house)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), done.stdout
