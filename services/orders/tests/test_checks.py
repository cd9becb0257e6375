"""Checks of an order as people split and pay it: stored, told, refused, and never shown to the kitchen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import checks_pb2, orders_pb2
from fynlo.orders.v1 import checks_service_pb2 as checks_api
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1.checks_service_pb2_grpc import ChecksServiceStub, add_ChecksServiceServicer_to_server

from chassis.errors import Conflict, InvalidArgument, NotFound, PermissionDenied, Problem, Unprocessable
from chassis.ids import new_id
from chassis.rpc import was_replayed
from harness.fixtures import EventRecorder
from harness.rpc import Peer, serving
from services.orders.domain.errors import EditConflict, IllegalTransition
from services.orders.domain.order.axes import Payment
from services.orders.domain.ticket import TicketStep
from services.orders.rpc.check import SPLIT, ChecksRpc
from services.orders.tests.builders import draft, draft_line
from services.orders.tests.splits import by_item, evenly
from services.orders.tests.world import World
from services.orders.usecases.order.split import split_order

if TYPE_CHECKING:  # these classes exist in the type stubs only
    from fynlo.orders.v1.checks_service_pb2_grpc import ChecksServiceAsyncStub

NOBODY = "0195f3a0-0000-7000-8000-0000000000ff"
EVEN, ITEM = checks_pb2.SPLIT_MODE_EVEN, checks_pb2.SPLIT_MODE_ITEM


async def split(world: World, order: orders_pb2.Order, ways: int, key: str = "") -> list[checks_pb2.Check]:
    reply = await split_order(world.deps, world.ask(key), UUID(order.id), evenly(ways), SPLIT)
    return list(reply.checks)


async def pay(world: World, order: orders_pb2.Order, amount: int, check: str = "", sequence: int = 1) -> None:
    """What payments tells of money for a check."""
    event = world.payment(order.id, amount, sequence)
    event.payment.check_id = check
    await world.record(event)


async def test_a_split_is_kept_with_the_order_and_told_with_it(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    made = await split(world, order, 3)
    stored = await world.order(order.id)
    assert stored.split is not None
    assert [str(check.id) for check in stored.split.checks] == [check.id for check in made]
    assert stored.version == order.version + 1
    [updated] = await event_recorder.of_type(world.deps.db, orders_events.OrderUpdated, world.tenant)
    assert updated.cause == "split"
    assert list(updated.order.split.checks) == made
    assert (updated.order.split.mode, updated.order.split.ways) == (EVEN, 3)


async def test_the_kitchen_never_sees_a_split(world: World, event_recorder: EventRecorder) -> None:
    order = await world.place(draft(draft_line(world.burger), draft_line(world.burger, hold=True)))
    before = await world.tickets(order.id)
    made = await split(world, order, 2)
    await pay(world, order, made[0].total_minor, made[0].id)
    await split(world, order, 2)
    assert await world.tickets(order.id) == before
    events = await event_recorder.events(world.deps.db, world.tenant)
    assert [event.channels for event in events[-3:]] == [["orders"]] * 3
    assert all(not getattr(event.message, "tickets", []) for event in events[-3:])
    await world.cook(order.id, TicketStep.BUMP)


async def test_an_order_that_is_not_split_has_not_a_byte_of_it(world: World) -> None:
    order = await world.place()
    assert not order.HasField("split")
    await split(world, order, 2)
    await split(world, order, 1)
    [row] = await rows(world, "SELECT body FROM orders WHERE restaurant_id = $1 AND id = $2", order.id)
    stored = orders_pb2.Order.FromString(row["body"])
    assert not stored.HasField("split")
    stored.ClearField("split_version")
    assert stored.ByteSize() == order.ByteSize()


async def test_of_two_tills_that_split_one_order_at_once_one_is_told_of_the_other(world: World) -> None:
    order = await world.place()

    async def try_to(ways: int) -> list[checks_pb2.Check]:
        wanted = replace(evenly(ways), base_version=order.version)
        reply = await split_order(world.deps, world.ask(), UUID(order.id), wanted, SPLIT)
        return list(reply.checks)

    won, lost = sorted(
        await asyncio.gather(try_to(2), try_to(3), return_exceptions=True),
        key=lambda one: isinstance(one, EditConflict),
    )
    assert isinstance(lost, EditConflict)
    assert isinstance(won, list)
    assert lost.metadata["conflict.theirs"] == f"evenly by {len(won)}"
    stored = await world.order(order.id)
    assert stored.split is not None
    assert [str(check.id) for check in stored.split.checks] == [check.id for check in won]


async def rows(world: World, sql: str, order_id: str) -> Any:
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        return await tx.fetch(sql, tx.tenant, UUID(order_id))


async def test_money_of_a_check_is_told_with_the_order_until_all_are_paid(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    made = await split(world, order, 3)
    for number, check in enumerate(made):
        await pay(world, order, check.total_minor, check.id, number + 1)
    told = await event_recorder.of_type(world.deps.db, orders_events.OrderPaymentRecorded, world.tenant)
    paid = [[check.state for check in event.order.split.checks] for event in told]
    done, unpaid = checks_pb2.CHECK_STATE_PAID, checks_pb2.CHECK_STATE_OPEN
    assert paid == [[done, unpaid, unpaid], [done, done, unpaid], [done, done, done]]
    stored = await world.order(order.id)
    assert stored.payment is Payment.PAID
    with pytest.raises(IllegalTransition):
        await split(world, order, 2)


async def test_payments_of_checks_count_once_and_in_any_order(world: World) -> None:
    order = await world.place()
    made = await split(world, order, 3)
    events = [world.payment(order.id, check.total_minor, number + 1) for number, check in enumerate(made)]
    for event, check in zip(events, made, strict=True):
        event.payment.check_id = check.id
    await asyncio.gather(*(world.record(event) for event in (*events, *reversed(events))))
    stored = await world.order(order.id)
    assert stored.split is not None
    assert [check.paid_minor for check in stored.split.checks] == [375, 375, 375]


async def test_a_split_meets_money_that_was_taken_before_it(world: World) -> None:
    """Payments took it for a check that this split replaced: nobody pays it again."""
    order = await world.place()
    made = await split(world, order, 3)
    await split(world, order, 5)
    await pay(world, order, made[0].total_minor, made[0].id)
    stored = await world.order(order.id)
    assert stored.split is not None
    assert [check.sums.total_minor for check in stored.split.checks] == [150] * 5 + [375]
    assert stored.totals.due_minor == sum(check.due_minor for check in stored.split.checks) == 750


async def test_the_same_request_is_answered_the_same_and_splits_once(world: World) -> None:
    order = await world.place()
    first = await split(world, order, 3, key="split-1")
    assert await split(world, order, 3, key="split-1") == first
    assert (await world.order(order.id)).version == order.version + 1


async def test_two_devices_that_split_at_once_leave_one_of_the_splits(world: World) -> None:
    order = await world.place()
    made = await asyncio.gather(*(split(world, order, ways) for ways in (2, 3, 4, 5)))
    stored = await world.order(order.id)
    assert stored.split is not None
    assert [str(check.id) for check in stored.split.checks] in [[check.id for check in one] for one in made]
    assert stored.version == order.version + 4


@dataclass
class Wire:
    """Somebody of the restaurant calls ChecksService."""

    world: World
    checks: ChecksServiceAsyncStub
    peer: Peer

    def somebody(self, *permissions: str, of: World | None = None) -> Any:
        return self.peer.as_user(permissions, restaurant_id=(of or self.world).tenant)


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with serving(
        add_ChecksServiceServicer_to_server, ChecksRpc(world.deps), clock=world.clock, caller="gateway"
    ) as peer:
        yield Wire(world, ChecksServiceStub(peer.channel), peer)


def asked(order: orders_pb2.Order, **overrides: Any) -> checks_api.SplitOrderRequest:
    known: dict[str, Any] = {"request_id": str(new_id()), "order_id": order.id, "mode": EVEN}
    return checks_api.SplitOrderRequest(**(known | overrides))


async def test_a_waiter_splits_an_order_and_reads_its_checks(wire: Wire) -> None:
    lines = [draft_line(wire.world.burger) for _ in range(2)]
    order = await wire.world.place(draft(*lines))
    with wire.somebody("orders.read", "orders.place"):
        listed = await wire.checks.ListChecks(checks_api.ListChecksRequest(order_id=order.id))
        assert not listed.checks
        groups = [
            {"label": " Ada ", "lines": [{"line_id": lines[0].id}, {"line_id": lines[1].id, "share": "1/3"}]},
            {"lines": [{"line_id": lines[1].id, "share": "2/3"}]},
        ]
        reply = await wire.checks.SplitOrder(asked(order, mode=ITEM, groups=groups))
        listed = await wire.checks.ListChecks(checks_api.ListChecksRequest(order_id=order.id))
    assert listed.checks == reply.checks
    assert [(check.label, check.total_minor) for check in reply.checks] == [("Ada", 1500), ("2", 750)]
    assert [line.share for line in reply.checks[0].lines] == ["1", "1/3"]


async def test_a_repeated_request_says_that_it_is_one(wire: Wire) -> None:
    request = asked(await wire.world.place(), ways=2)
    with wire.somebody("orders.place"):
        first, again = wire.checks.SplitOrder(request), None
        answer = await first
        again = wire.checks.SplitOrder(request)
        assert await again == answer
    assert (await was_replayed(first), await was_replayed(again)) == (False, True)


async def test_splitting_needs_the_permission_to_place_and_reading_that_to_read(wire: Wire) -> None:
    order = await wire.world.place()
    with wire.somebody("orders.read"), pytest.raises(PermissionDenied):
        await wire.checks.SplitOrder(asked(order, ways=2))
    with wire.somebody("orders.place"), pytest.raises(PermissionDenied):
        await wire.checks.ListChecks(checks_api.ListChecksRequest(order_id=order.id))


async def test_another_restaurant_has_no_such_order(wire: Wire) -> None:
    order, other = await wire.world.place(), wire.world.another()
    with wire.somebody("orders.read", "orders.place", of=other):
        with pytest.raises(NotFound) as refusal:
            await wire.checks.SplitOrder(asked(order, ways=2))
        assert refusal.value.reason == "ORDER_NOT_FOUND"
        with pytest.raises(NotFound):
            await wire.checks.ListChecks(checks_api.ListChecksRequest(order_id=order.id))
    assert (await wire.world.order(order.id)).split is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": 0, "ways": 2},
        {"mode": 9},
        {"ways": 41},
        {"ways": -1},
        {"order_id": "12"},
        {"mode": ITEM, "groups": [{"lines": [{"line_id": "x"}]}]},
        {"mode": ITEM, "groups": [{"lines": [{"line_id": NOBODY, "share": "0.5"}]}]},
        {"mode": ITEM, "groups": [{"lines": [{"line_id": NOBODY, "share": "1/0"}]}]},
        {"mode": checks_pb2.SPLIT_MODE_SEAT, "groups": [{"seats": [201]}]},
        {"mode": checks_pb2.SPLIT_MODE_AMOUNT, "groups": [{"amount_minor": -1}]},
        {"mode": checks_pb2.SPLIT_MODE_PERCENTAGE, "groups": [{"percentage_bp": 10001}]},
        {"mode": checks_pb2.SPLIT_MODE_AMOUNT, "groups": [{"amount_minor": 1}] * 41},
        {"mode": checks_pb2.SPLIT_MODE_AMOUNT, "groups": [{"amount_minor": 1, "label": "x" * 25}]},
        {"mode": checks_pb2.SPLIT_MODE_AMOUNT, "groups": [{"amount_minor": 1, "label": "\x1b[2J"}]},
    ],
    ids=str,
)
async def test_what_is_outside_the_limits_of_the_contract_is_refused(
    wire: Wire, wrong: dict[str, Any]
) -> None:
    order = await wire.world.place()
    with wire.somebody("orders.place"), pytest.raises(InvalidArgument):
        await wire.checks.SplitOrder(asked(order, **wrong))
    assert (await wire.world.order(order.id)).version == order.version


async def test_what_the_rules_refuse_changes_nothing(wire: Wire) -> None:
    order = await wire.world.place()
    cases: list[tuple[dict[str, Any], type[Problem], str]] = [
        ({}, Unprocessable, "INVALID_SPLIT"),
        ({"mode": ITEM, "groups": [{"lines": [{"line_id": NOBODY}]}]}, Unprocessable, "UNKNOWN_LINE"),
        ({"mode": checks_pb2.SPLIT_MODE_SEAT}, Unprocessable, "NO_SEATS"),
        (
            {"mode": checks_pb2.SPLIT_MODE_AMOUNT, "groups": [{"amount_minor": 1126}]},
            Unprocessable,
            "AMOUNTS_ABOVE_TOTAL",
        ),
    ]
    with wire.somebody("orders.place"):
        for wrong, kind, reason in cases:
            with pytest.raises(kind) as refusal:
                await wire.checks.SplitOrder(asked(order, **wrong))
            assert refusal.value.reason == reason
        assert (await wire.world.order(order.id)).version == order.version
        kept = await wire.world.place(draft=True)
        with pytest.raises(Conflict) as illegal:
            await wire.checks.SplitOrder(asked(kept, ways=2))
    assert illegal.value.reason == "ILLEGAL_TRANSITION"
    assert illegal.value.metadata["command"] == "split"


async def test_shares_of_lines_outlive_the_store(world: World) -> None:
    order = await world.place(draft(*(draft_line(world.burger) for _ in range(3))))
    stored = await world.order(order.id)
    wanted = by_item([stored.lines[0], stored.lines[1]], [stored.lines[1]], [stored.lines[1]])
    await split_order(world.deps, world.ask(), stored.id, wanted, SPLIT)
    read = await world.order(order.id)
    assert read.split is not None
    assert [[str(share.part) for share in check.shares] for check in read.split.checks] == [
        ["1", "1/3"],
        ["1/3"],
        ["1/3"],
        ["1"],
    ]
