"""What stands behind a command: how far the actor's own word goes, and a second person's."""

from dataclasses import dataclass
from enum import StrEnum

from services.orders.domain.actor import Actor


class Rank(StrEnum):
    """What somebody is in the restaurant, as far as their word goes."""

    STAFF = "staff"
    MANAGER = "manager"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Authority:
    """``permission`` is what an approver holds, ``alone`` says that the actor holds it. An approval that came
    is either its approver or the ``fault`` for which it counts for nothing.
    """

    permission: str
    alone: bool
    approver: Actor | None = None
    fault: str = ""
    rank: Rank = Rank.STAFF
    """The actor's."""
    approver_rank: Rank = Rank.STAFF
