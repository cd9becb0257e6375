"""Random evenings of several tables: lines go from order to order, orders become one and are taken apart,
while people order, void, discount and cook. Whatever goes somewhere comes from somewhere, to the penny and to
the unit.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.errors import Problem
from chassis.ids import new_id
from services.orders.domain import firing
from services.orders.domain.approval import Authority, Rank
from services.orders.domain.day import Figures, figures
from services.orders.domain.discount import DiscountKind
from services.orders.domain.menu import Item
from services.orders.domain.order import line as lines
from services.orders.domain.order import remark
from services.orders.domain.order.axes import Kitchen, Lifecycle
from services.orders.domain.order.basket import price_basket, price_lines
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.discount import Caps, WantedDiscount, give
from services.orders.domain.order.house import House
from services.orders.domain.order.lifecycle import step_ticket
from services.orders.domain.order.merging import merge, unmerge
from services.orders.domain.order.order import AtTable, GuestAllergy, Order, Remarks
from services.orders.domain.order.placing import place
from services.orders.domain.order.transfer import begun_beside, lines_to_move, move_lines
from services.orders.domain.ticket import TicketStep, newest
from services.orders.pricing import BillMode
from services.orders.tests.builders import DRINKS, item, line, menu, stamp, station, terms, wanted
from services.orders.wire.order import order_message, order_of

STATIONS = (station(), station(name="Bar", is_default=False, category_ids=frozenset({DRINKS})))
ITEMS = (
    item(price_minor=1_099, stock_tracked=True),
    item(price_minor=333, vat_class="cold_food", name="Salad"),
    item(category_id=DRINKS, name="Beer", price_minor=487),
)
MENU = menu(*ITEMS)
OWNER = Authority("discounts.manage", alone=True, rank=Rank.OWNER)
ELSEWHERE = AtTable(new_id(), "9")
"""A table where nobody sits."""
REFUSALS = {
    "DISCOUNT_NOT_FOUND",
    "ILLEGAL_TRANSITION",
    "LINE_ALREADY_FIRED",
    "LINE_VOIDED",
    "NOTHING_STAYS",
    "NOTHING_TO_FIRE",
    "ORDERS_DIFFER",
    "ORDER_MERGED",
    "REFUND_REQUIRED",
    "SAME_ORDER",
    "TICKET_STEP_REFUSED",
    "TOO_FEW_LEFT",
    "TOO_MANY_DISCOUNTS",
    "UNKNOWN_LINE",
    "UNKNOWN_SEAT",
    "ALLERGY_NOT_ACKNOWLEDGED",
}


def sums(orders: Sequence[Order]) -> Counter[str]:
    """What all of them come to, in every part."""
    found: Counter[str] = Counter()
    for order in orders:
        totals = order.totals
        found["goods"] += totals.goods_minor
        found["discount"] += totals.discount_minor
        found["service"] += totals.service_charge_minor
        found["vat"] += totals.vat_minor
        found["total"] += totals.total_minor
        for group in order.vat:
            found[f"gross of {group.rate_bp}"] += group.gross_minor
            found[f"vat of {group.rate_bp}"] += group.vat_minor
    return +found


class Evening(RuleBasedStateMachine):
    """Some orders at tables of one house."""

    @initialize(
        mode=st.sampled_from(BillMode),
        charge_bp=st.sampled_from([0, 1_250, 333]),
        baskets=st.lists(
            st.lists(
                st.tuples(st.sampled_from(ITEMS), st.integers(1, 3), st.booleans()), min_size=1, max_size=4
            ),
            min_size=2,
            max_size=4,
        ),
    )
    def open(self, mode: BillMode, charge_bp: int, baskets: list[list[tuple[Item, int, bool]]]) -> None:
        self.house = House(STATIONS, auto_complete=False, service_charge_bp=charge_bp)
        self.terms = terms(bill_mode=mode, service_charge_bp=charge_bp)
        self.orders: dict[UUID, Locked] = {}
        self.day = Figures()
        self.counted: set[UUID] = set()
        self.allergies: set[int] = set()
        for number, basket in enumerate(baskets, 1):
            asked = wanted(
                *(
                    line(thing, units, hold=hold, seat=index % 3)
                    for index, (thing, units, hold) in enumerate(basket)
                )
            )
            priced = price_basket(asked.lines, asked.order_type, 0, MENU, self.terms)
            table = AtTable(new_id(), str(number))
            self._took([place(asked, priced, new_id(), number, STATIONS, stamp(), table)])

    @rule(
        of=st.integers(0, 9),
        to=st.integers(0, 9),
        picks=st.sets(st.integers(0, 5), min_size=1),
        seats=st.booleans(),
    )
    def move(self, of: int, to: int, picks: set[int], seats: bool) -> None:
        source, target = self._pick(of), self._pick(to)
        there = source.order.lines
        ids = [] if seats else [there[pick % len(there)].id for pick in picks]
        named = sorted(picks - {0}) if seats else []

        def moved() -> list[Change]:
            moving = lines_to_move(source.order, ids, named) if ids or named else ()
            if not moving:
                return []
            if target is source:
                number = len(self.orders) + 1
                begun = Locked(begun_beside(source.order, new_id(), number, ELSEWHERE, stamp()))
                return list(move_lines(source, begun, moving, len(named), self.house, stamp()))
            if target.order.lifecycle is not Lifecycle.VALIDATED:
                return []
            return list(move_lines(source, target, moving, len(named), self.house, stamp()))

        self._kept(moved, exact=not self._has_whole_discounts(source, target))

    @rule(of=st.integers(0, 9), to=st.integers(0, 9), more=st.integers(0, 9))
    def merge(self, of: int, to: int, more: int) -> None:
        target, parts = self._pick(to), {self._pick(of).order.id, self._pick(more).order.id}
        sources = [self.orders[one] for one in sorted(parts)]
        whole = target.order.merged and any(
            one.of_order is None and not one.line_ids for one in target.order.discounts
        )
        self._kept(lambda: merge(target, sources, self.house, stamp()), exact=not whole)

    @rule(of=st.integers(0, 9))
    def unmerge(self, of: int) -> None:
        target = self._pick(of)
        parts = [self.orders[one.order_id] for one in target.order.merged]
        whole = any(one.of_order is None and not one.line_ids for one in target.order.discounts)
        self._kept(lambda: unmerge(target, parts, self.house, stamp()), exact=not whole)

    @rule(of=st.integers(0, 9), thing=st.sampled_from(ITEMS), units=st.integers(1, 3), hold=st.booleans())
    def add(self, of: int, thing: Item, units: int, hold: bool) -> None:
        locked = self._pick(of)
        asked = [(0, line(thing, units, hold=hold, seat=1))]
        priced = price_lines(asked, locked.order.order_type, 0, MENU, self.terms)
        self._try(lambda: [lines.add(locked, priced, self.terms, self.house, stamp())])

    @rule(of=st.integers(0, 9), pick=st.integers(0, 9), units=st.integers(1, 3))
    def void(self, of: int, pick: int, units: int) -> None:
        locked = self._pick(of)
        there = locked.order.lines
        line_id = there[pick % len(there)].id
        self._try(lambda: [lines.void(locked, line_id, units, None, self.house, stamp(reason="wrong"))])

    @rule(
        of=st.integers(0, 9),
        pick=st.integers(-9, 9),
        kind=st.sampled_from(DiscountKind),
        value=st.integers(1, 3_000),
    )
    def discount(self, of: int, pick: int, kind: DiscountKind, value: int) -> None:
        locked = self._pick(of)
        there = locked.order.lines
        value = 0 if kind is DiscountKind.COMP else value
        asked = WantedDiscount(
            new_id(), kind, value, there[pick % len(there)].id if pick >= 0 else None, "kind"
        )
        self._try(lambda: _done(give(locked, asked, OWNER, Caps(), self.house, stamp())))

    @rule(of=st.integers(0, 9), allergen=st.integers(1, 14))
    def say(self, of: int, allergen: int) -> None:
        locked = self._pick(of)
        known = locked.order.remarks.guest_allergy
        said = {allergen, *(() if known is None else known.allergens)}
        remarks = Remarks(GuestAllergy(tuple(sorted(said))))

        def told() -> list[Change]:
            return _done(remark.say(locked, remarks, "guest_allergy", stamp()))

        if self._try(told):
            self.allergies.add(allergen)

    @rule(of=st.integers(0, 9))
    def fire(self, of: int) -> None:
        self._try(lambda: [firing.fire(self._pick(of), [], "", STATIONS, stamp())])

    @rule(
        of=st.integers(0, 9),
        pick=st.integers(0, 9),
        step=st.sampled_from([TicketStep.START, TicketStep.BUMP]),
    )
    def cook(self, of: int, pick: int, step: TicketStep) -> None:
        locked = self._pick(of)
        if locked.tickets:
            ticket = locked.tickets[pick % len(locked.tickets)]
            self._try(lambda: _done(step_ticket(locked, ticket.id, step, False, stamp())))

    @invariant()
    def each_unit_is_cooked_once(self) -> None:
        for locked in getattr(self, "orders", {}).values():
            cooked: Counter[UUID] = Counter()
            for ticket in locked.tickets:
                assert ticket.order_id == locked.order.id
                for one in ticket.lines:
                    cooked[one.id] += one.quantity if one.state is not Kitchen.CANCELLED else 0
            for one in locked.order.lines:
                assert cooked[one.id] == (one.quantity if one.fired and not one.voided else 0), one

    @invariant()
    def an_order_is_what_its_lines_come_to(self) -> None:
        for locked in getattr(self, "orders", {}).values():
            order, totals = locked.order, locked.order.totals
            sold = [one for one in order.lines if not one.voided]
            assert totals.goods_minor == sum(one.gross_minor - one.discount_minor for one in sold)
            assert totals.vat_minor == sum(group.vat_minor for group in order.vat)
            assert totals.vat_minor == sum(one.vat_minor for one in sold)
            on_top = totals.vat_minor if order.bill_mode is BillMode.EXCLUSIVE_LEGACY else 0
            assert totals.total_minor == totals.goods_minor + totals.service_charge_minor + on_top
            assert sum(one.amount_minor for one in order.discounts) == totals.discount_minor
            if order.lifecycle is Lifecycle.MERGED:
                assert (sold, totals.total_minor) == ([], 0)
                assert all(ticket.state is Kitchen.CANCELLED for ticket in locked.tickets)

    @invariant()
    def the_day_is_the_sum_of_its_orders(self) -> None:
        found = Figures()
        for locked in getattr(self, "orders", {}).values():
            found = found.minus(Figures().minus(figures(locked.order, locked.tickets)))
        assert getattr(self, "day", Figures()) == found

    @invariant()
    def whoever_held_stock_is_heard_of_for_good(self) -> None:
        for order_id in getattr(self, "counted", ()):
            assert any(one.takes_stock for one in self.orders[order_id].order.lines)

    @invariant()
    def no_allergy_is_lost(self) -> None:
        said = {
            allergen
            for locked in getattr(self, "orders", {}).values()
            if locked.order.remarks.guest_allergy and locked.order.lifecycle is Lifecycle.VALIDATED
            for allergen in locked.order.remarks.guest_allergy.allergens
        }
        assert said == getattr(self, "allergies", set())

    def _pick(self, index: int) -> Locked:
        return list(self.orders.values())[index % len(self.orders)]

    def _has_whole_discounts(self, *concerned: Locked) -> bool:
        return any(not one.line_ids for locked in concerned for one in locked.order.discounts)

    def _kept(self, verb: Callable[[], list[Change]], exact: bool = True) -> None:
        """Does it, and compares what there was with what there is."""
        before = [locked.order for locked in self.orders.values()]
        units, states, voids = self._units()
        self._try(verb)
        after = [locked.order for locked in self.orders.values()]
        assert self._units() == (units, states, voids)
        if exact:
            assert sums(after) == sums(before)

    def _units(self) -> tuple[Counter[UUID], Counter[tuple[UUID, Kitchen]], Counter[UUID]]:
        units: Counter[UUID] = Counter()
        states: Counter[tuple[UUID, Kitchen]] = Counter()
        voids: Counter[UUID] = Counter()
        for locked in self.orders.values():
            for one in locked.order.lines:
                units[one.id] += one.quantity
                states[one.id, one.kitchen] += one.quantity
                voids[one.id] += sum(void.quantity for void in one.voids)
        return +units, +states, +voids

    def _try(self, verb: Callable[[], list[Change]]) -> bool:
        try:
            changes = verb()
        except Problem as refusal:
            if refusal.reason in REFUSALS:
                return False
            raise
        self._took(changes)
        return True

    def _took(self, changes: Sequence[Change]) -> None:
        brought = {ticket.id for change in changes for ticket in change.tickets}
        for change in changes:
            before = self.orders.get(change.order.id)
            known = () if before is None else before.tickets
            tickets = newest([one for one in known if one.id not in brought], change.tickets)
            old = {one.id: one.revision for each in self.orders.values() for one in each.tickets}
            for one in change.tickets:
                assert one.revision == old.get(one.id, 0) + 1
            self.orders[change.order.id] = Locked(_read_back(change.order), tuple(tickets))
            self.day = self.day.minus(Figures().minus(change.gained))
            if any(one.takes_stock for one in change.order.lines):
                self.counted.add(change.order.id)


def _done(change: Change | None) -> list[Change]:
    return [] if change is None else [change]


def _read_back(order: Order) -> Order:
    """As it would be stored and read again."""
    row = {
        "id": order.id,
        "restaurant_id": order.restaurant_id,
        "number": order.number,
        "lifecycle": order.lifecycle.value,
        "service_flow": order.service_flow.value,
        "business_date": order.business_date,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "placed_at": order.placed_at,
        "version": order.version,
        "content_hash": order.content_hash,
        "history_rows": order.history_rows,
        "cancel_reason": order.cancel_reason,
        "table_id": order.table_id,
    }
    read = order_of(order_message(order), row)
    assert read == order
    return read


Evening.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestEvening = Evening.TestCase
