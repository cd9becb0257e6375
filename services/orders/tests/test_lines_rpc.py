"""Lines behind a real server: permissions, a second person's approval, fields that are left out, retries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fynlo.common.v1.common_pb2 import Approval
from fynlo.orders.v1 import lines_service_pb2 as lines_api
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.lines_service_pb2_grpc import LinesServiceStub, add_LinesServiceServicer_to_server

from chassis.auth import Revocations, TokenVerifier
from chassis.auth.trust import Trust
from chassis.errors import Conflict, InvalidArgument, NotFound, PermissionDenied, Unprocessable
from chassis.ids import new_id
from chassis.rpc import was_replayed
from chassis.rpc.status import DETAIL_MAX_CHARS
from harness.rpc import Peer, serving
from services.orders.rpc.line import LinesRpc
from services.orders.tests.builders import draft, draft_line
from services.orders.tests.world import World

if TYPE_CHECKING:  # these classes exist in the type stubs only
    from fynlo.orders.v1.lines_service_pb2_grpc import LinesServiceAsyncStub

STAFF, MANAGER = {"orders.place"}, {"orders.place", "till.approve"}


@dataclass
class Wire:
    """A stub of the service, and who calls."""

    world: World
    lines: LinesServiceAsyncStub
    peer: Peer

    def person(self, permissions: set[str] = STAFF, **who: Any) -> Any:
        return self.peer.as_user(permissions, **{"restaurant_id": self.world.tenant, **who})

    def approval(self, permissions: set[str] = MANAGER, **who: Any) -> Approval:
        """The log-in of somebody else."""
        facts = {"restaurant_id": self.world.tenant, **who}
        principal = self.peer.mint.principal(permissions=frozenset(permissions), **facts)
        return Approval(token=self.peer.mint.token(principal))


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    revocations = Revocations(world.clock)
    trust = Trust(TokenVerifier(world.mint.fetch_keys, world.clock), revocations)
    async with serving(
        add_LinesServiceServicer_to_server,
        LinesRpc(world.deps, trust),
        clock=world.clock,
        mint=world.mint,
        revocations=revocations,
    ) as peer:
        yield Wire(world, LinesServiceStub(peer.channel), peer)


def void(order: orders_pb2.Order, **fields: Any) -> lines_api.VoidLineRequest:
    made = lines_api.VoidLineRequest(
        request_id=str(new_id()),
        order_id=order.id,
        line_id=order.lines[0].id,
        quantity=1,
        reason="quality",
    )
    made.MergeFrom(lines_api.VoidLineRequest(**fields))
    return made


def change(order: orders_pb2.Order, **fields: Any) -> lines_api.ChangeLineRequest:
    return lines_api.ChangeLineRequest(
        request_id=str(new_id()), order_id=order.id, line_id=order.lines[0].id, **fields
    )


async def test_an_employee_voids_a_fired_line_with_a_manager_s_log_in(wire: Wire) -> None:
    order, anna = await wire.world.place(draft(draft_line(wire.world.burger, 3))), new_id()
    request = void(order)
    with wire.person(subject=anna):
        with pytest.raises(PermissionDenied) as refused:
            await wire.lines.VoidLine(request)
        assert refused.value.reason == "APPROVAL_NEEDED"
        assert refused.value.metadata == {"cause": "fired_line", "permission": "till.approve"}
        request.approval.CopyFrom(wire.approval(name="Mara"))
        voided = (await wire.lines.VoidLine(request)).order
        again = wire.lines.VoidLine(request)
        assert (await again).order == voided
        assert await was_replayed(again)
    [line] = voided.lines
    assert (line.quantity, line.voids[0].approved_by.name) == (2, "Mara")
    with wire.person(MANAGER):
        alone = (await wire.lines.VoidLine(void(order))).order
    assert not alone.lines[0].voids[1].HasField("approved_by")


@pytest.mark.parametrize("fault", ["other_restaurant", "same_person", "permission_missing", "token_expired"])
async def test_an_approval_is_the_valid_log_in_of_somebody_else_here_who_may_approve(
    wire: Wire, fault: str
) -> None:
    order, anna, now = await wire.world.place(), new_id(), wire.world.clock.now()
    then: dict[str, Any] = {
        "issued_at": now - timedelta(minutes=20),
        "expires_at": now - timedelta(minutes=5),
    }
    given = {
        "other_restaurant": lambda: wire.approval(restaurant_id=new_id()),
        "same_person": lambda: wire.approval(subject=anna),
        "permission_missing": lambda: wire.approval(STAFF),
        "token_expired": lambda: wire.approval(**then),
    }[fault]()
    with wire.person(subject=anna), pytest.raises(PermissionDenied) as refused:
        await wire.lines.VoidLine(void(order, approval=given))
    assert (refused.value.reason, refused.value.metadata["fault"]) == ("APPROVAL_INVALID", fault)
    assert (await wire.world.order(order.id)).version == order.version


async def test_a_field_that_is_left_out_stays_and_an_empty_one_is_taken_away(wire: Wire) -> None:
    wanted = draft(draft_line(wire.world.burger, 2, note="rare", seat=3, course="main"))
    order = await wire.world.place(wanted)
    with wire.person():
        moved = (await wire.lines.ChangeLine(change(order, seat=0, base_version=order.version))).order
        assert (moved.lines[0].seat, moved.lines[0].note, moved.lines[0].course) == (0, "rare", "main")
        bare = (await wire.lines.ChangeLine(change(order, note="", base_version=moved.version))).order
        assert (bare.lines[0].note, bare.lines[0].quantity) == ("", 2)
        same = (await wire.lines.ChangeLine(change(order))).order
        assert same.version == bare.version


async def test_a_conflict_travels_with_the_beginning_of_both_values_however_long_they_are(wire: Wire) -> None:
    order = await wire.world.place(draft(draft_line(wire.world.burger, hold=True)))
    theirs, yours = "🍕" * 500, "🍔" * 500
    with wire.person():
        await wire.lines.ChangeLine(change(order, note=theirs, base_version=order.version))
        with pytest.raises(Conflict) as refused:
            await wire.lines.ChangeLine(change(order, note=yours, base_version=order.version))
    assert refused.value.reason == "CONFLICT"
    assert refused.value.metadata == {
        "conflict.field": "note",
        "conflict.yours": yours[:DETAIL_MAX_CHARS],
        "conflict.theirs": theirs[:DETAIL_MAX_CHARS],
    }


async def test_lines_without_an_id_are_added_once_for_one_key(wire: Wire) -> None:
    order, line = await wire.world.place(), draft_line(wire.world.burger)
    line.ClearField("id")
    request = lines_api.AddLinesRequest(
        request_id="r1", order_id=order.id, lines=[line, line], base_version=1
    )
    with wire.person():
        first = (await wire.lines.AddLines(request)).order
        assert (await wire.lines.AddLines(request)).order == first
        request.request_id = "r2"
        assert len((await wire.lines.AddLines(request)).order.lines) == 5
    assert len({one.id for one in first.lines}) == 3


async def test_what_the_contract_does_not_take_is_refused(wire: Wire) -> None:
    order = await wire.world.place()
    bad: list[Callable[[], Awaitable[object]]] = [
        lambda: wire.lines.AddLines(lines_api.AddLinesRequest(request_id="r", order_id=order.id)),
        lambda: wire.lines.VoidLine(void(order, quantity=1000)),
        lambda: wire.lines.VoidLine(void(order, reason=" ")),
        lambda: wire.lines.ChangeLine(change(order, quantity=0)),
        lambda: wire.lines.ChangeLine(change(order, seat=201)),
        lambda: wire.lines.ChangeLine(change(order, note="a\0b")),
    ]
    with wire.person(MANAGER):
        for call in bad:
            with pytest.raises((InvalidArgument, Unprocessable)):
                await call()


async def test_orders_of_others_are_not_there_and_a_permission_is_needed(wire: Wire) -> None:
    order = await wire.world.place()
    request = lines_api.AddLinesRequest(
        request_id="r1", order_id=order.id, lines=[draft_line(wire.world.burger)]
    )
    with wire.person(restaurant_id=new_id()), pytest.raises(NotFound):
        await wire.lines.VoidLine(void(order))
    with wire.person({"orders.read"}):
        for call in (
            wire.lines.AddLines(request),
            wire.lines.VoidLine(void(order)),
            wire.lines.ChangeLine(change(order)),
        ):
            with pytest.raises(PermissionDenied) as refused:
                await call
            assert refused.value.reason == "PERMISSION_MISSING"
