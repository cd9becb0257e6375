"""Taking cash, on a real database."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.db.idempotency import IdempotencyInFlight, IdempotencyKeyReuse
from chassis.errors import Conflict, Problem
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.payments.domain.errors import (
    AmountAboveBalance,
    BillClosed,
    BillHasMoney,
    BillPaid,
    CurrencyMismatch,
    MethodNotOffered,
    OrderNotFound,
    OrderNotPayable,
    PaymentIdTaken,
    TenderedTooLittle,
    TillNotOpen,
    TillSessionNotFound,
)
from services.payments.domain.fee import Method
from services.payments.tests import pages
from services.payments.tests.world import World
from services.payments.usecases.fee import CompareCosts, compare_costs
from services.payments.usecases.payment import list_payments
from services.payments.usecases.restaurant import apply_restaurant
from services.payments.wire.restaurant import restaurant_in


async def test_cash_pays_a_bill_and_gives_change(world: World) -> None:
    till = await world.open_till()
    order = world.order(10000, service_minor=1250)
    reply = await world.pay(order, tendered=12000, tip=300)
    assert (reply.payment.amount_minor, reply.payment.tip_minor) == (11250, 300)
    assert (reply.payment.tendered_minor, reply.payment.change_minor) == (12000, 450)
    assert reply.payment.status == payments_pb2.PAYMENT_STATUS_CAPTURED
    assert reply.payment.till_session_id == till.id
    assert (reply.paid_minor, reply.due_minor) == (11250, 0)
    assert await world.balances() == {
        "cash_drawer": 5000 + 11550,
        "sales": -8333,
        "vat_payable": -1667,
        "service_charge": -1250,
        "tips_payable": -300,
        "safe": -5000,
    }
    assert (await world.session(till)).expected_minor == 5000 + 11550


async def test_the_capture_and_the_till_are_announced(world: World, event_recorder: EventRecorder) -> None:
    till = await world.open_till()
    order = world.order()
    await world.pay(order, 4000, key=world.key("pay-1"))
    await world.pay(order)
    events = await event_recorder.events(world.db, world.restaurant_id)
    captured = [event for event in events if event.type == "fynlo.payments.v1.PaymentCaptured"]
    assert [event.channels for event in captured] == [[], []]
    assert [event.subject_id for event in captured] == [order.id, order.id]
    assert captured[0].command_id == "pay-1"
    facts = await event_recorder.of_type(world.db, payments_events.PaymentCaptured, world.restaurant_id)
    assert [(f.sequence, f.paid_minor, f.due_minor) for f in facts] == [(1, 4000, 6000), (2, 10000, 0)]
    sessions = await event_recorder.of_type(world.db, payments_events.TillSessionUpdated, world.restaurant_id)
    assert [event.session.expected_minor for event in sessions] == [5000, 9000, 15000]
    assert sessions[-1].session == await world.session(till)


async def test_partial_payments_end_with_the_bill_exactly(world: World) -> None:
    await world.open_till()
    order = world.order(9999, service_minor=1)
    for amount in (1, 3333, 3333, 1):
        await world.pay(order, amount)
    last = await world.pay(order)
    assert (last.payment.amount_minor, last.due_minor) == (3332, 0)
    balances = await world.balances()
    assert (balances["vat_payable"], balances["service_charge"]) == (-1667, -1)
    assert balances["sales"] == -(9999 - 1667)


async def test_more_than_the_balance_is_refused_and_never_a_tip(world: World) -> None:
    await world.open_till()
    order = world.order(1000)
    await world.pay(order, 400)
    with pytest.raises(AmountAboveBalance):
        await world.pay(order, 601)
    assert (await world.pay(order, 600)).due_minor == 0
    with pytest.raises(BillPaid):
        await world.pay(order)


async def test_too_little_cash_is_refused_and_leaves_nothing(world: World) -> None:
    await world.open_till()
    order = world.order(1000)
    with pytest.raises(TenderedTooLittle):
        await world.pay(order, tip=100, tendered=1099)
    assert (await world.balances())["cash_drawer"] == 5000
    assert await world.fetchval("SELECT count(*) FROM payment WHERE order_id = $1", UUID(order.id)) == 0
    assert (await world.pay(order, tip=100, tendered=1100)).payment.change_minor == 0


async def test_only_cash_can_be_taken(world: World) -> None:
    await world.open_till()
    order = world.order()
    for method in set(Method) - {Method.CASH}:
        with pytest.raises(MethodNotOffered) as refused:
            await world.pay(order, method=method)
        assert refused.value.reason == "METHOD_NOT_OFFERED"


async def test_cash_needs_an_open_till(world: World) -> None:
    order = world.order()
    with pytest.raises(TillNotOpen, match="none is open"):
        await world.pay(order)
    front, bar = await world.open_till("Front"), await world.open_till("Bar")
    with pytest.raises(TillNotOpen, match="Several tills"):
        await world.pay(order)
    assert (await world.pay(order, 10, till=bar.id)).payment.till_session_id == bar.id
    await world.close(front, 5000)
    assert (await world.pay(order, 10)).payment.till_session_id == bar.id
    with pytest.raises(TillNotOpen):
        await world.pay(order, 10, till=front.id)
    with pytest.raises(TillSessionNotFound):
        await world.pay(order, 10, till=str(new_id()))


async def test_an_order_that_was_heard_of_is_not_asked_for(world: World) -> None:
    await world.open_till()
    heard, unheard = world.order(), world.order()
    await world.hear(heard)
    await world.pay(heard)
    assert world.orders.asked == 0
    await world.pay(unheard)
    assert (world.orders.asked, world.restaurants.asked) == (1, 1)


async def test_what_nobody_knows_or_is_a_draft_cannot_be_paid(world: World) -> None:
    await world.open_till()
    with pytest.raises(OrderNotFound):
        await world.pay(str(new_id()))
    with pytest.raises(OrderNotPayable):
        await world.pay(world.order(lifecycle=orders_pb2.LIFECYCLE_DRAFT))
    with pytest.raises(CurrencyMismatch):
        await world.pay(world.order(currency_code="EUR"))


async def test_news_of_an_order_apply_in_any_order(world: World) -> None:
    await world.open_till()
    first = world.order(1000)
    second = orders_pb2.Order()
    second.CopyFrom(world.order(3000))
    second.id, second.version = first.id, 2
    await world.hear(second)
    await world.hear(first)
    assert (await world.pay(first, 500)).due_minor == 2500
    await world.hear(second)
    assert (await world.pay(first)).payment.amount_minor == 2500


async def test_the_same_request_again_answers_the_same(world: World) -> None:
    await world.open_till()
    order, key = world.order(), world.key("once")
    first = await world.pay(order, 1000, key=key)
    assert await world.pay(order, 1000, key=key) == first
    assert (await world.balances())["cash_drawer"] == 6000
    with pytest.raises(IdempotencyKeyReuse):
        await world.pay(order, 2000, key=world.key("once", "another body"))


async def test_fifty_identical_requests_have_one_effect(world: World) -> None:
    await world.open_till()
    order, key, payment_id = world.order(), world.key("storm"), new_id()
    await world.hear(order)

    async def persist() -> payments_api.TakePaymentResponse:
        while True:
            try:
                return await world.pay(order, 2500, key=key, payment_id=payment_id)
            except IdempotencyInFlight:
                await asyncio.sleep(0.01)

    replies = await asyncio.gather(*(persist() for _ in range(50)))
    assert len({reply.SerializeToString(deterministic=True) for reply in replies}) == 1
    assert await world.fetchval("SELECT count(*) FROM payment WHERE order_id = $1", UUID(order.id)) == 1
    assert (await world.balances())["cash_drawer"] == 7500


async def test_a_payment_id_is_good_for_one_payment_for_ever(world: World) -> None:
    await world.open_till()
    order, payment_id = world.order(), new_id()
    first = await world.pay(order, 1000, payment_id=payment_id)
    again = await world.pay(order, 1000, payment_id=payment_id)
    assert again.payment == first.payment
    assert (await world.balances())["cash_drawer"] == 6000
    with pytest.raises(PaymentIdTaken):
        await world.pay(order, 1001, payment_id=payment_id)
    with pytest.raises(PaymentIdTaken):
        await world.pay(world.order(), 1000, payment_id=payment_id)


async def test_parallel_identical_payments_under_different_keys_have_one_effect(world: World) -> None:
    await world.open_till()
    order, payment_id = world.order(), new_id()
    await world.hear(order)
    attempts = (world.pay(order, 1000, payment_id=payment_id) for _ in range(10))
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert all(isinstance(r, (payments_api.TakePaymentResponse, Conflict)) for r in results)
    assert (await world.balances())["cash_drawer"] == 6000
    assert (await world.pay(order, 1000, payment_id=payment_id)).payment.id == str(payment_id)


async def test_thirty_parallel_payments_never_exceed_the_balance(world: World) -> None:
    await world.open_till()
    order = world.order(10000)
    await world.hear(order)
    attempts = (world.pay(order, 700 + 13 * n) for n in range(30))
    results = await asyncio.gather(*attempts, return_exceptions=True)
    taken = [r.payment.amount_minor for r in results if isinstance(r, payments_api.TakePaymentResponse)]
    refused = [r for r in results if isinstance(r, Problem)]
    assert len(taken) + len(refused) == 30
    assert all(isinstance(problem, AmountAboveBalance) for problem in refused)
    assert sum(taken) <= 10000 < sum(taken) + 700 + 13 * 29
    assert await world.fetchval("SELECT paid_minor FROM bill WHERE order_id = $1", UUID(order.id)) == sum(
        taken
    )
    assert (await world.balances())["cash_drawer"] == 5000 + sum(taken)


async def test_a_closed_bill_takes_no_money_and_closes_twice(world: World) -> None:
    await world.open_till()
    order = world.order()
    await world.hear(order)
    await world.close_bill(UUID(order.id))
    await world.close_bill(UUID(order.id))
    with pytest.raises(BillClosed):
        await world.pay(order)


async def test_a_bill_with_money_is_not_closed(world: World) -> None:
    await world.open_till()
    order = world.order()
    await world.pay(order, 1)
    with pytest.raises(BillHasMoney):
        await world.close_bill(UUID(order.id))
    assert (await world.pay(order)).due_minor == 0


async def test_a_bill_closed_before_it_was_heard_of_stays_closed(world: World) -> None:
    await world.open_till()
    order = world.order()
    await world.close_bill(UUID(order.id))
    await world.hear(order)
    with pytest.raises(BillClosed):
        await world.pay(order)


async def test_closing_and_paying_at_once_never_both_succeed(world: World) -> None:
    await world.open_till()
    for _ in range(10):
        order = world.order()
        await world.hear(order)
        paid, closed = await asyncio.gather(
            world.pay(order), world.close_bill(UUID(order.id)), return_exceptions=True
        )
        assert isinstance(paid, BillClosed) != isinstance(closed, BillHasMoney)


async def test_an_order_that_is_part_of_another_one_takes_no_money_until_it_is_taken_apart(
    world: World,
) -> None:
    await world.open_till()
    order = world.order(1000)
    await world.hear(order)
    part = world.order(0, id=order.id, version=2, lifecycle=orders_pb2.LIFECYCLE_MERGED)
    await world.hear(part)
    for amount, refusal in ((None, BillPaid), (1, AmountAboveBalance)):
        with pytest.raises(refusal):
            await world.pay(part, amount)
    again = world.order(1000, id=order.id, version=3)
    await world.hear(again)
    assert (await world.pay(again)).due_minor == 0


async def test_a_cancelled_order_takes_no_money(world: World) -> None:
    await world.open_till()
    order = world.order(lifecycle=orders_pb2.LIFECYCLE_CANCELLED)
    with pytest.raises(BillClosed):
        await world.pay(order)


async def test_the_business_date_follows_the_restaurants_zone_and_cut_off(world: World) -> None:
    world.settings(time_zone="America/New_York", day_cutoff_minutes=300)
    await world.open_till()
    night = datetime(2026, 3, 3, 9, 59, tzinfo=UTC)  # 04:59 in New York, before the cut-off at 05:00
    world.clock.advance(night - world.clock.now())
    order = world.order()
    assert (await world.pay(order, 10)).payment.business_date == "2026-03-02"
    world.clock.advance(timedelta(minutes=1))
    assert (await world.pay(order, 10)).payment.business_date == "2026-03-03"


async def test_payments_of_an_order_that_is_not_there_are_no_empty_list(world: World) -> None:
    async def payments_of(order_id: UUID) -> int:
        shown, _ = await list_payments(
            world.db, world.peers, world.restaurant_id, pages.payments(), order_id=order_id, session_id=None
        )
        return len(shown)

    unheard_of, foreign = world.order(), world.order(restaurant_id=str(new_id()))
    assert await payments_of(UUID(unheard_of.id)) == 0
    for order_id in (UUID(foreign.id), new_id()):
        with pytest.raises(OrderNotFound):
            await payments_of(order_id)
    closed = new_id()
    await world.close_bill(closed)
    with pytest.raises(OrderNotFound):
        await payments_of(closed)


async def test_payments_are_listed_newest_first_page_by_page(world: World) -> None:
    till = await world.open_till()
    order, other = world.order(), world.order()
    made = []
    for n in range(5):
        world.clock.advance(timedelta(seconds=n % 2))
        made.append((await world.pay(order, 10 + n)).payment.amount_minor)
    await world.pay(other, 99)
    seen: list[int] = []
    page = pages.payments(2)
    while True:
        shown, following = await list_payments(
            world.db, world.peers, world.restaurant_id, page, order_id=UUID(order.id), session_id=None
        )
        seen += [payment.amount_minor for payment in shown]
        if not following:
            break
        page = pages.payments(2, following)
    assert seen == made[::-1]
    by_till, _ = await list_payments(
        world.db, world.peers, world.restaurant_id, pages.payments(), order_id=None, session_id=UUID(till.id)
    )
    assert len(by_till) == 6
    for session_id, count in ((UUID(till.id), 5), (new_id(), 0)):
        both, _ = await list_payments(
            world.db,
            world.peers,
            world.restaurant_id,
            pages.payments(),
            order_id=UUID(order.id),
            session_id=session_id,
        )
        assert len(both) == count
    everything, _ = await list_payments(
        world.db, world.peers, world.restaurant_id, pages.payments(), order_id=None, session_id=None
    )
    assert [payment.amount_minor for payment in everything] == [99, *made[::-1]]


async def test_a_till_that_was_opened_in_another_currency_takes_no_cash(world: World) -> None:
    till = await world.open_till()
    async with world.db.transaction(world.restaurant_id) as tx:
        await apply_restaurant(tx, restaurant_in(world.settings(version=2, currency_code="EUR")))
    with pytest.raises(CurrencyMismatch):
        await world.pay(world.order(currency_code="EUR"), till=till.id)
    order = world.order(currency_code="EUR")
    assert (await world.pay(order, till=(await world.open_till("Bar")).id)).due_minor == 0


async def test_costs_are_compared_with_the_restaurants_price_list(world: World) -> None:
    query = CompareCosts(world.restaurant_id, 10000, "GBP", 1000, 1000)
    costs = await compare_costs(world.db, world.peers, query)
    rows = [(cost.method.name, cost.fee.total_minor, cost.offered) for cost in costs]
    assert rows == [
        ("CASH", 0, True),
        ("OPEN_BANKING", 100, False),
        ("CARD", 400, False),
        ("APPLE_PAY", 400, False),
    ]
    assert [cost.saving_bp for cost in costs] == [10000, 7500, 0, 0]
    with pytest.raises(CurrencyMismatch):
        await compare_costs(world.db, world.peers, CompareCosts(world.restaurant_id, 10000, "USD", 0, 0))
