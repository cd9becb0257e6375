"""What people do with the lines of an order that is there already."""

from typing import Any
from uuid import UUID

from fynlo.orders.v1 import lines_service_pb2 as lines_api
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from services.orders.domain.approval import Authority
from services.orders.domain.order.order import Actor
from services.orders.rpc.line import ADDED, CHANGED, VOIDED
from services.orders.tests.world import Answer, World
from services.orders.usecases.order.line import add_lines, change_line, void_line
from services.orders.wire.line import edit_of
from services.orders.wire.order import wanted_lines

NOBODY = Authority("till.approve", alone=False)
MANAGES = Authority("till.approve", alone=True)
MARA = Actor("0195f3a0-0000-7000-8000-000000000009", "Mara")
APPROVED = Authority("till.approve", alone=False, approver=MARA)
REASON = "changed_mind"


async def add_answer(
    world: World,
    order_id: str,
    *lines: orders_api.DraftLine,
    key: str = "",
    menu_version: int = 0,
    authority: Authority = NOBODY,
) -> Answer:
    """More is ordered."""
    with world.calling() as call:
        command = world.ask(key, b"".join(line.SerializeToString(deterministic=True) for line in lines))
        wanted = wanted_lines(lines, UUID(order_id), command.key.key.encode())
        reply = await add_lines(world.deps, command, UUID(order_id), wanted, menu_version, ADDED, authority)
    return Answer(reply.order, call.replayed)


async def add(world: World, order_id: str, *lines: orders_api.DraftLine, key: str = "") -> orders_pb2.Order:
    """As add_answer, the order alone."""
    return (await add_answer(world, order_id, *lines, key=key)).order


async def void(
    world: World,
    order_id: str,
    line_id: str,
    quantity: int = 1,
    *,
    reason: str = REASON,
    authority: Authority = MANAGES,
    key: str = "",
) -> orders_pb2.Order:
    """Fewer are wanted."""
    answer = await void_line(
        world.deps, world.ask(key), UUID(order_id), UUID(line_id), quantity, reason, authority, VOIDED
    )
    return answer.order


async def change(
    world: World, order_id: str, line_id: str, *, key: str = "", base: int = 0, **fields: Any
) -> orders_pb2.Order:
    """Something of a line is wanted otherwise."""
    edit = edit_of(lines_api.ChangeLineRequest(base_version=base, **fields))
    with world.calling():
        answer = await change_line(world.deps, world.ask(key), UUID(order_id), UUID(line_id), edit, CHANGED)
    return answer.order
