"""Paying the checks of an order that is split: each is paid once, and never more than it comes to."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import checks_pb2, orders_pb2
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from hypothesis import given
from hypothesis import strategies as st

from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Problem
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.payments.domain.check import Check, amount_for_check, check_of
from services.payments.domain.errors import (
    AmountAboveBalance,
    BillClosed,
    CheckNotFound,
    CheckPaid,
    OrderNotFound,
    PaymentIdTaken,
)
from services.payments.tests.world import World


def a_split_order(world: World, *totals: int, **overrides: Any) -> orders_pb2.Order:
    """An order with checks of these totals, as its owner tells it."""
    order = world.order(sum(totals), **overrides)
    order.split.CopyFrom(a_split(*totals))
    return order


def a_split(*totals: int) -> checks_pb2.Split:
    made = [checks_pb2.Check(id=str(new_id()), total_minor=total, due_minor=total) for total in totals]
    return checks_pb2.Split(mode=checks_pb2.SPLIT_MODE_AMOUNT, checks=made)


def ids(order: orders_pb2.Order) -> list[str]:
    return [check.id for check in order.split.checks]


async def test_without_an_amount_a_payment_takes_what_is_due_on_its_check(
    world: World, event_recorder: EventRecorder
) -> None:
    await world.open_till()
    order = a_split_order(world, 3334, 3334, 3333)
    first, second, _ = ids(order)
    reply = await world.pay(order, check=first, tendered=5000, tip=100)
    assert (reply.payment.amount_minor, reply.payment.change_minor) == (3334, 1566)
    assert (reply.payment.check_id, reply.due_minor) == (first, 6667)
    assert (await world.pay(order, 1000, check=second)).payment.amount_minor == 1000
    assert (await world.pay(order, check=second)).payment.amount_minor == 2334
    told = await event_recorder.of_type(world.db, payments_events.PaymentCaptured, world.restaurant_id)
    assert [event.payment.check_id for event in told] == [first, second, second]


async def test_a_check_is_paid_once(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 500, 500)
    [check, _] = ids(order)
    await world.pay(order, check=check)
    for amount in (None, 1):
        with pytest.raises(CheckPaid) as refusal:
            await world.pay(order, amount, check=check)
        assert refusal.value.metadata["check_id"] == check
    assert (await world.balances())["cash_drawer"] == 5500


async def test_more_than_is_due_on_the_check_is_refused_and_a_penny_less_is_not(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 500, 500)
    [check, _] = ids(order)
    with pytest.raises(AmountAboveBalance) as refusal:
        await world.pay(order, 501, check=check)
    assert refusal.value.metadata["due_minor"] == "500"
    await world.pay(order, 499, check=check)
    with pytest.raises(AmountAboveBalance):
        await world.pay(order, 2, check=check)
    await world.pay(order, 1, check=check)


async def test_devices_that_pay_one_check_at_once_pay_it_once(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 700, 300)
    [check, other] = ids(order)
    attempts = [world.pay(order, check=check) for _ in range(12)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    taken = [one for one in results if isinstance(one, payments_api.TakePaymentResponse)]
    assert [one.payment.amount_minor for one in taken] == [700]
    refused = [one for one in results if isinstance(one, Problem)]
    assert len(refused) == 11
    assert {one.reason for one in refused} <= {"CHECK_PAID", "CONCURRENT_UPDATE"}
    assert (await world.pay(order, check=other)).due_minor == 0


async def test_checks_that_are_paid_at_once_are_all_paid(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, *range(100, 110))
    await asyncio.gather(*(world.pay(order, check=check) for check in ids(order)))
    assert (await world.balances())["cash_drawer"] == 5000 + sum(range(100, 110))


async def test_the_same_payment_again_answers_the_same_and_asks_nobody(world: World) -> None:
    await world.open_till()
    order, payment_id = a_split_order(world, 500, 500), new_id()
    [check, other] = ids(order)
    key = world.key("pay-1")
    first = await world.pay(order, check=check, payment_id=payment_id, key=key)
    asked = world.orders.asked
    assert await world.pay(order, check=check, payment_id=payment_id, key=key) == first
    assert (await world.pay(order, check=check, payment_id=payment_id)).payment == first.payment
    assert world.orders.asked == asked
    with pytest.raises(PaymentIdTaken):
        await world.pay(order, check=other, payment_id=payment_id)


async def test_a_check_that_is_no_more_is_refused(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 500, 500)
    [check, _] = ids(order)
    await world.hear(order)
    order.split.CopyFrom(a_split(400, 600))
    order.version += 1
    with pytest.raises(CheckNotFound):
        await world.pay(order, check=check)
    whole = world.order()
    with pytest.raises(CheckNotFound):
        await world.pay(whole, check=check)
    with pytest.raises(OrderNotFound):
        await world.pay(str(new_id()), check=check)


async def test_a_check_is_what_its_order_says_of_it_now(world: World) -> None:
    """No event has told payments: the till that split it pays at once."""
    await world.open_till()
    order = world.order(1000)
    await world.hear(order)
    order.split.CopyFrom(a_split(250, 750))
    order.version += 1
    assert (await world.pay(order, check=ids(order)[0])).payment.amount_minor == 250


async def test_a_payment_meets_an_order_that_is_changed_at_this_moment(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 500, 500)
    await world.hear(order)

    async def changed() -> None:
        newer = orders_pb2.Order()
        newer.CopyFrom(order)
        newer.version += 1
        newer.split.CopyFrom(a_split(1, 999))
        await world.hear(newer)

    world.orders.meanwhile = changed
    with pytest.raises(ConcurrentUpdate):
        await world.pay(order, check=ids(order)[0])
    assert (await world.balances())["cash_drawer"] == 5000


async def test_a_payment_without_a_check_takes_what_is_due_on_the_whole_bill(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 500, 500)
    [first, second] = ids(order)
    await world.pay(order, check=first)
    reply = await world.pay(order)
    assert (reply.payment.amount_minor, reply.payment.check_id, reply.due_minor) == (500, "", 0)
    with pytest.raises(CheckPaid):
        await world.pay(order, check=second)


async def test_money_that_named_no_check_counts_on_the_check_where_orders_has_booked_it(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 500, 500)
    [first, _] = ids(order)
    await world.pay(order, 200)
    order.split.checks[0].paid_minor = 200
    assert (await world.pay(order, check=first)).payment.amount_minor == 300


async def test_the_check_of_a_cancelled_order_takes_nothing(world: World) -> None:
    await world.open_till()
    order = a_split_order(world, 500, 500)
    await world.hear(order)
    await world.close_bill(UUID(order.id))
    with pytest.raises(BillClosed):
        await world.pay(order, check=ids(order)[0])


async def test_an_order_that_is_not_split_is_paid_without_asking_anybody(world: World) -> None:
    await world.open_till()
    order = world.order()
    await world.hear(order)
    asked = world.orders.asked
    await world.pay(order)
    assert world.orders.asked == asked


@given(
    total=st.integers(0, 10_000),
    paid=st.integers(0, 12_000),
    taken=st.integers(0, 12_000),
    bill_due=st.integers(0, 10_000),
    wanted=st.none() | st.integers(1, 12_000),
)
def test_a_payment_is_never_more_than_the_check_nor_than_the_bill(
    total: int, paid: int, taken: int, bill_due: int, wanted: int | None
) -> None:
    check = Check(str(new_id()), total, paid)
    left = min(total - paid, total - taken, bill_due)
    try:
        amount = amount_for_check(check, taken, bill_due, wanted)
    except CheckPaid:
        assert left <= 0
    except AmountAboveBalance:
        assert wanted is not None
        assert wanted > left
    else:
        assert amount == (left if wanted is None else wanted)
        assert 0 < amount <= left


def test_a_check_is_found_by_its_id_alone() -> None:
    one, other = Check(str(new_id()), 1, 0), Check(str(new_id()), 1, 0)
    assert check_of([one, other], other.id) is other
    with pytest.raises(CheckNotFound):
        check_of([one], other.id)
