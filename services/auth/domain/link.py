"""Links that prove a mailbox: single-use, expiring, stored as hashes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import ResourceExhausted, Unprocessable
from services.auth.domain.invitation import INVITATION_LIFE

RESET_LIFE = timedelta(hours=1)
GUESSES_PER_HOUR = 100
"""Links that do not exist, from one network address."""
RESETS_PER_ADDRESS_HOUR = 5
"""Mails to one address; what is asked beyond is answered alike and not sent."""
RESETS_PER_SOURCE_HOUR = 60
"""Asked for from one network address: a restaurant's whole staff shares one."""
HOUR = timedelta(hours=1)


class LinkInvalid(Unprocessable):
    """The link was used, withdrawn or never made."""


class LinkExpired(Unprocessable):
    """The link is too old: ask for a new one."""


class TooManyAttempts(ResourceExhausted):
    """Too many from one place; ``metadata["retry_after_seconds"]`` says when to go on."""


class Purpose(StrEnum):
    """What a link is good for."""

    INVITATION = "invitation"
    RESET = "reset"


LIFE = {Purpose.INVITATION: INVITATION_LIFE, Purpose.RESET: RESET_LIFE}


@dataclass(frozen=True, slots=True)
class Link:
    """``subject_id``: the invitation (of restaurant ``tenant_id``) or the user whose password it sets."""

    purpose: Purpose
    subject_id: UUID
    tenant_id: UUID | None
    expires_at: datetime


def require_link(link: Link | None, purpose: Purpose, now: datetime) -> Link:
    """The link, where it is one of that purpose and not too old. Raises LinkInvalid, LinkExpired."""
    if link is None or link.purpose is not purpose:
        raise LinkInvalid("This link does not work any more: it was used or withdrawn.")
    if now >= link.expires_at:
        raise LinkExpired("This link is too old. Ask for a new one.")
    return link
