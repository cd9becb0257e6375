"""What a service is given by being opened: on a real database and a real NATS."""

from collections.abc import Iterable

import pytest
from fynlo.auth.v1 import auth_pb2
from google.protobuf.message import Message

from chassis.auth.trust import Authority
from chassis.clock import FakeClock
from chassis.db import Database, Transaction
from chassis.ids import new_id
from chassis.messaging.stream import EventContext
from chassis.process.composition import Peers, StoringComposition, open_service
from chassis.process.settings import ServiceSettings
from chassis.tests import probe
from chassis.tests.test_inbox import eventually
from harness.rpc import TokenMint, keys_for_tests, settings_for_tests


class ProbeSettings(ServiceSettings):
    """A service with one peer."""

    service_name: str = "probe"
    kitchen_address: str = "127.0.0.1:1"


@pytest.fixture
def settings(probe_url: str, nats_url: str) -> ServiceSettings:
    return ProbeSettings(
        **keys_for_tests("orders"),
        admin_port=0,
        grpc_port=0,
        database_url=probe_url,
        nats_url=nats_url,
        drain_grace_seconds=1,
    )


async def opened(settings: ServiceSettings, clock: FakeClock) -> StoringComposition:
    async def nothing() -> Iterable[auth_pb2.Revocation]:
        return ()

    mint = TokenMint(clock)
    return await open_service(settings, clock, authority=lambda db: Authority(mint.fetch_keys, nothing))


async def test_an_opened_service_publishes_what_it_commits_and_handles_what_it_consumes(
    settings: ServiceSettings, db: Database, fake_clock: FakeClock
) -> None:
    handled: list[tuple[str, str]] = []

    async def handle(tx: Transaction, event: Message, context: EventContext) -> None:
        handled.append((context.source, context.subject_id))

    restaurant, thing = new_id(), str(new_id())
    probed = await opened(settings, fake_clock)
    probed.consume({probe.ThingMade: handle})
    async with probed.service:
        async with db.transaction(restaurant) as tx:
            tx.emit(probe.ThingMade(), subject_id=thing)

        async def arrived() -> bool:
            return len(handled) > 0

        await eventually(arrived)
        assert probed.service.grpc_port == probed.rpc.port > 0
        assert "fynlo.operations.v1.ParkedEventsService" in probed.rpc.services
    assert handled == [("/services/probe", thing)]
    assert probed.bus.is_closed


async def test_a_service_is_ready_while_its_database_answers(
    settings: ServiceSettings, fake_clock: FakeClock
) -> None:
    probed = await opened(settings, fake_clock)
    async with probed.service as service:
        assert (await service.readiness.report()).ready
        await probed.db.close()
        assert not (await service.readiness.report()).ready


async def test_a_peer_has_one_channel_at_the_address_of_the_settings(fake_clock: FakeClock) -> None:
    peers = Peers(ProbeSettings(**settings_for_tests().model_dump()), fake_clock)
    assert peers.channel("kitchen") is peers.channel("kitchen")
    with pytest.raises(AttributeError, match="bar_address"):
        peers.channel("bar")
    await peers.close()
