"""Who did something."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as printed on reports."""

    user_id: UUID
    name: str
    device_id: str = ""
