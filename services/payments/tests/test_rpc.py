"""The gRPC face, with real tokens and every guard."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fynlo.common.v1 import common_pb2
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1 import payments_service_pb2_grpc as payments_grpc
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import channel_source_service_pb2_grpc as channel_source_grpc

from chassis.errors import (
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unprocessable,
)
from chassis.ids import new_id
from chassis.rpc import was_replayed
from harness.outbox import number_events
from harness.rpc import Peer, serving
from services.payments.rpc.payment import PaymentsRpc
from services.payments.rpc.till import ChannelRpc, TillRpc
from services.payments.tests.world import World

EMPLOYEE = ["till.operate", "payments.take", "payments.read", "orders.read", "orders.place", "orders.cancel"]
MANAGER = [*EMPLOYEE, "reports.read", "till.approve"]


@dataclass
class Face:
    """Stubs of everything that payments serve."""

    world: World
    peer: Peer
    channel_peer: Peer
    payments: "payments_grpc.PaymentsServiceAsyncStub"
    tills: "payments_grpc.TillServiceAsyncStub"
    channel: "channel_source_grpc.ChannelSourceServiceAsyncStub"

    @contextmanager
    def person(self, permissions: list[str], **more: Any) -> Iterator[None]:
        with self.peer.as_user(permissions, restaurant_id=self.world.restaurant_id, **more):
            yield


@asynccontextmanager
async def face_of(world: World, caller: str) -> AsyncIterator[Face]:
    payments = PaymentsRpc(world.db, world.peers, world.trust)
    tills = TillRpc(world.db, world.peers, world.trust)

    def register(servicer: object, server: Any) -> None:
        payments_grpc.add_PaymentsServiceServicer_to_server(payments, server)
        payments_grpc.add_TillServiceServicer_to_server(tills, server)

    grants: dict[str, Any] = {
        "clock": world.clock,
        "caller": caller,
        "mint": world.mint,
    }
    add_channel = channel_source_grpc.add_ChannelSourceServiceServicer_to_server
    async with (
        serving(register, payments, **grants) as peer,
        serving(add_channel, ChannelRpc(world.db), **grants) as of_channel,
    ):
        yield Face(
            world,
            peer,
            of_channel,
            payments_grpc.PaymentsServiceStub(peer.channel),
            payments_grpc.TillServiceStub(peer.channel),
            channel_source_grpc.ChannelSourceServiceStub(of_channel.channel),
        )


@pytest.fixture
async def face(world: World) -> AsyncIterator[Face]:
    async with face_of(world, "gateway") as made:
        yield made


def cash(order_id: str, request_id: str = "pay", **more: Any) -> payments_api.TakePaymentRequest:
    return payments_api.TakePaymentRequest(
        request_id=request_id, order_id=order_id, method=payments_pb2.PAYMENT_METHOD_CASH, **more
    )


def opening(request_id: str = "open", till: str = "Front") -> payments_api.OpenTillRequest:
    return payments_api.OpenTillRequest(request_id=request_id, till=till, opening_float_minor=5000)


async def test_a_day_at_the_till(face: Face) -> None:
    order = face.world.order(1000, service_minor=125)
    with face.person(MANAGER, name="Mara", device_id="ipad-9"):
        till = (await face.tills.OpenTill(opening())).session
        paid = (await face.payments.TakePayment(cash(order.id, tendered_minor=2000))).payment
        assert (paid.change_minor, paid.taken_by.name, paid.taken_by.device_id) == (875, "Mara", "ipad-9")
        assert (
            await face.payments.GetPayment(payments_api.GetPaymentRequest(payment_id=paid.id))
        ).payment == paid
        listed = await face.payments.ListPayments(payments_api.ListPaymentsRequest(order_id=order.id))
        assert list(listed.payments) == [paid]
        moved = await face.tills.RecordDrawerEvent(
            payments_api.RecordDrawerEventRequest(
                request_id="drop",
                till_session_id=till.id,
                kind=payments_pb2.DRAWER_EVENT_KIND_DROP,
                amount_minor=1000,
            )
        )
        assert moved.session.expected_minor == 5125
        x_report = await face.tills.GetXReport(payments_api.GetXReportRequest(till_session_id=till.id))
        assert x_report.report.net_minor == 1125
        closed = await face.tills.CloseTill(
            payments_api.CloseTillRequest(request_id="close", till_session_id=till.id, counted_minor=5125)
        )
        assert (
            closed.session
            == (
                await face.tills.GetTillSession(payments_api.GetTillSessionRequest(till_session_id=till.id))
            ).session
        )
        z_report = await face.tills.GetZReport(payments_api.GetZReportRequest(number=1))
        assert z_report.report == closed.report
        on_day = payments_api.ListZReportsRequest(business_date=till.business_date)
        assert list((await face.tills.ListZReports(on_day)).reports) == [closed.report]
        assert not (
            await face.tills.ListTillSessions(payments_api.ListTillSessionsRequest(open_only=True))
        ).sessions
        balance = await face.payments.GetTrialBalance(
            payments_api.GetTrialBalanceRequest(business_date=till.business_date)
        )
        assert sum(a.debit_minor - a.credit_minor for a in balance.accounts) == 0
        assert not (
            await face.payments.GetTrialBalance(
                payments_api.GetTrialBalanceRequest(business_date="2020-01-01")
            )
        ).accounts


async def test_a_replay_is_marked_and_changes_nothing(face: Face) -> None:
    order = face.world.order(1000)
    with face.person(EMPLOYEE):
        await face.tills.OpenTill(opening())
        first = face.payments.TakePayment(cash(order.id, amount_minor=100))
        reply = await first
        again = face.payments.TakePayment(cash(order.id, amount_minor=100))
        assert await again == reply
        assert (await was_replayed(first), await was_replayed(again)) == (False, True)
        with pytest.raises(Unprocessable) as reused:
            await face.payments.TakePayment(cash(order.id, amount_minor=101))
        assert reused.value.reason == "IDEMPOTENCY_KEY_REUSE"


async def test_problems_carry_their_reason(face: Face) -> None:
    order = face.world.order(1000)
    with face.person(EMPLOYEE):
        with pytest.raises(Conflict) as closed:
            await face.payments.TakePayment(cash(order.id))
        assert closed.value.reason == "TILL_NOT_OPEN"
        till = (await face.tills.OpenTill(opening())).session
        with pytest.raises(Conflict) as twice:
            await face.tills.OpenTill(opening("again"))
        assert twice.value.reason == "TILL_ALREADY_OPEN"
        assert twice.value.metadata["till_session_id"] == till.id
        with pytest.raises(Unprocessable) as card:
            await face.payments.TakePayment(
                payments_api.TakePaymentRequest(
                    request_id="card", order_id=order.id, method=payments_pb2.PAYMENT_METHOD_CARD
                )
            )
        assert card.value.reason == "METHOD_NOT_OFFERED"
        with pytest.raises(Unprocessable) as above:
            await face.payments.TakePayment(cash(order.id, amount_minor=1001))
        assert (above.value.reason, above.value.metadata["due_minor"]) == ("AMOUNT_ABOVE_BALANCE", "1000")
        with pytest.raises(InvalidArgument):
            await face.payments.TakePayment(cash(order.id, payment_id="not an id"))
        with pytest.raises(InvalidArgument):
            await face.payments.TakePayment(cash(order.id, check_id="x" * 500))
        with pytest.raises(InvalidArgument):
            await face.payments.TakePayment(cash(order.id, tip_minor=-1))


async def test_only_a_manager_closes_over_a_large_difference(face: Face) -> None:
    with face.person(EMPLOYEE):
        till = (await face.tills.OpenTill(opening())).session
    request = payments_api.CloseTillRequest(
        request_id="close", till_session_id=till.id, counted_minor=0, reason="stolen"
    )
    with face.person(EMPLOYEE), pytest.raises(PermissionDenied) as refused:
        await face.tills.CloseTill(request)
    assert refused.value.reason == "VARIANCE_NEEDS_MANAGER"
    with face.person(MANAGER):
        assert (await face.tills.CloseTill(request)).report.cash.variance_minor == -5000


async def test_every_method_needs_its_permission(face: Face) -> None:
    reads = payments_api.GetTrialBalanceRequest()
    with face.person(EMPLOYEE), pytest.raises(PermissionDenied):
        await face.payments.GetTrialBalance(reads)
    with face.person([]), pytest.raises(PermissionDenied):
        await face.tills.OpenTill(opening())
    with pytest.raises(PermissionDenied):  # the gateway as itself, without a person
        await face.payments.GetTrialBalance(reads)


async def test_nothing_of_another_restaurant_is_found(face: Face) -> None:
    order = face.world.order(1000)
    with face.person(MANAGER):
        till = (await face.tills.OpenTill(opening())).session
        payment = (await face.payments.TakePayment(cash(order.id))).payment
        await face.tills.CloseTill(
            payments_api.CloseTillRequest(request_id="close", till_session_id=till.id, counted_minor=6000)
        )
    with face.peer.as_user(MANAGER) as stranger:
        face.world.settings(restaurant_id=str(stranger.restaurant_id))
        for call in (
            face.payments.GetPayment(payments_api.GetPaymentRequest(payment_id=payment.id)),
            face.payments.TakePayment(cash(order.id)),
            face.tills.GetTillSession(payments_api.GetTillSessionRequest(till_session_id=till.id)),
            face.tills.GetXReport(payments_api.GetXReportRequest(till_session_id=till.id)),
            face.tills.GetZReport(payments_api.GetZReportRequest(number=1)),
            face.tills.CloseTill(payments_api.CloseTillRequest(request_id="c", till_session_id=till.id)),
        ):
            with pytest.raises(NotFound):
                await call
        assert not (await face.payments.ListPayments(payments_api.ListPaymentsRequest())).payments
        assert not (await face.payments.GetTrialBalance(payments_api.GetTrialBalanceRequest())).accounts


async def test_orders_closes_bills_for_the_restaurant_that_it_names(world: World) -> None:
    order = world.order(1000)
    async with face_of(world, "orders") as face:
        with face.peer.as_service(world.restaurant_id):
            await face.payments.CloseBill(
                payments_api.CloseBillRequest(
                    request_id="cancel", order_id=order.id, restaurant_id=str(world.restaurant_id)
                )
            )
        with face.person(EMPLOYEE), pytest.raises(Conflict) as refused:
            await face.tills.OpenTill(opening())
            await face.payments.TakePayment(cash(order.id))
    assert refused.value.reason == "BILL_CLOSED"
    async with face_of(world, "staff") as face:
        with face.peer.as_service(world.restaurant_id), pytest.raises(PermissionDenied):
            await face.payments.CloseBill(
                payments_api.CloseBillRequest(request_id="cancel", order_id=order.id)
            )


async def test_a_person_cannot_close_a_bill_elsewhere_by_naming_the_restaurant(world: World) -> None:
    order = world.order(1000)
    async with face_of(world, "gateway") as face:
        with face.peer.as_user(EMPLOYEE), pytest.raises(PermissionDenied) as refused:
            await face.payments.CloseBill(
                payments_api.CloseBillRequest(
                    request_id="x", order_id=order.id, restaurant_id=str(world.restaurant_id)
                )
            )
        assert refused.value.reason == "OTHER_RESTAURANT"
        with face.person(EMPLOYEE):
            await face.tills.OpenTill(opening())
            assert (await face.payments.TakePayment(cash(order.id))).due_minor == 0


async def test_costs_are_compared(face: Face) -> None:
    with face.person(["orders.place"]):
        reply = await face.payments.CompareCosts(
            payments_api.CompareCostsRequest(amount=common_pb2.Money(amount_minor=5000, currency_code="GBP"))
        )
        assert [cost.total_minor for cost in reply.costs] == [0, 60, 225, 225]
        with pytest.raises(Unprocessable):
            await face.payments.CompareCosts(
                payments_api.CompareCostsRequest(
                    amount=common_pb2.Money(amount_minor=100, currency_code="GBP"), tip_minor=101
                )
            )


async def test_realtime_replays_the_channel_and_takes_its_snapshot(world: World) -> None:
    till = await world.open_till()
    await world.pay(world.order(300))
    await number_events(world.db)
    async with face_of(world, "realtime") as face:
        with face.channel_peer.as_service(world.restaurant_id):
            rid = str(world.restaurant_id)
            snapshot = await face.channel.GetSnapshot(
                channel_source_api.GetSnapshotRequest(restaurant_id=rid, channel="tills")
            )
            assert [s.expected_minor for s in snapshot.tills.sessions] == [5300]
            replayed = await face.channel.ReplayChannel(
                channel_source_api.ReplayChannelRequest(
                    restaurant_id=rid, channel="tills", epoch=snapshot.epoch, from_seq=0
                )
            )
            assert replayed.outcome == channel_source_api.REPLAY_OUTCOME_EVENTS
            assert [event.seq for event in replayed.events] == [1, 2] == list(range(1, snapshot.seq + 1))
            last = payments_events.TillSessionUpdated.FromString(replayed.events[-1].payload)
            assert last.session == snapshot.tills.sessions[0]
            assert last.session.id == till.id
            stale = await face.channel.ReplayChannel(
                channel_source_api.ReplayChannelRequest(restaurant_id=rid, channel="tills", epoch="other")
            )
            assert stale.outcome == channel_source_api.REPLAY_OUTCOME_EPOCH_CHANGED
            with pytest.raises(NotFound):
                await face.channel.GetSnapshot(
                    channel_source_api.GetSnapshotRequest(restaurant_id=rid, channel="kitchen")
                )
            elsewhere = new_id()
            ask = channel_source_api.GetSnapshotRequest(restaurant_id=str(elsewhere), channel="tills")
            with pytest.raises(PermissionDenied):
                await face.channel.GetSnapshot(ask)
        with face.channel_peer.as_service(elsewhere):
            strange = await face.channel.GetSnapshot(ask)
            assert not strange.tills.sessions
