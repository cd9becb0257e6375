"""Discounts behind a real server, with real tokens: who may give how much, what is kept, what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import discounts_pb2, orders_pb2
from fynlo.orders.v1 import discounts_service_pb2 as discounts_api
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1.discounts_service_pb2_grpc import (
    DiscountsServiceStub,
    add_DiscountsServiceServicer_to_server,
)
from structlog.testing import capture_logs

from chassis.auth import Revocation, Revocations, RevokedKind, TokenVerifier
from chassis.auth.trust import Trust
from chassis.errors import Conflict, NotFound, PermissionDenied, Problem, Unprocessable
from chassis.ids import new_id
from chassis.rpc import was_replayed
from harness.fixtures import EventRecorder
from harness.rpc import Peer, serving
from services.orders.domain.errors import IllegalTransition
from services.orders.domain.order.discount import DISCOUNTS_MAX
from services.orders.domain.ticket import TicketStep
from services.orders.rpc.promotion import PromotionRpc
from services.orders.tests.builders import draft, draft_line, settings_message
from services.orders.tests.world import World

if TYPE_CHECKING:  # this class exists in the type stubs only
    from fynlo.orders.v1.discounts_service_pb2_grpc import DiscountsServiceAsyncStub

STAFF = frozenset({"orders.read", "orders.place"})
MANAGER = STAFF | {"discounts.manage"}
OWNER = MANAGER | {"settings.manage"}
PERCENT, AMOUNT, COMP = (
    discounts_pb2.DISCOUNT_KIND_PERCENT,
    discounts_pb2.DISCOUNT_KIND_AMOUNT,
    discounts_pb2.DISCOUNT_KIND_COMP,
)


@dataclass
class Face:
    """The service, and ways to be somebody."""

    world: World
    trust: Trust
    peer: Peer
    stub: DiscountsServiceAsyncStub

    @contextmanager
    def being(self, permissions: frozenset[str] = STAFF, **more: Any) -> Iterator[None]:
        """A person of the restaurant."""
        who = {"restaurant_id": self.world.tenant, "subject": new_id(), "name": "Eli", **more}
        with self.peer.as_user(permissions, **who):
            yield

    def approval(self, permissions: frozenset[str] = MANAGER, **more: Any) -> common_pb2.Approval:
        """A second person's."""
        facts = {"restaurant_id": self.world.tenant, "name": "Mara", "permissions": permissions, **more}
        return common_pb2.Approval(token=self.world.mint.token(self.world.mint.principal(**facts)))

    async def give(self, order: orders_pb2.Order, kind: Any = PERCENT, **more: Any) -> orders_pb2.Order:
        """Ten percent of the order unless told otherwise."""
        return (await self.stub.AddDiscount(giving(order, kind, **more))).order

    async def take_back(self, order: orders_pb2.Order, key: str = "") -> orders_pb2.Order:
        """The first discount of the order."""
        request = discounts_api.RemoveDiscountRequest(
            request_id=key or str(new_id()), order_id=order.id, discount_id=order.discounts[0].id
        )
        return (await self.stub.RemoveDiscount(request)).order


def giving(order: orders_pb2.Order, kind: Any = PERCENT, **more: Any) -> discounts_api.AddDiscountRequest:
    facts = {"request_id": str(new_id()), "order_id": order.id, "kind": kind, "reason": "waited long", **more}
    if kind == PERCENT:
        facts.setdefault("value_bp", 1_000)
    return discounts_api.AddDiscountRequest(**facts)


@pytest.fixture
async def face(world: World) -> AsyncIterator[Face]:
    trust = Trust(TokenVerifier(world.mint.fetch_keys, world.clock), Revocations(world.clock))
    servicer = PromotionRpc(world.deps, trust)
    async with serving(
        add_DiscountsServiceServicer_to_server,
        servicer,
        clock=world.clock,
        caller="gateway",
        mint=world.mint,
    ) as peer:
        yield Face(world, trust, peer, DiscountsServiceStub(peer.channel))


async def test_the_order_shows_what_was_taken_off_by_whom_and_why_and_payments_is_told(
    face: Face, event_recorder: EventRecorder
) -> None:
    order = await face.world.place()
    with face.being(name="Eli"):
        reduced = await face.give(order)
    [given] = reduced.discounts
    assert (given.kind, given.value_bp, given.amount_minor, given.reason) == (
        PERCENT,
        1000,
        100,
        "waited long",
    )
    assert (given.by.name, given.HasField("approved_by"), given.line_id) == ("Eli", False, "")
    assert (reduced.totals.discount_minor, reduced.totals.goods_minor) == (100, 900)
    assert (reduced.totals.service_charge_minor, reduced.totals.total_minor) == (113, 1013)
    assert (reduced.lines[0].discount_minor, reduced.lines[0].vat_minor, reduced.vat[0].vat_minor) == (
        100,
        150,
        150,
    )
    [updated] = await event_recorder.of_type(
        face.world.deps.db, orders_events.OrderUpdated, face.world.tenant
    )
    assert (updated.cause, updated.order) == ("discounted", reduced)
    stored = await face.world.order(order.id)
    assert [one.amount_minor for one in stored.discounts] == [100]
    row = (await face.world.history(order.id))[-1]
    assert (row.axis, row.to_value, row.reason, row.actor.name) == ("discounts", "10 %", "waited long", "Eli")


async def test_taking_it_back_restores_the_bill_to_the_penny(
    face: Face, event_recorder: EventRecorder
) -> None:
    order = await face.world.place()
    with face.being():
        reduced = await face.give(order, AMOUNT, amount_minor=33, line_id=order.lines[0].id)
        restored = await face.take_back(reduced)
    assert (restored.lines, restored.vat, restored.totals) == (order.lines, order.vat, order.totals)
    assert (list(restored.discounts), restored.version) == ([], order.version + 2)
    *_, updated = await event_recorder.of_type(
        face.world.deps.db, orders_events.OrderUpdated, face.world.tenant
    )
    assert updated.cause == "discount_removed"
    row = (await face.world.history(order.id))[-1]
    assert (row.axis, row.from_value, row.to_value) == ("discounts", "0.33 GBP off Burger", "")


@pytest.mark.parametrize(
    ("permissions", "most_bp"),
    [(STAFF, 1_000), (MANAGER, 5_000), (OWNER, 10_000)],
    ids=["staff", "manager", "owner"],
)
async def test_everybody_gives_up_to_their_cap_and_no_more(
    face: Face, permissions: frozenset[str], most_bp: int
) -> None:
    order, another = await face.world.place(), await face.world.place()
    with face.being(permissions):
        reduced = await face.give(order, value_bp=most_bp)
        assert reduced.totals.discount_minor == order.totals.goods_minor * most_bp // 10_000
        if most_bp == 10_000:
            return
        for more in (
            {"value_bp": most_bp + 1},
            {"kind": AMOUNT, "amount_minor": most_bp // 10 + 1},
            {"kind": COMP},
        ):
            with pytest.raises(PermissionDenied) as refused:
                await face.give(another, **more)
            assert refused.value.reason == "APPROVAL_NEEDED"
            assert refused.value.metadata["cap_bp"] == str(most_bp)
            assert refused.value.metadata["permission"] == "discounts.manage"
    assert (await face.world.order(another.id)).discounts == ()


async def test_the_caps_are_the_restaurant_s(face: Face) -> None:
    caps = common_pb2.DiscountCaps(employee_bp=0, manager_bp=10_000, owner_bp=10_000)
    face.world.auth.settings[face.world.tenant] = settings_message(face.world.tenant, discount_caps=caps)
    order = await face.world.place()
    with face.being(), pytest.raises(PermissionDenied):
        await face.give(order, value_bp=1)
    with face.being(MANAGER):
        assert (await face.give(order, COMP)).totals.total_minor == 0


async def test_a_large_discount_in_small_pieces_meets_the_cap_too(face: Face) -> None:
    burger = draft_line(face.world.burger, quantity=10)
    order = await face.world.place(draft(burger))
    with face.being():
        reduced = await face.give(order, AMOUNT, amount_minor=600, line_id=burger.id)
        for more in ({"line_id": burger.id, "amount_minor": 401}, {"amount_minor": 401}):
            with pytest.raises(PermissionDenied):
                await face.give(reduced, AMOUNT, **more)
        assert (await face.give(reduced, AMOUNT, amount_minor=400)).totals.discount_minor == 1_000


async def test_above_the_cap_a_second_person_stands_behind_it_and_is_kept_with_it(face: Face) -> None:
    order = await face.world.place()
    approver = new_id()
    request = giving(order, value_bp=5_000)
    with capture_logs() as lines, face.being():
        with pytest.raises(PermissionDenied):
            await face.stub.AddDiscount(request)
        request.approval.CopyFrom(face.approval(subject=approver))
        reduced = (await face.stub.AddDiscount(request)).order
        request.ClearField("approval")
        retried = face.stub.AddDiscount(request)
        assert (await retried).order == reduced
        assert await was_replayed(retried)
    [given] = reduced.discounts
    assert (given.by.name, given.approved_by.name, given.approved_by.user_id) == (
        "Eli",
        "Mara",
        str(approver),
    )
    row = (await face.world.history(order.id))[-1]
    assert row.to_value == "50 % (approved by Mara)"
    [told] = [line for line in lines if line.get("event") == "orders.discount_given"]
    assert (str(told["approver_id"]), told["reason"], told["discount_minor"]) == (
        str(approver),
        "waited long",
        500,
    )


@pytest.mark.parametrize(
    ("fault", "permissions", "value_bp"),
    [
        ("permission_missing", STAFF, 2_000),
        ("cap_exceeded", MANAGER, 5_001),
        ("other_restaurant", OWNER, 2_000),
        ("same_person", OWNER, 2_000),
        ("token_revoked", OWNER, 2_000),
    ],
)
async def test_an_approval_that_does_not_suffice_counts_for_nothing_and_says_why(
    face: Face, fault: str, permissions: frozenset[str], value_bp: int
) -> None:
    order, me, session = await face.world.place(), new_id(), new_id()
    more: dict[str, Any] = {"session_id": session}
    if fault == "other_restaurant":
        more["restaurant_id"] = new_id()
    if fault == "same_person":
        more["subject"] = me
    approval = face.approval(permissions, **more)
    if fault == "token_revoked":
        face.world.clock.advance(timedelta(seconds=1))
        gone = Revocation(RevokedKind.SESSION, str(session), face.world.clock.now())
        face.trust.revocations.apply(gone)
    with face.being(subject=me), pytest.raises(PermissionDenied) as refused:
        await face.give(order, value_bp=value_bp, approval=approval)
    assert (refused.value.reason, refused.value.metadata["fault"]) == ("APPROVAL_INVALID", fault)
    assert (await face.world.order(order.id)).discounts == ()


async def test_a_comp_is_all_of_it_and_a_line_s_leaves_the_rest(face: Face) -> None:
    one, two = draft_line(face.world.burger), draft_line(face.world.burger, quantity=2)
    order = await face.world.place(draft(one, two))
    with face.being(OWNER):
        reduced = await face.give(order, COMP, line_id=one.id)
        assert [line.discount_minor for line in reduced.lines] == [1_000, 0]
        free = await face.give(reduced, COMP)
    assert (free.totals.total_minor, free.totals.vat_minor, free.totals.discount_minor) == (0, 0, 3_000)
    assert free.payment_state == orders_pb2.PAYMENT_STATE_PAID


async def test_what_is_on_the_house_is_cooked_and_completed_as_if_it_were_paid(face: Face) -> None:
    order = await face.world.place_pay_first()
    assert await face.world.tickets(order.id) == []
    with face.being(OWNER):
        free = await face.give(order, COMP)
        assert (free.state, free.kitchen_state) == (
            orders_pb2.ORDER_STATE_PAID,
            orders_pb2.KITCHEN_STATE_QUEUED,
        )
        with pytest.raises(Conflict) as refused:
            await face.take_back(free)
    assert refused.value.reason == "ORDER_PAID"
    await face.world.cook(order.id, TicketStep.BUMP)
    assert (await face.world.complete(order.id)).state == orders_pb2.ORDER_STATE_DONE


async def test_less_than_what_is_paid_is_refused_until_the_difference_is_refunded(face: Face) -> None:
    order = await face.world.place()
    await face.world.pay(order, order.totals.total_minor - 100)
    with face.being():
        with pytest.raises(Conflict) as refused:
            await face.give(order)
        assert refused.value.reason == "REFUND_REQUIRED"
        assert refused.value.metadata == {"paid_minor": "1025", "total_minor": "1013"}
        reduced = await face.give(order, AMOUNT, amount_minor=80)
    assert reduced.totals.due_minor == 10


async def test_what_settles_the_bill_completes_an_order_that_was_served(face: Face) -> None:
    face.world.auth.settings[face.world.tenant] = settings_message(face.world.tenant, auto_complete=True)
    order = await face.world.place()
    await face.world.pay(order, 1_025)
    await face.world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    with face.being():
        done = await face.give(order, AMOUNT, amount_minor=89)
    assert (done.totals.due_minor, done.lifecycle) == (0, orders_pb2.LIFECYCLE_DONE)


async def test_a_bill_that_is_paid_keeps_its_discount(face: Face) -> None:
    order = await face.world.place()
    with face.being():
        reduced = await face.give(order)
        await face.world.pay(reduced)
        with pytest.raises(Conflict) as refused:
            await face.take_back(reduced)
    assert refused.value.reason == "ORDER_PAID"


async def test_a_draft_keeps_its_discounts_when_it_is_placed(face: Face) -> None:
    kept = await face.world.place(draft=True)
    with face.being():
        reduced = await face.give(kept, line_id=kept.lines[0].id)
    assert reduced.totals.goods_minor == 900
    placed = await face.world.validate(kept.id)
    assert (placed.totals, placed.discounts) == (reduced.totals, reduced.discounts)


async def test_the_same_id_is_one_discount_and_another_one_with_it_is_refused(face: Face) -> None:
    order, discount_id = await face.world.place(), str(new_id())
    with face.being():
        reduced = await face.give(order, discount_id=discount_id)
        assert await face.give(order, discount_id=discount_id) == reduced
        with pytest.raises(Conflict) as refused:
            await face.give(order, discount_id=discount_id, value_bp=500)
    assert refused.value.reason == "DISCOUNT_EXISTS"
    assert reduced.discounts[0].id == discount_id


async def test_an_order_has_a_number_of_discounts_at_most(face: Face) -> None:
    order = await face.world.place()
    with face.being():
        for _ in range(DISCOUNTS_MAX):
            reduced = await face.give(order, value_bp=1)
        assert len(reduced.discounts) == DISCOUNTS_MAX
        with pytest.raises(Unprocessable) as refused:
            await face.give(order, value_bp=1)
    assert refused.value.reason == "TOO_MANY_DISCOUNTS"


async def test_discounts_fit_the_size_of_an_order_and_one_at_the_limit_can_still_be_ended(face: Face) -> None:
    order = await face.world.place(draft(*(draft_line(face.world.burger, note="x" * 500) for _ in range(38))))
    reason, given = "🍕" * 200, 0
    with face.being(OWNER, name="é" * 100), pytest.raises(Unprocessable) as refused:
        for _ in range(DISCOUNTS_MAX):
            await face.give(order, value_bp=1, reason=reason)
            given += 1
    assert refused.value.reason == "ORDER_TOO_LARGE"
    stored = await face.world.order(order.id)
    assert 0 < given == len(stored.discounts)
    await face.world.record(face.world.payment(order.id, stored.totals.total_minor))
    await face.world.cook(order.id, TicketStep.START, TicketStep.BUMP)
    assert (await face.world.complete(order.id)).lifecycle == orders_pb2.LIFECYCLE_DONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": PERCENT, "value_bp": None},
        {"kind": PERCENT, "value_bp": 100, "amount_minor": 100},
        {"kind": AMOUNT},
        {"kind": AMOUNT, "amount_minor": 100, "value_bp": 100},
        {"kind": COMP, "amount_minor": 100},
    ],
)
async def test_a_discount_says_how_much_in_one_way(face: Face, wrong: dict[str, Any]) -> None:
    order = await face.world.place()
    with face.being(), pytest.raises(Unprocessable) as refused:
        await face.give(order, **wrong)
    assert refused.value.reason == "DISCOUNT_VALUE"


@pytest.mark.parametrize(
    "wrong", [{"value_bp": 0}, {"value_bp": 10_001}, {"kind": AMOUNT, "amount_minor": -1}, {"reason": ""}]
)
async def test_values_outside_their_limits_are_refused(face: Face, wrong: dict[str, Any]) -> None:
    order = await face.world.place()
    with face.being(), pytest.raises(Problem) as refused:
        await face.give(order, **wrong)
    assert refused.value.reason == "VALIDATION_FAILED"


async def test_what_is_not_there_is_not_found(face: Face) -> None:
    order, foreign = await face.world.place(), await face.world.another().place()
    with face.being():
        with pytest.raises(Unprocessable) as refused:
            await face.give(order, line_id=str(new_id()))
        assert refused.value.reason == "UNKNOWN_LINE"
        with pytest.raises(NotFound):
            await face.give(foreign)
        reduced = await face.give(order)
        await face.take_back(reduced)
        with pytest.raises(NotFound) as gone:
            await face.take_back(reduced)
        assert gone.value.reason == "DISCOUNT_NOT_FOUND"


async def test_a_retry_of_taking_it_back_is_answered_as_the_first_try_was(face: Face) -> None:
    order = await face.world.place()
    with face.being():
        reduced = await face.give(order)
        first = await face.take_back(reduced, key="back")
        assert await face.take_back(reduced, key="back") == first


async def test_an_order_that_is_over_takes_neither(face: Face) -> None:
    order = await face.world.place()
    with face.being():
        reduced = await face.give(order)
        await face.world.cancel(order.id)
        for refused_one in (face.give(order), face.take_back(reduced)):
            with pytest.raises(Conflict) as refused:
                await refused_one
            assert refused.value.reason == IllegalTransition("", "", ()).reason
