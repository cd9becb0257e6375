"""Cancelling in steps: whatever dies, repeats or meets, an order ends cancelled with its bill closed, or open
and payable.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.errors import Conflict, Problem, Unavailable, Unprocessable
from harness.fixtures import EventRecorder
from services.orders.domain.errors import RefundRequired
from services.orders.domain.order.axes import Lifecycle, State
from services.orders.domain.order.upkeep import CANCEL_HANGS_AFTER
from services.orders.tests.world import World
from services.orders.usecases.order.upkeep import Sweeper
from services.orders.usecases.ports import Peers

CANCELLED = orders_pb2.ORDER_STATE_CANCELLED
BEFORE_CLOSING, AFTER_CLOSING = "before CloseBill", "after CloseBill"
LATER = CANCEL_HANGS_AFTER + timedelta(microseconds=1)


@dataclass
class Gate:
    """The peers of orders, with a stop before and one after the bill is closed, where a process may die."""

    peers: Peers
    waiting: dict[asyncio.Task[Any], asyncio.Future[None]] = field(default_factory=dict)
    closed: bool = True
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.peers, name)

    async def close_bill(self, tenant: UUID, order_id: UUID) -> None:
        await self._stop()
        await self.peers.close_bill(tenant, order_id)
        await self._stop()

    async def _stop(self) -> None:
        task = asyncio.current_task()
        if not self.closed or task is None:
            return
        self.waiting[task] = asyncio.get_running_loop().create_future()
        self.stopped.set()
        try:
            await self.waiting[task]
        finally:
            del self.waiting[task]

    async def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs ``work`` up to its first stop, or its end."""
        task = asyncio.create_task(work)
        await self._until_stopped(task)
        return task

    async def let_on(self, task: asyncio.Task[Any]) -> None:
        """To the next stop, or the end."""
        self.waiting[task].set_result(None)
        await self._until_stopped(task)

    async def _until_stopped(self, task: asyncio.Task[Any]) -> None:
        await asyncio.sleep(0)  # a stop that was let go is gone
        while not task.done() and (task not in self.waiting or self.waiting[task].done()):
            self.stopped.clear()
            stop = asyncio.create_task(self.stopped.wait())
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()


async def dies(task: asyncio.Task[Any]) -> None:
    """The process of a command ends at its stop."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def gated(world: World) -> Gate:
    """From now on cancellations stop around CloseBill."""
    gate = Gate(world.deps.peers)
    world.deps = replace(world.deps, peers=gate)
    return gate


async def begun_and_died(world: World, order_id: str, where: str, key: str = "c1") -> None:
    """A cancellation whose process died where it says; then everything runs on."""
    gate = gated(world)
    task = await gate.start(world.cancel(order_id, key=key))
    if where == AFTER_CLOSING:
        await gate.let_on(task)
    await dies(task)
    gate.closed = False
    assert (await world.order(order_id)).lifecycle is Lifecycle.CANCEL_PENDING
    assert (order_id in world.payments.closed) is (where == AFTER_CLOSING)


async def cancelled_events(world: World, recorder: EventRecorder) -> list[str]:
    events = await recorder.of_type(world.deps.db, orders_events.OrderCancelled, world.tenant)
    return [event.order.id for event in events]


async def sound(world: World, order_id: str) -> State:
    """The law of this file, of one order; its state."""
    order = await world.order(order_id)
    bill_closed, has_money = order_id in world.payments.closed, order_id in world.payments.with_money
    if order.state is State.CANCELLED:
        assert bill_closed, "cancelled, and money can still be taken"
        assert not has_money, "cancelled with money on it"
    else:
        assert order.lifecycle is Lifecycle.VALIDATED
        assert not bill_closed, "open, and nobody can pay it"
    return order.state


@pytest.mark.parametrize("where", [BEFORE_CLOSING, AFTER_CLOSING])
async def test_a_retry_after_a_crash_answers_with_the_cancelled_order(
    world: World, event_recorder: EventRecorder, where: str
) -> None:
    order = await world.place()
    await begun_and_died(world, order.id, where)
    cancelled = await world.cancel(order.id, key="c1")
    assert (cancelled.state, await sound(world, order.id)) == (CANCELLED, State.CANCELLED)
    assert await world.cancel(order.id, key="c1") == cancelled
    assert await cancelled_events(world, event_recorder) == [order.id]


@pytest.mark.parametrize("where", [BEFORE_CLOSING, AFTER_CLOSING])
async def test_a_retry_that_comes_after_the_sweeper_answers_with_the_cancelled_order(
    world: World, event_recorder: EventRecorder, where: str
) -> None:
    order = await world.place()
    await begun_and_died(world, order.id, where)
    world.clock.advance(LATER)
    await Sweeper(world.deps).sweep()
    assert await sound(world, order.id) is State.CANCELLED
    assert (await world.cancel(order.id, key="c1")).state == CANCELLED
    assert await cancelled_events(world, event_recorder) == [order.id]
    [ended] = [
        row for row in await world.history(order.id) if (row.axis, row.to_value) == ("state", "cancelled")
    ]
    assert (ended.actor.name, ended.reason) == ("orders", "guest left")


async def test_a_retry_after_a_refusal_is_refused_again_and_the_order_stays_payable(world: World) -> None:
    order = await world.place()
    world.payments.take_money(order.id)
    for _ in range(2):
        with pytest.raises(RefundRequired):
            await world.cancel(order.id, key="c1")
        assert await sound(world, order.id) is State.VALIDATED


@pytest.mark.parametrize("first", ["ended", "begun", "draft"])
async def test_a_reused_key_is_refused_before_any_effect(world: World, first: str) -> None:
    used, other = await world.place(draft=first == "draft"), await world.place()
    if first == "begun":
        await begun_and_died(world, used.id, BEFORE_CLOSING)
    else:
        await world.cancel(used.id, key="c1", body=b"the first")
    with pytest.raises(Unprocessable) as refused:
        await world.cancel(other.id, key="c1", body=b"another")
    assert refused.value.reason == "IDEMPOTENCY_KEY_REUSE"
    assert (await sound(world, other.id), (await world.order(other.id)).version) == (State.VALIDATED, 1)


async def test_a_reused_key_reserves_no_goods(world: World) -> None:
    world.burger.stock_tracked = True
    world.publish_menu()
    await world.place(key="k1")
    kept = await world.place(draft=True)
    with pytest.raises(Unprocessable):
        await world.place(key="k1")
    await world.validate((await world.place(draft=True)).id, key="v1", body=b"the first")
    before = dict(world.catalog.reserved)
    assert len(before) == 2
    with pytest.raises(Unprocessable):
        await world.validate(kept.id, key="v1", body=b"another")
    assert (world.catalog.reserved, world.catalog.released) == (before, [])


@pytest.mark.parametrize("keys", [("c1", "c1"), ("c1", "c2")], ids=["one key", "two keys"])
async def test_two_taps_that_meet_in_payments_cancel_the_order_once(
    world: World, event_recorder: EventRecorder, keys: tuple[str, str]
) -> None:
    order = await world.place()
    gate = gated(world)
    taps = [await gate.start(world.cancel(order.id, key=key)) for key in keys]
    arrived, meet = 0, asyncio.Event()

    async def until_both_are_inside() -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 2:
            meet.set()
        await asyncio.wait({asyncio.ensure_future(meet.wait())}, timeout=0.3)

    world.payments.meanwhile = until_both_are_inside
    gate.closed = False
    for tap in taps:
        gate.waiting[tap].set_result(None)
    answers = await asyncio.gather(*taps, return_exceptions=True)
    assert await sound(world, order.id) is State.CANCELLED
    assert await cancelled_events(world, event_recorder) == [order.id]
    assert any(isinstance(answer, orders_pb2.Order) for answer in answers)
    assert {told(answer) for answer in answers} <= {"cancelled", "IDEMPOTENCY_IN_FLIGHT"}


@pytest.mark.parametrize("keys", [["c"] * 10, [f"c{number}" for number in range(10)]], ids=["one", "ten"])
async def test_ten_racing_cancels_have_one_effect(
    world: World, event_recorder: EventRecorder, keys: list[str]
) -> None:
    order = await world.place()
    answers = await asyncio.gather(*(world.cancel(order.id, key=key) for key in keys), return_exceptions=True)
    assert "cancelled" in {told(answer) for answer in answers}
    assert {told(answer) for answer in answers} <= {
        "cancelled",
        "IDEMPOTENCY_IN_FLIGHT",
        "ILLEGAL_TRANSITION",
        "BILL_BUSY",
    }
    assert await sound(world, order.id) is State.CANCELLED
    assert await cancelled_events(world, event_recorder) == [order.id]


@pytest.mark.parametrize(
    "reason", ["IDEMPOTENCY_IN_FLIGHT", "CONCURRENT_UPDATE", "BILL_PAID", "BILL_HAS_PAYMENTS"]
)
async def test_only_money_on_the_bill_opens_an_order_again(world: World, reason: str) -> None:
    order = await world.place()
    world.payments.refusal = Conflict("not now", reason=reason)
    with pytest.raises(Unavailable) as busy:
        await world.cancel(order.id, key="c1")
    assert busy.value.reason == "BILL_BUSY"
    assert (await world.order(order.id)).lifecycle is Lifecycle.CANCEL_PENDING
    world.payments.refusal = None
    assert (await world.cancel(order.id, key="c1")).state == CANCELLED


@pytest.mark.parametrize("racer", ["fire", "complete", "pay"])
async def test_a_command_that_races_a_cancellation_has_it_one_way_or_the_other(
    world: World, racer: str
) -> None:
    order = await world.place()
    race: dict[str, Callable[[], Awaitable[object]]] = {
        "fire": lambda: world.fire(order.id),
        "complete": lambda: world.complete(order.id),
        "pay": lambda: pays(world, order),
    }
    outcomes = await asyncio.gather(world.cancel(order.id), race[racer](), return_exceptions=True)
    assert all(isinstance(outcome, Problem) for outcome in outcomes if isinstance(outcome, Exception))
    world.clock.advance(LATER)
    await Sweeper(world.deps).sweep()
    await sound(world, order.id)


ACTIONS = ("cancel c1", "cancel c2", "pay", "deliver", "fire", "sweep", "go on", "go on", "go on", "die")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    actions=st.lists(st.sampled_from(ACTIONS), min_size=2, max_size=14),
    picks=st.randoms(use_true_random=False),
)
async def test_whatever_is_interleaved_an_order_ends_cancelled_and_closed_or_open_and_payable(
    world: World, actions: Sequence[str], picks: Any
) -> None:
    deps, payments = world.deps, world.payments
    payments.closed.clear()
    payments.with_money.clear()
    order = await world.place()
    gate, tasks, undelivered = gated(world), list[asyncio.Task[Any]](), list[Any]()
    first_finds: dict[str, State] = {}
    try:
        for action in actions:
            waiting = [task for task in tasks if task in gate.waiting]
            if action.startswith("cancel"):
                first_finds.setdefault(action, (await world.order(order.id)).state)
                tasks.append(await gate.start(world.cancel(order.id, key=f"{order.id} {action}")))
            elif action == "pay" and payments.take_money(order.id) and not undelivered:
                undelivered.append(world.payment(order.id, order.totals.total_minor))
            elif action == "deliver" and undelivered:
                await world.record(undelivered[0])
            elif action == "fire":
                tasks.append(await gate.start(world.fire(order.id)))
            elif action == "sweep":
                world.clock.advance(LATER)
                tasks.append(await gate.start(Sweeper(world.deps).sweep()))
            elif action == "go on" and waiting:
                await gate.let_on(picks.choice(waiting))
            elif action == "die" and waiting:
                await dies(picks.choice(waiting))
        for task in tasks:
            await dies(task)
        gate.closed = False
        for event in undelivered:
            await world.record(event)
        world.clock.advance(LATER)
        await Sweeper(world.deps).sweep()
        state = await sound(world, order.id)
        assert not (undelivered and state is State.CANCELLED)
        if first_finds.get("cancel c1") is State.VALIDATED and not undelivered:
            answer = await world.cancel(order.id, key=f"{order.id} cancel c1")
            assert answer.state == CANCELLED
    finally:
        for task in tasks:
            await dies(task)
        world.deps = deps


async def pays(world: World, order: orders_pb2.Order) -> None:
    """Payments takes the money, and says so later."""
    if world.payments.take_money(order.id):
        await world.pay(order)


def told(answer: object) -> str:
    """What became of a request to cancel, in a word."""
    if isinstance(answer, orders_pb2.Order):
        return "cancelled" if answer.state == CANCELLED else str(answer.state)
    return answer.reason if isinstance(answer, Problem) else repr(answer)
