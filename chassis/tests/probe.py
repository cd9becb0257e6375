"""A service that exists only in these tests: schema ``probe``, one tenant table, two events."""

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, symbol_database
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.db.migrations import create_chassis_schema, protect_tenant_table

SCHEMA = "probe"
ROLE = "fynlo_orders"
"""The probe borrows a role that every installation has."""


def _message_types() -> dict[str, type[Message]]:
    file = descriptor_pb2.FileDescriptorProto(
        name="fynlo/probe/v1/events.proto", package="fynlo.probe.v1", syntax="proto3"
    )
    for name in ("ThingMade", "ThingBroken"):
        message = file.message_type.add(name=name)
        for number, field in enumerate(("name", "request_id"), 1):
            message.field.add(name=field, number=number, type=9, label=1)  # optional string
        message.field.add(name="number", number=3, type=3, label=1)  # int64
    pool = descriptor_pool.Default()
    pool.Add(file)
    classes = message_factory.GetMessageClassesForFiles([file.name], pool)
    for message_class in classes.values():
        symbol_database.Default().RegisterMessage(message_class)
    return classes


_TYPES = _message_types()
ThingMade = _TYPES["fynlo.probe.v1.ThingMade"]
ThingBroken = _TYPES["fynlo.probe.v1.ThingBroken"]


async def build(owner_url: str) -> None:
    """The schema of the probe, made by the same calls as a service's first revision."""
    engine = create_async_engine(sa.make_url(owner_url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(_create)
    await engine.dispose()


def _create(connection: sa.Connection) -> None:
    op = Operations(MigrationContext.configure(connection))
    connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
    create_chassis_schema(op, SCHEMA, ROLE)
    connection.exec_driver_sql(
        f"CREATE TABLE {SCHEMA}.thing (restaurant_id uuid NOT NULL, name text NOT NULL, count int NOT NULL,"
        " PRIMARY KEY (restaurant_id, name))"
    )
    protect_tenant_table(op, SCHEMA, "thing", ROLE)
