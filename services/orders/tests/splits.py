"""Orders that are split, in the domain alone: short ways to make them, pay on them and change them."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID

from chassis.ids import new_id
from chassis.money import largest_remainder
from services.orders.domain.check import Check, Group, Split, SplitMode, Sums, WantedShare, WantedSplit
from services.orders.domain.order.basket import price_basket
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import Locked, Updated, change_of
from services.orders.domain.order.order import Line, Order, Portion, Totals
from services.orders.domain.order.placing import place
from services.orders.domain.order.portion import to_price
from services.orders.domain.order.split import split
from services.orders.domain.payment import Captured, record
from services.orders.pricing import VatGroup, bill
from services.orders.tests.builders import MIA, item, line, menu, stamp, station, terms, wanted

STATIONS = (station(),)


Rates = tuple[int, ...]
"""Of a line, in basis points: more than one makes portions of it, as a combo has them."""


def an_order(*prices: int, seats: Sequence[int] = (), rates: Sequence[Rates] = (), **overrides: Any) -> Order:
    """One line of each price, at these seats and of these VAT rates; 20 % where they say nothing."""
    items = [item(name=f"Dish {index}", price_minor=price) for index, price in enumerate(prices)]
    seats = [*seats, *([0] * (len(prices) - len(seats)))]
    lines = [line(one, seat=seat) for one, seat in zip(items, seats, strict=True)]
    asked = wanted(*lines)
    basket = price_basket(asked.lines, asked.order_type, 0, menu(*items), terms(**overrides))
    order = place(asked, basket, new_id(), 1, STATIONS, stamp()).order
    rated = [_rated(one, of) for one, of in zip(order.lines, rates, strict=False)]
    return rebilled(order, 0, lines=[*rated, *order.lines[len(rated) :]]) if rates else order


def _rated(line: Line, rates: Rates) -> Line:
    if len(rates) == 1:
        return replace(line, vat_rate_bp=rates[0])
    minor = largest_remainder(line.gross_minor, range(1, len(rates) + 1))
    portions = tuple(Portion("Part", rate, part, 0) for rate, part in zip(rates, minor, strict=True))
    return replace(line, vat_rate_bp=rates[0], portions=portions)


def evenly(ways: int) -> WantedSplit:
    """By so many."""
    return WantedSplit(SplitMode.EVEN, ways)


def by_item(*groups: Sequence[Line | tuple[Line, Fraction]]) -> WantedSplit:
    """Lines, or shares of lines."""
    return WantedSplit(
        SplitMode.ITEM,
        groups=tuple(Group(shares=tuple(_share(one) for one in group)) for group in groups),
    )


def by_seat(*groups: Sequence[int]) -> WantedSplit:
    """Seats that pay together; all others by themselves."""
    return WantedSplit(SplitMode.SEAT, groups=tuple(Group(seats=tuple(seats)) for seats in groups))


def by_amount(*amounts: int) -> WantedSplit:
    """Minor units."""
    return WantedSplit(SplitMode.AMOUNT, groups=tuple(Group(amount_minor=amount) for amount in amounts))


def by_percentage(*parts: int) -> WantedSplit:
    """Hundredths of a percent."""
    return WantedSplit(SplitMode.PERCENTAGE, groups=tuple(Group(bp=bp) for bp in parts))


def after_split(order: Order, asked: WantedSplit) -> Order:
    """The order once it is split so."""
    change = split(Locked(order), asked, stamp())
    return order if change is None else change.order


def after_paying(order: Order, amount_minor: int, check_id: UUID | None = None) -> Order:
    """The order once this money is booked on it."""
    cash = Captured(new_id(), order.id, 1, "cash", amount_minor, "GBP", MIA, check_id=check_id)
    return record(Locked(order), cash, STATIONS, False, stamp()).order


def with_lines(order: Order, lines: Sequence[Line], service_charge_bp: int = 0) -> Order:
    """The order once these are its lines, as any command that changes what it costs would have it."""
    there = [one for one in lines if not one.voided]
    computed = bill(
        [to_price(one) for one in there],
        order.bill_mode,
        service_charge_bp,
    )
    vat = dict(zip([one.id for one in there], computed.line_vat_minor, strict=True))
    totals = Totals(
        computed.goods_minor,
        computed.discount_minor,
        computed.service_charge_minor,
        computed.vat_minor,
        computed.total_minor,
        order.totals.paid_minor,
    )
    now = tuple(replace(one, vat_minor=vat.get(one.id, 0)) for one in lines)
    after = replace(order, lines=now, totals=totals, vat=computed.vat_groups)
    return change_of(Locked(order), after, (), stamp(), [Updated("lines")]).order


def one_more(order: Order, price: int, seat: int = 0, rates: Rates = (2000,)) -> Line:
    """A line of this price that the order does not have yet."""
    new = replace(order.lines[0], id=new_id(), name="More", gross_minor=price, discount_minor=0, seat=seat)
    return _rated(replace(new, portions=(), voided=False), rates)


def split_of(order: Order) -> Split:
    """That it is."""
    assert order.split is not None
    return order.split


def checks(order: Order) -> tuple[Check, ...]:
    """Of an order that is split."""
    return split_of(order).checks


def totals(order: Order) -> list[int]:
    """What each check comes to."""
    return [check.sums.total_minor for check in checks(order)]


def summed(parts: Sequence[Sums]) -> Sums:
    """Added up by itself, apart from what the domain adds up."""
    names = ("goods_minor", "discount_minor", "service_charge_minor", "total_minor")
    groups = [group for one in parts for group in one.vat]
    rates = sorted({group.rate_bp for group in groups})
    vat = [_summed([group for group in groups if group.rate_bp == rate]) for rate in rates]
    return Sums(
        **{name: sum(getattr(one, name) for one in parts) for name in names},
        vat=tuple(group for group in vat if group.gross_minor or group.vat_minor),
    )


def _summed(groups: Sequence[VatGroup]) -> VatGroup:
    """Of one rate."""
    return VatGroup(
        groups[0].rate_bp,
        sum(group.gross_minor for group in groups),
        sum(group.vat_minor for group in groups),
    )


def _share(one: Line | tuple[Line, Fraction]) -> WantedShare:
    return WantedShare(one[0].id, one[1]) if isinstance(one, tuple) else WantedShare(one.id)
