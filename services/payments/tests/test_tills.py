"""Tills on a real database: sessions, drawers, X and Z reports."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.errors import InvalidArgument
from chassis.ids import new_id
from harness.fixtures import EventRecorder
from harness.outbox import number_events
from services.payments.domain.actor import Actor
from services.payments.domain.errors import (
    ApprovalNeeded,
    HalfPaidOrders,
    TillAlreadyOpen,
    TillNotOpen,
    TillSessionNotFound,
    VarianceNeedsManager,
    VarianceNeedsReason,
    ZReportNotFound,
)
from services.payments.domain.till import DrawerKind
from services.payments.tests import pages
from services.payments.tests.builders import ANNA
from services.payments.tests.world import World
from services.payments.usecases.report import get_z_report, list_z_reports, verify_z_reports
from services.payments.usecases.till import list_till_sessions, tills_snapshot
from services.payments.wire.report import till_report
from services.payments.wire.till import till_session

BEN = Actor(new_id(), "Ben", "ipad-2")


async def z_report(world: World, number: int) -> payments_pb2.TillReport:
    return till_report(await get_z_report(world.db, world.restaurant_id, number))


async def test_a_till_opens_with_its_float(world: World) -> None:
    till = await world.open_till("Front", 12345)
    assert (till.till, till.state) == ("Front", payments_pb2.TILL_STATE_OPEN)
    assert (till.opening_float_minor, till.expected_minor, till.version) == (12345, 12345, 1)
    assert (till.currency_code, till.business_date, till.opened_by.name) == ("GBP", "2026-03-02", "Anna")
    assert await world.session(till) == till


async def test_a_second_open_till_of_the_same_name_is_refused(world: World) -> None:
    till = await world.open_till("Front")
    with pytest.raises(TillAlreadyOpen) as refused:
        await world.open_till(" Front ")
    assert refused.value.metadata["till_session_id"] == till.id
    await world.open_till("Bar")
    await world.close(till, 5000)
    assert (await world.open_till("Front")).id != till.id


async def test_parallel_openings_of_one_till_make_one_session(world: World) -> None:
    await world.open_till("Bar")  # the settings are there now
    attempts = (world.open_till("Front") for _ in range(12))
    results = await asyncio.gather(*attempts, return_exceptions=True)
    opened = [r for r in results if isinstance(r, payments_pb2.TillSession)]
    refused = [r for r in results if isinstance(r, TillAlreadyOpen)]
    assert (len(opened), len(refused)) == (1, 11)
    assert {r.metadata["till_session_id"] for r in refused} == {opened[0].id}


async def test_a_till_needs_a_name(world: World) -> None:
    with pytest.raises(InvalidArgument):
        await world.open_till("   ")


async def test_opening_again_with_the_same_key_is_the_same_till(world: World) -> None:
    key = world.key("open")
    assert await world.open_till(key=key) == await world.open_till(key=key)


async def test_drawer_events_move_what_is_expected(world: World) -> None:
    till = await world.open_till("Front", 10000)
    assert (await world.move(till, DrawerKind.PAID_IN, 500)).expected_minor == 10500
    assert (await world.move(till, DrawerKind.PAID_OUT, 200)).expected_minor == 10300
    assert (await world.move(till, DrawerKind.DROP, 5000)).expected_minor == 5300
    assert (await world.move(till, DrawerKind.NO_SALE, 0)).expected_minor == 5300
    cash = (await world.x_report(till)).cash
    assert (cash.paid_in_minor, cash.paid_out_minor, cash.drops_minor) == (500, 200, 5000)
    assert cash.expected_minor == 5300
    balances = await world.balances()
    assert (balances["cash_drawer"], balances["petty_cash"], balances["safe"]) == (5300, -300, -5000)


async def test_a_closed_or_unknown_till_moves_no_cash(world: World) -> None:
    till = await world.open_till()
    await world.close(till, 5000)
    with pytest.raises(TillNotOpen):
        await world.move(till, DrawerKind.PAID_IN, 1)
    with pytest.raises(TillNotOpen):
        await world.close(till, 5000)
    till.id = str(new_id())
    with pytest.raises(TillSessionNotFound):
        await world.move(till, DrawerKind.PAID_IN, 1)


async def test_a_z_report_says_what_the_session_took(world: World, event_recorder: EventRecorder) -> None:
    till = await world.open_till("Front", 5000)
    first = world.order(10000, service_minor=1250)
    second = world.order(2000, rate_bp=0, covers=1)
    await world.pay(first, tip=200, tendered=12000)
    await world.pay(second, 1500, actor=BEN)
    await world.pay(second)
    world.clock.advance(timedelta(hours=9))
    reply = await world.close(till, 5000 + 11450 + 2000 - 3)
    report = reply.report
    assert report.number == 1
    assert (report.net_minor, report.tip_minor, report.service_charge_minor) == (13250, 200, 1250)
    assert report.gross_minor == 12000
    assert [(v.rate_bp, v.gross_minor, v.vat_minor) for v in report.vat] == [
        (0, 2000, 0),
        (2000, 10000, 1667),
    ]
    [cash] = report.tenders
    assert (cash.method, cash.count, cash.amount_minor) == (payments_pb2.PAYMENT_METHOD_CASH, 3, 13250)
    assert [(s.name, s.count, s.amount_minor) for s in report.staff] == [("Anna", 2, 11750), ("Ben", 1, 1500)]
    assert (report.order_count, report.covers) == (2, 3)
    assert (report.first_order_number, report.last_order_number) == (1, 2)
    assert (report.cash.cash_sales_minor, report.cash.expected_minor) == (13450, 18450)
    assert (report.cash.counted_minor, report.cash.variance_minor) == (18447, -3)
    assert report.until_time.seconds - report.from_time.seconds == 9 * 3600
    assert reply.session.state == payments_pb2.TILL_STATE_CLOSED
    assert (reply.session.variance_minor, reply.session.closed_by.name) == (-3, "Anna")
    assert await z_report(world, 1) == report
    [issued] = await event_recorder.of_type(world.db, payments_events.ZReportIssued, world.restaurant_id)
    assert issued.report == report


async def test_an_x_report_is_the_z_report_to_be(world: World) -> None:
    till = await world.open_till()
    await world.pay(world.order(777, service_minor=50))
    report_x = await world.x_report(till)
    assert (report_x.number, report_x.hash, report_x.previous_hash) == (0, "", "")
    report_z = (await world.close(till, 5827)).report
    for differing in ("number", "hash", "previous_hash"):
        report_z.ClearField(differing)
    report_z.cash.counted_minor = report_z.cash.variance_minor = 0
    assert report_x == report_z
    assert (await world.x_report(till)).cash.counted_minor == 5827


async def test_closing_settles_the_drawer_in_the_ledger(world: World) -> None:
    till = await world.open_till("Front", 5000)
    await world.pay(world.order(1000))
    await world.close(till, 5900)
    balances = await world.balances()
    assert balances["cash_drawer"] == 0
    assert balances["cash_over_short"] == 100
    assert balances["safe"] == 900


async def test_a_large_difference_needs_a_reason_and_a_manager(world: World) -> None:
    till = await world.open_till("Front", 5000)
    with pytest.raises(VarianceNeedsReason):
        await world.close(till, 4499)
    with pytest.raises(VarianceNeedsManager):
        await world.close(till, 4499, reason="a note is missing")
    assert (await world.session(till)).state == payments_pb2.TILL_STATE_OPEN
    report = (await world.close(till, 4499, reason="a note is missing", manager=True)).report
    assert (report.cash.variance_minor, report.cash.variance_reason) == (-501, "a note is missing")
    other = await world.open_till("Front", 5000)
    assert (await world.close(other, 5500)).report.cash.variance_minor == 500


async def test_a_half_paid_cash_order_keeps_the_till_open_until_carried_over(world: World) -> None:
    front, bar = await world.open_till("Front"), await world.open_till("Bar")
    order, elsewhere = world.order(1000), world.order(1000)
    await world.pay(order, 400, till=front.id)
    await world.pay(elsewhere, 400, till=bar.id)
    half = frozenset({UUID(order.id)})
    for manager in (False, True):
        with pytest.raises(HalfPaidOrders) as refused:
            await world.close(front, 5400, manager=manager)
        assert refused.value.metadata["order_ids"] == order.id
        named = refused.value.metadata["order_numbers"], refused.value.metadata["due_minor"]
        assert named == (str(order.number), "600")
    with pytest.raises(ApprovalNeeded) as alone:
        await world.close(front, 5400, carried=half)
    assert alone.value.metadata["cause"] == "carry_over"
    first = (await world.close(front, 5400, manager=True, carried=half)).report
    await world.pay(order, till=bar.id)
    await world.pay(elsewhere, till=bar.id)
    second = (await world.close(bar, 6600)).report
    assert (first.net_minor, second.net_minor) == (400, 1600)
    assert first.order_count + second.order_count == 2
    assert first.vat[0].vat_minor + second.vat[0].vat_minor == 2 * 167


async def test_a_payment_never_slips_past_a_closing_till(world: World) -> None:
    for _ in range(6):
        till = await world.open_till("Front", 0)
        orders = [world.order(100) for _ in range(8)]
        await world.hear(*orders)
        payments = [world.pay(order, till=till.id) for order in orders]
        closing = world.close(till, 0, reason="not counted", manager=True)
        results = await asyncio.gather(*payments[:4], closing, *payments[4:], return_exceptions=True)
        [closed] = [result for result in results if isinstance(result, payments_api.CloseTillResponse)]
        taken = [result for result in results if isinstance(result, payments_api.TakePaymentResponse)]
        refused = [result for result in results if isinstance(result, TillNotOpen)]
        assert len(taken) + len(refused) == 8
        assert closed.report.net_minor == closed.report.cash.expected_minor == 100 * len(taken)
        assert closed.session.expected_minor == -closed.session.variance_minor == 100 * len(taken)


async def test_parallel_closes_number_without_a_gap_and_chain(world: World) -> None:
    tills = [await world.open_till(f"Till {n}", 100 * n) for n in range(12)]
    refused = await asyncio.gather(
        *(world.close(till, 100 * n + (9999 if n % 3 == 0 else 0)) for n, till in enumerate(tills)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, VarianceNeedsReason) for result in refused) == 4
    numbers = sorted(r.report.number for r in refused if isinstance(r, payments_api.CloseTillResponse))
    assert numbers == list(range(1, 9))
    assert await verify_z_reports(world.db, world.restaurant_id) == 8
    reports = [await z_report(world, number) for number in numbers]
    assert reports[0].previous_hash == "0" * 64
    assert [r.previous_hash for r in reports[1:]] == [r.hash for r in reports[:-1]]


async def test_closing_again_with_the_same_key_is_the_same_report(world: World) -> None:
    till, key = await world.open_till(), world.key("close")
    first = await world.close(till, 5000, key=key)
    assert await world.close(till, 5000, key=key) == first
    with pytest.raises(ZReportNotFound):
        await z_report(world, 2)


async def test_z_reports_and_sessions_are_listed_newest_first(world: World) -> None:
    for n in range(5):
        await world.close(await world.open_till(f"Till {n}"), 5000)
        world.clock.advance(timedelta(hours=12))
    still = await world.open_till("Front")
    first, following = await list_z_reports(world.db, world.restaurant_id, pages.reports(3), day=None)
    rest, end = await list_z_reports(world.db, world.restaurant_id, pages.reports(3, following), day=None)
    assert [r.number for r in (*first, *rest)] == [5, 4, 3, 2, 1]
    assert end == ""
    monday, _ = await list_z_reports(world.db, world.restaurant_id, pages.reports(), day=date(2026, 3, 2))
    assert [r.business_date for r in monday] == [date(2026, 3, 2)] * 2
    seen: list[str] = []
    page = pages.sessions(2)
    while True:
        part, following = await list_till_sessions(world.db, world.restaurant_id, page, open_only=False)
        seen += [session.till for session in part]
        if not following:
            break
        page = pages.sessions(2, following)
    assert seen == ["Front", "Till 4", "Till 3", "Till 2", "Till 1", "Till 0"]
    still_there, _ = await list_till_sessions(world.db, world.restaurant_id, pages.sessions(), open_only=True)
    assert [str(session.id) for session in still_there] == [still.id]


async def test_the_snapshot_of_the_channel_is_what_its_events_add_up_to(
    world: World, event_recorder: EventRecorder
) -> None:
    front, _ = await world.open_till("Front"), await world.open_till("Bar")
    await world.pay(world.order(500), till=front.id)
    await world.move(front, DrawerKind.DROP, 100)
    await world.close(await world.open_till("Third"), 5000)
    await number_events(world.db)
    snapshot = await tills_snapshot(world.db, world.restaurant_id, "tills")
    events = await event_recorder.events(world.db, world.restaurant_id)
    on_channel = [event for event in events if event.type != "fynlo.payments.v1.PaymentCaptured"]
    assert {tuple(event.channels) for event in on_channel} == {("tills",)}
    assert snapshot.seq == len(on_channel) == on_channel[-1].positions[0][2]
    state: dict[str, payments_pb2.TillSession] = {}
    for updated in await event_recorder.of_type(
        world.db, payments_events.TillSessionUpdated, world.restaurant_id
    ):
        state[updated.session.id] = updated.session
    still_open = [one for one in state.values() if one.state != payments_pb2.TILL_STATE_CLOSED]
    assert sorted(till_session(s).SerializeToString() for s in snapshot.sessions) == sorted(
        s.SerializeToString() for s in still_open
    )
    assert ANNA.name in {session.opened_by.name for session in snapshot.sessions}
