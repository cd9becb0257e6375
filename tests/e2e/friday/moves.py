"""Guests who sit down elsewhere, with what they ordered: lines go from one visit's notes to another's.

What orders come to together is to the penny what they came to before. Which of them keeps the penny that
rounding leaves nobody is promised: the notes take it from the answer, once the sum is right and it is one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.e2e.friday.carte import TAKEAWAY
from tests.e2e.friday.notes import Json, Line, Visit
from tests.e2e.friday.reckoning import Bill, reckon
from tests.e2e.friday.script import Guests

if TYPE_CHECKING:
    from tests.e2e.friday.till import Till

PENNY = 1


async def take_away(till: "Till", visit: Visit) -> None:
    """They cannot stay: prices are as they were, VAT is that of the other consumption, and nobody serves."""
    before = reckon(visit)
    for line in visit.lines:
        line.cooked_as = visit.order_type if line.fired else ""
    visit.order_type, visit.table = TAKEAWAY, ""
    order = till.saw(visit, await till.device.put(till.path(visit, "/type"), {"order_type": TAKEAWAY}))
    told = order["totals"]
    till.notes.check(
        (told["goods_minor"], told["total_minor"]) == (before.goods, before.goods),
        f"{visit.id} is taken away for {told} instead of {before.goods}",
    )
    till.notes.check(vat_of(order) == reckon(visit).vat, f"{visit.id} is taken away with {order['vat']}")


async def move_lines(till: "Till", guests: Guests, visit: Visit) -> None:
    """Some go to the bar, onto an order that begins there; every other time more of them follow."""
    going = _leaving(guests, visit)
    if not going:
        return
    other = await _go(till, guests, visit, going, None)
    till.notes.visits.append(other)
    till.notes.done["lines_moved"] += 1
    till.beside[visit.id] = [(replace(guests, split="", deeds=guests.deeds - {"tip"}), other)]
    later = _leaving(guests, visit)
    if guests.number % 2 and later:
        await _go(till, guests, visit, later, other)
        till.notes.done["lines_moved_onto_open"] += 1


def _leaving(guests: Guests, visit: Visit) -> list[Line]:
    """A seat or one line, so that both orders have something to be paid."""
    costs = reckon(visit).lines
    sold = [line for line in visit.lines if costs.get(line.id)]
    for seat in sorted({line.seat for line in sold} - {0}):
        theirs = [line for line in visit.lines if line.left and line.seat == seat]
        if guests.number % 3 == 0 and any(line not in theirs for line in sold):
            return theirs
    return [sold[int(guests.luck * len(sold))]] if len(sold) > 1 else []


async def _go(
    till: "Till", guests: Guests, visit: Visit, going: Sequence[Line], there: Visit | None
) -> Visit:
    """``there``: the order that is open where they go."""
    before = [reckon(visit), *([reckon(there)] if there else [])]
    body: Json = {"table_id": till.house.tables[guests.stool]}
    seats = {line.seat for line in going}
    whole_seat = seats != {0} and len(seats) == 1
    whole_seat = whole_seat and all(one in going for one in visit.lines if one.left and one.seat in seats)
    if whole_seat and guests.number % 3 == 0:
        body["seats"] = sorted(seats)
        till.notes.done["seat_moved"] += 1
    else:
        body["line_ids"] = [line.id for line in going]
    told = await till.device.post(till.path(visit, "/transfer"), body)
    visit.family = visit.party
    other = there or Visit(
        told["id"], visit.order_type, guests.stool, came_from=visit.id, family=visit.family
    )
    till.notes.check(told["id"] == other.id, f"lines of {visit.id} went to {told['id']}, not {other.id}")
    carry(visit, other, going)
    ids = {line.id for line in going}
    other.off += [one for one in visit.off if one.line_id in ids]
    visit.off = [one for one in visit.off if one.line_id not in ids]
    other.allergens = visit.allergens
    left = await till.device.get(till.path(visit))
    settled(till, before, [(visit, left), (other, told)])
    return other


async def merge(till: "Till", guests: Guests, visit: Visit) -> None:
    """Others come, order, and sit down with them; half of these pay for themselves in the end."""
    assert guests.joined_by is not None
    other = await till.place(guests.joined_by)
    await till.act(guests.joined_by, other)
    before = [reckon(visit), reckon(other)]
    told = await till.device.post(till.path(visit, "/merge"), {"order_ids": [other.id]})
    allergens, note = visit.allergens, visit.note
    theirs = list(other.lines)
    _become_one(visit, other)
    settled(till, before, [(visit, told), (other, await till.device.get(till.path(other)))])
    await till.more(visit, guests.later)
    if not guests.goes_apart:
        till.notes.done["paid_as_one"] += 1
        return
    before = [reckon(visit)]
    told = await till.device.post(till.path(visit, "/unmerge"), {})
    _go_apart(visit, other, theirs)
    visit.note = note
    till.notes.check(set(allergens) <= set(visit.allergens), f"{visit.id} may eat {allergens}")
    settled(till, before, [(visit, told), (other, await till.device.get(till.path(other)))])
    till.beside[visit.id] = [(guests.joined_by, other)]
    till.notes.done["taken_apart"] += 1


def _become_one(visit: Visit, other: Visit) -> None:
    for line in other.lines:
        line.home = other.id
    visit.off = [replace(one, home=visit.id) for one in visit.off]
    visit.off += [replace(one, home=other.id) for one in other.off]
    carry(other, visit, list(other.lines))
    other.off, other.merged_into = [], visit.id
    visit.family = other.family = visit.party
    visit.allergens = tuple(sorted({*visit.allergens, *other.allergens}))
    visit.note = "; ".join(one for one in (visit.note, other.note) if one)


def _go_apart(visit: Visit, other: Visit, theirs: Sequence[Line]) -> None:
    for line in theirs:
        line.home = ""
    carry(visit, other, theirs)
    other.off = [replace(one, home="") for one in visit.off if one.home == other.id]
    visit.off = [replace(one, home="") for one in visit.off if one.home == visit.id]
    other.merged_into = ""
    other.allergens = visit.allergens


def carry(source: Visit, target: Visit, going: Sequence[Line]) -> None:
    """In the notes; the order that they leave keeps a trace of each."""
    ids = {line.id for line in going}
    source.lines = [line for line in source.lines if line.id not in ids]
    source.gone |= {line.id: (line, target.id) for line in going}
    target.lines += going
    for line_id in ids:
        target.gone.pop(line_id, None)


def settled(till: "Till", before: Sequence[Bill], after: Sequence[tuple[Visit, Json]]) -> None:
    """They come to what the bills before came to. Where a discount of a whole order is of other lines now,
    the goods do not, and each is what it is by itself."""
    bills = [reckon(visit) for visit, _ in after]
    if sum(bill.goods for bill in before) == sum(bill.goods for bill in bills):
        for (visit, order), bill in zip(after, bills, strict=True):
            _keep_pennies(till, visit, order, bill)
        told = [reckon(visit) for visit, _ in after]
        till.notes.check(_sum(told) == _sum(before), f"{_sum(told)} is not {_sum(before)}: {after[0][0].id}")
        till.notes.done["to_the_penny"] += 1
    for visit, order in after:
        till.saw(visit, order)
        till.notes.check(vat_of(order) == reckon(visit).vat, f"{visit.id}: VAT {order['vat']}")


def _keep_pennies(till: "Till", visit: Visit, order: Json, bill: Bill) -> None:
    service = order["totals"]["service_charge_minor"] - bill.service
    vat = {rate: minor - bill.vat[rate][1] for rate, (_, minor) in vat_of(order).items() if rate in bill.vat}
    much = max(abs(one) for one in (0, service, *vat.values()))
    till.notes.check(much <= PENNY, f"{visit.id} keeps {service} and {vat}")
    if much > PENNY:
        return
    till.notes.done["pennies_kept"] += much > 0
    visit.service_penny += service
    visit.vat_pennies.update(vat)


def _sum(bills: Sequence[Bill]) -> tuple[int, int, dict[int, int]]:
    vat: Counter[int] = Counter()
    for bill in bills:
        for rate, (_, minor) in bill.vat.items():
            vat[rate] += minor
    return sum(bill.total for bill in bills), sum(bill.service for bill in bills), dict(+vat)


def vat_of(order: Json) -> dict[int, tuple[int, int]]:
    """By rate, as the order says it."""
    return {group["rate_bp"]: (group["gross_minor"], group["vat_minor"]) for group in order["vat"]}
