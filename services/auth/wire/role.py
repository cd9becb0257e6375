"""Roles."""

from fynlo.auth.v1 import auth_pb2

from chassis.errors import FieldError, InvalidArgument
from services.auth.domain.role import Role

ROLES = {
    Role.EMPLOYEE: auth_pb2.ROLE_EMPLOYEE,
    Role.MANAGER: auth_pb2.ROLE_MANAGER,
    Role.RESTAURANT_OWNER: auth_pb2.ROLE_RESTAURANT_OWNER,
    Role.PLATFORM_OWNER: auth_pb2.ROLE_PLATFORM_OWNER,
}
_ROLES_READ = {number: role for role, number in ROLES.items()}


def role_of(number: int) -> Role:
    """Raises InvalidArgument for a number without a role."""
    role = _ROLES_READ.get(auth_pb2.Role.ValueType(number))
    if role is None:
        raise InvalidArgument(
            "which role?",
            reason="VALIDATION_FAILED",
            fields=[FieldError("role", "UNKNOWN", "is not a role")],
        )
    return role
