"""What gets on paper: text that can only be read, as wide as the paper, in the letters of the printer."""

import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.paper.document import Form, document_of
from services.orders.domain.paper.escpos import (
    BIG_OFF,
    BIG_ON,
    BOLD_OFF,
    BOLD_ON,
    CODE_PAGE,
    FEED_AND_CUT,
    INITIALISE,
    as_escpos,
    spelt,
)
from services.orders.domain.paper.page import as_html
from services.orders.domain.paper.printable import MARKS_MAX, columns, printable, wrapped
from services.orders.domain.paper.rows import Face, Paper, Row, middle, paper
from services.orders.domain.paper.text import as_text

WIDTHS = (32, 42, 48)
NASTY = [
    "\x1b@\x1bp\x00\x19\xfa open the drawer",
    "\x1dV\x00 cut here",
    "a\x00b",
    "Burger\rFree",
    "Burger\nTOTAL 0.00",
    "\x1b[2J\x1b[31mred",
    "\u202egnirts\u202c",
    "\u2066inner\u2069\u200f\u061c",
    "line\u2028para\u2029end",
    "zero\u200bwidth\ufeff",
    "\x9b31mC1",
    "\ue000private",
    "tab\there",
]
texts = st.text(max_size=60) | st.sampled_from(NASTY)
faces = st.sampled_from([Face.PLAIN, Face.BOLD, Face.BIG])
rows = st.builds(Row, texts, texts, faces, st.just(False), st.integers(0, 4)) | st.builds(
    Row, texts, st.just(""), faces, st.just(True)
)
papers = st.builds(Paper, texts, st.lists(rows, max_size=6).map(tuple))
COMMANDS = [INITIALISE, BOLD_ON, BOLD_OFF, BIG_ON, BIG_OFF, FEED_AND_CUT]
OWN = re.compile(b"|".join(re.escape(command) for command in COMMANDS))


def steers(text: str) -> list[str]:
    return [
        f"U+{ord(one):04X}" for one in text if unicodedata.category(one)[0] == "C" or one in "\u2028\u2029"
    ]


@pytest.mark.parametrize("text", NASTY)
def test_nothing_that_steers_a_printer_or_a_terminal_is_left_in_a_text(text: str) -> None:
    assert not steers(printable(text))
    assert "\n" not in printable(text)


@given(st.text())
def test_any_text_becomes_one_line_that_only_says_something(text: str) -> None:
    shown = printable(text)
    assert not steers(shown)
    assert shown == " ".join(shown.split())
    assert printable(shown) == shown


def test_what_people_write_stays() -> None:
    kept = "Crème brûlée, 2 × Żurek & 🍕 «наш» 寿司"
    assert printable(kept) == kept
    assert printable("  two\t words \n") == "two words"


def test_a_letter_has_a_few_accents_and_no_tower_of_them() -> None:
    tower = "e" + "\u0323\u0330\u0331\u0324" * 20
    assert sum(1 for one in printable(tower) if columns(one) == 0) == MARKS_MAX


@given(st.text(max_size=80).map(printable), st.integers(4, 20))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("width", WIDTHS)
@given(shown=papers)
def test_no_line_of_text_is_wider_than_the_paper(width: int, shown: Paper) -> None:
    told = as_text(shown, width)
    assert told == "" or told.endswith("\n")
    for line in told.split("\n"):
        assert columns(line) <= width
        assert not steers(line)


@pytest.mark.parametrize("width", WIDTHS)
@given(shown=papers)
def test_a_printer_gets_no_command_but_ours(width: int, shown: Paper) -> None:
    told = as_escpos(shown, width)
    assert told.startswith(INITIALISE)
    assert told.endswith(FEED_AND_CUT)
    body = OWN.sub(b"", told).decode(CODE_PAGE)
    assert [one for one in body if one != "\n" and unicodedata.category(one)[0] == "C"] == []
    assert all(len(line) <= width for line in body.split("\n"))


@pytest.mark.parametrize("text", NASTY)
def test_the_bytes_of_a_name_never_begin_a_command(text: str) -> None:
    told = as_escpos(paper("Bill", [Row(text, "1.00")]), 42)
    body = told.removeprefix(INITIALISE).removesuffix(FEED_AND_CUT)
    assert not set(body) & (set(range(32)) - {10})


def test_a_printer_is_told_in_pc858_and_what_it_lacks_is_spelt() -> None:
    assert as_escpos(Paper("x", (Row("£1 €2 Crème"),)), 42).count("£1 €2 Crème".encode("cp858")) == 1
    assert spelt("Żurek Łódź naïve “soup” – Œuf…") == 'Zurek Lódz naïve "soup" - OEuf...'
    assert spelt("寿司 🍕") == "?? ?"
    assert spelt("e\u0323\u0330") == "e"


def test_big_rows_are_wrapped_at_half_the_width() -> None:
    told = as_escpos(Paper("x", (Row("Table 12 at the window", face=Face.BIG),)), 32)
    body = told.split(BIG_ON)[1].split(BIG_OFF)[0]
    assert [len(line) for line in body.splitlines()] == [len("Table 12 at the"), len("window")]


class Reader(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


SCRIPTED = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '" onload="x', "</title><script>"]


scripted = st.sampled_from(SCRIPTED)
hostile = st.builds(Paper, scripted, st.lists(st.builds(Row, scripted, scripted), max_size=3).map(tuple))


@given(papers | hostile)
def test_a_page_runs_and_loads_nothing(shown: Paper) -> None:
    reader = Reader()
    reader.feed(as_html(shown))
    assert set(reader.tags) <= {"html", "head", "meta", "title", "style", "body", "p", "span", "bdi", "hr"}
    assert set(reader.attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class"}


def test_a_page_says_what_was_written() -> None:
    reader = Reader()
    reader.feed(as_html(Paper("Bill", (Row("<b>Tom & Co", "1.00"),))))
    assert {"<b>Tom & Co", "1.00"} <= set(reader.texts)


def test_every_form_is_a_file_of_its_kind() -> None:
    shown = paper("Bill 1", middle("Casa"), [Row("Tea", "2.00")])
    told = {form: document_of(shown, form, "bill-1") for form in Form}
    assert told[Form.HTML].media_type == "text/html; charset=utf-8"
    assert told[Form.TEXT].content.decode().splitlines()[2] == "Tea" + " " * 35 + "2.00"
    assert told[Form.ESCPOS].content.startswith(b"\x1b@")
    assert [one.file_name for one in told.values()] == ["bill-1.html", "bill-1.txt", "bill-1.bin"]
