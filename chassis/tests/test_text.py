"""Card numbers and control characters are found however they are written, and little else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.text import control_character, holds_card_number

CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "4222222222222")


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize("gap", ["", " ", "-", "."])
@pytest.mark.parametrize("around", ["{}", "card {} exp 12/30", "x{}y", "+44{}", "٠{}"])
def test_a_card_number_is_found_in_any_dress(number: str, gap: str, around: str) -> None:
    grouped = gap.join(number[start : start + 4] for start in range(0, len(number), 4))
    assert holds_card_number(around.format(grouped))


def test_a_card_number_in_other_digits_is_one() -> None:
    assert holds_card_number("4111111111111111".translate({ord("0") + n: 0x0660 + n for n in range(10)}))
    assert holds_card_number("".join(chr(0xFF10 + int(one)) for one in CARDS[0]))


@pytest.mark.parametrize(
    "text",
    ["", "table 4", "4111111111111112", "020 7946 0958", "order 1234, 25.11.2026 19:30", "0" * 40, "1" * 13],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)


@pytest.mark.parametrize("around", ["{}", "dev-{}", "order {} and {}"])
def test_an_id_is_no_card_number(around: str) -> None:
    digits_that_pass = "01a21979-1234-7567-8901-234567890123"
    assert holds_card_number(digits_that_pass.replace("-", ""))
    assert not holds_card_number(around.format(digits_that_pass, digits_that_pass))


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "P", "S", "Zs")), max_size=200))
def test_words_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)
    assert control_character(text) == ""


@pytest.mark.parametrize("one", ["\x00", "\x1b", "\r", "\x7f", "\x85", "\u2028", "\u2029"])
def test_a_control_character_is_named(one: str) -> None:
    assert control_character(f"no onions{one}[31m", lines=True) == f"U+{ord(one):04X}"


def test_lines_are_part_of_a_text_and_of_no_name() -> None:
    assert control_character("no onions\n\tno garlic", lines=True) == ""
    assert control_character("till\n12:00:00 auth  logged in") == "U+000A"
