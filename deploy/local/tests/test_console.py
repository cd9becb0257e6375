"""The log of a run: readable, coloured on a terminal only, and safe to look at."""

import io
import json
import re
from collections.abc import Mapping

import pytest

from deploy.local.console import Console
from deploy.local.settings import REPOSITORY
from deploy.local.wording import SENTENCES

UUID_TEXT = "01a2194d-7fb2-74fb-9922-e4517f6b1b27"
IDS = {
    "actor": UUID_TEXT,
    "session_id": UUID_TEXT,
    "device_id": "ipad-7",
    "order_id": UUID_TEXT,
    "trace_id": "c6ba26b48d8b894260a82cc3f430848c",
    "request_id": "req-1",
}
ORDER = {"number": 12, "order_type": "takeaway", "table": "", "total_minor": 2940, "currency": "GBP"}
MONEY = {"currency": "GBP", "number": 12, "till": "Bar"}
DEEDS = [
    ("orders.order_placed", ORDER, "order 12 placed: takeaway, 29.40 GBP"),
    ("orders.order_placed", ORDER | {"table": "4"}, "order 12 placed: table 4, 29.40 GBP"),
    ("orders.order_placed", ORDER | {"table": "Window"}, "order 12 placed: Window, 29.40 GBP"),
    ("orders.draft_kept", ORDER | {"number": 0}, "draft kept: takeaway, 29.40 GBP"),
    ("orders.order_cancelled", ORDER, "order 12 cancelled: takeaway, 29.40 GBP"),
    ("orders.ticket_bumped", {"number": 12, "station": "Grill"}, "order 12 bumped at Grill"),
    ("auth.logged_in", {"role": "restaurant_owner", "client": "ios"}, "restaurant owner logged in (ios)"),
    ("auth.logged_out", {"everywhere": False}, "logged out"),
    ("payments.till_opened", MONEY | {"opening_float_minor": 5000}, "till Bar opened with 50.00 GBP"),
    (
        "payments.drawer_opened",
        MONEY | {"kind": "paid_out", "amount_minor": 1250},
        "drawer of till Bar opened: paid out, 12.50 GBP",
    ),
    (
        "payments.payment_taken",
        MONEY | {"method": "cash", "amount_minor": 2940, "tip_minor": 0},
        "order 12 paid: 29.40 GBP by cash",
    ),
    (
        "payments.payment_taken",
        MONEY | {"method": "open_banking", "amount_minor": 2940, "tip_minor": 100},
        "order 12 paid: 29.40 GBP by open banking, tip 1.00 GBP",
    ),
    (
        "payments.till_closed",
        MONEY | {"counted_minor": 4600, "variance_minor": -20, "z_number": 7},
        "till Bar closed: counted 46.00 GBP, variance -0.20 GBP, Z report 7",
    ),
    # Events of a version to come, and facts of a version gone, still read.
    (
        "payments.refund_given",
        MONEY | {"amount_minor": 500},
        "refund given: number 12, till Bar, amount 5.00 GBP",
    ),
    ("orders.ticket_bumped", {"number": 12}, "ticket bumped: number 12"),
]


def logged(*lines: tuple[str, str], colour: bool = False, ids: bool = False) -> list[str]:
    stream = io.StringIO()
    console = Console(stream, colour=colour, ids=ids)
    for process, text in lines:
        console.line(process, text)
    return stream.getvalue().splitlines()


def told(event: str, facts: Mapping[str, object], *, ids: bool = False) -> str:
    """How a deed of a person reads, without time and name."""
    entry = {"event": event, "level": "info", "part": "deed", **IDS, **facts}
    [line] = logged(("orders", json.dumps(entry)), ids=ids)
    return line[len("12:30:01 orders    ") :]


def test_a_json_line_becomes_text_with_its_values() -> None:
    entry = {
        "event": "order placed",
        "level": "info",
        "service": "orders",
        "total_minor": 1250,
        "number": "A-17",
    }
    [line] = logged(("orders", json.dumps(entry)))
    assert re.fullmatch(r"\d\d:\d\d:\d\d orders    order placed total_minor=1250 number=A-17", line)


def test_an_exception_keeps_its_lines() -> None:
    entry = {"event": "failed", "level": "error", "exception": "Traceback\n  ValueError: x"}
    lines = logged(("orders", json.dumps(entry)))
    assert [line.split("orders    ")[1] for line in lines] == [
        "error: failed",
        "  Traceback",
        "    ValueError: x",
    ]


def test_colour_is_used_only_when_asked_for() -> None:
    warning = ("orders", json.dumps({"event": "slow", "level": "warning"}))
    assert "\x1b" not in logged(warning)[0]
    assert "\x1b[33mwarning: slow" in logged(warning, colour=True)[0]


def test_control_characters_of_a_message_never_reach_the_terminal() -> None:
    [line] = logged(("orders", "evil \x1b]0;title\x07 \x9b2J"))
    assert line.endswith(r"evil \x1b]0;title\x07 \x9b2J")


def test_routine_lines_of_the_servers_are_left_out_and_their_errors_are_not() -> None:
    lines = logged(
        ("postgres", "2026-11-20 10:00:00.000 UTC [7] LOG:  database system is ready to accept connections"),
        ("nats", "[7] 2026/11/20 10:00:00 [INF] Server is ready"),
        ("valkey", "7:M 20 Nov 2026 10:00:00.000 * Ready to accept connections tcp"),
        ("postgres", "2026-11-20 10:00:00.000 UTC [7] FATAL:  out of disk"),
        ("nats", "[7] 2026/11/20 10:00:00 [ERR] no space"),
    )
    assert [line.split()[1] for line in lines] == ["postgres", "nats"]


def test_text_that_only_looks_like_json_is_shown_as_it_is() -> None:
    for text in ("{not json", '{"no": "event"}', "[1]"):
        assert logged(("orders", text))[0].endswith(text)


@pytest.mark.parametrize(("event", "facts", "words"), DEEDS)
def test_what_a_person_did_is_one_line_of_words_without_ids(
    event: str, facts: dict[str, object], words: str
) -> None:
    assert told(event, facts) == words


def test_ids_are_shown_on_request_behind_the_words() -> None:
    line = told("orders.order_placed", ORDER, ids=True)
    assert line.startswith("order 12 placed: takeaway, 29.40 GBP part=deed actor=")
    for name, value in IDS.items():
        assert f"{name}={value}" in line


def test_ids_of_other_lines_are_left_out_too_and_their_facts_and_links_are_not() -> None:
    facts = {
        "event": "refused",
        "level": "warning",
        "reason": "STALE",
        "open": f"/join/{UUID_TEXT}",
        "first": UUID_TEXT,
    }
    text = json.dumps(facts | IDS)
    [line] = logged(("auth", text))
    assert line.endswith(f"warning: refused reason=STALE open=/join/{UUID_TEXT}")
    [line] = logged(("auth", text), ids=True)
    assert f"first={UUID_TEXT}" in line
    assert "request_id=req-1" in line


@pytest.mark.parametrize(
    "unruly", ["\n", "\r", "\x1b[2K", "\x9b2J", "\x7f", "\u2028", "\u202e", "\x85", "\t", "\ud800"]
)
@pytest.mark.parametrize("ids", [True, False])
def test_no_value_forges_a_line(unruly: str, ids: bool) -> None:
    forged = f"4{unruly}12:00:00 payments  order 1 paid"
    for entry in (
        {"event": "orders.order_placed", "part": "deed", **ORDER, "table": forged},
        {"event": "refused", "level": "warning", "device": forged, "device_id": forged},
        {"event": forged},
    ):
        text = json.dumps(entry)
        lines = logged(("orders", text), ids=ids)
        assert len(lines) == 1, lines
        assert unruly not in lines[0]


def test_every_sentence_is_of_an_event_that_a_service_tells() -> None:
    sources = [
        path for folder in ("usecases", "rpc") for path in REPOSITORY.glob(f"services/*/{folder}/**/*.py")
    ]
    sources += REPOSITORY.glob("chassis/*/*.py")
    text = "".join(path.read_text() for path in sources)
    assert [event for event in SENTENCES if f'"{event}"' not in text] == []
