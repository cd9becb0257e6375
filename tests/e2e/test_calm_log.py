"""The log of a run in which nothing goes wrong tells of nothing wrong."""

import re
from pathlib import Path

from tests.system import running_system

ALARM = re.compile(r" (warning|error|critical): |WARNING|ERROR|FATAL|PANIC|Traceback|\[(WRN|ERR|FTL)\]")

BUSY = re.compile(r"slow_transaction|a call was slow")
"""What a busy machine makes true."""


def test_a_healthy_start_and_a_clean_stop_log_no_warning(tmp_path: Path) -> None:
    with running_system(tmp_path / "data") as system:
        pass
    lines = system.log.read_text().splitlines()
    assert system.supervisor.returncode == 0
    assert "stopped; the data stays in" in lines[-1]
    assert [line for line in lines if ALARM.search(line) and not BUSY.search(line)] == []
