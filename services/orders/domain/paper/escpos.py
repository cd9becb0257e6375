"""Documents as bytes for receipt printers (ESC/POS), in code page PC858.

PC858 is what such printers have built in and has the euro sign; UTF-8 is known to a few of them only. What it
does not have is written with the letters it has, and a question mark stands for the rest. Source: Epson,
ESC/POS Command Reference (ESC @, ESC t, ESC E, GS !, GS V).
"""

import unicodedata

from services.orders.domain.paper.printable import columns
from services.orders.domain.paper.rows import Face, Paper, Row
from services.orders.domain.paper.text import lines_of

CODE_PAGE = "cp858"
INITIALISE = b"\x1b@\x1bt\x13"
BOLD_ON, BOLD_OFF = b"\x1bE\x01", b"\x1bE\x00"
BIG_ON, BIG_OFF = b"\x1d!\x11", b"\x1d!\x00"
BIG_FACTOR = 2
FEED_AND_CUT = b"\n\n\n\x1dVB\x00"
UNKNOWN = "?"
_SPELT = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "−": "-", "•": "*",
    "Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ẞ": "SS",
}  # fmt: skip


def as_escpos(paper: Paper, width: int) -> bytes:
    """``width`` is the printer's, in characters of its usual size."""
    return INITIALISE + b"".join(_row(row, width) for row in paper.rows) + FEED_AND_CUT


def spelt(text: str) -> str:
    """The text with characters of the code page alone, each one place wide."""
    return "".join(_spelt(one) for one in text)


def _row(row: Row, width: int) -> bytes:
    plain = Row(spelt(row.left), spelt(row.right), row.face, row.centred, row.indent)
    big = row.face is Face.BIG
    lines = lines_of(plain, width // BIG_FACTOR if big else width)
    body = b"".join(line.rstrip().encode(CODE_PAGE) + b"\n" for line in lines)
    if big:
        return BIG_ON + body + BIG_OFF
    return BOLD_ON + body + BOLD_OFF if row.face is Face.BOLD else body


def _spelt(one: str) -> str:
    if one in _SPELT:
        return _SPELT[one]
    if columns(one) == 0:
        return ""
    if _has(one):
        return one
    base = "".join(part for part in unicodedata.normalize("NFKD", one) if _has(part))
    return base or UNKNOWN


def _has(one: str) -> bool:
    try:
        one.encode(CODE_PAGE)
    except UnicodeEncodeError:
        return False
    return True
