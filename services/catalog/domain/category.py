"""A category of a menu."""

from dataclasses import dataclass
from uuid import UUID

from services.catalog.domain.label import name_errors, name_key, position_errors, refuse


@dataclass(frozen=True, slots=True)
class Category:
    """``version`` is the menu version that last changed it."""

    id: UUID
    name: str
    position: int = 0
    version: int = 0

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)


def check_category(category: Category) -> None:
    """Raises InvalidMenu with every rule that the category breaks."""
    refuse(name_errors("category.name", category.name) + position_errors("category", category.position))
