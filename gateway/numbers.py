"""Numbers of clients: in paths, queries and headers one text for one number, and none that is too large to be
one; in JSON whole numbers however they are written.
"""

from typing import Any

from pydantic_core import PydanticCustomError

INT64_MAX = 2**63 - 1
"""The largest number that the services know."""
EXACT_MAX = 2**53 - 1
"""Up to here floating-point numbers tell all whole numbers apart (RFC 8259, section 6)."""


def whole_number(text: str, least: int, most: int) -> int | None:
    """The number that ``text`` writes in ASCII digits, from ``least`` (0 or more) to ``most``.

    None for anything else: signs, spaces, other digits, and leading zeros, which would make two addresses
    of one thing.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
        return None
    if text.startswith("0") and text != "0":
        return None
    number = int(text)
    return number if least <= number <= most else None


def whole(value: Any) -> Any:
    """The integer that a JSON number like 150.0 or 1.5e2 is (JSON Schema 2020-12, 4.2.3); all else as it is.

    Raises PydanticCustomError (int_inexact) beyond EXACT_MAX: the client may have meant another.
    """
    if type(value) is not float or not value.is_integer():
        return value
    if abs(value) > EXACT_MAX:
        raise PydanticCustomError(
            "int_inexact",
            "a whole number beyond {most} is exact only without a point and an exponent: write its digits",
            {"most": EXACT_MAX},
        )
    return int(value)
