"""The repository keeps its own style."""

import pytest

from tests.tidy.rules import PYTHON_RULES, TEXT_RULES, Rule
from tests.tidy.shared_rules import SHARED_RULES
from tests.tidy.source import python_files, text_files

PYTHON = list(python_files())
TEXT = list(text_files())


@pytest.mark.parametrize("rule", [*PYTHON_RULES, *SHARED_RULES], ids=lambda rule: rule.__name__)
def test_every_python_file_keeps_the_rule(rule: Rule) -> None:
    findings = [str(finding) for source in PYTHON for finding in rule(source)]
    assert not findings, f"{rule.__doc__}\n" + "\n".join(findings)


@pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda rule: rule.__name__)
def test_every_text_file_keeps_the_rule(rule: Rule) -> None:
    findings = [str(finding) for source in TEXT for finding in rule(source)]
    assert not findings, f"{rule.__doc__}\n" + "\n".join(findings)


def test_the_rules_see_the_whole_repository() -> None:
    seen = {source.path for source in PYTHON}
    assert {"chassis/db/transactions.py", "deploy/local/process.py", "tests/tidy/rules.py"} <= seen
    assert not [path for path in seen if "protos/python" in path]
    assert {"Makefile", "requirements.lock", "pyproject.toml", ".ci/run"} <= {source.path for source in TEXT}
