"""Rows of a document: what is told in every form of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.orders.domain.paper.printable import printable


class Face(StrEnum):
    """How a row looks."""

    PLAIN = "plain"
    BOLD = "bold"
    BIG = "big"
    """Twice as wide and high, where that is possible."""
    RULE = "rule"
    """A line across, without text."""


@dataclass(frozen=True, slots=True)
class Row:
    """A text on the left and one on the right, or one in the middle. What they hold is made printable here,
    whatever it was: no other text gets on paper.
    """

    left: str = ""
    right: str = ""
    face: Face = Face.PLAIN
    centred: bool = False
    indent: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "left", printable(self.left))
        object.__setattr__(self, "right", printable(self.right))


RULE = Row(face=Face.RULE)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: its title, and rows from top to bottom."""

    title: str
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", printable(self.title))


def middle(text: str, face: Face = Face.PLAIN) -> list[Row]:
    """A row in the middle for each line of the text; none where it is empty."""
    return [Row(line, face=face, centred=True) for line in text.splitlines() if printable(line)]


def paper(title: str, *parts: Sequence[Row]) -> Paper:
    """The parts one below the other, with a line across between those that say something."""
    rows: list[Row] = []
    for part in parts:
        if part:
            rows += [RULE, *part] if rows else part
    return Paper(title, tuple(rows))
