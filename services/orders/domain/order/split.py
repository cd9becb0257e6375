"""The bill of an order is split into checks. The kitchen never hears of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from chassis.errors import FieldError
from chassis.ids import derived_id
from services.orders.domain.check import (
    ONE_BILL,
    Check,
    CheckKind,
    Group,
    Share,
    Split,
    SplitMode,
    WantedSplit,
    held,
    sums_of,
    together,
)
from services.orders.domain.errors import ChecksPaid, EditConflict, LineRefused, SplitRefused
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.checks import (
    BP_IN_ALL,
    NO_SEAT,
    PAID_BEFORE,
    refuse_too_large,
    seats_label,
    settle,
    sums_of_order,
)
from services.orders.domain.order.guards import illegal, may_split
from services.orders.domain.order.order import Order
from services.orders.domain.spread import by_totals


def split(locked: Locked, wanted: WantedSplit, stamp: Stamp) -> Change | None:
    """Anew, but for the checks that somebody has paid on; what they leave is split. None: it stays one bill.

    Raises IllegalTransition (no draft, nothing after the order is paid, done or cancelled), EditConflict
    (somebody split it since the version that the client saw), ChecksPaid,
    SplitRefused (422: AMOUNTS_ABOVE_TOTAL, INVALID_SPLIT, NO_SEATS, SHARES_ABOVE_LINE, SPLIT_TOO_LARGE,
    UNKNOWN_SEAT), LineRefused (UNKNOWN_LINE).
    """
    order = locked.order
    if not may_split(order):
        raise illegal(order, "split")
    _refuse_unseen(order, wanted)
    refuse_other_modes_parts(wanted)
    paid, ways_left = _paid(order, wanted)
    rest = sums_of_order(order).minus(sums_of(paid))
    if not rest.total_minor:
        raise ChecksPaid("Somebody has paid on every check: nothing is left to split.")
    asked = _asked(order, wanted, paid, rest.total_minor, ways_left)
    made = settle(order, Split(wanted.mode, (*paid, *asked), wanted.ways), fresh=True)
    refuse_too_large(made)
    now = made if len(made.checks) > 1 else None
    after = replace(order, split=now, split_version=order.version + 1)
    if after.split is None and order.split is None:
        return None
    return change_of(locked, after, (), stamp, [Updated("split")])


def _refuse_unseen(order: Order, wanted: WantedSplit) -> None:
    if not 0 < wanted.base_version < order.split_version:
        return
    theirs = ONE_BILL if order.split is None else order.split.words
    raise EditConflict(
        f"Somebody split it meanwhile: {theirs}.",
        metadata={
            "conflict.field": "split",
            "conflict.yours": wanted.words,
            "conflict.theirs": theirs,
        },
        fields=[FieldError("split", "conflict", "Somebody changed it meanwhile.")],
    )


def refuse_other_modes_parts(wanted: WantedSplit) -> None:
    """Raises SplitRefused (INVALID_SPLIT)."""
    evenly = wanted.mode is SplitMode.EVEN
    if evenly != bool(wanted.ways):
        detail = "Say by how many it is split: ways." if evenly else f"A split by {wanted.mode} has no ways."
        raise SplitRefused("INVALID_SPLIT", "ways", detail)
    if evenly and wanted.groups:
        raise SplitRefused("INVALID_SPLIT", "groups", "An even split has no groups.")
    for index, group in enumerate(wanted.groups):
        parts = {
            SplitMode.ITEM: bool(group.shares),
            SplitMode.SEAT: bool(group.seats),
            SplitMode.AMOUNT: bool(group.amount_minor),
            SplitMode.PERCENTAGE: bool(group.bp),
        }
        if [mode for mode, said in parts.items() if said] != [wanted.mode]:
            raise SplitRefused(
                "INVALID_SPLIT",
                f"groups[{index}]",
                f"{_NEEDED[wanted.mode]}, and nothing else, is what it pays.",
            )


_NEEDED = {
    SplitMode.ITEM: "At least one line",
    SplitMode.SEAT: "At least one seat",
    SplitMode.AMOUNT: "An amount",
    SplitMode.PERCENTAGE: "A percentage",
}


def _paid(order: Order, wanted: WantedSplit) -> tuple[tuple[Check, ...], int]:
    """The checks with money on them, and how many even shares are still to be paid beside them.

    Raises ChecksPaid for another number of ways while even shares are paid and others are not.
    """
    before = order.split
    frozen = () if before is None else before.frozen
    unplaced = order.totals.paid_minor - sum(check.paid_minor for check in frozen)
    if unplaced > 0:
        pool = sums_of_order(order).minus(sums_of(frozen))
        part = min(unplaced, pool.total_minor)
        sums, _ = by_totals(pool, [part, pool.total_minor - part])
        earlier_id = derived_id(order.id, order.version, "earlier")
        frozen = (*frozen, Check(earlier_id, PAID_BEFORE, CheckKind.EARLIER, sums, unplaced))
    shares = [check for check in frozen if check.kind is CheckKind.SHARE]
    if before is None or before.mode is not SplitMode.EVEN or not 0 < len(shares) < before.ways:
        return tuple(replace(check, kind=CheckKind.EARLIER) for check in frozen), wanted.ways
    if wanted.mode is not SplitMode.EVEN:
        return tuple(replace(check, kind=CheckKind.EARLIER) for check in frozen), 0
    if wanted.ways != before.ways:
        raise ChecksPaid(
            f"Somebody has paid one of {before.ways} even shares, so that {before.ways} it stays.",
            metadata={"ways": str(before.ways)},
        )
    return frozen, wanted.ways - len(shares)


def _asked(
    order: Order, wanted: WantedSplit, paid: Sequence[Check], rest_minor: int, ways_left: int
) -> list[Check]:
    """A check without sums for each even share or group."""
    if wanted.mode is SplitMode.EVEN:
        first = wanted.ways - ways_left + 1
        labels = [f"{number} of {wanted.ways}" for number in range(first, wanted.ways + 1)]
        return [Check(_id(order, index), label) for index, label in enumerate(labels)]
    if wanted.mode is SplitMode.ITEM:
        shares: Sequence[tuple[Share, ...]] = _shares(order, wanted.groups, held(paid))
    else:
        shares = [()] * len(wanted.groups)
    if wanted.mode is SplitMode.SEAT:
        _refuse_seats(order, wanted.groups, held(paid))
    if sum(group.amount_minor for group in wanted.groups) > rest_minor:
        raise SplitRefused(
            "AMOUNTS_ABOVE_TOTAL", "groups", f"They are more than what is left to split: {rest_minor}."
        )
    if sum(group.bp for group in wanted.groups) > BP_IN_ALL:
        raise SplitRefused("AMOUNTS_ABOVE_TOTAL", "groups", "They are more than all of it.")
    return [
        Check(
            _id(order, index),
            group.label or (seats_label(group.seats) if group.seats else str(index + 1)),
            shares=shares[index],
            seats=group.seats,
            asked_minor=group.amount_minor,
            asked_bp=group.bp,
        )
        for index, group in enumerate(wanted.groups)
    ]


def _id(order: Order, index: int) -> UUID:
    return derived_id(order.id, order.version, "check", index)


def _shares(order: Order, groups: Sequence[Group], taken: Mapping[UUID, Fraction]) -> list[tuple[Share, ...]]:
    """What each group holds: its part of a line, else an equal part of what is left of it."""
    lines = {line.id: line for line in order.lines if not line.voided}
    _refuse_lines(groups, set(lines))
    said = [share for group in groups for share in group.shares]
    named = together((share.line_id, share.part) for share in said if share.part is not None)
    sharers = Counter(share.line_id for share in said if share.part is None)
    left = {
        line_id: 1 - taken.get(line_id, Fraction()) - named.get(line_id, Fraction())
        for line_id in {share.line_id for share in said}
    }
    for line_id, part in left.items():
        if part < 0 or (part == 0 and sharers[line_id]):
            raise SplitRefused(
                "SHARES_ABOVE_LINE", "groups", f"They are more than what is left of {lines[line_id].name}."
            )
    return [
        tuple(
            Share(
                share.line_id,
                left[share.line_id] / sharers[share.line_id] if share.part is None else share.part,
            )
            for share in group.shares
        )
        for group in groups
    ]


def _refuse_lines(groups: Sequence[Group], known: set[UUID]) -> None:
    for index, group in enumerate(groups):
        named = [share.line_id for share in group.shares]
        for line_id in named:
            if line_id not in known:
                raise LineRefused(
                    "UNKNOWN_LINE", f"groups[{index}].lines", f"The order has no line {line_id}."
                )
        if len(set(named)) != len(named):
            raise SplitRefused("INVALID_SPLIT", f"groups[{index}].lines", "A check names a line once.")


def _refuse_seats(order: Order, groups: Sequence[Group], taken: Mapping[UUID, Fraction]) -> None:
    lines = [line for line in order.lines if not line.voided and taken.get(line.id, 0) < 1]
    occupied = {line.seat for line in lines} - {NO_SEAT}
    if not occupied:
        raise SplitRefused("NO_SEATS", "mode", "No line of the order is at a seat.")
    named = [seat for group in groups for seat in group.seats]
    for seat in named:
        if seat not in occupied:
            raise SplitRefused(
                "UNKNOWN_SEAT", "groups", f"Nothing of the order is left to pay at seat {seat}."
            )
    if len(set(named)) != len(named):
        raise SplitRefused("INVALID_SPLIT", "groups", "A seat is on one check.")
