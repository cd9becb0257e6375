"""Whatever happens at the tills of a restaurant, in whatever order: the books balance and the reports add
up.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import payments_pb2
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
from chassis.errors import Problem
from harness.fixtures import START, ModuleDatabases
from services.payments.domain.actor import Actor
from services.payments.domain.approval import Authority
from services.payments.domain.till import DrawerKind
from services.payments.tests.builders import ANNA, APPROVED, BEN, BY_ONESELF, FAULTY, MANAGES, MARA
from services.payments.tests.world import World, world_of
from services.payments.usecases.report import verify_z_reports
from services.payments.wire.till import drawer_kind_in

TILLS = ["Front", "Bar", "Terrace"]
EMPLOYEES = [ANNA, BEN]
PEOPLE = [*EMPLOYEES, MARA]
REFUSALS = {BY_ONESELF: "APPROVAL_NEEDED", FAULTY: "APPROVAL_INVALID"}
ALONE_MINOR = {DrawerKind.PAID_IN: 20_000, DrawerKind.PAID_OUT: 5_000, DrawerKind.DROP: 100_000}
"""What an employee moves alone in one session of theirs, of each kind."""
LEAVES = (DrawerKind.PAID_OUT, DrawerKind.DROP)
AMOUNTS = st.one_of(st.integers(1, 6_000), st.integers(1, 150_000))
EXAMPLES = 25
STEPS = 30


class Tills(RuleBasedStateMachine):
    """A model of three tills beside the real thing."""

    url: str
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, payments_pb2.TillSession] = {}
        self.expected: dict[str, int] = {}
        self.openers: dict[str, Actor] = {}
        self.alone: dict[tuple[str, UUID, DrawerKind], int] = {}
        self.orders: list[SimpleNamespace] = []
        self.taken = self.tips = self.reports = self.reported = 0
        self.closing_work: Callable[[], Coroutine[Any, Any, None]] | None = None

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        async def start() -> World:
            clock = FakeClock(START)
            db = await Database.connect(self.url, schema="payments", clock=clock, pool_size=2)
            surroundings = world_of(db, clock)
            world = await surroundings.__aenter__()

            async def end() -> None:
                await surroundings.__aexit__(None, None, None)
                await db.close()

            self.closing_work = end
            return world

        self.world: World = self.run(start())

    def teardown(self) -> None:
        if self.closing_work is not None:
            self.run(self.closing_work())

    def half_paid(self, till: str) -> frozenset[UUID]:
        session = self.open[till].id
        return frozenset(
            UUID(order.id)
            for order in self.orders
            if session in order.sessions and 0 < order.due < order.total
        )

    @rule(till=st.sampled_from(TILLS), opening=st.integers(0, 20000), opener=st.sampled_from(PEOPLE))
    def open_till(self, till: str, opening: int, opener: Actor) -> None:
        if till in self.open:
            with pytest.raises(Problem, match="TILL_ALREADY_OPEN"):
                self.run(self.world.open_till(till, opening))
            return
        self.open[till] = self.run(self.world.open_till(till, opening, actor=opener))
        self.expected[till], self.openers[till] = opening, opener

    @rule(
        goods=st.integers(1, 20000),
        service=st.integers(0, 3000),
        rate=st.sampled_from([0, 500, 2000]),
    )
    def place(self, goods: int, service: int, rate: int) -> None:
        made: orders_pb2.Order = self.world.order(goods, service_minor=service, rate_bp=rate)
        total = goods + service
        self.orders.append(SimpleNamespace(id=made.id, total=total, due=total, tips=0, sessions=set()))

    @precondition(lambda self: self.open and any(order.due for order in self.orders))
    @rule(
        data=st.data(),
        tip=st.one_of(st.just(0), st.integers(0, 500), st.integers(0, 30000)),
        extra=st.integers(0, 5000),
        actor=st.sampled_from(PEOPLE),
    )
    def pay(self, data: st.DataObject, tip: int, extra: int, actor: Actor) -> None:
        till = data.draw(st.sampled_from(sorted(self.open)), label="till")
        order = data.draw(st.sampled_from([one for one in self.orders if one.due]), label="order")
        amount = data.draw(st.one_of(st.just(order.due), st.integers(1, order.due)), label="amount")
        authority = self.authority(data, actor)
        work = self.world.pay(
            order.id,
            amount,
            tip=tip,
            tendered=amount + tip + extra,
            till=self.open[till].id,
            actor=actor,
            reason="a generous guest",
            authority=authority,
        )
        needs = tip > 0 and order.tips + tip > order.total
        if needs and authority in REFUSALS:
            with pytest.raises(Problem, match=REFUSALS[authority]):
                self.run(work)
            return
        reply = self.run(work)
        approved_by = reply.payment.approved_by.user_id
        assert approved_by == (str(MARA.user_id) if needs and authority is APPROVED else "")
        order.tips += tip
        order.due -= amount
        order.sessions.add(self.open[till].id)
        self.expected[till] += amount + tip
        self.taken += amount
        self.tips += tip
        assert (reply.due_minor, reply.payment.change_minor) == (order.due, extra)

    @precondition(lambda self: self.open and any(order.due for order in self.orders))
    @rule(data=st.data())
    def pay_too_much(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from([one for one in self.orders if one.due]))
        till = data.draw(st.sampled_from(sorted(self.open)))
        with pytest.raises(Problem, match="AMOUNT_ABOVE_BALANCE"):
            self.run(self.world.pay(order.id, order.due + 1, till=self.open[till].id))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), kind=st.sampled_from(DrawerKind), amount=AMOUNTS, actor=st.sampled_from(PEOPLE))
    def move(self, data: st.DataObject, kind: DrawerKind, amount: int, actor: Actor) -> None:
        till = data.draw(st.sampled_from(sorted(self.open)))
        authority = self.authority(data, actor)
        moved = 0 if kind is DrawerKind.NO_SALE else amount
        key = (self.open[till].id, actor.user_id, kind)
        alone = self.alone.get(key, 0) + moved
        needs = moved > 0 and (actor != self.openers[till] or alone > ALONE_MINOR[kind])
        refusal = REFUSALS.get(authority) if needs else None
        if kind in LEAVES and moved > self.expected[till]:
            refusal = "DRAWER_SHORT"
        work = self.world.move(self.open[till], kind, moved, actor=actor, authority=authority)
        if refusal is not None:
            with pytest.raises(Problem, match=refusal):
                self.run(work)
            return
        session = self.run(work)
        if not (needs and authority is APPROVED):
            self.alone[key] = alone
        self.expected[till] += moved if kind is DrawerKind.PAID_IN else -moved
        assert session.expected_minor == self.expected[till] >= 0

    def authority(self, data: st.DataObject, actor: Actor) -> Authority:
        """Mara manages the place; the others do without, with, or with an approval that does not count."""
        if actor is MARA:
            return MANAGES
        return data.draw(st.sampled_from([BY_ONESELF, APPROVED, FAULTY]), label="authority")

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def x_report(self, data: st.DataObject) -> None:
        till = data.draw(st.sampled_from(sorted(self.open)))
        report = self.run(self.world.x_report(self.open[till]))
        assert report.cash.expected_minor == self.expected[till]
        self.check_identity(report)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), wrong_by=st.integers(-700, 700), manager=st.booleans())
    def close(self, data: st.DataObject, wrong_by: int, manager: bool) -> None:
        till = data.draw(st.sampled_from(sorted(self.open)))
        counted = max(0, self.expected[till] + wrong_by)
        variance = counted - self.expected[till]
        half_paid = self.half_paid(till)
        may_close = manager or (not half_paid and abs(variance) <= 500)
        work = self.world.close(
            self.open[till], counted, reason="counted twice", manager=manager, carried=half_paid
        )
        if not may_close:
            with pytest.raises(Problem, match=r"APPROVAL_NEEDED|VARIANCE_NEEDS_MANAGER"):
                self.run(work)
            return
        report = self.run(work).report
        self.reports += 1
        self.reported += report.net_minor
        assert report.number == self.reports
        assert report.cash.variance_minor == variance
        self.check_identity(report)
        del self.open[till], self.expected[till], self.openers[till]

    @rule(hours=st.integers(1, 20))
    def time_passes(self, hours: int) -> None:
        self.world.clock.advance(timedelta(hours=hours))

    @invariant()
    def the_books_balance(self) -> None:
        if not hasattr(self, "world"):
            return
        balances = self.run(self.world.balances())
        assert sum(balances.values()) == 0
        assert balances.get("cash_drawer", 0) == sum(self.expected.values())
        assert -balances.get("tips_payable", 0) == self.tips
        income = ("sales", "vat_payable", "service_charge")
        assert -sum(balances.get(account, 0) for account in income) == self.taken

    @invariant()
    def the_reports_add_up_and_chain(self) -> None:
        if not hasattr(self, "world"):
            return
        in_progress = [self.run(self.world.x_report(session)).net_minor for session in self.open.values()]
        assert self.reported + sum(in_progress) == self.taken
        assert self.run(verify_z_reports(self.world.db, self.world.restaurant_id)) == self.reports

    @staticmethod
    def check_identity(report: payments_pb2.TillReport) -> None:
        goods = report.gross_minor - report.discount_minor - report.refund_minor
        assert goods + report.service_charge_minor == report.net_minor
        assert sum(tender.amount_minor for tender in report.tenders) == report.net_minor
        assert sum(person.amount_minor for person in report.staff) == report.net_minor
        assert sum(rate.gross_minor for rate in report.vat) + report.service_charge_minor == report.net_minor
        Tills.check_drawer(report)

    @staticmethod
    def check_drawer(report: payments_pb2.TillReport) -> None:
        """The sums are what is listed, and nobody who may not moved more than they may on their own."""
        sums, alone = dict.fromkeys(DrawerKind, 0), dict.fromkeys(DrawerKind, 0)
        for event in report.drawer_events:
            kind = drawer_kind_in(event.kind)
            sums[kind] += event.amount_minor
            if event.amount_minor and event.actor.name != MARA.name and not event.HasField("approved_by"):
                alone[kind] += event.amount_minor
        cash = report.cash
        assert sums[DrawerKind.PAID_IN] == cash.paid_in_minor
        assert (sums[DrawerKind.PAID_OUT], sums[DrawerKind.DROP]) == (cash.paid_out_minor, cash.drops_minor)
        sales = cash.cash_sales_minor - cash.cash_refunds_minor
        into = cash.opening_float_minor + sales + cash.paid_in_minor
        assert cash.expected_minor == into - cash.paid_out_minor - cash.drops_minor >= 0
        assert all(alone[kind] <= limit for kind, limit in ALONE_MINOR.items())


@pytest.mark.timeout(600)
def test_books_and_reports_survive_any_sequence(module_databases: ModuleDatabases) -> None:
    loop = asyncio.new_event_loop()
    Tills.loop, Tills.url = loop, loop.run_until_complete(module_databases.service_url("payments"))
    try:
        run_state_machine_as_test(
            Tills,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.close()
