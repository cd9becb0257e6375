"""What texts of clients look like, as the gateway asks for it and as the document says it.

All patterns match whole texts and are in the part of the language that ECMA-262, Python and Rust read alike.
"""

import re
from collections.abc import Iterable
from typing import Final

KEY_CHARS_MAX: Final = 255

ONE_LINE: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
"""No character that steers a terminal, a printer or a log: see ``chassis.text.control_character``."""
LINES: Final = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]*$"
"""The same with line feeds and tabs."""
EMAIL: Final = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
)
"""What the contract's ``string.email`` takes: a valid e-mail address of HTML."""
KEY: Final = r"^[!-~]([ -~]*[!-~])?$"
"""An Idempotency-Key. HTTP has no spaces around the value of a header field."""
VERSION_TAG: Final = r'^(W/)?("(0|[1-9][0-9]{0,17})"|0|[1-9][0-9]{0,17})$'
"""An If-Match: the version of a resource, as its ETag says it or bare."""
CURSOR: Final = r"^[A-Za-z0-9_=-]*$"
"""Base64url, which all lists write; "" is the beginning."""


def some_of(names: Iterable[str], most: int) -> str:
    """A pattern of up to ``most`` of ``names``, with commas between them; none: ""."""
    one = "|".join(names)
    return rf"^(({one})(,({one})){{0,{most - 1}}})?$"


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` is what ``pattern`` says: Python's ``$`` would let a line feed pass."""
    return re.fullmatch(pattern, text) is not None
