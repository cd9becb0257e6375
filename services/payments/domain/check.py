"""Checks: the bills that one order is split into. Orders says what each comes to, and is asked when one is
paid; what has been taken for it is known here, under the lock of the order's bill.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.payments.domain.errors import AmountAboveBalance, CheckNotFound, CheckPaid


@dataclass(frozen=True, slots=True)
class Check:
    """One of an order's checks as orders told it a moment ago, in minor units.

    ``paid_minor`` is what orders has heard of, money that was paid without naming a check among it.
    """

    id: str
    total_minor: int
    paid_minor: int


def check_of(checks: Sequence[Check], check_id: str) -> Check:
    """Raises CheckNotFound."""
    for check in checks:
        if check.id == check_id:
            return check
    raise CheckNotFound("The order has no such check: read its checks again.")


def amount_for_check(check: Check, taken_minor: int, bill_due_minor: int, wanted_minor: int | None) -> int:
    """What a payment of ``wanted_minor`` (None: all that is due) takes for a check.

    ``taken_minor`` is what payments for it have taken so far. Never more than is due on the check, nor on the
    whole bill. Raises CheckPaid, AmountAboveBalance.
    """
    paid = max(check.paid_minor, taken_minor)
    due = max(0, min(bill_due_minor, check.total_minor - paid))
    if due == 0:
        raise CheckPaid("This check is paid.", metadata={"check_id": check.id})
    if wanted_minor is not None and wanted_minor > due:
        raise AmountAboveBalance(
            f"{due} is due on this check, {wanted_minor} is more. A tip and what is tendered have fields of "
            "their own.",
            metadata={"due_minor": str(due), "amount_minor": str(wanted_minor), "check_id": check.id},
        )
    return due if wanted_minor is None else wanted_minor
