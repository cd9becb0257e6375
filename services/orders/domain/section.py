"""Sections: the parts of a floor."""

from dataclasses import dataclass
from uuid import UUID

from services.orders.domain.errors import TooManySections
from services.orders.domain.label import name_key

SECTIONS_MAX = 200
"""In one restaurant."""


@dataclass(frozen=True, slots=True)
class Section:
    """A room, a terrace, the bar: tables stand in it."""

    id: UUID
    name: str
    position: int
    version: int

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)


def check_section_count(others: int) -> None:
    """Whether there is room for one more. Raises TooManySections."""
    if others >= SECTIONS_MAX:
        raise TooManySections(f"A restaurant has at most {SECTIONS_MAX} sections.")
