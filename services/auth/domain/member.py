"""The people of a restaurant, and what each of them is there."""

from dataclasses import dataclass
from uuid import UUID

from chassis.errors import Conflict, NotFound
from services.auth.domain.role import Role


class MemberNotFound(NotFound):
    """This person does not belong to the caller's restaurant."""


class LastOwner(Conflict):
    """A restaurant keeps at least one owner."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's role in one restaurant, with the names that are shown for both."""

    user_id: UUID
    restaurant_id: UUID
    restaurant_name: str
    role: Role
    email: str
    name: str


def require_other_owner(losing: Role, owners_now: int) -> None:
    """Raises LastOwner where a person who is ``losing`` a role is the only owner of the restaurant."""
    if losing is Role.RESTAURANT_OWNER and owners_now <= 1:
        raise LastOwner("Make somebody else an owner first.")
