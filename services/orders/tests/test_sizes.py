"""The largest orders there can be: what was accepted can be paid, cooked, completed and cancelled."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.ids import new_id
from chassis.messaging.outbox import MAX_EVENT_BYTES, pending_event
from services.orders.domain import firing
from services.orders.domain.check import (
    CHECKS_MAX,
    SHARES_MAX,
    Check,
    CheckKind,
    Group,
    Share,
    Split,
    SplitMode,
    Sums,
    WantedShare,
    WantedSplit,
)
from services.orders.domain.errors import OrderTooLarge
from services.orders.domain.menu import Item
from services.orders.domain.order import allergy, cancelling, lifecycle, placing
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.basket import WantedLine, price_basket
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.order import AtTable, GuestAllergy, Order, Remarks, ServiceFlow
from services.orders.domain.order.remark import say
from services.orders.domain.order.split import split
from services.orders.domain.order.transfer import transfer
from services.orders.domain.payment import Captured, record
from services.orders.domain.station import STATIONS_MAX, STATIONS_PER_LINE_MAX
from services.orders.domain.ticket import TicketStep
from services.orders.pricing import VatGroup
from services.orders.tests.builders import (
    MIA,
    draft,
    draft_line,
    group,
    item,
    menu,
    option,
    stamp,
    terms,
    wanted,
)
from services.orders.tests.builders import line as a_line
from services.orders.tests.builders import station as a_station
from services.orders.tests.world import World
from services.orders.wire.check import split_message
from services.orders.wire.events import (
    ORDER_GROWTH_BYTES,
    ORDER_MAX_BYTES,
    SPLIT_MAX_BYTES,
    check_size,
    published,
)
from services.orders.wire.order import order_message

LINES_MAX = 200
LONGEST_ALLERGY = GuestAllergy(tuple(range(1, 15)), "🥜" * 200)
NUMBER_MAX = 2**31 - 1
RESTAURANT = new_id()
TOPPINGS = [option(name="é" * 40, price_delta_minor=99) for _ in range(20)]
KITCHENS = tuple(
    a_station(name="🍕" * 60, is_default=number == 0, position=number) for number in range(STATIONS_MAX)
)
CATEGORIES = [new_id() for _ in range(STATIONS_MAX // STATIONS_PER_LINE_MAX)]
STATIONS = tuple(
    replace(one, category_ids=frozenset({CATEGORIES[number // STATIONS_PER_LINE_MAX]}))
    for number, one in enumerate(KITCHENS)
)
ITEMS = [
    item(
        name=letter * 60,
        category_id=category,
        groups=(group(*TOPPINGS, at_most=20),),
        allergens=tuple(range(1, 15)),
    )
    for letter, category in zip("aéπ" * len(CATEGORIES), CATEGORIES, strict=False)
]
MENU = menu(*ITEMS)

lines_of_all_kinds = st.tuples(
    st.sampled_from(ITEMS),
    st.sampled_from(["", "x" * 40, "🍕" * 500, "é" * 300]),
    st.integers(0, 20),
    st.sampled_from(["", "one", "many"]),
    st.booleans(),
)


def line_of(number: int, kind: tuple[Item, str, int, str, bool]) -> WantedLine:
    sold, note, options, course, hold = kind
    course = f"{number:03d}" + "é" * 37 if course == "many" else course
    chosen = tuple(WantedOption(one.id, 1) for one in TOPPINGS[:options])
    return a_line(sold, 999, note=note, course=course, hold=hold, seat=200, options=chosen)


def placed(lines: list[WantedLine], flow: ServiceFlow) -> Change:
    """As placing does it. Raises OrderTooLarge."""
    order = wanted(*lines, service_flow=flow)
    basket = price_basket(order.lines, order.order_type, 0, MENU, terms())
    basket = replace(basket, menu_version=2**40)
    change = placing.place(order, basket, RESTAURANT, NUMBER_MAX, STATIONS, stamp())
    check_size(order_message(change.order))
    return change


def largest(lines: list[WantedLine], flow: ServiceFlow) -> Change:
    """The order of as many of these lines as are accepted, filled up with notes to the last byte."""
    few, many = 1, len(lines)
    while few < many:
        middle = (few + many + 1) // 2
        few, many = (middle, many) if accepted(lines[:middle], flow) else (few, middle - 1)
    kept = lines[:few]
    low, high = 0, 2_000
    while low < high:
        middle = (low + high + 1) // 2
        more = [replace(kept[0], note=kept[0].note + "x" * middle), *kept[1:]]
        low, high = (middle, high) if accepted(more, flow) else (low, middle - 1)
    return placed([replace(kept[0], note=kept[0].note + "x" * low), *kept[1:]], flow)


def largest_split(order: Order) -> WantedSplit:
    """As many checks as there may be, which hold as many shares of lines as they may."""
    parts = [Fraction(1, prime) for prime in (7, 11, 13, 17)]
    shares = [(one.id, part) for part in parts for one in order.lines][: SHARES_MAX - len(order.lines)]
    groups: list[Group] = []
    for number in range(CHECKS_MAX - 1):
        its = dict(shares[number :: CHECKS_MAX - 1])
        if its:
            wanted_shares = tuple(WantedShare(line_id, part) for line_id, part in its.items())
            groups.append(Group(label="🍕" * 24, shares=wanted_shares))
    return WantedSplit(SplitMode.ITEM, groups=tuple(groups))


def accepted(lines: list[WantedLine], flow: ServiceFlow) -> bool:
    try:
        placed(lines, flow)
    except OrderTooLarge:
        return False
    return True


def lives(change: Change, ending: str) -> Iterator[Change]:
    """The changes of an order that is fired line by line, cooked, paid and ended."""
    tickets = {ticket.id: ticket for ticket in change.tickets}
    order = change.order

    def took(change: Change) -> Change:
        nonlocal order
        order = change.order
        tickets.update({ticket.id: ticket for ticket in change.tickets})
        return change

    def locked() -> Locked:
        return Locked(order, tuple(tickets.values()))

    yield change
    change = took(say(locked(), Remarks(LONGEST_ALLERGY, "🍕" * 500), "note", stamp()) or change)
    yield change
    yield took(transfer(locked(), AtTable(new_id(), "🍕" * 40), stamp()) or change)
    if order.totals.due_minor:
        yield took(split(locked(), largest_split(order), stamp()) or change)
    if ending == "cancelled before it is cooked":
        yield took(cancelling.begin_cancel(locked(), stamp(reason="r" * 200)))
        yield took(cancelling.refuse_cancel(locked(), STATIONS, stamp()))
    if order.kitchen_may_start and any(one.kitchen.value == "held" for one in order.lines):
        yield took(firing.fire(locked(), [], "", STATIONS, stamp()))
    if ending.startswith("cancelled"):
        yield took(cancelling.begin_cancel(locked(), stamp(reason="🍕" * 200)))
        yield took(cancelling.finish_cancel(locked(), stamp(reason="🍕" * 200)))
        return
    for amount in (1, order.totals.due_minor - 1):
        cash = Captured(new_id(), order.id, 1, "cash", amount, "GBP", MIA)
        yield took(record(locked(), cash, STATIONS, False, stamp()))
    if any(one.kitchen.value == "held" for one in order.lines):
        yield took(firing.fire(locked(), [], "", STATIONS, stamp()))
    for ticket in locked().tickets:
        yield took(allergy.acknowledge_allergy(locked(), ticket.id, LONGEST_ALLERGY, stamp()) or change)
    yield took(lifecycle.step_all(locked(), TicketStep.BUMP, False, stamp()))
    yield took(lifecycle.complete(locked(), stamp()))
    assert order.lifecycle is Lifecycle.DONE


@settings(max_examples=20, deadline=None)
@given(
    kinds=st.lists(lines_of_all_kinds, min_size=1, max_size=12),
    flow=st.sampled_from(ServiceFlow),
    ending=st.sampled_from(["done", "cancelled", "cancelled before it is cooked"]),
)
def test_every_event_in_the_life_of_the_largest_orders_can_be_published(
    kinds: list[tuple[Item, str, int, str, bool]], flow: ServiceFlow, ending: str
) -> None:
    of_each = itertools.islice(itertools.cycle(kinds), LINES_MAX)
    lines = [line_of(number, kind) for number, kind in enumerate(of_each)]
    for change in lives(largest(lines, flow), ending):
        assert order_message(change.order).ByteSize() <= ORDER_MAX_BYTES
        events = published(change)
        for event in events:
            pending_event("orders", RESTAURANT, event, "order", (), None)
        told = [ticket.id for event in events for ticket in getattr(event, "tickets", [])]
        moved = [event.ticket.id for event in events if hasattr(event, "ticket")]
        assert sorted([*told, *moved]) == sorted(str(ticket.id) for ticket in change.tickets)


def test_an_order_of_many_courses_is_cancelled_in_several_events() -> None:
    """Their tickets together are more than an event carries."""
    lines = [
        a_line(ITEMS[number % len(ITEMS)], course=f"{number:03d}" + "é" * 37) for number in range(LINES_MAX)
    ]
    *_, cancelled = lives(largest(lines, ServiceFlow.PAY_LATER), "cancelled")
    events = published(cancelled)
    names = [event.DESCRIPTOR.name for event in events]
    assert names == ["OrderCancelled", *["OrderUpdated"] * (len(names) - 1)]
    assert len(names) > 1
    assert sum(event.ByteSize() for event in events) > MAX_EVENT_BYTES


def test_checks_of_the_longest_names_and_largest_sums_fit_into_the_room_that_is_left_for_them() -> None:
    most, lines = 100_000_000_000, [new_id() for _ in range(LINES_MAX)]
    shares = [Share(lines[n % LINES_MAX], Fraction(999_983, 1_000_000)) for n in range(SHARES_MAX)]
    made = [
        Check(
            new_id(),
            "🍕" * 24,
            CheckKind.EARLIER,
            Sums(most, most, most, tuple(VatGroup(rate, most, most) for rate in (0, 500, 1250, 2000)), most),
            most // 2,
            tuple(shares[number::CHECKS_MAX]),
            tuple(range(1 + 5 * number, 6 + 5 * number)),
            most,
            10_000,
        )
        for number in range(CHECKS_MAX)
    ]
    assert split_message(Split(SplitMode.SEAT, tuple(made), CHECKS_MAX)).ByteSize() <= SPLIT_MAX_BYTES


async def test_the_largest_order_that_is_accepted_is_paid_and_completed_or_cancelled(world: World) -> None:
    def of_size(spare: int) -> list[str]:
        return ["x" * 500] * (spare // 500) + ["x" * (spare % 500)]

    small = draft(*(draft_line(world.burger) for _ in range(70)))
    room = ORDER_MAX_BYTES - ORDER_GROWTH_BYTES - SPLIT_MAX_BYTES - (await world.place(small)).ByteSize()
    refused = 0
    for spare in range(room - 400, room, 20):
        lines = [draft_line(world.burger, note=note) for note in of_size(spare)]
        lines += [draft_line(world.burger) for _ in range(70 - len(lines))]
        try:
            order = await world.place(draft(*lines))
        except OrderTooLarge:
            refused += 1
            continue
        another = await world.place(draft(*lines))
        await world.pay(order, 1)
        await world.pay(order, order.totals.total_minor - 1)
        await world.cook(order.id, TicketStep.START, TicketStep.BUMP, TicketStep.SERVE)
        await world.complete(order.id)
        await world.cancel(another.id)
    assert refused, "none of them was at the limit"


async def test_a_draft_has_the_limit_of_an_order(world: World) -> None:
    with pytest.raises(OrderTooLarge):
        await world.place(draft(*(draft_line(world.burger, note="x" * 500) for _ in range(80)), draft=True))
