"""Sizes, nested options and combos through the service: stored, told, reserved, and cooked."""

from fynlo.catalog.v1 import catalog_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.ids import new_id
from services.orders.domain.order.order import Order
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import draft, draft_line, item_message
from services.orders.tests.world import World
from services.orders.wire.order import order_message


def an_option(name: str, **fields: object) -> catalog_pb2.Option:
    return catalog_pb2.Option(id=str(new_id()), name=name, available=True, **fields)  # type: ignore[arg-type]


def a_slot(name: str, *options: catalog_pb2.Option, **fields: object) -> catalog_pb2.OptionGroup:
    return catalog_pb2.OptionGroup(
        id=str(new_id()),
        name=name,
        min_choices=1,
        max_choices=1,
        options=options,
        **fields,  # type: ignore[arg-type]
    )


class Deal:
    """A burger with a nested sauce, a counted cola, and a size."""

    def __init__(self, world: World) -> None:
        self.cola = item_message(name="Cola", price_minor=300, vat_class="cold_food", stock_tracked=True)
        self.sauce = catalog_pb2.NestedOption(
            id=str(new_id()),
            name="Satay",
            price_delta_minor=50,
            available=True,
            may_contain=[catalog_pb2.ALLERGEN_PEANUTS],
            stock_use=catalog_pb2.StockUse(item_id=self.cola.id, quantity=2),
        )
        sauces = catalog_pb2.NestedOptionGroup(
            id=str(new_id()), name="Sauce", min_choices=1, max_choices=1, options=[self.sauce]
        )
        self.large = an_option("Large", price_delta_minor=100)
        self.main = an_option("Burger", item_id=world.burger.id, option_groups=[sauces])
        self.drink = an_option("Cola", item_id=self.cola.id)
        groups = [
            a_slot("Size", self.large, is_size=True),
            a_slot("Main", self.main),
            a_slot("Drink", self.drink),
        ]
        self.item = item_message(name="Meal", price_minor=1000, option_groups=groups)
        world.extra_items += [self.cola, self.item]
        world.publish_menu()

    def line(self, quantity: int = 1) -> orders_api.DraftLine:
        line = draft_line(self.item, quantity)
        for option_id in (self.large.id, self.main.id, self.sauce.id, self.drink.id):
            line.options.add(option_id=option_id)
        return line


async def test_a_combo_is_stored_answered_and_priced_again_from_its_draft(world: World) -> None:
    deal = Deal(world)
    kept = await world.place(draft(deal.line(2), draft=True))
    order = await world.validate(kept.id)
    [line] = order.lines
    assert line.gross_minor == 2 * 1150 == sum(part.gross_minor for part in line.portions)
    assert [part.name for part in line.portions] == ["Burger", "Cola"]
    assert sum(part.vat_minor for part in line.portions) == line.vat_minor == order.totals.vat_minor
    assert [(one.name, one.is_size, bool(one.item_id)) for one in line.options] == [
        ("Large", True, False),
        ("Burger", False, True),
        ("Satay", False, False),
        ("Cola", False, True),
    ]
    assert line.options[2].parent_option_id == deal.main.id
    assert list(line.may_contain) == [catalog_pb2.ALLERGEN_PEANUTS]
    stored: Order = await world.order(order.id)
    assert order_message(stored) == order


async def test_what_options_and_components_take_is_reserved_with_the_line(world: World) -> None:
    deal = Deal(world)
    order = await world.place(draft(deal.line(3)))
    [held] = world.catalog.reserved[order.id]
    [use] = order.lines[0].stock_uses
    # One is the component, two go into the sauce.
    assert (held.line_id, held.item_id, held.quantity) == (use.id, deal.cola.id, 9)
    assert use.quantity == 3


async def test_a_plain_order_reserves_nothing_and_has_no_new_field(world: World) -> None:
    order = await world.place()
    assert order.id not in world.catalog.reserved
    [line] = order.lines
    assert (len(line.portions), len(line.stock_uses), len(line.may_contain)) == (0, 0, 0)


async def test_a_ticket_shows_the_components_and_the_combo_is_ready_when_all_of_it_is(world: World) -> None:
    deal = Deal(world)
    order = await world.place(draft(deal.line()))
    [ticket] = await world.tickets(order.id)
    [line] = ticket.lines
    assert [one.name for one in line.options] == ["Large", "Burger", "Satay", "Cola"]
    assert ticket.may_contain == (catalog_pb2.ALLERGEN_PEANUTS,)
    await world.step(ticket.id, TicketStep.BUMP)
    [cooked] = (await world.order(order.id)).lines
    assert order_message(await world.order(order.id)).kitchen_state == orders_pb2.KITCHEN_STATE_READY
    assert cooked.kitchen == "ready"


async def test_the_same_order_again_is_the_same_reservation(world: World) -> None:
    deal = Deal(world)
    wanted = draft(deal.line())
    first = await world.place(wanted)
    again = await world.place_answer(wanted)
    assert (again.order, again.replayed) == (first, True)
    assert len(world.catalog.reserved[first.id]) == 1
