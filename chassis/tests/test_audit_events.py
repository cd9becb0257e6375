"""The list of audit events in docs/chassis.md is the list in the code."""

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("chassis", "services", "gateway")
EVENT = re.compile(r"[a-z]+\.[a-z_]+")
LISTED = re.compile(r"Recorded today: (.*?)\.\n\n", re.DOTALL)


def told_in_code() -> set[str]:
    """The first text of every call of ``audit`` outside tests, which must be a literal."""
    found = set()
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).rglob("*.py"):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "audit":
                    event = node.args[1]
                    assert isinstance(event, ast.Constant), f"{path}:{node.lineno} names no event"
                    found.add(str(event.value))
    return found


def listed_in_docs() -> set[str]:
    """``auth.`` logged_in, logged_out; ``payments.`` ...: names after the part they belong to."""
    [text] = LISTED.findall((REPOSITORY / "docs" / "chassis.md").read_text())
    found, part = set(), ""
    for word in re.findall(r"`([a-z]+\.)`|([a-z_]+)", text):
        part = word[0] or part
        if word[1]:
            found.add(part + word[1])
    return found


def test_every_audit_event_is_in_the_list_and_nothing_else_is() -> None:
    assert listed_in_docs() == told_in_code()


def test_an_event_says_which_part_tells_it() -> None:
    assert all(EVENT.fullmatch(event) for event in told_in_code())
