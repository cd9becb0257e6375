"""What every service stands on stays small enough to be known: code, without comments and docstrings."""

import ast

from tests.tidy.source import Source, python_files

CHASSIS_LINES_MAX = 6_810
HISTORY = "chassis/db/ddl/revisions/"
"""What ran on databases stays as it is, and is not what anybody has to know."""


def code_lines(source: Source) -> int:
    """Lines that are neither empty nor comment nor docstring."""
    texts: set[int] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            texts.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.text.splitlines(), 1)
    return sum(1 for number, line in lines if number not in texts and line.strip() and line.strip()[0] != "#")


def test_the_chassis_keeps_its_budget() -> None:
    own = [one for one in python_files() if one.path.startswith("chassis/") and not one.is_test]
    sources = [one for one in own if not one.path.startswith(HISTORY)]
    assert sum(code_lines(one) for one in sources) <= CHASSIS_LINES_MAX


def test_code_is_counted_and_words_are_not() -> None:
    words = '"""Words."""\n\n# words\nx = 1\n'
    text = words + '\n\ndef f() -> int:\n    """Words\n    and more."""\n    return x\n'
    assert code_lines(Source("chassis/x.py", text)) == 3
