from fynlo.orders.v1 import events_pb2, orders_pb2

from chassis.testing import EventRecorder
from services.orders.domain.kitchen import TicketStep
from services.orders.domain.order import State
from services.orders.tests.world import World


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
        event.type.rsplit(".", 1)[1] for event in await event_recorder.events(world.shop.db, world.tenant)
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
    [placed] = await event_recorder.of_type(world.shop.db, events_pb2.OrderPlaced, world.tenant)
    assert placed.order == order
    assert placed.tickets[0].order_number == 1
