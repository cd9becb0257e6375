"""Every channel is declared once, in the contract: what else has to fit to it, fits."""

import re
from typing import Any
from uuid import UUID

import pytest
from fynlo.common.v1 import channels_pb2
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from protovalidate import Validator

from chassis.messaging.channel_source import ChannelSource
from chassis.messaging.channels import CHANNELS, OWNERS, ChannelSpec, channels_of, owned_by, shown_on
from chassis.messaging.outbox import pending_event
from deploy.access.events import PUBLISHERS
from services.auth.domain.role import PERMISSIONS, Role
from services.catalog.rpc.stock import InventoryChannel
from services.orders.rpc.channels import ChannelsRpc
from services.payments.rpc.till import ChannelRpc
from services.realtime import frames
from services.realtime.frames import Event
from services.staff.rpc.time_card import StaffChannels
from tests.contracts.test_contracts import events
from tests.tidy.source import REPOSITORY

RESTAURANT = UUID("0192f0c0-0000-7000-8000-000000000001")
SOURCES: tuple[type[ChannelSource], ...] = (InventoryChannel, ChannelsRpc, ChannelRpc, StaffChannels)
STATES = list(channel_source_api.GetSnapshotResponse.DESCRIPTOR.oneofs_by_name["state"].fields)
ON_CHANNELS = [event for event in events() if shown_on(event)]
ROW = re.compile(r"^\| `(?P<name>[a-z]+)` \| (?P<permission>[a-z.]+) \|", re.MULTILINE)


def documented() -> dict[str, str]:
    """Channel -> permission, as authors of clients read it."""
    table = (REPOSITORY / "docs" / "realtime.md").read_text(encoding="utf-8")
    return {row["name"]: row["permission"] for row in ROW.finditer(table.partition("## Channels")[2])}


def filled(event: Descriptor, *fields: str) -> Any:
    """An event in which these fields hold something and the others nothing."""
    message = message_factory.GetMessageClass(event)()
    for name in fields:
        field = getattr(message, name)
        field.add() if hasattr(field, "add") else field.SetInParent()
    return message


@pytest.mark.parametrize("field", STATES, ids=lambda field: field.name)
def test_every_state_of_a_snapshot_declares_its_channel_whole(field: Any) -> None:
    declared = field.GetOptions().Extensions[channels_pb2.channel]
    assert declared.owner
    assert declared.permission
    assert declared.mode != channels_pb2.CHANNEL_MODE_UNSPECIFIED
    assert field.name in CHANNELS


@pytest.mark.parametrize("spec", CHANNELS.values(), ids=lambda spec: spec.name)
def test_every_channel_has_an_owner_that_publishes_and_a_permission_that_somebody_can_have(
    spec: ChannelSpec,
) -> None:
    assert spec.owner in PUBLISHERS
    assert spec.permission in PERMISSIONS[Role.RESTAURANT_OWNER]


@pytest.mark.parametrize("spec", CHANNELS.values(), ids=lambda spec: spec.name)
def test_a_channel_is_replayed_as_far_as_its_owner_may_be_asked(spec: ChannelSpec) -> None:
    request = channel_source_api.ReplayChannelRequest(
        restaurant_id=str(RESTAURANT), channel=spec.name, limit=spec.replay_max
    )
    assert Validator().collect_violations(request) == []
    assert spec.replay_max > 0


def test_every_owner_has_one_source_of_channels() -> None:
    assert sorted(source.__module__.split(".")[1] for source in SOURCES) == sorted(OWNERS)
    assert {name for owner in OWNERS for name in owned_by(owner)} == set(CHANNELS)


def test_authors_of_clients_read_of_every_channel_with_its_permission() -> None:
    assert documented() == {spec.name: spec.permission for spec in CHANNELS.values()}


@pytest.mark.parametrize("event", ON_CHANNELS, ids=lambda event: event.name)
def test_an_event_goes_on_channels_of_its_own_service_alone(event: Descriptor) -> None:
    service = event.full_name.split(".")[1]
    assert {name for name, _ in shown_on(event)} <= owned_by(service)
    assert {field for _, field in shown_on(event) if field} <= set(event.fields_by_name)


@pytest.mark.parametrize("event", ON_CHANNELS, ids=lambda event: event.name)
def test_what_is_declared_of_an_event_is_where_it_takes_positions(event: Descriptor) -> None:
    always = tuple(name for name, field in shown_on(event) if not field)
    fields = [field for _, field in shown_on(event) if field]
    service, tenant = event.full_name.split(".")[1], RESTAURANT
    bare, whole = filled(event), filled(event, *fields)
    assert channels_of(bare) == always
    assert channels_of(whole) == tuple(name for name, _ in shown_on(event))
    assert pending_event(service, tenant, whole, "x", (), None).channels == ",".join(channels_of(whole))


@pytest.mark.parametrize("event", ON_CHANNELS, ids=lambda event: event.name)
def test_realtime_shows_every_event_on_every_channel_that_it_declares(event: Descriptor) -> None:
    tickets = [name for name in ("ticket", "tickets") if name in event.fields_by_name]
    payload = filled(event, *tickets).SerializeToString()
    told = Event(event.full_name, payload, str(RESTAURANT), "m", "", 0)
    shown = {name for name in CHANNELS if frames.content_of(told, name) is not None}
    assert shown == {name for name, _ in shown_on(event)}


def test_an_event_that_declares_no_channel_takes_no_position() -> None:
    message = descriptor_pool.Default().FindMessageTypeByName("fynlo.payments.v1.PaymentCaptured")
    assert channels_of(filled(message)) == ()
