"""A manager lets a line be sold that is not on sale: its hours are over, or somebody took it off."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.common.v1.common_pb2 import Approval
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import OrdersServiceStub, add_OrdersServiceServicer_to_server

from chassis.errors import Conflict, PermissionDenied
from chassis.ids import new_id
from harness.rpc import serving
from services.orders.domain.approval import UNAPPROVED
from services.orders.domain.errors import ApprovalNeeded, ItemUnavailable
from services.orders.rpc.order import OrdersRpc
from services.orders.tests.builders import draft, draft_line, item_message
from services.orders.tests.lines import APPROVED, MANAGES, MARA, add_answer
from services.orders.tests.world import World

AUDITED = "SELECT facts FROM audit_record WHERE event = 'orders.sold_off_sale'"


@pytest.fixture
def closed(world: World) -> World:
    """It is noon, and burgers are sold in the evening."""
    window = catalog_pb2.AvailabilityWindow(from_minutes=18 * 60, until_minutes=22 * 60)
    world.burger.windows.append(window)
    world.publish_menu()
    return world


def anyway(world: World, reason: str = "for a regular", **facts: Any) -> orders_api.DraftLine:
    return draft_line(world.burger, override_reason=reason, **facts)


async def test_a_line_outside_its_hours_needs_an_approval_and_keeps_it(closed: World) -> None:
    asked = draft(anyway(closed))
    with pytest.raises(ApprovalNeeded) as needed:
        await closed.place(asked)
    assert needed.value.metadata == {"cause": "off_sale", "permission": "till.approve"}
    order = await closed.place(asked, authority=APPROVED)
    [line] = (await closed.order(order.id)).lines
    assert line.override is not None
    assert (line.override.reason, line.override.by and line.override.by.name) == ("for a regular", "Mia")
    assert line.override.approved_by == MARA
    assert order.lines[0].override.approved_by.name == "Mara"


async def test_whoever_may_approve_sells_it_alone(closed: World) -> None:
    order = await closed.place(draft(anyway(closed)), authority=MANAGES)
    assert order.lines[0].override.by.name == "Mia"
    assert not order.lines[0].override.HasField("approved_by")


async def test_an_approval_lets_nothing_be_sold_that_does_not_ask_for_it(closed: World) -> None:
    with pytest.raises(ItemUnavailable):
        await closed.place(draft(draft_line(closed.burger)), authority=APPROVED)
    with pytest.raises(ItemUnavailable):
        await closed.place(draft(anyway(closed, "  ")), authority=APPROVED)


async def test_what_is_on_sale_needs_no_approval_whatever_the_till_thought(world: World) -> None:
    order = await world.place(draft(anyway(world)))
    assert not order.lines[0].HasField("override")


async def test_what_was_taken_off_is_sold_and_so_is_its_option(world: World) -> None:
    option = catalog_pb2.Option(id=str(new_id()), name="Bacon", price_delta_minor=100, available=False)
    group = catalog_pb2.OptionGroup(id=str(new_id()), name="Extras", max_choices=1, options=[option])
    world.burger.option_groups.append(group)
    world.publish_menu()
    chosen = [orders_api.DraftOption(option_id=option.id, quantity=1)]
    with pytest.raises(ItemUnavailable):
        await world.place(draft(draft_line(world.burger, options=chosen)), authority=APPROVED)
    order = await world.place(draft(anyway(world, options=chosen)), authority=APPROVED)
    assert order.lines[0].override.reason == "for a regular"


async def test_lines_that_are_added_need_it_as_well(closed: World) -> None:
    tea = item_message(name="Tea")
    closed.extra_items.append(tea)
    closed.publish_menu()
    order = await closed.place(draft(draft_line(tea)))
    more = anyway(closed)
    with pytest.raises(ApprovalNeeded):
        await add_answer(closed, order.id, more)
    added = (await add_answer(closed, order.id, more, authority=APPROVED)).order
    assert [line.HasField("override") for line in added.lines] == [False, True]


async def test_a_draft_is_placed_with_what_was_approved_when_it_was_written(closed: World) -> None:
    kept = await closed.place(draft(anyway(closed), draft=True), authority=APPROVED)
    order = await closed.validate(kept.id)
    assert order.lines[0].override.approved_by.name == "Mara"


async def test_no_approval_sells_what_is_not_on_the_shelf(closed: World) -> None:
    closed.burger.stock_tracked = True
    closed.publish_menu()
    closed.catalog.on_hand[closed.burger.id] = 0
    with pytest.raises(Conflict) as refused:
        await closed.place(draft(anyway(closed)), authority=APPROVED)
    assert refused.value.reason == "INSUFFICIENT_STOCK"


async def test_a_quote_says_what_it_would_cost_and_asks_nobody(closed: World) -> None:
    quoted = await closed.quote(draft(anyway(closed)))
    assert quoted.lines[0].override.reason == "for a regular"
    assert not quoted.lines[0].override.HasField("by")


async def test_it_is_written_down_once(closed: World) -> None:
    asked, key = draft(anyway(closed)), str(new_id())
    await closed.place(asked, key, APPROVED)
    assert (await closed.place_answer(asked, key, UNAPPROVED)).replayed
    async with closed.deps.db.transaction(closed.tenant) as tx:
        [facts] = [json.loads(row["facts"]) for row in await tx.fetch(AUDITED)]
    assert (facts["reason"], facts["approver_id"]) == ("for a regular", MARA.user_id)


@pytest.fixture
async def wire(closed: World) -> AsyncIterator[Any]:
    async with serving(
        add_OrdersServiceServicer_to_server,
        OrdersRpc(closed.deps, closed.trust),
        clock=closed.clock,
        mint=closed.mint,
    ) as peer:
        yield peer


async def test_the_key_of_a_refused_order_goes_on_with_an_approval(closed: World, wire: Any) -> None:
    stub: Any = OrdersServiceStub(wire.channel)
    request = orders_api.PlaceOrderRequest(request_id=str(new_id()), order=draft(anyway(closed)))
    manager = wire.mint.principal(
        permissions=frozenset({"till.approve"}), restaurant_id=closed.tenant, name="Mara"
    )
    with wire.as_user({"orders.place"}, restaurant_id=closed.tenant):
        with pytest.raises(PermissionDenied) as refused:
            await stub.PlaceOrder(request)
        assert refused.value.reason == "APPROVAL_NEEDED"
        request.order.approval.CopyFrom(Approval(token="no token"))
        with pytest.raises(PermissionDenied) as refused:
            await stub.PlaceOrder(request)
        assert refused.value.reason == "APPROVAL_INVALID"
        request.order.approval.CopyFrom(Approval(token=wire.mint.token(manager)))
        placed = (await stub.PlaceOrder(request)).order
        request.order.ClearField("approval")
        assert (await stub.PlaceOrder(request)).order == placed
    assert placed.lines[0].override.approved_by.name == "Mara"
