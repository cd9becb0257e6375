"""Invitations: a membership that waits until the holder of the address accepts it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotFound, PermissionDenied, ResourceExhausted, Unprocessable
from services.auth.domain.roles import GRANTABLE, Role

INVITATION_LIFE = timedelta(days=7)
PENDING_MAX = 500
"""Invitations of one restaurant that may wait at once."""
INVITATIONS_PER_HOUR = 60
"""Of one restaurant, renewals included."""
INVITATIONS_PER_ADDRESS_MAX = 5
"""Mails that one restaurant may send to one address within ADDRESS_WINDOW."""
ADDRESS_WINDOW = timedelta(days=1)

_RANKS = {role: rank for rank, role in enumerate((*GRANTABLE, Role.PLATFORM_OWNER))}


class InvitationRequired(Unprocessable):
    """People join by invitation: nobody is added by somebody else."""


class InvitationNotFound(NotFound):
    """There is no such invitation in the caller's restaurant that is still pending."""


class AlreadyMember(Conflict):
    """The address belongs to a member of this restaurant already."""


class RoleAboveOwn(PermissionDenied):
    """Nobody gives, takes or changes a role above their own."""


class TooManyInvitations(ResourceExhausted):
    """More invitations than a restaurant may send; ``metadata["retry_after_seconds"]`` says when to go on."""


class InvitationState(StrEnum):
    """EXPIRED is never stored: it is what a pending one becomes by itself."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Invitation:
    """``email`` is normalised; ``name`` is what the restaurant calls the person, "" where it says nothing."""

    id: UUID
    restaurant_id: UUID
    email: str
    name: str
    role: Role
    stored_state: InvitationState
    invited_by: UUID
    created_at: datetime
    expires_at: datetime

    def state_at(self, now: datetime) -> InvitationState:
        """What it is now."""
        if self.stored_state is InvitationState.PENDING and now >= self.expires_at:
            return InvitationState.EXPIRED
        return self.stored_state


@dataclass(frozen=True, slots=True)
class Preview:
    """What the holder of a link is asked to accept. ``has_account``: whose password is asked for."""

    invitation: Invitation
    restaurant_name: str
    has_account: bool


def require_rank(own: Role, *roles: Role) -> None:
    """Raises RoleAboveOwn where one of ``roles`` is above ``own``."""
    if any(_RANKS[role] > _RANKS[own] for role in roles):
        raise RoleAboveOwn("This role is above your own.")


def above(role: Role) -> list[Role]:
    """The roles above ``role`` that a member can have."""
    return [each for each in GRANTABLE if _RANKS[each] > _RANKS[role]]
