"""What is installed: production has what the product imports, and nothing that only tests or laptops need."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from deploy.local.settings import process_environment
from tests.tidy.source import REPOSITORY, Source, python_files

PRODUCT = ("chassis/", "services/", "gateway/")
"""Folders whose code runs in production, their tests aside."""
NOT_IMPORTED_BY_NAME = {
    "cryptography": "what joserfc signs with, and its upper bound",
    "httptools": "how uvicorn parses",
    "tzdata": "time zones where the system has none",
}
"""Requirements of the product that no import names, and why they are there."""
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROCESSES = [
    f"services.{name}.main" for name in ("auth", "catalog", "orders", "payments", "staff", "realtime")
]
PROCESSES += ["gateway.main", "chassis.db.migrations"]

REFUSING = """
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ModuleNotFoundError(name + " is not installed in production", name=name)
sys.meta_path.insert(0, Refusing())
import importlib
for name in {modules!r}:
    importlib.import_module(name)
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(file: str) -> set[str]:
    """The names that a .in file asks for."""
    lines = (line.partition("#")[0].strip() for line in (REPOSITORY / file).read_text().splitlines())
    return {normal(re.split(r"[\[<>=;\s]", line)[0]) for line in lines if line}


def pins(file: str) -> list[str]:
    lines = (REPOSITORY / file).read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


def pinned(file: str) -> set[str]:
    return {normal(pin.partition("==")[0]) for pin in pins(file)}


def product_sources() -> list[Source]:
    own = (source for source in python_files() if source.path.startswith(PRODUCT))
    return [source for source in own if not source.is_test and "/testing" not in source.path]


def imported(source: Source) -> Iterator[str]:
    """Top-level names that it imports."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def distributions_imported() -> set[str]:
    by_name = packages_distributions()
    names = {name for source in product_sources() for name in imported(source)}
    return {normal(distribution) for name in names for distribution in by_name.get(name, [])}


@pytest.mark.parametrize("file", LOCKS)
def test_what_a_lock_pins_has_hashes(file: str) -> None:
    assert pins(file)
    assert not [pin for pin in pins(file) if "==" not in pin or "--hash=sha256:" not in pin]


def test_the_locks_share_nothing() -> None:
    assert not pinned(LOCKS[0]) & pinned(LOCKS[1])


def test_every_requirement_is_locked() -> None:
    assert requirements("requirements.in") <= pinned(LOCKS[0])
    assert requirements("requirements-dev.in") <= pinned(LOCKS[0]) | pinned(LOCKS[1])


def test_everything_that_the_product_requires_is_imported() -> None:
    unused = requirements("requirements.in") - distributions_imported() - set(NOT_IMPORTED_BY_NAME)
    assert not unused, f"installed in production and imported by nothing: {sorted(unused)}"


def test_the_product_runs_without_what_only_development_needs() -> None:
    """Every process is imported, its migrations too, where the second lock's packages cannot be found."""
    second = pinned(LOCKS[1])
    refused = {name for name, owners in packages_distributions().items() if {*map(normal, owners)} <= second}
    assert {"pytest", "hypothesis", "websockets"} <= refused
    modules = [
        *PROCESSES,
        *(
            source.path.removesuffix(".py").replace("/", ".")
            for source in product_sources()
            if "/migrations/versions/" in source.path
        ),
    ]
    script = REFUSING.format(refused=refused, modules=modules)
    command, env = [sys.executable, "-c", script], process_environment({})
    done = subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
