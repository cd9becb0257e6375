"""News of orders before, between, after and without payments, alone or together, late and twice: what a bill
says is the newest that was heard or asked for, and no money is taken twice or for a cancelled order.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import pytest
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Problem, Unavailable
from chassis.ids import new_id
from harness.fixtures import START, ModuleDatabases
from services.payments.domain.bill import OrderNews
from services.payments.store.bill import lock_bill
from services.payments.tests.world import World, world_of
from services.payments.usecases.bill import apply_orders
from services.payments.wire.bill import bill_in

EXAMPLES = 40
STEPS = 30
FLOAT_MINOR = 5000
TRIES = 20
_T = TypeVar("_T")


async def _until_told(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """On a busy machine a lock may be waited for too long: then nothing has happened."""
    for _ in range(TRIES):
        with contextlib.suppress(ConcurrentUpdate, Unavailable):
            return await attempt()
    return await attempt()


@dataclass
class Sold:
    """An order as its owner has it, and what payments must know of it."""

    restaurant_id: UUID
    versions: list[orders_pb2.Order]
    known: int = 0
    """The version that payments have heard of or asked for; 0: none."""
    closed: bool = False
    paid: int = 0
    payments: int = 0

    @property
    def newest(self) -> orders_pb2.Order:
        return self.versions[-1]

    @property
    def id(self) -> UUID:
        return UUID(self.newest.id)

    @property
    def cancelled(self) -> bool:
        return self.newest.lifecycle == orders_pb2.LIFECYCLE_CANCELLED

    def due(self) -> int:
        return self.versions[self.known - 1].totals.total_minor - self.paid

    def heard(self, order: orders_pb2.Order) -> None:
        self.known = max(self.known, order.version)
        self.closed = self.closed or order.lifecycle == orders_pb2.LIFECYCLE_CANCELLED


def _taken(end: object) -> bool:
    return isinstance(end, payments_api.TakePaymentResponse)


class Bills(RuleBasedStateMachine):
    """A model of the bills of two restaurants beside the real thing."""

    url: str
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.sold: list[Sold] = []
        self.tills: dict[UUID, payments_pb2.TillSession] = {}
        self.closing_work: Callable[[], Coroutine[Any, Any, None]] | None = None

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        async def start() -> World:
            clock = FakeClock(START)
            db = await Database.connect(self.url, schema="payments", clock=clock, pool_size=4)
            surroundings = world_of(db, clock)
            world = await surroundings.__aenter__()

            async def end() -> None:
                await surroundings.__aexit__(None, None, None)
                await db.close()

            self.closing_work = end
            for restaurant_id in (new_id(), new_id()):
                world.restaurant_id = restaurant_id
                world.settings()
                self.tills[restaurant_id] = await world.open_till("Front", FLOAT_MINOR)
            return world

        self.world: World = self.run(start())

    def teardown(self) -> None:
        if self.closing_work is None:
            return
        if self.sold:
            everything = [(one, order) for one in self.sold for order in one.versions]
            self.run(self._arrive(everything, alone=False))
            self.bills_are_as_they_must_be()
            assert all(one.known == one.newest.version for one in self.sold)
            assert not any(one.cancelled and one.paid for one in self.sold)
        self.run(self.closing_work())

    @rule(which=st.integers(0, 1), goods=st.integers(1, 20_000), service=st.integers(0, 3000))
    def place(self, which: int, goods: int, service: int) -> None:
        restaurant_id = sorted(self.tills)[which]
        order = self.world.order(goods, service_minor=service, restaurant_id=str(restaurant_id))
        self.sold.append(Sold(restaurant_id, [order]))

    @precondition(lambda self: any(not one.cancelled for one in self.sold))
    @rule(data=st.data(), more=st.integers(1, 9000))
    def amend(self, data: st.DataObject, more: int) -> None:
        one = data.draw(st.sampled_from([one for one in self.sold if not one.cancelled]))
        goods = one.newest.totals.goods_minor + more
        service = one.newest.totals.service_charge_minor
        self._change(one, self.world.order(goods, service_minor=service))

    @precondition(lambda self: any(not one.cancelled for one in self.sold))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """As orders do it: the bill is closed first, and only then the order cancelled."""
        one = data.draw(st.sampled_from([one for one in self.sold if not one.cancelled]))
        self.world.restaurant_id = one.restaurant_id
        if one.paid:
            with pytest.raises(Problem, match="BILL_HAS_MONEY"):
                self.run(self.world.close_bill(one.id))
            return
        self.run(self.world.close_bill(one.id))
        one.closed = True
        self._change(one, self.world.order(one.newest.totals.goods_minor))
        one.newest.lifecycle = orders_pb2.LIFECYCLE_CANCELLED

    @precondition(lambda self: self.sold)
    @rule(data=st.data(), alone=st.booleans(), replicas=st.integers(1, 3))
    def news_arrive(self, data: st.DataObject, alone: bool, replicas: int) -> None:
        """Any of the versions there were, in any order, some of them twice, at one replica or several."""
        everything = [(one, order) for one in self.sold for order in one.versions]
        batches = [
            data.draw(st.lists(st.sampled_from(everything), max_size=12), label="batch")
            for _ in range(replicas)
        ]

        async def at_once() -> None:
            await asyncio.gather(*(self._arrive(batch, alone=alone) for batch in batches))

        self.run(at_once())

    @precondition(lambda self: self.sold)
    @rule(data=st.data(), part=st.sampled_from([1, 1, 2, 3]), times=st.integers(1, 3))
    def pay(self, data: st.DataObject, part: int, times: int) -> None:
        """Several tills at once, each of which wants its part, of a bill that payments know or not."""
        one = data.draw(st.sampled_from(self.sold), label="order")
        self.world.restaurant_id = one.restaurant_id
        if not one.closed and not one.known:
            one.heard(one.newest)
        due = 0 if one.closed else one.due()
        amount = max(1, due // part)

        async def at_once() -> list[Any]:
            tills = (self._take(one, amount) for _ in range(times))
            return await asyncio.gather(*tills, return_exceptions=True)

        ends = self.run(at_once())
        refusal = "BILL_CLOSED" if one.closed else "AMOUNT_ABOVE_BALANCE"
        refused = [end.reason if isinstance(end, Problem) else end for end in ends if not _taken(end)]
        taken = min(times, due // amount)
        assert refused == [refusal] * (times - taken)
        one.paid += taken * amount
        one.payments += taken

    @invariant()
    def bills_are_as_they_must_be(self) -> None:
        for one in self.sold:
            bill = self.run(self._bill(one))
            if bill is None:
                assert one.known == 0
                assert not one.closed
                continue
            assert (bill.order_version, bill.paid_minor, bill.sequence) == (
                one.known,
                one.paid,
                one.payments,
            )
            assert (bill.state.value == "closed") == one.closed
            if one.known:
                assert bill.charges == bill_in(one.versions[one.known - 1]).charges

    @invariant()
    def the_tills_have_what_was_paid(self) -> None:
        for restaurant_id, session in self.tills.items():
            self.world.restaurant_id = restaurant_id
            taken = sum(one.paid for one in self.sold if one.restaurant_id == restaurant_id)
            report = self.run(self.world.x_report(session))
            assert (report.net_minor, report.cash.expected_minor) == (taken, FLOAT_MINOR + taken)

    def _change(self, one: Sold, changed: orders_pb2.Order) -> None:
        del self.world.orders.orders[changed.id]
        changed.id, changed.number = one.newest.id, one.newest.number
        changed.restaurant_id, changed.version = str(one.restaurant_id), one.newest.version + 1
        self.world.orders.orders[changed.id] = changed
        one.versions.append(changed)

    async def _arrive(self, news: list[tuple[Sold, orders_pb2.Order]], *, alone: bool) -> None:
        found = [OrderNews(one.restaurant_id, bill_in(order)) for one, order in news]
        if alone:
            for one in found:
                await _until_told(partial(self._apply, one.restaurant_id, [one]))
        elif found:
            await _until_told(partial(self._apply, None, found))
        for sold, order in news:
            sold.heard(order)

    async def _apply(self, restaurant_id: UUID | None, news: list[OrderNews]) -> None:
        async with self.world.db.transaction(restaurant_id) as tx:
            await apply_orders(tx, news, self.world.clock.now())

    async def _take(self, one: Sold, amount: int) -> payments_api.TakePaymentResponse:
        key = self.world.key()
        return await _until_told(partial(self.world.pay, str(one.id), amount, key=key))

    async def _bill(self, one: Sold) -> Any:
        async with self.world.db.transaction(one.restaurant_id) as tx:
            return await lock_bill(tx, one.id)


@pytest.mark.timeout(600)
def test_a_bill_follows_its_order_however_news_and_payments_meet(module_databases: ModuleDatabases) -> None:
    loop = asyncio.new_event_loop()
    Bills.loop, Bills.url = loop, loop.run_until_complete(module_databases.service_url("payments"))
    try:
        run_state_machine_as_test(
            Bills,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.close()
