"""The checks of an order stay true to it: whatever is added, taken off or paid, together they are it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from uuid import UUID

from chassis.ids import derived_id
from services.orders.domain.check import (
    CHECKS_MAX,
    SHARE_DENOMINATOR_MAX,
    SHARES_MAX,
    VAT_GROUPS_MAX,
    Check,
    CheckKind,
    Share,
    Split,
    SplitMode,
    Sums,
    by_rate,
    held,
    sums_of,
    together,
)
from services.orders.domain.errors import ChecksPaid, SplitRefused
from services.orders.domain.order.order import Line, Order
from services.orders.domain.spread import by_goods, by_totals, fitted, spread

BP_IN_ALL = 10_000
LABEL_MAX = 24
NO_SEAT = 0
REST = "Rest"
PAID_BEFORE = "Paid before"


@dataclass(frozen=True, slots=True)
class CheckPart:
    """What a check pays of a line: how much of it (None: its part of everything), in minor units, and what of
    that line's discount is its own."""

    line: Line
    part: Fraction | None
    amount_minor: int
    discount_minor: int


def sums_of_order(order: Order) -> Sums:
    """What all checks of it sum up to."""
    totals = order.totals
    return Sums(
        totals.goods_minor,
        totals.discount_minor,
        totals.service_charge_minor,
        by_rate(order.vat),
        totals.total_minor,
    )


def parts_of(order: Order, check: Check) -> tuple[CheckPart, ...]:
    """The lines of a check as its receipt has them; they sum up to its goods, and to its discount."""
    lines = {line.id: line for line in order.lines if not line.voided}
    if check.shares:
        found: list[tuple[Line, Fraction | None]] = [
            (lines[share.line_id], share.part) for share in check.shares if share.line_id in lines
        ]
    else:
        found = [(line, None) for line in lines.values()]
    whole = Fraction(check.sums.goods_minor, order.totals.goods_minor or 1)
    exact = [(line, whole if part is None else part) for line, part in found]
    amounts = fitted(check.sums.goods_minor, [net(line) * part for line, part in exact])
    off = fitted(check.sums.discount_minor, [line.discount_minor * part for line, part in exact])
    return tuple(
        CheckPart(line, part, amount, less)
        for (line, part), amount, less in zip(found, amounts, off, strict=True)
    )


def net(line: Line) -> int:
    """What it costs after its discount."""
    return 0 if line.voided else line.gross_minor - line.discount_minor


def goods_by_rate(line: Line) -> list[tuple[int, int]]:
    """What it costs after its discount, by VAT rate: once, or as often as it has portions."""
    if not line.portions:
        return [(line.vat_rate_bp, net(line))]
    minor = spread(net(line), [one.gross_minor for one in line.portions])
    return [(one.vat_rate_bp, part) for one, part in zip(line.portions, minor, strict=True)]


def after_change(before: Order, after: Order) -> Order:
    """``after`` with checks that are it, where something of it costs more or less, or is somebody else's.

    Frozen checks stay as they are. Raises ChecksPaid where they cannot, SplitRefused (SPLIT_TOO_LARGE).
    """
    split = after.split
    if split is None or split is not before.split or _told(before) == _told(after):
        return after
    _refuse_paid_lines(split.frozen, before, after)
    settled = settle(after, split)
    refuse_too_large(settled)
    return replace(after, split=settled)


def after_payment(order: Order, check_id: UUID | None, amount_minor: int) -> Order:
    """``order`` with money on its checks: on the one that it was paid for, else on those that are open, one
    after the other. Refuses nothing: the money has been taken.

    A check that was paid as it was before it changed, or before the order was split anew, is that amount from
    now on; those that nobody has paid on share what is left.
    """
    split = order.split
    if split is None:
        return order
    checks, touched = _booked(list(split.checks), check_id, amount_minor)
    paid = checks[touched]
    pool = sums_of(check for check in checks if not check.frozen)
    more = min(paid.paid_minor - paid.sums.total_minor, pool.total_minor)
    if more <= 0:
        return replace(order, split=replace(split, checks=tuple(checks)))
    taken, _ = by_totals(pool, [more, pool.total_minor - more])
    checks[touched] = replace(paid, sums=paid.sums.plus(taken))
    return replace(order, split=settle(order, replace(split, checks=tuple(checks))))


def settle(order: Order, split: Split, *, fresh: bool = False) -> Split:
    """The split with open checks that come to what the frozen ones leave of the order.

    ``fresh``: they are new, and come to what they were asked to be. Else, once somebody has paid, those that
    are a part of everything stay as they were told, and what is added is a check of its own. Raises
    ChecksPaid where the frozen ones come to more than the order.
    """
    rest = sums_of_order(order).minus(sums_of(split.frozen))
    if not rest.fits(pennies=len(order.lines) + len(split.frozen)):
        raise ChecksPaid("Checks with money on them come to more than the order would: refund them first.")
    if split.mode.of_lines:
        settled = _of_lines(order, split, rest, fresh)
    else:
        settled = _of_everything(order, split, rest, fresh)
    by_id = {check.id: check for check in settled}
    kept = [by_id.pop(check.id, check) for check in split.checks if check.frozen or check.id in by_id]
    return replace(split, checks=(*kept, *by_id.values()))


def refuse_too_large(split: Split) -> None:
    """Raises SplitRefused (SPLIT_TOO_LARGE)."""
    shares = [share for check in split.checks for share in check.shares]
    if len(split.checks) > CHECKS_MAX:
        raise SplitRefused("SPLIT_TOO_LARGE", "groups", f"An order has at most {CHECKS_MAX} checks.")
    if len(shares) > SHARES_MAX:
        raise SplitRefused(
            "SPLIT_TOO_LARGE",
            "groups",
            f"Its checks would hold {len(shares)} shares of lines, more than {SHARES_MAX}: split it evenly, "
            "or say at which seats its lines are.",
        )
    if sum(len(check.sums.vat) for check in split.checks) > VAT_GROUPS_MAX:
        raise SplitRefused(
            "SPLIT_TOO_LARGE", "groups", "Its lines have too many VAT rates: split it into fewer checks."
        )
    if any(share.part.denominator > SHARE_DENOMINATOR_MAX for share in shares):
        raise SplitRefused("SPLIT_TOO_LARGE", "groups", "Share a line in simpler fractions.")


def _told(order: Order) -> tuple[object, ...]:
    lines = [(line.id, net(line), line.discount_minor, line.seat, line.voided) for line in order.lines]
    return sums_of_order(order), lines


def _refuse_paid_lines(frozen: Sequence[Check], before: Order, after: Order) -> None:
    now = {line.id: line for line in after.lines}
    paid = held(frozen)
    for line in before.lines:
        if line.id not in paid:
            continue
        other = now.get(line.id)
        if other is None or (net(other), other.discount_minor) != (net(line), line.discount_minor):
            raise ChecksPaid(
                f"{line.name} is on a check that somebody has paid on: refund it first.",
                metadata={"line_id": str(line.id)},
            )


def _booked(checks: list[Check], check_id: UUID | None, amount_minor: int) -> tuple[list[Check], int]:
    """With the money on them, and which of them has all that did not fit on others."""
    if check_id is not None:
        if check_id not in {check.id for check in checks}:
            checks.append(Check(check_id, PAID_BEFORE, CheckKind.EARLIER))
        touched = next(index for index, check in enumerate(checks) if check.id == check_id)
        checks[touched] = _with_money(checks[touched], amount_minor)
        return checks, touched
    touched, left = len(checks) - 1, amount_minor
    for index, check in enumerate(checks):
        if part := min(left, check.due_minor):
            checks[index], touched, left = _with_money(check, part), index, left - part
    if left:
        checks[touched] = _with_money(checks[touched], left)
    return checks, touched


def _with_money(check: Check, amount_minor: int) -> Check:
    return replace(check, paid_minor=check.paid_minor + amount_minor)


def _of_everything(order: Order, split: Split, rest: Sums, fresh: bool) -> list[Check]:
    shares = [check for check in split.open if check.kind is not CheckKind.REST]
    if split.frozen and not fresh:
        left = rest.minus(sums_of(shares))
        if left == Sums():
            return shares
        if left.fits() and left.total_minor:
            return [*shares, _rest_check(order, split).with_sums(left)]
        totals = [check.sums.total_minor for check in shares]
    else:
        totals = _asked(split, shares, rest.total_minor)
    if sum(totals) > rest.total_minor:
        totals = spread(rest.total_minor, totals)
    missing = rest.total_minor - sum(totals)
    if missing or (not shares and rest != Sums()):
        shares, totals = [*shares, _rest_check(order, split)], [*totals, missing]
    return [check.with_sums(sums) for check, sums in zip(shares, by_totals(rest, totals), strict=True)]


def _asked(split: Split, shares: Sequence[Check], total_minor: int) -> list[int]:
    if split.mode is SplitMode.EVEN:
        return spread(total_minor, [1] * len(shares))
    if split.mode is SplitMode.AMOUNT:
        return [check.asked_minor for check in shares]
    parts = [check.asked_bp for check in shares]
    return spread(total_minor, [*parts, BP_IN_ALL - sum(parts)])[: len(shares)]


def _of_lines(order: Order, split: Split, rest: Sums, fresh: bool) -> list[Check]:
    taken = held(split.frozen)
    lines = {line.id: line for line in order.lines if not line.voided}
    left = {line_id: 1 - taken.get(line_id, Fraction()) for line_id in lines}
    left = {line_id: part for line_id, part in left.items() if part > 0}
    members = [check for check in split.open if check.kind is not CheckKind.REST]
    if split.mode is SplitMode.SEAT:
        members = _seated(order, split, members, left, fresh)
    else:
        members = [_of_lines_there_are(check, lines) for check in members]
    given = held(members)
    over = [(line_id, part - given.get(line_id, Fraction())) for line_id, part in left.items()]
    spare = tuple(Share(line_id, part) for line_id, part in over if part > 0)
    if spare or (not members and rest != Sums()):
        members = [*members, replace(_rest_check(order, split), shares=spare)]
    goods = [_exact(check, {line_id: net(line) for line_id, line in lines.items()}) for check in members]
    discounts = [
        _exact(check, {line_id: line.discount_minor for line_id, line in lines.items()}) for check in members
    ]
    rates = {line_id: goods_by_rate(line) for line_id, line in lines.items()}
    of_rates = [
        together((rate, share.part * minor) for share in check.shares for rate, minor in rates[share.line_id])
        for check in members
    ]
    sums = by_goods(rest, goods, discounts, of_rates)
    return [check.with_sums(its) for check, its in zip(members, sums, strict=True)]


def _of_lines_there_are(check: Check, lines: Mapping[UUID, Line]) -> Check:
    return replace(check, shares=tuple(share for share in check.shares if share.line_id in lines))


def _exact(check: Check, minor: Mapping[UUID, int]) -> Fraction:
    return sum((share.part * minor[share.line_id] for share in check.shares), Fraction())


def _seated(
    order: Order, split: Split, checks: Sequence[Check], left: Mapping[UUID, Fraction], fresh: bool
) -> list[Check]:
    """A check for each seat; who has paid gets no other one for what comes to his seat later."""
    seat_of = {line.id: line.seat for line in order.lines if line.id in left}
    known = {seat for check in checks for seat in check.seats}
    paid = set() if fresh else {seat for check in split.frozen for seat in check.seats}
    new = sorted(set(seat_of.values()) - known - paid - {NO_SEAT})
    members = [
        *checks,
        *(
            Check(derived_id(order.id, order.version, "seat", seat), seats_label([seat]), seats=(seat,))
            for seat in new
        ),
    ]
    occupied = len(known) + len(new)
    return [
        replace(
            check,
            shares=tuple(
                Share(line_id, part if seat_of[line_id] else part * len(check.seats) / occupied)
                for line_id, part in left.items()
                if seat_of[line_id] in {NO_SEAT, *check.seats}
            ),
        )
        for check in members
    ]


def seats_label(seats: Sequence[int]) -> str:
    """What a check is called that nobody has given a name."""
    return f"Seat {seats[0]}" if len(seats) == 1 else f"Seats {', '.join(map(str, seats))}"[:LABEL_MAX]


def _rest_check(order: Order, split: Split) -> Check:
    known = [check for check in split.open if check.kind is CheckKind.REST]
    return known[0] if known else Check(derived_id(order.id, order.version, "rest"), REST, CheckKind.REST)
