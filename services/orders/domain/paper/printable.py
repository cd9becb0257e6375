"""The one place in which what people typed becomes text of a document.

Nothing that steers a printer, a terminal or a browser gets through: control characters (ESC, NUL, CR and all
others of the C categories of Unicode), those that turn the direction of text, and line ends. What is left is
one line that can only be read.
"""

import unicodedata

MARKS_MAX = 3
"""Accents on one letter; more of them would run over the lines around it."""
_WIDE = frozenset("WF")


def printable(text: str) -> str:
    """One line of visible characters, blanks tidied."""
    shown: list[str] = []
    marks = 0
    for one in unicodedata.normalize("NFC", text):
        if one.isspace():
            shown.append(" ")
        elif unicodedata.category(one).startswith("C"):
            continue
        else:
            marks = marks + 1 if columns(one) == 0 else 0
            if marks <= MARKS_MAX:
                shown.append(one)
    return " ".join("".join(shown).split())


def columns(text: str) -> int:
    """How many places of a terminal the text takes: most characters one, those of East Asia and emoji two,
    accents none.
    """
    return sum(_columns_of(one) for one in text)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` places, broken at blanks where there are some; at least one line."""
    lines, line = [], ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if columns(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, width)
        lines += whole
    return [*lines, line]


def padded(text: str, width: int) -> str:
    """The text and blanks up to ``width`` places."""
    return text + " " * max(0, width - columns(text))


def _columns_of(one: str) -> int:
    if unicodedata.category(one) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(one) in _WIDE else 1


def _pieces(word: str, width: int) -> list[str]:
    pieces, piece = [], ""
    for one in word:
        if piece and columns(piece + one) > width:
            pieces.append(piece)
            piece = ""
        piece += one
    return [*pieces, piece]
