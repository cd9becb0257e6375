"""Text of strangers on one line of a log or terminal: it ends no line, moves no cursor, reverses nothing."""

import re

_UNRULY = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # ESC, CR, newline and the other controls of ASCII and Latin-1
    r"\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"  # separators of lines, changes of direction
    r"\ud800-\udfff]"  # halves of a character, which no encoding can write
)


def printable(text: str) -> str:
    """``text`` with every character that could pose as something else written as its escape."""
    return _UNRULY.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
