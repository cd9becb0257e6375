"""A combo in an order that changes: its parts follow the quantity, and its discounts fall on them."""

from chassis.ids import new_id
from services.orders.domain.approval import Authority, Rank
from services.orders.domain.discount import DiscountKind
from services.orders.domain.order import line as lines
from services.orders.domain.order.basket import price_basket
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.discount import Caps, WantedDiscount, give, take_back
from services.orders.domain.order.house import House
from services.orders.domain.order.line import Edit
from services.orders.domain.order.placing import place
from services.orders.tests.builders import line, stamp, station, terms, wanted
from services.orders.tests.test_configured import DEAL, SHOP, TAKEAWAY, portions

HOUSE = House((station(),), auto_complete=False, service_charge_bp=0)
OWNER = Authority("discounts.manage", alone=True, rank=Rank.OWNER)


def deals(quantity: int) -> Locked:
    """An order, taken away, of meal deals at 5.00 that wait for the kitchen."""
    chosen = tuple(WantedOption(group.options[0].id, 1) for group in DEAL.groups)
    asked = line(DEAL, quantity, options=chosen, hold=True)
    order = wanted(asked, order_type=TAKEAWAY)
    basket = price_basket((asked,), TAKEAWAY, 0, SHOP, terms())
    return Locked(place(order, basket, new_id(), 1, HOUSE.stations, stamp()).order)


def after(change: Change | None) -> Locked:
    assert change is not None
    return Locked(change.order)


def figures(locked: Locked) -> tuple[list[tuple[str, int, int, int]], int, int]:
    [deal] = locked.order.lines
    groups = {group.rate_bp: group.vat_minor for group in locked.order.vat}
    assert sum(gross for _, _, gross, _ in portions(deal)) == deal.gross_minor
    assert deal.vat_minor == locked.order.totals.vat_minor == sum(groups.values())
    return portions(deal), locked.order.totals.total_minor, deal.vat_minor


def test_the_parts_of_a_combo_follow_its_quantity() -> None:
    three = deals(3)
    [deal] = three.order.lines
    two = after(lines.void(three, deal.id, 1, None, HOUSE, stamp(reason="changed_mind")))
    # 4.00 at 20 % holds 67p, and the odd penny goes to the first of two equal parts.
    of_two = [("Sandwich", 0, 600, 0), ("Crisps", 2000, 200, 34), ("Cola", 2000, 200, 33)]
    assert figures(two) == (of_two, 1000, 67)
    four = after(lines.change(two, deal.id, Edit(quantity=4, base_version=two.order.version), HOUSE, stamp()))
    of_four = [("Sandwich", 0, 1200, 0), ("Crisps", 2000, 400, 67), ("Cola", 2000, 400, 66)]
    assert figures(four) == (of_four, 2000, 133)
    assert four.order.lines[0].stock_uses == deal.stock_uses


def test_a_discount_on_a_combo_falls_on_its_parts_and_taken_back_leaves_no_trace() -> None:
    two = deals(2)
    tenth = WantedDiscount(new_id(), DiscountKind.PERCENT, 1_000, None, "waited long")
    less = after(give(two, tenth, OWNER, Caps(), HOUSE, stamp()))
    # 9.00 are 5.40, 1.80 and 1.80; 3.60 at 20 % hold 60p.
    reduced = [("Sandwich", 0, 600, 0), ("Crisps", 2000, 200, 30), ("Cola", 2000, 200, 30)]
    assert figures(less) == (reduced, 900, 60)
    assert figures(after(take_back(less, tenth.id, 0, stamp()))) == figures(two)


def test_a_combo_that_is_voided_whole_costs_nothing_and_has_no_parts_left() -> None:
    two = deals(2)
    [deal] = two.order.lines
    none = after(lines.void(two, deal.id, 2, None, HOUSE, stamp(reason="changed_mind")))
    assert figures(none) == ([("Sandwich", 0, 0, 0), ("Crisps", 2000, 0, 0), ("Cola", 2000, 0, 0)], 0, 0)
