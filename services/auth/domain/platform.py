"""Platforms: whoever runs restaurants with Fynlo."""

from dataclasses import dataclass
from uuid import UUID

from services.auth.domain.account import User


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform with the owner by whom, together with its name, it is found again."""

    id: UUID
    name: str
    owner: User
