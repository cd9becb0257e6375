"""What staff learns from auth, on the real database."""

import asyncio

import nats
from fynlo.auth.v1.events_pb2 import RestaurantUpdated

from chassis.ids import new_id
from chassis.messaging.stream import EventContext, ensure_stream, event_headers, subject_of
from harness.fixtures import START, ModuleDatabases, OpenDatabase
from harness.rpc import keys_for_tests
from services.staff.consumers import HANDLERS
from services.staff.main import build
from services.staff.settings import StaffSettings
from services.staff.store.restaurant import restaurant_of
from services.staff.tests.builders import settings_message

CONTEXT = EventContext(
    msg_id=new_id(),
    type="fynlo.auth.v1.RestaurantUpdated",
    source="/services/auth",
    subject_id="",
    at=START,
    restaurant_id=None,
    positions=(),
    command_id=None,
    traceparent=None,
)


async def test_the_newest_version_of_a_restaurant_is_kept_in_whatever_order_they_arrive(
    service_database: OpenDatabase,
) -> None:
    db, casa = await service_database("staff"), new_id()
    kept = []
    for version, zone in (
        (2, "Europe/Madrid"),
        (1, "Europe/London"),
        (2, "Europe/Paris"),
        (3, "Europe/Rome"),
    ):
        async with db.transaction(casa) as tx:
            event = RestaurantUpdated(settings=settings_message(casa, version, zone))
            await HANDLERS[RestaurantUpdated].handle(tx, event, CONTEXT)
        async with db.transaction(casa) as tx:
            place = await restaurant_of(tx)
        assert place is not None
        kept.append((place.version, place.time_zone))
    assert kept == [(2, "Europe/Madrid"), (2, "Europe/Madrid"), (2, "Europe/Madrid"), (3, "Europe/Rome")]


async def test_a_running_staff_follows_what_auth_publishes(
    module_databases: ModuleDatabases, service_database: OpenDatabase, nats_url: str
) -> None:
    settings = StaffSettings(
        **keys_for_tests("staff"),
        admin_port=0,
        grpc_port=0,
        database_url=await module_databases.service_url("staff"),
        nats_url=nats_url,
        auth_address="127.0.0.1:1",
        drain_grace_seconds=1.0,
    )
    casa, client = new_id(), await nats.connect(nats_url)
    row = {
        "msg_id": new_id(),
        "type": "fynlo.auth.v1.RestaurantUpdated",
        "subject_id": str(casa),
        "created_at": START,
        "positions": [],
        "command_id": None,
        "trace": None,
    }
    db = await service_database("staff")
    async with await build(settings):
        await ensure_stream(client)
        event = RestaurantUpdated(settings=settings_message(casa, 4, "Europe/Rome"))
        await client.jetstream().publish(
            subject_of("fynlo.auth.v1.RestaurantUpdated", casa),
            event.SerializeToString(),
            headers=event_headers(row, "auth"),
        )
        place = None
        async with asyncio.timeout(30):
            while place is None:
                await asyncio.sleep(0.05)
                async with db.transaction(casa) as tx:
                    place = await restaurant_of(tx)
    assert (place.version, place.time_zone) == (4, "Europe/Rome")
    await client.close()
