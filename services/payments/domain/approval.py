"""What a person at a till may do alone, and what needs a second person's approval.

Limits are minor units of the restaurant's currency, like everything here. They count up within one session
and one bill, so that a large sum in small pieces meets them as well. Whoever holds the approver's permission
needs nobody; nothing lifts the bound of the drawer itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.payments.domain.actor import Actor
from services.payments.domain.errors import (
    ApprovalInvalid,
    ApprovalNeeded,
    ApprovalNeedsReason,
    DrawerEventsFull,
    DrawerShort,
    VarianceNeedsManager,
)
from services.payments.domain.till import (
    DRAWER_EVENTS_MAX,
    VARIANCE_LIMIT_MINOR,
    DrawerKind,
    TillSession,
)

UNAPPROVED_LIMITS_MINOR: Mapping[DrawerKind, int] = {
    DrawerKind.PAID_IN: 20_000,
    DrawerKind.PAID_OUT: 5_000,
    DrawerKind.DROP: 100_000,
}
"""What one person moves in one session without approval, of each kind: change from the bank, milk and a taxi,
a day's notes for the safe. Opening the drawer moves nothing."""
UNAPPROVED_TIP_SHARE_BP = 10_000
"""Basis points of a bill that its tips may come to without approval: as much as the bill itself."""
WHOLE_BP = 10_000


class Cause(StrEnum):
    """Why an approval is needed; ``metadata["cause"]`` of the refusal."""

    ANOTHERS_TILL = "anothers_till"
    DRAWER_LIMIT = "drawer_limit"
    TIP_LIMIT = "tip_limit"
    VARIANCE = "variance"
    CARRY_OVER = "carry_over"


@dataclass(frozen=True, slots=True)
class Need:
    """That an approval is needed, and above which limit (None: whatever the amount)."""

    cause: Cause
    limit_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """What stands behind a command.

    ``permission`` is what an approver holds, ``alone`` says that the actor holds it. An approval that came
    is either its approver or the ``fault`` for which it counts for nothing.
    """

    permission: str
    alone: bool
    approver: Actor | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a session's drawer saw beside sales: how many events, and what one person moved unapproved."""

    events: int
    unapproved_minor: int


def check_drawer(session: TillSession, kind: DrawerKind, amount_minor: int, moved: Moved) -> None:
    """No more leaves a drawer than is in it, whoever approves. Raises DrawerShort, DrawerEventsFull."""
    if moved.events >= DRAWER_EVENTS_MAX:
        raise DrawerEventsFull(
            f"A session has {DRAWER_EVENTS_MAX} drawer events at most: count and close this till first.",
            metadata={"limit": str(DRAWER_EVENTS_MAX)},
        )
    leaves = amount_minor if kind in (DrawerKind.PAID_OUT, DrawerKind.DROP) else 0
    if leaves > session.expected_minor:
        raise DrawerShort(
            f"{leaves} cannot leave a drawer that has {session.expected_minor} in it.",
            metadata={"in_drawer_minor": str(session.expected_minor), "amount_minor": str(leaves)},
        )


def drawer_need(
    session: TillSession, actor: Actor, kind: DrawerKind, amount_minor: int, moved: Moved
) -> Need | None:
    """The approval that moving cash beside a sale needs; None where the actor may do it alone."""
    if kind is DrawerKind.NO_SALE:
        return None
    if actor.user_id != session.opened_by.user_id:
        return Need(Cause.ANOTHERS_TILL)
    limit = UNAPPROVED_LIMITS_MINOR[kind]
    return Need(Cause.DRAWER_LIMIT, limit) if moved.unapproved_minor + amount_minor > limit else None


def tip_need(bill_total_minor: int, tips_minor: int) -> Need | None:
    """The approval that the tips of a bill need, with the one that is being taken."""
    limit = bill_total_minor * UNAPPROVED_TIP_SHARE_BP // WHOLE_BP
    return Need(Cause.TIP_LIMIT, limit) if tips_minor > limit else None


def closing_need(variance_minor: int, *, carries_over: bool) -> Need | None:
    """The approval that closing a till needs: its count differs, or it leaves orders half paid."""
    if abs(variance_minor) > VARIANCE_LIMIT_MINOR:
        return Need(Cause.VARIANCE, VARIANCE_LIMIT_MINOR)
    return Need(Cause.CARRY_OVER) if carries_over else None


def approver_of(need: Need | None, authority: Authority, reason: str) -> Actor | None:
    """Who approved what is needed; None where nobody had to.

    Raises ApprovalNeeded (of a variance VarianceNeedsManager), ApprovalInvalid, ApprovalNeedsReason.
    """
    if need is None or authority.alone:
        return None
    facts = {"cause": need.cause.value, "permission": authority.permission}
    if need.limit_minor is not None:
        facts["limit_minor"] = str(need.limit_minor)
    if authority.fault:
        raise ApprovalInvalid(
            "This approval does not count: it is the valid log-in of somebody else in this restaurant who "
            f"may approve ({authority.permission}), a manager for example.",
            metadata={**facts, "fault": authority.fault},
        )
    if authority.approver is None:
        refusal = VarianceNeedsManager if need.cause is Cause.VARIANCE else ApprovalNeeded
        raise refusal(
            f"{_SENTENCES[need.cause]} Somebody who may approve it ({authority.permission}), a manager for "
            "example, does it or sends the approval.",
            metadata=facts,
        )
    if not reason.strip():
        raise ApprovalNeedsReason("Say why: what was approved is kept with its reason.", metadata=facts)
    return authority.approver


_SENTENCES = {
    Cause.ANOTHERS_TILL: "Somebody else opened this till.",
    Cause.DRAWER_LIMIT: "This is more than one person moves alone in a session.",
    Cause.TIP_LIMIT: "The tips of this bill would be more than the bill allows.",
    Cause.VARIANCE: "The count differs by more than the limit.",
    Cause.CARRY_OVER: "Orders that are paid in part are carried over.",
}
