"""Roles and what each of them may do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, PermissionDenied


class Role(StrEnum):
    """What a person is in a restaurant. The texts are the ``role`` claim of access tokens."""

    EMPLOYEE = "employee"
    MANAGER = "manager"
    RESTAURANT_OWNER = "restaurant_owner"
    PLATFORM_OWNER = "platform_owner"


_EMPLOYEE = frozenset(
    {
        "session.own",
        "menu.read",
        "stock.adjust",
        "orders.read",
        "orders.place",
        "orders.cancel",
        "kitchen.read",
        "kitchen.work",
        "payments.take",
        "payments.read",
        "till.operate",
        "staff.clock",
        "realtime.subscribe",
    }
)
_MANAGER = _EMPLOYEE | {
    "reports.read",
    "till.approve",
    "staff.read",
    "staff.manage",
    "menu.manage",
    "members.invite",
}
_RESTAURANT_OWNER = _MANAGER | {"members.manage", "settings.manage"}
_PLATFORM_OWNER = _RESTAURANT_OWNER | {"restaurants.manage", "platform.operate"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.EMPLOYEE: _EMPLOYEE,
    Role.MANAGER: _MANAGER,
    Role.RESTAURANT_OWNER: _RESTAURANT_OWNER,
    Role.PLATFORM_OWNER: _PLATFORM_OWNER,
}
OUTSIDE_RESTAURANTS = frozenset({"session.own", "restaurants.manage", "platform.operate"})
"""What a platform owner may do before choosing a restaurant: nothing that needs one."""

GRANTABLE = (Role.EMPLOYEE, Role.MANAGER, Role.RESTAURANT_OWNER)
"""A platform owner is made with the platform, never as a member of a restaurant."""


class RoleNotGrantable(PermissionDenied):
    """This role cannot be given to a member of a restaurant."""


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


def permissions_of(role: Role, *, in_restaurant: bool) -> frozenset[str]:
    """The permissions of a token for ``role``, inside a restaurant or (platform owners only) outside of
    any.
    """
    if in_restaurant:
        return PERMISSIONS[role]
    return OUTSIDE_RESTAURANTS if role is Role.PLATFORM_OWNER else frozenset({"session.own"})


def require_grantable(role: Role) -> None:
    """Raises RoleNotGrantable for a role that members do not have."""
    if role not in GRANTABLE:
        raise RoleNotGrantable(
            f"{role} cannot be given to a member.", metadata={"allowed": ",".join(GRANTABLE)}
        )


def require_other_owner(losing: Role, owners_now: int) -> None:
    """Raises LastOwner where a person who is ``losing`` a role is the only owner of the restaurant."""
    if losing is Role.RESTAURANT_OWNER and owners_now <= 1:
        raise LastOwner("Make somebody else an owner first.")
