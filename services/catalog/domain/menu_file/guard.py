"""Cells that a spreadsheet program would run, kept from running: "=cmd" is written as "'=cmd" and read back.

A text that has apostrophes before such a beginning gets one more, so that every text comes back as it was.
"""

FORMULA_STARTS = ("=", "@", "+", "-", "\t", "\r")
"""What spreadsheet programs take for the beginning of a formula. Source: OWASP, CSV Injection."""
GUARD = "'"


def guarded(text: str) -> str:
    """As it is written into a cell."""
    return GUARD + text if text.lstrip(GUARD).startswith(FORMULA_STARTS) else text


def is_guarded(text: str) -> bool:
    """Whether a cell's first apostrophe is a guard."""
    return text.startswith(GUARD) and text.lstrip(GUARD).startswith(FORMULA_STARTS)


def unguarded(text: str) -> str:
    """What a cell means."""
    return text[1:] if is_guarded(text) else text
