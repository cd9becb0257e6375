"""Invitations: a membership that waits until the holder of the address accepts it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotFound, ResourceExhausted, Unprocessable
from services.auth.domain.account import normalised_email
from services.auth.domain.role import Role

INVITATION_LIFE = timedelta(days=7)
PENDING_MAX = 500
"""Invitations of one restaurant that may wait at once."""
INVITATIONS_PER_HOUR = 60
"""Of one restaurant, renewals included."""
INVITATIONS_PER_ADDRESS_MAX = 5
"""Mails that one restaurant may send to one address within ADDRESS_WINDOW."""
ADDRESS_WINDOW = timedelta(days=1)


class InvitationRequired(Unprocessable):
    """People join by invitation: nobody is added by somebody else."""


class InvitationNotFound(NotFound):
    """There is no such invitation in the caller's restaurant that is still pending."""


class AlreadyMember(Conflict):
    """The address belongs to a member of this restaurant already."""


class TooManyInvitations(ResourceExhausted):
    """More invitations than a restaurant may send; ``metadata["retry_after_seconds"]`` says when to go on."""


@dataclass(frozen=True, slots=True)
class Inviter:
    """Who invites, and what they are in the restaurant."""

    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is to come, as what. ``name`` is what the restaurant calls the person, or ""."""

    email: str
    role: Role
    name: str = ""

    def normalised(self) -> "Invitee":
        """The same, as it is stored."""
        return Invitee(normalised_email(self.email), self.role, " ".join(self.name.split()))


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
class Invited:
    """An invitation as it stood at ``at``."""

    invitation: Invitation
    at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What the holder of a link is asked to accept. ``has_account``: whose password is asked for."""

    invitation: Invitation
    restaurant_name: str
    has_account: bool
