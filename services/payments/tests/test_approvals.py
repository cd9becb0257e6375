"""Money beyond a person's own authority, with real tokens: who may approve, what is kept, what is retried."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from fynlo.common.v1 import common_pb2
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.auth import Principal, Revocation, RevokedKind
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Conflict, PermissionDenied, Problem, Unavailable, Unprocessable
from chassis.ids import new_id
from chassis.rpc import was_replayed
from harness.rpc import TokenMint
from services.payments.domain.errors import ApprovalNeeded, DrawerEventsFull
from services.payments.domain.report import (
    GENESIS_HASH,
    IssuedReport,
    issue,
    reopen,
    seal,
    verify_chain,
)
from services.payments.domain.till import DRAWER_EVENTS_MAX, DrawerKind
from services.payments.tests import pages
from services.payments.tests.builders import ANNA, APPROVED, BEN, MANAGES
from services.payments.tests.test_contract import the_report
from services.payments.tests.test_rpc import EMPLOYEE, MANAGER, Face, cash, face_of, opening
from services.payments.tests.world import World
from services.payments.usecases.report import list_z_reports, verify_z_reports
from services.payments.wire.report import till_report

A_MILLION = 100_000_000
ATTEMPTS = 20
T = TypeVar("T")


@pytest.fixture
async def face(world: World) -> AsyncIterator[Face]:
    async with face_of(world, "gateway") as made:
        yield made


def paid_out(
    till: payments_pb2.TillSession, amount: int, **more: Any
) -> payments_api.RecordDrawerEventRequest:
    return payments_api.RecordDrawerEventRequest(
        **{
            "request_id": "out",
            "till_session_id": till.id,
            "kind": payments_pb2.DRAWER_EVENT_KIND_PAID_OUT,
            "amount_minor": amount,
            "reason": "a plumber",
            **more,
        }
    )


def manager_of(world: World, **more: Any) -> Principal:
    facts = {"permissions": frozenset(MANAGER), "restaurant_id": world.restaurant_id, "name": "Mara", **more}
    return world.mint.principal(**facts)


def approval(world: World, **more: Any) -> common_pb2.Approval:
    return common_pb2.Approval(token=world.mint.token(manager_of(world, **more)))


async def patiently(act: Callable[[], Awaitable[T]]) -> T:
    """The answer; as a till does, it repeats what met others for too long."""
    for _ in range(ATTEMPTS):
        try:
            return await act()
        except (ConcurrentUpdate, Unavailable):
            continue
    return await act()


async def open_till(face: Face, opener: UUID) -> payments_pb2.TillSession:
    """With 1,000.00 in the drawer."""
    with face.person(EMPLOYEE, subject=opener):
        request = opening()
        request.opening_float_minor = 100_000
        return (await face.tills.OpenTill(request)).session


async def test_nobody_pays_out_what_is_not_in_the_drawer_not_even_a_manager(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(MANAGER), pytest.raises(Unprocessable) as refused:
        await face.tills.RecordDrawerEvent(paid_out(till, A_MILLION))
    assert refused.value.reason == "DRAWER_SHORT"
    with face.person(EMPLOYEE), pytest.raises(Unprocessable) as approved:
        await face.tills.RecordDrawerEvent(paid_out(till, A_MILLION, approval=approval(face.world)))
    assert approved.value.reason == "DRAWER_SHORT"
    assert await face.world.session(till) == till


@pytest.mark.parametrize("amount", [1, 100_000])
async def test_cash_of_anothers_till_needs_an_approval_and_a_refusal_has_no_effect(
    face: Face, amount: int
) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(EMPLOYEE, subject=BEN.user_id), pytest.raises(PermissionDenied) as refused:
        await face.tills.RecordDrawerEvent(paid_out(till, amount))
    assert refused.value.reason == "APPROVAL_NEEDED"
    assert refused.value.metadata["permission"] == "till.approve"
    assert await face.world.session(till) == till
    assert not (await face.world.x_report(till)).drawer_events
    assert await face.world.fetchval("SELECT count(*) FROM drawer_event") == 0
    assert (await face.world.balances())["cash_drawer"] == 100_000


async def test_the_same_key_goes_on_with_an_approval_and_its_retries_need_none(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(EMPLOYEE, subject=BEN.user_id):
        with pytest.raises(PermissionDenied):
            await face.tills.RecordDrawerEvent(paid_out(till, 6_000))
        first = await face.tills.RecordDrawerEvent(paid_out(till, 6_000, approval=approval(face.world)))
        assert first.session.expected_minor == 94_000
        retries = [
            paid_out(till, 6_000),
            paid_out(till, 6_000, approval=approval(face.world)),
            paid_out(till, 6_000, approval=common_pb2.Approval(token="gone stale")),
        ]
        for request in retries:
            again = face.tills.RecordDrawerEvent(request)
            assert await again == first
            assert await was_replayed(again)
        with pytest.raises(Unprocessable) as reused:
            await face.tills.RecordDrawerEvent(paid_out(till, 6_001, approval=approval(face.world)))
        assert reused.value.reason == "IDEMPOTENCY_KEY_REUSE"
    assert (await face.world.session(till)).expected_minor == 94_000


async def test_who_did_what_with_whose_approval_and_why_is_in_both_reports(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    mara = manager_of(face.world)
    token = common_pb2.Approval(token=face.world.mint.token(mara))
    with face.person(EMPLOYEE, subject=BEN.user_id, name="Ben"):
        await face.tills.RecordDrawerEvent(paid_out(till, 6_000, approval=token))
    with face.person(EMPLOYEE, subject=ANNA.user_id, name="Anna"):
        await face.tills.RecordDrawerEvent(paid_out(till, 1_500, request_id="milk", reason="milk"))
        report = (await face.tills.GetXReport(payments_api.GetXReportRequest(till_session_id=till.id))).report
        closed = await face.tills.CloseTill(
            payments_api.CloseTillRequest(request_id="close", till_session_id=till.id, counted_minor=92_500)
        )
    assert closed.report.drawer_events == report.drawer_events
    plumber, milk = report.drawer_events
    assert (plumber.amount_minor, plumber.reason, plumber.actor.name) == (6_000, "a plumber", "Ben")
    assert (plumber.approved_by.name, plumber.approved_by.user_id) == ("Mara", str(mara.subject))
    assert (milk.amount_minor, milk.reason, milk.actor.name) == (1_500, "milk", "Anna")
    assert not milk.HasField("approved_by")
    with face.person(MANAGER):
        read = (await face.tills.GetZReport(payments_api.GetZReportRequest(number=1))).report
    assert read == closed.report


async def test_an_approved_pay_out_hides_no_variance(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(EMPLOYEE, subject=ANNA.user_id):
        await face.tills.RecordDrawerEvent(paid_out(till, 40_000, approval=approval(face.world)))
        close = payments_api.CloseTillRequest(
            request_id="close", till_session_id=till.id, counted_minor=50_000, reason="a plumber"
        )
        with pytest.raises(PermissionDenied) as refused:
            await face.tills.CloseTill(close)
    assert refused.value.reason == "VARIANCE_NEEDS_MANAGER"
    with face.person(MANAGER):
        report = (await face.tills.CloseTill(close)).report
    assert report.cash.variance_minor == -10_000
    assert [(one.amount_minor, one.approved_by.name) for one in report.drawer_events] == [(40_000, "Mara")]


def closing(till: payments_pb2.TillSession, counted: int, **more: Any) -> payments_api.CloseTillRequest:
    return payments_api.CloseTillRequest(
        **{"request_id": "close", "till_session_id": till.id, "counted_minor": counted, **more}
    )


async def test_who_approved_the_closing_of_a_till_is_in_its_reports_and_its_retries_need_nobody(
    face: Face,
) -> None:
    till = await open_till(face, ANNA.user_id)
    mara = manager_of(face.world)
    token = common_pb2.Approval(token=face.world.mint.token(mara))
    with face.person(EMPLOYEE, subject=ANNA.user_id, name="Anna"):
        with pytest.raises(PermissionDenied) as alone:
            await face.tills.CloseTill(closing(till, 50_000, reason="stolen"))
        assert alone.value.reason == "VARIANCE_NEEDS_MANAGER"
        closed = await face.tills.CloseTill(closing(till, 50_000, reason="stolen", approval=token))
        assert await face.tills.CloseTill(closing(till, 50_000, reason="stolen")) == closed
        report_x = (
            await face.tills.GetXReport(payments_api.GetXReportRequest(till_session_id=till.id))
        ).report
    approved_by = closed.report.cash.approved_by
    assert (approved_by.user_id, approved_by.name) == (str(mara.subject), "Mara")
    assert closed.session.closed_by.name == "Anna"
    assert report_x.cash == closed.report.cash
    with face.person(MANAGER):
        read = (await face.tills.GetZReport(payments_api.GetZReportRequest(number=1))).report
    assert read == closed.report
    assert await verify_z_reports(face.world.db, face.world.restaurant_id) == 1


async def test_orders_are_carried_over_with_an_approval_and_its_reason(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    order = face.world.order(1_000)
    await face.world.pay(order, 400, till=till.id)
    mara = approval(face.world)
    with face.person(EMPLOYEE, subject=ANNA.user_id):
        for carried, given, reason in (
            ([], mara, "HALF_PAID_ORDERS"),
            ([order.id], None, "APPROVAL_NEEDED"),
            ([order.id], approval(face.world, subject=ANNA.user_id), "APPROVAL_INVALID"),
            ([order.id], mara, "APPROVAL_NEEDS_REASON"),
        ):
            with pytest.raises(Problem) as refused:
                await face.tills.CloseTill(
                    closing(till, 100_400, approval=given, carry_over_order_ids=carried)
                )
            assert refused.value.reason == reason
        closed = await face.tills.CloseTill(
            closing(till, 100_400, approval=mara, carry_over_order_ids=[order.id], reason="guests stay")
        )
    assert (closed.report.cash.variance_minor, closed.report.cash.approved_by.name) == (0, "Mara")


async def test_a_closing_that_needs_nobody_names_no_approver(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(EMPLOYEE, subject=ANNA.user_id):
        closed = await face.tills.CloseTill(closing(till, 99_500, approval=approval(face.world)))
    assert not closed.report.cash.HasField("approved_by")


def forged(world: World) -> common_pb2.Approval:
    stranger = TokenMint(world.clock)
    return common_pb2.Approval(token=stranger.token(manager_of(world)))


def expired(world: World) -> common_pb2.Approval:
    now = world.clock.now()
    then = {"issued_at": now - timedelta(minutes=20), "expires_at": now - timedelta(minutes=5)}
    return approval(world, **then)


def revoked(world: World) -> common_pb2.Approval:
    gone = manager_of(world)
    given = common_pb2.Approval(token=world.mint.token(gone))
    world.clock.advance(timedelta(seconds=1))
    world.trust.revocations.apply(Revocation(RevokedKind.SESSION, str(gone.session_id), world.clock.now()))
    return given


NO_APPROVALS: dict[str, Callable[[World], common_pb2.Approval]] = {
    "token_invalid": forged,
    "token_expired": expired,
    "token_revoked": revoked,
    "other_restaurant": lambda world: approval(world, restaurant_id=new_id()),
    "same_person": lambda world: approval(world, subject=BEN.user_id),
    "permission_missing": lambda world: approval(world, permissions=frozenset({*EMPLOYEE, "reports.read"})),
}


@pytest.mark.parametrize("fault", NO_APPROVALS)
async def test_an_approval_is_a_log_in_of_somebody_else_here_who_may_approve(face: Face, fault: str) -> None:
    till, order = await open_till(face, ANNA.user_id), face.world.order(10)
    given = NO_APPROVALS[fault](face.world)
    with face.person(EMPLOYEE, subject=BEN.user_id):
        for call in (
            face.tills.RecordDrawerEvent(paid_out(till, 1, approval=given)),
            face.payments.TakePayment(cash(order.id, tip_minor=A_MILLION, reason="rich", approval=given)),
        ):
            with pytest.raises(PermissionDenied) as refused:
                await call
            assert (refused.value.reason, refused.value.metadata["fault"]) == ("APPROVAL_INVALID", fault)
    assert await face.world.session(till) == till


async def test_what_is_approved_needs_a_reason(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(EMPLOYEE, subject=BEN.user_id), pytest.raises(Unprocessable) as refused:
        await face.tills.RecordDrawerEvent(paid_out(till, 1, reason=" ", approval=approval(face.world)))
    assert refused.value.reason == "APPROVAL_NEEDS_REASON"


async def test_a_manager_moves_cash_of_any_till_alone(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(MANAGER):
        moved = await face.tills.RecordDrawerEvent(paid_out(till, 90_000, reason=""))
    assert moved.session.expected_minor == 10_000


async def test_small_sums_count_up_and_approved_ones_are_apart(world: World) -> None:
    till = await world.open_till("Front", 100_000)
    for _ in range(5):
        await world.move(till, DrawerKind.PAID_OUT, 1_000)
    with pytest.raises(ApprovalNeeded) as refused:
        await world.move(till, DrawerKind.PAID_OUT, 1)
    assert (refused.value.metadata["cause"], refused.value.metadata["limit_minor"]) == (
        "drawer_limit",
        "5000",
    )
    await world.move(till, DrawerKind.PAID_OUT, 7_000, authority=APPROVED)
    await world.move(till, DrawerKind.DROP, 50_000)
    assert (await world.session(till)).expected_minor == 100_000 - 5_000 - 7_000 - 50_000


async def test_parallel_pay_outs_pass_the_limit_no_more_than_one_after_the_other(world: World) -> None:
    till = await world.open_till("Front", 100_000)
    pay_outs = (patiently(lambda: world.move(till, DrawerKind.PAID_OUT, 1_000)) for _ in range(12))
    results = await asyncio.gather(*pay_outs, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ApprovalNeeded)]
    assert (len(refused), len(results)) == (7, 12)
    assert (await world.session(till)).expected_minor == 95_000


async def test_a_tip_of_more_than_the_bill_needs_an_approval(face: Face) -> None:
    till, order = await open_till(face, ANNA.user_id), face.world.order(10)
    mara = manager_of(face.world)
    token = common_pb2.Approval(token=face.world.mint.token(mara))
    tipped = cash(order.id, tip_minor=A_MILLION, reason="a film star")
    with face.person(EMPLOYEE, subject=ANNA.user_id):
        with pytest.raises(PermissionDenied) as refused:
            await face.payments.TakePayment(tipped)
        assert (refused.value.reason, refused.value.metadata["cause"]) == ("APPROVAL_NEEDED", "tip_limit")
        assert await face.world.session(till) == till
        tipped.approval.CopyFrom(token)
        paid = await face.payments.TakePayment(tipped)
        tipped.ClearField("approval")
        assert await face.payments.TakePayment(tipped) == paid
        read = await face.payments.GetPayment(payments_api.GetPaymentRequest(payment_id=paid.payment.id))
    assert read.payment == paid.payment
    assert (read.payment.tip_minor, read.payment.reason) == (A_MILLION, "a film star")
    assert read.payment.approved_by.user_id == str(mara.subject)


async def test_the_tips_of_all_payments_of_a_bill_count_together(world: World) -> None:
    await world.open_till()
    order = world.order(1_000)
    await world.pay(order, 100, tip=600)
    with pytest.raises(ApprovalNeeded):
        await world.pay(order, 100, tip=401)
    paid = await world.pay(order, 100, tip=400)
    assert not paid.payment.HasField("approved_by")
    managed = await world.pay(order, 100, tip=5_000, authority=MANAGES)
    assert not managed.payment.HasField("approved_by")


async def test_parallel_tips_pass_the_limit_no_more_than_one_after_the_other(world: World) -> None:
    await world.open_till()
    order = world.order(1_000)
    await world.pay(order, 100)
    payments = (patiently(lambda: world.pay(order, 10, tip=300)) for _ in range(8))
    results = await asyncio.gather(*payments, return_exceptions=True)
    assert [type(result) for result in results if isinstance(result, Problem)] == [ApprovalNeeded] * 5
    assert await world.fetchval("SELECT sum(tip_minor)::bigint FROM payment") == 900


async def fill(world: World, till: payments_pb2.TillSession, events: int) -> None:
    """Drawer events with the longest reasons and names."""
    async with world.db.transaction(world.restaurant_id) as tx:
        await tx.execute(
            "INSERT INTO drawer_event (restaurant_id, id, till_session_id, kind, amount_minor, reason,"
            " created_at, user_id, user_name, device_id)"
            " SELECT $1, gen_random_uuid(), $2, 'no_sale', 0, repeat('€', 200), $3, $4, repeat('€', 120), ''"
            " FROM generate_series(1, $5)",
            world.restaurant_id,
            UUID(till.id),
            world.clock.now(),
            ANNA.user_id,
            events,
        )


async def test_a_full_session_is_closed_with_all_that_moved_in_its_report(world: World) -> None:
    till = await world.open_till("Front", 0)
    await fill(world, till, DRAWER_EVENTS_MAX - 1)
    await world.move(till, DrawerKind.NO_SALE, 0)
    with pytest.raises(DrawerEventsFull):
        await world.move(till, DrawerKind.NO_SALE, 0)
    report = (await world.close(till, 0)).report
    assert len(report.drawer_events) == DRAWER_EVENTS_MAX


async def test_a_page_of_reports_fits_a_reply_and_the_next_goes_on(world: World) -> None:
    for _ in range(5):
        till = await world.open_till("Front", 0)
        await fill(world, till, DRAWER_EVENTS_MAX)
        await world.close(till, 0)
    seen: list[int] = []
    page = pages.reports(200)
    while True:
        shown, following = await list_z_reports(world.db, world.restaurant_id, page, day=None)
        found = payments_api.ListZReportsResponse(
            reports=[till_report(one) for one in shown], next_cursor=following
        )
        assert found.ByteSize() < 4 * 1024 * 1024
        seen += [report.number for report in found.reports]
        assert 0 < len(found.reports) < 5, "five full reports are more than a page"
        if not found.next_cursor:
            break
        page = pages.reports(200, found.next_cursor)
    assert seen == [5, 4, 3, 2, 1]


def test_a_report_issued_before_drawer_events_were_listed_still_opens() -> None:
    _, issued = issue(the_report(), 1, GENESIS_HASH)
    content = json.loads(issued.content)
    del content["drawer_events"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    old = IssuedReport(1, text, GENESIS_HASH, seal(GENESIS_HASH, text))
    assert reopen(old).drawer_events == ()
    assert verify_chain([old]) == (1, old.hash)


async def test_only_those_who_may_read_reports_read_a_closed_till_of_others(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    x_report = payments_api.GetXReportRequest(till_session_id=till.id)
    with face.person(EMPLOYEE, subject=BEN.user_id):
        await face.tills.GetXReport(x_report)
    with face.person(EMPLOYEE, subject=ANNA.user_id):
        closed = await face.tills.CloseTill(
            payments_api.CloseTillRequest(request_id="close", till_session_id=till.id, counted_minor=100_000)
        )
        assert closed.report.number == 1
        assert (await face.tills.GetXReport(x_report)).report.net_minor == closed.report.net_minor
        with pytest.raises(PermissionDenied) as refused:
            await face.tills.GetZReport(payments_api.GetZReportRequest(number=1))
    assert refused.value.metadata["permission"] == "reports.read"
    with face.person(EMPLOYEE, subject=BEN.user_id), pytest.raises(PermissionDenied) as anothers:
        await face.tills.GetXReport(x_report)
    assert anothers.value.reason == "REPORT_NOT_YOURS"
    with face.person(MANAGER):
        assert (await face.tills.GetZReport(payments_api.GetZReportRequest(number=1))).report == closed.report
        await face.tills.GetXReport(x_report)


async def test_a_closed_till_is_refused_before_anybody_is_asked_to_approve(face: Face) -> None:
    till = await open_till(face, ANNA.user_id)
    with face.person(EMPLOYEE, subject=ANNA.user_id):
        await face.tills.CloseTill(
            payments_api.CloseTillRequest(request_id="close", till_session_id=till.id, counted_minor=100_000)
        )
    with face.person(EMPLOYEE, subject=BEN.user_id), pytest.raises(Conflict) as refused:
        await face.tills.RecordDrawerEvent(paid_out(till, 1))
    assert refused.value.reason == "TILL_NOT_OPEN"
