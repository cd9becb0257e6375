"""What every use case of auth works with, and what it answers about a person."""

from dataclasses import dataclass

from chassis.db import Database
from services.auth.domain.guessing import DEFAULT_ADDRESS_LOCK, LockPolicy
from services.auth.passwords import Passwords
from services.auth.tokens import SigningKeys


@dataclass(frozen=True, slots=True)
class Context:
    """The service's database, keys and hasher."""

    db: Database
    keys: SigningKeys
    passwords: Passwords
    address_policy: LockPolicy = DEFAULT_ADDRESS_LOCK
