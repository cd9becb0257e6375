"""The floor of a restaurant, as tests draw it and look at it."""

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from fynlo.orders.v1 import floor_pb2, orders_pb2

from chassis.ids import new_id
from services.orders.domain.section import Section
from services.orders.domain.table import Layout, Reservation, Table, TableShape
from services.orders.rpc import section as section_rpc
from services.orders.rpc import table as table_rpc
from services.orders.rpc.order import TRANSFERRED
from services.orders.tests.world import World
from services.orders.usecases import section as sections
from services.orders.usecases import table as tables
from services.orders.usecases.order.transfer import transfer_order

_numbers = count(1)


async def a_section(world: World, name: str = "", version: int = 0, id: str = "") -> floor_pb2.Section:
    """A new section, or with an id one that is called otherwise now."""
    wanted = Section(UUID(id) if id else new_id(), name or f"Section {next(_numbers)}", 0, version)
    reply = await sections.save_section(world.deps, world.ask(), wanted, not id, section_rpc.SAVED)
    return reply.section


async def a_table(world: World, name: str = "", **changes: Any) -> floor_pb2.Table:
    """A new table of four, in a section of its own unless told otherwise."""
    section_id = changes.pop("section_id", "") or (await a_section(world)).id
    where: dict[str, Any] = {"seats": 4, "shape": TableShape.ROUND, "x": 100, "y": 200} | changes
    layout = Layout(UUID(section_id), name or f"Table {next(_numbers)}", **where)
    reply = await tables.save_table(
        world.deps, world.ask(), Table(new_id(), layout, 0), True, table_rpc.SAVED
    )
    return reply.table


async def move(world: World, table: floor_pb2.Table, **changes: Any) -> floor_pb2.Table:
    """The table as the caller has it, with changes of its layout, saved against the version that was seen."""
    known: dict[str, Any] = {"section_id": UUID(table.section_id), "name": table.name, "seats": table.seats}
    known |= {"shape": TableShape.ROUND, "x": table.x, "y": table.y}
    layout = Layout(**(known | changes))
    wanted = Table(UUID(table.id), layout, table.version)
    return (await tables.save_table(world.deps, world.ask(), wanted, False, table_rpc.SAVED)).table


async def remove(world: World, table: floor_pb2.Table) -> None:
    await tables.delete_table(world.deps, world.ask(), UUID(table.id), table_rpc.DELETED)


async def clear(world: World, table: floor_pb2.Table, key: str = "") -> floor_pb2.Table:
    reply = await tables.clear_table(world.deps, world.ask(key), UUID(table.id), table_rpc.CLEARED)
    return reply.table


async def reserve(
    world: World, table: floor_pb2.Table, at: datetime, minutes: int = 90, name: str = "Okonkwo"
) -> floor_pb2.Table:
    wanted = Reservation(at, minutes, name)
    table_id = UUID(table.id)
    reply = await tables.reserve_table(world.deps, world.ask(), table_id, wanted, table_rpc.RESERVED)
    return reply.table


async def unreserve(world: World, table: floor_pb2.Table) -> floor_pb2.Table:
    reply = await tables.cancel_reservation(world.deps, world.ask(), UUID(table.id), table_rpc.UNRESERVED)
    return reply.table


async def transfer(
    world: World, order: orders_pb2.Order, table: floor_pb2.Table, key: str = ""
) -> orders_pb2.Order:
    """The order's guests sit down at the table."""
    order_id, table_id = UUID(order.id), UUID(table.id)
    return (await transfer_order(world.deps, world.ask(key), order_id, table_id, TRANSFERRED)).order


async def now(world: World, table: floor_pb2.Table) -> Table:
    """The table as it is stored."""
    found = await tables.list_tables(world.deps, world.tenant)
    return next(one for one in found if str(one.id) == table.id)
