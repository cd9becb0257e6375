"""Roles and what each of them may do."""

from enum import StrEnum

from chassis.errors import PermissionDenied


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
        "customers.read",
        "customers.edit",
    }
)
_MANAGER = _EMPLOYEE | {
    "reports.read",
    "till.approve",
    "staff.read",
    "staff.manage",
    "menu.manage",
    "floor.manage",
    "discounts.manage",
    "members.invite",
    "customers.erase",
    "invoices.credit",
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


_RANKS = {role: rank for rank, role in enumerate((*GRANTABLE, Role.PLATFORM_OWNER))}


class RoleNotGrantable(PermissionDenied):
    """This role cannot be given to a member of a restaurant."""


class RoleAboveOwn(PermissionDenied):
    """Nobody gives, takes or changes a role above their own."""


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


def require_rank(own: Role, *roles: Role) -> None:
    """Raises RoleAboveOwn where one of ``roles`` is above ``own``."""
    if any(_RANKS[role] > _RANKS[own] for role in roles):
        raise RoleAboveOwn("This role is above your own.")


def above(role: Role) -> list[Role]:
    """The roles above ``role`` that a member can have."""
    return [each for each in GRANTABLE if _RANKS[each] > _RANKS[role]]
