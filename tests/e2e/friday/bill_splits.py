"""A bill that several guests pay: how the script splits it, and what each check must come to."""

import asyncio
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.e2e.friday.notes import Json, Visit
from tests.e2e.friday.reckoning import Bill, dealt, reckon
from tests.e2e.friday.script import Guests
from tools.api import Refused

if TYPE_CHECKING:
    from tests.e2e.friday.till import Till

SUMS = ("goods", "service_charge", "total")
LOST = frozenset({"check_paid", "bill_paid", "checks_paid", "concurrent_update", "amount_too_large"})


async def split_and_pay(till: "Till", guests: Guests, visit: Visit) -> None:
    """Splits the bill and pays it check by check; what is ordered after the first one is paid at the end."""
    answer = await till.device.put(till.path(visit, "/split"), asked(guests, visit))
    checks: list[Json] = answer["checks"]
    till.notes.check(not (why := wrong(guests, visit, checks)), f"split of {visit.id}: {why}")
    tip = 150 if "tip" in guests.deeds else 0
    for number, check in enumerate(checks):
        if not check["total_minor"]:
            continue
        if number == 0 and "race" in guests.deeds:
            await _race(till, visit, check)
            till.notes.done["race"] += 1
        else:
            await till.pay(visit, check["total_minor"], check_id=check["id"], tip=tip)
        tip = 0
        if number == 0 and "added_after_part" in guests.deeds and len(checks) > 1:
            await till.more(visit, guests.later)
            till.notes.done["added_after_part"] += 1
            break
    paid = sum(one.amount for one in till.notes.paid if one.order_id == visit.id)
    rest = reckon(visit).total - paid
    if rest:
        await till.pay(visit, rest)


def asked(guests: Guests, visit: Visit) -> Json:
    """The split as the till asks for it."""
    total = reckon(visit).total
    sold = [line for line in visit.lines if line.left]
    if guests.split == "even":
        return {"mode": "even", "ways": 3}
    if guests.split == "amount":
        return {"mode": "amount", "groups": [{"amount_minor": total // 4}, {"amount_minor": total // 3}]}
    if guests.split == "percentage":
        return {"mode": "percentage", "groups": [{"percentage_bp": 3333}, {"percentage_bp": 2500}]}
    if guests.split == "item":
        return {"mode": "item", "groups": [{"label": "Ann", "lines": [{"line_id": sold[0].id}]}]}
    return {"mode": "seat"} if any(line.seat for line in sold) else {"mode": "even", "ways": 1}


def wrong(guests: Guests, visit: Visit, checks: list[Json]) -> str:
    """What is wrong with the checks; nothing, if all is well."""
    bill = reckon(visit)
    if not checks:
        return "" if _is_one_bill(guests, visit) else "it stayed one bill"
    true = {"goods": bill.goods, "service_charge": bill.service, "total": bill.total}
    for name in SUMS:
        if sum(check[f"{name}_minor"] for check in checks) != true[name]:
            return f"the checks' {name} is not the order's"
    totals = [check["total_minor"] for check in checks]
    if guests.split == "even":
        return "" if totals == dealt(bill.total, [1, 1, 1]) else f"{totals} of {bill.total}"
    if guests.split == "amount":
        first = [bill.total // 4, bill.total // 3]
        return "" if totals == [*first, bill.total - sum(first)] or not bill.total else f"{totals}"
    if guests.split == "percentage":
        return "" if totals == dealt(bill.total, [3333, 2500, 4167]) else f"{totals} of {bill.total}"
    return _of_lines(guests, visit, bill, checks)


def _is_one_bill(guests: Guests, visit: Visit) -> bool:
    """Whether there is nothing to share: one line, or one seat."""
    sold = [line for line in visit.lines if line.left]
    seats = {line.seat for line in sold} - {0}
    return (guests.split == "item" and len(sold) == 1) or (guests.split == "seat" and len(seats) == 1)


def _of_lines(guests: Guests, visit: Visit, bill: Bill, checks: list[Json]) -> str:
    """Goods are those of its lines, to the penny where no line is shared; charges go by goods."""
    if guests.split == "item":
        first = next(iter(bill.lines.values()))
        goods = [Fraction(first), Fraction(bill.goods - first)][: len(checks)]
    else:
        goods = _by_seat(visit, bill)
    said = [check["goods_minor"] for check in checks]
    if len(said) != len(goods) or any(abs(one - true) >= 1 for one, true in zip(said, goods, strict=True)):
        return f"goods {said} instead of {[float(one) for one in goods]}"
    service = [check["service_charge_minor"] for check in checks]
    return "" if service == dealt(bill.service, said) else f"service {service} of {bill.service} by {said}"


def _by_seat(visit: Visit, bill: Bill) -> list[Fraction]:
    """What has no seat is for all who sit."""
    left = {line.id: line.seat for line in visit.lines if line.left}
    seats = sorted(set(left.values()) - {0})
    if not seats:
        return [Fraction(bill.goods)]
    shared = sum(pence for line_id, pence in bill.lines.items() if not left[line_id])
    return [
        sum((Fraction(pence) for line_id, pence in bill.lines.items() if left[line_id] == seat), Fraction())
        + Fraction(shared, len(seats))
        for seat in seats
    ]


async def _race(till: "Till", visit: Visit, check: Json) -> None:
    """Two devices take the money of one check at once: one of them has it."""
    body = {"method": "cash", "check_id": check["id"], "till_session_id": till.session_id}

    async def takes() -> Json | None:
        try:
            paid: Json = await till.device.post(till.path(visit, "/payments"), body)
        except Refused as refused:
            till.notes.check(refused.code in LOST, f"race: {refused}")
            return None
        return paid

    taken = [one for one in await asyncio.gather(takes(), takes()) if one is not None]
    for one in taken:
        till.took(visit, one)
    amounts = [one["amount_minor"] for one in taken]
    till.notes.check(
        amounts == [check["total_minor"]], f"a check of {check['total_minor']} was paid {amounts}"
    )
