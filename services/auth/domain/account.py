"""A person's account: who somebody is, and the address by which they are known."""

import unicodedata
from dataclasses import dataclass, field
from uuid import UUID

from chassis.errors import Conflict


class AddressTaken(Conflict):
    """Somebody made an account for this address in the meantime."""

    reason = "CONCURRENT_UPDATE"


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``email`` is normalised."""

    id: UUID
    email: str
    name: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A user with the hash of the password."""

    user: User
    password_hash: str = field(repr=False)


def normalised_email(email: str) -> str:
    """The one spelling under which an address is stored and looked up."""
    return unicodedata.normalize("NFKC", email).strip().casefold()
