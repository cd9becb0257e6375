"""Who is calling: a person (or their device) by access token, or one of our services by its own identity."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import PermissionDenied


class PrincipalKind(StrEnum):
    """A person or device, or a service."""

    USER = "user"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as proven. ``restaurant_id`` is the tenant every query of this call is confined to."""

    kind: PrincipalKind
    subject: UUID | None
    name: str
    restaurant_id: UUID | None
    platform_id: UUID | None
    role: str
    permissions: frozenset[str]
    client: str
    device_id: str | None
    session_id: UUID | None
    issued_at: datetime
    expires_at: datetime
    names: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)
    """What a revocation can name of the caller, with the texts of the ids: made once, read in every call."""

    def __post_init__(self) -> None:
        ids = {"user": self.subject, "session": self.session_id, "device": self.device_id}
        named = ids | {"restaurant": self.restaurant_id}
        object.__setattr__(self, "names", tuple((kind, str(value)) for kind, value in named.items()))

    @property
    def restaurant(self) -> str:
        """The text of ``restaurant_id``; "" where there is none."""
        return "" if self.restaurant_id is None else self.names[3][1]

    @property
    def tenant(self) -> UUID:
        """The restaurant the caller acts in. Raises PermissionDenied (NO_RESTAURANT) where there is none."""
        if self.restaurant_id is None:
            raise PermissionDenied("choose a restaurant first", reason="NO_RESTAURANT")
        return self.restaurant_id

    def may(self, permission: str) -> bool:
        """Whether the caller holds ``permission``."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raises PermissionDenied (PERMISSION_MISSING) where the caller does not hold ``permission``.

        For rules finer than a method; the permission of the method itself is checked before it runs.
        """
        if permission not in self.permissions:
            raise PermissionDenied(
                f"{permission} is needed", reason="PERMISSION_MISSING", metadata={"permission": permission}
            )
