"""The files that the style rules look at."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CODE_FOLDERS = (
    "chassis",
    "services",
    "gateway",
    "deploy",
    "harness",
    "simulators",
    "tools",
    "bench",
    "tests",
)
GENERATED_FOLDERS = ("protos/python/", "gateway/rest/")
SKIPPED_FOLDERS = frozenset(
    {".git", ".venv", ".fynlo", "__pycache__", "node_modules", "vendor", "build", "dist", "test-results"}
    | {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"}
)
TEXT_LIMIT_BYTES = 2_000_000


@dataclass(frozen=True)
class Source:
    """One file. `path` is relative to the repository, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def is_test(self) -> bool:
        """Test code: looser rules for time, environment and size."""
        parts = self.path.split("/")
        return "tests" in parts or parts[0] == "harness" or parts[-1] == "conftest.py"

    @property
    def is_generated(self) -> bool:
        return self.path.startswith(GENERATED_FOLDERS)


@dataclass(frozen=True)
class Finding:
    """A rule broken at a place."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def python_files() -> Iterator[Source]:
    """Every hand-written Python file."""
    for folder in CODE_FOLDERS:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            if not SKIPPED_FOLDERS.intersection(path.relative_to(REPOSITORY).parts):
                source = Source(path.relative_to(REPOSITORY).as_posix(), path.read_text())
                if not source.is_generated:
                    yield source


def text_files() -> Iterator[Source]:
    """Every text file of the repository."""
    folders = [REPOSITORY]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_symlink() or path.name in SKIPPED_FOLDERS:
                continue
            if path.is_dir():
                folders.append(path)
            elif path.name != ".git" and path.stat().st_size <= TEXT_LIMIT_BYTES:
                try:
                    yield Source(path.relative_to(REPOSITORY).as_posix(), path.read_text())
                except UnicodeDecodeError:
                    continue
