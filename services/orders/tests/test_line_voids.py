"""Units that are taken off a line: by quantity, with a reason, and a manager's approval after fire."""

import asyncio

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.errors import Problem
from harness.fixtures import EventRecorder
from services.orders.domain.approval import Authority
from services.orders.domain.errors import (
    ApprovalInvalid,
    ApprovalNeeded,
    IllegalTransition,
    LineNotFound,
    OrderNotFound,
    ReasonRequired,
    RefundRequired,
    TooFewLeft,
)
from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment, State
from services.orders.domain.ticket import Ticket, TicketStep
from services.orders.tests.builders import MIA, draft, draft_line, item_message
from services.orders.tests.lines import APPROVED, MANAGES, MARA, NOBODY, REASON, add, void
from services.orders.tests.world import World


async def placed(world: World, quantity: int = 3, **overrides: object) -> tuple[orders_pb2.Order, str]:
    order = await world.place(draft(draft_line(world.burger, quantity), **overrides))
    return order, order.lines[0].id


async def on_hold(world: World, quantity: int = 3) -> tuple[orders_pb2.Order, str]:
    order = await world.place(draft(draft_line(world.burger, quantity, hold=True)))
    return order, order.lines[0].id


def parts(ticket: Ticket) -> list[tuple[int, Kitchen]]:
    return [(line.quantity, line.state) for line in ticket.lines]


async def test_a_partial_void_leaves_the_rest_and_keeps_a_record(world: World) -> None:
    order, line = await on_hold(world)
    less = await void(world, order.id, line, 1)
    [left] = less.lines
    assert (left.quantity, left.gross_minor, left.voided) == (2, 2000, False)
    assert (less.totals.goods_minor, less.totals.total_minor) == (2000, 2250)
    [record] = left.voids
    assert (record.quantity, record.gross_minor, record.reason, record.wasted) == (1, 1000, REASON, False)
    assert (record.voided_by.name, record.HasField("approved_by")) == (MIA.name, False)
    assert [one.quantity for one in (await world.order(order.id)).lines[0].voids] == [1]


async def test_voids_that_are_alike_stand_together_and_others_apart(world: World) -> None:
    order, line = await on_hold(world, 9)
    await void(world, order.id, line, 1)
    await void(world, order.id, line, 2)
    less = await void(world, order.id, line, 3, reason="quality")
    assert [(one.quantity, one.gross_minor, one.reason) for one in less.lines[0].voids] == [
        (3, 3000, REASON),
        (3, 3000, "quality"),
    ]


async def test_two_devices_that_void_one_of_three_each_leave_one(world: World) -> None:
    order, line = await placed(world)
    await asyncio.gather(void(world, order.id, line, 1), void(world, order.id, line, 1))
    stored = await world.order(order.id)
    assert (stored.lines[0].quantity, stored.totals.goods_minor) == (1, 1000)


@pytest.mark.parametrize("quantity", [3, 4])
async def test_more_than_there_is_is_refused_with_how_many_are_left(world: World, quantity: int) -> None:
    order, line = await placed(world)
    await void(world, order.id, line, 1)
    with pytest.raises(TooFewLeft) as refused:
        await void(world, order.id, line, quantity)
    assert refused.value.metadata == {"left": "2"}
    await void(world, order.id, line, 2)
    with pytest.raises(TooFewLeft) as refused:
        await void(world, order.id, line, 1)
    assert refused.value.metadata == {"left": "0"}


async def test_a_retry_voids_once(world: World) -> None:
    order, line = await placed(world)
    first = await void(world, order.id, line, 1, key="one")
    assert await void(world, order.id, line, 1, key="one") == first
    assert (await world.order(order.id)).lines[0].quantity == 2


async def test_voiding_a_fired_line_needs_a_manager(world: World) -> None:
    order, line = await placed(world)
    with pytest.raises(ApprovalNeeded) as refused:
        await void(world, order.id, line, 1, authority=NOBODY)
    assert refused.value.metadata == {"cause": "fired_line", "permission": "till.approve"}
    faulty = Authority("till.approve", alone=False, fault="same_person")
    with pytest.raises(ApprovalInvalid) as invalid:
        await void(world, order.id, line, 1, authority=faulty)
    assert invalid.value.metadata["fault"] == "same_person"
    assert (await world.order(order.id)).version == order.version
    less = await void(world, order.id, line, 1, authority=APPROVED)
    assert less.lines[0].voids[0].approved_by.name == MARA.name
    alone = await void(world, order.id, line, 1, authority=MANAGES)
    assert not alone.lines[0].voids[1].HasField("approved_by")


async def test_before_fire_nobody_need_approve_it(world: World) -> None:
    order, line = await on_hold(world)
    assert (await void(world, order.id, line, 3, authority=NOBODY)).lines[0].voided


async def test_it_needs_a_reason(world: World) -> None:
    order, line = await on_hold(world)
    with pytest.raises(ReasonRequired):
        await void(world, order.id, line, 1, reason="")


async def test_the_kitchen_sees_what_is_off_beside_what_it_goes_on_with(
    world: World, event_recorder: EventRecorder
) -> None:
    order, line = await placed(world)
    [before] = await world.tickets(order.id)
    await world.step(before.id, TicketStep.ACK)
    await void(world, order.id, line, 1)
    [ticket] = await world.tickets(order.id)
    assert parts(ticket) == [(2, Kitchen.QUEUED), (1, Kitchen.CANCELLED)]
    assert str(ticket.lines[0].id) == line
    assert (ticket.revision, ticket.acknowledged_at) == (before.revision + 2, None)
    [updated] = await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant)
    assert (updated.cause, len(updated.tickets)) == ("line_voided", 1)
    await void(world, order.id, line, 1)
    [ticket] = await world.tickets(order.id)
    assert parts(ticket) == [(1, Kitchen.QUEUED), (2, Kitchen.CANCELLED)]
    await void(world, order.id, line, 1)
    [ticket] = await world.tickets(order.id)
    assert (ticket.state, ticket.acknowledged_at) == (Kitchen.CANCELLED, None)
    assert sum(one.quantity for one in ticket.lines) == 3


async def test_the_rest_of_a_voided_line_is_cooked_and_served(world: World) -> None:
    order, line = await placed(world)
    await void(world, order.id, line, 1)
    await world.cook(order.id, TicketStep.START, TicketStep.BUMP, TicketStep.SERVE)
    [ticket] = await world.tickets(order.id)
    assert parts(ticket) == [(2, Kitchen.SERVED), (1, Kitchen.CANCELLED)]
    await world.pay(order, 2250)
    assert (await world.complete(order.id)).state == orders_pb2.ORDER_STATE_DONE


async def test_what_is_served_is_wasted_and_bothers_no_cook(world: World) -> None:
    order, line = await placed(world)
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    [served] = await world.tickets(order.id)
    less = await void(world, order.id, line, 1)
    assert less.lines[0].voids[0].wasted
    assert await world.tickets(order.id) == [served]


async def test_what_is_left_and_ready_makes_the_order_ready(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    await world.cook(order.id, TicketStep.BUMP)
    more = await add(world, order.id, draft_line(world.burger))
    less = await void(world, order.id, more.lines[1].id)
    assert less.state == orders_pb2.ORDER_STATE_READY
    ready = await event_recorder.of_type(world.deps.db, orders_events.KitchenOrderReady, world.tenant)
    assert len(ready) == 2


async def test_a_void_below_what_was_paid_is_refused_until_it_is_refunded(world: World) -> None:
    order, line = await placed(world)
    await world.record(world.payment(order.id, 2250))
    with pytest.raises(RefundRequired) as refused:
        await void(world, order.id, line, 2)
    assert "refund" in refused.value.detail
    assert refused.value.metadata == {"paid_minor": "2250", "total_minor": "1125"}
    less = await void(world, order.id, line, 1)
    assert less.payment_state == orders_pb2.PAYMENT_STATE_PAID


async def test_what_an_order_has_left_to_pay_may_be_voided_and_the_rest_is_then_cooked(world: World) -> None:
    wanted = draft(
        draft_line(world.burger), draft_line(world.burger), service_flow=orders_pb2.SERVICE_FLOW_PAY_FIRST
    )
    order = await world.place(wanted)
    await world.record(world.payment(order.id, 1125))
    less = await void(world, order.id, order.lines[1].id, authority=NOBODY)
    assert (less.payment_state, less.kitchen_state) == (
        orders_pb2.PAYMENT_STATE_PAID,
        orders_pb2.KITCHEN_STATE_QUEUED,
    )
    [ticket] = await world.tickets(order.id)
    assert parts(ticket) == [(1, Kitchen.QUEUED)]


async def test_an_order_of_which_nothing_is_left_stays_open_and_is_cancelled_or_completed(
    world: World,
) -> None:
    for finish in (world.cancel, world.complete):
        order, line = await placed(world)
        await void(world, order.id, line, 3)
        empty = await world.order(order.id)
        assert (empty.lifecycle, empty.state, empty.payment) == (
            Lifecycle.VALIDATED,
            State.VALIDATED,
            Payment.UNPAID,
        )
        assert (empty.kitchen, empty.totals.total_minor) == (Kitchen.NONE, 0)
        await finish(order.id)
    order, line = await placed(world)
    await void(world, order.id, line, 3)
    again = await add(world, order.id, draft_line(world.burger))
    assert again.totals.goods_minor == 1000
    assert len(await world.tickets(order.id)) == 2  # the one that is off is not cooked on


async def test_a_voided_line_of_a_draft_is_not_placed(world: World) -> None:
    kept = await world.place(draft(draft_line(world.burger), draft_line(world.burger, 3), draft=True))
    await void(world, kept.id, kept.lines[0].id, authority=NOBODY)
    await void(world, kept.id, kept.lines[1].id, authority=NOBODY)
    order = await world.validate(kept.id)
    assert [(one.quantity, len(one.voids)) for one in order.lines] == [(2, 0)]
    empty = await world.place(draft=True)
    await void(world, empty.id, empty.lines[0].id, authority=NOBODY)
    with pytest.raises(Problem) as refused:
        await world.validate(empty.id)
    assert refused.value.reason == "EMPTY_ORDER"


async def test_stock_stays_held_for_what_the_kitchen_had(world: World) -> None:
    cake = item_message(name="Cake", stock_tracked=True)
    world.extra_items.append(cake)
    world.publish_menu()
    order = await world.place(draft(draft_line(cake, 2), draft_line(cake, 2, hold=True)))
    fired = await void(world, order.id, order.lines[0].id)
    both = await void(world, order.id, order.lines[1].id)
    assert [[one.wasted for one in line.voids] for line in both.lines] == [[True], [False]]
    assert fired.version + 1 == both.version


async def test_a_void_is_recorded_with_who_approved_it(world: World) -> None:
    order, line = await placed(world)
    await void(world, order.id, line, 2, authority=APPROVED)
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        [facts] = [
            row["facts"]
            for row in await tx.fetch("SELECT facts FROM audit_record WHERE event = 'orders.line_voided'")
        ]
    assert f'"approver_id": "{MARA.user_id}"' in facts.replace('":"', '": "')
    assert '"quantity"' in facts
    assert '"amount_minor"' in facts


async def test_only_lines_that_there_are_of_orders_that_are_open(world: World) -> None:
    order, line = await placed(world)
    cancelled, its_line = await placed(world)
    with pytest.raises(LineNotFound):
        await void(world, order.id, its_line)
    with pytest.raises(OrderNotFound):
        await void(world.another(), order.id, line)
    await world.cancel(cancelled.id)
    with pytest.raises(IllegalTransition) as refused:
        await void(world, cancelled.id, its_line)
    assert refused.value.metadata["command"] == "void_line"
