"""What all tests share: the chassis's fixtures, and which tests must run in one worker."""

import pytest

pytest_plugins = ["chassis.testing"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file stay together, for they share databases; a named group spans files (one system)."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0].replace("/", ".")))
