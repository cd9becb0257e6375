"""Where a person stands: role, restaurant and permissions of one session."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.auth.domain.account import User
from services.auth.domain.member import Membership
from services.auth.domain.restaurant import Restaurant
from services.auth.domain.role import Role, permissions_of
from services.auth.domain.session import NoMembership

RESTAURANTS_IN_SESSION_MAX = 200
"""A log-in names at most this many restaurants; the list of all has pages."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``restaurant`` is None for a platform owner who has chosen none; ``restaurants`` are those to choose
    from.
    """

    user: User
    role: Role
    platform_id: UUID | None
    restaurant: Restaurant | None
    restaurants: Sequence[Membership]

    @property
    def permissions(self) -> frozenset[str]:
        """What a token of this standing carries."""
        return permissions_of(self.role, in_restaurant=self.restaurant is not None)

    @property
    def restaurant_id(self) -> UUID | None:
        """The tenant."""
        return None if self.restaurant is None else self.restaurant.settings.restaurant_id


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The answer to a log-in, a refresh and a switch."""

    access_token: str
    refresh_token: str
    standing: Standing


def membership_among(memberships: Sequence[Membership], restaurant_id: UUID) -> Membership | None:
    """What a person is in a restaurant, where it is one of these."""
    return next((one for one in memberships if one.restaurant_id == restaurant_id), None)


def entrance(memberships: Sequence[Membership], platforms: Sequence[UUID]) -> UUID | None:
    """Where a log-in leads: platform owners to no restaurant until they choose, others to their oldest one.

    Raises NoMembership for a person who belongs nowhere.
    """
    if platforms:
        return None
    if not memberships:
        raise NoMembership("You do not belong to any restaurant.")
    return memberships[0].restaurant_id
