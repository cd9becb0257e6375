"""Two devices at one order: whatever happens first, the order is the same and adds up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import Problem
from chassis.ids import derived_id, new_id
from services.orders.domain import firing
from services.orders.domain.errors import IllegalTransition, RefundRequired
from services.orders.domain.order import cancelling, guards, lifecycle, line, placing
from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment, State
from services.orders.domain.order.basket import price_basket, price_lines
from services.orders.domain.order.change import Change, Completed, Locked, Stamp
from services.orders.domain.order.house import House
from services.orders.domain.order.line import Edit
from services.orders.domain.order.order import AtTable, Order, Remarks, ServiceFlow
from services.orders.domain.order.remark import say
from services.orders.domain.order.transfer import transfer
from services.orders.domain.payment import Captured, record
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import MIA, NOON, item, menu, station, terms, wanted
from services.orders.tests.builders import line as a_line

CHARGE_BP = 1250
KITCHEN = station()
BURGER = item()
CAKE = item(name="Cake", price_minor=333, vat_class="cold_food")
MENU = menu(BURGER, CAKE)
TERMS = terms(service_charge_bp=CHARGE_BP)
HOUSE = House((KITCHEN,), auto_complete=False, service_charge_bp=CHARGE_BP)
UNITS = 20
"""Of each line that the order begins with: more than both devices void together."""
REFUSALS = {"LINE_ALREADY_FIRED", "CONFLICT", "ILLEGAL_TRANSITION"}


def stamp(device: str) -> Stamp:
    return Stamp(f"cmd-{device}", replace(MIA, device_id=device), NOON, "changed_mind")


def begun(flow: ServiceFlow = ServiceFlow.PAY_LATER, *, draft: bool = False) -> Locked:
    """One line in the kitchen, two that wait."""
    asked = (a_line(BURGER, UNITS), a_line(CAKE, UNITS, hold=True), a_line(BURGER, UNITS, course="dessert"))
    order = wanted(*asked, service_flow=flow, draft=draft)
    basket = price_basket(asked, order.order_type, 0, MENU, TERMS)
    if draft:
        kept = placing.open_draft(order, basket, new_id(), stamp("A"))
        return after(Locked(kept.order), kept)
    change = placing.place(order, basket, new_id(), 1, HOUSE.stations, stamp("A"))
    return after(Locked(change.order), change)


def after(locked: Locked, change: Change | None) -> Locked:
    if change is None:
        return locked
    tickets = {ticket.id: ticket for ticket in (*locked.tickets, *change.tickets)}
    return Locked(change.order, tuple(tickets.values()))


@dataclass(frozen=True)
class Deed:
    """What a device asks for, of which line of the order as it began."""

    verb: str
    which: int
    number: int


@dataclass
class Play:
    """An order, what the devices saw of it when they began, and what was refused."""

    locked: Locked
    base: int = 0
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base = self.locked.order.version
        self.first = tuple(one.id for one in self.locked.order.lines)

    def take(self, device: str, place: int, deed: Deed) -> None:
        """One command; every refusal is one that the rules know."""
        try:
            self.locked = after(self.locked, self._change(device, place, deed))
        except Problem as problem:
            self.refused.append(problem.reason)
        assert set(self.refused) <= REFUSALS
        assert_adds_up(self.locked)

    def _change(self, device: str, place: int, deed: Deed) -> Change | None:
        locked, by, of = self.locked, stamp(device), self.first[deed.which]
        match deed.verb:
            case "add":
                line_id = derived_id(of, device, place)
                sold = BURGER if deed.number % 2 else CAKE
                more = a_line(sold, deed.number, id=line_id, hold=deed.which == 1)
                priced = price_lines(((0, more),), locked.order.order_type, 0, MENU, TERMS)
                return line.add(locked, priced, TERMS, HOUSE, by)
            case "void":
                return line.void(locked, of, 1, MIA, HOUSE, by)
            case "fire":
                return firing.fire(locked, [of], "", HOUSE.stations, by)
            case "transfer":
                return transfer(locked, AtTable(TABLE, "7"), by)
            case "say":
                return say(locked, Remarks(note="Birthday"), "note", by)
            case _:
                name = "note" if device == "A" else "seat"
                value: object = f"note {deed.number}" if device == "A" else deed.number
                # A device knows what it changed itself.
                base = max(self.base, getattr(line.line_of(locked.order, of).changed, name))
                edit = Edit(**{name: value}, base_version=base)  # type: ignore[arg-type]
                return line.change(locked, of, edit, HOUSE, by)


TABLE = new_id()
VERBS = ("add", "void", "change", "fire", "transfer", "say")
deeds = st.lists(
    st.builds(Deed, st.sampled_from(VERBS), st.integers(0, 2), st.integers(1, 4)), max_size=UNITS // 2 - 2
)


def half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))


def assert_adds_up(locked: Locked) -> None:
    """The bill as a person would compute it, and each unit accounted for in the kitchen."""
    order, totals = locked.order, locked.order.totals
    prices = {BURGER.id: BURGER.price_minor, CAKE.id: CAKE.price_minor}
    goods = sum(prices[one.item_id] * one.quantity for one in order.lines)
    service = half_up(Fraction(goods * CHARGE_BP, 10_000))
    vat = half_up(Fraction(goods * 2000, 12_000))
    assert (totals.goods_minor, totals.service_charge_minor) == (goods, service)
    assert (totals.vat_minor, totals.total_minor) == (vat, goods + service)
    assert sum(one.vat_minor for one in order.lines) == vat
    for one in order.lines:
        on_tickets = [
            (part.quantity, part.state)
            for ticket in locked.tickets
            for part in ticket.lines
            if part.id == one.id
        ]
        cooked = sum(quantity for quantity, state in on_tickets if state is not Kitchen.CANCELLED)
        assert cooked == (one.quantity if one.fired and not one.voided else 0)
        assert one.voided == (one.quantity == 0)
    wasted = sum(void.quantity for one in order.lines for void in one.voids if void.wasted)
    assert wasted == sum(
        part.quantity for ticket in locked.tickets for part in ticket.lines if part.state is Kitchen.CANCELLED
    )


def outcome(order: Order) -> object:
    """What guests, cooks and the till make of it; who was first shows in versions and histories alone."""
    lines = {
        one.id: (one.quantity, one.note, one.seat, one.course, one.gross_minor, one.vat_rate_bp, one.kitchen)
        for one in order.lines
    }
    return lines, order.totals, order.vat, order.remarks, order.table_name, order.state


@settings(max_examples=200, deadline=None)
@given(a=deeds, b=deeds, turns=st.lists(st.booleans(), min_size=16, max_size=16))
def test_any_interleaving_of_two_devices_ends_in_the_same_order(
    a: list[Deed], b: list[Deed], turns: list[bool]
) -> None:
    start = begun()
    mixed, one_after_the_other = Play(start), Play(start)
    queues = {"A": list(enumerate(a)), "B": list(enumerate(b))}
    for turn in turns:
        device = "A" if (turn and queues["A"]) or not queues["B"] else "B"
        if queues[device]:
            mixed.take(device, *queues[device].pop(0))
    for device, rest in queues.items():
        for place, deed in rest:
            mixed.take(device, place, deed)
    for device, wanted_by in (("A", a), ("B", b)):
        for place, deed in enumerate(wanted_by):
            one_after_the_other.take(device, place, deed)
    assert "CONFLICT" not in mixed.refused
    assert outcome(mixed.locked.order) == outcome(one_after_the_other.locked.order)


@settings(max_examples=60, deadline=None)
@given(first=st.integers(1, 9), second=st.integers(1, 9), field=st.sampled_from(["quantity", "note", "seat"]))
def test_of_two_that_change_one_field_the_second_is_told_and_nothing_is_lost(
    first: int, second: int, field: str
) -> None:
    locked = begun()
    of = locked.order.lines[1]
    values = {"note": str} if field == "note" else {}
    mine, theirs = (values.get(field, int)(10 + number) for number in (first, second))
    seen = locked.order.version
    locked = after(locked, line.change(locked, of.id, edit(field, theirs, seen), HOUSE, stamp("A")))
    if mine == theirs:
        assert line.change(locked, of.id, edit(field, mine, seen), HOUSE, stamp("B")) is None
        return
    with pytest.raises(Problem) as refused:
        line.change(locked, of.id, edit(field, mine, seen), HOUSE, stamp("B"))
    conflict = refused.value.metadata
    assert (conflict["conflict.yours"], conflict["conflict.theirs"]) == (str(mine), str(theirs))
    assert_adds_up(locked)


def test_an_order_is_done_by_itself_when_what_is_left_is_paid_and_served() -> None:
    house = replace(HOUSE, auto_complete=True)
    first = a_line(BURGER)
    order = wanted(first)
    basket = price_basket((first,), order.order_type, 0, MENU, TERMS)
    change = placing.place(order, basket, new_id(), 1, HOUSE.stations, stamp("A"))
    locked = paid(after(Locked(change.order), change))
    more = price_lines(((0, a_line(CAKE, hold=True)),), order.order_type, 0, MENU, TERMS)
    locked = after(locked, line.add(locked, more, TERMS, house, stamp("A")))
    for step in (TicketStep.START, TicketStep.BUMP, TicketStep.SERVE):
        [ticket] = locked.tickets
        locked = after(locked, lifecycle.step_ticket(locked, ticket.id, step, True, stamp("A")))
    assert locked.order.lifecycle is Lifecycle.VALIDATED
    ended = line.void(locked, more[0].id, 1, None, house, stamp("B"))
    assert (ended.order.lifecycle, ended.events[-1]) == (Lifecycle.DONE, Completed())


def test_an_order_of_which_nothing_is_left_is_not_done_by_itself() -> None:
    house, locked = replace(HOUSE, auto_complete=True), begun()
    for one in locked.order.lines:
        locked = after(locked, line.void(locked, one.id, UNITS, MIA, house, stamp("A")))
    assert (locked.order.lifecycle, locked.order.payment) == (Lifecycle.VALIDATED, Payment.UNPAID)


def edit(field: str, value: object, base: int) -> Edit:
    return Edit(**{field: value}, base_version=base)  # type: ignore[arg-type]


def paid(locked: Locked) -> Locked:
    due = locked.order.totals.due_minor
    cash = Captured(new_id(), locked.order.id, 1, "cash", due, "GBP", MIA)
    return after(locked, record(locked, cash, HOUSE.stations, False, stamp("A")))


def stepped(locked: Locked, *steps: TicketStep) -> Locked:
    locked = after(locked, firing.fire(locked, [], "", HOUSE.stations, stamp("A")))
    for step in steps:
        locked = after(locked, lifecycle.step_all(locked, step, False, stamp("A")))
    return locked


def in_lifecycle(of: Lifecycle) -> Locked:
    return Locked(replace(begun().order, lifecycle=of))


SITUATIONS: dict[str, Callable[[], Locked]] = {
    "draft": lambda: begun(draft=True),
    "validated": begun,
    "paid": lambda: paid(begun(ServiceFlow.PAY_FIRST)),
    "preparing": lambda: stepped(begun(), TicketStep.START),
    "ready": lambda: stepped(begun(), TicketStep.START, TicketStep.BUMP),
    "done": lambda: after_complete(paid(stepped(begun(), TicketStep.BUMP))),
    "cancel_pending": lambda: after_cancel(begun()),
    "cancelled": lambda: in_lifecycle(Lifecycle.CANCELLED),
    "invoiced": lambda: in_lifecycle(Lifecycle.INVOICED),
}
OPEN = {"draft", "validated", "paid", "preparing", "ready"}


def after_complete(locked: Locked) -> Locked:
    return after(locked, lifecycle.complete(locked, stamp("A")))


def after_cancel(locked: Locked) -> Locked:
    return after(locked, cancelling.begin_cancel(locked, stamp("A")))


def attempt(command: str, locked: Locked) -> Change | None:
    of = locked.order.lines[1].id
    more = price_lines(((0, a_line(BURGER)),), locked.order.order_type, 0, MENU, TERMS)
    verbs: dict[str, Callable[[], Change | None]] = {
        "add_lines": lambda: line.add(locked, more, TERMS, HOUSE, stamp("B")),
        "void_line": lambda: line.void(locked, of, 1, MIA, HOUSE, stamp("B")),
        "change_line": lambda: line.change(locked, of, Edit(note="rare"), HOUSE, stamp("B")),
    }
    return verbs[command]()


PAIRS: Sequence[tuple[str, str]] = list(product(SITUATIONS, guards.OF_LINES))


@pytest.mark.parametrize(("situation", "command"), PAIRS)
def test_each_pair_of_state_and_command_is_legal_or_refused_with_what_is_allowed(
    situation: str, command: str
) -> None:
    locked = SITUATIONS[situation]()
    assert situation == "cancel_pending" or locked.order.state is State(situation)
    assert (command in guards.allowed_commands(locked.order)) == (situation in OPEN)
    if situation not in OPEN:
        with pytest.raises(IllegalTransition) as refused:
            attempt(command, locked)
        possible = "invoice" if situation == "done" else ""
        told = {"from": locked.order.state.value, "command": command, "allowed": possible}
        assert refused.value.metadata == told
        return
    if (situation, command) == ("paid", "void_line"):
        # What is paid is refunded before it is voided: the state allows it, the money does not.
        with pytest.raises(RefundRequired):
            attempt(command, locked)
        return
    change = attempt(command, locked)
    assert change is not None
    assert change.order.version == locked.order.version + 1
