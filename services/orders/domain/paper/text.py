"""Documents as plain text of a given width."""

from services.orders.domain.paper.printable import columns, padded, wrapped
from services.orders.domain.paper.rows import Face, Paper, Row

GAP = 1
"""Blanks between what stands left and right."""


def as_text(paper: Paper, width: int) -> str:
    """Every line has at most ``width`` places and ends with a line feed."""
    return "".join(f"{line.rstrip()}\n" for row in paper.rows for line in lines_of(row, width))


def lines_of(row: Row, width: int) -> list[str]:
    """The lines of one row. What stands right is never broken apart from what stands left of it, unless both
    have no room in one line.
    """
    if row.face is Face.RULE:
        return ["-" * width]
    if row.centred:
        return [" " * ((width - columns(line)) // 2) + line for line in wrapped(row.left, width)]
    blanks = " " * row.indent
    if not row.right:
        return [blanks + line for line in wrapped(row.left, width - row.indent)]
    if columns(row.right) > width // 2:
        below = [" " * max(0, width - columns(line)) + line for line in wrapped(row.right, width)]
        return [blanks + line for line in wrapped(row.left, width - row.indent)] + below
    room = width - row.indent - columns(row.right) - GAP
    first, *more = wrapped(row.left, room)
    return [blanks + padded(first, room + GAP) + row.right, *(blanks + line for line in more)]
