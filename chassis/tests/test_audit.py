"""An audit line says who acted, is written at every log level, and never for what did not happen."""

import json
from io import StringIO
from typing import Any

from chassis.audit import audit
from chassis.clock import FakeClock
from chassis.ids import new_id
from chassis.rpc import inbound, mark_replayed
from chassis.telemetry.logs import REDACTED, configure_logging
from chassis.testing import START
from chassis.testing_rpc import TokenMint
from chassis.tests.conftest import logs_to


def written(lines: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().split("\n") if line]


def test_a_line_says_who_did_what_where_and_on_which_device() -> None:
    principal = TokenMint(FakeClock(START)).principal(device_id="ipad-7")
    till = new_id()
    with logs_to(StringIO()) as lines, inbound(budget_seconds=1, principal=principal, request_id="req-1"):
        audit("payments.till_opened", till_session_id=till, opening_float_minor=5000)
    [line] = written(lines)
    assert (line["event"], line["part"]) == ("payments.till_opened", "audit")
    assert (line["actor"], line["session_id"]) == (str(principal.subject), str(principal.session_id))
    assert (line["device_id"], line["restaurant_id"]) == ("ipad-7", str(principal.restaurant_id))
    assert (line["request_id"], line["till_session_id"]) == ("req-1", str(till))
    assert line["opening_float_minor"] == 5000
    assert len(line["trace_id"]) == 32


def test_no_level_of_the_other_logs_switches_it_off() -> None:
    with logs_to(StringIO()) as lines:
        configure_logging("probe", form="json", level="error", stream=lines)
        audit("auth.log_in_refused", user_id=None, failures=3)
    assert [line["event"] for line in written(lines)] == ["auth.log_in_refused"]


def test_a_replayed_answer_is_not_written_down_again() -> None:
    with logs_to(StringIO()) as lines, inbound(budget_seconds=1):
        audit("payments.till_opened")
        mark_replayed()
        audit("payments.till_opened")
    assert len(written(lines)) == 1


def test_a_secret_that_slips_in_is_not_written() -> None:
    with logs_to(StringIO()) as lines:
        audit("auth.logged_in", refresh_token="canary", changes={"password": ["canary", "canary"]})
    [line] = written(lines)
    assert "canary" not in lines.getvalue()
    assert line["refresh_token"] == REDACTED
