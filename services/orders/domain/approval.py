"""What stands behind a command: how far the actor's own word goes, and a second person's."""

from dataclasses import dataclass
from enum import StrEnum

from services.orders.domain.actor import Actor
from services.orders.domain.errors import ApprovalInvalid, ApprovalNeeded


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


UNAPPROVED = Authority("till.approve", alone=False)
"""Nobody's word: of requests that ask for nothing that needs one."""


def second_person(authority: Authority, cause: str, what: str) -> Actor | None:
    """Who approved what the actor may not do alone; None where the actor may approve it.

    ``what`` it is, as a sentence. Raises ApprovalNeeded with the ``cause``, ApprovalInvalid.
    """
    if authority.alone:
        return None
    facts = {"cause": cause, "permission": authority.permission}
    if authority.fault:
        raise ApprovalInvalid(
            "This approval does not count: it is the valid log-in of somebody else in this restaurant who "
            f"may approve ({authority.permission}), a manager for example.",
            metadata={**facts, "fault": authority.fault},
        )
    if authority.approver is None:
        raise ApprovalNeeded(
            f"{what} Somebody who may approve it ({authority.permission}), a manager for example, does it or "
            "sends the approval.",
            metadata=facts,
        )
    return authority.approver
