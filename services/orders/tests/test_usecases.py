"""What staff can do with an order, over the real database and peers behind real gRPC."""

import asyncio
from datetime import UTC, timedelta
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1.events_pb2 import MenuChanged
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.orders_service_pb2 import OrderDraft

from chassis.db.idempotency import IdempotencyInFlight
from chassis.errors import Conflict, Unavailable, Unprocessable
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import (
    EmptyOrder,
    IllegalTransition,
    ItemUnavailable,
    OrderExists,
    OrderNotFound,
    OrderTooLarge,
    RefundRequired,
    UnknownTable,
)
from services.orders.domain.order.axes import Kitchen, Lifecycle, State
from services.orders.domain.order.upkeep import UNPAID_EXPIRES_AFTER
from services.orders.domain.paper_errors import UnknownCustomer
from services.orders.domain.ticket import LineStep, TicketStep
from services.orders.tests.builders import MIA, draft, draft_line, item_message
from services.orders.tests.world import Answer, World
from services.orders.usecases.menu import apply_menu
from services.orders.usecases.order import order as orders
from services.orders.usecases.order.upkeep import Sweeper
from services.orders.wire.menu import part_in


async def test_a_pay_later_order_is_taken_cooked_paid_and_done(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    assert (order.number, order.state, order.kitchen_state) == (
        1,
        orders_pb2.ORDER_STATE_VALIDATED,
        orders_pb2.KITCHEN_STATE_QUEUED,
    )
    assert (order.totals.goods_minor, order.totals.service_charge_minor, order.totals.total_minor) == (
        1000,
        125,
        1125,
    )
    await world.cook(order.id, TicketStep.START, TicketStep.BUMP)
    assert (await world.order(order.id)).state is State.READY
    await world.pay(order)
    done = await world.complete(order.id)
    assert (done.state, done.totals.due_minor) == (orders_pb2.ORDER_STATE_DONE, 0)
    kinds = [
        event.type.rsplit(".", 1)[1] for event in await event_recorder.events(world.deps.db, world.tenant)
    ]
    assert kinds == [
        "StationSaved",
        "OrderPlaced",
        "TicketUpdated",
        "TicketUpdated",
        "KitchenOrderReady",
        "OrderPaymentRecorded",
        "TicketUpdated",
        "OrderCompleted",
    ]
    [placed] = await event_recorder.of_type(world.deps.db, orders_events.OrderPlaced, world.tenant)
    assert placed.order == order
    assert placed.tickets[0].order_number == 1


async def test_a_pay_first_order_reaches_the_kitchen_with_its_money(world: World) -> None:
    order = await world.place_pay_first()
    assert (order.state, await world.tickets(order.id)) == (orders_pb2.ORDER_STATE_VALIDATED, [])
    await world.pay(order, 100)
    assert (await world.order(order.id)).state is State.VALIDATED
    await world.pay(order, order.totals.total_minor - 100)
    assert (await world.order(order.id)).state is State.PAID
    assert len(await world.tickets(order.id)) == 1


async def test_numbers_count_from_one_per_restaurant_and_business_day(world: World) -> None:
    other = world.another()
    assert [(await world.place()).number for _ in range(3)] == [1, 2, 3]
    assert (await other.place()).number == 1
    world.clock.advance(timedelta(hours=15, minutes=59))  # 03:59, still the same business day
    late = await world.place()
    assert (late.number, late.business_date) == (4, "2026-03-02")
    world.clock.advance(timedelta(minutes=1))
    early = await world.place()
    assert (early.number, early.business_date) == (1, "2026-03-03")


async def test_orders_placed_at_once_get_every_number_once(world: World) -> None:
    await world.place()
    placed = await asyncio.gather(*(world.place() for _ in range(12)))
    assert sorted(order.number for order in placed) == list(range(2, 14))


async def test_the_same_request_again_gets_the_first_reply(
    world: World, event_recorder: EventRecorder
) -> None:
    wanted = draft(draft_line(world.burger))
    first = await world.place_answer(wanted, key="k1")
    await world.cook(first.order.id, TicketStep.START)
    again = await world.place_answer(wanted, key="k1")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.order == first.order
    assert len(await event_recorder.of_type(world.deps.db, orders_events.OrderPlaced, world.tenant)) == 1


async def test_the_same_key_with_another_order_is_refused(world: World) -> None:
    await world.place(key="k1")
    with pytest.raises(Unprocessable) as refused:
        await world.place(key="k1")
    assert refused.value.reason == "IDEMPOTENCY_KEY_REUSE"


async def test_the_same_order_under_a_new_key_is_the_stored_order(world: World) -> None:
    wanted = draft(draft_line(world.burger))
    await world.place(wanted)
    await world.cook(wanted.id, TicketStep.START)
    again = await world.place_answer(wanted)
    assert (again.replayed, again.order.state) == (True, orders_pb2.ORDER_STATE_PREPARING)
    assert (await world.place()).number == 2  # none was spent on the repetition


async def test_the_same_order_id_with_other_content_is_refused(world: World) -> None:
    wanted = draft(draft_line(world.burger))
    await world.place(wanted)
    wanted.covers = 5
    with pytest.raises(OrderExists) as refused:
        await world.place(wanted)
    assert refused.value.reason == "ORDER_EXISTS"


async def test_an_order_that_was_accepted_stays_so_when_its_item_goes_off_before_the_retry(
    world: World,
) -> None:
    wanted = draft(draft_line(world.burger))
    first = await world.place(wanted, key="k1")
    await take_burger_off(world)
    assert (await world.place_answer(wanted, key="k1")).order == first
    assert (await world.place_answer(wanted, key="k2")).replayed
    with pytest.raises(ItemUnavailable):
        await world.place()


async def test_fifty_identical_requests_at_once_have_one_effect(
    world: World, event_recorder: EventRecorder
) -> None:
    await world.place()
    wanted = draft(draft_line(world.burger))
    outcomes = await asyncio.gather(
        *(world.place_answer(wanted, key="k") for _ in range(50)), return_exceptions=True
    )
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    refusals = [outcome for outcome in outcomes if not isinstance(outcome, Answer)]
    assert {answer.order.number for answer in answers} == {2}
    assert all(isinstance(refusal, IdempotencyInFlight) for refusal in refusals)
    placed = await event_recorder.of_type(world.deps.db, orders_events.OrderPlaced, world.tenant)
    assert [event.order.id for event in placed].count(wanted.id) == 1


async def test_one_id_under_many_keys_at_once_is_one_order(world: World) -> None:
    await world.place()
    wanted = draft(draft_line(world.burger))
    answers = await asyncio.gather(*(world.place_answer(wanted) for _ in range(8)))
    assert {answer.order.id for answer in answers} == {wanted.id}
    assert sum(not answer.replayed for answer in answers) == 1


async def test_tracked_stock_is_reserved_by_order_and_line(world: World) -> None:
    world.burger.stock_tracked = True
    world.extra_items.append(item_message(name="Water"))
    world.publish_menu()
    burger, water = draft_line(world.burger, 2), draft_line(world.extra_items[0])
    order = await world.place(draft(burger, water))
    [line] = world.catalog.reserved[order.id]
    assert (line.line_id, line.item_id, line.quantity) == (burger.id, world.burger.id, 2)
    assert world.catalog.released == []


async def test_what_catalog_refuses_is_not_placed(world: World) -> None:
    world.burger.stock_tracked = True
    world.publish_menu()
    world.catalog.refusal = Conflict("2 left", reason="INSUFFICIENT_STOCK", metadata={"available": "2"})
    wanted = draft(draft_line(world.burger, 3))
    with pytest.raises(Conflict) as refused:
        await world.place(wanted)
    assert (refused.value.reason, refused.value.metadata["available"]) == ("INSUFFICIENT_STOCK", "2")
    with pytest.raises(OrderNotFound):
        await world.order(wanted.id)


def without_ids(wanted: OrderDraft) -> OrderDraft:
    """A client that leaves the making of ids to the server."""
    wanted.ClearField("id")
    for line in wanted.lines:
        line.ClearField("id")
    return wanted


async def test_a_retry_without_ids_asks_for_the_goods_that_are_held_for_it(world: World) -> None:
    world.burger.stock_tracked = True
    world.publish_menu()
    wanted = without_ids(draft(draft_line(world.burger), draft_line(world.burger, 2)))
    world.catalog.lost_replies = 1
    with pytest.raises(Unavailable):
        await world.place(wanted, key="k1")
    [locked] = world.catalog.reserved.values()
    order = await world.place(wanted, key="k1")
    assert world.catalog.reserved == {order.id: locked}
    assert [line.id for line in order.lines] == [line.line_id for line in locked]
    assert (await world.place(wanted, key="k2")).id != order.id


async def test_a_retry_without_line_ids_asks_for_the_goods_that_are_held_for_its_order(world: World) -> None:
    world.burger.stock_tracked = True
    world.publish_menu()
    wanted = draft(draft_line(world.burger), draft_line(world.burger))
    for line in wanted.lines:
        line.ClearField("id")
    world.catalog.lost_replies = 1
    with pytest.raises(Unavailable):
        await world.place(wanted)
    order = await world.place(wanted)
    assert [line.id for line in order.lines] == [line.line_id for line in world.catalog.reserved[order.id]]
    assert len({line.id for line in order.lines}) == 2
    assert await world.place(wanted) == order


async def test_a_reservation_is_given_back_when_the_order_is_refused_after_it(world: World) -> None:
    world.burger.stock_tracked = True
    world.publish_menu()

    async def the_key_is_used_for_something_else() -> None:
        await world.place(key="k1")

    world.catalog.meanwhile = the_key_is_used_for_something_else
    with pytest.raises(Unprocessable):
        await world.place(without_ids(draft(draft_line(world.burger))), key="k1")
    [released] = world.catalog.released
    assert released not in world.catalog.reserved


async def test_a_retry_never_gives_back_the_stock_of_the_order_it_repeats(world: World) -> None:
    world.burger.stock_tracked = True
    world.publish_menu()
    wanted = draft(draft_line(world.burger))
    await world.place(wanted)
    await world.place(wanted)
    wanted.covers = 7
    with pytest.raises(OrderExists):
        await world.place(wanted)
    assert world.catalog.released == []
    assert wanted.id in world.catalog.reserved


@pytest.mark.parametrize(("field", "error"), [("table_id", UnknownTable), ("customer_id", UnknownCustomer)])
async def test_tables_and_customers_that_do_not_exist_are_refused(
    world: World, field: str, error: type[Unprocessable]
) -> None:
    with pytest.raises(error):
        await world.place(draft(draft_line(world.burger), **{field: str(new_id())}))


async def test_an_order_with_more_text_than_events_carry_is_refused(world: World) -> None:
    lines = [draft_line(world.burger, note="x" * 500) for _ in range(80)]
    with pytest.raises(OrderTooLarge):
        await world.place(draft(*lines))


async def test_a_draft_is_validated_once_with_the_prices_of_then(
    world: World, event_recorder: EventRecorder
) -> None:
    kept = await world.place(draft=True)
    assert (kept.state, kept.number) == (orders_pb2.ORDER_STATE_DRAFT, 0)
    world.burger.price_minor, world.burger.version, world.menu_version = 1200, 2, 2
    await hear_of_menu(world, world.publish_menu())
    order = await world.validate(kept.id, key="v1")
    assert (order.number, order.totals.goods_minor, order.menu_version) == (1, 1200, 2)
    assert order.kitchen_state == orders_pb2.KITCHEN_STATE_QUEUED
    assert await world.validate(kept.id, key="v1") == order
    with pytest.raises(IllegalTransition):
        await world.validate(kept.id)
    events = await event_recorder.events(world.deps.db, world.tenant)
    assert [event.type.rsplit(".", 1)[1] for event in events][1:] == ["OrderUpdated", "OrderPlaced"]


async def test_a_draft_reserves_its_stock_when_it_is_validated(world: World) -> None:
    world.burger.stock_tracked = True
    world.publish_menu()
    kept = await world.place(draft=True)
    assert world.catalog.reserved == {}
    await world.validate(kept.id)
    assert list(world.catalog.reserved) == [kept.id]


async def test_an_empty_draft_may_be_kept_but_not_validated(world: World) -> None:
    kept = await world.place(draft(draft=True))
    with pytest.raises(EmptyOrder):
        await world.validate(kept.id)
    with pytest.raises(EmptyOrder):
        await world.place(draft())


async def test_a_quote_is_the_bill_of_the_order_and_leaves_no_trace(
    world: World, event_recorder: EventRecorder
) -> None:
    wanted = draft(draft_line(world.burger, 2))
    quoted = await world.quote(wanted)
    assert (quoted.id, quoted.number, quoted.totals.total_minor) == ("", 0, 2250)
    assert await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant) == []
    placed = await world.place(wanted)
    assert (placed.number, placed.totals) == (1, quoted.totals)


async def test_held_lines_are_fired_by_command(world: World) -> None:
    locked = draft_line(world.burger, hold=True)
    order = await world.place(draft(draft_line(world.burger), locked))
    assert len((await world.tickets(order.id))[0].lines) == 1
    fired = await world.fire(order.id)
    assert fired.version == 2
    [ticket] = await world.tickets(order.id)
    assert (ticket.revision, len(ticket.lines)) == (2, 2)


async def test_an_order_that_nobody_paid_says_since_when_the_kitchen_waits_for_it(world: World) -> None:
    placed_at = world.clock.now()
    waits, locked = draft_line(world.burger), draft_line(world.burger, hold=True)
    order = await world.place(draft(waits, locked, service_flow=orders_pb2.SERVICE_FLOW_PAY_FIRST))
    assert order.unsent_since.ToDatetime(tzinfo=UTC) == placed_at
    world.clock.advance(timedelta(minutes=1))
    await world.pay(order, 1)
    assert (await world.order(order.id)).unsent_since == placed_at
    with pytest.raises(IllegalTransition):
        await world.fire(order.id)
    sent = await world.fire(order.id, pay_later=True)
    assert (sent.service_flow, sent.HasField("unsent_since")) == (orders_pb2.SERVICE_FLOW_PAY_LATER, False)
    [ticket] = await world.tickets(order.id)
    assert [str(line.id) for line in ticket.lines] == [waits.id]
    world.clock.advance(UNPAID_EXPIRES_AFTER * 2)
    await Sweeper(world.deps).sweep()
    assert (await world.order(order.id)).state is State.VALIDATED


async def test_what_is_sent_held_a_draft_or_closed_is_not_unsent(world: World) -> None:
    paid = await world.place_pay_first()
    await world.pay(paid)
    cancelled = await world.place_pay_first()
    await world.cancel(cancelled.id)
    locked = await world.place(
        draft(draft_line(world.burger, hold=True), draft_line(world.burger, course="mains"))
    )
    kept = await world.place_pay_first(draft=True)
    for order in (paid, cancelled, locked, kept, await world.place()):
        assert (await world.order(order.id)).unsent_since is None


async def test_a_line_steps_through_the_kitchen(world: World) -> None:
    first, second = draft_line(world.burger), draft_line(world.burger)
    order = await world.place(draft(first, second))
    [ticket] = await world.tickets(order.id)
    for step in (LineStep.START, LineStep.READY, LineStep.SERVE):
        await world.step_line(ticket.id, UUID(first.id), step)
    kitchens = {str(line.id): line.kitchen for line in (await world.order(order.id)).lines}
    assert kitchens == {first.id: Kitchen.SERVED, second.id: Kitchen.QUEUED}
    assert (await world.order(order.id)).state is State.PREPARING


async def test_an_acknowledgement_is_published_once(world: World, event_recorder: EventRecorder) -> None:
    order = await world.place()
    [ticket] = await world.tickets(order.id)
    for _ in range(2):
        shown = await world.step(ticket.id, TicketStep.ACK)
        assert shown.HasField("acknowledged_at")
    moved = await event_recorder.of_type(world.deps.db, orders_events.TicketUpdated, world.tenant)
    assert [event.cause for event in moved] == ["acknowledged"]


async def test_commands_on_one_order_at_once_each_count(world: World) -> None:
    order = await world.place(draft(*(draft_line(world.burger) for _ in range(6))))
    [ticket] = await world.tickets(order.id)
    await asyncio.gather(*(world.step_line(ticket.id, line.id, LineStep.START) for line in ticket.lines))
    stored = await world.order(order.id)
    assert (stored.version, stored.kitchen) == (7, Kitchen.PREPARING)
    assert (await world.tickets(order.id))[0].revision == 7


async def test_a_cancellation_closes_the_bill_and_the_tickets(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    await world.cook(order.id, TicketStep.START)
    cancelled = await world.cancel(order.id, key="c1")
    assert (cancelled.state, world.payments.closed) == (orders_pb2.ORDER_STATE_CANCELLED, [order.id])
    assert await world.cancel(order.id, key="c1") == cancelled
    [event] = await event_recorder.of_type(world.deps.db, orders_events.OrderCancelled, world.tenant)
    assert (event.reason, event.wasted, len(event.tickets)) == ("guest left", True, 1)
    with pytest.raises(IllegalTransition):
        await world.cancel(order.id)


async def test_a_cancellation_that_payments_refuses_leaves_the_order_open(world: World) -> None:
    order = await world.place()
    world.payments.with_money.add(order.id)
    with pytest.raises(RefundRequired):
        await world.cancel(order.id)
    assert (await world.order(order.id)).lifecycle is Lifecycle.VALIDATED
    await world.cook(order.id, TicketStep.START)


async def test_a_cancellation_goes_on_where_it_stopped(world: World) -> None:
    order = await world.place()
    world.payments.refusal = Unavailable("payments is away")
    with pytest.raises(Unavailable):
        await world.cancel(order.id, key="c1")
    assert (await world.order(order.id)).lifecycle is Lifecycle.CANCEL_PENDING
    with pytest.raises(IllegalTransition):
        await world.complete(order.id)
    world.payments.refusal = None
    assert (await world.cancel(order.id, key="c1")).state == orders_pb2.ORDER_STATE_CANCELLED


async def test_a_draft_is_cancelled_without_asking_anybody(world: World) -> None:
    kept = await world.place(draft=True)
    assert (await world.cancel(kept.id)).state == orders_pb2.ORDER_STATE_CANCELLED
    assert world.payments.closed == []


async def test_a_status_is_reached_by_the_command_that_leads_there(world: World) -> None:
    order = await world.place(draft=True)
    for status in (State.VALIDATED, State.PREPARING, State.READY):
        await world.set_status(order.id, status)
        assert (await world.order(order.id)).state is status
    await world.pay(await world.set_status(order.id, State.READY))
    assert (await world.set_status(order.id, State.DONE)).state == orders_pb2.ORDER_STATE_DONE


async def test_a_status_out_of_reach_names_those_within(world: World) -> None:
    order = await world.place()
    for status in (State.DONE, State.PAID, State.INVOICED, State.DRAFT):
        with pytest.raises(IllegalTransition) as refused:
            await world.set_status(order.id, status)
        assert refused.value.metadata["allowed"] == "preparing,ready,cancelled"
    await world.set_status(order.id, State.CANCELLED, "guest left")
    assert (await world.set_status(order.id, State.CANCELLED)).state == orders_pb2.ORDER_STATE_CANCELLED
    with pytest.raises(IllegalTransition) as closed:
        await world.set_status(order.id, State.VALIDATED)
    assert closed.value.metadata["allowed"] == ""


async def test_the_history_tells_the_life_of_an_order(world: World) -> None:
    order = await world.place_pay_first()
    await world.pay(order)
    await world.cook(order.id, TicketStep.START, TicketStep.BUMP)
    await world.complete(order.id)
    history = await orders.get_history(world.deps, world.tenant, UUID(order.id))
    states = [change.to_value for change in history if change.axis == "state"]
    assert states == ["validated", "paid", "preparing", "ready", "done"]
    assert [change.sequence for change in history] == list(range(1, len(history) + 1))
    assert history[0].actor == MIA


async def take_burger_off(world: World) -> None:
    """Catalog announces that burgers are off."""
    world.burger.available = False
    world.burger.version = world.menu_version = 2
    await hear_of_menu(world, world.publish_menu())


async def hear_of_menu(world: World, menu: catalog_pb2.Menu) -> None:
    """Orders hears of the newest menu."""
    changed = MenuChanged(
        restaurant_id=str(world.tenant),
        version=menu.version,
        previous_version=menu.version - 1,
        part=1,
        parts=1,
        items=menu.items,
    )
    async with world.deps.db.transaction(world.tenant) as tx:
        await apply_menu(tx, part_in(changed))
