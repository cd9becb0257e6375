"""Eat in or take away: the VAT follows, the price never does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import EditConflict, IllegalTransition, OrderMerged, RefundRequired
from services.orders.domain.menu import Item, OrderType
from services.orders.domain.moved import MergedOrder
from services.orders.domain.order import placing
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.order.basket import WantedLine, price_basket
from services.orders.domain.order.change import Locked
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.consumption import switch
from services.orders.domain.order.house import House
from services.orders.domain.order.line import void
from services.orders.domain.order.order import Order
from services.orders.domain.promise_errors import RatesUnknown
from services.orders.pricing import EXACT, BillMode, Rounding, VatGroup
from services.orders.tests.builders import (
    draft,
    draft_line,
    group,
    item,
    item_message,
    line,
    menu,
    option,
    stamp,
    station,
    terms,
    wanted,
)
from services.orders.tests.floor import a_table
from services.orders.tests.promises import switch_type
from services.orders.tests.world import World

SERVICE_BP = 1250
HOT, COLD = item(price_minor=895), item(price_minor=333, name="Salad", vat_class="cold_food")
DRINK = option(name="Cold dip", price_delta_minor=77, vat_class="cold_food")
WITH_DIP = item(price_minor=1201, name="Wings", groups=(group(DRINK, at_most=3),))
MEAL_SLOT = group(option(name="Burger", item_id=HOT.id), at_least=1)
SIDE_SLOT = group(option(name="Salad", item_id=COLD.id), at_least=1)
MEAL = item(price_minor=1000, name="Meal", groups=(MEAL_SLOT, SIDE_SLOT))
ITEMS = (HOT, COLD, WITH_DIP, MEAL)
MENU = menu(*ITEMS)
HOUSE = House((station(),), auto_complete=False, service_charge_bp=SERVICE_BP)
TYPES = st.sampled_from(OrderType)


def wanted_line(of: Item, quantity: int) -> WantedLine:
    """With every option that it has."""
    chosen = tuple(WantedOption(one.options[0].id, 1) for one in of.groups)
    return line(of, quantity, options=chosen)


def placed(
    quantities: list[tuple[int, int]], order_type: OrderType, mode: BillMode = BillMode.INCLUSIVE_OPTIONAL
) -> Order:
    """So many of each item, by its place above."""
    order = wanted(
        *(wanted_line(ITEMS[which], quantity) for which, quantity in quantities), order_type=order_type
    )
    how = terms(bill_mode=mode, service_charge_bp=SERVICE_BP)
    basket = price_basket(order.lines, order_type, 0, MENU, how)
    return placing.place(order, basket, new_id(), 1, HOUSE.stations, stamp()).order


def switched(order: Order, order_type: OrderType) -> Order:
    change = switch(Locked(order), order_type, 0, SERVICE_BP, stamp())
    return order if change is None else change.order


def money(order: Order) -> object:
    """All that a bill says, with all that its lines know."""
    return order.lines, order.vat, order.totals, order.service_charge_bp, order.order_type


BASKETS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=6)


@given(BASKETS, TYPES, TYPES, st.sampled_from(BillMode))
def test_there_and_back_is_the_order_as_it_was_and_the_price_stays(
    quantities: list[tuple[int, int]], first: OrderType, second: OrderType, mode: BillMode
) -> None:
    order = placed(quantities, first, mode)
    there = switched(order, second)
    assert [one.gross_minor for one in there.lines] == [one.gross_minor for one in order.lines]
    assert there.totals.goods_minor == order.totals.goods_minor
    assert money(switched(there, first)) == money(order)


@given(BASKETS, TYPES, TYPES, st.sampled_from(BillMode))
def test_it_is_what_would_have_been_placed_so(
    quantities: list[tuple[int, int]], first: OrderType, second: OrderType, mode: BillMode
) -> None:
    there, meant = switched(placed(quantities, first, mode), second), placed(quantities, second, mode)
    assert (there.vat, there.totals) == (meant.vat, meant.totals)
    rates = [
        [(one.vat_rate_bp, one.portions, one.vat_minor) for one in order.lines] for order in (there, meant)
    ]
    assert rates[0] == rates[1]


@given(BASKETS, st.data())
def test_units_that_are_voided_first_are_voided_elsewhere_too(
    quantities: list[tuple[int, int]], data: st.DataObject
) -> None:
    order = placed(quantities, OrderType.EAT_IN)
    gone = data.draw(st.sampled_from(order.lines))
    left = data.draw(st.integers(0, gone.quantity - 1))
    less = void(Locked(order), gone.id, gone.quantity - left, None, HOUSE, stamp(reason="wrong")).order
    there = switched(less, OrderType.TAKEAWAY)
    assert sum(group.gross_minor for group in there.vat) == there.totals.goods_minor
    assert money(switched(there, OrderType.EAT_IN)) == money(less)


def test_cold_food_is_zero_rated_to_take_away_and_a_service_charge_is_for_guests_who_sit() -> None:
    order = placed([(0, 1), (1, 2)], OrderType.EAT_IN)
    assert (order.totals.total_minor, order.totals.vat_minor) == (1561 + 195, 260)
    there = switched(order, OrderType.TAKEAWAY)
    assert [(one.rate_bp, one.gross_minor, one.vat_minor) for one in there.vat] == [
        (0, 666, 0),
        (2000, 895, 149),
    ]
    assert (there.totals.total_minor, there.totals.service_charge_minor) == (1561, 0)


def test_a_meal_deal_that_is_taken_away_after_all_is_apportioned_to_the_penny() -> None:
    sandwich = item(price_minor=360, name="Sandwich", vat_class="cold_food")
    crisps, drink = item(price_minor=120, name="Crisps"), item(price_minor=120, name="Drink")
    parts = (sandwich, crisps, drink)
    slots = tuple(group(option(name=one.name, price_delta_minor=0, item_id=one.id)) for one in parts)
    deal = item(price_minor=500, name="Meal deal", groups=slots)
    wished = wanted(wanted_line(deal, 1))
    basket = price_basket(wished.lines, OrderType.EAT_IN, 0, menu(deal, *parts), terms())
    order = placing.place(wished, basket, new_id(), 1, HOUSE.stations, stamp()).order
    assert [(one.rate_bp, one.vat_minor) for one in order.vat] == [(2000, 83)]
    [there] = switched(order, OrderType.TAKEAWAY).lines
    assert [(one.gross_minor, one.vat_minor) for one in there.portions] == [(300, 0), (100, 17), (100, 16)]
    assert (there.gross_minor, there.vat_minor) == (500, 33)


def test_takeaway_and_delivery_have_one_rate() -> None:
    order = placed([(1, 1)], OrderType.TAKEAWAY)
    delivered = switched(order, OrderType.DELIVERY)
    assert delivered.order_type is OrderType.DELIVERY
    assert (delivered.lines, delivered.totals) == (order.lines, order.totals)


def test_a_line_that_is_older_than_its_other_rate_is_refused() -> None:
    order = placed([(0, 1)], OrderType.EAT_IN)
    old = replace(order, lines=(replace(order.lines[0], elsewhere=None),))
    with pytest.raises(RatesUnknown):
        switch(Locked(old), OrderType.TAKEAWAY, 0, SERVICE_BP, stamp())


def test_pennies_of_other_rates_do_not_come_along() -> None:
    order = placed([(0, 1), (1, 1)], OrderType.EAT_IN)
    pennies = Rounding(1, (VatGroup(2000, 1, 1),))
    there = switched(replace(order, rounding=pennies), OrderType.TAKEAWAY)
    assert money(there) == money(switched(order, OrderType.TAKEAWAY))
    assert there.rounding == EXACT


def test_an_order_that_others_are_part_of_is_taken_apart_first() -> None:
    order = placed([(1, 1)], OrderType.EAT_IN)
    whole = replace(order, merged=(MergedOrder(new_id(), 2, None, "", 2),))
    with pytest.raises(OrderMerged):
        switched(whole, OrderType.TAKEAWAY)


def test_a_type_that_somebody_changed_since_is_not_changed_again() -> None:
    order = placed([(0, 1)], OrderType.EAT_IN)
    there = switched(order, OrderType.TAKEAWAY)
    with pytest.raises(EditConflict) as refused:
        switch(Locked(there), OrderType.DELIVERY, order.version, SERVICE_BP, stamp())
    assert refused.value.metadata["conflict.theirs"] == "takeaway"
    assert switch(Locked(there), OrderType.DELIVERY, there.version, SERVICE_BP, stamp()) is not None
    assert switch(Locked(there), OrderType.DELIVERY, 0, SERVICE_BP, stamp()) is not None


async def test_open_tickets_say_it_and_the_table_is_free_again(
    world: World, event_recorder: EventRecorder
) -> None:
    table = await a_table(world)
    order = await world.place(draft(draft_line(world.burger), table_id=table.id))
    [before] = await world.tickets(order.id)
    there = await switch_type(world, order.id, OrderType.TAKEAWAY)
    assert (there.table_id, there.totals.service_charge_minor) == ("", 0)
    [ticket] = await world.tickets(order.id)
    assert (ticket.order_type, ticket.table_name) == (OrderType.TAKEAWAY, "")
    assert (ticket.revision, ticket.state) == (before.revision + 1, Kitchen.QUEUED)
    told = await event_recorder.of_type(world.deps.db, orders_events.TableUpdated, world.tenant)
    assert [list(one.table.order_ids) for one in told[-2:]] == [[order.id], []]
    [changed] = await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant)
    assert (changed.cause, len(changed.tickets)) == ("type_changed", 1)
    assert (await world.order(order.id)).lines[0].elsewhere is not None
    again = await switch_type(world, order.id, OrderType.TAKEAWAY)
    assert again.version == there.version


async def test_it_is_refused_once_money_is_on_it_or_it_is_over(world: World) -> None:
    order = await world.place()
    await world.pay(order, 1)
    with pytest.raises(RefundRequired):
        await switch_type(world, order.id, OrderType.TAKEAWAY)
    gone = await world.place()
    await world.cancel(gone.id)
    with pytest.raises(IllegalTransition):
        await switch_type(world, gone.id, OrderType.TAKEAWAY)


async def test_what_is_added_after_a_switch_has_the_rate_of_the_new_type(world: World) -> None:
    salad = item_message(name="Salad", vat_class="cold_food", price_minor=600)
    world.extra_items.append(salad)
    world.menu_version += 1
    world.publish_menu()
    order = await world.place(draft(draft_line(salad)))
    assert order.lines[0].vat_rate_bp == 2000
    there = await switch_type(world, order.id, OrderType.TAKEAWAY)
    assert [(one.rate_bp, one.vat_minor) for one in there.vat] == [(0, 0)]
    world.clock.advance(timedelta(minutes=1))
    assert (await world.order(order.id)).totals.vat_minor == 0
