"""A pytest plugin: which tests go to one worker, and which of them are handed out first.

The tests of a file stay together, for they share databases; the tests of a shared system stay together across
files, so that it is started once. The mark xdist_group and --dist loadgroup would say that too, but pytest 9
makes a test's id anew whenever it is asked for and so loses the group that xdist appends to it.
"""

from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

SHARED = {
    PurePosixPath("tests/e2e"): "system",
    PurePosixPath("tests/browser"): "system",
    PurePosixPath("tests/chaos"): "chaos",
    PurePosixPath("tests/replicas"): "replicas",
}
"""Folders whose tests share a running system, and what it is called."""
APART = {"tests/e2e/test_calm_log.py"}
"""Files in such a folder that start a system of their own."""
LONGEST_FIRST = (
    "system",
    "chaos",
    "replicas",
    "services/orders/tests/test_large.py",
    "services/payments/tests/test_large.py",
    "deploy/local/tests/test_run.py",
    "deploy/local/tests/test_servers.py",
    "services/realtime/tests/test_sockets.py",
    "chassis/tests/test_inbox.py",
    "chassis/tests/test_runtime.py",
    "chassis/tests/test_relay.py",
    "services/realtime/tests/test_nats_restart.py",
    "gateway/tests/test_start.py",
    "tests/e2e/test_calm_log.py",
)
"""What takes longest begins first; else it would begin last, and one worker would wait for it alone."""


def scope_of(nodeid: str) -> str:
    """What is handed out together with this test: the name of a system, or the test's file."""
    file = nodeid.partition("::")[0]
    if file in APART:
        return file
    return next((SHARED[folder] for folder in PurePosixPath(file).parents if folder in SHARED), file)


def rank_of(scope: str) -> int:
    """Its place in line."""
    return LONGEST_FIRST.index(scope) if scope in LONGEST_FIRST else len(LONGEST_FIRST)


class ScopeScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Hands out scopes in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None) -> None:
        super().__init__(config, log)
        # It would sort by the number of tests, and few tests can take long.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ScopeScheduling:
    return ScopeScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank_of(scope_of(item.nodeid)))
