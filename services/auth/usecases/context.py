"""What every use case of auth works with, and what it answers about a person."""

import asyncio
from dataclasses import dataclass, field

from chassis.db import Database
from services.auth.domain.guess import DEFAULT_ADDRESS_LOCK, LockPolicy
from services.auth.domain.invitation import INVITATIONS_PER_HOUR
from services.auth.passwords import Passwords
from services.auth.tokens import SigningKeys


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """``public_url`` is what links begin with. ``local``: mails stay on this machine and can be listed."""

    public_url: str = "http://127.0.0.1:8080"
    local: bool = False
    invitations_per_hour: int = INVITATIONS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Context:
    """The service's database, keys and hasher."""

    db: Database
    keys: SigningKeys
    passwords: Passwords
    address_policy: LockPolicy = DEFAULT_ADDRESS_LOCK
    mail: MailPolicy = MailPolicy()
    mail_waits: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after a commit that queued a mail: the sender need not look again and again."""
