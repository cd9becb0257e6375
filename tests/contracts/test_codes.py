"""Every code that the document lists is one that some part of the system can answer with."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.walk.document import OPERATIONS
from tests.tidy.source import REPOSITORY

KINDS = {
    "Problem",
    "InvalidArgument",
    "Unauthenticated",
    "PermissionDenied",
    "NotFound",
    "AlreadyExists",
    "Conflict",
    "Stale",
    "Unprocessable",
    "ResourceExhausted",
    "Unavailable",
}
WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
REASON = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|INTERNAL")


def reasons_in(source: str) -> Iterator[str]:
    """What can become a reason: names of problem classes, and texts in the form of one."""
    problems = set(KINDS)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            if bases & problems:
                problems.add(node.name)
                yield WORD_START.sub("_", node.name).upper()
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and REASON.fullmatch(node.value):
            yield node.value


def known_codes() -> set[str]:
    """Of the code that runs, tests and the document's own lists aside."""
    found: set[str] = {"not_found", "method_not_allowed"}
    for folder in ("chassis", "services", "gateway"):
        for path in Path(REPOSITORY, folder).rglob("*.py"):
            if "tests" not in path.parts:
                found |= {reason.lower() for reason in reasons_in(path.read_text())}
    return found


def test_no_route_lists_a_code_that_nothing_answers() -> None:
    listed = {code: operation.name for operation in OPERATIONS for _, code in operation.codes}
    known = known_codes()
    assert {code: name for code, name in listed.items() if code not in known} == {}
