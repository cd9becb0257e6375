"""The log of a run: readable, coloured on a terminal only, and safe to look at."""

import io
import json
import re

from deploy.local.console import Console


def logged(*lines: tuple[str, str], colour: bool = False) -> list[str]:
    stream = io.StringIO()
    console = Console(stream, colour=colour)
    for process, text in lines:
        console.line(process, text)
    return stream.getvalue().splitlines()


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
