"""Numbers in paths, queries and headers: one text for one number, and none that is too large to be one."""

INT64_MAX = 2**63 - 1
"""The largest number that the services know."""


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
