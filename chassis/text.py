"""Text from outside: what must not be stored, wherever it came in."""

import re
import unicodedata
from typing import Final

CARD_DIGITS: Final = (13, 19)
"""How long the number of a payment card is (ISO/IEC 7812)."""
_DIGITS = re.compile(r"\d(?:[ .-]?\d){12,}")
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", re.ASCII)
"""An id as we and devices make them (RFC 9562). Chance gives some a run of digits that could be a card's."""
_FIRST_OF_CARDS = "23456"
"""No scheme gives cards that begin otherwise; it spares most barcodes and telephone numbers."""
LINES: Final = frozenset("\n\t")
"""Control characters that a text of several lines may have."""


def holds_card_number(text: str) -> bool:
    """Whether something in ``text`` could be the number of a payment card: 13 to 19 digits, also apart by
    spaces, dots or dashes and in other scripts, whose check digit (Luhn) is right. Ids are none.
    """
    for run in _DIGITS.finditer(_ID.sub("x", text)):
        digits = "".join(str(unicodedata.decimal(one)) for one in run[0] if one.isdecimal())
        shortest, longest = CARD_DIGITS
        for start in range(len(digits) - shortest + 1):
            if digits[start] not in _FIRST_OF_CARDS:
                continue
            for length in range(shortest, min(longest, len(digits) - start) + 1):
                if _luhn(digits[start : start + length]):
                    return True
    return False


def control_character(text: str, *, lines: bool = False) -> str:
    """The name of the first character that steers a terminal, a printer or a log instead of being shown; ""
    without one. ``lines``: line feeds and tabs are part of the text.
    """
    for one in text:
        if unicodedata.category(one) in ("Cc", "Zl", "Zp") and not (lines and one in LINES):
            return f"U+{ord(one):04X}"
    return ""


def _luhn(digits: str) -> bool:
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
